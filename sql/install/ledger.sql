
-- What was done: the ledger, written by a background worker.
--
-- Ids are not unique by constraint: rows restored from another cluster's dump
-- have that cluster's, and must not keep new calls from being written.

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE TABLE ai_router.calls (
    call_id bigint NOT NULL,
    at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    role_id oid NOT NULL,
    role name NOT NULL,
    function text,
    task text,
    tags jsonb,
    rule text,
    model text,
    family text,
    provider text,
    status text NOT NULL,
    sqlstate text,
    error text,
    finish_reason text,
    attempts integer NOT NULL,
    escalations integer,
    escalated_for text,
    input_tokens bigint,
    cached_input_tokens bigint,
    cache_write_tokens bigint,
    output_tokens bigint,
    reasoning_tokens bigint,
    cost numeric,
    last_cost numeric,
    latency_ms double precision,
    application text,
    query_id bigint,
    pid integer,
    sent_with bigint,
    prompt text,
    answer text,
    features bytea,
    propensity double precision
);
CREATE INDEX calls_call_id_idx ON ai_router.calls (call_id);
CREATE INDEX calls_at_idx ON ai_router.calls (at);
-- Days are few: without it the planner sorts all calls for ai_router.usage.
CREATE STATISTICS ai_router.calls_day ON ((at AT TIME ZONE 'UTC')::date) FROM ai_router.calls;
COMMENT ON STATISTICS ai_router.calls_day IS 'how many days there are: for ai_router.usage';
COMMENT ON TABLE ai_router.calls IS
'one row per call that reached a provider, failed and rolled-back ones too, within a second of its end and for ai_router.log_retention; a role sees its own';
COMMENT ON COLUMN ai_router.calls.call_id IS 'what ai_call() and ai_last_call_id() tell';
COMMENT ON COLUMN ai_router.calls.at IS 'when its first attempt began';
COMMENT ON COLUMN ai_router.calls.finished_at IS 'when it ended';
COMMENT ON COLUMN ai_router.calls.role_id IS 'oid of the role that called';
COMMENT ON COLUMN ai_router.calls.role IS 'name of that role at the time';
COMMENT ON COLUMN ai_router.calls.function IS 'SQL function that was called';
COMMENT ON COLUMN ai_router.calls.task IS 'hint "task"';
COMMENT ON COLUMN ai_router.calls.tags IS 'hint "tags"';
COMMENT ON COLUMN ai_router.calls.rule IS 'rule that decided';
COMMENT ON COLUMN ai_router.calls.model IS 'model that was tried last: the one that answered, if status is ok';
COMMENT ON COLUMN ai_router.calls.family IS 'family of the model';
COMMENT ON COLUMN ai_router.calls.provider IS 'server of the model';
COMMENT ON COLUMN ai_router.calls.status IS 'ok or error';
COMMENT ON COLUMN ai_router.calls.sqlstate IS 'of an error; 57014: nobody waited for it any more';
COMMENT ON COLUMN ai_router.calls.error IS 'what went wrong, without secrets';
COMMENT ON COLUMN ai_router.calls.finish_reason IS 'why the answer ends where it does';
COMMENT ON COLUMN ai_router.calls.attempts IS 'HTTP exchanges that it was part of, one row of ai_router.attempts each';
COMMENT ON COLUMN ai_router.calls.escalations IS 'strategy cascade: answers that were not accepted before the one that was; NULL: no cascade';
COMMENT ON COLUMN ai_router.calls.escalated_for IS 'why they were not: unusable, low confidence, check, verifier, not verified';
COMMENT ON COLUMN ai_router.calls.input_tokens IS 'of all attempts that reported them, cached ones included; NULL: none did';
COMMENT ON COLUMN ai_router.calls.cached_input_tokens IS 'of these, read from the provider''s cache';
COMMENT ON COLUMN ai_router.calls.cache_write_tokens IS 'of these, written to the provider''s cache';
COMMENT ON COLUMN ai_router.calls.output_tokens IS 'of all attempts, reasoning included';
COMMENT ON COLUMN ai_router.calls.reasoning_tokens IS 'of these, for reasoning';
COMMENT ON COLUMN ai_router.calls.cost IS 'USD; NULL: price or tokens unknown';
COMMENT ON COLUMN ai_router.calls.last_cost IS 'strategy cascade: USD that the tokens of the answer cost at the last model; NULL: no cascade, or not known';
COMMENT ON COLUMN ai_router.calls.latency_ms IS 'from the first attempt''s begin to the end';
COMMENT ON COLUMN ai_router.calls.application IS 'application_name of the session';
COMMENT ON COLUMN ai_router.calls.query_id IS 'joins pg_stat_statements.queryid';
COMMENT ON COLUMN ai_router.calls.pid IS 'process id of the session';
COMMENT ON COLUMN ai_router.calls.sent_with IS 'the call under which ai_router.attempts has its last exchange, where several shared one; NULL: itself';
COMMENT ON COLUMN ai_router.calls.prompt IS 'what was asked, if ai_router.log_prompts was on';
COMMENT ON COLUMN ai_router.calls.answer IS 'the answer, if ai_router.log_prompts was on';
COMMENT ON COLUMN ai_router.calls.features IS 'what learning sees of the prompt, if ai_router.log_features was on; see ai_router.prompt_features()';
COMMENT ON COLUMN ai_router.calls.propensity IS 'strategy learned: how probable it was that this model was asked first';

CREATE TABLE ai_router.attempts (
    call_id bigint NOT NULL,
    attempt integer NOT NULL,
    calls integer,
    at timestamptz NOT NULL,
    role_id oid NOT NULL,
    role name NOT NULL,
    model text,
    provider text,
    http_status integer,
    sqlstate text,
    request_id text,
    latency_ms double precision,
    input_tokens bigint,
    output_tokens bigint,
    cost numeric,
    retry_after double precision,
    error text
);
CREATE INDEX attempts_call_id_idx ON ai_router.attempts (call_id);
CREATE INDEX attempts_at_idx ON ai_router.attempts (at);
COMMENT ON TABLE ai_router.attempts IS 'one row per HTTP exchange, kept like ai_router.calls';
COMMENT ON COLUMN ai_router.attempts.call_id IS 'the call, or the first of several that shared the exchange';
COMMENT ON COLUMN ai_router.attempts.calls IS 'how many calls shared it; tokens and cost are those of all';
COMMENT ON COLUMN ai_router.attempts.attempt IS 'from 1';
COMMENT ON COLUMN ai_router.attempts.at IS 'when it began';
COMMENT ON COLUMN ai_router.attempts.role_id IS 'oid of the role that called';
COMMENT ON COLUMN ai_router.attempts.role IS 'name of that role at the time';
COMMENT ON COLUMN ai_router.attempts.model IS 'model that was asked';
COMMENT ON COLUMN ai_router.attempts.provider IS 'server of the model';
COMMENT ON COLUMN ai_router.attempts.http_status IS 'NULL: there was no HTTP answer';
COMMENT ON COLUMN ai_router.attempts.sqlstate IS 'of a failed attempt; 57014: given up';
COMMENT ON COLUMN ai_router.attempts.request_id IS 'the provider''s name for it';
COMMENT ON COLUMN ai_router.attempts.latency_ms IS 'how long it took';
COMMENT ON COLUMN ai_router.attempts.input_tokens IS 'that it reported';
COMMENT ON COLUMN ai_router.attempts.output_tokens IS 'that it reported';
COMMENT ON COLUMN ai_router.attempts.cost IS 'USD; NULL: price or tokens unknown';
COMMENT ON COLUMN ai_router.attempts.retry_after IS 'seconds that the provider asked to wait';
COMMENT ON COLUMN ai_router.attempts.error IS 'what went wrong, without secrets';

CREATE TABLE ai_router.hits (
    day date NOT NULL,
    role_id oid NOT NULL,
    role name NOT NULL,
    model text,
    rule text,
    task text,
    hits bigint NOT NULL,
    saved numeric
);
CREATE UNIQUE INDEX hits_idx ON ai_router.hits (day, role_id, role, model, rule, task) NULLS NOT DISTINCT;
COMMENT ON TABLE ai_router.hits IS
'calls that the cache answered, in sums by day (UTC), role, model, rule and task, kept like ai_router.calls; ai_router.usage shows them beside the calls';
COMMENT ON COLUMN ai_router.hits.day IS 'UTC';
COMMENT ON COLUMN ai_router.hits.role_id IS 'oid of the role that called';
COMMENT ON COLUMN ai_router.hits.role IS 'name of that role at the time';
COMMENT ON COLUMN ai_router.hits.model IS 'model whose answer it was';
COMMENT ON COLUMN ai_router.hits.rule IS 'rule that decided';
COMMENT ON COLUMN ai_router.hits.task IS 'hint "task"';
COMMENT ON COLUMN ai_router.hits.hits IS 'calls that the cache answered';
COMMENT ON COLUMN ai_router.hits.saved IS 'USD that the answers once cost, as far as it is known; NULL: not known of any';

CREATE TABLE ai_router.spool_mark (
    incarnation bigint NOT NULL PRIMARY KEY,
    seq bigint NOT NULL
);
COMMENT ON TABLE ai_router.spool_mark IS
'the last row that the background worker wrote, in the same transaction: nothing is written twice';
COMMENT ON COLUMN ai_router.spool_mark.incarnation IS 'which spool';
COMMENT ON COLUMN ai_router.spool_mark.seq IS 'number of the row in it';

-- A publication FOR ALL TABLES takes these in: without an identity it would forbid
-- the writer to move its mark and to delete old rows.
ALTER TABLE ai_router.calls REPLICA IDENTITY FULL;
ALTER TABLE ai_router.attempts REPLICA IDENTITY FULL;
ALTER TABLE ai_router.hits REPLICA IDENTITY FULL;

SELECT pg_extension_config_dump('ai_router.calls', '');
SELECT pg_extension_config_dump('ai_router.attempts', '');
SELECT pg_extension_config_dump('ai_router.hits', '');

-- A role reads its own.  Name and oid must both fit: after a restore elsewhere the
-- oid may be somebody else's, after DROP ROLE and CREATE ROLE the name.

ALTER TABLE ai_router.calls ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ai_router.calls FOR SELECT
    USING ((role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage')));
COMMENT ON POLICY own ON ai_router.calls IS 'a role reads its own calls, and those of roles whose rights it has';
ALTER TABLE ai_router.attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ai_router.attempts FOR SELECT
    USING ((role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage')));
COMMENT ON POLICY own ON ai_router.attempts IS 'a role reads its own calls, and those of roles whose rights it has';
ALTER TABLE ai_router.hits ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON ai_router.hits FOR SELECT
    USING ((role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage')));
COMMENT ON POLICY own ON ai_router.hits IS 'a role reads its own calls, and those of roles whose rights it has';

-- Numbers of everybody's calls: nothing that a prompt or an answer could be read from.
CREATE VIEW ai_router.all_calls WITH (security_barrier) AS
    SELECT call_id, at, finished_at, role_id, role, function, rule, model, family, provider, status, sqlstate,
           finish_reason, attempts, escalations, escalated_for, input_tokens, cached_input_tokens, cache_write_tokens,
           output_tokens, reasoning_tokens, cost, last_cost, latency_ms, query_id, pid, sent_with
      FROM ai_router.calls;
COMMENT ON VIEW ai_router.all_calls IS 'ai_router.calls of all roles, numbers only; for pg_monitor';
CREATE VIEW ai_router.all_attempts WITH (security_barrier) AS
    SELECT call_id, attempt, calls, at, role_id, role, model, provider, http_status, sqlstate, request_id, latency_ms,
           input_tokens, output_tokens, cost, retry_after
      FROM ai_router.attempts;
COMMENT ON VIEW ai_router.all_attempts IS 'ai_router.attempts of all roles, numbers only; for pg_monitor';

-- Calls are counted from their rows, cache hits from their sums.  Who may see is asked once, not per row.
CREATE VIEW ai_router.usage WITH (security_barrier) AS
    SELECT day, role, model, rule, task,
           sum(calls)::bigint AS calls,
           sum(hits)::bigint AS cached,
           sum(failed)::bigint AS failed,
           sum(attempts)::bigint AS attempts,
           CASE WHEN sum(calls) = 0 THEN 0 ELSE sum(input_tokens)::bigint END AS input_tokens,
           CASE WHEN sum(calls) = 0 THEN 0 ELSE sum(cached_input_tokens)::bigint END AS cached_input_tokens,
           CASE WHEN sum(calls) = 0 THEN 0 ELSE sum(output_tokens)::bigint END AS output_tokens,
           CASE WHEN sum(calls) = 0 THEN 0 ELSE sum(cost) END AS cost,
           CASE WHEN sum(hits) = 0 THEN 0 ELSE sum(saved) END AS saved,
           sum(cost_unknown)::bigint AS cost_unknown,
           sum(cascades)::bigint AS cascades,
           sum(escalated)::bigint AS escalated,
           round(sum(escalated)::numeric / nullif(sum(cascades), 0), 4) AS escalation_rate,
           sum(cascade_saved) AS cascade_saved
      FROM (SELECT (at AT TIME ZONE 'UTC')::date AS day, role, model, rule, task,
                   count(*) AS calls, 0 AS hits,
                   count(*) FILTER (WHERE status <> 'ok') AS failed,
                   sum(attempts) AS attempts, sum(input_tokens) AS input_tokens,
                   sum(cached_input_tokens) AS cached_input_tokens, sum(output_tokens) AS output_tokens,
                   sum(cost) AS cost, NULL::numeric AS saved,
                   count(*) FILTER (WHERE cost IS NULL) AS cost_unknown,
                   count(escalations) AS cascades, count(*) FILTER (WHERE escalations > 0) AS escalated,
                   sum(last_cost - cost) AS cascade_saved
              FROM ai_router.calls
             WHERE (SELECT pg_has_role('pg_monitor', 'usage'))
                OR (role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage'))
             GROUP BY 1, 2, 3, 4, 5
             UNION ALL
            SELECT day, role, model, rule, task, 0, hits, 0, 0, NULL, NULL, NULL, NULL, saved, 0, 0, 0, NULL
              FROM ai_router.hits
             WHERE (SELECT pg_has_role('pg_monitor', 'usage'))
                OR (role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage'))
           ) AS u
     GROUP BY 1, 2, 3, 4, 5;
COMMENT ON VIEW ai_router.usage IS
'calls, cache hits, tokens and money by day (UTC), role, model, rule and task; a role sees its own, pg_monitor everybody''s';
COMMENT ON COLUMN ai_router.usage.calls IS 'calls that reached a provider';
COMMENT ON COLUMN ai_router.usage.cached IS 'calls that the cache answered, those that waited for an equal call among them';
COMMENT ON COLUMN ai_router.usage.failed IS 'of calls, without an answer';
COMMENT ON COLUMN ai_router.usage.attempts IS 'HTTP exchanges of calls; one that several shared counts for each';
COMMENT ON COLUMN ai_router.usage.cached_input_tokens IS 'of input_tokens, read from the provider''s cache';
COMMENT ON COLUMN ai_router.usage.cost IS 'USD spent, as far as it is known';
COMMENT ON COLUMN ai_router.usage.saved IS 'USD that the cached answers once cost; NULL: not known of any';
COMMENT ON COLUMN ai_router.usage.cost_unknown IS 'calls whose cost is not known';
COMMENT ON COLUMN ai_router.usage.cascades IS 'of calls, those under a rule of strategy cascade';
COMMENT ON COLUMN ai_router.usage.escalated IS 'of these, where an answer was not accepted and another model was asked; see ai_router.cascades for whole rules';
COMMENT ON COLUMN ai_router.usage.escalation_rate IS 'escalated as a share of cascades';
COMMENT ON COLUMN ai_router.usage.cascade_saved IS 'USD that these answers'' tokens cost more at the last model than the cascade cost, less where it is negative; audits and verifiers are counted';

CREATE FUNCTION ai_router.counters(OUT name text, OUT value bigint) RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 20
AS 'MODULE_PATHNAME', 'air_counters';
COMMENT ON FUNCTION ai_router.counters() IS 'behind ai_router.stats';
CREATE FUNCTION ai_router.stats_reset() RETURNS void
LANGUAGE c VOLATILE
AS 'MODULE_PATHNAME', 'air_stats_reset_sql';
COMMENT ON FUNCTION ai_router.stats_reset() IS 'sets the counters of ai_router.stats to zero';

CREATE VIEW ai_router.stats AS SELECT name, value FROM ai_router.counters();
COMMENT ON VIEW ai_router.stats IS
'counters of all databases since the start of the server or ai_router.stats_reset(), and the size and fill of the spool; for pg_monitor';
