-- Every call is in the ledger, which is a second behind at most.
DO $$ BEGIN PERFORM pg_sleep(1); END $$;
SELECT coalesce(model, 'all') AS model, sum(calls) AS calls, sum(cached) AS cached, sum(failed) AS failed,
       sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, round(sum(cost), 6) AS dollars
  FROM ai_router.usage
 GROUP BY ROLLUP (model)
 ORDER BY grouping(model), sum(cost);

-- And if every one of them had gone to the strongest model?
SELECT m.name AS model, round(sum(u.input_tokens * m.input_price + u.output_tokens * m.output_price) / 1e6, 6) AS dollars
  FROM ai_router.usage u, ai_router.models m
 WHERE m.name = (:'strong'::text[])[1]
 GROUP BY m.name;
