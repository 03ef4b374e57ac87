
-- What an administrator calls when something does not work.

CREATE FUNCTION ai_router.check(OUT severity text, OUT object text, OUT problem text, OUT hint text)
RETURNS SETOF record
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- Not everybody may see the setting; who may not is spared the check.
    IF EXISTS (SELECT FROM pg_settings s WHERE s.name = 'shared_preload_libraries'
                  AND s.setting !~ '(^|[, /"])ai_router("|,| |$)') THEN
        severity := 'error'; object := 'setting shared_preload_libraries';
        problem := 'the library is not preloaded: every call fails';
        hint := 'Add ai_router to shared_preload_libraries and restart the server.';
        RETURN NEXT;
        RETURN;
    END IF;

    RETURN QUERY
    WITH server AS (
        SELECT s.oid, s.srvname::text AS name, s.srvowner AS owner, s.srvacl AS acl,
               coalesce((SELECT jsonb_object_agg(o.option_name, o.option_value)
                           FROM pg_options_to_table(s.srvoptions) o), '{}') AS options
          FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
         WHERE w.fdwname = 'ai_router'
    ), model AS (
        SELECT m.*, s.name IS NOT NULL AS served, s.options ->> 'api' AS api
          FROM ai_router.models m LEFT JOIN server s ON s.name = m.server
    ), skipped AS MATERIALIZED (
        SELECT k.object, k.problem FROM ai_router.skipped() k
    ), rule AS (
        SELECT r.* FROM ai_router.rules r
         WHERE r.enabled AND NOT EXISTS (SELECT FROM skipped k WHERE k.object = format('rule "%s"', r.name))
    ), named AS (
        SELECT r.name AS rule, n.name, n.ord,
               EXISTS (SELECT FROM model m WHERE n.name IN (m.name, m.family)) AS exists,
               EXISTS (SELECT FROM model m WHERE n.name IN (m.name, m.family) AND m.enabled AND m.served) AS usable
          FROM rule r, unnest(r.models) WITH ORDINALITY n(name, ord)
    ), found(severity, object, problem, hint) AS (
        SELECT 'warning', 'setting ai_router.enabled', 'calls are switched off',
               'Use SET, ALTER DATABASE or ALTER SYSTEM to set ai_router.enabled to on.'
         WHERE NOT current_setting('ai_router.enabled', true)::boolean
    UNION ALL
        SELECT 'error', 'servers', 'there are none',
               'Use ai_router.add_provider(), or CREATE SERVER .. FOREIGN DATA WRAPPER ai_router.'
         WHERE NOT EXISTS (SELECT FROM server)
    UNION ALL
        SELECT 'error', 'models', CASE WHEN EXISTS (SELECT FROM model) THEN 'none is enabled' ELSE 'there are none' END,
               'Use ai_router.add_provider(), or insert or enable models in ai_router.models.'
         WHERE NOT EXISTS (SELECT FROM model m WHERE m.enabled)
    UNION ALL
        SELECT 'error', 'rules', CASE WHEN EXISTS (SELECT FROM ai_router.rules) THEN 'none is enabled' ELSE 'there are none' END,
               'Insert one into ai_router.rules: without condition and models it allows every model.'
         WHERE NOT EXISTS (SELECT FROM rule)
    UNION ALL
        SELECT 'error', k.object, 'it is ignored: ' || k.problem, 'Correct or delete it.'
          FROM skipped k

    UNION ALL -- servers
        SELECT CASE WHEN EXISTS (SELECT FROM model m WHERE m.server = s.name AND m.enabled) THEN 'error' ELSE 'warning' END,
               format('server "%s"', s.name), p.problem,
               format('Use CREATE or ALTER USER MAPPING FOR PUBLIC SERVER %I OPTIONS (api_key_file ''..'').', s.name)
          FROM server s, LATERAL (SELECT ai_router.credential_problem(s.name::name) AS problem) p
         WHERE p.problem IS NOT NULL
           AND NOT EXISTS (SELECT FROM skipped k WHERE k.object = format('server "%s"', s.name))
    UNION ALL
        SELECT 'warning', format('server "%s"', s.name), 'it may send keys and prompts unencrypted',
               format('Use ALTER SERVER %I OPTIONS (SET base_url ''https://..'', DROP allow_insecure).', s.name)
          FROM server s
         WHERE s.options ->> 'base_url' ~* '^http:' AND lower(s.options ->> 'allow_insecure') IN ('true', 'on', 'yes', '1')
           AND s.options ->> 'base_url' !~* '^http://(localhost|127[.][0-9.]+|\[::1\])(:|/|$)'
    UNION ALL
        SELECT 'notice', format('server "%s"', s.name), 'only its owner and superusers may use it',
               format('Use GRANT USAGE ON FOREIGN SERVER %I TO ..', s.name)
          FROM server s
         WHERE NOT EXISTS (SELECT FROM aclexplode(s.acl) a WHERE a.privilege_type = 'USAGE' AND a.grantee <> s.owner)
    UNION ALL
        SELECT 'warning', format('server "%s"', s.name), 'no model belongs to it',
               'Insert its models into ai_router.models.'
          FROM server s
         WHERE NOT EXISTS (SELECT FROM model m WHERE m.server = s.name)

    UNION ALL -- models
        SELECT CASE WHEN m.enabled THEN 'error' ELSE 'notice' END,
               format('model "%s"', m.name), format('there is no server "%s" of ai_router', m.server),
               'Create the server, or update column server; ALTER SERVER .. RENAME does not.'
          FROM model m
         WHERE NOT m.served
    UNION ALL
        SELECT 'error', format('model "%s"', m.name),
               format('its price is unknown, so budget "%s" refuses it', b.name),
               'Set input_price and output_price in ai_router.models.'
          FROM model m JOIN ai_router.budgets b ON b.hard AND (b.model IS NULL OR b.model IN (m.name, m.family))
         WHERE m.enabled AND m.served AND m.api <> 'fixture'
           AND (m.input_price IS NULL OR (m.mode = 'chat' AND m.output_price IS NULL))
    UNION ALL
        SELECT 'warning', format('model "%s"', m.name),
               format('its provider retires it on %s', to_char(k.deprecates, 'YYYY-MM-DD')),
               'Replace it in ai_router.rules, or disable it.'
          FROM model m JOIN ai_router.catalogue k ON k.model = m.model AND k.api = m.api
         WHERE m.enabled AND k.deprecates < current_date + 60
    UNION ALL
        SELECT 'warning', format('model "%s"', m.name), 'no fixture answers for it',
               'Insert one into ai_router.fixtures.'
          FROM model m
         WHERE m.enabled AND m.api = 'fixture'
           AND NOT EXISTS (SELECT FROM ai_router.fixtures f WHERE f.model IS NULL OR f.model = m.name)

    UNION ALL -- rules
        SELECT CASE WHEN bool_or(n.usable) THEN 'warning' ELSE 'error' END, format('rule "%s"', n.rule),
               format('no usable model answers to %s', string_agg(format('"%s"', n.name), ', ' ORDER BY n.ord) FILTER (WHERE NOT n.usable)),
               CASE WHEN bool_and(n.exists) THEN 'Enable the model, and create its server.'
                    ELSE 'Insert the model into ai_router.models, or update the rule.' END
          FROM named n
         GROUP BY n.rule
        HAVING NOT bool_and(n.usable)
    UNION ALL
        SELECT 'warning', format('rule "%s"', r.name),
               format('it is never reached: rule "%s" comes first and has no condition', f.name),
               'Give it a lower priority, or give the other rule a condition.'
          FROM rule r,
               LATERAL (SELECT f.name FROM rule f
                         WHERE f.condition IS NULL AND (f.priority, f.name COLLATE "C") < (r.priority, r.name COLLATE "C")
                         ORDER BY f.priority, f.name COLLATE "C" LIMIT 1) f
    UNION ALL
        SELECT 'error', format('rule "%s"', r.name),
               format('there is no function %s(text, text) that returns boolean: no answer is accepted before the last model''s', r.options ->> 'check'),
               'Create it, or correct option "check" of the rule.'
          FROM rule r
         WHERE r.strategy = 'cascade' AND r.options ->> 'check' IS NOT NULL
           AND ai_router.check_function(r.options ->> 'check') IS NULL
    UNION ALL
        SELECT 'error', format('rule "%s"', r.name),
               format('its verifier "%s" is no enabled model: no answer is accepted before the last model''s', r.options ->> 'verifier'),
               'Insert or enable it in ai_router.models, or correct option "verifier" of the rule.'
          FROM rule r
         WHERE r.strategy = 'cascade' AND r.options ->> 'verifier' IS NOT NULL
           AND NOT EXISTS (SELECT FROM model m WHERE m.name = r.options ->> 'verifier' AND m.enabled AND m.served)
    UNION ALL
        SELECT 'warning', format('rule "%s"', r.name),
               format('its threshold never accepts an answer of %s: without the capability logprobs confidence is not known',
                      string_agg(format('"%s"', m.name), ', ' ORDER BY m.name COLLATE "C")),
               'Add logprobs to capabilities in ai_router.models where the provider has them, or drop option "threshold" of the rule.'
          FROM rule r JOIN named n ON n.rule = r.name AND n.ord < cardinality(r.models)
               JOIN model m ON n.name IN (m.name, m.family)
         WHERE r.strategy = 'cascade' AND r.options ->> 'threshold' IS NOT NULL AND m.enabled AND m.served
           AND NOT 'logprobs' = ANY (m.capabilities)
         GROUP BY r.name
    UNION ALL
        SELECT 'notice', format('rule "%s"', r.name),
               'its cascade demands nothing of answers: only those that fail the function''s own checks go to the next model',
               'Set option threshold, check or verifier of the rule.'
          FROM rule r
         WHERE r.strategy = 'cascade' AND NOT coalesce(r.options, '{}') ?| ARRAY['threshold', 'check', 'verifier']
    UNION ALL
        SELECT 'notice', 'rules', 'each has a condition: a call that meets none fails',
               'Insert a last rule without condition.'
         WHERE EXISTS (SELECT FROM rule) AND NOT EXISTS (SELECT FROM rule r WHERE r.condition IS NULL)
    UNION ALL
        SELECT 'notice', 'models', format('%s share the lowest rank: the first by name is preferred',
                                          string_agg(format('"%s"', t.name), ', ' ORDER BY t.name COLLATE "C")),
               'Update column rank of ai_router.models, or name models in the rules.'
          FROM (SELECT m.name, m.rank, min(m.rank) OVER () AS lowest
                  FROM model m WHERE m.enabled AND m.served AND m.mode = 'chat') t
         WHERE t.rank = t.lowest AND EXISTS (SELECT FROM rule r WHERE r.models IS NULL AND r.strategy IS NULL)
        HAVING count(*) > 1

    UNION ALL -- budgets
        SELECT 'warning', format('budget "%s"', b.name), format('there is no role "%s"', b.role),
               'Update the budget: it limits nobody.'
          FROM ai_router.budgets b
         WHERE b.role IS NOT NULL AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = b.role)
    UNION ALL
        SELECT 'warning', format('budget "%s"', b.name), format('there is no model or family "%s"', b.model),
               'Update the budget: it limits nothing.'
          FROM ai_router.budgets b
         WHERE b.model IS NOT NULL AND NOT EXISTS (SELECT FROM model m WHERE b.model IN (m.name, m.family))
    )
    SELECT f.severity, f.object, f.problem, f.hint
      FROM found f
     ORDER BY array_position(ARRAY['error', 'warning', 'notice'], f.severity), f.object COLLATE "C", f.problem COLLATE "C";
END
$$;
COMMENT ON FUNCTION ai_router.check() IS
'everything that cannot work, or not as intended, with what to do about it; no rows: all is well';
