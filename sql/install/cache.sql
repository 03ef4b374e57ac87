
-- The cache of answers in shared memory: forget, and count.

CREATE FUNCTION ai_router.cache_clear(model text DEFAULT NULL) RETURNS bigint
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_sql_cache_clear';
COMMENT ON FUNCTION ai_router.cache_clear(text) IS
'forgets the cached answers of this database, of one model (its name in ai_router.models) or of all, and returns how many there were';

CREATE FUNCTION ai_router.cache_counters(OUT entries bigint, OUT bytes bigint, OUT hits bigint,
    OUT misses bigint, OUT evictions bigint, OUT refused bigint)
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_sql_cache_counters';
COMMENT ON FUNCTION ai_router.cache_counters() IS
'the row of ai_router.cache_stats';

CREATE VIEW ai_router.cache_stats AS SELECT * FROM ai_router.cache_counters();
COMMENT ON VIEW ai_router.cache_stats IS
'the cache of answers in shared memory, of all databases together: what it holds, and since the server started calls answered by it and not, answers that left to make room, and answers too large to keep';
