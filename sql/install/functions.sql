/* What everybody calls: functions ai_* in the extension's target schema. */

SET LOCAL search_path = @extschema@, pg_temp;

CREATE TYPE ai_result AS (
	answer text,
	model text,
	provider text,
	rule text,
	cached boolean,
	input_tokens integer,
	cached_input_tokens integer,
	output_tokens integer,
	cost numeric,
	latency_ms double precision,
	attempts integer,
	finish_reason text,
	call_id bigint,
	error text
);
COMMENT ON TYPE ai_result IS 'an answer with everything about it: who gave it, by which rule, tokens, cost in USD, latency; error instead of answer when the provider failed';

CREATE FUNCTION ai_complete(prompt text, hints jsonb DEFAULT '{}')
RETURNS text
AS 'MODULE_PATHNAME', 'ai_complete'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_complete(text, jsonb) IS 'answer of the model that the rules choose for the prompt';

CREATE FUNCTION ai_complete(prompts text[], hints jsonb DEFAULT '{}')
RETURNS text[]
AS 'MODULE_PATHNAME', 'ai_complete_array'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_complete(text[], jsonb) IS 'answers for many prompts, asked side by side, in the order of the prompts';

CREATE FUNCTION ai_chat(messages jsonb, hints jsonb DEFAULT '{}')
RETURNS text
AS 'MODULE_PATHNAME', 'ai_chat'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_chat(jsonb, jsonb) IS 'answer to a conversation: [{"role": "user", "content": "Hello"}, ..]';

CREATE FUNCTION ai_call(prompt text, hints jsonb DEFAULT '{}')
RETURNS ai_result
AS 'MODULE_PATHNAME', 'ai_call'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_call(text, jsonb) IS 'like ai_complete, with model, tokens, cost and more; a provider''s error is a value here';

CREATE FUNCTION ai_compare(prompt text, models text[], hints jsonb DEFAULT '{}')
RETURNS SETOF ai_result
AS 'MODULE_PATHNAME', 'ai_compare'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 3;
COMMENT ON FUNCTION ai_compare(text, text[], jsonb) IS 'the same prompt asked of several models side by side, one row each';

CREATE FUNCTION ai_route(prompt text, hints jsonb DEFAULT '{}', function text DEFAULT 'ai_complete',
	OUT rank integer, OUT model text, OUT provider text, OUT rule text, OUT strategy text,
	OUT verdict text, OUT reason text, OUT input_tokens integer, OUT est_cost numeric,
	OUT est_latency_ms double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ai_route'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 100 ROWS 5;
COMMENT ON FUNCTION ai_route(text, jsonb, text) IS 'what would happen to a call and why, without calling: candidates in the order they would be tried, and the excluded ones';

CREATE FUNCTION ai_last_call_id()
RETURNS bigint
AS 'MODULE_PATHNAME', 'ai_last_call_id'
LANGUAGE C VOLATILE PARALLEL RESTRICTED;
COMMENT ON FUNCTION ai_last_call_id() IS 'id of the last call of this session that reached a provider';
