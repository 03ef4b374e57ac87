-- Nothing is called here either: EXPLAIN estimates calls, tokens and dollars before they are spent.
EXPLAIN
UPDATE tickets SET
    category = ai_complete(subject || ': ' || body, ai_hints(task => 'classify')),
    summary  = ai_complete('Summarize this support ticket in one sentence: ' || body,
                           ai_hints(task => 'summarize'));
