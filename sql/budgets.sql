-- Budgets: periods, who and what falls under one, hard and soft, what unknown prices do, and the
-- view spending.  Offline: a fixture's answer has a cost like any other.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.budgets, ai_router.budget_spent;
CREATE ROLE regress_ai_clerk;
CREATE ROLE regress_ai_team;
CREATE ROLE regress_ai_watch IN ROLE pg_monitor;
GRANT regress_ai_team TO regress_ai_clerk;
CREATE SERVER budget_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
GRANT USAGE ON FOREIGN SERVER budget_one TO regress_ai_clerk;
INSERT INTO ai_router.models (name, server, family, rank, input_price, output_price) VALUES
    ('dear', 'budget_one', 'fam', 1, 1000, 1000), ('cheap', 'budget_one', NULL, 2, 1, 1), ('free', 'budget_one', NULL, 3, 0, 0);
INSERT INTO ai_router.models (name, server, rank) VALUES ('unknown', 'budget_one', 4);
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('cascade', 1, '$.task == "either"', '{dear,cheap}'), ('rest', 100, NULL, NULL);
INSERT INTO ai_router.fixtures (pattern, answer, error, latency_ms) VALUES
    ('fail', NULL, '503', 0), ('late', 'too late', NULL, 60000), (NULL, 'yes', NULL, 0);

-- A call's error without what changes: times.
CREATE FUNCTION budget_try(hints jsonb, prompt text = 'x', OUT outcome text) LANGUAGE plpgsql AS $$
DECLARE
    hint text;
BEGIN
    outcome := ai_complete(prompt, hints || '{"max_tokens": 100, "retries": 0}');
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS hint = PG_EXCEPTION_HINT;
    outcome := SQLSTATE || ': ' || regexp_replace(SQLERRM, 'anew at .*', 'anew at ..') || ' | ' || hint;
END
$$;

-- Periods, by UTC wherever the session is.
SET timezone = 'America/New_York';
CREATE TABLE budget_times (at timestamptz);
INSERT INTO budget_times VALUES ('2026-03-01 00:00:00+00'), ('2026-02-28 23:59:59.999999+00'), ('2026-12-31 23:59:59.999999+00'),
    ('2024-02-29 12:30:00+00'), ('1999-12-31 23:59:59.999999+00'), ('2000-01-01 00:00:00+00'), ('2000-01-03 00:00:00+00'), ('1969-07-20 20:17:40+00');
SELECT period, at AT TIME ZONE 'UTC' AS at, period_start AT TIME ZONE 'UTC' AS period_start, resets_at AT TIME ZONE 'UTC' AS resets_at
  FROM unnest('{hour,day,week,month}'::text[]) WITH ORDINALITY AS p(period, n), budget_times, ai_router.period(period, at) ORDER BY n, budget_times.at;
SELECT * FROM ai_router.period('total', '2026-03-01');
-- Against PostgreSQL's own calendar, each period's end being the next one's begin.
SELECT kind, count(*) AS moments, bool_and(p.period_start = date_trunc(kind, at, 'UTC') AND p.resets_at > at
       AND (ai_router.period(kind, p.resets_at)).period_start = p.resets_at) AS right
  FROM unnest('{hour,day,week,month}'::text[]) kind,
       generate_series('1960-01-01'::timestamptz, '2060-01-01', '97 hours 59 minutes 59.999999 seconds') at, ai_router.period(kind, at) p
 GROUP BY 1 ORDER BY 1;
SELECT ai_router.period('year', now());
SELECT ai_router.period('day', 'infinity');
RESET timezone;
DROP TABLE budget_times;

-- Names have a fixed place in shared memory.
INSERT INTO ai_router.budgets (name, limit_usd) VALUES (repeat('x', 128), 1);

-- Hard: an answer of 1 token and its input fit, the reservation of 100 tokens more counts only meanwhile.
INSERT INTO ai_router.budgets (name, period, limit_usd) VALUES ('all', 'total', 0.5);
SELECT budget_try('{"model": "dear"}');
SELECT cost FROM ai_call('x', '{"model": "dear", "max_tokens": 100}');
SELECT * FROM ai_router.spending;
-- What does not fit is refused, and the table has what was spent.
SELECT budget_try('{"model": "dear"}', repeat('x', 500));
SELECT verdict, reason FROM ai_route(repeat('x ', 500), '{"model": "dear", "max_tokens": 100}') WHERE rank = 1;
SELECT verdict, reason FROM ai_route('x', '{"model": "dear", "max_tokens": 100}') WHERE rank = 1;
-- ai_call() and on_error do not hide it.
SELECT error FROM ai_call(repeat('x', 500), '{"model": "dear", "max_tokens": 100}');
SELECT budget_try('{"model": "dear", "on_error": "null"}', repeat('x', 500));
-- Another candidate that fits is taken, one that is free always is.
SELECT model FROM ai_call(repeat('x', 500), '{"task": "either", "max_tokens": 100}');
UPDATE ai_router.budgets SET limit_usd = 0;
SELECT budget_try('{"task": "either"}');
SELECT budget_try('{"model": "free"}');
-- An unknown price is refused, and told by check().
SELECT budget_try('{"model": "unknown"}');
SELECT verdict, reason FROM ai_route('x', '{"model": "unknown"}') WHERE rank = 1;
CREATE SERVER budget_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'openai', base_url 'http://127.0.0.1:1');
UPDATE ai_router.models SET server = 'budget_two' WHERE name = 'unknown';
SELECT severity, object, problem FROM ai_router.check() WHERE problem ~ 'budget';
UPDATE ai_router.models SET server = 'budget_one' WHERE name = 'unknown';
DROP SERVER budget_two;
-- The limit goes up and down; the next call sees it, in the writing transaction, too.
BEGIN;
UPDATE ai_router.budgets SET limit_usd = 10;
SELECT budget_try('{"model": "dear"}');
ROLLBACK;
SELECT budget_try('{"model": "dear"}');
UPDATE ai_router.budgets SET limit_usd = 10;
SELECT budget_try('{"model": "dear"}');
SELECT spent, reserved, "left" FROM ai_router.spending;

-- Failures give back what they reserved; what may have been billed counts as reserved.
SELECT budget_try('{"model": "dear"}', 'fail');
SELECT spent, reserved FROM ai_router.spending;
SELECT budget_try('{"model": "dear", "timeout_ms": 20}', 'late');
SELECT spent, reserved FROM ai_router.spending;

-- A budget that is renamed or made anew counts by its name.
UPDATE ai_router.budgets SET name = 'other';
SELECT budget, spent FROM ai_router.spending;
SELECT budget_try('{"model": "dear"}');
SELECT budget, spent FROM ai_router.spending;
UPDATE ai_router.budgets SET name = 'all';
SELECT budget, spent FROM ai_router.spending;
DELETE FROM ai_router.budgets;
SELECT budget_try('{"model": "dear"}');
INSERT INTO ai_router.budgets (name, period, limit_usd) VALUES ('all', 'total', 0.01);
SELECT budget_try('{"model": "dear"}');
TRUNCATE ai_router.budgets;
SELECT budget_try('{"model": "dear"}');

-- Roles with their members, models and families; all that fit hold together.
INSERT INTO ai_router.budgets (name, role, model, period, limit_usd) VALUES
    ('team', 'regress_ai_team', NULL, 'total', 0), ('clerk', 'regress_ai_clerk', 'cheap', 'month', 1), ('fam', NULL, 'fam', 'total', 1);
SELECT budget_try('{"model": "dear"}'), budget_try('{"model": "cheap"}');
SELECT budget, spent > 0 AS spent FROM ai_router.spending ORDER BY 1;
SET ROLE regress_ai_clerk;
SELECT budget_try('{"model": "cheap"}');
RESET ROLE;
UPDATE ai_router.budgets SET limit_usd = 1 WHERE name = 'team';
SET ROLE regress_ai_clerk;
SELECT budget_try('{"model": "cheap"}'), budget_try('{"model": "dear"}');
RESET ROLE;
SELECT budget, spent > 0 AS spent FROM ai_router.spending ORDER BY 1;
-- None of them is charged when one refuses.
UPDATE ai_router.budgets SET limit_usd = 0.00001 WHERE name = 'clerk';
SELECT sum(spent) AS before FROM ai_router.spending \gset
SET ROLE regress_ai_clerk;
SELECT budget_try('{"model": "cheap"}');
RESET ROLE;
SELECT sum(spent) = :before AS unchanged, sum(reserved) AS reserved FROM ai_router.spending;
-- A role that is gone limits nobody.
SET check_function_bodies = off;
INSERT INTO ai_router.budgets (name, role, limit_usd) VALUES ('lost', 'regress_ai_gone', 0);
RESET check_function_bodies;
SELECT budget_try('{"model": "cheap"}');
TRUNCATE ai_router.budgets;

-- Soft: it warns, once per session and period, and goes on.
INSERT INTO ai_router.budgets (name, period, limit_usd, hard) VALUES ('soft', 'total', 0.000001, false);
SELECT budget_try('{"model": "cheap"}');
SELECT budget_try('{"model": "cheap"}');
SELECT budget_try('{"model": "unknown"}');
SELECT budget_try('{"model": "unknown"}');
SELECT budget, spent, "left" FROM ai_router.spending;
TRUNCATE ai_router.budgets;

-- Who may look: those who watch.
SET ROLE regress_ai_clerk;
SELECT * FROM ai_router.spending;
SELECT * FROM ai_router.budget_state();
SELECT * FROM ai_router.budget_spent;
SELECT period_start FROM ai_router.period('day', '2026-01-01 12:00+00');
SET ROLE regress_ai_watch;
SELECT * FROM ai_router.spending;
RESET ROLE;
SELECT name, value > 0 AS counted FROM ai_router.stats WHERE name ~ 'budget' ORDER BY 1;

DROP FUNCTION budget_try;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER budget_one;
DROP ROLE regress_ai_clerk, regress_ai_team, regress_ai_watch;
