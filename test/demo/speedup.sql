-- The same UPDATE, of the first $1 tickets.  Without the cache, so that every call is made.
SET ai_router.cache = off;
PREPARE enrich(int) AS
UPDATE tickets SET
    category = ai_complete(subject || ': ' || body, ai_hints(task => 'classify')),
    summary  = ai_complete('Summarize this support ticket in one sentence: ' || body,
                           ai_hints(task => 'summarize'))
 WHERE id <= $1;

-- As PostgreSQL evaluates functions by itself, one call after the other: a few tickets are enough to see.
SET ai_router.batching = off;
SELECT clock_timestamp() AS begin \gset
EXECUTE enrich(:few);
SELECT extract(epoch FROM clock_timestamp() - :'begin') AS seconds \gset plain_

-- As the AI Batch node does it: all tickets.
SET ai_router.batching = on;
SELECT clock_timestamp() AS begin \gset
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF)
EXECUTE enrich(:tickets);
SELECT extract(epoch FROM clock_timestamp() - :'begin') AS seconds \gset batch_

SELECT 'one call after the other' AS how, :few AS tickets, round(:plain_seconds, 1) AS seconds,
       round(:plain_seconds / :few * :tickets, 1) AS "seconds for all, at that rate"
 UNION ALL
SELECT 'AI Batch', :tickets, round(:batch_seconds, 1), round(:batch_seconds, 1);
SELECT round((:plain_seconds / :few) / (:batch_seconds / :tickets), 1) AS "times as fast";
