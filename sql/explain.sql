-- What EXPLAIN says of AI calls before they are made, and after.  Prices: $1 and $10 per
-- million tokens.
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER explain_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES
    ('explain_m', 'explain_one', 1, 10), ('explain_n', 'explain_one', 2, 20), ('free', 'explain_one', NULL, NULL);
INSERT INTO ai_router.rules (name, priority, condition, models, strategy, weights) VALUES
    ('unpriced', 10, '$.task == "unpriced"', '{free}', NULL, NULL),
    ('lots', 15, '$.task == "lots"', '{explain_m,explain_n}', 'weighted', '{3,1}'),
    ('long', 20, '$.tokens > 1000', '{explain_n}', NULL, NULL),
    ('letters', 30, '$.prompt starts with "Dear"', '{explain_n}', NULL, NULL),
    ('explain', 100, NULL, '{explain_m,explain_n}', NULL, NULL);
-- As many tokens as an answer is taken to have: history changes nothing.
INSERT INTO ai_router.fixtures (answer) VALUES (repeat('aa ', 200));
-- 40 and 5000 bytes; a note for one of four, "open" for one of ten.
CREATE TABLE explain_t (id int PRIMARY KEY, body text, long text, note text, state text);
INSERT INTO explain_t SELECT n, repeat('word ', 8), repeat('word ', 1000), CASE WHEN n % 4 = 0 THEN 'x' END,
    CASE WHEN n % 10 = 0 THEN 'open' ELSE 'closed' END FROM generate_series(1, 100) n;
ANALYZE explain_t;

-- The formats.
EXPLAIN SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (COSTS OFF) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT YAML) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT XML) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON) SELECT ai_complete('a'), ai_complete('b', '{"task": "unpriced"}');
EXPLAIN (VERBOSE, COSTS OFF) SELECT ai_complete(body) FROM explain_t;

-- Only the lines about AI: the plan is PostgreSQL's.
CREATE FUNCTION explain_ai(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line ~ 'AI|Model|Calls|Tokens|ai_complete|->  Custom' THEN RETURN NEXT regexp_replace(line, 'cost=\S+ (rows=\d+) width=\d+', '\1'); END IF;
    END LOOP;
END $$;
\pset format unaligned
\pset tuples_only on

-- Text of the prompt: constants, columns, their true length, functions, rules that look at it.
SELECT explain_ai('SELECT ai_complete(long) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(left(long, 100)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(''Dear '' || body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(upper(note)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(md5(body)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(concat(body, id, long)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(x) FROM (SELECT ''Dear '' || string_agg(body, '','') AS x FROM explain_t GROUP BY state) s');
SELECT explain_ai('SELECT ai_complete(x) FROM (VALUES (''one''), (''two''), (''three and four'')) v(x)');
SELECT explain_ai('SELECT ai_complete(ai_complete(body)) FROM explain_t');
SELECT explain_ai('SELECT ai_chat(jsonb_build_array(jsonb_build_object(''role'', ''user'', ''content'', body))) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(ARRAY[body, note, state]) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(array_agg(body)) FROM explain_t');

-- Hints: constant, from the row, wrong; prices that are not known; lots.
SELECT explain_ai('SELECT ai_complete(body, ''{"max_tokens": 5}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ai_hints(model => ''explain_n'')) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ai_hints(model => state)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"modell": "x"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"model": "x"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "unpriced"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "unpriced"}''), ai_complete(body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "lots"}'') FROM explain_t');

-- Evaluations: conditions, LIMIT, guards, joins, subqueries, aggregates.
SELECT explain_ai('SELECT * FROM explain_t WHERE ai_complete(body) = ''yes''');
SELECT explain_ai('SELECT * FROM explain_t WHERE state = ''open'' AND ai_complete(body) = ''yes''');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t LIMIT 7');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t LIMIT 7 OFFSET 3');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t ORDER BY 1 LIMIT 7');
SELECT explain_ai('SELECT id FROM explain_t WHERE ai_complete(body) <> ''yes'' LIMIT 7');
SELECT explain_ai('SELECT coalesce(note, ai_complete(body)) FROM explain_t');
SELECT explain_ai('SELECT CASE WHEN state = ''open'' THEN ai_complete(body) END FROM explain_t');
SELECT explain_ai('SELECT CASE state WHEN ''open'' THEN ai_complete(body) ELSE ai_complete(note) END FROM explain_t');
SELECT explain_ai('SELECT CASE WHEN length(body) > 3 THEN ai_complete(body) END FROM explain_t');
SELECT explain_ai('SELECT sum(length(ai_complete(body))) FROM explain_t');
SELECT explain_ai('SELECT sum(length(ai_complete(body))) FILTER (WHERE state = ''open'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(a.body || b.body) FROM explain_t a JOIN explain_t b USING (id)');
SELECT explain_ai('SELECT (SELECT ai_complete(a.body)) FROM explain_t a');
SELECT explain_ai('SELECT (SELECT max(ai_complete(a.body || b.body)) FROM explain_t b WHERE b.id < 10) FROM explain_t a');
SELECT explain_ai('WITH c AS MATERIALIZED (SELECT ai_complete(body) AS x FROM explain_t) SELECT count(*) FROM c, c d WHERE c.x = d.x');
SELECT explain_ai('UPDATE explain_t SET note = ai_complete(body) WHERE id <= 20');
SELECT explain_ai('INSERT INTO explain_t SELECT id + 1000, ai_complete(body) FROM explain_t');
SELECT explain_ai('MERGE INTO explain_t t USING explain_t s ON t.id = s.id WHEN MATCHED THEN UPDATE SET note = ai_complete(s.body)');
SELECT explain_ai('INSERT INTO explain_t (id, body) VALUES (1, ''x'') ON CONFLICT (id) DO UPDATE SET note = ai_complete(excluded.body) RETURNING ai_complete(long)');
SELECT explain_ai('SELECT ai_complete(''Hello'')');
SELECT explain_ai('SELECT id FROM explain_t WHERE id = 5');

-- Prepared: the value of a parameter is known, or not.
PREPARE explain_p(text) AS SELECT ai_complete($1 || body) FROM explain_t;
SELECT explain_ai('EXECUTE explain_p(''Dear Sir or Madam, '')');
SET plan_cache_mode = force_generic_plan;
SELECT explain_ai('EXECUTE explain_p(''Dear Sir or Madam, '')');
RESET plan_cache_mode;

-- Output: as much as such calls had lately; of the rule where the model has none.
INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, function, rule, model, status, attempts, output_tokens)
    SELECT n, now(), now(), 10, 'x', f, r, m, s, 1, t FROM (VALUES (1, 'ai_complete', 'explain', 'explain_m', 'ok', 30), (2, 'ai_complete', 'explain', 'explain_m', 'ok', 31),
        (3, 'ai_complete', 'explain', 'explain_m', 'error', 999), (4, 'ai_chat', 'explain', 'explain_m', 'ok', 999), (5, 'ai_complete', 'letters', 'explain_m', 'ok', 50)) v(n, f, r, m, s, t);
\c
\pset format unaligned
\pset tuples_only on
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(''Dear '' || body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"max_tokens": 5}'') FROM explain_t');
DELETE FROM ai_router.calls WHERE rule IN ('explain', 'letters');
\c
\pset format unaligned
\pset tuples_only on

-- Who may not call is told so; no statement fails for its estimate.
CREATE ROLE regress_explain;
GRANT SELECT ON explain_t TO regress_explain;
SET ROLE regress_explain;
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t');
SET ai_router.refuse_on_estimate = off;
SELECT count(ai_complete(body)) FROM explain_t WHERE id < 0;
RESET ROLE;
SET ai_router.enabled = off;
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t');
RESET ai_router.enabled;
SELECT count(ai_complete(body, '{"modell": "x"}')) FROM explain_t WHERE id < 0;

-- ANALYZE: what the calls came to.
CREATE FUNCTION explain_run(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) ' || query LOOP
        RETURN NEXT regexp_replace(regexp_replace(line, 'In Flight: \d+', 'In Flight: N'), 'rows=(\d+)\.00', 'rows=\1');
    END LOOP;
END $$;
CREATE TABLE explain_run AS SELECT n AS id, 'row ' || n AS body, CASE WHEN n % 2 = 0 THEN 'x' END AS note FROM generate_series(1, 10) n;
ANALYZE explain_run;
SELECT explain_run('SELECT coalesce(note, ai_complete(body)) FROM explain_run');
SELECT explain_run('SELECT ai_complete(body, ''{"cache": "on"}'') FROM explain_run WHERE id < 4');
SELECT explain_run('SELECT ai_complete(body, ''{"cache": "on"}'') FROM explain_run');
SELECT explain_run('SELECT ai_complete(body, ''{"task": "unpriced"}''), ai_complete(body) FROM explain_run');
INSERT INTO ai_router.fixtures (id, pattern, error) VALUES (-1, 'row 7', '503');
SET ai_router.retries = 1;
SELECT explain_run('SELECT ai_complete(body, ''{"on_error": "null", "model": "explain_m"}'') FROM explain_run');
RESET ai_router.retries;
SELECT explain_run('SELECT ai_complete(''one'')');
SELECT explain_run('SELECT ai_complete(body) FROM explain_run WHERE id < 0');
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, BUFFERS OFF) SELECT id FROM explain_run WHERE id = 1;
SELECT count(*) FROM explain_ai('(ANALYZE) SELECT ai_complete(body) FROM explain_run WHERE id < 3') line WHERE line ~ 'Time Waiting: [0-9.]+ ms$';
CREATE FUNCTION explain_json(query text) RETURNS json LANGUAGE plpgsql AS $$
DECLARE result json; BEGIN EXECUTE 'EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) ' || query INTO result; RETURN result; END $$;
SELECT key, CASE WHEN key ~ 'Flight|Peak' THEN 'N' ELSE value::text END FROM json_each(explain_json('SELECT ai_complete(body) FROM explain_run WHERE id < 3')->0->'Plan') WHERE key ~ 'Call|Retr|Tok|Cost|AI|Peak|Flight' AND key <> 'Total Cost' AND key <> 'Startup Cost';
SELECT * FROM json_each(explain_json('SELECT ai_complete(body) FROM explain_run WHERE id < 3')->0) WHERE key ~ 'AI';

-- Above the cap: a warning, once per statement, or an error.  Answers are cached: nothing is spent.
CREATE FUNCTION explain_loop() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint := 0; m bigint;
BEGIN FOR i IN 1..3 LOOP SELECT count(ai_complete(body, '{"cache": "on"}')) INTO m FROM explain_run WHERE id <= 6; n := n + m; END LOOP; RETURN n; END $$;
SELECT count(ai_complete(body, '{"cache": "on"}')) FROM explain_run WHERE id <= 6;
SET ai_router.max_statement_cost = 0.01;
SELECT count(ai_complete(body, '{"cache": "on"}')) FROM explain_run WHERE id <= 6;
SELECT explain_loop();
DO $$ BEGIN PERFORM explain_loop(); PERFORM explain_loop(); END $$;
BEGIN;
DECLARE c CURSOR FOR SELECT left(ai_complete(body, '{"cache": "on"}'), 5) FROM explain_run WHERE id <= 6;
FETCH 2 FROM c;
FETCH 2 FROM c;
COMMIT;
EXPLAIN (COSTS OFF) SELECT count(ai_complete(body)) FROM explain_run WHERE id <= 6;
SELECT count(ai_complete(body, '{"cache": "on", "max_tokens": 10}')) FROM explain_run WHERE id < 3;
SET ai_router.max_statement_cost = 0;
SELECT count(ai_complete(body, '{"cache": "on"}')) FROM explain_run WHERE id <= 6;
SET ai_router.max_statement_cost = 0.01;
SET ai_router.refuse_on_estimate = on;
SELECT count(ai_complete(body, '{"cache": "on"}')) FROM explain_run WHERE id <= 6;
\echo :LAST_ERROR_SQLSTATE
SELECT explain_loop();
EXPLAIN (COSTS OFF) SELECT count(ai_complete(body)) FROM explain_run WHERE id <= 6;
EXPLAIN (ANALYZE) SELECT count(ai_complete(body)) FROM explain_run WHERE id <= 6;
CREATE TABLE explain_made AS SELECT ai_complete(body, '{"cache": "on"}') FROM explain_run WHERE id <= 6;
SELECT count(ai_complete(body, '{"task": "unpriced"}')) FROM explain_run WHERE id <= 6;
SET ROLE regress_explain;
SET ai_router.refuse_on_estimate = off;
RESET ROLE;
DROP OWNED BY regress_explain;
DROP ROLE regress_explain;
