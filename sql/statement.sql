-- Caps per statement, and what a statement is.  A call costs $0.01 and reserves as much:
-- five of them fit.
\pset null '(null)'
\pset format unaligned
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER statement_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES ('m', 'statement_one', 0, 1000);
INSERT INTO ai_router.rules (name, defaults) VALUES ('statement', '{"max_tokens": 10}');
INSERT INTO ai_router.fixtures (pattern, error, latency_ms, answer) VALUES
    ('^503', '503', 0, 'down'), ('^slow', NULL, 60000, 'late'), (NULL, NULL, 0, 'aa bb cc dd ee ff gg hh ii jj');
SET ai_router.retries = 0;
SHOW ai_router.max_statement_cost;
SHOW ai_router.max_statement_calls;
SET ai_router.max_statement_cost = 0.05;
SELECT cost FROM ai_call('once');

-- Rows, arrays, prepared, several statements of one message.
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 5) n;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 6) n;
SELECT cardinality(ai_complete(array_agg('item ' || n))) FROM generate_series(1, 5) n;
SELECT cardinality(ai_complete(array_agg('item ' || n))) FROM generate_series(1, 6) n;
PREPARE statement_p AS SELECT count(ai_complete('row ' || n)) FROM generate_series(1, $1) n;
EXECUTE statement_p(5);
EXECUTE statement_p(5);
EXECUTE statement_p(6);
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 5) n \; SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 5) n;
CREATE TEMP TABLE statement_t AS SELECT n, ai_complete('row ' || n) AS a FROM generate_series(1, 5) n;
ANALYZE statement_t;
UPDATE statement_t SET a = ai_complete('again ' || n);
COPY (SELECT ai_complete('row ' || n) FROM generate_series(1, 6) n) TO STDOUT;

-- Functions inside functions, dynamic SQL, DO, procedures that commit.
CREATE FUNCTION statement_one(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    IF n % 2 = 0 THEN r := ai_complete('call ' || n);
    ELSE EXECUTE 'SELECT ai_complete($1)' INTO r USING 'call ' || n; END IF;
    RETURN (r IS NOT NULL)::int;
END $$;
CREATE FUNCTION statement_loop(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE done int := 0;
BEGIN FOR i IN 1..n LOOP done := done + statement_one(i); END LOOP; RETURN done; END $$;
SELECT statement_loop(5);
SELECT statement_loop(6);
SELECT statement_loop(2) FROM generate_series(1, 3);
DO $$ BEGIN PERFORM statement_loop(3); PERFORM ai_complete('x ' || i) FROM generate_series(1, 2) i; END $$;
DO $$ BEGIN PERFORM statement_loop(3); PERFORM ai_complete('x ' || i) FROM generate_series(1, 3) i; END $$;
CREATE FUNCTION statement_for(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE r record; done int := 0;
BEGIN
    FOR r IN SELECT ai_complete('row ' || i) FROM generate_series(1, n) i LOOP done := done + 1; END LOOP;
    FOR r IN SELECT ai_complete('row ' || i) FROM generate_series(1, n) i LOOP done := done + 1; END LOOP;
    RETURN done;
END $$;
SELECT statement_for(2);
SELECT statement_for(3);
CREATE PROCEDURE statement_commits(n int) LANGUAGE plpgsql AS $$
BEGIN FOR i IN 1..n LOOP PERFORM ai_complete('call ' || i); COMMIT; END LOOP; END $$;
CALL statement_commits(5);
CALL statement_commits(6);

-- Triggers: before, after, and deferred to the end of the transaction.
CREATE TABLE statement_before (n int, a text);
CREATE TABLE statement_after (n int);
CREATE TABLE statement_deferred (n int);
CREATE FUNCTION statement_before() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := ai_complete('new ' || NEW.n); RETURN NEW; END $$;
CREATE FUNCTION statement_after() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM statement_one(NEW.n); RETURN NULL; END $$;
CREATE TRIGGER t BEFORE INSERT ON statement_before FOR EACH ROW EXECUTE FUNCTION statement_before();
CREATE TRIGGER t AFTER INSERT ON statement_after FOR EACH ROW EXECUTE FUNCTION statement_after();
CREATE CONSTRAINT TRIGGER t AFTER INSERT ON statement_deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION statement_after();
INSERT INTO statement_before SELECT n FROM generate_series(1, 5) n;
INSERT INTO statement_before SELECT n FROM generate_series(1, 6) n;
INSERT INTO statement_after SELECT n FROM generate_series(1, 5) n;
INSERT INTO statement_after SELECT n FROM generate_series(1, 6) n;
CREATE TRIGGER t2 AFTER INSERT ON statement_before FOR EACH ROW EXECUTE FUNCTION statement_after();
INSERT INTO statement_before SELECT n FROM generate_series(1, 2) n;
INSERT INTO statement_before SELECT n FROM generate_series(1, 3) n;
BEGIN;
INSERT INTO statement_deferred VALUES (1), (2), (3);
INSERT INTO statement_deferred VALUES (4), (5);
COMMIT;
BEGIN;
INSERT INTO statement_deferred VALUES (1), (2), (3);
INSERT INTO statement_deferred VALUES (4), (5), (6);
COMMIT;
SELECT (SELECT count(*) FROM statement_before) AS before, (SELECT count(*) FROM statement_after) AS after, (SELECT count(*) FROM statement_deferred) AS deferred;

-- A cursor is one statement, however it is fetched.
BEGIN;
DECLARE c CURSOR FOR SELECT n, ai_complete('row ' || n) FROM generate_series(1, 10) n;
DECLARE d CURSOR FOR SELECT n, ai_complete('row ' || n) FROM generate_series(1, 10) n;
FETCH 2 FROM c;
FETCH 4 FROM d;
FETCH 3 FROM c;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 5) n;
SAVEPOINT s;
FETCH 1 FROM c;
ROLLBACK TO s;
FETCH 1 FROM d;
FETCH 1 FROM d;
ROLLBACK;
-- One that a function opened and read from belongs to that statement.
CREATE FUNCTION statement_opens(n int) RETURNS refcursor LANGUAGE plpgsql AS $$
DECLARE c refcursor := 'statement_c'; r record;
BEGIN
    OPEN c FOR SELECT ai_complete('row ' || i) AS a FROM generate_series(1, 10) i;
    FOR i IN 1..n LOOP FETCH c INTO r; END LOOP;
    RETURN c;
END $$;
BEGIN;
SELECT statement_opens(3);
FETCH 2 FROM statement_c;
FETCH 1 FROM statement_c;
ROLLBACK;
BEGIN;
SELECT statement_opens(0);
DO $$ DECLARE c refcursor := 'statement_c'; r record; BEGIN FETCH c INTO r; FETCH c INTO r; PERFORM ai_complete('x'); END $$;
MOVE 2 FROM statement_c;
MOVE 1 FROM statement_c;
ROLLBACK;
-- WITH HOLD: the commit runs what was not fetched.
BEGIN;
DECLARE h NO SCROLL CURSOR WITH HOLD FOR SELECT n, ai_complete('row ' || n) FROM generate_series(1, 5) n;
FETCH 2 FROM h;
COMMIT;
FETCH ALL FROM h;
CLOSE h;
BEGIN;
DECLARE h NO SCROLL CURSOR WITH HOLD FOR SELECT n, ai_complete('row ' || n) FROM generate_series(1, 6) n;
FETCH 2 FROM h;
COMMIT;
FETCH ALL FROM h;

-- An error that is caught gives nothing back; the next statement begins at nought.
CREATE FUNCTION statement_tries(n int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE done text := '';
BEGIN
    FOR i IN 1..n LOOP
        BEGIN
            PERFORM ai_complete('call ' || i);
            done := done || '+';
        EXCEPTION WHEN SQLSTATE 'RT004' THEN done := done || '-';
        END;
    END LOOP;
    RETURN done;
END $$;
SELECT statement_tries(8);
SELECT statement_tries(3);

-- RT004 raises, whatever on_error says; failures that cost nothing count nothing, and
-- what may have been billed counts with all that was reserved.
SET ai_router.on_error = 'null';
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 6) n;
SELECT count(ai_complete(CASE WHEN n > 10 THEN 'fine' ELSE '503' END || n)) FROM generate_series(1, 15) n;
SELECT count(*), count(ai_complete('slow ' || n, '{"timeout_ms": 1}')) FROM generate_series(1, 5) n;
SELECT count(*), count(ai_complete('slow ' || n, '{"timeout_ms": 1}')) FROM generate_series(1, 6) n;
RESET ai_router.on_error;
-- A smaller call fits where a bigger one did not.
SELECT statement_loop(4), ai_complete('big', '{"max_tokens": 100}');
SELECT statement_loop(4), ai_complete('small', '{"max_tokens": 10}');
SELECT ai_call('big', '{"max_tokens": 51}');
\echo :LAST_ERROR_SQLSTATE

-- Answers from the cache cost nothing; a statement that hit the cap pays the rest when it is run again.
SELECT cardinality(ai_complete(array_agg('kept ' || n), '{"cache": "on"}')) FROM generate_series(1, 8) n;
SET ai_router.max_statement_cost = 0.03;
SELECT cardinality(ai_complete(array_agg('kept ' || n), '{"cache": "on"}')) FROM generate_series(1, 8) n;
SELECT count(*), count(*) FILTER (WHERE (c).cached) AS cached, sum((c).cost) FROM (SELECT ai_call('kept ' || n, '{"cache": "on"}') AS c FROM generate_series(1, 8) n OFFSET 0) s;

-- Calls: retries are none of their own.
SET ai_router.max_statement_cost = 0;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 50) n;
SET ai_router.max_statement_calls = 3;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 3) n;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 4) n;
SELECT cardinality(ai_complete(array_agg('item ' || n))) FROM generate_series(1, 4) n;
SELECT statement_tries(5);
SET ai_router.retries = 1;
SELECT attempts FROM generate_series(1, 3) n, LATERAL ai_call('503 ' || n);
RESET ai_router.retries;
RESET ai_router.max_statement_calls;

-- A price that is not known: counted as a call, not as money.
SET ai_router.max_statement_cost = 0.05;
UPDATE ai_router.models SET output_price = NULL;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 20) n;
SET ai_router.max_statement_calls = 19;
SELECT count(ai_complete('row ' || n)) FROM generate_series(1, 20) n;
RESET ai_router.max_statement_calls;
UPDATE ai_router.models SET output_price = 1000;

-- Who may change them.
CREATE ROLE statement_role;
SET ROLE statement_role;
SET ai_router.max_statement_cost = 100;
SET ai_router.max_statement_calls = 100;
RESET ROLE;
GRANT SET ON PARAMETER ai_router.max_statement_cost TO statement_role;
SET ROLE statement_role;
SET ai_router.max_statement_cost = 100;
SET ai_router.max_statement_calls = 100;
RESET ROLE;
REVOKE SET ON PARAMETER ai_router.max_statement_cost FROM statement_role;
SET ai_router.max_statement_cost = -1;
SET ai_router.max_statement_cost = 'a lot';
RESET ai_router.max_statement_cost;

-- What a statement says of itself while it runs, and that it says nothing afterwards.
CREATE FUNCTION statement_progress() RETURNS SETOF ai_router.progress LANGUAGE plpgsql AS $$
BEGIN
    PERFORM statement_loop(3);
    PERFORM ai_complete('503', '{"on_error": "null", "retries": 0}'), ai_complete('kept 1', '{"cache": "on"}');
    RETURN QUERY SELECT * FROM ai_router.progress WHERE pid = pg_backend_pid();
END $$;
SELECT database = current_database() AS database, role = current_user AS role, started_at <= clock_timestamp() AS started, calls, in_flight, done, cached, joined, failed, spent, reserved, done_per_second > 0 AS rate FROM statement_progress();
SELECT count(*) FROM ai_router.progress;
CREATE FUNCTION statement_spent(prompt text) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN PERFORM ai_complete(prompt); RETURN (SELECT spent FROM ai_router.progress WHERE pid = pg_backend_pid()); END $$;
BEGIN;
DECLARE c CURSOR FOR SELECT n, statement_spent('row ' || n) FROM generate_series(1, 5) n;
FETCH 2 FROM c;
SELECT count(*) FROM ai_router.progress;
FETCH 2 FROM c;
ROLLBACK;
SELECT ai_complete('x ' || n), 1 / (n - 1) FROM generate_series(1, 2) n;
SELECT count(*) FROM ai_router.progress;

DROP FUNCTION statement_one, statement_loop, statement_for, statement_opens, statement_tries, statement_progress, statement_spent;
DROP PROCEDURE statement_commits;
DROP TABLE statement_before, statement_after, statement_deferred, statement_t;
DROP FUNCTION statement_before, statement_after;
DROP ROLE statement_role;
DEALLOCATE statement_p;
SELECT ai_router.cache_clear() >= 8 AS cleared;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER statement_one;
