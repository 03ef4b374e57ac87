--: ai_agg plainly, with a filter, an order, by groups | unordered
SELECT g, ai_agg(t, 'which') FROM d GROUP BY g;
SELECT ai_agg(t, 'which' ORDER BY id) FILTER (WHERE f), ai_summarize_agg(w ORDER BY id) FROM d;
SELECT ai_agg(DISTINCT w, 'which') FROM d;
SELECT ai_agg(t, 'none') FROM empty;
--: ai_agg in expressions, HAVING, ORDER BY, beside others
SELECT g, length(ai_agg(t, 'x' ORDER BY id)) > 0, count(*), max(e(t)) FROM d GROUP BY g HAVING ai_agg(t, 'h' ORDER BY id) IS NOT NULL ORDER BY length(ai_agg(t, 'o' ORDER BY id)), g;
--: ai_agg over calls, calls over ai_agg
SELECT g, e(ai_agg(e(t), 'x' ORDER BY id)), ai_agg(e(w), 'y' ORDER BY id) FROM d GROUP BY g ORDER BY g;
--: ai_agg in a subselect, correlated, of the outer query
SELECT id, (SELECT ai_agg(u, 'x' ORDER BY j.id) FROM j WHERE j.did % 4 = d.g) FROM d WHERE id < 5 ORDER BY id;
SELECT g, (SELECT ai_agg(d.t, 'x') LIMIT 1) IS NULL FROM d GROUP BY g ORDER BY g;
--: ai_agg with grouping sets
SELECT g, f, ai_agg(t, 'x' ORDER BY id) FROM d GROUP BY GROUPING SETS ((g), (f), ()) ORDER BY 1, 2;
SELECT g, ai_agg(t, 'x' ORDER BY id), grouping(g) FROM d GROUP BY ROLLUP (g) HAVING count(*) > 4 ORDER BY 1;
--: ai_agg over a window
SELECT id, ai_agg(t, 'x') OVER (PARTITION BY g ORDER BY id) IS NULL FROM d WHERE id < 9 ORDER BY id;
SELECT g, count(*) OVER (ORDER BY ai_agg(t, 'x' ORDER BY id)) FROM d GROUP BY g ORDER BY g;
--: ai_agg under LIMIT, DISTINCT, UNION, in a view, a CTE, INSERT, UPDATE
CREATE VIEW av AS SELECT g, ai_agg(t, 'x' ORDER BY id) AS a FROM d GROUP BY g;
SELECT g FROM av ORDER BY g;
SELECT * FROM av ORDER BY g LIMIT 2;
SELECT DISTINCT a IS NULL FROM av;
WITH c AS (SELECT * FROM av) SELECT c.g, k.g FROM c JOIN c k ON c.a = k.a ORDER BY 1, 2;
INSERT INTO tgt SELECT g, a FROM av RETURNING id, a;
UPDATE d SET z = a FROM av WHERE av.g = d.g AND d.id < 5 RETURNING d.id, d.z;
--: ai_agg of NULLs, with hints, of other instructions by row, of none
SELECT ai_agg(z, 'x'), ai_agg(t, 'x', '{"max_tokens": 50}'::jsonb ORDER BY id) FROM d;
SELECT ai_agg(t, w ORDER BY id) IS NULL FROM d WHERE id < 3;
SELECT ai_agg(t, NULL) FROM d;
--: labels, filters, scores of rows
SELECT id, ai_classify(t, ARRAY['a', 'b']), ai_filter(t, 'is it'), ai_score(t, 'how') FROM d ORDER BY id;
SELECT id FROM d WHERE ai_filter(w, 'good') AND g > 0 ORDER BY ai_score(t, 'much'), id LIMIT 4;
UPDATE d SET z = ai_classify(t, ARRAY['x', 'y']) WHERE CASE WHEN f THEN ai_filter(t, 'q') ELSE g = 1 END RETURNING id, z;
SELECT ai_classify(w, ARRAY['a', 'b']) AS k, count(*) FROM d GROUP BY GROUPING SETS ((1), ()) ORDER BY 1;
--: extraction of rows
SELECT id, (ai_extract(t, '{"a": "text"}'))->>'a' IS NULL FROM d WHERE id < 5 ORDER BY id;
SELECT id, (ai_extract_as(t, NULL::pair)).* FROM d WHERE id < 5 ORDER BY id;
SELECT d.id, x.* FROM d, LATERAL ai_extract_as(d.t, NULL::pair) x WHERE d.id < 5 ORDER BY 1;
--: embeddings of rows
SELECT id, cardinality(ai_embed(t)), (ai_embed(t))[1] IS NULL FROM d ORDER BY id;
SELECT id FROM d ORDER BY ai_similarity(t, 'w3') DESC, id LIMIT 3;
SELECT id FROM d WHERE ai_similarity(t, 'w5') > 0.99 AND g <> 7 ORDER BY id;
UPDATE d SET n = cardinality(ai_embed(t || w)) WHERE g = 1 RETURNING id, n;
SELECT a.ord, cardinality(a.embedding) FROM ai_embed(ARRAY['x', 'y', NULL, 'x']) a ORDER BY 1;
SELECT count(*) FROM (SELECT id, ai_embed(t) FROM d) s;
--: summaries, translations, chunks
SELECT id, ai_summarize(t), ai_translate(t, 'German') IS NULL, ai_sentiment(t) IS NULL FROM d WHERE id < 4 ORDER BY id;
SELECT d.id, c.* FROM d, LATERAL ai_chunk(d.t || repeat(' word', 20), 5) c WHERE d.id < 3 ORDER BY 1, 2, 3;
