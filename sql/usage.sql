-- Calls that the cache answered: ai_router.hits, and what ai_router.usage makes of them.
-- (Rows of calls before this may still come.)
\pset null '(null)'
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.calls, ai_router.attempts, ai_router.hits;
CREATE SERVER usage_fixture FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES
    ('use-a', 'usage_fixture', 1000, 2000), ('use-free', 'usage_fixture', NULL, NULL);
INSERT INTO ai_router.rules (name, priority, condition, models, defaults) VALUES
    ('free', 1, '$.task == "free"', '{use-free}', '{"cache": "on"}'),
    ('usage', 2, NULL, '{use-a}', '{"cache": "on"}');
INSERT INTO ai_router.fixtures (pattern, answer, error) VALUES ('reject', NULL, '400'), (NULL, 'an answer', NULL);
SELECT ai_router.cache_clear() >= 0 AS cleared, ai_router.stats_reset();
CREATE PROCEDURE counted(n bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 2000 LOOP
        COMMIT;
        EXIT WHEN (SELECT coalesce(sum(calls + cached), 0) FROM ai_router.usage WHERE rule IN ('free', 'usage')) >= n;
        PERFORM pg_sleep(0.01);
    END LOOP;
END $$;

-- 4 calls and 7 hits; a failure is never a hit.
SELECT cached, cost = 0 AS free FROM ai_call('one') UNION ALL SELECT cached, cost = 0 FROM ai_call('one');
SELECT count(ai_complete('one' || left(i::text, 0))) FROM generate_series(1, 4) i;
BEGIN; SELECT ai_complete('one'); ROLLBACK;
DO $$ BEGIN PERFORM ai_complete('one'); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END $$;
SELECT ai_complete('two', '{"task": "t"}');
SELECT ai_complete('reject', '{"on_error": "null"}'), ai_complete('reject', '{"on_error": "null"}');
CALL counted(11);
SELECT day = (now() AT TIME ZONE 'UTC')::date AS today, role = current_user AS me, model, rule, task, hits,
       saved = (SELECT 7 * max(cost) FROM ai_router.calls WHERE task IS NULL AND status = 'ok') AS seven_times
  FROM ai_router.hits WHERE rule IN ('free', 'usage');
SELECT model, rule, task, calls, cached, failed, attempts, input_tokens > 0 AS input, cost > 0 AS cost, saved > 0 AS saved, saved = 7 * cost AS seven_times, cost_unknown
  FROM ai_router.usage WHERE rule IN ('free', 'usage') ORDER BY task;

-- Nothing but hits costs nothing; what is not known is not zero.
SELECT ai_complete('two', '{"task": "other"}');
SELECT ai_complete('x', '{"task": "free"}'), ai_complete('x', '{"task": "free"}');
-- More kinds of hits than a session keeps, and longer names than an index takes.
-- (Its estimate knows nothing of the cache.)
SET ai_router.max_statement_cost = 0;
SELECT count(ai_complete('one', ai_hints(task => 'many ' || i))) FROM generate_series(1, 200) i;
RESET ai_router.max_statement_cost;
SELECT count(ai_complete('one', ai_hints(task => 'long ' || repeat(md5(i::text) || 'ä', 1000)))) FROM generate_series(1, 3) i;
CALL counted(217);
SELECT task, calls, cached, input_tokens > 0 AS input, cost, saved > 0 AS saved FROM ai_router.usage WHERE task IN ('other', 'free') ORDER BY task;
SELECT count(*), sum(hits), min(length(task)), max(octet_length(task)) FROM ai_router.hits WHERE task ~ '^(many|long) ';
SELECT value >= 212 AS counted FROM ai_router.stats WHERE name = 'cached';
SELECT value FROM ai_router.stats WHERE name = 'rows_dropped';

-- Who sees what.
CREATE ROLE regress_use_user;
CREATE ROLE regress_use_monitor IN ROLE pg_monitor;
GRANT USAGE ON FOREIGN SERVER usage_fixture TO regress_use_user;
SET ROLE regress_use_user;
SELECT count(ai_complete('one' || left(i::text, 0))) FROM generate_series(1, 5) i;
RESET ROLE;
CALL counted(222);
SET ROLE regress_use_user;
SELECT role, hits FROM ai_router.hits;
SELECT role, calls, cached, cost FROM ai_router.usage;
UPDATE ai_router.hits SET hits = 0;
SET ROLE regress_use_monitor;
SELECT count(*) FROM ai_router.hits;
SELECT count(DISTINCT role), sum(cached) FROM ai_router.usage WHERE rule IN ('free', 'usage');
RESET ROLE;

DROP PROCEDURE counted(bigint);
REVOKE USAGE ON FOREIGN SERVER usage_fixture FROM regress_use_user;
DROP ROLE regress_use_user, regress_use_monitor;
SELECT ai_router.cache_clear() > 0 AS cleared;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.calls, ai_router.attempts, ai_router.hits;
DROP SERVER usage_fixture;
