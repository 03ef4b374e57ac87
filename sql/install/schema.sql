
-- Servers, tables and the triggers that keep both consistent.
--
-- The library compiles the tables once per session and is told of changes by
-- relcache invalidation.  So whatever writes them must fire the statement
-- triggers below: they are ENABLE ALWAYS.  Subscriptions fire row triggers
-- only, hence one more of these for replicated changes.

-- What stands in expressions from here on is PostgreSQL's own: whoever may create
-- objects in the target schema could otherwise offer a function or an operator
-- that fits the types better, and it would run as whoever writes these tables.
SET LOCAL search_path = pg_catalog, pg_temp;

CREATE FUNCTION ai_router.fdw_validator(options text[], catalog oid) RETURNS void
LANGUAGE c STRICT
AS 'MODULE_PATHNAME', 'air_fdw_validator';
COMMENT ON FUNCTION ai_router.fdw_validator(text[], oid) IS
'checks the options of servers and user mappings of ai_router';

-- There is no handler: providers are not tables.
CREATE FOREIGN DATA WRAPPER ai_router VALIDATOR ai_router.fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER ai_router IS
'AI providers: a server is an endpoint, a user mapping the key to it';

CREATE FUNCTION ai_router.invalidate() RETURNS trigger
LANGUAGE c
AS 'MODULE_PATHNAME', 'air_invalidate';
COMMENT ON FUNCTION ai_router.invalidate() IS
'trigger function: tells all sessions that the configuration has changed';

-- Models that we know --------------------------------------------------------

CREATE TABLE ai_router.catalogue (
    provider text NOT NULL,
    model text NOT NULL,
    api text NOT NULL,
    base_url text,
    family text NOT NULL,
    mode text NOT NULL,
    context_window integer,
    max_output integer,
    input_price numeric,
    cached_input_price numeric,
    cache_write_price numeric,
    output_price numeric,
    price_tiers jsonb,
    capabilities text[] NOT NULL,
    dimensions integer,
    rank integer NOT NULL,
    as_of date NOT NULL,
    deprecates date,
    notes text,
    PRIMARY KEY (provider, model)
);
COMMENT ON TABLE ai_router.catalogue IS
'models that this version of ai_router knows, with list prices and the day they were seen; replaced by updates, copied to ai_router.models by ai_router.add_provider()';
COMMENT ON COLUMN ai_router.catalogue.provider IS 'who hosts the model; the first argument of ai_router.add_provider()';
COMMENT ON COLUMN ai_router.catalogue.model IS 'the provider''s id of the model';
COMMENT ON COLUMN ai_router.catalogue.api IS 'server option api that speaks to the model';
COMMENT ON COLUMN ai_router.catalogue.base_url IS 'server option base_url; NULL: the default of the api, or one''s own endpoint';
COMMENT ON COLUMN ai_router.catalogue.family IS 'the same model at several hosts has the same family';
COMMENT ON COLUMN ai_router.catalogue.mode IS 'chat, embedding or rerank';
COMMENT ON COLUMN ai_router.catalogue.context_window IS 'tokens that a request may have';
COMMENT ON COLUMN ai_router.catalogue.max_output IS 'tokens that an answer may have';
COMMENT ON COLUMN ai_router.catalogue.input_price IS 'USD per million input tokens; NULL: unknown';
COMMENT ON COLUMN ai_router.catalogue.cached_input_price IS 'USD per million input tokens read from the provider''s cache; NULL: as input_price';
COMMENT ON COLUMN ai_router.catalogue.cache_write_price IS 'USD per million input tokens written to the provider''s cache; NULL: as input_price';
COMMENT ON COLUMN ai_router.catalogue.output_price IS 'USD per million output tokens; NULL: unknown';
COMMENT ON COLUMN ai_router.catalogue.price_tiers IS 'prices of long requests: [{"above": tokens, "input": USD, "output": USD}]';
COMMENT ON COLUMN ai_router.catalogue.capabilities IS 'what it can do: tools, json_schema, cache, reasoning, vision, pdf, web, system; logprobs: it tells the probabilities of its tokens; no_sampling_params: it refuses temperature and top_p';
COMMENT ON COLUMN ai_router.catalogue.dimensions IS 'length of its embeddings';
COMMENT ON COLUMN ai_router.catalogue.rank IS 'order within the provider: its current general-purpose model first; says nothing about quality';
COMMENT ON COLUMN ai_router.catalogue.as_of IS 'the day for which the prices hold';
COMMENT ON COLUMN ai_router.catalogue.deprecates IS 'the day on which the provider retires it';
COMMENT ON COLUMN ai_router.catalogue.notes IS 'what the columns cannot say, doubts included';

-- Models that are used -------------------------------------------------------

CREATE TABLE ai_router.models (
    name text PRIMARY KEY,
    server text NOT NULL,
    model text NOT NULL,
    family text,
    mode text NOT NULL DEFAULT 'chat',
    context_window integer,
    max_output integer,
    input_price numeric,
    cached_input_price numeric,
    cache_write_price numeric,
    output_price numeric,
    price_tiers jsonb,
    capabilities text[] NOT NULL DEFAULT '{}',
    tags jsonb NOT NULL DEFAULT '{}',
    params jsonb,
    rank integer NOT NULL DEFAULT 100,
    rpm integer,
    tpm bigint,
    max_concurrency integer,
    quality double precision,
    enabled boolean NOT NULL DEFAULT true,
    CONSTRAINT models_name_is_a_word CHECK (name <> '' AND name !~ '^\s|\s$|[[:cntrl:]]'),
    CONSTRAINT models_model_is_given CHECK (model <> '' AND model !~ '[[:cntrl:]]'),
    CONSTRAINT models_family_is_a_word CHECK (family <> '' AND family !~ '^\s|\s$|[[:cntrl:]]'),
    CONSTRAINT models_mode_is_known CHECK (mode IN ('chat', 'embedding', 'rerank')),
    CONSTRAINT models_context_window_is_positive CHECK (context_window > 0),
    CONSTRAINT models_max_output_is_positive CHECK (max_output > 0),
    CONSTRAINT models_input_price_is_sane CHECK (input_price BETWEEN 0 AND 1000000),
    CONSTRAINT models_cached_input_price_is_sane CHECK (cached_input_price BETWEEN 0 AND 1000000),
    CONSTRAINT models_cache_write_price_is_sane CHECK (cache_write_price BETWEEN 0 AND 1000000),
    CONSTRAINT models_output_price_is_sane CHECK (output_price BETWEEN 0 AND 1000000),
    CONSTRAINT models_capabilities_are_a_list CHECK (array_position(capabilities, NULL) IS NULL),
    CONSTRAINT models_tags_are_an_object CHECK (jsonb_typeof(tags) = 'object'),
    CONSTRAINT models_params_are_an_object CHECK (jsonb_typeof(params) = 'object'),
    CONSTRAINT models_rpm_is_positive CHECK (rpm > 0),
    CONSTRAINT models_tpm_is_positive CHECK (tpm > 0),
    CONSTRAINT models_max_concurrency_is_positive CHECK (max_concurrency > 0),
    CONSTRAINT models_quality_is_a_share CHECK (quality BETWEEN 0 AND 1)
);
COMMENT ON TABLE ai_router.models IS
'the models that rules may choose, each at a server; ai_router.add_provider() fills it from the catalogue. A server that is renamed leaves its models behind: update column server, ai_router.check() lists them';
COMMENT ON COLUMN ai_router.models.name IS 'what rules and hints call it';
COMMENT ON COLUMN ai_router.models.server IS 'name of the foreign server that serves it';
COMMENT ON COLUMN ai_router.models.model IS 'the provider''s id of the model or deployment; by default the name';
COMMENT ON COLUMN ai_router.models.family IS 'the same model at several servers has the same family: rules may name it, failover stays inside it first';
COMMENT ON COLUMN ai_router.models.mode IS 'chat, embedding or rerank';
COMMENT ON COLUMN ai_router.models.context_window IS 'tokens that a request may have; NULL: unknown';
COMMENT ON COLUMN ai_router.models.max_output IS 'tokens that an answer may have; NULL: unknown';
COMMENT ON COLUMN ai_router.models.input_price IS 'USD per million input tokens; NULL: unknown, never zero';
COMMENT ON COLUMN ai_router.models.cached_input_price IS 'USD per million input tokens read from the provider''s cache; NULL: as input_price';
COMMENT ON COLUMN ai_router.models.cache_write_price IS 'USD per million input tokens written to the provider''s cache; NULL: as input_price';
COMMENT ON COLUMN ai_router.models.output_price IS 'USD per million output tokens; NULL: unknown, never zero';
COMMENT ON COLUMN ai_router.models.price_tiers IS 'prices of requests whose input exceeds a number of tokens: [{"above": 200000, "input": 5, "output": 22.5}]';
COMMENT ON COLUMN ai_router.models.capabilities IS 'what it can do: tools, json_schema, vision, ..';
COMMENT ON COLUMN ai_router.models.tags IS 'free object that hint "require" must be contained in: {"region": "eu", "retention": "none"}';
COMMENT ON COLUMN ai_router.models.params IS 'object that is merged into the body of each request to it';
COMMENT ON COLUMN ai_router.models.rank IS 'order, lowest first, where a rule names no models';
COMMENT ON COLUMN ai_router.models.rpm IS 'requests per minute that the provider allows; NULL: no limit';
COMMENT ON COLUMN ai_router.models.tpm IS 'tokens per minute that the provider allows; NULL: no limit';
COMMENT ON COLUMN ai_router.models.max_concurrency IS 'requests that may be in flight at once; NULL: no limit';
COMMENT ON COLUMN ai_router.models.quality IS 'share of good outcomes, 0 to 1; NULL until outcomes say';
COMMENT ON COLUMN ai_router.models.enabled IS 'whether it may be chosen at all';

-- What goes where ------------------------------------------------------------

CREATE TABLE ai_router.rules (
    name text PRIMARY KEY,
    priority integer NOT NULL DEFAULT 100,
    condition jsonpath,
    models text[],
    weights real[],
    strategy text,
    defaults jsonb,
    enforce jsonb,
    options jsonb,
    enabled boolean NOT NULL DEFAULT true,
    comment text,
    CONSTRAINT rules_name_is_a_word CHECK (name <> '' AND name !~ '^\s|\s$|[[:cntrl:]]'),
    CONSTRAINT rules_models_are_a_list CHECK
        (array_ndims(models) = 1 AND cardinality(models) > 0 AND array_position(models, NULL) IS NULL),
    CONSTRAINT rules_defaults_are_an_object CHECK (jsonb_typeof(defaults) = 'object'),
    CONSTRAINT rules_enforce_is_an_object CHECK (jsonb_typeof(enforce) = 'object'),
    CONSTRAINT rules_options_are_an_object CHECK (jsonb_typeof(options) = 'object')
);
COMMENT ON TABLE ai_router.rules IS
'which models a call may use: the enabled rule with the lowest priority whose condition holds decides';
COMMENT ON COLUMN ai_router.rules.name IS 'shown with each answer; breaks ties of priority';
COMMENT ON COLUMN ai_router.rules.priority IS 'lowest first';
COMMENT ON COLUMN ai_router.rules.condition IS 'jsonpath predicate over the call, such as $.task == "code" && $.tokens < 400; NULL: always holds';
COMMENT ON COLUMN ai_router.rules.models IS 'names or families of models that are allowed, in order; NULL: any enabled model, by rank';
COMMENT ON COLUMN ai_router.rules.weights IS 'for strategy weighted: shares of the models, as many as there are models';
COMMENT ON COLUMN ai_router.rules.strategy IS 'how to order the models: ordered (default), cheapest, fastest, weighted, learned, cascade';
COMMENT ON COLUMN ai_router.rules.defaults IS 'hints that hold where the caller gives none';
COMMENT ON COLUMN ai_router.rules.enforce IS 'hints that hold whatever the caller gives';
COMMENT ON COLUMN ai_router.rules.options IS 'options of the strategy';
COMMENT ON COLUMN ai_router.rules.enabled IS 'whether the rule is looked at';
COMMENT ON COLUMN ai_router.rules.comment IS 'for its reader';

-- What may be spent ----------------------------------------------------------

CREATE TABLE ai_router.budgets (
    name text PRIMARY KEY,
    role text,
    model text,
    period text NOT NULL DEFAULT 'month',
    limit_usd numeric NOT NULL,
    hard boolean NOT NULL DEFAULT true,
    CONSTRAINT budgets_name_is_a_word CHECK (name <> '' AND name !~ '^\s|\s$|[[:cntrl:]]'),
    CONSTRAINT budgets_name_is_short CHECK (octet_length(name) <= 127),
    CONSTRAINT budgets_period_is_known CHECK (period IN ('hour', 'day', 'week', 'month', 'total')),
    CONSTRAINT budgets_limit_is_sane CHECK (limit_usd BETWEEN 0 AND 1000000000)
);
COMMENT ON TABLE ai_router.budgets IS 'limits of spending per period, all that fit hold together; what was spent belongs to the name';
COMMENT ON COLUMN ai_router.budgets.name IS 'shown when it is exceeded';
COMMENT ON COLUMN ai_router.budgets.role IS 'role it limits, with its members, together; NULL: everybody together';
COMMENT ON COLUMN ai_router.budgets.model IS 'model or family it limits; NULL: all models';
COMMENT ON COLUMN ai_router.budgets.period IS 'hour, day, week or month by UTC, or total';
COMMENT ON COLUMN ai_router.budgets.limit_usd IS 'USD that may be spent in a period';
COMMENT ON COLUMN ai_router.budgets.hard IS 'true: refuse what would exceed it, and models without price; false: warn';

-- Answers without a provider -------------------------------------------------

CREATE TABLE ai_router.fixtures (
    id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    model text,
    pattern text,
    answer text,
    error text,
    latency_ms integer NOT NULL DEFAULT 0,
    confidence double precision,
    CONSTRAINT fixtures_answer_or_error CHECK (answer IS NOT NULL OR error IS NOT NULL),
    CONSTRAINT fixtures_error_is_a_status CHECK (error ~ '^([45][0-9][0-9]|RT00[1-9]|RT01[01])$'),
    CONSTRAINT fixtures_latency_is_sane CHECK (latency_ms BETWEEN 0 AND 3600000),
    CONSTRAINT fixtures_confidence_is_a_share CHECK (confidence BETWEEN 0 AND 1)
);
COMMENT ON TABLE ai_router.fixtures IS
'answers of servers with api fixture, for tests without a network: the row with the lowest id that fits decides';
COMMENT ON COLUMN ai_router.fixtures.id IS 'order in which rows are tried';
COMMENT ON COLUMN ai_router.fixtures.model IS 'name in ai_router.models that it answers for; NULL: any';
COMMENT ON COLUMN ai_router.fixtures.pattern IS 'regular expression that the prompt must match; NULL: any';
COMMENT ON COLUMN ai_router.fixtures.answer IS 'the answer';
COMMENT ON COLUMN ai_router.fixtures.error IS 'instead of an answer: an HTTP status (400 to 599) or an SQLSTATE (RT001 to RT011)';
COMMENT ON COLUMN ai_router.fixtures.latency_ms IS 'how long it takes';
COMMENT ON COLUMN ai_router.fixtures.confidence IS 'probability of the answer''s tokens, for models with the capability logprobs; NULL: not told';
COMMENT ON SEQUENCE ai_router.fixtures_id_seq IS 'ids of ai_router.fixtures';
