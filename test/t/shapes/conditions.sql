--: CASE asks only for rows that take the arm | batched calls=5
SELECT CASE WHEN g = 1 THEN e(t) ELSE 'none' END FROM d
--: CASE with calls in two arms | batched calls=20
SELECT CASE WHEN f THEN e(t) ELSE e(w) END FROM d
--: CASE whose condition is a call | batched calls=25
SELECT CASE WHEN e(g) = '1' THEN e(t) ELSE 'none' END FROM d
--: CASE with several conditions of calls | batched
SELECT CASE WHEN e(g) = '1' THEN 'one' WHEN e(w) = 'r2' THEN e(t) WHEN f THEN e(id) END FROM d
--: CASE of a value | batched
SELECT CASE g WHEN 1 THEN e(t) WHEN 2 THEN 'two' WHEN 3 THEN e(w) END FROM d
--: CASE of a call | batched calls=25
SELECT CASE e(g) WHEN '1' THEN 'one' WHEN '2' THEN e(t) ELSE 'many' END FROM d
--: CASE protects a division | batched
SELECT CASE WHEN id = 5 THEN 'none' ELSE e(100 / (id - 5)) END FROM d
--: CASE protects by an earlier arm | batched
SELECT CASE WHEN id = 5 THEN 'none' WHEN 100 / (id - 5) > 10 THEN e(t) ELSE 'low' END FROM d
--: CASE in CASE | batched
SELECT CASE WHEN g > 1 THEN CASE WHEN f THEN e(t) ELSE 'x' END ELSE CASE g WHEN 0 THEN e(w) END END FROM d
--: CASE guarded by a subselect stays in place | calls=5
SELECT CASE WHEN EXISTS (SELECT FROM j WHERE j.did = d.id AND j.id > 5) THEN e(t) ELSE '' END FROM d WHERE id <= 12
--: CASE with a volatile condition stays in place | calls=10
SELECT CASE WHEN vol(id) > 10 THEN e(t) END FROM d
--: a call inside the condition of a CASE inside a call | batched
SELECT e(CASE WHEN e(g) = '0' THEN t ELSE w END) FROM d
--: COALESCE asks for rows without | batched calls=4
SELECT coalesce(n::text, e(t)) FROM d
--: COALESCE of calls | batched calls=24
SELECT coalesce(e(n), e(t)) || e(n) IS NULL, 1 FROM d WHERE n IS NULL OR id < 0 UNION ALL SELECT coalesce(e(n), e(t)) = '1', 2 FROM d
--: COALESCE of three | batched
SELECT coalesce(nullif(e(g), '1'), nullif(e(w), 'r1'), e(t)) FROM d
--: AND in the list | batched
SELECT g > 1 AND e(w) = 'r1' AND e(t) > 'w3' FROM d
--: OR in the list | batched
SELECT g > 1 OR e(w) = 'r1' OR e(t) > 'w3' FROM d
--: AND and OR over NULLs | batched
SELECT n > 10 AND e(w) = 'r1', n > 10 OR e(w) = 'r1', NOT (n > 10 OR e(n) = '7') FROM d
--: strict functions with a constant NULL | calls=0
SELECT e(t) || NULL::text, repeat(e(t), NULL::int) FROM d
--: nullif | batched
SELECT nullif(e(g), '2'), nullif('r1', e(w)) FROM d
--: boolean tests | batched
SELECT (e(g) = '1') IS TRUE, (e(n) = '7') IS NOT FALSE, (e(n) = '14') IS UNKNOWN FROM d
--: ANY over an array of calls | batched
SELECT t = ANY (ARRAY[e(t), e(w)]), 'r1' = ALL (ARRAY[e(w), e(w)]) FROM d
--: filter | batched calls=20
SELECT id FROM d WHERE e(g) = '2'
--: filter and call | batched calls=25
SELECT e(t) FROM d WHERE e(g) = '2'
--: cheap filter and call: only rows where cheap is true | batched calls=6
SELECT id FROM d WHERE e(w) = 'r0' AND f
--: cheap filter after it in the text | batched calls=5
SELECT id FROM d WHERE e(t) <> '' AND g = 1
--: two filters: the second for rows that pass the first | batched calls=27
SELECT id FROM d WHERE e(g) = '1' AND e(w) = 'r1'
--: filters joined by OR | batched
SELECT id FROM d WHERE e(g) = '1' OR e(w) = 'r1'
--: cheap OR call | batched
SELECT id FROM d WHERE f OR e(w) = 'r1'
--: NOT | batched
SELECT id FROM d WHERE NOT (e(g) = '1' AND e(w) = 'r1')
--: a filter of a filter | batched
SELECT id FROM d WHERE e(e(w)) = 'r1' AND e(g) <> '3'
--: filter with CASE | batched
SELECT id FROM d WHERE CASE WHEN f THEN e(g) ELSE 'x' END IN ('1', '2')
--: filter by length | batched calls=20
SELECT id FROM d WHERE length(e(t)) = 3
--: filter over NULLs | batched calls=16
SELECT id FROM d WHERE e(n) > '1'
--: filter that protects a later cheap one | batched
SELECT id FROM d WHERE 100 / vol(id) > 0 AND e(g) = '2'
--: filter with IN list of the table | plain
SELECT id FROM d WHERE e(t) IN (SELECT t FROM d d2 WHERE d2.g = 1)
--: filter with NOT IN | plain
SELECT id FROM d WHERE e(id) NOT IN (SELECT did::text FROM j)
--: filter by a parameter of the outer query
SELECT (SELECT count(*) FROM j WHERE e(d.id) = j.did::text AND j.did = d.id OR e(j.id) = '' AND false) FROM d WHERE id <= 20
--: constant false | calls=0
SELECT e(t) FROM d WHERE false
--: constant filter | calls<=20
SELECT id FROM d WHERE e('yes') = 'yes'
--: constant filter that fails | calls<=20
SELECT id FROM d WHERE e('yes') = 'no'
--: HAVING without GROUP BY | calls=1
SELECT count(*) FROM d HAVING e(count(*)) = '20'
