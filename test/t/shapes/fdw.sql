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
--: foreign join, rows locked | unordered
SELECT a.id, e(a.t || b.t) FROM fd a JOIN fd b ON b.id = a.id + 1 WHERE e(a.g) <> '1' FOR UPDATE OF a
--: UPDATE of a foreign table to a constant call, made there | calls<=1
UPDATE fw SET z = e('once') WHERE g = 1;
SELECT id, z FROM fw ORDER BY id
--: UPDATE of a foreign table by a constant call, RETURNING calls | unordered
UPDATE fw SET z = 'x' WHERE t = e('w7') OR g = e('2')::int RETURNING id, e(t), tableoid::regclass, ctid IS NULL
--: UPDATE of a foreign table with a local one and RETURNING | unordered
UPDATE fw SET z = e(fw.t || u) FROM j WHERE j.did = fw.id AND e(u) <> 'u3' RETURNING fw.id, fw.z, e(j.u), fw
--: INSERT into a foreign table in lots, RETURNING calls
DELETE FROM fw;
ALTER FOREIGN TABLE fw OPTIONS (ADD batch_size '7');
INSERT INTO fw (id, g, t) SELECT id, g, e(t) FROM d;
INSERT INTO fw (id, g, t) SELECT id + 100, g, e(t) FROM d RETURNING id, e(t);
SELECT id, t FROM fw ORDER BY id
--: foreign rows pushed down in every way beside calls | unordered
SELECT g, e(max(t)), e(count(DISTINCT w)) FROM fd GROUP BY g HAVING e(g) <> '1';
SELECT e(t) FROM fd WHERE id IN (SELECT did FROM fd x JOIN j ON j.id = x.id WHERE e(u) <> 'u2') ORDER BY id;
SELECT fd, fd.tableoid::regclass, e(fd::text) FROM fd WHERE id < 4;
SELECT DISTINCT ON (g) g, e(t) FROM fd ORDER BY g, id DESC;
SELECT id, e(t) FROM fd ORDER BY t COLLATE "C" LIMIT 4 OFFSET 2;
SELECT x.a FROM (SELECT e(t) AS a, id FROM fd OFFSET 0) x WHERE a > 'w3' AND id > 4 LIMIT 3
--: a foreign table in a cursor, going on after an error | early=60
DECLARE c CURSOR FOR SELECT id, e(t) FROM fd;
FETCH 3 FROM c;
SAVEPOINT s;
SELECT e(t || 1 / (id - 1)) FROM fd ORDER BY id;
ROLLBACK TO s;
FETCH 2 FROM c
