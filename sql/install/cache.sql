
-- The cache of answers: shared memory, and below it a table that the background
-- worker fills.  Hits change rows in place: fillfactor leaves room for that, and of the
-- indexed columns only last_used changes, once a day at most.

CREATE TABLE ai_router.cache (
    digest bytea NOT NULL CONSTRAINT cache_pkey PRIMARY KEY,
    model text NOT NULL,
    answer text NOT NULL,
    finish_reason text,
    input_tokens bigint,
    cached_input_tokens bigint,
    cache_write_tokens bigint,
    output_tokens bigint,
    reasoning_tokens bigint,
    cost numeric,
    call_id bigint NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz,
    last_used date NOT NULL,
    hits bigint NOT NULL
) WITH (fillfactor = 90);
CREATE INDEX cache_last_used_idx ON ai_router.cache (last_used);
CREATE INDEX cache_expires_at_idx ON ai_router.cache (expires_at) WHERE expires_at IS NOT NULL;
COMMENT ON TABLE ai_router.cache IS
'answers that were paid for, by a digest of all that they depend on; kept for ai_router.cache_retention after their last use; not dumped';
COMMENT ON COLUMN ai_router.cache.digest IS
'SHA-256 of database, server, endpoint, credential, model, parameters and prompt: what was asked cannot be read from it';
COMMENT ON COLUMN ai_router.cache.model IS 'name of the model in ai_router.models when it answered';
COMMENT ON COLUMN ai_router.cache.answer IS 'what it answered';
COMMENT ON COLUMN ai_router.cache.finish_reason IS 'why the answer ends where it does';
COMMENT ON COLUMN ai_router.cache.input_tokens IS 'of the call that bought it, NULL: unknown; likewise below';
COMMENT ON COLUMN ai_router.cache.cached_input_tokens IS 'of these, read from the provider''s cache';
COMMENT ON COLUMN ai_router.cache.cache_write_tokens IS 'of these, written to the provider''s cache';
COMMENT ON COLUMN ai_router.cache.output_tokens IS 'tokens of the answer, reasoning included';
COMMENT ON COLUMN ai_router.cache.reasoning_tokens IS 'of these, for reasoning';
COMMENT ON COLUMN ai_router.cache.cost IS 'USD, what it cost; NULL: price or tokens unknown';
COMMENT ON COLUMN ai_router.cache.call_id IS 'the call that bought it';
COMMENT ON COLUMN ai_router.cache.created_at IS 'when it was received';
COMMENT ON COLUMN ai_router.cache.expires_at IS 'given out until then (hint "cache_ttl"), NULL: for ever';
COMMENT ON COLUMN ai_router.cache.last_used IS
'day (UTC) on which it was received or given out last; behind by the uses of a time in which the spool was half full';
COMMENT ON COLUMN ai_router.cache.hits IS
'how often it was given out, at least: told with the first use of a day, then once a minute by sixteen or more, or by 1024; what was not told when it left shared memory is missing';
COMMENT ON INDEX ai_router.cache_last_used_idx IS 'for deleting what nobody used for long';
COMMENT ON INDEX ai_router.cache_expires_at_idx IS 'for deleting what has expired';

CREATE FUNCTION ai_router.cache_clear(model text DEFAULT NULL) RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_sql_cache_clear';
COMMENT ON FUNCTION ai_router.cache_clear(text) IS
'forgets the cached answers of this database, of one model (its name in ai_router.models) or of all, in shared memory and in ai_router.cache, whatever becomes of the transaction; returns how many there were';

CREATE FUNCTION ai_router.cache_counters(OUT entries bigint, OUT bytes bigint, OUT hits bigint,
    OUT misses bigint, OUT evictions bigint, OUT refused bigint)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_sql_cache_counters';
COMMENT ON FUNCTION ai_router.cache_counters() IS
'the row of ai_router.cache_stats';

CREATE VIEW ai_router.cache_stats AS SELECT * FROM ai_router.cache_counters();
COMMENT ON VIEW ai_router.cache_stats IS
'the cache of answers in shared memory, of all databases together: what it holds, and since the server started calls answered by it and not, answers that left to make room, and answers too large to keep';
