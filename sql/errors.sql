-- Each SQLSTATE of class RT: message, detail, hint.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
SET ai_router.retries = 0;
CREATE FUNCTION fails(prompt text, hints jsonb DEFAULT '{}') RETURNS TABLE (state text, message text, detail text, hint text) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ai_complete(prompt, hints);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
    RETURN NEXT;
END $$;

-- RT001 no rule or no usable candidate.
\x on
SELECT * FROM fails('x');
CREATE SERVER "Errors One" FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER errors_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, context_window, max_output) VALUES ('m', 'Errors One', 100, 10), ('n', 'errors_two', 200, 10);
SELECT * FROM fails('x');
INSERT INTO ai_router.rules (name, condition, models) VALUES ('only', '$.task == "x"', '{m}');
SELECT * FROM fails('x');
SELECT * FROM fails('x', '{"task": "x", "model": "n"}');
SELECT * FROM fails('x', '{"task": "x", "model": "mm"}');
SELECT * FROM fails('x', '{"task": "x", "provider": "errors_tow"}');
UPDATE ai_router.rules SET condition = NULL, models = '{m,n}';
UPDATE ai_router.models SET enabled = false WHERE name = 'm';
SELECT * FROM fails('x', '{"model": "m"}');
UPDATE ai_router.models SET enabled = true;
CREATE ROLE regress_errors;
SET ROLE regress_errors;
SELECT * FROM ai_route('x') LIMIT 0;
\x off
DO $$ DECLARE h text; BEGIN PERFORM ai_complete('x'); EXCEPTION WHEN SQLSTATE 'RT001' THEN
    GET STACKED DIAGNOSTICS h = PG_EXCEPTION_HINT; RAISE WARNING '%', SQLERRM USING HINT = h; END $$;
RESET ROLE;
DROP ROLE regress_errors;
\x on

-- RT002 to RT011 from a provider, by status; who and what status, and a hint of use.
INSERT INTO ai_router.fixtures (pattern, error, answer)
SELECT '^' || e || '$', e, 'the provider said ' || e FROM unnest('{400,401,402,403,404,408,413,429,500,503,504,RT002,RT003,RT004,RT005,RT006,RT007,RT008,RT009,RT010,RT011}'::text[]) e;
UPDATE ai_router.rules SET models = '{m}';
SELECT f.* FROM unnest('{503,RT002,429,RT003,RT004,408,504,RT005,RT006,RT007,RT008,400,404,RT009,401,402,403,RT010,413,RT011}'::text[]) WITH ORDINALITY u(p, ord), LATERAL fails(p) f ORDER BY ord;

-- RT011 before a call: no context window is large enough.
UPDATE ai_router.rules SET models = '{m,n}';
SELECT * FROM fails(repeat('word ', 1000));

-- The detail tells of earlier failures.
TRUNCATE ai_router.fixtures;
INSERT INTO ai_router.fixtures (model, error, answer) VALUES ('m', '401', 'who are you'), ('n', '503', 'out of order');
SELECT * FROM fails('x');
-- A message on one line, cut where it is long, without control characters.
UPDATE ai_router.fixtures SET answer = E'a\nb\tc ' || repeat('x', 2000) WHERE model = 'n';
SELECT state, length(message) BETWEEN 100 AND 700 AS short, message ~ '[[:cntrl:]]' AS control FROM fails('x', '{"model": "n"}');
-- What looks like a key is masked, whoever sends it.
UPDATE ai_router.fixtures SET answer = 'Incorrect API key provided: sk-abcdefghijklmnop. Bearer abc123' WHERE model = 'm';
SELECT message FROM fails('x', '{"model": "m"}');
\x off

-- Errors can be told apart in PL/pgSQL.
DO $$ BEGIN PERFORM ai_complete('x', '{"model": "n"}'); EXCEPTION WHEN SQLSTATE 'RT002' THEN RAISE WARNING 'unavailable'; END $$;

DROP FUNCTION fails;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER "Errors One", errors_two;
