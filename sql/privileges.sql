-- Who can read, change and repoint what.
\set SHOW_CONTEXT never
CREATE ROLE regress_ai_admin;
CREATE ROLE regress_ai_owner;
CREATE ROLE regress_ai_user;
CREATE ROLE regress_ai_stranger;

SELECT c.relname, r.rolname,
       concat_ws(' ', CASE WHEN has_table_privilege(r.oid, c.oid, 'SELECT') THEN 'select' END,
                 CASE WHEN has_table_privilege(r.oid, c.oid, 'INSERT') THEN 'insert' END,
                 CASE WHEN has_table_privilege(r.oid, c.oid, 'UPDATE') THEN 'update' END,
                 CASE WHEN has_table_privilege(r.oid, c.oid, 'DELETE') THEN 'delete' END,
                 CASE WHEN has_table_privilege(r.oid, c.oid, 'TRUNCATE') THEN 'truncate' END,
                 CASE WHEN has_table_privilege(r.oid, c.oid, 'TRIGGER') THEN 'trigger' END) AS may
  FROM pg_class c, pg_roles r
 WHERE c.oid IN ('ai_router.catalogue'::regclass, 'ai_router.models'::regclass, 'ai_router.rules'::regclass,
                 'ai_router.budgets'::regclass, 'ai_router.fixtures'::regclass)
   AND r.rolname = 'regress_ai_user'
 ORDER BY 1;
-- Functions of schema ai_router that everybody may call.
SELECT p.oid::regprocedure FROM pg_proc p
 WHERE p.pronamespace = 'ai_router'::regnamespace AND has_function_privilege('regress_ai_user', p.oid, 'EXECUTE')
 ORDER BY p.oid::regprocedure::text COLLATE "C";
-- Functions ai_* that not everybody may call.
SELECT p.oid::regprocedure FROM pg_proc p
  JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ai_router'
 WHERE p.pronamespace <> 'ai_router'::regnamespace AND NOT has_function_privilege('regress_ai_user', p.oid, 'EXECUTE');
SELECT has_schema_privilege('regress_ai_user', 'ai_router', 'USAGE') AS usage,
       has_schema_privilege('regress_ai_user', 'ai_router', 'CREATE') AS create,
       has_foreign_data_wrapper_privilege('regress_ai_user', 'ai_router', 'USAGE') AS wrapper;

SET ROLE regress_ai_user;
SELECT count(*) FROM ai_router.rules;
INSERT INTO ai_router.rules (name) VALUES ('mine');
DELETE FROM ai_router.models;
SELECT * FROM ai_router.budgets;
SELECT * FROM ai_router.fixtures;
SELECT * FROM ai_router.check();
SELECT * FROM ai_router.add_provider('openai');
SELECT ai_router.credential_problem('x');
SELECT ai_router.skipped();
CREATE SERVER mine FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai');
SET ai_router.enabled = off;
SET ai_router.allowed_hosts = 'evil.example';
SET ai_router.max_response_size = '1MB';
SET ai_router.timeout = '1s';
RESET ai_router.timeout;
RESET ROLE;

-- Rights on the tables are enough to use them: checks run as whoever writes.
CREATE SERVER priv_fixture FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
GRANT INSERT, UPDATE, DELETE ON ai_router.models, ai_router.rules, ai_router.budgets, ai_router.fixtures TO regress_ai_admin;
SET ROLE regress_ai_admin;
INSERT INTO ai_router.models (name, server) VALUES ('priv', 'priv_fixture');
INSERT INTO ai_router.rules (name, condition, models, defaults, strategy) VALUES ('priv', '$.task == "x"', '{priv}', '{"retries": 1}', 'ordered');
INSERT INTO ai_router.budgets (name, role, model, limit_usd) VALUES ('priv', 'regress_ai_user', 'priv', 1);
INSERT INTO ai_router.fixtures (model, answer) VALUES ('priv', 'hello');
INSERT INTO ai_router.rules (name, condition) VALUES ('bad', '$.nothing == 1');
RESET ROLE;

-- A key can be used without being read.
CREATE SERVER priv_openai FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai');
CREATE USER MAPPING FOR PUBLIC SERVER priv_openai OPTIONS (api_key 'sk-of-everybody');
CREATE USER MAPPING FOR regress_ai_user SERVER priv_openai OPTIONS (api_key 'sk-of-user');
GRANT USAGE ON FOREIGN SERVER priv_openai TO regress_ai_user;
ALTER SERVER priv_openai OWNER TO regress_ai_owner;
CREATE VIEW secrets AS SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 'priv_openai';
CREATE FUNCTION secrets() RETURNS TABLE (usename name, umoptions text[]) LANGUAGE sql AS
$$ SELECT usename, umoptions FROM pg_user_mappings WHERE srvname = 'priv_openai' ORDER BY usename $$;
SET ROLE regress_ai_stranger;
SELECT * FROM secrets();
SET ROLE regress_ai_user;
SELECT * FROM secrets();
SELECT * FROM pg_user_mapping;
DROP USER MAPPING FOR PUBLIC SERVER priv_openai;
ALTER USER MAPPING FOR PUBLIC SERVER priv_openai OPTIONS (SET api_key 'x');
ALTER SERVER priv_openai OPTIONS (ADD base_url 'https://evil.example');

-- The owner of a server cannot make others' keys come to him.
SET ROLE regress_ai_owner;
ALTER SERVER priv_openai OPTIONS (ADD base_url 'https://evil.example/v1');
ALTER SERVER priv_openai OPTIONS (ADD base_url 'http://127.0.0.1:9999/v1');
ALTER SERVER priv_openai OPTIONS (ADD proxy 'http://evil.example');
ALTER SERVER priv_openai OPTIONS (ADD ca_file '/tmp/ca.pem');
ALTER SERVER priv_openai OPTIONS (ADD allow_insecure 'true');
ALTER SERVER priv_openai OPTIONS (SET api 'azure', ADD base_url 'https://evil.example/openai/v1');
ALTER SERVER priv_openai OPTIONS (SET api 'bedrock', ADD region 'x.evil.example/');
ALTER SERVER priv_openai OPTIONS (ADD timeout '10s');
-- Nor where a superuser pointed it.
RESET ROLE;
ALTER SERVER priv_openai OPTIONS (ADD base_url 'https://gateway.example/v1', ADD proxy 'http://proxy.example:3128');
SET ROLE regress_ai_owner;
ALTER SERVER priv_openai OPTIONS (DROP proxy);
ALTER SERVER priv_openai OPTIONS (SET timeout '20s');
ALTER USER MAPPING FOR PUBLIC SERVER priv_openai OPTIONS (DROP api_key, ADD api_key_file '/etc/passwd');
RESET ROLE;
-- A key that only a superuser can name is not sent where another owner points.
ALTER USER MAPPING FOR PUBLIC SERVER priv_openai OPTIONS (DROP api_key, ADD api_key_env 'PATH');
SELECT ai_router.credential_problem('priv_openai');
ALTER SERVER priv_openai OWNER TO CURRENT_USER;
SELECT ai_router.credential_problem('priv_openai');

DROP VIEW secrets;
DROP FUNCTION secrets();
DROP SERVER priv_openai CASCADE;
TRUNCATE ai_router.models, ai_router.rules, ai_router.budgets, ai_router.fixtures;
DROP SERVER priv_fixture;
REVOKE ALL ON ai_router.models, ai_router.rules, ai_router.budgets, ai_router.fixtures FROM regress_ai_admin;
DROP ROLE regress_ai_admin, regress_ai_owner, regress_ai_user, regress_ai_stranger;
