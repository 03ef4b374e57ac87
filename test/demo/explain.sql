-- Nothing is called here either: EXPLAIN estimates calls, tokens and dollars before they are spent.
\set queues 'Which queue is this ticket for? Answer with one of: general, billing/invoice/charged, login/password, shipping/delivery, bug/error, feature/idea, refund/return, legal/privacy/GDPR'

EXPLAIN (COSTS OFF)
UPDATE tickets SET
    category = ai_complete(subject || E'\n' || body,
                           ai_hints(task => 'classify', system => :'queues')),
    summary  = ai_complete('Summarize this support ticket in one sentence: ' || body,
                           ai_hints(task => 'summarize'));
