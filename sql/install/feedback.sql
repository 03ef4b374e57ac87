
CREATE FUNCTION ai_feedback(call_id bigint, score real)
RETURNS void
AS 'MODULE_PATHNAME', 'ai_feedback'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION ai_feedback(bigint, real) IS 'how good the answer of one of one''s own calls was, from 0 to 1: ai_router.train() learns from it; the last word counts';
