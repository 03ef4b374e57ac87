\timing on
UPDATE tickets SET
    category = ai_complete(subject || ': ' || body, ai_hints(task => 'classify')),
    summary  = ai_complete('Summarize this support ticket in one sentence: ' || body,
                           ai_hints(task => 'summarize'));
\timing off
