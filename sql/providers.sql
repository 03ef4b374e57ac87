-- Servers and user mappings: what is accepted, what is refused and how.
\set SHOW_CONTEXT never
CREATE ROLE regress_ai_owner;
GRANT USAGE ON FOREIGN DATA WRAPPER ai_router TO regress_ai_owner;

-- Options of servers.
CREATE SERVER p FOREIGN DATA WRAPPER ai_router;
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'opnai');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', regoin 'x');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', quite_something_else 'x');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', api_key 'sk');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'bedrock');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'bedrock', region 'evil.example/');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'bedrock', region '-');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'azure');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture', base_url 'https://x.example');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', organization E'org\r\nX-Evil: 1');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', project '..');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', api_version '2024-10-21&x=1');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', timeout '0');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', timeout '3 fortnights');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', max_concurrency '-1');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', embed_batch '0');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', max_concurrency '20000');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', max_tokens_field 'tokens');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', allow_insecure 'perhaps');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', proxy 'ftp://proxy.example');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', proxy 'http://proxy.example/path');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', ca_file 'ca.pem');

-- URLs.
CREATE FUNCTION try_url(url text, api text DEFAULT 'openai') RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; h text;
BEGIN
    EXECUTE format('CREATE SERVER try FOREIGN DATA WRAPPER ai_router OPTIONS (api %L, base_url %L)', api, url);
    EXECUTE 'DROP SERVER try';
    RETURN 'ok';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, h = PG_EXCEPTION_HINT;
    IF m !~ '^invalid value for option "base_url"' THEN RETURN m; END IF;
    RETURN h;
END $$;
SELECT url, try_url(url) FROM unnest(ARRAY[
    'https://api.openai.com/v1',
    'https://API.OpenAI.com/v1/',
    'https://api.openai.com:8443/v1',
    'https://proxy.example/a/b%20c',
    'http://127.0.0.1:8080/v1',
    'http://localhost:8080',
    'http://[::1]:8080/v1',
    'http://127.5.6.7',
    'http://10.0.0.1/v1',
    'http://localhost.example/v1',
    'http://[::2]/v1',
    'http://127.1/v1',
    'http://0x7f000001/v1',
    'http://2130706433/v1',
    'https://user:secret@api.openai.com/v1',
    'https://api.openai.com@evil.example/v1',
    'https://api.openai.com\@evil.example/v1',
    'https://api.openai.com/v1?x=1',
    'https://api.openai.com/v1#x',
    'https://api.openai.com/../v1',
    'https://api.openai.com/v1/..',
    'https://api.openai.com//v1',
    'https://api.openai.com/v1/%zz',
    'https://api.openai.com/v1 x',
    E'https://api.openai.com/v1\nx',
    'https://api.openai.com./v1',
    'https://.openai.com/v1',
    'https://ex ample.com',
    'https://exämple.com',
    'https://[fe80::1%25eth0]/v1',
    'https://[::1]x/v1',
    'https://[::1/v1',
    'https://host:0/v1',
    'https://host:99999/v1',
    'https://host:/v1',
    'https:///v1',
    'https:/api.openai.com',
    'api.openai.com/v1',
    'file:///etc/passwd',
    'gopher://api.openai.com/v1',
    '']) url;
SELECT try_url('https://' || repeat('a', 300) || '.example'), try_url('https://a.example/' || repeat('b', 2100));

-- Hosts: a role that is no superuser gets along with the api's own.
SET ROLE regress_ai_owner;
SELECT api, url, try_url(url, api) FROM (VALUES
    ('openai', 'https://api.openai.com/v1'),
    ('openai', 'https://api.openai.com.evil.example/v1'),
    ('openai', 'https://evil.example/v1'),
    ('openai', 'http://api.openai.com/v1'),
    ('openai', 'http://127.0.0.1:5432/v1'),
    ('azure', 'https://mine.openai.azure.com/openai/v1'),
    ('azure', 'https://openai.azure.com/openai/v1'),
    ('azure', 'https://a_b.openai.azure.com/openai/v1'),
    ('azure', 'https://mine.openai.azure.com.evil.example/'),
    ('azure', 'https://two.labels.openai.azure.com/openai/v1'),
    ('ollama', 'http://localhost:11434'),
    ('ollama', 'http://localhost:5432')) v(api, url);
RESET ROLE;
SET ai_router.allowed_hosts = 'Gateway.example:8443, llm.example, [::1]:8080';
SET ROLE regress_ai_owner;
SELECT url, try_url(url) FROM unnest(ARRAY[
    'https://gateway.example:8443/v1', 'https://GATEWAY.example:8443/v1', 'https://gateway.example/v1',
    'https://llm.example/v1', 'https://llm.example:99/v1', 'http://llm.example/v1', 'https://not.llm.example/v1',
    'http://[0:0::1]:8080/v1', 'http://[::1]:80/v1']) url;
SET ai_router.allowed_hosts = 'evil.example';

-- What only superusers may set, and what they set nobody changes.
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', proxy 'http://proxy.example:3128');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', ca_file '/etc/ca.pem');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', allow_insecure 'true');
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', allow_insecure 'false', timeout '30s', max_concurrency '8',
    max_tokens_field 'max_tokens', organization 'org-1', project 'proj_1');
ALTER SERVER p OPTIONS (SET timeout '2min', DROP project);
ALTER SERVER p OPTIONS (ADD base_url 'https://evil.example/v1');
ALTER SERVER p OPTIONS (SET allow_insecure 'yes');
ALTER SERVER p OPTIONS (DROP api);
RESET ROLE;
RESET ai_router.allowed_hosts;
ALTER SERVER p OPTIONS (ADD base_url 'http://10.0.0.1/v1', SET allow_insecure 'on', ADD proxy 'socks5h://[::1]:1080');
SET ROLE regress_ai_owner;
ALTER SERVER p OPTIONS (SET timeout '1min');
ALTER SERVER p OPTIONS (DROP proxy);
RESET ROLE;
DROP SERVER p;

-- User mappings: no message holds a value.
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (apikey 'sk-secret');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key '');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key E'sk-secret\n');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sk-sécret');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sk-secret', api_key_env 'KEY');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key_file '/k', api_key_env 'KEY');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key_file 'relative');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key_env '1X');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (access_key_id 'AKIA');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (secret_access_key 'x');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (session_token 'x');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (access_key_id 'AKIA', secret_access_key 'x', api_key 'y');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (access_key_id 'AKIA', secret_access_key 'x', secret_access_key_env 'Y');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (access_key_id_env 'ID', secret_access_key_env 'KEY', session_token_env 'TOKEN');
DROP USER MAPPING FOR PUBLIC SERVER p;

GRANT USAGE ON FOREIGN SERVER p TO regress_ai_owner;
SET ROLE regress_ai_owner;
CREATE USER MAPPING FOR regress_ai_owner SERVER p OPTIONS (api_key_file '/etc/passwd');
CREATE USER MAPPING FOR regress_ai_owner SERVER p OPTIONS (api_key_env 'HOME');
CREATE USER MAPPING FOR regress_ai_owner SERVER p OPTIONS (access_key_id 'AKIA', secret_access_key_env 'HOME');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'x');
CREATE USER MAPPING FOR regress_ai_owner SERVER p OPTIONS (api_key 'sk-mine');
ALTER USER MAPPING FOR regress_ai_owner SERVER p OPTIONS (SET api_key 'sk-mine-2');
RESET ROLE;

-- Which key is found, at once and in the same transaction.
SELECT ai_router.credential_problem('p'), ai_router.credential_problem('nowhere');
DROP USER MAPPING FOR regress_ai_owner SERVER p;
SELECT ai_router.credential_problem('p');
BEGIN;
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'sk-1');
SELECT ai_router.credential_problem('p');
ROLLBACK;
SELECT ai_router.credential_problem('p');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key_env 'AIR_THERE_IS_NO_SUCH_VARIABLE');
SELECT ai_router.credential_problem('p');
ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (DROP api_key_env, ADD api_key_file '/nonexistent/key');
SELECT ai_router.credential_problem('p');
ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (SET api_key_file '/dev/null');
SELECT ai_router.credential_problem('p');
ALTER USER MAPPING FOR PUBLIC SERVER p OPTIONS (DROP api_key_file, ADD access_key_id 'AKIA', ADD secret_access_key 'x');
SELECT ai_router.credential_problem('p');
ALTER SERVER p OPTIONS (SET api 'bedrock', ADD region 'us-east-1');
SELECT ai_router.credential_problem('p');
-- A file that comes, changes and goes.
SELECT current_setting('data_directory') || '/air_test_key' AS keyfile \gset
\set remove 'rm -f ' :keyfile
COPY (SELECT WHERE false) TO PROGRAM :'remove';
ALTER SERVER p OPTIONS (SET api 'openai', DROP region);
DROP USER MAPPING FOR PUBLIC SERVER p;
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key_file :'keyfile');
SELECT ai_router.credential_problem('p');
COPY (SELECT 'sk-abc') TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT 'two words') TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT 'sk-abc' UNION ALL SELECT 'sk-def') TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT '') TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT repeat('x', 70000)) TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT 'sk-xyz  ') TO :'keyfile';
SELECT ai_router.credential_problem('p');
COPY (SELECT WHERE false) TO PROGRAM :'remove';
DROP USER MAPPING FOR PUBLIC SERVER p;

-- Hosts that are not the api's own may do without a key.
ALTER SERVER p OPTIONS (ADD base_url 'http://127.0.0.1:8080/v1');
SELECT ai_router.credential_problem('p');
DROP SERVER p;
CREATE SERVER p FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture', timeout '5s');
SELECT ai_router.credential_problem('p');
CREATE USER MAPPING FOR PUBLIC SERVER p OPTIONS (api_key 'x');
SELECT ai_router.credential_problem('p');

-- A foreign table has no meaning here, and options are refused.
CREATE FOREIGN TABLE t (a int) SERVER p OPTIONS (api 'x');
CREATE FOREIGN TABLE t (a int) SERVER p;
SELECT * FROM t;
DROP FOREIGN TABLE t;
ALTER FOREIGN DATA WRAPPER ai_router OPTIONS (api 'x');

DROP SERVER p CASCADE;
DROP FUNCTION try_url;
REVOKE USAGE ON FOREIGN DATA WRAPPER ai_router FROM regress_ai_owner;
DROP ROLE regress_ai_owner;
