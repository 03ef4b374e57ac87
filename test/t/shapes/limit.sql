--: LIMIT 5 is 5 calls | batched calls=5
SELECT e(t) FROM d LIMIT 5
--: LIMIT and OFFSET | batched calls<=7
SELECT e(t) FROM d LIMIT 5 OFFSET 3
--: OFFSET alone | batched calls<=20
SELECT e(t) FROM d OFFSET 15
--: LIMIT 0 | calls=0
SELECT e(t) FROM d LIMIT 0
--: LIMIT NULL | batched calls=20
SELECT e(t) FROM d LIMIT NULL
--: LIMIT beyond the end | batched calls=20
SELECT e(t) FROM d LIMIT 100
--: LIMIT below zero | calls=0
SELECT e(t) FROM d LIMIT (SELECT -1)
--: LIMIT by a subselect | batched calls=5
SELECT e(t) FROM d LIMIT (SELECT count(*) FROM d WHERE g = 1)
--: LIMIT by a call | calls=5
SELECT e(t) FROM d LIMIT e('4')::int
--: FETCH FIRST | batched calls=3
SELECT e(t) FROM d FETCH FIRST 3 ROWS ONLY
--: WITH TIES | batched early=20
SELECT g, e(t) FROM d ORDER BY g FETCH FIRST 6 ROWS WITH TIES
--: filter under LIMIT: as many as in order | batched same
SELECT id FROM d WHERE e(g) = '1' LIMIT 4
--: filter and call under LIMIT | batched same
SELECT id, e(t) FROM d WHERE e(g) = '1' LIMIT 2
--: filter under LIMIT and OFFSET | batched same
SELECT id FROM d WHERE e(f) = 'true' LIMIT 2 OFFSET 2
--: two filters under LIMIT | same
SELECT id FROM d WHERE e(f) = 'true' AND e(g) <> '2' LIMIT 2
--: top by a score | batched calls=20
SELECT id FROM d ORDER BY e(t) LIMIT 3
--: top by a score, shown | batched calls=20
SELECT id, e(t) FROM d ORDER BY 2 DESC LIMIT 3 OFFSET 1
--: top by something else: calls for what is shown | batched calls=4
SELECT id, e(t) FROM d ORDER BY n, id LIMIT 4
--: top by something else, nested calls | batched calls=8
SELECT id, e(e(t)) FROM d ORDER BY n, id LIMIT 4
--: LIMIT over an index | batched calls=4
SELECT e(t) FROM d ORDER BY id LIMIT 4
--: LIMIT in a subquery | batched calls=4
SELECT a FROM (SELECT e(t) AS a FROM d ORDER BY id LIMIT 4) s ORDER BY a
--: LIMIT over a subquery | batched calls=4
SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s LIMIT 4
--: LIMIT over a subquery with a filter on it | batched same
SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE a > 'w3' LIMIT 4
--: LIMIT over a view | batched calls=3
SELECT * FROM v LIMIT 3
--: LIMIT over a join | batched calls=4
SELECT e(u) FROM j JOIN d ON d.id = j.did ORDER BY j.id LIMIT 4
--: LIMIT over DISTINCT | batched calls<=20
SELECT DISTINCT e(w) FROM d LIMIT 2
--: LIMIT over groups of a call | batched calls=20
SELECT e(w), count(*) FROM d GROUP BY 1 ORDER BY 1 LIMIT 1
--: LIMIT over UNION ALL | batched calls<=5
SELECT e(t) FROM d UNION ALL SELECT e(u) FROM j LIMIT 5
--: LIMIT reaching the second part of UNION ALL | batched calls<=22
SELECT e(t) FROM d UNION ALL SELECT e(u) FROM j LIMIT 22
--: LIMIT over partitions | batched calls<=8
SELECT e(t) FROM p LIMIT 8
--: LIMIT over a set-returning function | calls<=6
SELECT e(t), generate_series(1, 3) FROM d LIMIT 5
--: LIMIT in a correlated subquery | same
SELECT id, (SELECT e(u) FROM j WHERE j.did > d.id ORDER BY j.id LIMIT 1) FROM d WHERE id < 8
--: LIMIT in LATERAL | same
SELECT d.id, s.a FROM d, LATERAL (SELECT e(u) AS a FROM j WHERE j.did > d.id ORDER BY j.id LIMIT 2) s WHERE d.id < 8 ORDER BY 1, 2
--: LIMIT 1 of FOR UPDATE SKIP LOCKED | calls=1
SELECT id, e(t) FROM d ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
--: filter and LIMIT 1 of FOR UPDATE SKIP LOCKED | same
SELECT id FROM d WHERE e(g) = '2' LIMIT 1 FOR UPDATE SKIP LOCKED
--: FOR UPDATE | calls=20
SELECT id, e(t) FROM d FOR UPDATE
--: FOR UPDATE with LIMIT | same
SELECT id, e(t) FROM d ORDER BY id LIMIT 3 FOR UPDATE
--: FOR SHARE of a join | calls=12
SELECT j.id, e(t) FROM d JOIN j ON j.did = d.id ORDER BY j.id FOR SHARE OF j
--: LIMIT in a LIMIT | same
SELECT id FROM (SELECT id FROM d WHERE e(f) = 'true' LIMIT 6) s LIMIT 2
--: LIMIT in a LIMIT, the inner one is less | same
SELECT id FROM (SELECT id FROM d WHERE e(f) = 'true' LIMIT 2) s LIMIT 6
--: LIMIT in a LIMIT, calls in the list | batched calls<=3
SELECT a FROM (SELECT e(t) AS a FROM d LIMIT 9) s LIMIT 3
--: LIMIT over the filter of a subquery, drops all but one | same
SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE a = 'w7' LIMIT 4
--: OFFSET in a LIMIT | calls<=5
SELECT a FROM (SELECT e(t) AS a FROM d OFFSET 2) s LIMIT 3
--: filter of a subquery by a parameter | same
SELECT id, (SELECT s.a FROM (SELECT e(u) AS a, j.did FROM j OFFSET 0) s WHERE s.did >= d.id LIMIT 1) FROM d WHERE id < 5
--: filter of a subquery by an expression of the call | same
SELECT a FROM (SELECT upper(e(t)) AS a FROM d OFFSET 0) s WHERE a <> 'W7' AND length(a) < 4 LIMIT 3
