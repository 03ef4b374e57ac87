
-- What an administrator calls: add a provider.

CREATE FUNCTION ai_router.credential_problem(server name) RETURNS text
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'air_credential_problem';
COMMENT ON FUNCTION ai_router.credential_problem(name) IS
'what is wrong with the user mappings of a server, NULL if nothing; shows no secret';

CREATE FUNCTION ai_router.skipped(OUT object text, OUT problem text) RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 5
AS 'MODULE_PATHNAME', 'air_skipped';
COMMENT ON FUNCTION ai_router.skipped() IS
'servers, models and rules that calls ignore because they cannot be read, and why';

CREATE FUNCTION ai_router.add_provider(
    api text,
    name text DEFAULT NULL,
    api_key_file text DEFAULT NULL,
    api_key_env text DEFAULT NULL,
    base_url text DEFAULT NULL,
    region text DEFAULT NULL,
    models text[] DEFAULT NULL
) RETURNS TABLE (object text, identity text, detail text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    source text := CASE add_provider.api WHEN 'openai_responses' THEN 'openai' ELSE add_provider.api END;
    server text := coalesce(add_provider.name, add_provider.api);
    server_api text := add_provider.api;
    url text := add_provider.base_url;
    chosen text[] := add_provider.models;
    known boolean := false;
    priced boolean;
    options text;
    m ai_router.models;
    c ai_router.catalogue;
    wanted text;
    problem text;
BEGIN
    IF add_provider.api IS NULL THEN
        RAISE EXCEPTION 'api must be given' USING ERRCODE = 'null_value_not_allowed',
            HINT = 'For example: SELECT * FROM ai_router.add_provider(''openai'', api_key_file => ''/run/secrets/openai'').';
    END IF;
    IF octet_length(server) NOT BETWEEN 1 AND 63 THEN
        RAISE EXCEPTION 'server name "%" is empty or too long', server USING ERRCODE = 'invalid_name',
            HINT = 'A name has up to 63 bytes.';
    END IF;
    IF EXISTS (SELECT FROM pg_foreign_server s WHERE s.srvname = server) THEN
        RAISE EXCEPTION 'server "%" exists already', server USING ERRCODE = 'duplicate_object',
            HINT = 'Choose another one with name => ''..''; ai_router.models takes more models for a server that exists.';
    END IF;

    -- The api that most of the provider's models speak, and where.
    SELECT true, k.api, coalesce(url, k.base_url) INTO known, server_api, url
      FROM ai_router.catalogue k WHERE k.provider = source
     GROUP BY k.api, k.base_url ORDER BY count(*) DESC LIMIT 1;
    known := coalesce(known, false);
    IF NOT known OR add_provider.api = 'openai_responses' THEN
        server_api := add_provider.api;
        url := add_provider.base_url;
    END IF;

    -- Behind an endpoint of one's own is another choice of models, at other
    -- prices, unless it is only another door to the same service.
    priced := known AND (add_provider.base_url IS NULL OR server_api NOT IN ('openai', 'openai_responses'));
    IF chosen IS NULL AND (NOT known OR add_provider.base_url IS NOT NULL OR source = 'azure') THEN
        RAISE EXCEPTION 'models must be named for this provider' USING ERRCODE = 'invalid_parameter_value',
            HINT = format('Which models (or deployments) it has is not known here: add models => ''{..}'' to ai_router.add_provider(%L, ..).', add_provider.api);
    END IF;

    SELECT string_agg(format('%s %L', o, v), ', ' ORDER BY ord) INTO options
      FROM (VALUES (1, 'api', server_api), (2, 'base_url', url), (3, 'region', add_provider.region)) x(ord, o, v)
     WHERE v IS NOT NULL;
    EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER ai_router OPTIONS (%s)', server, options);
    object := 'server'; identity := server; detail := options;
    RETURN NEXT;

    IF add_provider.api_key_file IS NOT NULL OR add_provider.api_key_env IS NOT NULL THEN
        SELECT string_agg(format('%s %L', o, v), ', ') INTO options
          FROM (VALUES ('api_key_file', add_provider.api_key_file), ('api_key_env', add_provider.api_key_env)) x(o, v)
         WHERE v IS NOT NULL;
        EXECUTE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (%s)', server, options);
        object := 'user mapping'; identity := 'PUBLIC'; detail := options;
        RETURN NEXT;
    END IF;

    IF chosen IS NULL THEN
        -- Geographic profiles of Bedrock work in their own regions only.
        SELECT array_agg(k.model ORDER BY k.rank, k.model COLLATE "C") INTO chosen
          FROM ai_router.catalogue k
         WHERE k.provider = source
           AND (k.api = server_api OR (server_api = 'openai_responses' AND k.mode = 'chat'))
           AND (k.deprecates IS NULL OR k.deprecates > current_date)
           AND (k.model !~ '^(us|eu)[.]' OR k.model LIKE split_part(add_provider.region, '-', 1) || '.%');
    END IF;

    FOREACH wanted IN ARRAY chosen LOOP
        m := NULL;
        c := NULL;
        IF priced THEN
            SELECT * INTO c FROM ai_router.catalogue k WHERE k.provider = source AND k.model = wanted;
        END IF;
        IF c.model IS NULL THEN
            m.mode := CASE WHEN wanted ~* 'embed' THEN 'embedding' WHEN wanted ~* 'rerank' THEN 'rerank' ELSE 'chat' END;
            m.capabilities := '{}';
            m.rank := 100;
        ELSE
            m.family := c.family; m.mode := c.mode;
            m.context_window := c.context_window; m.max_output := c.max_output;
            m.input_price := c.input_price; m.cached_input_price := c.cached_input_price;
            m.cache_write_price := c.cache_write_price; m.output_price := c.output_price;
            m.price_tiers := c.price_tiers; m.capabilities := c.capabilities; m.rank := c.rank;
        END IF;
        m.server := server;
        m.model := wanted;
        m.name := wanted;
        m.tags := '{}';
        m.enabled := true;
        IF EXISTS (SELECT FROM ai_router.models k WHERE k.name = m.name) THEN
            m.name := server || '/' || wanted;
        END IF;
        INSERT INTO ai_router.models SELECT m.*;
        object := 'model'; identity := m.name;
        detail := concat_ws(', ', m.mode, 'rank ' || m.rank,
            coalesce(m.input_price || ' USD in', 'price unknown'), m.output_price || ' USD out per million tokens');
        RETURN NEXT;
    END LOOP;

    IF NOT EXISTS (SELECT FROM ai_router.rules) THEN
        INSERT INTO ai_router.rules (name, comment) VALUES ('default', 'any enabled model, by rank');
        object := 'rule'; identity := 'default'; detail := 'any enabled model, by rank';
        RETURN NEXT;
    END IF;

    problem := ai_router.credential_problem(server::name);
    IF problem IS NOT NULL THEN
        object := 'to do'; identity := 'key';
        detail := CASE
            WHEN coalesce(add_provider.api_key_file, add_provider.api_key_env) IS NOT NULL THEN problem
            ELSE format('CREATE USER MAPPING FOR PUBLIC SERVER %I OPTIONS (api_key_file ''..'')', server) END;
        RETURN NEXT;
    END IF;
    object := 'to do'; identity := 'grant';
    detail := format('GRANT USAGE ON FOREIGN SERVER %I TO ..', server);
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION ai_router.add_provider(text, text, text, text, text, text, text[]) IS
'creates a server, the user mapping of PUBLIC, models from the catalogue or as named, and a rule if there is none; api may also be a provider of the catalogue (mistral, groq, deepseek, xai); returns what it made and what is left to do';
