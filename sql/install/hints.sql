-- Hints: the builder, the token estimate, and the checks that tables use.

CREATE FUNCTION ai_hints(
    task text DEFAULT NULL,
    model text DEFAULT NULL,
    models text[] DEFAULT NULL,
    tags jsonb DEFAULT NULL,
    require jsonb DEFAULT NULL,
    quality float8 DEFAULT NULL,
    prefer text DEFAULT NULL,
    max_cost numeric DEFAULT NULL,
    timeout_ms int DEFAULT NULL,
    retries int DEFAULT NULL,
    system text DEFAULT NULL,
    max_tokens int DEFAULT NULL,
    temperature float8 DEFAULT NULL,
    top_p float8 DEFAULT NULL,
    stop text[] DEFAULT NULL,
    seed bigint DEFAULT NULL,
    reasoning_effort text DEFAULT NULL,
    schema jsonb DEFAULT NULL,
    dimensions int DEFAULT NULL,
    cache text DEFAULT NULL,
    cache_ttl interval DEFAULT NULL,
    on_error text DEFAULT NULL,
    provider text DEFAULT NULL
) RETURNS jsonb
LANGUAGE c IMMUTABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_hints';

COMMENT ON FUNCTION ai_hints(text, text, text[], jsonb, jsonb, float8, text, numeric, int, int, text, int,
    float8, float8, text[], bigint, text, jsonb, int, text, interval, text, text) IS
'builds the hints of a call, checked: ai_complete(body, ai_hints(task => ''legal'', max_tokens => 200)); models is for a list of model names, in order of preference; what is NULL is left out';

CREATE FUNCTION ai_count_tokens(input text, model text DEFAULT NULL) RETURNS integer
LANGUAGE c STABLE PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_count_tokens';

COMMENT ON FUNCTION ai_count_tokens(text, text) IS
'estimates the tokens of a text without any call; a number "token_factor" in the tags of the model (ai_router.models.tags) multiplies the estimate';

CREATE FUNCTION ai_router.check_condition(condition jsonpath) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_check_condition';

COMMENT ON FUNCTION ai_router.check_condition(jsonpath) IS
'raises an error unless a rule may have this condition';

CREATE FUNCTION ai_router.check_hints(hints jsonb, place text) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_check_hints';

COMMENT ON FUNCTION ai_router.check_hints(jsonb, text) IS
'raises an error unless these hints are valid; place names in the message where they stand';

CREATE FUNCTION ai_router.check_strategy(strategy text) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_check_strategy';

COMMENT ON FUNCTION ai_router.check_strategy(text) IS
'raises an error unless this version has the strategy';

CREATE FUNCTION ai_router.check_options(options jsonb, place text) RETURNS void
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_check_options';

COMMENT ON FUNCTION ai_router.check_options(jsonb, text) IS
'raises an error unless a rule may have these options; place names in the message where they stand';

CREATE FUNCTION ai_router.check_function(name text) RETURNS regprocedure
LANGUAGE c STABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_check_function';

COMMENT ON FUNCTION ai_router.check_function(text) IS
'the function (prompt text, answer text) returns boolean of that name, as option "check" of a rule means it; NULL: there is none';
