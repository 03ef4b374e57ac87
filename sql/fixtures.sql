-- Fixtures: how SQL that calls AI is tested without a network.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;

-- A user's own code ..
CREATE TABLE tickets (id int PRIMARY KEY, body text, urgent boolean, reply text);
INSERT INTO tickets VALUES (1, 'The printer is on fire'), (2, 'How do I change my password?');
CREATE PROCEDURE triage() LANGUAGE plpgsql AS $$
DECLARE t tickets;
BEGIN
    FOR t IN SELECT * FROM tickets ORDER BY id LOOP
        UPDATE tickets SET urgent = ai_complete('Urgent? ' || t.body, '{"task": "triage"}') = 'yes',
                           reply = ai_complete('Reply: ' || t.body) WHERE id = t.id;
    END LOOP;
END $$;
-- .. and all that its test needs.
CREATE SERVER offline FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server) VALUES ('quick', 'offline'), ('good', 'offline');
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('triage', 10, '$.task == "triage"', '{quick}'), ('default', 100, NULL, '{good}');
INSERT INTO ai_router.fixtures (model, pattern, answer) VALUES
    ('quick', 'fire', 'yes'), ('quick', NULL, 'no'), ('good', '^Reply: .*password', 'See the settings.'), ('good', '^Reply:', 'We are on our way.');
CALL triage();
SELECT * FROM tickets ORDER BY id;
DROP TABLE tickets;
DROP PROCEDURE triage;

-- No row: the error says what to do.

DELETE FROM ai_router.fixtures WHERE model = 'good';
DO $$ DECLARE m text; h text; BEGIN PERFORM ai_complete('x');
EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, h = PG_EXCEPTION_HINT; RAISE WARNING USING MESSAGE = concat_ws(' | ', SQLSTATE, m), HINT = h; END $$;

-- Order of id, not of insertion; NULL for any model, any prompt; patterns are case-sensitive regular expressions.
TRUNCATE ai_router.fixtures;
INSERT INTO ai_router.fixtures (id, model, pattern, answer) VALUES
    (30, NULL, NULL, 'any'), (10, 'good', '^[0-9]+$', 'digits'), (20, NULL, '(?i)hello', 'greeting'), (15, 'quick', NULL, 'never for good'), (12, NULL, 'ü$', 'umlaut');
SELECT p, ai_complete(p) FROM unnest(ARRAY['42', '42 ', 'say HELLO', 'Hallo', 'für ü', '', E'hello\n42']) p;
UPDATE ai_router.fixtures SET id = 5 WHERE id = 20;
SELECT ai_complete('hello 42'), ai_complete('hello', '{"model": "good"}');
SELECT ai_complete('42', '{"task": "triage"}'), ai_complete('hello', '{"task": "triage"}');
-- The last message counts; the first text of it.
SELECT ai_chat('[{"role": "user", "content": "hello"}, {"role": "assistant", "content": "yes"}, {"role": "user", "content": "42"}]');
-- The answer may be empty: then it is none.
INSERT INTO ai_router.fixtures (id, pattern, answer) VALUES (1, 'silence', '');
SELECT error FROM ai_call('silence', '{"retries": 0}');

-- Errors, as a status or as an SQLSTATE; an answer beside it is the message.
TRUNCATE ai_router.fixtures;
INSERT INTO ai_router.fixtures (pattern, error, answer)
SELECT '^' || e || '$', e, CASE WHEN e IN ('429', 'RT007') THEN 'as the provider put it' END
  FROM unnest('{400,401,402,403,404,408,409,413,422,429,500,503,504,529,RT002,RT003,RT005,RT006,RT007,RT008,RT009,RT010,RT011}'::text[]) e;
SELECT f.error AS fixture, r.error, r.attempts FROM ai_router.fixtures f, LATERAL ai_call(f.error, '{"retries": 0}') r ORDER BY f.id;
-- They take the way of a provider's errors: retries, the next candidate.
UPDATE ai_router.rules SET models = '{good,quick}' WHERE name = 'default';
INSERT INTO ai_router.fixtures (id, model, pattern, answer, error) VALUES
    (-3, 'good', 'fallback', 'down', '503'), (-2, 'quick', 'fallback', 'quick instead', NULL), (-1, 'good', 'rejected', 'bad', '400'), (0, 'quick', 'rejected', 'not asked', NULL);
SELECT answer, model, attempts FROM ai_call('fallback');
SELECT answer, model, attempts FROM ai_call('rejected');
SELECT attempts FROM ai_call('503', '{"model": "good", "retries": 1}');

-- Latency passes side by side.
INSERT INTO ai_router.fixtures (id, pattern, answer, latency_ms) VALUES (-10, 'later', 'at last', 300);
SELECT count(*), max(a) FROM unnest(ai_complete(ARRAY(SELECT 'later ' || n FROM generate_series(1, 10) n))) a;
SELECT latency_ms >= 300 AND latency_ms < 20000 AS its_latency FROM ai_call('later');
SELECT clock_timestamp() AS start \gset
SELECT count(ai_complete) FROM ai_complete(ARRAY(SELECT 'later ' || n FROM generate_series(1, 100) n));
SELECT clock_timestamp() - :'start' < '20 s' AS side_by_side;
-- One message, which fails as a whole: no RESET that would have the time-out, too.
SET statement_timeout = '50ms'\; SELECT ai_complete('later');

-- What a row may hold.
\set VERBOSITY terse
INSERT INTO ai_router.fixtures (pattern) VALUES ('neither');
INSERT INTO ai_router.fixtures (answer, error) VALUES ('x', '200');
INSERT INTO ai_router.fixtures (error) VALUES ('RT012');
INSERT INTO ai_router.fixtures (answer, pattern) VALUES ('x', '(');
INSERT INTO ai_router.fixtures (answer, model) VALUES ('x', 'nobody');
INSERT INTO ai_router.fixtures (answer, latency_ms) VALUES ('x', -1);
\set VERBOSITY default
-- A fixture server has no address.
CREATE SERVER offline2 FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture', base_url 'http://127.0.0.1/');

-- Rolled back with the transaction.
BEGIN;
INSERT INTO ai_router.fixtures (id, answer) VALUES (-100, 'only here');
SELECT ai_complete('x');
ROLLBACK;
SELECT error FROM ai_call('x');

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER offline;
