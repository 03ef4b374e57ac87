-- As if all of it had been rolled back.  What was paid for is kept all the same.
UPDATE tickets SET category = NULL, summary = NULL;
SELECT sum(calls) AS calls, sum(cached) AS cached, coalesce(sum(cost), 0) AS cost, coalesce(sum(saved), 0) AS saved
  FROM ai_router.usage \gset first_

\i enrich.sql

DO $$ BEGIN PERFORM pg_sleep(1); END $$;
SELECT 'first' AS run, :first_calls AS calls, :first_cached AS cached, round(:first_cost, 6) AS dollars, round(:first_saved, 6) AS saved
 UNION ALL
SELECT 'second', sum(calls) - :first_calls, sum(cached) - :first_cached, round(sum(cost) - :first_cost, 6), round(sum(saved) - :first_saved, 6)
  FROM ai_router.usage
 ORDER BY run;
SELECT count(category) AS categories, count(summary) AS summaries FROM tickets;
