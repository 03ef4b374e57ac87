-- add_provider() and check().
\set SHOW_CONTEXT never
\pset format unaligned
SELECT * FROM ai_router.check();

SELECT * FROM ai_router.add_provider(NULL);
SELECT * FROM ai_router.add_provider('opnai', models => '{x}');
SELECT * FROM ai_router.add_provider('ollama');
SELECT * FROM ai_router.add_provider('openai', name => '');
SELECT * FROM ai_router.add_provider('openai', api_key_file => '/k', api_key_env => 'K');
SELECT * FROM ai_router.add_provider('bedrock');
SELECT * FROM ai_router.add_provider('openai', base_url => 'http://127.0.0.1:8080/v1');
-- Nothing of these failures stays.
SELECT count(*) FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw WHERE w.fdwname = 'ai_router';
SELECT count(*) FROM ai_router.models;

SELECT * FROM ai_router.add_provider('openai', api_key_file => '/nonexistent/key') WHERE object <> 'model';
SELECT * FROM ai_router.add_provider('openai');
SELECT name FROM ai_router.models ORDER BY rank, name LIMIT 3;
-- Models of the Responses API alone are left out, retired ones too.
SELECT count(*) AS unwanted FROM ai_router.models m JOIN ai_router.catalogue c ON c.model = m.model AND c.provider = 'openai'
 WHERE c.api <> 'openai' OR c.deprecates <= current_date;
-- The same models again get the server's name in front.
SELECT * FROM ai_router.add_provider('azure', base_url => 'https://mine.openai.azure.com/openai/v1', models => '{gpt-5.4-mini,my-deployment}');
SELECT name, model, family, input_price FROM ai_router.models WHERE server = 'azure' ORDER BY name;
SELECT * FROM ai_router.add_provider('mistral', name => 'Le Mistral', api_key_env => 'MISTRAL_KEY', models => '{mistral-small-latest,mistral-embed,new}');
SELECT * FROM ai_router.add_provider('openai', name => 'local', base_url => 'http://127.0.0.1:8080/v1', models => '{gpt-5.4-mini,nomic-embed-text}');
SELECT * FROM ai_router.add_provider('openai_responses', name => 'responses', models => '{gpt-5.5-pro}');
SELECT * FROM ai_router.add_provider('bedrock', region => 'eu-central-1') WHERE object = 'model' AND identity ~ '^(us|eu)';
SELECT name, priority, condition, models FROM ai_router.rules;
SELECT severity, object, problem FROM ai_router.check();
TRUNCATE ai_router.models, ai_router.rules;
DROP SERVER openai CASCADE;
DROP SERVER "Le Mistral" CASCADE;
DROP SERVER azure, local, responses, bedrock;

-- What check() finds.
CREATE ROLE regress_ai_user;
CREATE SERVER admin_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
GRANT USAGE ON FOREIGN SERVER admin_one TO regress_ai_user;
INSERT INTO ai_router.models (name, server) VALUES ('m', 'admin_one');
INSERT INTO ai_router.fixtures (answer) VALUES ('ok');
INSERT INTO ai_router.rules (name) VALUES ('default');
SELECT * FROM ai_router.check();
SELECT ai_complete('hello');

INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('early', 1, '$.task == "x"', '{m}'), ('late', 200, NULL, '{m}');
INSERT INTO ai_router.budgets (name, limit_usd) VALUES ('all', 1);
CREATE SERVER admin_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://10.0.0.1/v1', allow_insecure 'true');
CREATE SERVER admin_three FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai');
INSERT INTO ai_router.models (name, server, family) VALUES ('free', 'admin_two', 'f'), ('gone', 'admin_three', NULL);
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('half', 2, '$.task == "y"', '{m,gone}'), ('none', 3, '$.task == "z"', '{gone}');
INSERT INTO ai_router.budgets (name, role, model, limit_usd) VALUES ('lost', 'regress_ai_user', 'gone', 1);
ALTER SERVER admin_three RENAME TO admin_four;
SET client_min_messages = error;
SET session_replication_role = replica;
INSERT INTO ai_router.rules (name, priority, defaults) VALUES ('bad', 4, '{"no_such_hint": 1}');
RESET session_replication_role;
SELECT * FROM ai_router.check();
DELETE FROM ai_router.models WHERE name = 'gone';
DELETE FROM ai_router.fixtures;
REVOKE USAGE ON FOREIGN SERVER admin_one FROM regress_ai_user;
DROP ROLE regress_ai_user;
SET ai_router.enabled = off;
SELECT * FROM ai_router.check();
RESET ai_router.enabled;
RESET client_min_messages;
TRUNCATE ai_router.models, ai_router.rules, ai_router.budgets, ai_router.fixtures;
DROP SERVER admin_one, admin_two, admin_four;
