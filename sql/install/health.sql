
-- What all sessions know about models: from shared memory, nothing of it stored.

CREATE FUNCTION ai_router.health(OUT model text, OUT provider text, OUT breaker text, OUT in_flight integer,
    OUT latency_p50_ms double precision, OUT latency_p95_ms double precision, OUT error_rate double precision,
    OUT requests bigint, OUT failures bigint, OUT cool_down_until timestamptz,
    OUT rpm_room double precision, OUT tpm_room double precision)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'air_sql_health';
COMMENT ON FUNCTION ai_router.health() IS 'what view ai_router.model_health shows';

CREATE VIEW ai_router.model_health AS SELECT * FROM ai_router.health();
COMMENT ON VIEW ai_router.model_health IS
'health of each model that was called since the server started, by all sessions of all databases: one row per endpoint, credential and model';
COMMENT ON COLUMN ai_router.model_health.model IS 'its name in ai_router.models, as who called it first had it';
COMMENT ON COLUMN ai_router.model_health.provider IS 'its server, likewise';
COMMENT ON COLUMN ai_router.model_health.breaker IS 'closed: calls go there; open: none does; half-open: one does, as a probe';
COMMENT ON COLUMN ai_router.model_health.in_flight IS 'requests under way in all sessions';
COMMENT ON COLUMN ai_router.model_health.latency_p50_ms IS 'half of the recent answers came faster';
COMMENT ON COLUMN ai_router.model_health.latency_p95_ms IS '95 of 100 recent answers came faster';
COMMENT ON COLUMN ai_router.model_health.error_rate IS 'share of failures among the last 20 or so requests, 0 to 1';
COMMENT ON COLUMN ai_router.model_health.requests IS 'requests started since the server started or health_reset()';
COMMENT ON COLUMN ai_router.model_health.failures IS 'requests without a usable reply: errors of the provider, time-outs, broken connections';
COMMENT ON COLUMN ai_router.model_health.cool_down_until IS 'no request before: the breaker''s cool-down or what the provider asked for';
COMMENT ON COLUMN ai_router.model_health.rpm_room IS 'requests that its rpm lets start at once';
COMMENT ON COLUMN ai_router.model_health.tpm_room IS 'tokens that its tpm lets through at once';

CREATE FUNCTION ai_router.health_reset() RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_sql_health_reset';
COMMENT ON FUNCTION ai_router.health_reset() IS
'closes all breakers, ends cool-downs, forgets latencies and counts; requests in flight stay counted';
