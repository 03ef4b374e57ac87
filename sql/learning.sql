-- Strategy learned: outcomes, training, and what is chosen then.  No network.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
SET ai_router.max_statement_cost = 0;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.examples, ai_router.predictors;
CREATE SERVER learning_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER learning_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price, rank) VALUES
    ('dear', 'learning_one', 100, 500, 10), ('cheap', 'learning_one', 1, 5, 20), ('new', 'learning_one', 2, 10, 30);
INSERT INTO ai_router.fixtures (model, answer) VALUES ('dear', 'by dear'), ('cheap', 'by cheap'), ('new', 'by new');
INSERT INTO ai_router.rules (name, models, strategy) VALUES ('default', '{dear,cheap}', 'learned');

-- What learning sees of a prompt.
SELECT ai_router.prompt_features('The quick brown fox') = ai_router.prompt_features('The quick brown fox') AS same,
       ai_router.prompt_features('The quick brown fox') <> ai_router.prompt_features('The quick brown dog') AS different,
       position('quick'::bytea IN ai_router.prompt_features('The quick brown fox')) AS text_inside,
       ai_router.prompt_features(NULL) IS NULL AS null_stays_null;
-- Of a long prompt no more than a page; nothing of an empty one is still something.
SELECT octet_length(ai_router.prompt_features(repeat(md5('a'), 30000))) < 8192 AS bounded,
       octet_length(ai_router.prompt_features((SELECT string_agg(md5(n::text), ' ') FROM generate_series(1, 20000) n))) < 8192 AS bounded_words,
       octet_length(ai_router.prompt_features('')) > 0 AS empty,
       ai_router.prompt_features('') = ai_router.prompt_features('') AS same;

-- What an example may be.
\set VERBOSITY terse
INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', 1.1);
INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', -0.1);
INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', 'NaN');
INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', 'cheap', NULL);
INSERT INTO ai_router.examples (prompt, model, score, weight) VALUES ('x', 'cheap', 1, 0);
INSERT INTO ai_router.examples (prompt, model, score, weight) VALUES ('x', 'cheap', 1, 'NaN');
INSERT INTO ai_router.examples (prompt, model, score, weight) VALUES ('x', 'cheap', 1, 'Infinity');
INSERT INTO ai_router.examples (prompt, model, score) VALUES ('x', NULL, 1);
INSERT INTO ai_router.examples (model, score) VALUES ('cheap', 1);
INSERT INTO ai_router.examples (model, score, features) VALUES ('cheap', 1, ai_router.prompt_features('x'));
DELETE FROM ai_router.examples;
\set VERBOSITY default

-- Who cannot be trained.
SELECT * FROM ai_router.train('nobody');
SELECT * FROM ai_router.evaluate('nobody');
SELECT * FROM ai_router.predict('nobody', 'x');
UPDATE ai_router.rules SET strategy = 'ordered';
SELECT * FROM ai_router.train();
UPDATE ai_router.rules SET strategy = 'learned', enabled = false;
SELECT * FROM ai_router.train();
SELECT * FROM ai_router.train('default');
UPDATE ai_router.rules SET enabled = true;
INSERT INTO ai_router.models (name, server, mode) VALUES ('vectors', 'learning_one', 'embedding');
INSERT INTO ai_router.rules (name, priority, condition, models, strategy) VALUES ('no chat', 1, '$.task == "vectors"', '{vectors}', 'learned');
SELECT * FROM ai_router.train('no chat');
DELETE FROM ai_router.rules WHERE name = 'no chat';
DELETE FROM ai_router.models WHERE name = 'vectors';
SELECT * FROM ai_router.evaluate(NULL);
SELECT * FROM ai_router.predict(NULL, 'x');
SELECT * FROM ai_router.predict('default', NULL);
SELECT * FROM ai_router.evaluate('default', 1.5);
SELECT * FROM ai_router.evaluate('default', 'NaN');

-- Too little to learn from: said so, nothing written, the rule's own order.  Prompts of all kinds, with and without task.
CREATE FUNCTION pg_temp.world(n int, OUT prompt text, OUT poem boolean) RETURNS SETOF record LANGUAGE sql AS $$
    SELECT CASE WHEN i % 2 = 0 THEN 'Write a poem about ' ELSE 'Prove the theorem of ' END
           || (ARRAY['the sea', 'a small town', 'old friends', 'numbers', 'a cold night', 'the road', 'green apples'])[i % 7 + 1]
           || ' for ' || md5(i::text), i % 2 = 0
      FROM generate_series(1, n) i $$;
CREATE FUNCTION pg_temp.trained() RETURNS TABLE (what text) LANGUAGE sql AS $$
    SELECT concat_ws(' | ', t.trained_rule, coalesce(t.version::text, '-'), t.model, t.examples, coalesce(round(t.success::numeric, 2)::text, '-'),
                     t.auc = 'NaN' OR t.calibration_error = 'NaN' OR t.apgr = 'NaN' OR t.success = 'NaN', t.verdict) FROM ai_router.train('default') t $$;
CREATE FUNCTION pg_temp.first(prompt text, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT r.model || ': ' || r.reason FROM ai_route(prompt, hints) r WHERE r.rank = 1 $$;
SELECT * FROM pg_temp.trained();
SELECT * FROM ai_router.evaluate('default');
\echo ten examples
INSERT INTO ai_router.examples (prompt, model, score) SELECT prompt, m, CASE WHEN poem THEN 1 ELSE 0 END FROM pg_temp.world(10), unnest('{dear,cheap}'::text[]) m;
SELECT * FROM pg_temp.trained();
\echo one class
TRUNCATE ai_router.examples;
INSERT INTO ai_router.examples (prompt, model, score, task) SELECT prompt, m, 1, 't' FROM pg_temp.world(300), unnest('{dear,cheap}'::text[]) m;
SELECT * FROM pg_temp.trained();
\echo all scores equal
UPDATE ai_router.examples SET score = 0.5;
SELECT * FROM pg_temp.trained();
\echo empty prompts
TRUNCATE ai_router.examples;
INSERT INTO ai_router.examples (prompt, model, score, task) SELECT '', m, i % 2, NULL FROM generate_series(1, 300) i, unnest('{dear,cheap}'::text[]) m;
SELECT * FROM pg_temp.trained();
\echo the same prompt, always
UPDATE ai_router.examples SET prompt = 'hello';
SELECT * FROM pg_temp.trained();
\echo chance decides
TRUNCATE ai_router.examples;
INSERT INTO ai_router.examples (prompt, model, score) SELECT prompt, m, hashtext(prompt || m) & 1 FROM pg_temp.world(300), unnest('{dear,cheap}'::text[]) m;
SELECT * FROM pg_temp.trained();
\echo features that are none
TRUNCATE ai_router.examples;
INSERT INTO ai_router.examples (features, model, score) SELECT decode(md5(prompt), 'hex'), m, poem::int FROM pg_temp.world(300), unnest('{dear,cheap}'::text[]) m;
INSERT INTO ai_router.examples (features, model, score) VALUES ('', 'cheap', 1);
SELECT * FROM pg_temp.trained();
SELECT count(*) FROM ai_router.evaluate('default');
\echo other models
UPDATE ai_router.examples SET model = 'elsewhere', features = NULL, prompt = 'x';
SELECT * FROM pg_temp.trained();
SELECT count(*) FROM ai_router.predictors;
SELECT rank, model, strategy, reason FROM ai_route('Write a poem');
SELECT * FROM ai_router.predict('default', 'Write a poem');
SELECT model FROM ai_call('Write a poem');

-- A world where a word decides: both write poems, only the dear one proves theorems.
TRUNCATE ai_router.examples;
INSERT INTO ai_router.examples (prompt, model, score)
    SELECT prompt, m, CASE WHEN poem OR m = 'dear' THEN 1 ELSE 0 END FROM pg_temp.world(400), unnest('{dear,cheap}'::text[]) m;
-- Nothing is without exception, so something is given away for a lower price.
UPDATE ai_router.rules SET options = '{"tolerance": 0.15}';
UPDATE ai_router.examples SET score = 1 - score WHERE id % 21 = 7;
SELECT trained_rule, version, model, examples, success BETWEEN 0.4 AND 1 AS success, auc > 0.9 AS auc, calibration_error < 0.1 AS calibrated, apgr > 0.6 AS apgr, verdict
  FROM ai_router.train();
SELECT rule, version, enabled, models, examples, last_example = (SELECT max(id) FROM ai_router.examples) AS last_example, apgr > 0.6 AS apgr,
       calibration_error < 0.1 AS calibrated, jsonb_object_keys(report -> 'models') AS model, jsonb_array_length(report -> 'tolerances') AS tolerances FROM ai_router.predictors;
SELECT rank, model, strategy, regexp_replace(reason, '\d\.\d+', '#', 'g') AS reason FROM ai_route('Write a poem about the moon');
SELECT rank, model, strategy, regexp_replace(reason, '\d\.\d+', '#', 'g') AS reason FROM ai_route('Prove the theorem of Pythagoras');
SELECT model, success > 0.8 AS likely, evidence, examples FROM ai_router.predict('default', 'Write a poem about the moon');
SELECT model, success > 0.8 AS likely, evidence, examples FROM ai_router.predict('default', 'Prove the theorem of Pythagoras');
SELECT c.model, count(*) FROM pg_temp.world(40) w, ai_call(w.prompt) c WHERE w.poem GROUP BY 1;
SELECT c.model, count(*) FROM pg_temp.world(40) w, ai_call(w.prompt) c WHERE NOT w.poem GROUP BY 1;
-- The same figures each time.
CREATE TEMP TABLE made AS SELECT predictor FROM ai_router.predictors;
BEGIN;
DELETE FROM ai_router.predictors;
SELECT count(*) FROM ai_router.train();
SELECT p.predictor = m.predictor AS same_bytes FROM ai_router.predictors p, made m;
ROLLBACK;
-- Strange prompts are predicted, too.
SELECT p, count(*), bool_and(success > 0 AND success < 1) AS sane
  FROM unnest(ARRAY['', ' ', E'\n', '日本語', U&'\+01F600', repeat('x', 100000), repeat('é ', 50000)]) WITH ORDINALITY u(t, p), ai_router.predict('default', t) GROUP BY p ORDER BY p;
SELECT count(*) FROM ai_router.predict('default', 'Write a poem', '');
-- A task without examples.
SELECT model, success, evidence FROM ai_router.predict('default', 'Write a poem', 'unheard of');
SELECT rank, model, reason FROM ai_route('Write a poem', '{"task": "unheard of"}');

-- How much is given away for a lower price: option tolerance, hint quality, hint prefer.
UPDATE ai_router.rules SET options = '{"tolerance": 1}';
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^cheap: .*cheapest within 1.00 of the best' AS cheapest;
UPDATE ai_router.rules SET options = '{"tolerance": 0}';
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^dear: .*within 0.00' AS best;
UPDATE ai_router.rules SET options = '{"tolerance": "much"}';
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^dear: ' AS best;
UPDATE ai_router.rules SET options = '{"tolerance": 0.15}';
SELECT regexp_replace(pg_temp.first('Prove the theorem of Pythagoras', '{"quality": 0.01}'), '\d\.\d+', '#') AS enough;
SELECT regexp_replace(pg_temp.first('Prove the theorem of Pythagoras', '{"quality": 0.8}'), '\d\.\d+', '#') AS enough;
SELECT regexp_replace(pg_temp.first('Prove the theorem of Pythagoras', '{"quality": 1}'), '\d\.\d+', '#') AS nobody;
-- A rule without strategy takes what was learned for it where quality is preferred, and gives nothing of it away.
UPDATE ai_router.rules SET strategy = NULL, models = '{cheap,dear}';
SELECT pg_temp.first('Prove the theorem of Pythagoras');
SELECT pg_temp.first('Prove the theorem of Pythagoras', '{"prefer": "quality"}') ~ '^dear: predicted success 0.\d\d by its words: .* within 0.00 of the best' AS best;
UPDATE ai_router.rules SET defaults = '{"prefer": "quality"}';
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^dear: predicted success 0.\d\d by its words: .* within 0.00 of the best' AS best;
UPDATE ai_router.rules SET strategy = 'learned', models = '{dear,cheap}', defaults = NULL;

-- A candidate that is alone, and one without outcomes.
SELECT rank, model, reason FROM ai_route('Write a poem', '{"model": "dear"}');
UPDATE ai_router.rules SET models = '{new,dear}';
SELECT rank, model, reason FROM ai_route('Write a poem about the moon');
UPDATE ai_router.rules SET models = '{new,dear,cheap}';
SELECT rank, model, regexp_replace(reason, '\d\.\d+', '#', 'g') AS reason FROM ai_route('Write a poem about the moon');
SELECT rank, model, regexp_replace(reason, '\d\.\d+', '#', 'g') AS reason FROM ai_route('Prove the theorem of Pythagoras');
UPDATE ai_router.rules SET models = '{dear,cheap}';

-- Outcomes pool over a family, so another host of it is known at once.
UPDATE ai_router.models SET family = 'pooled' WHERE name IN ('cheap', 'new');
SELECT version, model, examples, verdict FROM ai_router.train('default');
UPDATE ai_router.rules SET models = '{dear,pooled}';
SELECT version, model, examples, verdict FROM ai_router.train('default');
SELECT rank, model, regexp_replace(reason, '\d\.\d+', '#', 'g') AS reason FROM ai_route('Write a poem about the moon');
UPDATE ai_router.models SET family = NULL WHERE name IN ('cheap', 'new');
UPDATE ai_router.rules SET models = '{dear,cheap}';
DELETE FROM ai_router.predictors WHERE version > 1;

-- Again with nothing new, then with more: a version is written only if it is better.
SELECT version, model, verdict FROM ai_router.train();
SELECT count(*) FROM ai_router.predictors;
CREATE TEMP TABLE old_world AS SELECT * FROM ai_router.examples;
DELETE FROM ai_router.examples;
INSERT INTO ai_router.examples (prompt, model, score)
    SELECT prompt, m, CASE WHEN poem AND m = 'dear' THEN 0 ELSE 1 END FROM pg_temp.world(400), unnest('{dear,cheap}'::text[]) m;
SELECT version, model, verdict FROM ai_router.train();
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^cheap: ' AS learned_anew;
-- Back, and back to where nothing was learned.
UPDATE ai_router.predictors SET enabled = false WHERE version = 2;
SELECT pg_temp.first('Prove the theorem of Pythagoras') ~ '^dear: ' AS as_before;
UPDATE ai_router.predictors SET enabled = false;
SELECT pg_temp.first('Write a poem about the moon');
UPDATE ai_router.predictors SET enabled = true WHERE version = 1;
SELECT pg_temp.first('Write a poem about the moon') ~ '^cheap: ' AS again;
DELETE FROM ai_router.examples;
INSERT INTO ai_router.examples SELECT * FROM old_world;
-- A transaction's end takes back what was trained in it.
BEGIN;
DELETE FROM ai_router.predictors;
SELECT pg_temp.first('Write a poem about the moon');
ROLLBACK;
SELECT pg_temp.first('Write a poem about the moon') ~ '^cheap: ' AS again;

-- What it would have come to.
CREATE TEMP TABLE replayed AS SELECT * FROM ai_router.evaluate('default');
SELECT policy, prompts, quality BETWEEN 0.4 AND 1 AS quality, usd_per_1000 > 0 AS usd, cost_share BETWEEN 0 AND 1 AS cost_share FROM replayed;
SELECT l.quality > r.quality + 0.1 AS better_than_random, l.quality > s.quality - 0.06 AS like_the_strongest, l.cost_share < 0.7 AS cheaper, s.cost_share = 1 AS all_of_it, s.shares
  FROM replayed l, replayed r, replayed s WHERE l.policy ~ '^learned' AND r.policy = 'random' AND s.policy = 'always the strongest';
SELECT policy, shares FROM ai_router.evaluate('default', 1) LIMIT 2;

-- One prompt under two tasks is two.
BEGIN;
INSERT INTO ai_router.examples (prompt, task, model, score) SELECT prompt, 'verse', model, score FROM ai_router.examples;
SELECT policy, prompts FROM ai_router.evaluate('default') WHERE policy = 'random';
ROLLBACK;

-- Now and then another one is asked first, and how probable that was is kept.
CREATE FUNCTION pg_temp.asked(run text) RETURNS TABLE (model text, calls bigint, propensity text) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..3000 LOOP
        EXIT WHEN (SELECT count(*) FROM ai_router.calls c WHERE c.tags ->> 'run' = run) >= 200;
        PERFORM pg_sleep(0.02);
    END LOOP;
    RETURN QUERY SELECT c.model, count(*), string_agg(DISTINCT coalesce(round(c.propensity::numeric, 3)::text, 'none'), ', ')
                   FROM ai_router.calls c WHERE c.tags ->> 'run' = run GROUP BY 1 ORDER BY 1;
END $$;
UPDATE ai_router.rules SET options = '{"tolerance": 0.15, "explore": 1}';
SELECT count(ai_complete(prompt, '{"tags": {"run": "a"}}')) FROM pg_temp.world(400) WHERE poem;
SELECT model, calls BETWEEN 70 AND 130 AS half, propensity FROM pg_temp.asked('a');
UPDATE ai_router.rules SET options = '{"tolerance": 0.15, "explore": 0.2}';
SELECT count(ai_complete(prompt || '!', '{"tags": {"run": "b"}}')) FROM pg_temp.world(400) WHERE poem;
SELECT model, CASE model WHEN 'cheap' THEN calls > 160 ELSE calls BETWEEN 5 AND 40 END AS share, propensity FROM pg_temp.asked('b');
SELECT count(*) > 0 AS said FROM pg_temp.world(400), pg_temp.first(prompt || '!') f WHERE poem AND f ~ '^dear: .*: drawn to explore';
UPDATE ai_router.rules SET options = '{"tolerance": 0.15, "explore": 0}';
SELECT count(ai_complete(prompt || '?', '{"tags": {"run": "c"}}')) FROM pg_temp.world(400) WHERE poem;
SELECT model, calls, propensity FROM pg_temp.asked('c');
UPDATE ai_router.rules SET options = '{"tolerance": 0.15}';

-- Also where nothing was learned yet.
UPDATE ai_router.predictors SET enabled = false;
UPDATE ai_router.rules SET options = '{"tolerance": 0.15, "explore": 1}';
SELECT f, count(*) > 60 AS half FROM pg_temp.world(400), pg_temp.first(prompt) f WHERE poem GROUP BY 1 ORDER BY 1;
UPDATE ai_router.predictors SET enabled = true WHERE version = 1;
UPDATE ai_router.rules SET options = '{"tolerance": 0.15}';

-- A predictor that is damaged: a warning, the rule's own order, and training mends it.
UPDATE ai_router.predictors SET predictor = 'x' WHERE version = 1;
SELECT model FROM ai_call('Write a poem about the moon');
SELECT pg_temp.first('Write a poem about the moon');
SELECT count(*) FROM ai_router.predict('default', 'Write a poem');
UPDATE ai_router.predictors SET predictor = set_byte((SELECT predictor FROM made), 4000, get_byte((SELECT predictor FROM made), 4000) # 1) WHERE version = 1;
SELECT pg_temp.first('Write a poem about the moon');
UPDATE ai_router.predictors SET predictor = substr((SELECT predictor FROM made), 1, 5000) WHERE version = 1;
SELECT pg_temp.first('Write a poem about the moon');
UPDATE ai_router.predictors SET predictor = '' WHERE version = 1;
SELECT pg_temp.first('Write a poem about the moon');
-- The last good version serves where the highest is damaged.
INSERT INTO ai_router.predictors SELECT rule, 9, true, models, examples, last_example, apgr, calibration_error, report, (SELECT predictor FROM made) FROM ai_router.predictors WHERE version = 1;
UPDATE ai_router.predictors SET version = 10, enabled = true WHERE version = 1;
SELECT pg_temp.first('Write a poem about the moon') ~ '^cheap: ' AS by_version_9;
-- Only the version in use is in memory, however many there are.
INSERT INTO ai_router.predictors SELECT rule, 100 + i, true, models, examples, last_example, apgr, calibration_error, report, (SELECT predictor FROM made)
  FROM ai_router.predictors, generate_series(1, 30) i WHERE version = 9;
SELECT pg_temp.first('Write a poem about the moon') ~ '^cheap: ' AS by_version_130;
SELECT sum(total_bytes) < 3 * (SELECT octet_length(predictor) FROM made) AS one FROM pg_backend_memory_contexts WHERE name LIKE 'ai_router config%';
DELETE FROM ai_router.predictors WHERE version > 100;
DELETE FROM ai_router.predictors WHERE version = 9;
SELECT version, model, verdict FROM ai_router.train('default');
SELECT pg_temp.first('Write a poem about the moon') ~ '^cheap: ' AS mended;

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.examples, ai_router.predictors;
DROP SERVER learning_one;
DROP SERVER learning_two;
