
-- Cascades: what audits found, what it says of the threshold, and what cascades came to.

SET LOCAL search_path = pg_catalog, pg_temp;

CREATE TABLE ai_router.audits (
    call_id bigint NOT NULL,
    at timestamptz NOT NULL,
    rule text,
    function text,
    model text,
    confidence double precision,
    outcome text,
    audited_by text,
    agreed boolean NOT NULL,
    share double precision NOT NULL
);
CREATE INDEX audits_at_idx ON ai_router.audits (at);
CREATE INDEX audits_rule_idx ON ai_router.audits (rule, at);
COMMENT ON TABLE ai_router.audits IS
'answers of cascades beside that of the last model, for a share of the inputs (option "audit" of the rule), kept like ai_router.calls';
COMMENT ON COLUMN ai_router.audits.call_id IS 'the call';
COMMENT ON COLUMN ai_router.audits.at IS 'when they were compared';
COMMENT ON COLUMN ai_router.audits.rule IS 'rule that decided';
COMMENT ON COLUMN ai_router.audits.function IS 'SQL function that was called';
COMMENT ON COLUMN ai_router.audits.model IS 'model whose answer it was';
COMMENT ON COLUMN ai_router.audits.confidence IS 'probability of that answer''s tokens; NULL: unknown';
COMMENT ON COLUMN ai_router.audits.outcome IS 'accepted, or why it was not: low confidence, check, verifier, not verified';
COMMENT ON COLUMN ai_router.audits.audited_by IS 'the last model';
COMMENT ON COLUMN ai_router.audits.agreed IS 'whether the last model said the same';
COMMENT ON COLUMN ai_router.audits.share IS 'share of the inputs that was audited';
COMMENT ON INDEX ai_router.audits_at_idx IS 'for those that are old enough to go';
COMMENT ON INDEX ai_router.audits_rule_idx IS 'audits of a rule';
ALTER TABLE ai_router.audits REPLICA IDENTITY FULL;
SELECT pg_extension_config_dump('ai_router.audits', '');

CREATE FUNCTION ai_router.calibrate(
    rule text, apply boolean DEFAULT false,
    OUT threshold double precision, OUT agreement double precision, OUT lower_bound double precision,
    OUT audited bigint, OUT escalation_rate double precision)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE ROWS 1
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    named ai_router.rules;
    target double precision;
    z CONSTANT double precision := 1.959964; -- one-sided 97.5 %
    needed bigint;
    judge text;
BEGIN
    SELECT r.* INTO named FROM ai_router.rules r WHERE r.name = calibrate.rule;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no rule "%"', calibrate.rule
            USING ERRCODE = 'undefined_object', HINT = 'See ai_router.rules.';
    END IF;
    target := coalesce((named.options ->> 'target')::double precision, 0.95);
    IF target >= 1 THEN
        RAISE EXCEPTION 'no number of audits can show that models always agree'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Set option "target" of the rule below 1.';
    END IF;
    -- Agreement with a model that is not the last one any more says nothing.
    SELECT a.audited_by INTO judge FROM ai_router.audits a
     WHERE a.rule = calibrate.rule ORDER BY a.at DESC LIMIT 1;

    -- What check or verifier turned down is not accepted at any threshold.
    SELECT s.t, s.share, s.bound, s.n, 1 - s.n::double precision / s.total
      INTO threshold, agreement, lower_bound, audited, escalation_rate
      FROM (SELECT x.t, x.n, x.share, x.total,
                   (x.share + z * z / (2 * x.n) - z * sqrt((x.share * (1 - x.share) + z * z / (4 * x.n)) / x.n))
                   / (1 + z * z / x.n) AS bound
              FROM (SELECT DISTINCT ON (w.t) w.t, w.n, w.good::double precision / w.n AS share, w.total
                      FROM (SELECT trunc(a.confidence::numeric, 6)::double precision AS t,
                                   count(*) OVER down AS n,
                                   count(*) FILTER (WHERE a.agreed) OVER down AS good,
                                   count(*) OVER () AS total
                              FROM ai_router.audits a
                             WHERE a.rule = calibrate.rule AND a.confidence IS NOT NULL AND a.audited_by = judge
                               AND a.outcome IN ('accepted', 'low confidence')
                               AND (named.models IS NULL OR a.model = ANY (named.models)
                                    OR EXISTS (SELECT FROM ai_router.models m
                                                WHERE m.name = a.model AND m.family = ANY (named.models)))
                            WINDOW down AS (ORDER BY trunc(a.confidence::numeric, 6) DESC)) w
                   ) x
           ) s
     WHERE s.bound >= target
     ORDER BY s.t LIMIT 1;
    IF FOUND THEN
        IF apply THEN
            UPDATE ai_router.rules r
               SET options = coalesce(r.options, '{}') || jsonb_build_object('threshold', threshold)
             WHERE r.name = calibrate.rule;
        END IF;
        RETURN NEXT;
        RETURN;
    END IF;

    -- Nothing changes.
    SELECT avg(a.agreed::integer), count(*) INTO agreement, audited
      FROM ai_router.audits a
     WHERE a.rule = calibrate.rule AND a.confidence IS NOT NULL AND a.audited_by = judge
       AND a.outcome IN ('accepted', 'low confidence');
    needed := ceil(target / (1 - target) * z * z);
    RAISE NOTICE 'not enough evidence for a threshold of rule "%": nothing changes', calibrate.rule
        USING DETAIL = format('%s answers with a confidence were audited; an agreement of %s takes at least %s whose confidence is high and which agree.',
                              audited, target, needed),
              HINT = 'Set option "audit" of the rule to a share such as 0.1, and see ai_router.audits.';
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION ai_router.calibrate(text, boolean) IS
'the least threshold of a cascade at which its answers agree with the last model as often as its option "target" wants, by audits and with a confidence bound; apply writes it into the rule. Without enough evidence nothing changes';

-- As in ai_router.usage, but whole rules: the models of a cascade belong together.
CREATE VIEW ai_router.cascades WITH (security_barrier) AS
    SELECT (at AT TIME ZONE 'UTC')::date AS day, role, rule,
           count(*) AS calls,
           count(*) FILTER (WHERE escalations > 0) AS escalated,
           round(count(*) FILTER (WHERE escalations > 0)::numeric / count(*), 4) AS escalation_rate,
           sum(cost) AS cost,
           sum(last_cost) FILTER (WHERE cost IS NOT NULL) AS last_cost,
           sum(last_cost - cost) AS saved
      FROM ai_router.calls
     WHERE escalations IS NOT NULL
       AND ((SELECT pg_has_role('pg_monitor', 'usage'))
            OR (role_id, role) IN (SELECT r.oid, r.rolname FROM pg_roles r WHERE pg_has_role(r.oid, 'usage')))
     GROUP BY 1, 2, 3;
COMMENT ON VIEW ai_router.cascades IS
'what cascades came to, by day (UTC), role and rule; a role sees its own, pg_monitor everybody''s';
COMMENT ON COLUMN ai_router.cascades.calls IS 'calls that reached a provider';
COMMENT ON COLUMN ai_router.cascades.escalated IS 'of these, where an answer was not accepted and another model was asked';
COMMENT ON COLUMN ai_router.cascades.escalation_rate IS 'escalated as a share of calls';
COMMENT ON COLUMN ai_router.cascades.cost IS 'USD spent, audits and verifiers included';
COMMENT ON COLUMN ai_router.cascades.last_cost IS 'USD that the answers'' tokens cost at the last model alone';
COMMENT ON COLUMN ai_router.cascades.saved IS 'last_cost less cost, where both are known';
