--: argument of an aggregate | batched calls=20
SELECT count(e(t)), max(e(t)) FROM d WHERE g < 2
--: sum of scores | batched calls=20
SELECT sum(length(e(t))) FROM d
--: ordered aggregate | batched calls=20
SELECT string_agg(e(t), ',' ORDER BY id) FROM d
--: aggregate ordered by a call | batched calls=20
SELECT string_agg(t, ',' ORDER BY e(t)) FROM d
--: distinct aggregate | batched calls=20
SELECT count(DISTINCT e(w)) FROM d
--: FILTER is a guard | batched calls=6
SELECT count(e(t)) FILTER (WHERE f) FROM d
--: FILTER is a call | batched calls=20
SELECT count(*) FILTER (WHERE e(g) = '1') FROM d
--: FILTER and argument are calls | batched calls=25
SELECT string_agg(e(t), ',' ORDER BY id) FILTER (WHERE e(g) = '1') FROM d
--: GROUP BY a call | batched calls=20
SELECT e(w), count(*), min(id) FROM d GROUP BY 1 ORDER BY 1
--: GROUP BY a column, aggregate of a call | batched calls=20
SELECT g, string_agg(e(t), ',' ORDER BY id) FROM d GROUP BY g ORDER BY g
--: call of a group | batched calls=4
SELECT e(g), count(*) FROM d GROUP BY g ORDER BY g
--: call of an aggregate | batched calls=4
SELECT g, e(string_agg(t, ' ' ORDER BY id)) FROM d GROUP BY g ORDER BY g
--: call of an aggregate of calls | batched calls=24
SELECT g, e(string_agg(e(t), ' ' ORDER BY id)) FROM d GROUP BY g ORDER BY g
--: HAVING with a call | batched
SELECT g, count(*) FROM d GROUP BY g HAVING e(count(n)) = '4' ORDER BY g
--: HAVING with a cheap condition first | batched
SELECT g, e(max(t)) FROM d GROUP BY g HAVING count(n) > 3 AND e(g) <> '0' ORDER BY g
--: ROLLUP over a column | batched calls<=40
SELECT g, count(e(t)) FROM d GROUP BY ROLLUP (g, f) ORDER BY 1, 2
--: GROUPING SETS and GROUPING of a call | batched
SELECT g, f, grouping(g), e(count(*)) FROM d GROUP BY GROUPING SETS ((g), (f), ()) ORDER BY 1, 2, 3
--: ROLLUP by a call | batched calls<=40
SELECT e(w), count(*) FROM d GROUP BY ROLLUP (1) ORDER BY 1
--: ordered-set aggregate | calls=20
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY e(t)) FROM d
--: direct argument of an ordered-set aggregate | calls<=1
SELECT percentile_disc(e('0.5')::float8) WITHIN GROUP (ORDER BY id) FROM d
--: aggregate over nothing | calls=0
SELECT count(e(t)), e(max(t)) FROM empty
--: aggregate in a subselect
SELECT id, (SELECT max(e(u)) FROM j WHERE j.did = d.id) FROM d ORDER BY id
--: aggregate of a whole subquery | batched calls=20
SELECT count(*), max(a) FROM (SELECT e(t) AS a FROM d OFFSET 0) s
--: array aggregate to the array door and back | calls=20
SELECT unnest(ai_complete(array_agg('Echo: ' || t ORDER BY id))) FROM d GROUP BY g ORDER BY g
--: aggregate that stops | calls<=20
SELECT bool_or(e(g) = '1') FROM d
--: aggregate of CASE | batched
SELECT sum(CASE WHEN g = 1 THEN length(e(t)) ELSE 0 END) FROM d
--: aggregate over a window | batched
SELECT g, e(sum(count(*)) OVER (ORDER BY g)) FROM d GROUP BY g ORDER BY g
