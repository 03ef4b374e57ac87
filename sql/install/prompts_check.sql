
-- From here on version 1 of a prompt is not to be touched.

CREATE FUNCTION ai_router.prompts_check() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    shipped ai_router.prompts;
    wanted text[];
    has text[];
BEGIN
    IF TG_OP = 'TRUNCATE' OR (TG_OP <> 'INSERT' AND OLD.version = 1)
       OR (TG_OP <> 'DELETE' AND NEW.version = 1) THEN
        RAISE EXCEPTION 'version 1 of a prompt belongs to the extension'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Insert a higher version of it; disable or delete that to go back.';
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    SELECT p.* INTO shipped FROM ai_router.prompts p WHERE p.name = NEW.name AND p.version = 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no function has a prompt "%"', NEW.name
            USING ERRCODE = 'undefined_object',
                  HINT = format('There are: %s.', (SELECT string_agg(p.name, ', ' ORDER BY p.name)
                                                     FROM ai_router.prompts p WHERE p.version = 1));
    END IF;
    wanted := ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(concat(shipped.system, shipped.template), '\{[a-z_]+\}', 'g') m ORDER BY 1);
    has := ARRAY(SELECT DISTINCT m[1] FROM regexp_matches(concat(NEW.system, NEW.template), '\{[a-z_]+\}', 'g') m ORDER BY 1);
    IF wanted <> has THEN
        RAISE EXCEPTION 'prompt "%" must hold %, and nothing else of that form', NEW.name,
                CASE WHEN wanted = '{}' THEN 'no placeholder' ELSE array_to_string(wanted, ', ') END
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'Placeholders are names in braces. See version 1 of it for what they stand for.';
    END IF;
    IF NEW.template NOT LIKE '%{input}%' AND shipped.template LIKE '%{input}%' THEN
        RAISE EXCEPTION 'prompt "%" must hold {input} in its template', NEW.name
            USING ERRCODE = 'invalid_parameter_value',
                  HINT = 'What comes from rows belongs into the user message.';
    END IF;
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION ai_router.prompts_check() IS 'trigger function: checks a row of ai_router.prompts';

CREATE TRIGGER prompts_check BEFORE INSERT OR UPDATE OR DELETE ON ai_router.prompts
    FOR EACH ROW EXECUTE FUNCTION ai_router.prompts_check();
CREATE TRIGGER prompts_keep BEFORE TRUNCATE ON ai_router.prompts
    FOR EACH STATEMENT EXECUTE FUNCTION ai_router.prompts_check();
