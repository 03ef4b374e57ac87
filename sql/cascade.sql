-- Strategy cascade: candidates are asked in turn until an answer is accepted.
\pset null '(null)'
\pset format unaligned
\set SHOW_CONTEXT never
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER cascade_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, family, input_price, output_price, capabilities) VALUES
    ('small', 'cascade_one', NULL, 1, 1, '{logprobs}'), ('middle', 'cascade_one', NULL, 10, 10, '{logprobs}'),
    ('large', 'cascade_one', 'giant', 100, 100, '{}'), ('large2', 'cascade_one', 'giant', 100, 100, '{}'), ('judge', 'cascade_one', NULL, 1, 1, '{}');
INSERT INTO ai_router.fixtures (model, pattern, answer, confidence) VALUES
    ('small', '^sure', 'small sure', 0.9), ('small', 'even', 'small even', 0.7), ('small', 'unsure', 'small unsure', 0.3), ('small', NULL, 'small', NULL),
    ('middle', 'unsure', 'middle unsure', 0.6), ('middle', NULL, 'middle', 0.95),
    ('large', NULL, 'large', NULL), ('large2', NULL, 'large2', NULL),
    ('judge', 'small even', 'No.', NULL), ('judge', NULL, '**Yes**, it is.', NULL);
-- What is asked of which model in turn.
CREATE FUNCTION pg_temp.asked(prompt text, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS
$$ SELECT concat_ws(' ', answer, 'by', model, 'after', attempts, error) FROM ai_call(prompt, hints) $$;

-- Options are checked when they are written.
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"treshold": 0.8}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"xyz": 0.8}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"threshold": 80}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"check": "looks_right"}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"check": "public.nothing"}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"verifier": "nobody"}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"verifier": ["judge"]}');
INSERT INTO ai_router.rules (name, models, strategy, options) VALUES ('c', '{small,middle,giant}', 'cascade', '{"audit": -1}');

-- Without anything that is demanded of an answer the first one is taken.
INSERT INTO ai_router.rules (name, models, strategy) VALUES ('c', '{small,middle,giant}', 'cascade');
SELECT pg_temp.asked('sure');
SELECT model, verdict, reason FROM ai_route('sure');

-- Confidence.  What is not known is not enough.
UPDATE ai_router.rules SET options = '{"threshold": 0.7}';
SELECT pg_temp.asked(p) FROM unnest('{sure,even,unsure,else}'::text[]) p;
UPDATE ai_router.rules SET options = '{"threshold": 0.96}';
SELECT pg_temp.asked(p) FROM unnest('{sure,unsure}'::text[]) p;
SELECT model, verdict, reason FROM ai_route('sure');
-- A model that never tells its confidence.
UPDATE ai_router.models SET capabilities = '{}' WHERE name = 'small';
SELECT model, reason FROM ai_route('sure') LIMIT 2;
SELECT severity, problem FROM ai_router.check() WHERE object = 'rule "c"';
UPDATE ai_router.models SET capabilities = '{logprobs}' WHERE name = 'small';
-- A hint that leaves one model: its answer is taken.
SELECT pg_temp.asked('unsure', '{"model": "small"}');
SELECT pg_temp.asked('unsure', '{"model": ["middle", "small"]}');
SELECT reason FROM ai_route('sure', '{"model": "small"}');

-- A check function.
CREATE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE sql AS $$ SELECT answer ~ '(sure|even)$' $$;
CREATE FUNCTION wrong_type(prompt text, answer text) RETURNS text LANGUAGE sql AS $$ SELECT 'true' $$;
UPDATE ai_router.rules SET options = '{"check": "public.wrong_type"}';
UPDATE ai_router.rules SET options = '{"check": "public.looks_right"}';
SELECT pg_temp.asked(p) FROM unnest('{sure,even,unsure,else}'::text[]) p;
SELECT reason FROM ai_route('sure');
-- NULL is no yes.
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE sql AS $$ SELECT NULL::boolean $$;
SELECT pg_temp.asked('sure');
-- What it raises means no, and is told once per statement.
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN IF prompt = 'sure' THEN RETURN true; END IF; RAISE EXCEPTION 'cannot say of "%"', answer; END $$;
SELECT pg_temp.asked('even');
SELECT ai_complete(ARRAY['sure', 'even', 'unsure', 'sure']);
-- It may write, and what it wrote before it failed is undone.
CREATE TABLE cascade_log (prompt text, answer text);
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO cascade_log VALUES (prompt, answer); RETURN answer ~ 'sure$' OR 1 / (answer = 'small even')::int = 0; END $$;
SELECT pg_temp.asked(p) FROM unnest('{sure,even,else}'::text[]) p;
TABLE cascade_log;
-- It may call AI, also with a cascade; one that checks itself comes to an end.
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RETURN ai_complete('sure of ' || answer) = 'large'; END $$;
SELECT pg_temp.asked('sure');
-- Gone, or not allowed.
CREATE ROLE regress_ai_cascade;
GRANT USAGE ON FOREIGN SERVER cascade_one TO regress_ai_cascade;
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE sql AS $$ SELECT current_user = 'regress_ai_cascade' $$;
SET ROLE regress_ai_cascade;
SELECT pg_temp.asked('sure');
RESET ROLE;
SELECT pg_temp.asked('sure');
REVOKE EXECUTE ON FUNCTION looks_right FROM PUBLIC;
SET ROLE regress_ai_cascade;
SELECT pg_temp.asked('sure');
RESET ROLE;
-- A superuser's call runs another role's function as that role.
CREATE SCHEMA cascade_schema AUTHORIZATION regress_ai_cascade;
SET ROLE regress_ai_cascade;
CREATE FUNCTION cascade_schema.who(prompt text, answer text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'as %', current_user; END $$;
RESET ROLE;
UPDATE ai_router.rules SET options = '{"check": "cascade_schema.who"}';
SELECT pg_temp.asked('sure');
SELECT current_user = session_user AS back;
DROP FUNCTION cascade_schema.who(text, text);
SELECT pg_temp.asked('sure');
SELECT problem, hint FROM ai_router.check() WHERE object = 'rule "c"';

-- A verifier: one more request of the same call.
UPDATE ai_router.rules SET options = '{"verifier": "judge"}';
SELECT pg_temp.asked(p) FROM unnest('{sure,even}'::text[]) p;
SELECT reason FROM ai_route('sure');
-- One that cannot be asked accepts nothing.
UPDATE ai_router.models SET enabled = false WHERE name = 'judge';
SELECT pg_temp.asked('sure');
SELECT reason FROM ai_route('sure') LIMIT 1;
UPDATE ai_router.models SET enabled = true;
INSERT INTO ai_router.fixtures (id, model, error) VALUES (-1, 'judge', '400');
SELECT pg_temp.asked('sure');
DELETE FROM ai_router.fixtures WHERE id = -1;
-- All of them, the cheapest first.
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE sql AS $$ SELECT answer <> 'middle' $$;
UPDATE ai_router.rules SET options = '{"verifier": "judge", "threshold": 0.5, "check": "public.looks_right"}';
SELECT pg_temp.asked(p) FROM unnest('{sure,even,unsure}'::text[]) p;
SELECT reason FROM ai_route('sure');

-- Failures go to the next candidate, as everywhere; what was not accepted is never given.
UPDATE ai_router.rules SET options = '{"threshold": 0.7}';
INSERT INTO ai_router.fixtures (id, model, error) VALUES (-1, 'large', '401'), (-2, 'middle', '401');
SELECT pg_temp.asked('unsure');
INSERT INTO ai_router.fixtures (id, model, error) VALUES (-3, 'large2', '401');
SELECT pg_temp.asked('unsure');
SELECT pg_temp.asked('sure');
DELETE FROM ai_router.fixtures WHERE id < 0;
-- The hint max_cost is for all that a call asks.
SELECT est_cost FROM ai_route('unsure', '{"max_tokens": 100}');
SELECT pg_temp.asked('unsure', '{"max_cost": 0.011, "max_tokens": 100}');
SELECT pg_temp.asked('unsure', '{"max_cost": 0.0107, "max_tokens": 100}');
SELECT pg_temp.asked('unsure', '{"max_cost": 0.002, "max_tokens": 100}');

-- The second time everything is there; a rejected answer is nobody's, and another threshold is another question.
SELECT attempts, cached, model FROM unnest('{sure,unsure}'::text[]) p, ai_call(p, '{"cache": "on"}');
SELECT attempts, cached, model FROM unnest('{sure,unsure}'::text[]) p, ai_call(p, '{"cache": "on"}');
UPDATE ai_router.rules SET options = '{"threshold": 0.95}';
SELECT attempts, cached, model FROM unnest('{sure,unsure}'::text[]) p, ai_call(p, '{"cache": "on"}');
SELECT attempts, cached, model FROM ai_call('unsure', '{"cache": "on", "model": "small"}');
SELECT attempts, cached, model FROM ai_call('unsure', '{"cache": "on"}');

-- Functions with an answer of their own: what is no answer goes to the next model at once, the last one may mend it.
DELETE FROM ai_router.fixtures;
INSERT INTO ai_router.fixtures (model, pattern, answer, confidence) VALUES
    ('small', 'words', 'I would say that it is about money', 0.99), ('small', 'sure', 'billing', 0.9), ('small', NULL, 'billing', 0.4),
    ('large', 'cannot be used', 'other', NULL), ('large', 'words', 'hard to say', NULL), ('large', NULL, 'other', NULL);
UPDATE ai_router.rules SET models = '{small,large}', options = '{"threshold": 0.8, "audit": 1}';
SELECT (ai_classify_detail(p, '{billing,other}')).* FROM unnest('{sure,else,words}'::text[]) p;
-- A check function sees what people see.
CREATE OR REPLACE FUNCTION looks_right(prompt text, answer text) RETURNS boolean LANGUAGE plpgsql AS
$$ BEGIN RAISE WARNING '% -> %', prompt, answer; RETURN true; END $$;
UPDATE ai_router.rules SET options = '{"check": "public.looks_right"}';
SELECT ai_classify('sure', '{billing,other}');

-- EXPLAIN: what is assumed of a rule without history.
UPDATE ai_router.models SET input_price = 1, output_price = 1 WHERE name = 'small';
UPDATE ai_router.rules SET name = 'new', options = '{"threshold": 0.8, "verifier": "judge", "audit": 0.1}';
EXPLAIN (VERBOSE OFF) SELECT ai_complete('x' || i, '{"max_tokens": 10}') FROM generate_series(1, 100) i;

-- An audit is done soon, however the answers are nested.  Members may come in another order.
DELETE FROM ai_router.fixtures;
INSERT INTO ai_router.fixtures (model, pattern, answer) VALUES
    ('small', 'deep', repeat('{"a":', 150) || '1' || repeat('}', 150)), ('large', 'deep', repeat('{"a": ', 150) || '1' || repeat('}', 150)),
    ('small', 'wide', (SELECT json_object_agg('k' || i, i ORDER BY i)::text FROM generate_series(1, 50000) i)),
    ('large', 'wide', (SELECT json_object_agg('k' || i, i ORDER BY i DESC)::text FROM generate_series(1, 50000) i)),
    ('small', 'other', '{"a": 1, "b": [2, {"c": 3}]}'), ('large', 'other', '{"b": [2, {"c": 3.0}], "a": 1e0}'),
    ('small', 'order', '[1, 2]'), ('large', 'order', '[2, 1]');
UPDATE ai_router.rules SET name = 'nested', options = '{"audit": 1}';
SET statement_timeout = '60s';
SELECT count(ai_complete(p)) FROM unnest('{deep,wide,other,order}'::text[]) p;
RESET statement_timeout;
DO $$ BEGIN FOR i IN 1 .. 6000 LOOP EXIT WHEN (SELECT count(*) = 4 FROM ai_router.audits WHERE rule = 'nested'); PERFORM pg_sleep(0.01); END LOOP; END $$;
SELECT agreed, count(*) FROM ai_router.audits WHERE rule = 'nested' GROUP BY 1 ORDER BY 1;

-- A check function that PostgreSQL brings: it needs a collation.
UPDATE ai_router.rules SET options = '{"check": "pg_catalog.texticlike"}';
UPDATE ai_router.fixtures SET pattern = NULL, answer = model;
SELECT ai_complete('SMALL'), ai_complete('LARGE');

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP TABLE cascade_log;
DROP FUNCTION looks_right(text, text), wrong_type(text, text);
DROP SCHEMA cascade_schema;
DROP SERVER cascade_one;
DROP ROLE regress_ai_cascade;
