-- ai_route: what would happen and why, without a call.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
SELECT proargnames[4:], proallargtypes[4:]::regtype[] FROM pg_proc WHERE proname = 'ai_route';

-- Nothing there.
SELECT * FROM ai_route('hello');
CREATE SERVER route_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER route_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, family, mode, context_window, max_output, input_price, output_price, capabilities, tags, quality, enabled, rank) VALUES
    ('cheap', 'route_one', NULL, 'chat', 1000, NULL, 1, 2, '{}', '{"region": "eu"}', 0.5, true, 10),
    ('dear', 'route_one', 'fam', 'chat', 200000, 8000, 100, 500, '{vision}', '{"region": "us"}', 0.9, true, 20),
    ('dear-too', 'route_two', 'fam', 'chat', 200000, 8000, 100, 500, '{vision}', '{"region": "eu"}', 0.9, true, 30),
    ('priceless', 'route_two', NULL, 'chat', NULL, NULL, NULL, NULL, '{}', '{}', NULL, true, 40),
    ('off', 'route_two', NULL, 'chat', NULL, NULL, 0, 0, '{}', '{}', NULL, false, 50),
    ('vectors', 'route_two', NULL, 'embedding', NULL, NULL, 0, 0, '{}', '{}', NULL, true, 60);
SELECT * FROM ai_route('hello');
INSERT INTO ai_router.rules (name, priority, condition, models, strategy, defaults) VALUES
    ('code', 10, '$.task == "code"', '{fam,cheap}', NULL, NULL), ('thrift', 20, '$.task == "thrift"', '{dear,cheap,priceless}', 'cheapest', '{"max_tokens": 100}'),
    ('complete only', 30, '$.function == "ai_summarize"', '{dear}', NULL, NULL), ('rest', 100, NULL, NULL, NULL, '{"max_tokens": 1000}');
-- No fixture, so no answer: nothing here makes a call.

SELECT * FROM ai_route('hello');
SELECT * FROM ai_route('hello', '{"task": "code"}');
SELECT * FROM ai_route('hello', '{"task": "thrift"}');
SELECT rank, model, rule, verdict FROM ai_route('hello', '{}', 'ai_summarize') WHERE rank IS NOT NULL;
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"model": ["dear-too", "cheap"]}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"provider": "route_two"}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"require": {"region": "eu"}}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"quality": 0.8}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"max_cost": 0.01, "max_tokens": 100}');
SELECT rank, model, verdict, reason FROM ai_route(repeat('word ', 3000), '{}');
SELECT rank, model, est_cost FROM ai_route('hello', '{"prefer": "cost", "max_tokens": 10}') WHERE rank IS NOT NULL;
SELECT rank, model, input_tokens = ai_count_tokens('hello world') + 7 AS tokens, est_cost = (input_tokens * 100 + 4096 * 500) / 1e6 AS cost
  FROM ai_route('hello world', '{"task": "code", "model": "dear"}') WHERE rank = 1;

-- All excluded: the list still says why; no list, then an error says it.
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"model": "off"}');
SELECT * FROM ai_route('hello', '{"model": "nobody"}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"task": "code", "model": "priceless"}');
SELECT * FROM ai_route('hello', '{"model": "deer"}');
SELECT * FROM ai_route('hello', '{"prefer": "speed"}');
SELECT * FROM ai_route('hello', '{"nonsense": 1}');
SELECT count(*) FROM ai_route(NULL);
SELECT count(*) > 0 FROM ai_route('hello', NULL, NULL);

-- Rights.
CREATE ROLE regress_route;
GRANT USAGE ON FOREIGN SERVER route_one TO regress_route;
SET ROLE regress_route;
SELECT rank, model, verdict, reason FROM ai_route('hello');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER route_one FROM regress_route;
SET ROLE regress_route;
SELECT rank, model, verdict, reason FROM ai_route('hello') WHERE model IN ('cheap', 'dear-too');
SELECT ai_complete('hello');
RESET ROLE;
DROP ROLE regress_route;

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER route_one, route_two;
