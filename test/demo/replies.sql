-- ai_complete() gives the text alone.  ai_call() gives everything about the call, too.
\timing on
CREATE TABLE replies AS
SELECT id, (r).*
  FROM (SELECT id, ai_call('Write a short, friendly first reply to this ticket: ' || body, ai_hints(task => 'reply')) AS r
          FROM tickets
         WHERE id <= 100) s;
\timing off

SELECT rule, model, count(*) AS calls, count(error) AS failed, round(avg(input_tokens)) AS avg_input_tokens,
       max(latency_ms)::int AS max_ms, round(sum(cost), 6) AS dollars
  FROM replies
 GROUP BY rule, model
 ORDER BY rule, model;
