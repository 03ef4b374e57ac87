-- Where the calls of a statement go in its plan: into AI Batch nodes, from which they are
-- run side by side.
CREATE TABLE batch_docs (id int PRIMARY KEY, kind text, body text, summary text, score float8);
CREATE TABLE batch_kinds (kind text PRIMARY KEY, note text);
CREATE FUNCTION batch_plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
	RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF, VERBOSE) ' || query;
END $$;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_hashagg = off;
SET enable_bitmapscan = off;
SET enable_memoize = off;

-- Target list, UPDATE, INSERT.
SELECT batch_plan('SELECT id, ai_complete(body) FROM batch_docs');
SELECT batch_plan('UPDATE batch_docs SET summary = ai_complete(''Summarize: '' || body), score = length(ai_complete(kind)) WHERE kind = ''a''');
SELECT batch_plan('INSERT INTO batch_docs (id, summary) SELECT id + 1, ai_complete(body) FROM batch_docs ORDER BY id LIMIT 5');

-- A cheap condition stays below, what comes after a call goes with it; nested calls are stages.
SELECT batch_plan('SELECT ai_complete(ai_complete(body)) FROM batch_docs WHERE id > 5 AND ai_complete(kind) = ''yes''');
SELECT batch_plan('SELECT id FROM batch_docs WHERE ai_complete(body) = ''a'' AND ai_complete(kind) = ''b''');

-- Conditions under which a call is evaluated.
SELECT batch_plan('SELECT CASE WHEN id > 5 THEN ai_complete(body) WHEN id > 3 THEN kind ELSE ai_complete(kind) END FROM batch_docs');
SELECT batch_plan('SELECT CASE kind WHEN ai_complete(body) THEN 1 WHEN ''b'' THEN 2 END FROM batch_docs');
SELECT batch_plan('SELECT coalesce(summary, ai_complete(body), ai_complete(kind)) FROM batch_docs');
SELECT batch_plan('SELECT id FROM batch_docs WHERE score > 1 OR ai_complete(body) = ''yes''');

-- One call per row, however many of its fields.
SELECT batch_plan('SELECT (ai_call(body)).* FROM batch_docs');
SELECT batch_plan('SELECT (r).answer, (r).cost FROM (SELECT ai_call(body) AS r FROM batch_docs) s');
SELECT batch_plan('SELECT ai_complete(body), ai_complete(body) FROM batch_docs');

-- Joins, aggregates, windows.
SELECT batch_plan('SELECT d.id, ai_complete(d.body || k.note) FROM batch_docs d JOIN batch_kinds k ON ai_complete(d.kind || k.kind) = ''same''');
SELECT batch_plan('SELECT d.id FROM batch_docs d LEFT JOIN batch_kinds k ON ai_complete(d.kind || k.kind) = ''same''');
SELECT batch_plan('SELECT kind, sum(length(ai_complete(body))) FILTER (WHERE id > 3) FROM batch_docs GROUP BY kind HAVING ai_complete(string_agg(body, '' '')) = ''good''');
SELECT batch_plan('SELECT ai_complete(kind), count(*) FROM batch_docs GROUP BY 1');
SELECT batch_plan('SELECT ai_complete(body || row_number() OVER (ORDER BY id)) FROM batch_docs');

-- A lateral call is one for each row of the other side.
SELECT batch_plan('SELECT d.id, r.answer, r.cost FROM batch_docs d, LATERAL ai_call(d.body) r WHERE r.error IS NULL');
SELECT batch_plan('SELECT d.id, x, x || ''!'' FROM batch_docs d LEFT JOIN LATERAL (SELECT ai_complete(d.body) AS x) s ON true');
SELECT batch_plan('SELECT d.id, x, y FROM batch_docs d, LATERAL (SELECT ai_complete(d.body) AS x, random() AS y) s');

-- Subqueries.
SELECT batch_plan('SELECT id FROM batch_docs d WHERE EXISTS (SELECT FROM batch_kinds k WHERE k.kind = d.kind AND ai_complete(k.note || d.id) = ''yes'')');
SELECT batch_plan('WITH c AS MATERIALIZED (SELECT id, ai_complete(body) AS a FROM batch_docs) SELECT ai_complete(a) FROM c');

-- LIMIT: calls for its rows only, also where it stands above a condition.
SELECT batch_plan('SELECT ai_complete(body) FROM batch_docs LIMIT 5 OFFSET 3');
SELECT batch_plan('SELECT ai_complete(body) FROM batch_docs ORDER BY id LIMIT 5');
SELECT batch_plan('SELECT ai_complete(body) FROM batch_docs ORDER BY id FETCH FIRST 5 ROWS WITH TIES');
SELECT batch_plan('SELECT ai_complete(body), random() FROM batch_docs LIMIT 5 OFFSET 3');
SELECT batch_plan('SELECT id FROM batch_docs WHERE ai_complete(body) = ''yes'' LIMIT 4');
SELECT batch_plan('SELECT id, ai_complete(body) FROM batch_docs LIMIT 4 FOR UPDATE');

-- Partitions: one node for all of them.
CREATE TABLE batch_parts (id int, kind text, body text) PARTITION BY LIST (kind);
CREATE TABLE batch_parts_a PARTITION OF batch_parts FOR VALUES IN ('a');
CREATE TABLE batch_parts_b (body text, id int, kind text);
ALTER TABLE batch_parts ATTACH PARTITION batch_parts_b FOR VALUES IN ('b');
SELECT batch_plan('SELECT id, ai_complete(body) FROM batch_parts WHERE ai_complete(kind) = ''x''');
SELECT batch_plan('UPDATE batch_parts SET body = ai_complete(body)');
SELECT batch_plan('SELECT ai_complete(body) FROM batch_docs UNION ALL SELECT ai_complete(note) FROM batch_kinds');

-- Left in place.
SELECT batch_plan('SELECT ai_complete(''a'' || random()) FROM batch_docs');
SELECT batch_plan('SELECT ai_complete(body), generate_series(1, 2) FROM batch_docs');
SELECT batch_plan('SELECT id, ai_complete(body) FROM batch_docs FOR UPDATE SKIP LOCKED LIMIT 1');
SELECT batch_plan('UPDATE batch_docs SET (summary, kind) = (SELECT note, ai_complete(note) FROM batch_kinds k WHERE k.kind = batch_docs.kind)');
SELECT batch_plan('DELETE FROM batch_docs RETURNING ai_complete(body)');
BEGIN;
EXPLAIN (COSTS OFF) DECLARE c SCROLL CURSOR FOR SELECT ai_complete(body) FROM batch_docs;
ROLLBACK;
SET ai_router.batching = off;
SELECT batch_plan('SELECT ai_complete(body) FROM batch_docs');
RESET ai_router.batching;

DROP TABLE batch_docs, batch_kinds, batch_parts;
DROP FUNCTION batch_plan;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_hashagg;
RESET enable_bitmapscan;
RESET enable_memoize;
