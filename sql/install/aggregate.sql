/* Cutting long texts. */

CREATE FUNCTION ai_chunk(input text, tokens integer, overlap integer DEFAULT 0,
	OUT ordinal integer, OUT chunk text)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ai_chunk'
LANGUAGE C IMMUTABLE PARALLEL SAFE COST 1000 ROWS 10;
COMMENT ON FUNCTION ai_chunk(text, integer, integer) IS 'cuts a text into chunks of at most so many tokens (by ai_count_tokens), at paragraphs, sentences, lines, words; overlap: at most so many tokens of a chunk are in the next one too';

