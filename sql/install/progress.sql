
-- Statements that call AI now: from shared memory, nothing of it stored.

CREATE FUNCTION ai_router.running(OUT pid integer, OUT database oid, OUT role oid, OUT query_id bigint,
    OUT started_at timestamptz, OUT calls bigint, OUT in_flight integer, OUT done bigint, OUT cached bigint,
    OUT joined bigint, OUT failed bigint, OUT spent numeric, OUT reserved numeric,
    OUT done_per_second double precision, OUT rows_done bigint, OUT rows_expected bigint, OUT time_left interval)
RETURNS SETOF record
LANGUAGE c VOLATILE PARALLEL SAFE ROWS 10
AS 'MODULE_PATHNAME', 'air_sql_progress';
COMMENT ON FUNCTION ai_router.running() IS 'what view ai_router.progress shows: the statements that the current role may see';

CREATE VIEW ai_router.progress AS
SELECT r.pid, d.datname AS database, a.rolname AS role, r.query_id, r.started_at, r.calls, r.in_flight,
       r.done, r.cached, r.joined, r.failed, r.spent, r.reserved, r.done_per_second,
       r.rows_done, r.rows_expected, r.time_left
  FROM ai_router.running() r
  LEFT JOIN pg_catalog.pg_database d ON d.oid OPERATOR(pg_catalog.=) r.database
  LEFT JOIN pg_catalog.pg_roles a ON a.oid OPERATOR(pg_catalog.=) r.role;
COMMENT ON VIEW ai_router.progress IS
'statements of all databases that call AI now, one row per session, from the first call to the statement''s end; a role sees its own, pg_read_all_stats all';
COMMENT ON COLUMN ai_router.progress.pid IS 'the session: as in pg_stat_activity';
COMMENT ON COLUMN ai_router.progress.role IS 'who runs the statement, after SET ROLE';
COMMENT ON COLUMN ai_router.progress.query_id IS 'as in pg_stat_statements; NULL: compute_query_id is off';
COMMENT ON COLUMN ai_router.progress.started_at IS 'the statement''s start';
COMMENT ON COLUMN ai_router.progress.calls IS 'calls that went to a provider: what ai_router.max_statement_calls limits';
COMMENT ON COLUMN ai_router.progress.in_flight IS 'requests that are under way';
COMMENT ON COLUMN ai_router.progress.done IS 'calls that have ended, whichever way';
COMMENT ON COLUMN ai_router.progress.cached IS 'of these: answered from the cache';
COMMENT ON COLUMN ai_router.progress.joined IS 'of these: got the answer of an equal call that was under way';
COMMENT ON COLUMN ai_router.progress.failed IS 'of these: without an answer';
COMMENT ON COLUMN ai_router.progress.spent IS 'USD so far, retries included, calls of unknown price not';
COMMENT ON COLUMN ai_router.progress.reserved IS 'USD that what is in flight may cost at most: with spent within ai_router.max_statement_cost';
COMMENT ON COLUMN ai_router.progress.done_per_second IS 'calls that have ended per second since the first';
COMMENT ON COLUMN ai_router.progress.rows_done IS 'rows that the statement''s AI Batch node has given; NULL: it has none';
COMMENT ON COLUMN ai_router.progress.rows_expected IS 'as many as the planner estimated';
COMMENT ON COLUMN ai_router.progress.time_left IS 'until then at the rate since the first call; NULL: unknown';
