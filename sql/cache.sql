-- The cache: hints, settings, what is part of a key, rights, forgetting.
-- Fixtures take part only where a hint says so; that a fixture's answer was changed
-- and the old one comes back shows the cache.
\pset null '(null)'
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER cache_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER cache_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES ('first', 'cache_one', 1, 1), ('second', 'cache_two', 2, 2);
INSERT INTO ai_router.rules (name, models) VALUES ('r', '{first,second}');
INSERT INTO ai_router.fixtures (pattern, answer, error) VALUES ('broken', 'no', '400'), ('', 'old', NULL);
SELECT ai_router.cache_clear() >= 0 AS cleared;

-- Bought once, then for nothing, with the id of the call that bought it.
CREATE TEMP TABLE seen AS SELECT 1 AS n, r.* FROM ai_call('question', '{"cache": "on"}') r;
UPDATE ai_router.fixtures SET answer = 'new' WHERE answer = 'old';
INSERT INTO seen SELECT 2 AS n, r.* FROM ai_call('question', '{"cache": "on"}') r;
SELECT n, answer, model, provider, rule, cached, input_tokens > 0 AS tokens, cost > 0 AS paid, cost, attempts, latency_ms > 0 AS took, finish_reason,
    call_id = min(call_id) OVER () AS same_id FROM seen ORDER BY n;

-- Functions that pass the prompt on as it is share answers.
SELECT ai_complete('question', '{"cache": "on"}'), ai_chat('[{"role": "user", "content": "question"}]', '{"cache": "on"}');
SELECT ai_last_call_id() = (SELECT min(call_id) FROM seen) AS last_is_the_original;

-- Fixtures without the hint, off, the setting.
SELECT ai_complete('question'), ai_complete('question', '{"cache": "off"}'), ai_complete('question', '{"cache": "on"}');
SET ai_router.cache = off;
SELECT ai_complete('question'), ai_complete('question', '{"cache": "on"}') AS hint_wins;
RESET ai_router.cache;

-- What changes an answer changes the key.
SELECT ai_complete('question ', '{"cache": "on"}') AS prompt, ai_complete('question', '{"cache": "on", "system": "s"}') AS system,
    ai_complete('question', '{"cache": "on", "max_tokens": 17}') AS max_tokens, ai_complete('question', '{"cache": "on", "temperature": 0}') AS temperature,
    ai_complete('question', '{"cache": "on", "top_p": 0.5}') AS top_p, ai_complete('question', '{"cache": "on", "stop": "x"}') AS stop,
    ai_complete('question', '{"cache": "on", "seed": 0}') AS seed, ai_complete('question', '{"cache": "on", "reasoning_effort": "low"}') AS effort,
    ai_complete('question', '{"cache": "on", "schema": {"type": "object"}}') AS schema, ai_complete('question', '{"cache": "on", "model": "second"}') AS model;
-- What does not, does not.
SELECT ai_complete('question', '{"cache": "on", "task": "t", "tags": {"a": 1}, "timeout_ms": 77, "retries": 1, "prefer": "cost", "on_error": "null", "max_cost": 1}');
UPDATE ai_router.rules SET name = 'another', strategy = 'cheapest';
SELECT ai_complete('question', '{"cache": "on"}');
-- Rerouting does not defeat it: all candidates are looked up.
UPDATE ai_router.rules SET models = '{second,first}', strategy = NULL;
SELECT ai_complete('question', '{"cache": "on", "stop": "y"}') AS bought_from_second;
UPDATE ai_router.fixtures SET answer = 'newest' WHERE answer = 'new';
UPDATE ai_router.rules SET models = '{first,second}';
SELECT ai_complete('question', '{"cache": "on", "stop": "y"}') AS seconds_answer;
UPDATE ai_router.rules SET models = '{first}';
SELECT ai_complete('question', '{"cache": "on", "stop": "y"}') AS second_is_not_allowed;
-- Params of a model.
UPDATE ai_router.models SET params = '{"x": 1}' WHERE name = 'first';
SELECT ai_complete('question', '{"cache": "on"}') AS other_params;
UPDATE ai_router.models SET params = '{}' WHERE name = 'first';

-- refresh asks and keeps; only never asks.
SELECT ai_complete('question', '{"cache": "on"}') AS kept, ai_complete('question', '{"cache": "refresh"}') AS asked, ai_complete('question', '{"cache": "only"}') AS kept_now;
\set VERBOSITY sqlstate
SELECT ai_complete('never asked', '{"cache": "only"}');
\set VERBOSITY default
SELECT ai_complete('never asked', '{"cache": "only"}');
SET client_min_messages = error;
SELECT ai_complete('never asked', '{"cache": "only", "on_error": "null"}');
SET client_min_messages = warning;
SELECT r.answer, r.cached, r.attempts, r.call_id, r.error FROM ai_call('never asked', '{"cache": "only"}') r;

-- Failures are not kept.
SELECT r.answer, r.cached, r.attempts FROM ai_call('broken', '{"cache": "on"}') r;
SELECT r.answer, r.cached, r.attempts FROM ai_call('broken', '{"cache": "on"}') r;

-- Time to live: of the answer when it is kept, and of what a call accepts.
SELECT ai_complete('short', '{"cache": "on", "cache_ttl": "50 milliseconds"}'), ai_complete('long', '{"cache": "on", "cache_ttl": "1 day"}');
UPDATE ai_router.fixtures SET answer = 'later' WHERE answer = 'newest';
SELECT pg_sleep(0.1);
SELECT ai_complete('short', '{"cache": "on"}') AS gone, ai_complete('long', '{"cache": "on"}') AS here, ai_complete('long', '{"cache": "on", "cache_ttl": "10 milliseconds"}') AS too_old;

-- The same in one array: asked once each.
SELECT ai_complete('{same,same,other,same,NULL}'::text[], '{"cache": "on"}');

-- Rights come first: what another role paid for is no way around USAGE on the server.
CREATE ROLE regress_cache_user;
SET ROLE regress_cache_user;
SELECT ai_complete('question', '{"cache": "on"}');
SELECT ai_complete('question', '{"cache": "only"}');
RESET ROLE;
GRANT USAGE ON FOREIGN SERVER cache_one TO regress_cache_user;
SET ROLE regress_cache_user;
SELECT r.answer, r.cached FROM ai_call('question', '{"cache": "on"}') r;
SELECT ai_router.cache_clear();
SELECT * FROM ai_router.cache_stats;
SELECT * FROM ai_router.cache_counters();
SELECT * FROM ai_router.cache;
RESET ROLE;
GRANT pg_monitor TO regress_cache_user;
SET ROLE regress_cache_user;
SELECT * FROM ai_router.cache;
SELECT entries > 0 AS entries, bytes >= 512 * entries AS bytes, hits > 0 AS hits, misses > 0 AS misses, evictions, refused FROM ai_router.cache_stats;
RESET ROLE;

-- Forget one model's answers, then all.
SELECT ai_router.cache_clear('nobody') AS nobody, ai_router.cache_clear('second') > 0 AS second, ai_router.cache_clear('second') AS again;
SELECT r.cached FROM ai_call('question', '{"cache": "on"}') r;
SELECT ai_router.cache_clear() > 0 AS rest, ai_router.cache_clear(NULL) AS again;
SELECT r.cached FROM ai_call('question', '{"cache": "on"}') r;

-- The table: what was bought with the cache on, once it is written; one row per key.
CREATE PROCEDURE written(n bigint) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 6000 LOOP
        IF (SELECT count(*) FROM ai_router.cache) >= n THEN RETURN; END IF;
        PERFORM pg_sleep(0.01);
        COMMIT;
    END LOOP;
END $$;
SELECT ai_router.cache_clear() > 0 AS cleared;
SELECT count(*) FROM ai_router.cache;
UPDATE ai_router.rules SET models = '{first,second}';
SELECT ai_complete('not kept'), ai_complete('not kept', '{"cache": "off"}');
SELECT count(ai_complete('kept' || left(i::text, 0), '{"cache": "refresh"}')) FROM generate_series(1, 3) i;
SELECT call_id FROM ai_call('for a day', '{"cache": "on", "model": "second", "cache_ttl": "1 day"}') \gset
CALL written(2);
SELECT octet_length(digest) AS digest, model, answer, finish_reason, input_tokens > 0 AS input, cached_input_tokens, output_tokens > 0 AS output, cost > 0 AS cost,
    call_id = :call_id AS its_call, expires_at - created_at AS ttl, last_used = (created_at AT TIME ZONE 'UTC')::date AS used, hits
  FROM ai_router.cache ORDER BY model;
-- A clear is no part of the transaction.
BEGIN;
SELECT ai_router.cache_clear('second');
ROLLBACK;
SELECT model FROM ai_router.cache;
SELECT r.cached FROM ai_call('for a day', '{"cache": "on", "model": "second"}') r;
SELECT attname AS no_comment FROM pg_attribute WHERE attrelid = 'ai_router.cache'::regclass AND attnum > 0 AND NOT attisdropped AND col_description(attrelid, attnum) IS NULL;
SELECT 'ai_router.cache'::regclass = ANY (extconfig) AS dumped FROM pg_extension WHERE extname = 'ai_router';
SHOW ai_router.cache_retention;
SET ai_router.cache_retention = '1d';
SELECT ai_router.cache_clear() > 0 AS cleared;
DROP PROCEDURE written(bigint);

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER cache_one, cache_two CASCADE;
DROP ROLE regress_cache_user;
