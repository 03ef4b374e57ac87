-- What a rule would have come to, from calls whose model was drawn.  No network.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = notice;
SET ai_router.max_statement_cost = 0;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.examples, ai_router.predictors;
CREATE SERVER evaluate_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price, rank) VALUES
    ('dear', 'evaluate_one', 100, 500, 10), ('cheap', 'evaluate_one', 1, 5, 20), ('twin', 'evaluate_one', 0.5, 2, 30);
INSERT INTO ai_router.fixtures (model, answer) VALUES ('dear', 'by dear'), ('cheap', 'by cheap'), ('twin', 'by twin');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('default', '{dear,cheap}', 'learned', '{"tolerance": 0.15}');

-- Both write poems, the dear one proves theorems: but for some noise, so that all is known of each model and prompt.
CREATE FUNCTION pg_temp.score(prompt text, model text) RETURNS real LANGUAGE sql AS
$$ SELECT ((prompt ~ 'poem' OR model = 'dear') = (hashtext(prompt || model) % 12 <> 0))::int $$;
CREATE FUNCTION pg_temp.world(first int, last int) RETURNS TABLE (prompt text) LANGUAGE sql AS
$$ SELECT CASE WHEN i % 5 < 3 THEN 'Write a poem about ' ELSE 'Prove the theorem of ' END || md5(i::text) FROM generate_series(first, last) i $$;
INSERT INTO ai_router.examples (prompt, model, score)
    SELECT prompt, m, pg_temp.score(prompt, m) FROM pg_temp.world(1, 300), unnest('{dear,cheap}'::text[]) m;
SELECT model, verdict FROM ai_router.train();

-- What cannot be answered.
SELECT * FROM ai_router.evaluate('default', source => 'ledger');
SELECT * FROM ai_router.evaluate('default', source => 'both');
SELECT * FROM ai_router.evaluate('default', source => NULL);

-- Calls that are judged, of which a part was drawn.
UPDATE ai_router.rules SET options = '{"tolerance": 0.15, "explore": 0.2}';
CREATE TEMP TABLE asked AS SELECT w.prompt, c.model, c.call_id FROM pg_temp.world(1001, 1800) w, ai_call(w.prompt) c;
SELECT count(ai_feedback(call_id, pg_temp.score(prompt, model))) FROM asked;
-- Calls without a word, or without a draw, say nothing.
SELECT count(ai_complete(prompt)) FROM pg_temp.world(2001, 2010);
SELECT count(ai_feedback(call_id, 0)) FROM pg_temp.world(2011, 2020) w, ai_call(w.prompt, '{"model": "dear"}') c;

CREATE TEMP TABLE estimated AS SELECT * FROM ai_router.evaluate('default', source => 'ledger');
CREATE TEMP TABLE truth AS
    SELECT 'always the cheapest' AS policy, avg(pg_temp.score(prompt, 'cheap')) AS quality FROM asked
    UNION ALL SELECT 'always the strongest', avg(pg_temp.score(prompt, 'dear')) FROM asked
    UNION ALL SELECT 'random', avg(pg_temp.score(prompt, 'cheap') + pg_temp.score(prompt, 'dear')) / 2 FROM asked
    UNION ALL SELECT 'learned, tolerance 0.15', avg(pg_temp.score(prompt, CASE WHEN prompt ~ 'poem' THEN 'cheap' ELSE 'dear' END)) FROM asked
    UNION ALL SELECT 'as it was', avg(pg_temp.score(prompt, model)) FROM asked;
SELECT policy, prompts, abs(e.quality - t.quality) <= 3 * standard_error AS right, standard_error BETWEEN 0.005 AND 0.05 AS error, effective::int BETWEEN 60 AND 800 AS effective, shares
  FROM estimated e JOIN truth t USING (policy) ORDER BY policy;
SELECT abs(e.quality - t.quality) < 1e-9 AS exact, effective = prompts AS all_of_them FROM estimated e JOIN truth t USING (policy) WHERE policy = 'as it was';
-- The plain mean of a model's calls is that of the prompts it was sent.
SELECT n.naive - t.quality > 0.2 AS flattered, n.naive - e.quality > 5 * e.standard_error AS seen
  FROM estimated e, truth t, (SELECT avg(pg_temp.score(prompt, model)) AS naive FROM asked WHERE model = 'cheap') n
 WHERE e.policy = 'always the cheapest' AND t.policy = e.policy;
-- Money, as the calls have cost.
SELECT policy, usd_per_1000 > 0 AS usd, cost_share BETWEEN 0.005 AND 0.02 AS cheap, cost_share BETWEEN 0.3 AND 0.5 AS between, cost_share = 1 AS all_of_it FROM estimated;
-- The same calls again are no more evidence: they were drawn once.
BEGIN;
INSERT INTO ai_router.calls (call_id, at, finished_at, role_id, role, rule, model, status, attempts, features, propensity)
    SELECT call_id + 1000000000, at, finished_at, role_id, role, rule, model, status, attempts, features, propensity FROM ai_router.calls WHERE propensity IS NOT NULL;
INSERT INTO ai_router.examples (features, model, score, call_id) SELECT features, model, score, call_id + 1000000000 FROM ai_router.examples WHERE call_id IS NOT NULL;
SELECT policy, n.prompts = 2 * e.prompts AS twice, abs(n.quality - e.quality) < 0.02 AS same, n.standard_error > 0.9 * e.standard_error AS as_uncertain
  FROM ai_router.evaluate('default', source => 'ledger') n JOIN estimated e USING (policy) ORDER BY policy;
ROLLBACK;
-- A call of the same number before a dump was restored is another one.
BEGIN;
UPDATE ai_router.calls SET at = at + interval '1 day';
SELECT * FROM ai_router.evaluate('default', source => 'ledger');
ROLLBACK;

-- A model that was never drawn; of a family, it is the cheapest host that would be asked.
UPDATE ai_router.rules SET models = '{dear,cheap,twin}';
SELECT policy, quality IS NULL AS unknown, standard_error IS NULL AS error, effective IS NULL AS effective FROM ai_router.evaluate('default', source => 'ledger');
UPDATE ai_router.models SET family = 'pair' WHERE name IN ('cheap', 'twin');
SELECT policy, quality IS NULL AS unknown, shares FROM ai_router.evaluate('default', source => 'ledger');
UPDATE ai_router.models SET input_price = 200 WHERE name = 'twin';
SELECT policy, quality IS NULL AS unknown, shares FROM ai_router.evaluate('default', source => 'ledger') WHERE policy <> 'as it was';
UPDATE ai_router.models SET family = NULL;
UPDATE ai_router.rules SET models = '{dear,cheap}';

-- The hint quality among a rule's defaults is what it would be asked for; a tolerance that is named goes before it.
UPDATE ai_router.rules SET defaults = '{"quality": 0.5}';
SELECT policy, shares FROM ai_router.evaluate('default') WHERE policy ~ '^learned';
UPDATE ai_router.rules SET defaults = '{"quality": 0.01}';
SELECT policy, shares FROM ai_router.evaluate('default') WHERE policy ~ '^learned';
SELECT policy, shares FROM ai_router.evaluate('default', source => 'ledger') WHERE policy ~ '^learned';
SELECT policy, shares ? 'dear' AS dear_too FROM ai_router.evaluate('default', 0) WHERE policy ~ '^learned';
-- So is a preference, where the rule names no strategy.
UPDATE ai_router.rules SET defaults = '{"prefer": "quality"}', strategy = NULL;
SELECT policy, shares ? 'dear' AS dear_too FROM ai_router.evaluate('default') WHERE policy ~ '^learned';
UPDATE ai_router.rules SET defaults = NULL, strategy = 'learned';

-- Of a model that was not tried on a prompt the folds' prediction counts, not its mean.
BEGIN;
DELETE FROM ai_router.examples WHERE hashtext(prompt) % 2 = 0 AND model = 'dear' OR hashtext(prompt) % 2 <> 0 AND model = 'cheap' OR prompt IS NULL;
SELECT policy, (shares->>'cheap')::float BETWEEN 0.5 AND 0.65 AS cheap FROM ai_router.evaluate('default', 0.3) WHERE policy ~ '^learned';
ROLLBACK;

-- Where too little is known to compare it is as if the rule's own order stood, as in calls.
BEGIN;
DELETE FROM ai_router.examples WHERE model = 'dear';
SELECT policy, shares FROM ai_router.evaluate('default');
UPDATE ai_router.rules SET models = NULL;
SELECT policy, shares FROM ai_router.evaluate('default') WHERE policy ~ '^learned';
ROLLBACK;

-- Features that cannot be read are made anew where the prompt is there.
DELETE FROM ai_router.predictors;
UPDATE ai_router.examples SET features = '\x0102' WHERE prompt IS NOT NULL AND id % 2 = 0;
UPDATE ai_router.examples SET features = '\x' WHERE prompt IS NULL AND id % 2 = 0;
SELECT e.n - t.used AS refused, l.n AS lost
  FROM (SELECT count(*) AS n FROM ai_router.examples) e, (SELECT count(*) AS n FROM ai_router.examples WHERE prompt IS NULL AND features = '\x') l,
       (SELECT sum(examples) AS used FROM ai_router.train()) t;

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.examples, ai_router.predictors;
DROP SERVER evaluate_one;
