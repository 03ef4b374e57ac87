
-- Checks that constraints cannot make, with messages that say what to do.
--
-- Names in other tables and catalogs are checked when a user writes them, not
-- kept true afterwards: routing skips what is missing and check() lists it.
-- pg_dump switches check_function_bodies off: while restoring, the order in
-- which rows arrive is nobody's fault, and names are only warned about.

CREATE FUNCTION ai_router.unknown_name(message text, hint text, of_model boolean) RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('check_function_bodies')::boolean THEN
        RAISE EXCEPTION USING MESSAGE = message, HINT = hint, ERRCODE = 'undefined_object';
    END IF;
    -- Budgets and fixtures come before models in the alphabet, and in dumps.
    IF of_model AND NOT EXISTS (SELECT FROM ai_router.models) THEN
        RETURN;
    END IF;
    RAISE WARNING USING MESSAGE = message, HINT = hint, ERRCODE = 'undefined_object';
END
$$;
COMMENT ON FUNCTION ai_router.unknown_name(text, text, boolean) IS
'raises an error about a name that nothing answers to; while restoring a dump, a warning, and none about models before these are restored';

CREATE FUNCTION ai_router.models_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    tier jsonb;
    key text;
    wrapper name;
BEGIN
    NEW.model := coalesce(NEW.model, NEW.name);

    IF jsonb_typeof(NEW.price_tiers) <> 'array' THEN
        RAISE EXCEPTION 'price_tiers of model "%" is no JSON array', NEW.name
            USING ERRCODE = 'check_violation',
                  HINT = 'It looks like [{"above": 200000, "input": 5, "output": 22.5}].';
    END IF;
    FOR tier IN SELECT * FROM jsonb_array_elements(NEW.price_tiers) LOOP
        FOREACH key IN ARRAY ARRAY['above', 'input', 'output'] LOOP
            IF jsonb_typeof(tier) <> 'object' OR jsonb_typeof(tier -> key) IS DISTINCT FROM 'number'
               OR (tier ->> key)::numeric NOT BETWEEN 0 AND 1000000000 THEN
                RAISE EXCEPTION 'price_tiers of model "%" has a tier without a valid number "%"', NEW.name, key
                    USING ERRCODE = 'check_violation',
                          HINT = 'It looks like [{"above": 200000, "input": 5, "output": 22.5}].';
            END IF;
        END LOOP;
    END LOOP;

    IF TG_OP = 'INSERT' OR NEW.server IS DISTINCT FROM OLD.server THEN
        SELECT w.fdwname INTO wrapper
          FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
         WHERE s.srvname = NEW.server;
        IF wrapper IS NULL AND NEW.server IS NOT NULL THEN
            PERFORM ai_router.unknown_name(
                format('there is no server "%s" for model "%s"', NEW.server, NEW.name),
                format('Use CREATE SERVER %I FOREIGN DATA WRAPPER ai_router OPTIONS (api ''..''), or ai_router.add_provider().', NEW.server), false);
        ELSIF wrapper <> 'ai_router' THEN
            PERFORM ai_router.unknown_name(
                format('server "%s" of model "%s" is no server of ai_router', NEW.server, NEW.name),
                format('It belongs to foreign data wrapper %I.', wrapper), false);
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ai_router.models_check() IS 'trigger function: checks a row of ai_router.models';

CREATE FUNCTION ai_router.rules_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    missing text;
BEGIN
    PERFORM ai_router.check_condition(NEW.condition);
    PERFORM ai_router.check_strategy(NEW.strategy);
    PERFORM ai_router.check_hints(NEW.defaults, format('rule "%s", defaults', NEW.name));
    PERFORM ai_router.check_hints(NEW.enforce, format('rule "%s", enforce', NEW.name));
    PERFORM ai_router.check_options(NEW.options, format('rule "%s"', NEW.name));
    -- What a rule names is looked for when it is written; check() looks later.
    IF TG_OP = 'INSERT' OR NEW.options IS DISTINCT FROM OLD.options THEN
        IF jsonb_typeof(NEW.options -> 'verifier') = 'string'
           AND NOT EXISTS (SELECT FROM ai_router.models m WHERE m.name = NEW.options ->> 'verifier') THEN
            PERFORM ai_router.unknown_name(
                format('there is no model "%s" to verify answers of rule "%s"', NEW.options ->> 'verifier', NEW.name),
                'Insert it into ai_router.models first, or use ai_router.add_provider().', true);
        END IF;
        IF jsonb_typeof(NEW.options -> 'check') = 'string'
           AND ai_router.check_function(NEW.options ->> 'check') IS NULL THEN
            PERFORM ai_router.unknown_name(
                format('there is no function %s(text, text) that returns boolean, for rule "%s"', NEW.options ->> 'check', NEW.name),
                'Create it first, with prompt and answer as its arguments.', false);
        END IF;
    END IF;

    IF NEW.weights IS NOT NULL THEN
        IF cardinality(NEW.weights) IS DISTINCT FROM cardinality(NEW.models) THEN
            RAISE EXCEPTION 'rule "%" has % weights for % models', NEW.name,
                cardinality(NEW.weights), coalesce(cardinality(NEW.models), 0)
                USING ERRCODE = 'check_violation', HINT = 'Give one weight for each entry of models.';
        END IF;
        -- NaN is greater than all numbers.
        IF array_position(NEW.weights, NULL) IS NOT NULL
           OR (SELECT min(w) < 0 OR max(w) > 1000000 OR max(w) = 0 FROM unnest(NEW.weights) w) THEN
            RAISE EXCEPTION 'a weight of rule "%" is not valid', NEW.name
                USING ERRCODE = 'check_violation',
                      HINT = 'Weights are numbers from 0 to 1000000, at least one of them above 0.';
        END IF;
    END IF;

    IF NEW.models IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.models IS DISTINCT FROM OLD.models) THEN
        SELECT n INTO missing
          FROM unnest(NEW.models) WITH ORDINALITY u(n, ord)
         WHERE n IS NOT NULL
           AND NOT EXISTS (SELECT FROM ai_router.models m WHERE m.name = n OR m.family = n)
         ORDER BY ord LIMIT 1;
        IF FOUND THEN
            PERFORM ai_router.unknown_name(
                format('there is no model or family "%s" for rule "%s"', missing, NEW.name),
                'Insert it into ai_router.models first, or use ai_router.add_provider().', true);
        END IF;
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ai_router.rules_check() IS 'trigger function: checks a row of ai_router.rules';

CREATE FUNCTION ai_router.budgets_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NEW.role IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.role IS DISTINCT FROM OLD.role)
       AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.rolname = NEW.role) THEN
        PERFORM ai_router.unknown_name(
            format('there is no role "%s" for budget "%s"', NEW.role, NEW.name),
            'A budget without role limits everybody together.', false);
    END IF;
    IF NEW.model IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.model IS DISTINCT FROM OLD.model)
       AND NOT EXISTS (SELECT FROM ai_router.models m WHERE m.name = NEW.model OR m.family = NEW.model) THEN
        PERFORM ai_router.unknown_name(
            format('there is no model or family "%s" for budget "%s"', NEW.model, NEW.name),
            'A budget without model limits all models together.', true);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ai_router.budgets_check() IS 'trigger function: checks a row of ai_router.budgets';

CREATE FUNCTION ai_router.fixtures_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    why text;
BEGIN
    BEGIN
        PERFORM '' ~ NEW.pattern;
    EXCEPTION WHEN invalid_regular_expression THEN
        GET STACKED DIAGNOSTICS why = MESSAGE_TEXT;
        RAISE EXCEPTION 'pattern "%" of a fixture is not valid: %', NEW.pattern, why
            USING ERRCODE = 'invalid_regular_expression',
                  HINT = 'It is a regular expression as for operator ~.';
    END;
    IF NEW.model IS NOT NULL AND (TG_OP = 'INSERT' OR NEW.model IS DISTINCT FROM OLD.model)
       AND NOT EXISTS (SELECT FROM ai_router.models m WHERE m.name = NEW.model) THEN
        PERFORM ai_router.unknown_name(
            format('there is no model "%s" for a fixture', NEW.model),
            'Insert it into ai_router.models first, at a server with api fixture.', true);
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ai_router.fixtures_check() IS 'trigger function: checks a row of ai_router.fixtures';

CREATE TRIGGER models_check BEFORE INSERT OR UPDATE ON ai_router.models
    FOR EACH ROW EXECUTE FUNCTION ai_router.models_check();
CREATE TRIGGER rules_check BEFORE INSERT OR UPDATE ON ai_router.rules
    FOR EACH ROW EXECUTE FUNCTION ai_router.rules_check();
CREATE TRIGGER budgets_check BEFORE INSERT OR UPDATE ON ai_router.budgets
    FOR EACH ROW EXECUTE FUNCTION ai_router.budgets_check();
CREATE TRIGGER fixtures_check BEFORE INSERT OR UPDATE ON ai_router.fixtures
    FOR EACH ROW EXECUTE FUNCTION ai_router.fixtures_check();

CREATE TRIGGER models_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ai_router.models
    FOR EACH STATEMENT EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER rules_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ai_router.rules
    FOR EACH STATEMENT EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER budgets_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ai_router.budgets
    FOR EACH STATEMENT EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER fixtures_invalidate AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON ai_router.fixtures
    FOR EACH STATEMENT EXECUTE FUNCTION ai_router.invalidate();

CREATE TRIGGER models_invalidate_replica AFTER INSERT OR UPDATE OR DELETE ON ai_router.models
    FOR EACH ROW EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER rules_invalidate_replica AFTER INSERT OR UPDATE OR DELETE ON ai_router.rules
    FOR EACH ROW EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER budgets_invalidate_replica AFTER INSERT OR UPDATE OR DELETE ON ai_router.budgets
    FOR EACH ROW EXECUTE FUNCTION ai_router.invalidate();
CREATE TRIGGER fixtures_invalidate_replica AFTER INSERT OR UPDATE OR DELETE ON ai_router.fixtures
    FOR EACH ROW EXECUTE FUNCTION ai_router.invalidate();

ALTER TABLE ai_router.models ENABLE ALWAYS TRIGGER models_invalidate,
    ENABLE REPLICA TRIGGER models_invalidate_replica;
ALTER TABLE ai_router.rules ENABLE ALWAYS TRIGGER rules_invalidate,
    ENABLE REPLICA TRIGGER rules_invalidate_replica;
ALTER TABLE ai_router.budgets ENABLE ALWAYS TRIGGER budgets_invalidate,
    ENABLE REPLICA TRIGGER budgets_invalidate_replica;
ALTER TABLE ai_router.fixtures ENABLE ALWAYS TRIGGER fixtures_invalidate,
    ENABLE REPLICA TRIGGER fixtures_invalidate_replica;

-- The user's rows belong into dumps, the catalogue does not.
SELECT pg_catalog.pg_extension_config_dump('ai_router.models', '');
SELECT pg_catalog.pg_extension_config_dump('ai_router.rules', '');
SELECT pg_catalog.pg_extension_config_dump('ai_router.budgets', '');
SELECT pg_catalog.pg_extension_config_dump('ai_router.fixtures', '');
SELECT pg_catalog.pg_extension_config_dump('ai_router.fixtures_id_seq', '');
