-- ai_complete() gives the text alone.  ai_call() gives everything about the call, too.
\timing on
CREATE TABLE replies AS
SELECT t.id, r.*
  FROM tickets t,
       ai_call('Write a short, friendly first reply to this ticket: ' || t.body, ai_hints(task => 'reply')) AS r;
\timing off

SELECT coalesce(model, 'all') AS model, count(*) AS calls, count(error) AS failed,
       sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, round(sum(cost), 6) AS dollars
  FROM replies
 GROUP BY ROLLUP (model)
 ORDER BY grouping(model), sum(cost);

SELECT rule, model, count(*) AS calls, round(avg(input_tokens)) AS avg_input_tokens, max(latency_ms)::int AS max_ms
  FROM replies
 GROUP BY rule, model
 ORDER BY rule, model;

-- And if every one of them had gone to the strongest model?
SELECT m.name AS model, round(sum(r.input_tokens * m.input_price + r.output_tokens * m.output_price) / 1e6, 6) AS dollars
  FROM replies r, ai_router.models m
 WHERE m.name = (:'strong'::text[])[1]
 GROUP BY m.name;
