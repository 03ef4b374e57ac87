-- The tables: what they accept, what triggers say, and that changes are seen at once.
\set SHOW_CONTEXT never
ALTER SEQUENCE ai_router.fixtures_id_seq RESTART;
CREATE SERVER tables_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE FOREIGN DATA WRAPPER regress_ai_other;
CREATE SERVER tables_other FOREIGN DATA WRAPPER regress_ai_other;

-- Models.
INSERT INTO ai_router.models (name, server) VALUES ('a', 'nowhere');
INSERT INTO ai_router.models (name, server) VALUES ('a', 'tables_other');
INSERT INTO ai_router.models (name, server) VALUES ('a', NULL);
INSERT INTO ai_router.models (name, server) VALUES ('a', 'tables_one') RETURNING *;
INSERT INTO ai_router.models (name, server) VALUES ('', 'tables_one');
INSERT INTO ai_router.models (name, server) VALUES (' b', 'tables_one');
INSERT INTO ai_router.models (name, server, mode) VALUES ('b', 'tables_one', 'image');
INSERT INTO ai_router.models (name, server, input_price) VALUES ('b', 'tables_one', -1);
INSERT INTO ai_router.models (name, server, output_price) VALUES ('b', 'tables_one', 'NaN');
INSERT INTO ai_router.models (name, server, context_window) VALUES ('b', 'tables_one', 0);
INSERT INTO ai_router.models (name, server, quality) VALUES ('b', 'tables_one', 1.5);
INSERT INTO ai_router.models (name, server, quality) VALUES ('b', 'tables_one', 'NaN');
INSERT INTO ai_router.models (name, server, tags) VALUES ('b', 'tables_one', '[]');
INSERT INTO ai_router.models (name, server, params) VALUES ('b', 'tables_one', '"x"');
INSERT INTO ai_router.models (name, server, capabilities) VALUES ('b', 'tables_one', '{vision,NULL}');
INSERT INTO ai_router.models (name, server, rpm) VALUES ('b', 'tables_one', 0);
INSERT INTO ai_router.models (name, server, price_tiers) VALUES ('b', 'tables_one', '{"above": 1}');
INSERT INTO ai_router.models (name, server, price_tiers) VALUES ('b', 'tables_one', '[{"above": 1, "input": 2}]');
INSERT INTO ai_router.models (name, server, price_tiers) VALUES ('b', 'tables_one', '[{"above": "1", "input": 2, "output": 3}]');
INSERT INTO ai_router.models (name, server, price_tiers) VALUES ('b', 'tables_one', '[{"above": 1, "input": -2, "output": 3}]');
INSERT INTO ai_router.models (name, server, price_tiers) VALUES ('b', 'tables_one', '[7]');
INSERT INTO ai_router.models (name, server, family, price_tiers, tags) VALUES
    ('b', 'tables_one', 'fam', '[{"above": 200000, "input": 5, "output": 22.5}]', '{"region": "eu"}');
-- A server that goes leaves its models; they can still be changed.
DROP SERVER tables_other;
UPDATE ai_router.models SET server = 'nowhere' WHERE name = 'b';

-- Rules.
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{a,nothing,nobody}');
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{}');
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{a,NULL}');
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{{a},{b}}');
INSERT INTO ai_router.rules (name, condition) VALUES ('r', '$.task');
INSERT INTO ai_router.rules (name, condition) VALUES ('r', '$.taks == "code"');
INSERT INTO ai_router.rules (name, strategy) VALUES ('r', 'bestest');
INSERT INTO ai_router.rules (name, defaults) VALUES ('r', '{"temperatur": 1}');
INSERT INTO ai_router.rules (name, enforce) VALUES ('r', '{"max_tokens": -1}');
INSERT INTO ai_router.rules (name, defaults) VALUES ('r', '[]');
INSERT INTO ai_router.rules (name, options) VALUES ('r', '1');
INSERT INTO ai_router.rules (name, weights) VALUES ('r', '{1}');
INSERT INTO ai_router.rules (name, models, weights) VALUES ('r', '{a,b}', '{1}');
INSERT INTO ai_router.rules (name, models, weights) VALUES ('r', '{a,b}', '{1,-1}');
INSERT INTO ai_router.rules (name, models, weights) VALUES ('r', '{a,b}', '{1,NaN}');
INSERT INTO ai_router.rules (name, models, weights) VALUES ('r', '{a,b}', '{0,0}');
INSERT INTO ai_router.rules (name, models, weights) VALUES ('r', '{a,b}', '{1,NULL}');
INSERT INTO ai_router.rules (name, priority, condition, models, weights, strategy, defaults, enforce, options, comment) VALUES
    ('r', 10, '$.task == "code" && $.tokens < 400', '{a,fam}', '{1,2}', 'weighted', '{"temperature": 0}', '{"max_tokens": 100}', '{}', 'x');
INSERT INTO ai_router.rules (name) VALUES ('r');

-- Budgets.
INSERT INTO ai_router.budgets (name, role, limit_usd) VALUES ('b', 'regress_ai_nobody', 1);
INSERT INTO ai_router.budgets (name, model, limit_usd) VALUES ('b', 'nothing', 1);
INSERT INTO ai_router.budgets (name, period, limit_usd) VALUES ('b', 'year', 1);
INSERT INTO ai_router.budgets (name, limit_usd) VALUES ('b', -1);
INSERT INTO ai_router.budgets (name, model, period, limit_usd, hard) VALUES ('b', 'fam', 'day', 2.50, false) RETURNING *;

-- Fixtures.
INSERT INTO ai_router.fixtures (model, answer) VALUES ('nothing', 'x');
INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('(', 'x');
INSERT INTO ai_router.fixtures (pattern) VALUES ('x');
INSERT INTO ai_router.fixtures (error) VALUES ('200');
INSERT INTO ai_router.fixtures (error) VALUES ('RT012');
INSERT INTO ai_router.fixtures (error, latency_ms) VALUES ('503', -1);
INSERT INTO ai_router.fixtures (model, pattern, answer) VALUES ('a', '^hello', 'world');
INSERT INTO ai_router.fixtures (model, error) VALUES ('a', 'RT005');

-- While restoring, names are only warned about.
SET check_function_bodies = off;
INSERT INTO ai_router.models (name, server) VALUES ('restored', 'gone');
INSERT INTO ai_router.rules (name, models) VALUES ('restored', '{gone}');
INSERT INTO ai_router.budgets (name, role, model, limit_usd) VALUES ('restored', 'regress_ai_nobody', 'gone', 1);
INSERT INTO ai_router.fixtures (model, answer) VALUES ('gone', 'x');
INSERT INTO ai_router.rules (name, condition) VALUES ('not restored', '$.taks == 1');
RESET check_function_bodies;
DELETE FROM ai_router.models WHERE name = 'restored';
DELETE FROM ai_router.rules;
DELETE FROM ai_router.budgets;
DELETE FROM ai_router.fixtures;

-- Changes are seen by the next call, also inside the transaction, and gone with it.
CREATE FUNCTION seen() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN (SELECT string_agg(rule || ':' || coalesce(rank || '.' || model, model || ' ' || verdict), ', ' ORDER BY rank, model) FROM ai_route('x'));
EXCEPTION WHEN OTHERS THEN
    RETURN SQLERRM;
END $$;
UPDATE ai_router.models SET server = 'tables_one', rank = 50 WHERE name = 'b';
INSERT INTO ai_router.fixtures (answer) VALUES ('one');
INSERT INTO ai_router.rules (name) VALUES ('first');
SELECT seen(), ai_complete('x');
BEGIN;
UPDATE ai_router.models SET rank = 1 WHERE name = 'b';
SELECT seen();
SAVEPOINT s;
DELETE FROM ai_router.models WHERE name = 'a';
UPDATE ai_router.rules SET name = 'second';
UPDATE ai_router.fixtures SET answer = 'two';
SELECT seen(), ai_complete('x');
ROLLBACK TO s;
SELECT seen(), ai_complete('x');
ROLLBACK;
SELECT seen();
TRUNCATE ai_router.rules;
SELECT seen();
COPY ai_router.rules (name, models) FROM stdin;
copied	{a}
\.
SELECT seen();
MERGE INTO ai_router.rules r USING (VALUES ('copied')) v(name) ON r.name = v.name WHEN MATCHED THEN UPDATE SET models = '{b}';
SELECT seen();
BEGIN;
ALTER SERVER tables_one RENAME TO tables_two;
SELECT seen();
UPDATE ai_router.models SET server = 'tables_two';
SELECT seen();
ROLLBACK;
SELECT seen();
-- The transaction's own snapshot does not hide what is committed, and rows that another way of writing brought are seen.
SET session_replication_role = replica;
UPDATE ai_router.rules SET name = 'replicated';
RESET session_replication_role;
SELECT seen();

-- A row that makes no sense stops nobody but itself.
SET client_min_messages = error;
SET session_replication_role = replica;
INSERT INTO ai_router.rules (name, priority, defaults) VALUES ('bad hints', 1, '{"no_such_hint": 1}');
INSERT INTO ai_router.rules (name, priority, condition) VALUES ('bad condition', 2, '$.no_such_key == 1');
INSERT INTO ai_router.rules (name, priority, models, weights) VALUES ('bad weights', 3, '{a,b}', '{1}');
INSERT INTO ai_router.models (name, server, model, price_tiers) VALUES ('bad tiers', 'tables_one', 'x', '[{}]');
RESET session_replication_role;
SELECT seen();
SELECT * FROM ai_router.skipped();
DELETE FROM ai_router.rules WHERE name LIKE 'bad%';
SELECT * FROM ai_router.skipped();
RESET client_min_messages;
DELETE FROM ai_router.models WHERE name = 'bad tiers';
INSERT INTO ai_router.rules (name, priority, enabled) VALUES ('not enabled', 1, false);
SELECT seen();
-- A library that meets a table it cannot read says so, each time, and recovers.
BEGIN;
SAVEPOINT s;
ALTER TABLE ai_router.models ALTER rank TYPE text;
SELECT seen();
SELECT seen();
ROLLBACK TO s;
SELECT seen();
-- An older version of the extension lacks a column.
ALTER TABLE ai_router.models DROP COLUMN tags;
SELECT seen();
ROLLBACK;
SELECT seen();

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.budgets;
DROP FUNCTION seen;
DROP SERVER tables_one;
DROP FOREIGN DATA WRAPPER regress_ai_other;
