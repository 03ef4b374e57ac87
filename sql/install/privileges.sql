
-- Who may do what.  Taken away before it is given, so that default privileges
-- of the database change nothing.  Grants on servers, not these, decide which
-- providers a role may use.

REVOKE ALL ON SCHEMA ai_router FROM PUBLIC;
GRANT USAGE ON SCHEMA ai_router TO PUBLIC;

REVOKE ALL ON FOREIGN DATA WRAPPER ai_router FROM PUBLIC;

REVOKE ALL ON ALL TABLES IN SCHEMA ai_router FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA ai_router FROM PUBLIC;
GRANT SELECT ON ai_router.catalogue, ai_router.models, ai_router.rules, ai_router.prompts TO PUBLIC;
-- Row level security shows a role its own calls only.
GRANT SELECT ON ai_router.calls, ai_router.attempts, ai_router.hits, ai_router.usage TO PUBLIC;
GRANT SELECT ON ai_router.cascades TO PUBLIC;
-- Numbers of everybody's calls.
GRANT SELECT ON ai_router.audits TO pg_monitor;
GRANT SELECT ON ai_router.all_calls, ai_router.all_attempts, ai_router.stats TO pg_monitor;

REVOKE ALL ON ALL ROUTINES IN SCHEMA ai_router FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ai_router.counters() TO pg_monitor;
-- What triggers call runs as whoever changes a row.
GRANT EXECUTE ON FUNCTION
    ai_router.check_condition(jsonpath),
    ai_router.check_hints(jsonb, text),
    ai_router.check_strategy(text),
    ai_router.check_options(jsonb, text),
    ai_router.prompt_features(text),
    ai_router.check_function(text),
    ai_router.unknown_name(text, text, boolean)
TO PUBLIC;
-- Numbers only.
GRANT EXECUTE ON FUNCTION ai_router.cache_counters() TO pg_monitor;
GRANT SELECT ON ai_router.cache_stats TO pg_monitor;

-- Numbers are for those who watch.  A view's functions are its reader's to call.
GRANT SELECT ON ai_router.model_health TO pg_monitor;
GRANT EXECUTE ON FUNCTION ai_router.health() TO pg_monitor;
GRANT SELECT ON ai_router.spending TO pg_monitor;
GRANT EXECUTE ON FUNCTION ai_router.budget_state() TO pg_monitor;
-- Arithmetic.
GRANT EXECUTE ON FUNCTION ai_router.period(text, timestamptz) TO PUBLIC;

-- Each sees what pg_stat_activity would show it.
GRANT SELECT ON ai_router.progress TO PUBLIC;
GRANT EXECUTE ON FUNCTION ai_router.running() TO PUBLIC;

-- What the planner makes of ai_agg and ai_summarize_agg, which check the right to those.
GRANT EXECUTE ON FUNCTION
    ai_router.collect_ai_agg(text, text), ai_router.collect_ai_agg(text, text, jsonb),
    ai_router.collect_ai_summarize_agg(text), ai_router.collect_ai_summarize_agg(text, jsonb),
    ai_router.finish_ai_agg(jsonb, regprocedure, jsonb), ai_router.finish_ai_summarize_agg(jsonb, regprocedure, jsonb)
TO PUBLIC;

-- The functions in the target schema are for everybody.
DO $$
DECLARE
    f record;
BEGIN
    FOR f IN
        SELECT p.oid::pg_catalog.regprocedure::text AS signature
          FROM pg_catalog.pg_depend d
          JOIN pg_catalog.pg_extension e ON e.oid OPERATOR(pg_catalog.=) d.refobjid
          JOIN pg_catalog.pg_proc p ON p.oid OPERATOR(pg_catalog.=) d.objid
          JOIN pg_catalog.pg_namespace n ON n.oid OPERATOR(pg_catalog.=) p.pronamespace
         WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_extension'::pg_catalog.regclass
           AND d.classid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass
           AND d.deptype OPERATOR(pg_catalog.=) 'e'
           AND e.extname OPERATOR(pg_catalog.=) 'ai_router'
           AND n.nspname OPERATOR(pg_catalog.<>) 'ai_router'
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON ROUTINE %1$s FROM PUBLIC; GRANT EXECUTE ON ROUTINE %1$s TO PUBLIC', f.signature);
    END LOOP;
END
$$;
