-- ai_call and ai_compare: every column of a result.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER call_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER call_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, family, input_price, output_price) VALUES
    ('priced', 'call_one', 'fam', 2, 10), ('free', 'call_two', 'fam', 0, 0), ('unpriced', 'call_two', NULL, NULL, NULL);
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{priced,free,unpriced}');
INSERT INTO ai_router.fixtures (model, pattern, answer, error) VALUES
    (NULL, 'too much', 'slow down', '429'), ('priced', 'fall', 'closed', '401'), (NULL, 'unlucky', 'gone', '404'), (NULL, 'nowhere', NULL, 'RT001'),
    (NULL, 'empty purse', NULL, 'RT004'), ('priced', NULL, 'one two three', NULL), (NULL, NULL, 'four', NULL);

SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'ai_result'::regclass ORDER BY attnum;

-- What volatile columns may be.
CREATE FUNCTION shown(r ai_result) RETURNS TABLE (answer text, model text, provider text, rule text, cached boolean, input_tokens int,
    cached_input_tokens int, output_tokens int, cost numeric, attempts int, finish_reason text, error text, volatile_ok boolean)
LANGUAGE sql AS $$ SELECT r.answer, r.model, r.provider, r.rule, r.cached, r.input_tokens, r.cached_input_tokens, r.output_tokens,
    r.cost, r.attempts, r.finish_reason, r.error, r.latency_ms >= 0 AND r.latency_ms < 60000 AND (r.call_id > 0 OR r.attempts = 0) $$;
\x on
SELECT s.* FROM ai_call('What is this?') r, shown(r) s;
SELECT s.* FROM ai_call('What is this?', '{"model": "free"}') r, shown(r) s;
SELECT s.* FROM ai_call('What is this?', '{"model": "unpriced"}') r, shown(r) s;
-- Errors of providers are values.
SELECT s.* FROM ai_call('too much', '{"model": "priced", "retries": 0}') r, shown(r) s;
SELECT s.* FROM ai_call('unlucky', '{"model": "priced"}') r, shown(r) s;
-- Another candidate.
SELECT s.* FROM ai_call('fall') r, shown(r) s;
\x off
-- Tokens are those of the estimate, the price is per million.
SELECT r.input_tokens = ai_count_tokens('What is this?') + 7 AS input, r.output_tokens = ai_count_tokens('one two three') AS output,
       r.cost = (r.input_tokens * 2 + r.output_tokens * 10) / 1e6 AS cost FROM ai_call('What is this?') r;
SELECT ai_call(NULL), ai_call(NULL, '{"no such": 1}');
SELECT (ai_call('x')).answer;
SELECT r.call_id = ai_last_call_id() FROM ai_call('x') r;
-- What is no provider's error is raised.
SELECT ai_call('nowhere');
SELECT ai_call('empty purse');
SELECT ai_call('x', '{"model": "nobody"}');
SELECT ai_call('x', '{"nonsense": 1}');

-- ai_compare: one row per model, in the order asked, errors as values.
SELECT model, provider, rule, answer, cost IS NULL AS unpriced, error FROM ai_compare('hello', '{unpriced,priced,free}');
SELECT model, answer, attempts, error FROM ai_compare('fall', ARRAY['free', 'priced']);
SELECT model, answer FROM ai_compare('hello', ARRAY['fam', 'priced', 'priced']);
SELECT model, answer FROM ai_compare('hello', '{priced,free}', '{"max_tokens": 10, "temperature": 0.1}');
SELECT count(*) FROM ai_compare('hello', '{}');
SELECT count(*) FROM ai_compare(NULL, '{priced}');
SELECT count(*) FROM ai_compare('hello', NULL);
SELECT (ai_compare('hello', '{priced,free}')).model;
SELECT p, c.model, c.answer FROM (VALUES ('a'), ('b')) v(p), LATERAL ai_compare(p, '{free,priced}') c ORDER BY p, c.model;
SELECT ai_compare('hello', '{priced,nobody}');
SELECT ai_compare('hello', ARRAY['priced', NULL]);
SELECT ai_compare('hello', '{priced}', '{"model": "free"}');

DROP FUNCTION shown;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER call_one, call_two;
