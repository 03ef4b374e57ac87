\set queues 'Which queue is this ticket for? Answer with one of: general, billing/invoice/charged, login/password, shipping/delivery, bug/error, feature/idea, refund/return, legal/privacy/GDPR'

-- Who answers what: the first rule that matches decides, its models are tried in order.
INSERT INTO ai_router.rules (name, priority, condition, models, comment) VALUES
    ('labels',  10, '$.task == "classify"', :'small',
     'one word is enough'),
    ('legal',   20, '$.prompt like_regex "GDPR|DSGVO|RGPD|legal|lawyer|subpoena" flag "i"', :'strong',
     'never by a small model'),
    ('long',    30, '$.tokens > 200', :'middle',
     'long stories'),
    ('default', 100, NULL, :'small',
     'everything else')
ON CONFLICT (name) DO UPDATE SET models = excluded.models, comment = excluded.comment;

-- A rule can bring hints of its own, here the instruction for the model.
UPDATE ai_router.rules SET defaults = ai_hints(system => :'queues') WHERE name = 'labels';

SELECT name, server, input_price AS "$/M in", output_price AS "$/M out" FROM ai_router.models ORDER BY 3, 1;
SELECT priority, name, condition, models, comment FROM ai_router.rules ORDER BY priority;

-- What cannot work would be listed here.
\pset footer on
SELECT * FROM ai_router.check();
