
/* Vectors and what is made of them. */

SET LOCAL search_path = @extschema@, pg_temp;

CREATE FUNCTION ai_embed(input text, hints jsonb DEFAULT '{}')
RETURNS real[]
AS 'MODULE_PATHNAME', 'ai_embed'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_embed(text, jsonb) IS 'embedding of a text: an array that casts to pgvector''s vector and halfvec';

CREATE FUNCTION ai_embed(inputs text[], hints jsonb DEFAULT '{}', OUT ord integer, OUT embedding real[])
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ai_embed_array'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION ai_embed(text[], jsonb) IS 'embeddings of many texts, many to a request, with their places in the array';

CREATE FUNCTION ai_similarity(a text, b text, hints jsonb DEFAULT '{}')
RETURNS double precision
AS 'MODULE_PATHNAME', 'ai_similarity'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000;
COMMENT ON FUNCTION ai_similarity(text, text, jsonb) IS 'how alike two texts are by their embeddings: the cosine, 1 for the same, about 0 for unrelated ones';

CREATE FUNCTION ai_rerank(query text, documents text[], hints jsonb DEFAULT '{}',
	OUT ord integer, OUT document text, OUT score double precision)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'ai_rerank'
LANGUAGE C VOLATILE PARALLEL RESTRICTED COST 10000 ROWS 100;
COMMENT ON FUNCTION ai_rerank(text, text[], jsonb) IS 'documents in the order of how well they answer the query, best first, with their places in the array';
