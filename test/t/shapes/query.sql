--: join, call of both sides | batched unordered calls=12
SELECT j.id, e(t || u) FROM d JOIN j ON j.did = d.id
--: join, filter on one side | batched unordered
SET LOCAL enable_nestloop = off;
SELECT j.id FROM d JOIN j ON j.did = d.id WHERE e(d.g) = '1'
--: join condition is a call | batched unordered calls=40
SELECT d.id, j.id FROM d JOIN j ON e(d.id || ' ' || j.did) = d.id || ' ' || d.id WHERE j.id <= 2
--: join condition and a cheap one | batched unordered calls=12
SELECT j.id FROM d JOIN j ON j.did = d.id AND e(u || t) > 'u'
--: join by a call | unordered
SELECT d.id, j.id FROM d JOIN j ON e(d.id) = j.did::text
--: left join, call over it | batched unordered calls=14
SELECT j.id, e(u || coalesce(t, '-')) FROM j LEFT JOIN d ON j.did = d.id
--: left join, call in its condition | unordered
SELECT j.id, d.id FROM j LEFT JOIN d ON j.did = d.id AND e(t) > 'w3'
--: left join, filter over it | batched unordered
SELECT j.id FROM j LEFT JOIN d ON j.did = d.id WHERE coalesce(e(t), 'none') > 'w'
--: left join of a subquery with calls | unordered
SELECT j.id, s.a FROM j LEFT JOIN (SELECT id, e(t) AS a FROM d) s ON s.id = j.did
--: left join of a subquery that filters | unordered
SELECT j.id, s.id FROM j LEFT JOIN (SELECT id FROM d WHERE e(g) = '1') s ON s.id = j.did
--: full join | unordered batched
SELECT j.id, d.id, e(coalesce(t, u)) FROM j FULL JOIN d ON j.did = d.id
--: cross join | batched unordered calls=24
SELECT e(d.id || '-' || j.id) FROM d, j WHERE d.id <= 4 AND j.id <= 6
--: three tables | batched unordered
SELECT e(a.t || b.t || u) FROM d a JOIN d b ON b.id = a.id + 1 JOIN j ON j.did = b.id
--: self join by a subquery of calls | unordered
SELECT x.id, y.id FROM (SELECT id, e(g) AS a FROM d OFFSET 0) x JOIN (SELECT id, e(g) AS a FROM d OFFSET 0) y ON x.a = y.a AND x.id < y.id
--: EXISTS with a call | same
SELECT id FROM d WHERE EXISTS (SELECT FROM j WHERE e(j.did) = d.id::text) AND id <= 5
--: EXISTS with a call, correlated by index | same
SELECT id FROM d WHERE EXISTS (SELECT FROM j WHERE j.did = d.id AND e(u) > 'u3')
--: EXISTS alone | same
SELECT EXISTS (SELECT FROM d WHERE e(g) = '2')
--: NOT EXISTS | same
SELECT id FROM d WHERE NOT EXISTS (SELECT FROM j WHERE e(j.did) = d.id::text) AND id <= 4
--: IN with calls | same
SELECT id FROM d WHERE t IN (SELECT e(u) FROM j)
--: IN with calls that match | unordered
SELECT id FROM d WHERE id::text IN (SELECT e(did) FROM j)
--: ANY of a subquery of calls | same
SELECT id FROM d WHERE id::text > ALL (SELECT e(did) FROM j WHERE did = 5)
--: scalar subquery | same calls=1
SELECT id, (SELECT e(max(t)) FROM d) FROM d
--: scalar subquery with rows | same
SELECT (SELECT e(t) FROM d WHERE id = 4), id FROM d WHERE id < 3
--: scalar subquery with too many rows | early=20
SELECT (SELECT e(t) FROM d WHERE id < 4)
--: ARRAY of a subquery | batched calls=20
SELECT ARRAY(SELECT e(t) FROM d ORDER BY id)
--: call with a subselect as its argument | calls=20
SELECT e((SELECT max(u) FROM j WHERE j.did >= d.id)) IS NULL, id FROM d
--: LATERAL scan | unordered
SELECT d.id, s.a FROM d, LATERAL (SELECT e(u || d.t) AS a FROM j WHERE j.did = d.id) s
--: LATERAL without FROM | calls=20
SELECT d.id, s.a FROM d, LATERAL (SELECT e(d.t) AS a) s
--: LATERAL without FROM, used twice | calls<=40
SELECT s.a, length(s.a) FROM d, LATERAL (SELECT e(d.t) AS a OFFSET 0) s
--: LATERAL function | calls=20
SELECT d.id, s FROM d, LATERAL string_to_array(e(d.t), 'w') s
--: LEFT JOIN LATERAL | unordered
SELECT d.id, s.a FROM d LEFT JOIN LATERAL (SELECT e(u) AS a FROM j WHERE j.did = d.id) s ON true
--: UNION ALL | batched calls=34
SELECT e(t) FROM d UNION ALL SELECT e(u) FROM j
--: UNION | batched unordered calls=40
SELECT e(w) FROM d UNION SELECT e(g) FROM d
--: UNION ALL of different types | batched calls=34
SELECT e(t), id::numeric FROM d UNION ALL SELECT u, e(id)::numeric FROM j
--: UNION ALL with filters | batched
SELECT id FROM d WHERE e(g) = '1' UNION ALL SELECT id FROM j WHERE e(u) > 'u4'
--: UNION ALL, a call over it | batched calls=34
SELECT e(x) FROM (SELECT t AS x FROM d UNION ALL SELECT u FROM j) s
--: UNION ALL sorted by the call | batched
SELECT e(t) AS a FROM d UNION ALL SELECT e(u) FROM j ORDER BY a
--: INTERSECT and EXCEPT | unordered batched
(SELECT e(w) FROM d EXCEPT SELECT e('r' || id) FROM j) INTERSECT SELECT e(w) FROM d
--: CTE used once | batched calls=20
WITH c AS (SELECT id, e(t) AS a FROM d) SELECT * FROM c
--: CTE used twice | batched unordered calls=20
WITH c AS (SELECT id, e(t) AS a FROM d) SELECT x.a, y.a FROM c x JOIN c y ON x.id = y.id + 1
--: CTE materialized under LIMIT | early=20
WITH c AS MATERIALIZED (SELECT id, e(t) AS a FROM d) SELECT a FROM c LIMIT 3
--: CTE not materialized | batched calls=20
WITH c AS NOT MATERIALIZED (SELECT id, e(t) AS a FROM d) SELECT a || id FROM c
--: call over a CTE | batched calls=20
WITH c AS MATERIALIZED (SELECT t FROM d) SELECT e(t) FROM c
--: recursive CTE | calls=5
WITH RECURSIVE c AS (SELECT 1 AS i, e('1') AS a UNION ALL SELECT i + 1, e(a || i) FROM c WHERE i < 5) SELECT * FROM c
--: recursive CTE with several rows a step | batched
WITH RECURSIVE c AS (SELECT id AS i, t AS a FROM d WHERE id < 5 UNION ALL SELECT i + 5, e(a) FROM c WHERE i < 15) SELECT * FROM c ORDER BY 1
--: recursive CTE with a filter | lazy
WITH RECURSIVE c AS (SELECT id FROM d WHERE id < 4 UNION SELECT d.id FROM c JOIN d ON d.id = c.id * 2 WHERE e(d.id) <> '8') SELECT * FROM c ORDER BY 1
--: view | batched calls=20
SELECT id, a FROM v
--: view whose call nothing reads | calls<=20
SELECT id FROM v
--: count of a view | calls<=20
SELECT count(*) FROM v
--: subquery whose call nothing reads | calls<=20
SELECT count(*) FROM (SELECT e(t) FROM d OFFSET 0) s
--: subquery whose call is read by the condition only | batched calls=20
SELECT id FROM v WHERE a > 'w3'
--: view filtered by a column | batched calls=5
SELECT a FROM v WHERE g = 1
--: view filtered by its call and a column | batched
SELECT a FROM v WHERE g = 1 AND a > 'w3'
--: barrier view | batched calls=15
SELECT * FROM v_barrier
--: barrier view with a leaky filter | batched
SELECT a FROM v_barrier WHERE tell(t)
--: barrier view, filter on the call | batched
SELECT id FROM v_barrier WHERE tell(a) AND a > 'w3'
--: view that filters | batched calls=20
SELECT * FROM v_filter
--: view of a view | batched
SELECT x.id, e(x.a) FROM v x JOIN v_filter y USING (id) ORDER BY 1
--: SQL function body | batched calls=12
SELECT * FROM srf_sql(12)
--: SQL function body under LIMIT | early=12
SELECT * FROM srf_sql(12) LIMIT 3
--: SQL function in the list | early=12
SELECT srf_sql(12) LIMIT 3
--: function scan argument | calls=1
SELECT * FROM generate_series(1, e('5')::int)
--: merge join, call on both inputs | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off;
SELECT x.a, y.a FROM (SELECT id, e(t) AS a FROM d) x JOIN (SELECT did, e(u) AS a FROM j) y ON x.id = y.did
--: merge join that marks and restores | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_material = off;
SELECT x.id, y.a FROM (SELECT id, g FROM d) x JOIN (SELECT g, e(t) AS a FROM d ORDER BY g OFFSET 0) y ON x.g = y.g WHERE x.id < 9
--: merge join, keys are calls | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off;
SELECT x.id, y.id FROM d x JOIN d y ON e(x.g) = e(y.g) WHERE x.id < 6 AND y.id < 8
--: nested loop, inner side rescanned | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off;
SELECT x.id, y.a FROM (SELECT id FROM d WHERE id < 4) x JOIN (SELECT did, e(u) AS a FROM j OFFSET 0) y ON x.id <= y.did
--: nested loop, inner filter rescanned | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_material = off;
SELECT x.id, y.id FROM d x JOIN j y ON x.id = y.did WHERE e(y.u) > 'u2' AND x.id < 6
--: nested loop that memoizes | unordered
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT x.id, y.a FROM d x, LATERAL (SELECT e(j.u || x.g) AS a FROM j WHERE j.id = x.g + 1 OFFSET 0) y
--: semi join, inner calls | same
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_hashagg = off; SET LOCAL enable_sort = off;
SELECT id FROM d WHERE EXISTS (SELECT FROM j WHERE j.did > d.id AND e(u) <> 'u1') AND id < 6
--: anti join, inner calls | same
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT id FROM d WHERE NOT EXISTS (SELECT FROM j WHERE j.did > d.id AND e(u) > 'u8') AND id < 6
--: bitmap scan | batched calls=10
SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off;
SELECT id, e(t) FROM d WHERE g IN (1, 2)
--: incremental sort | batched
SELECT e(t) FROM d WHERE id < 12 ORDER BY id, e(g)
--: sorted group | batched
SET LOCAL enable_hashagg = off;
SELECT e(w), max(e(t)) FROM d GROUP BY 1
--: parallel scan | batched unordered calls=20
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;
SELECT e(t) FROM d
--: parallel scan with a filter and an aggregate | batched
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;
SELECT g, count(e(t)), max(n) FROM d WHERE e(w) <> 'r1' GROUP BY g ORDER BY g
--: gather merge | batched calls=20
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0; SET LOCAL enable_indexscan = off;
SELECT e(t) FROM d ORDER BY id
--: prepared with a parameter | batched calls=25
PREPARE q(int, text) AS SELECT e(t || $2) FROM d WHERE g = $1;
EXECUTE q(1, 'a'); EXECUTE q(2, 'b'); EXECUTE q(3, 'c'); EXECUTE q(0, 'd'); EXECUTE q(1, NULL); EXECUTE q(2, 'f');
DEALLOCATE q
--: prepared with a call of a parameter | calls<=20
PREPARE q(text) AS SELECT id FROM d WHERE e($1) = t;
EXECUTE q('w7'); DEALLOCATE q
--: prepared, LIMIT by a parameter | batched calls=10
PREPARE q(int) AS SELECT e(t) FROM d LIMIT $1;
EXECUTE q(3); EXECUTE q(0); EXECUTE q(7); DEALLOCATE q
--: prepared, CASE by a parameter | batched
PREPARE q(bool) AS SELECT CASE WHEN $1 THEN e(t) ELSE w END FROM d;
EXECUTE q(true); EXECUTE q(false); EXECUTE q(NULL); DEALLOCATE q
--: prepared UPDATE | batched calls=15
PREPARE q(int) AS UPDATE d SET z = e(t) WHERE g = $1;
EXECUTE q(1); EXECUTE q(2); EXECUTE q(3); DEALLOCATE q;
SELECT id, z FROM d ORDER BY id
--: row security: a leaky function sees permitted rows only | batched calls=5
SET LOCAL ROLE clerk;
SELECT id FROM secret WHERE tell(t) AND e(id) <> 'x'
--: row security by a call: a leaky function sees permitted rows only | batched
SET LOCAL ROLE judge;
SELECT id, e(t) FROM secret WHERE tell(t)
--: row security by a call, and a leaky call | batched
SET LOCAL ROLE judge;
SELECT id FROM secret WHERE tell(e(t)) AND e(id) <> '3'
--: row security by a call in UPDATE | batched
SET LOCAL ROLE judge;
UPDATE secret SET t = e(id) WHERE tell(t) RETURNING id, t
--: EXISTS that is not pulled up | same
SELECT id FROM d WHERE f OR EXISTS (SELECT FROM j WHERE j.did = d.id AND e(u) > 'u3')
--: EXISTS over several rows that is not pulled up | same
SELECT id FROM d WHERE id > 16 AND (f OR EXISTS (SELECT FROM j WHERE j.did < d.id AND e(u) > 'u3'))
--: hashed subplan of calls | batched
SELECT id FROM d WHERE id NOT IN (SELECT e(did)::int FROM j)
--: hashed subplan beside a filter | batched
SELECT id FROM d WHERE e(g) <> '3' AND (f OR id IN (SELECT e(did)::int FROM j))
--: a subplan after a filter | same
SELECT id FROM d WHERE e(g) = '1' AND id > (SELECT min(j.did) FROM j WHERE j.id <> d.id)
--: a subplan in the list beside a call | batched calls=20
SELECT e(t), (SELECT max(u) FROM j WHERE j.did = d.id) FROM d
--: a subplan of the outer row's call | batched unordered
SELECT id, (SELECT max(u) FROM j WHERE j.u > s.a) FROM (SELECT id, e(t) AS a FROM d OFFSET 0) s
--: parallel hash join | batched unordered
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;
SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;
SELECT e(t || u) FROM d JOIN j ON j.did = d.id WHERE e(d.g) <> '1'
--: right and anti joins | unordered
SELECT u, e(t) FROM (SELECT * FROM d WHERE e(g) = '1') x RIGHT JOIN j ON j.did = x.id
--: a join with no match on one side | calls<=14
SELECT e(t), e(u) FROM d JOIN j ON j.did = d.id WHERE d.id > 1000
--: a join whose inner side is empty
SELECT s.a FROM (SELECT id, e(t) AS a FROM d OFFSET 0) s JOIN empty ON empty.id = s.id
--: a hash join of which both sides call, without outer rows | calls=0
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
SELECT a.id, x, y FROM (SELECT id, e(t) AS x FROM d WHERE t || 'x' < 'a' OFFSET 0) a JOIN (SELECT id, e(u) AS y FROM j WHERE id < 3 OFFSET 0) b ON a.id = b.id
--: a hash join of which both sides call | batched unordered calls=22
SET LOCAL enable_nestloop = off;
SET LOCAL enable_mergejoin = off;
SELECT a.id, x, y FROM (SELECT id, e(t) AS x FROM d OFFSET 0) a JOIN (SELECT id, e(u) AS y FROM j WHERE id < 3 OFFSET 0) b ON a.id = b.id
--: a hash join whose table is empty | calls=0
SET LOCAL enable_nestloop = off; SET LOCAL enable_mergejoin = off;
SELECT s.a FROM empty JOIN (SELECT id, e(t) AS a FROM d OFFSET 0) s ON empty.id = s.id
--: a merge join that ends early | unordered early=8
SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off; SET LOCAL enable_sort = off;
SELECT x.id, y.a FROM (SELECT id FROM d WHERE id < 4 ORDER BY id OFFSET 0) x JOIN (SELECT id, e(t) AS a FROM d ORDER BY id OFFSET 0) y USING (id)
--: UNION ALL of tables with the same calls | batched peak=4 calls=34
SELECT e(x) FROM (SELECT t AS x, id FROM d UNION ALL SELECT u, id FROM j) s WHERE id > 0
--: UNION ALL with constants | batched
SELECT 'd', e(t) FROM d WHERE g = 1 UNION ALL SELECT 'j', e(u) FROM j WHERE id < 4
--: a subquery with DISTINCT, a filter over it | batched
SELECT a FROM (SELECT DISTINCT e(w) AS a FROM d) s WHERE a <> 'r1' ORDER BY a
--: a subquery with a window, a filter over it | batched calls=20
SELECT a FROM (SELECT e(t) AS a, row_number() OVER (ORDER BY id DESC) AS r FROM d) s WHERE a > 'w3' AND r % 2 = 0
--: LIMIT over DISTINCT, sorted | same
SET LOCAL enable_hashagg = off;
SELECT DISTINCT e(w) FROM d ORDER BY 1 LIMIT 1
--: LIMIT over a cheap filter of an outer join | same
SELECT j.id, s.a FROM j LEFT JOIN (SELECT id, e(t) AS a FROM d OFFSET 0) s ON s.id = j.did WHERE s.a IS NULL LIMIT 1
--: LIMIT over a nested loop | same
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT s.a, j.id FROM (SELECT id, e(t) AS a FROM d OFFSET 0) s JOIN j ON j.did = s.id LIMIT 2
--: LIMIT over a window | same
SELECT a, row_number() OVER () FROM (SELECT e(t) AS a FROM d OFFSET 0) s LIMIT 3
--: LIMIT over a subselect in the list of a subquery | same
SELECT * FROM (SELECT id, (SELECT e(t)) AS a FROM d OFFSET 0) s LIMIT 3
