--: a call per row | batched calls=20
SELECT id, e(t) FROM d
--: several calls in a row | batched calls=60
SELECT e(t), e(w), e(id) FROM d
--: the same call twice is two calls | batched calls=40
SELECT e(t), e(t) FROM d
--: a call of a call | batched calls=40
SELECT e(e(t)) FROM d
--: three deep beside others | batched calls=80
SELECT e(e(e(t))), e(w), id FROM d
--: in an expression | batched calls=20
SELECT upper(e(t)) || '!' || length(w) FROM d
--: in operators, casts, null tests, distinct, nullif, greatest | batched calls=120
SELECT e(id)::int + 1, e(t) IS NULL, e(t) IS DISTINCT FROM 'w7', nullif(e(t), 'w7'), greatest(e(t), e(w)) FROM d
--: in ROW and ARRAY | batched calls=60
SELECT ROW(e(t), id), ARRAY[e(t), w, e(id)] FROM d
--: in a row compared by column | same
SELECT (e(t), e(w)) < ('w4', 'r1') FROM d
--: compared with a list | batched calls=20
SELECT e(t) IN ('w1', 'w2', 'w3'), id FROM d
--: an element of an array made of calls | batched calls=40
SELECT (ARRAY[e(t), e(w)])[2] FROM d
--: a field of a composite made of calls | batched calls=20
SELECT (ROW(e(t), id)::pair).a FROM d
--: to a domain | batched calls=20 early=20
SELECT e(t)::short FROM d
--: to a domain that refuses one | early=40 batched
SELECT e('abcd' || id)::short FROM d
--: cast of an array | batched calls=20
SELECT ai_complete(ARRAY['Echo: ' || id, 'Echo: ' || g])::int[] FROM d WHERE id <= 10
--: array door | batched calls=40
SELECT ai_complete(ARRAY['Echo: ' || t, 'Echo: ' || w]) FROM d
--: array door of different lengths | batched
SELECT ai_complete(ARRAY(SELECT 'Echo: ' || i FROM generate_series(1, g) i)) FROM d ORDER BY id
--: array of an aggregate | calls=20
SELECT ai_complete(array_agg('Echo: ' || t ORDER BY id)) FROM d
--: chat door | batched calls=20
SELECT ai_chat(jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'Echo: ' || t))) FROM d
--: result door, whole | batched calls=20
SELECT (s.r).answer, (s.r).model, (s.r).error FROM (SELECT ai_call('Echo: ' || t) AS r FROM d OFFSET 0) s
--: fields of a result from a subquery: one call a row | batched calls<=20
SELECT (r).answer, (r).attempts FROM (SELECT ai_call('Echo: ' || t) AS r FROM d) s
--: a result's star: one provider call a row | batched calls<=20
SELECT answer, model, error FROM (SELECT (ai_call('Echo: ' || t)).* FROM d) s
--: one field of a result | batched calls=20
SELECT (ai_call('Echo: ' || t)).answer FROM d
--: NULL prompt | batched calls=16
SELECT n, e(n) FROM d
--: hints by row | batched calls=20
SELECT e(t, jsonb_build_object('temperature', (g::float8 / 10)::numeric)) FROM d
--: NULL hints | batched
SELECT e(t, CASE WHEN f THEN '{}'::jsonb END) FROM d
--: whole row and system columns beside it | batched calls=20
SELECT d, d.tableoid::regclass, d.ctid, e(t) FROM d
--: a call of the whole row | batched calls=20
SELECT e(d::text) FROM d
--: no column at all | batched calls<=20
SELECT FROM d WHERE e(g) = '1'
--: constant arguments: asked once or for each | calls<=20
SELECT e('fixed'), id FROM d
--: inlined SQL function | batched calls=20
SELECT inlined(t) FROM d
--: function that is not inlined | plain calls=20
SELECT opaque(t) FROM d
--: function that catches errors | plain calls=20
SELECT safely(CASE WHEN f THEN t ELSE id::text END) FROM d
--: call of an opaque call | plain calls=40
SELECT e(opaque(t)) FROM d
--: set-returning function beside a call
SELECT e(t), generate_series(1, 2) FROM d WHERE id <= 4
--: set-returning function of a call | calls=6
SELECT unnest(string_to_array(e(t || ',' || w), ',')) FROM d WHERE id <= 6
--: call of a set-returning function | batched
SELECT e(x) FROM (SELECT generate_series(1, g) AS x FROM d) s
--: volatile argument stays in place | calls=6
SELECT length(e(clock_timestamp())) > 10 FROM d WHERE id <= 6
--: arguments that draw from a sequence, in order | calls=20
CREATE SEQUENCE s;
SELECT id, e(nextval('s')) FROM d;
DROP SEQUENCE s
--: a volatile function beside it | batched calls=20
SELECT vol(id), e(t), random() >= 0 FROM d
--: over VALUES | batched calls=3
SELECT e(x) FROM (VALUES ('a'), ('b'), ('c')) v(x)
--: over a function scan | batched calls=12
SELECT e(i), i FROM generate_series(1, 12) i
--: over a function scan with ordinality | batched calls=8
SELECT e(x), o FROM plain_words() WITH ORDINALITY AS s(x, o)
--: over unnest | batched calls=4
SELECT e(x) FROM unnest(ARRAY['a', NULL, 'b', 'c', 'd']) x
--: over jsonb and xml tables | batched calls=3
SELECT e(value) FROM jsonb_array_elements_text('["x", "y", "z"]')
--: over rows from several functions | batched
SELECT e(a), e(b) FROM ROWS FROM (generate_series(1, 3), generate_series(1, 5)) s(a, b)
--: a sample | batched
SELECT e(t) FROM d TABLESAMPLE BERNOULLI (50) REPEATABLE (7)
--: by ctid | batched
SELECT e(t) FROM d WHERE ctid IN ('(0,1)', '(0,3)', '(0,5)')
--: by a range of ctids | batched
SELECT e(t) FROM d WHERE ctid < '(0,8)'
--: by index | batched calls=5
SELECT e(t) FROM d WHERE id BETWEEN 3 AND 7 ORDER BY id
--: index only | batched calls=9
SELECT e(id) FROM d WHERE id < 10 ORDER BY id
--: no row | calls=0
SELECT e(t) FROM empty
--: one row | calls=1
SELECT e(t) FROM d WHERE id = 3
--: without FROM | calls=1
SELECT e('x')
--: without FROM, several | calls=3
SELECT e('x'), e('y') || e('z')
--: correlated without FROM | calls=20
SELECT (SELECT e(d.t)) FROM d
--: EXPLAIN makes no call | calls=0 rows=off
EXPLAIN (COSTS OFF) SELECT e(t) FROM d
--: EXPLAIN ANALYZE calls | calls=20 rows=off
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT e(t) FROM d
--: EXPLAIN as JSON | calls=20 rows=off
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) SELECT e(t), e(e(w)) FROM d WHERE id < 20 AND (f OR e(t) = 'w1') LIMIT 0;
EXPLAIN (ANALYZE, VERBOSE, BUFFERS, FORMAT XML) SELECT e(t) FROM d
--: ORDER BY the call | batched calls=20
SELECT id, e(t) FROM d ORDER BY 2
--: ORDER BY a call that is not shown | batched calls=20
SELECT id FROM d ORDER BY e(t), id
--: ORDER BY a call, descending, beside another | batched calls=40
SELECT e(w) FROM d ORDER BY length(e(t)) DESC, id
--: ORDER BY something else | batched calls=20
SELECT e(t) FROM d ORDER BY n NULLS FIRST, id
--: DISTINCT | batched calls=20
SELECT DISTINCT e(w) FROM d ORDER BY 1
--: DISTINCT ON a call | batched
SELECT DISTINCT ON (e(g)) id, t FROM d ORDER BY e(g), id
--: DISTINCT ON, call beside it | batched
SELECT DISTINCT ON (g) g, e(t) FROM d ORDER BY g, id
--: over a window function | batched calls=20
SELECT e(row_number() OVER (ORDER BY id)), id FROM d ORDER BY id
--: argument of a window function | calls=20
SELECT max(e(t)) OVER (PARTITION BY g), id FROM d ORDER BY id
--: partition of a window by a call | calls<=40
SELECT id, count(*) OVER (PARTITION BY e(g)) FROM d ORDER BY id
--: beside a window function | batched calls=20
SELECT e(t), rank() OVER (ORDER BY g) FROM d ORDER BY id
--: call of an uncorrelated subselect | calls<=20
SELECT id, e((SELECT max(u) FROM j)) FROM d
--: call of a column and an uncorrelated subselect | batched calls=20
SELECT e(t || (SELECT max(u) FROM j)) FROM d
--: field of a result in a condition | batched calls=20
SELECT id FROM d WHERE (ai_call('Echo: ' || t)).answer > 'w3'
--: results sorted by a field | batched calls=20
SELECT id FROM d ORDER BY (ai_call('Echo: ' || t)).answer, id
--: grouped by the key | batched calls=20
SELECT id, t, e(t) FROM d GROUP BY id ORDER BY id
--: VALUES with calls in FROM | calls=3
SELECT * FROM (VALUES (e('a')), (e('b')), (e('c'))) v
--: function scan of a call of a column | same
SELECT id, i FROM d, generate_series(1, e(g)::int) i ORDER BY 1, 2
--: xmltable | batched calls=3
SELECT e(x) FROM xmltable('/r/x' PASSING xmlparse(document '<r><x>a</x><x>b</x><x>c</x></r>') COLUMNS x text PATH '.')
--: collations | batched calls=20
SELECT e(t COLLATE "C") COLLATE "POSIX" FROM d WHERE id > 0 ORDER BY 1
--: varchar, char and name as prompts | batched calls=60
SELECT ai_complete(('Echo: ' || t)::varchar(9)), ai_complete(('Echo: ' || t)::char(20)), ai_complete(('Echo: ' || t)::name) FROM d
--: out-of-line values | batched calls=8
CREATE TEMP TABLE wide AS SELECT i AS id, (SELECT string_agg(md5(i || '-' || k), '') FROM generate_series(1, 300) k) AS b FROM generate_series(1, 8) i;
SELECT id, md5(e(b)) = md5(b), length(b) FROM wide
--: window with a run condition
SELECT id, a FROM (SELECT id, row_number() OVER (ORDER BY id) AS r, e(t) AS a FROM d) s WHERE r <= 3
--: window over a subquery of calls | batched calls=20
SELECT id, lag(a) OVER (ORDER BY id) FROM (SELECT id, e(t) AS a FROM d OFFSET 0) s
--: call of two windows | batched calls=20
SELECT e(rank() OVER (ORDER BY g) || '-' || count(*) OVER (PARTITION BY f)), id FROM d ORDER BY id
--: no right to execute | calls=0
REVOKE EXECUTE ON FUNCTION ai_complete(text, jsonb) FROM PUBLIC;
SET LOCAL ROLE clerk;
SELECT e(t) FROM d
--: no right to execute any more | calls=20
PREPARE q AS SELECT e(t) FROM d;
EXECUTE q;
REVOKE EXECUTE ON FUNCTION ai_complete(text, jsonb) FROM PUBLIC;
SET LOCAL ROLE clerk;
EXECUTE q
--: the function becomes strict | batched calls=12
ALTER FUNCTION ai_complete(text, jsonb) STRICT;
SELECT e(t, CASE WHEN id <= 12 THEN '{}'::jsonb END) FROM d
--: a function of the same name elsewhere | calls=0
CREATE FUNCTION public.ai_complete(x text, y int) RETURNS text LANGUAGE sql AS $$ SELECT x || y $$;
SELECT ai_complete(t, id) FROM d
--: the function by another name | batched calls=20
CREATE FUNCTION ask(text, jsonb) RETURNS text AS '$libdir/ai_router', 'ai_complete' LANGUAGE C VOLATILE COST 10000;
SELECT ask('Echo: ' || t, '{}') FROM d
--: the function declared stable | calls<=20
ALTER FUNCTION ai_complete(text, jsonb) STABLE;
SELECT e(t) FROM d
--: the function declared immutable | calls<=21
ALTER FUNCTION ai_complete(text, jsonb) IMMUTABLE;
SELECT e(t), e('x') FROM d
--: the function declared parallel safe
ALTER FUNCTION ai_complete(text, jsonb) PARALLEL SAFE;
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;
SELECT e(t) FROM d WHERE e(g) <> '1'
