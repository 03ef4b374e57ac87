SELECT t.id, r.model, r.provider, r.rule, r.attempts, r.latency_ms::int AS ms, left(r.answer, 56) AS answer, r.error
  FROM tickets t,
       ai_call('Summarize: ' || t.subject, ai_hints(task => 'summarize', cache => 'off')) AS r
 WHERE t.id IN (1, 2, 5);
