-- on_error: NULL and one WARNING per statement, and what raises all the same.
\pset null '(null)'
\pset format unaligned
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER on_error_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server) VALUES ('m', 'on_error_one');
INSERT INTO ai_router.rules (name) VALUES ('rest');
INSERT INTO ai_router.fixtures (pattern, error, answer)
SELECT '^' || e || '$', e, 'failure ' || e FROM unnest('{400,401,404,413,429,500,503,504,RT001,RT002,RT003,RT004,RT005,RT006,RT007,RT008,RT009,RT010,RT011}'::text[]) e;
INSERT INTO ai_router.fixtures (answer) VALUES ('fine');
SET ai_router.retries = 0;

-- By setting, by hint, by rule; the nearest wins.
SELECT ai_complete('503');
SELECT ai_complete('503', '{"on_error": "null"}');
SET ai_router.on_error = 'null';
SELECT ai_complete('503');
SELECT ai_complete('503', '{"on_error": "raise"}');
RESET ai_router.on_error;
UPDATE ai_router.rules SET defaults = '{"on_error": "null"}';
SELECT ai_complete('503');
SELECT ai_complete('503', '{"on_error": "raise"}');
UPDATE ai_router.rules SET defaults = NULL, enforce = '{"on_error": "raise"}';
SELECT ai_complete('503', '{"on_error": "null"}');
UPDATE ai_router.rules SET enforce = NULL;
SELECT ai_complete('503', '{"on_error": "ignore"}');
SET ai_router.on_error = 'ignore';

-- What becomes NULL and what always raises.
SET ai_router.on_error = 'null';
CREATE FUNCTION outcome(prompt text, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
BEGIN RETURN coalesce(ai_complete(prompt, hints), 'null'); EXCEPTION WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM; END $$;
SELECT p, outcome(p) FROM unnest('{fine,400,401,404,413,429,500,503,504,RT001,RT002,RT003,RT004,RT005,RT006,RT007,RT008,RT009,RT010,RT011}'::text[]) WITH ORDINALITY u(p, n) ORDER BY n;
SELECT outcome('fine', '{"model": "nobody"}'), outcome('fine', '{"nonsense": 1}');
SET ai_router.enabled = off;
SELECT outcome('fine');
RESET ai_router.enabled;
INSERT INTO ai_router.fixtures (id, pattern, answer, latency_ms) VALUES (-1, '^slow', 'late', 60000);
-- One message, which fails as a whole: the time-out is for nothing else.
SET statement_timeout = '100ms'\; SELECT ai_complete('slow');

-- One WARNING per statement, with the count.
SELECT n, ai_complete(CASE WHEN n % 2 = 0 THEN '503' ELSE 'fine' END) FROM generate_series(1, 6) n;
SELECT ai_complete(ARRAY['503', 'fine', '404', NULL]);
SELECT ai_chat('[{"role": "user", "content": "503"}]'), ai_complete('429');
SELECT ai_complete('fine');
CREATE TABLE on_error_docs AS SELECT n, ai_complete(CASE WHEN n > 1 THEN '503' ELSE 'fine' END) AS a FROM generate_series(1, 3) n;
UPDATE on_error_docs SET a = ai_complete('429' || left(n::text, 0));
INSERT INTO on_error_docs VALUES (4, ai_complete('503')) RETURNING a;
SELECT count(*), count(a) FROM on_error_docs;
COPY (SELECT ai_complete('503' || left(n::text, 0)) FROM generate_series(1, 2) n) TO STDOUT;
DO $$ BEGIN EXECUTE 'EXPLAIN (ANALYZE) SELECT ai_complete(''503'' || left(n::text, 0)) FROM generate_series(1, 2) n'; END $$;
PREPARE on_error_p AS SELECT ai_complete($1);
EXECUTE on_error_p('503');
EXECUTE on_error_p('fine');
-- Side results: a value of ai_call is no NULL of ai_complete.
SELECT answer, error FROM ai_call('503');

-- PL/pgSQL: the user's statement counts, not those inside.
CREATE FUNCTION thrice() RETURNS int LANGUAGE plpgsql AS $$
DECLARE r text; n int := 0;
BEGIN
    FOR i IN 1..3 LOOP r := ai_complete('503'); IF r IS NULL THEN n := n + 1; END IF; END LOOP;
    PERFORM ai_complete('429');
    RETURN n;
END $$;
SELECT thrice();
SELECT thrice() FROM generate_series(1, 2);
DO $$ BEGIN PERFORM thrice(); PERFORM ai_complete('503'); END $$;
CREATE FUNCTION on_error_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := ai_complete('503'); RETURN NEW; END $$;
CREATE TRIGGER t BEFORE INSERT ON on_error_docs FOR EACH ROW EXECUTE FUNCTION on_error_trigger();
INSERT INTO on_error_docs SELECT n FROM generate_series(10, 12) n;
CREATE CONSTRAINT TRIGGER t2 AFTER DELETE ON on_error_docs DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION on_error_trigger();
DELETE FROM on_error_docs WHERE n >= 11;

-- Cursors: each FETCH is a statement.
BEGIN;
DECLARE c CURSOR FOR SELECT n, ai_complete(CASE WHEN n = 3 THEN 'fine' ELSE '503' END) FROM generate_series(1, 5) n;
FETCH 2 FROM c;
FETCH 1 FROM c;
FETCH ALL FROM c;
CLOSE c;
COMMIT;

-- A statement that fails says nothing about its NULLs, and the next one does not either.
SELECT ai_complete('503' || left(n::text, 0)), 1 / (n - 2) FROM generate_series(1, 2) n;
SELECT ai_complete('fine');
SELECT ai_complete('503'), ai_complete('401');
BEGIN;
SELECT ai_complete('503');
SAVEPOINT s;
SELECT ai_complete('503' || left(n::text, 0)), 1 / (n - 2) FROM generate_series(1, 2) n;
ROLLBACK TO s;
SELECT ai_complete('fine');
COMMIT;

DROP FUNCTION outcome, thrice;
DROP TABLE on_error_docs;
DROP FUNCTION on_error_trigger;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER on_error_one;
