-- One after the other: each row waits for its answer.
\timing on
SELECT count(ai_complete('Translate into English: ' || subject,
                         ai_hints(task => 'translate', cache => 'off'))) AS answers
  FROM tickets
 WHERE id <= 64;

-- Side by side: one call with an array, answers in the order of the prompts.
SELECT cardinality(ai_complete(array_agg('Translate into English: ' || subject ORDER BY id),
                               ai_hints(task => 'translate', cache => 'off'))) AS answers
  FROM tickets
 WHERE id <= 64;
\timing off
