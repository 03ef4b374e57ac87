--: foreign table | batched calls=20
SELECT id, e(t) FROM fd
--: foreign table, filter | batched calls=5
SELECT id, e(t) FROM fd WHERE g = 1
--: foreign table, filter by a call | batched calls=20
SELECT id FROM fd WHERE e(g) = '1'
--: foreign table, sorted there | batched calls=20
SELECT e(t) FROM fd ORDER BY id
--: foreign table, LIMIT | batched calls=3
SELECT e(t) FROM fd ORDER BY id LIMIT 3
--: foreign table, cursor | early=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM fd;
FETCH 3 FROM c; FETCH 3 FROM c; CLOSE c
--: foreign table, aggregate | batched
SELECT g, e(count(*)) FROM fd GROUP BY g ORDER BY g
--: foreign join | batched unordered
SELECT e(a.t || b.t) FROM fd a JOIN fd b ON b.id = a.id + 1
--: foreign and local | batched unordered
SELECT e(t || u) FROM fd JOIN j ON j.did = fd.id
--: foreign, correlated | unordered
SELECT j.id, (SELECT e(t) FROM fd WHERE fd.id = j.did) FROM j
--: foreign partitions, read side by side | batched unordered calls=20
SELECT id, e(t) FROM fp
--: foreign partitions with a filter | batched unordered calls=20
SELECT id FROM fp WHERE e(g) = '1'
--: foreign partitions, filter and call, LIMIT | unordered
SELECT count(*) FROM (SELECT e(t) FROM fp WHERE g < 3 LIMIT 7) s
--: UPDATE of a foreign table | calls<=40
UPDATE fw SET z = e(t);
SELECT id, z FROM fw ORDER BY id
--: UPDATE of a foreign table where a call says so | calls<=40
UPDATE fw SET z = 'x' WHERE e(g) = '1';
SELECT id, z FROM fw ORDER BY id
--: DELETE of a foreign table | calls<=40
DELETE FROM fw WHERE e(g) = '1';
SELECT id FROM fw ORDER BY id
--: INSERT into a foreign table | batched calls=20
DELETE FROM fw;
INSERT INTO fw (id, g, t) SELECT id, g, e(t) FROM d;
SELECT id, t FROM fw ORDER BY id
