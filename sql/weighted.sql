-- Strategy weighted: shares of the inputs, always the same way for the same input.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER weighted_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server) VALUES ('a', 'weighted_one'), ('b', 'weighted_one'), ('c', 'weighted_one');
INSERT INTO ai_router.fixtures (model, answer) VALUES ('a', 'a'), ('b', 'b'), ('c', 'c');
INSERT INTO ai_router.rules (name, models, weights, strategy) VALUES ('w', '{a,b,c}', '{7,2,1}', 'weighted');

CREATE TEMP TABLE drawn AS SELECT n, ai_complete('input ' || n) AS model FROM generate_series(1, 1000) n;
-- Within four standard deviations; the draw is a hash, so the numbers never change.
SELECT model, count(*), abs(count(*) - 1000 * w) < 4 * sqrt(1000 * w * (1 - w)) AS fair
  FROM drawn JOIN (VALUES ('a', 0.7), ('b', 0.2), ('c', 0.1)) v(m, w) ON m = model GROUP BY model, w ORDER BY model;
-- The same input, the same model: again, in the array form, in another session, and by ai_route.
SELECT count(*) FROM drawn WHERE ai_complete('input ' || n) <> model;
SELECT count(*) FROM drawn JOIN unnest(ai_complete(ARRAY(SELECT 'input ' || n FROM drawn ORDER BY n))) WITH ORDINALITY u(m, ord) ON ord = n WHERE m <> model;
SELECT count(*) FROM drawn, LATERAL ai_route('input ' || n) r WHERE r.rank = 1 AND r.model <> drawn.model;
SELECT model, string_agg(n::text, ',' ORDER BY n) FROM drawn WHERE n <= 20 GROUP BY model ORDER BY model;

-- A model that goes takes only its own share away.
UPDATE ai_router.models SET enabled = false WHERE name = 'b';
SELECT count(*) FILTER (WHERE model <> 'b' AND now <> model) AS moved, count(*) FILTER (WHERE model = 'b') AS orphans,
       count(*) FILTER (WHERE model = 'b' AND now = 'b') AS stayed
  FROM (SELECT model, ai_complete('input ' || n) AS now FROM drawn) s;
UPDATE ai_router.models SET enabled = true;
-- Another weight moves only what it must.
UPDATE ai_router.rules SET weights = '{7,2,2}';
SELECT count(*) FILTER (WHERE now <> model AND now <> 'c') AS moved_elsewhere, count(*) FILTER (WHERE now <> model) BETWEEN 50 AND 130 AS some_moved
  FROM (SELECT model, ai_complete('input ' || n) AS now FROM drawn) s;

-- Weight 0: only where nothing else is left.  No weights: equal shares.
UPDATE ai_router.rules SET weights = '{0,1,0}';
SELECT ai_complete('input ' || n) AS model, count(*) FROM generate_series(1, 100) n GROUP BY 1;
INSERT INTO ai_router.fixtures (id, model, error, answer) VALUES (-1, 'b', '401', 'closed');
SELECT model, attempts FROM ai_call('input 1');
DELETE FROM ai_router.fixtures WHERE id = -1;
UPDATE ai_router.rules SET weights = NULL;
SELECT model, count(*) BETWEEN 273 AND 393 AS a_third FROM (SELECT ai_complete('input ' || n) AS model FROM generate_series(1, 1000) n) s GROUP BY model ORDER BY model;
-- The rest of the order is drawn, too: failover spreads.
INSERT INTO ai_router.fixtures (id, model, error, answer) VALUES (-1, 'a', '401', 'closed');
SELECT model, count(*) > 300 AS share FROM (SELECT (ai_call('input ' || n)).model FROM generate_series(1, 1000) n) s GROUP BY model ORDER BY model;

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER weighted_one;
