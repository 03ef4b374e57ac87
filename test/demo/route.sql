-- Nothing is called here: ai_route() tells what would be, and why.
SELECT w.what, r.rank, r.model, r.rule, r.verdict, r.reason, r.input_tokens AS tokens
  FROM (VALUES (1, 'label',   'cant log in. password reset link = 404',              ai_hints(task => 'classify')),
               (2, 'GDPR',    'Please delete my account under Article 17 GDPR.',     ai_hints(task => 'summarize')),
               (3, 'a story', (SELECT body FROM tickets WHERE subject = 'Return of a hub: a diary'),
                                                                                 ai_hints(task => 'summarize'))
       ) AS w(n, what, prompt, hints),
       ai_route(w.prompt, w.hints) AS r
 ORDER BY w.n, r.rank;
