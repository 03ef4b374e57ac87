-- What was done: ai_router.calls, ai_router.attempts, usage, stats.
\set SHOW_CONTEXT never
\pset null '(null)'
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER ledger_fixture FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, family, input_price, output_price) VALUES
    ('led-a', 'ledger_fixture', 'led', 1, 2), ('led-b', 'ledger_fixture', NULL, NULL, NULL);
INSERT INTO ai_router.rules (name, condition, models) VALUES ('ledger', '$.task == "led"', '{led-a,led-b}');
INSERT INTO ai_router.rules (name, priority, models) VALUES ('ledger both', 200, '{led-b,led-a}');
INSERT INTO ai_router.fixtures (model, pattern, answer, error) VALUES
    ('led-b', 'elsewhere', NULL, '400'), (NULL, 'reject', NULL, '400'), (NULL, NULL, 'an answer', NULL);
SET application_name = 'ledger test';

-- Wait until the writer has written: the rows of ids above this.
SELECT coalesce(max(call_id), 0) AS before FROM ai_call('first', '{"task": "led"}') \gset
CREATE PROCEDURE written(n bigint, since bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        COMMIT;
        EXIT WHEN (SELECT count(*) FROM ai_router.calls WHERE call_id >= since) >= n;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;

SELECT ai_complete('answered', '{"task": "led", "tags": {"project": "x"}}');
SELECT ai_complete('{many,prompts}'::text[], '{"task": "led"}');
SELECT ai_complete('reject', '{"task": "led", "on_error": "null"}');
SELECT ai_complete('elsewhere');
-- Rolled back, read only, cancelled by an error beside it: in the ledger all the same.
BEGIN; SELECT ai_complete('rolled back', '{"task": "led"}'); ROLLBACK;
BEGIN READ ONLY; SELECT ai_complete('read only', '{"task": "led"}'); COMMIT;
DO $$ BEGIN PERFORM ai_complete('caught', '{"task": "led"}'); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$;
-- Never sent: not in the ledger.
SELECT ai_complete('x', '{"model": "none"}');
SELECT ai_complete(NULL);

CALL written(9, :before);
SELECT row_number() OVER (ORDER BY call_id) AS n, function, task, tags, rule, model, family, provider, status, sqlstate, error, finish_reason, attempts
  FROM ai_router.calls WHERE call_id >= :before ORDER BY call_id;
SELECT input_tokens > 0 AS input, output_tokens > 0 AS output, cost > 0 AS cost, cost = (input_tokens + 2 * output_tokens) / 1e6 AS right,
       latency_ms >= 0 AS latency, finished_at >= at AS times, application, role = current_user AS me, role_id = current_user::regrole AS my_oid,
       pid = pg_backend_pid() AS here, prompt, answer, count(*)
  FROM ai_router.calls WHERE call_id >= :before GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 ORDER BY 12 DESC;
SELECT c.model AS of, a.attempt, a.model, a.provider, a.http_status, a.sqlstate, a.error, a.cost > 0 AS cost, count(*)
  FROM ai_router.attempts a JOIN ai_router.calls c USING (call_id) WHERE call_id >= :before
 GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY 1, 2, 3, 6 NULLS FIRST;
SELECT model, rule, task, calls, failed, attempts, cost_unknown FROM ai_router.usage WHERE rule LIKE 'ledger%' ORDER BY 1, 2, 3;

-- Prompts and answers only if asked for.
SET ai_router.log_prompts = on;
SELECT call_id AS logged FROM ai_call('a secret question', '{"task": "led"}') \gset
RESET ai_router.log_prompts;
CALL written(1, :logged);
SELECT prompt, answer FROM ai_router.calls WHERE call_id = :logged;

-- Counters.
SELECT name FROM ai_router.stats ORDER BY name COLLATE "C";
SELECT value >= 10 AS counted FROM ai_router.stats WHERE name = 'calls';
SELECT value > 0 AS written FROM ai_router.stats WHERE name = 'rows_written';
SELECT ai_router.stats_reset();
SELECT name, value FROM ai_router.stats WHERE name IN ('calls', 'attempts', 'rows_dropped') ORDER BY 1;

-- Who sees what.
CREATE ROLE regress_led_user;
CREATE ROLE regress_led_monitor IN ROLE pg_monitor;
GRANT USAGE ON FOREIGN SERVER ledger_fixture TO regress_led_user;
SET ROLE regress_led_user;
SELECT call_id AS mine FROM ai_call('mine', '{"task": "led"}') \gset
SET ai_router.log_prompts = on;
RESET ROLE;
CALL written(1, :mine);
SET ROLE regress_led_user;
SELECT function, role FROM ai_router.calls;
SELECT attempt, role FROM ai_router.attempts;
SELECT role, calls FROM ai_router.usage;
SELECT count(*) FROM ai_router.all_calls;
SELECT count(*) FROM ai_router.all_attempts;
SELECT count(*) FROM ai_router.stats;
SELECT count(*) FROM ai_router.spool_mark;
SELECT ai_router.stats_reset();
DELETE FROM ai_router.calls;
INSERT INTO ai_router.attempts SELECT * FROM ai_router.attempts;
SET ROLE regress_led_monitor;
SELECT count(*) FROM ai_router.calls;
SELECT count(*) FROM ai_router.attempts;
SELECT count(*) >= 10 AS all FROM ai_router.all_calls;
SELECT count(*) >= 10 AS all FROM ai_router.all_attempts;
SELECT count(DISTINCT role) > 1 AS all FROM ai_router.usage;
SELECT count(*) > 5 AS counters FROM ai_router.stats;
RESET ROLE;
SELECT string_agg(attname, ' ' ORDER BY attname COLLATE "C") AS only_in_calls FROM pg_attribute a
 WHERE attrelid = 'ai_router.calls'::regclass AND attnum > 0
   AND NOT EXISTS (SELECT FROM pg_attribute b WHERE b.attrelid = 'ai_router.all_calls'::regclass AND b.attname = a.attname);

DROP PROCEDURE written(bigint, bigint);
REVOKE USAGE ON FOREIGN SERVER ledger_fixture FROM regress_led_user;
DROP ROLE regress_led_user, regress_led_monitor;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.calls, ai_router.attempts;
DROP SERVER ledger_fixture;
