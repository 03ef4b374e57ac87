--: partitions | batched calls=19
SELECT id, e(t) FROM p
--: partitions, side by side across them | batched peak=12 calls=19
SELECT e(t || id) FROM p
--: partitions with a filter | batched calls=19
SELECT id, tableoid::regclass FROM p WHERE e(g) = '1'
--: pruned partitions | batched calls=6
SELECT id, e(t) FROM p WHERE id < 7
--: partitions pruned at run time | batched calls=6
PREPARE q(int) AS SELECT id, e(t) FROM p WHERE id < $1;
EXECUTE q(7); DEALLOCATE q
--: partitions in order | batched calls=19
SELECT e(t) FROM p ORDER BY id
--: partitions, whole row | batched calls=19
SELECT p, e(t) FROM p
--: partitions with LIMIT and a filter | same
SELECT id FROM p WHERE e(g) = '1' LIMIT 3
--: aggregate over partitions | batched
SELECT g, count(e(t)) FROM p GROUP BY g ORDER BY g
--: partitionwise aggregate | batched
SET LOCAL enable_partitionwise_aggregate = on; SET LOCAL enable_partitionwise_join = on;
SELECT id, max(e(t)) FROM p GROUP BY id ORDER BY id
--: partitionwise join | unordered
SET LOCAL enable_partitionwise_join = on;
SELECT a.id, e(a.t || b.t) FROM p a JOIN p b ON a.id = b.id
--: UPDATE of partitions | batched calls=19
UPDATE p SET z = e(t);
SELECT id, z, tableoid::regclass FROM p ORDER BY id
--: UPDATE of partitions where a call says so | batched calls=19
UPDATE p SET z = t WHERE e(g) = '2';
SELECT id, z FROM p ORDER BY id
--: UPDATE that moves rows between partitions | batched calls=12
UPDATE moving SET label = e(CASE WHEN id % 2 = 0 THEN 'a' ELSE 'z' || id END);
SELECT id, label, tableoid::regclass FROM moving ORDER BY id
--: UPDATE that moves rows, RETURNING | batched unordered calls=12
UPDATE moving SET label = e(CASE label WHEN 'a' THEN 'b' ELSE 'a' END) RETURNING id, label, tableoid::regclass
--: UPDATE of partitions FROM | batched
UPDATE p SET z = e(p.t || d.t) FROM d WHERE d.id = p.id AND d.g = 1;
SELECT id, z FROM p ORDER BY id
--: DELETE of partitions | batched calls=19
DELETE FROM p WHERE e(g) = '2' RETURNING id, tableoid::regclass
--: INSERT that routes by the answer | batched calls=20
INSERT INTO moving SELECT id + 20, e(CASE WHEN f THEN 'a' WHEN g = 1 THEN 'b' ELSE t END) FROM d;
SELECT id, label, tableoid::regclass FROM moving ORDER BY id
--: MERGE into partitions | unordered
MERGE INTO p USING (SELECT id, e(t) AS a FROM d WHERE id < 9) s ON s.id = p.id WHEN MATCHED THEN UPDATE SET z = s.a;
SELECT id, z FROM p ORDER BY id
--: inheritance | batched calls=12
SELECT id, e(t) FROM parent
--: UPDATE of inheritance | batched calls=12
UPDATE parent SET t = e(t || '!');
SELECT * FROM parent ORDER BY id
--: partitions under a join | batched unordered
SELECT p.id, e(p.t || u) FROM p JOIN j ON j.did = p.id
--: parallel append | batched unordered calls=19
SET LOCAL min_parallel_table_scan_size = 0; SET LOCAL parallel_setup_cost = 0; SET LOCAL parallel_tuple_cost = 0;
SELECT e(t) FROM p
