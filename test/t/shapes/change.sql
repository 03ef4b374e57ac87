--: UPDATE SET | batched calls=20
UPDATE d SET z = e(t);
SELECT id, z FROM d ORDER BY id
--: UPDATE SET in an expression | batched calls=20
UPDATE d SET z = 'a ' || upper(e(t)), n = n + 1;
SELECT id, z, n FROM d ORDER BY id
--: UPDATE SET of several columns | batched calls=40
UPDATE d SET z = e(t), w = e(w || id);
SELECT id, z, w FROM d ORDER BY id
--: UPDATE of the column that is read | batched calls=20
UPDATE d SET t = e(t || '!');
SELECT id, t FROM d ORDER BY id
--: UPDATE of some | batched calls=5
UPDATE d SET z = e(t) WHERE g = 1;
SELECT id, z FROM d ORDER BY id
--: UPDATE where a call says so | batched calls=20
UPDATE d SET z = 'hit' WHERE e(g) = '1';
SELECT id, z FROM d ORDER BY id
--: UPDATE where a call says so, to a call | batched calls=25
UPDATE d SET z = e(t) WHERE e(g) = '1';
SELECT id, z FROM d ORDER BY id
--: UPDATE SET CASE | batched calls=6
UPDATE d SET z = CASE WHEN f THEN e(t) ELSE z END;
SELECT id, z FROM d ORDER BY id
--: UPDATE FROM | batched
UPDATE d SET z = e(t || u) FROM j WHERE j.did = d.id AND j.id < 10;
SELECT id, z FROM d ORDER BY id
--: UPDATE FROM a subquery of calls | batched
UPDATE d SET z = s.a FROM (SELECT did, e(u) AS a FROM j) s WHERE s.did = d.id;
SELECT id, z FROM d ORDER BY id
--: UPDATE of many columns from one subquery | same
UPDATE d SET (z, w) = (SELECT e(d.t), e(d.w)) WHERE id < 6;
SELECT id, z, w FROM d ORDER BY id
--: UPDATE of many columns from a row | batched calls=40
UPDATE d SET (z, w) = (e(t), e(id));
SELECT id, z, w FROM d ORDER BY id
--: UPDATE RETURNING the column | batched calls=20
UPDATE d SET z = e(t) RETURNING id, z
--: UPDATE RETURNING a call | same
UPDATE d SET z = t RETURNING id, e(z)
--: UPDATE with LIMIT by a subquery | batched
UPDATE d SET z = e(t) WHERE id IN (SELECT id FROM d ORDER BY n NULLS LAST LIMIT 6);
SELECT id, z FROM d ORDER BY id
--: UPDATE through a view | batched calls=5
CREATE VIEW vu AS SELECT id, t, z FROM d WHERE g = 1;
UPDATE vu SET z = e(t);
SELECT id, z FROM d ORDER BY id
--: UPDATE through a view with check option | early=20
CREATE VIEW vu AS SELECT id, t, g FROM d WHERE g < 4 WITH CHECK OPTION;
UPDATE vu SET g = e(id)::int
--: UPDATE of an element of an array | plain
CREATE TEMP TABLE arr AS SELECT id, ARRAY['x', t, 'y'] AS a FROM d;
UPDATE arr SET a[2] = e(a[2] || '!');
SELECT * FROM arr ORDER BY id
--: UPDATE of a field of a composite | plain
CREATE TEMP TABLE comp AS SELECT id, ROW(t, id)::pair AS c FROM d;
UPDATE comp SET c.a = e((c).a || '!');
SELECT * FROM comp ORDER BY id
--: UPDATE to a DEFAULT that calls | calls<=3
INSERT INTO tgt_default SELECT i, 'x' FROM generate_series(1, 3) i;
UPDATE tgt_default SET a = DEFAULT;
SELECT * FROM tgt_default ORDER BY id
--: DELETE where a call says so | batched calls=20
DELETE FROM d WHERE e(g) = '1';
SELECT id FROM d ORDER BY id
--: DELETE USING | batched
DELETE FROM d USING j WHERE j.did = d.id AND e(u || t) > 'u2';
SELECT id FROM d ORDER BY id
--: DELETE RETURNING | batched
DELETE FROM d WHERE e(g) = '1' RETURNING id, t
--: INSERT SELECT | batched calls=20
INSERT INTO tgt SELECT id, e(t), n FROM d;
SELECT * FROM tgt ORDER BY id
--: INSERT SELECT, columns in another order | batched calls=20
INSERT INTO tgt (a, id) SELECT e(t), id FROM d;
SELECT * FROM tgt ORDER BY id
--: INSERT SELECT ORDER BY LIMIT | batched calls=5
INSERT INTO tgt SELECT id, e(t) FROM d ORDER BY n, id LIMIT 5;
SELECT * FROM tgt ORDER BY id
--: INSERT SELECT with a DEFAULT that calls | calls<=20
INSERT INTO tgt_default SELECT id FROM d;
SELECT * FROM tgt_default ORDER BY id
--: INSERT one row of VALUES | calls=1
INSERT INTO tgt VALUES (1, e('one'));
SELECT * FROM tgt
--: INSERT rows of VALUES | calls=3
INSERT INTO tgt VALUES (1, e('one')), (2, e('two')), (3, e('three'));
SELECT * FROM tgt ORDER BY id
--: INSERT VALUES with a DEFAULT that calls | calls<=3
INSERT INTO tgt_default (id) VALUES (1), (2), (3);
SELECT * FROM tgt_default ORDER BY id
--: INSERT RETURNING the column | batched calls=20
INSERT INTO tgt SELECT id, e(t) FROM d RETURNING a, id
--: INSERT RETURNING a call | same
INSERT INTO tgt SELECT id, t FROM d WHERE id < 6 RETURNING e(a)
--: INSERT ON CONFLICT DO NOTHING | batched calls=20
INSERT INTO tgt VALUES (3, 'old'), (7, 'old');
INSERT INTO tgt SELECT id, e(t) FROM d ON CONFLICT DO NOTHING;
SELECT * FROM tgt ORDER BY id
--: INSERT ON CONFLICT DO UPDATE SET excluded | batched calls=20
INSERT INTO tgt VALUES (3, 'old'), (7, 'old');
INSERT INTO tgt SELECT id, e(t) FROM d ON CONFLICT (id) DO UPDATE SET a = tgt.a || excluded.a;
SELECT * FROM tgt ORDER BY id
--: INSERT ON CONFLICT DO UPDATE SET a call | same
INSERT INTO tgt VALUES (3, 'old'), (7, 'old');
INSERT INTO tgt SELECT id, t FROM d ON CONFLICT (id) DO UPDATE SET a = e(excluded.a) WHERE e(tgt.a) = 'old';
SELECT * FROM tgt ORDER BY id
--: INSERT that breaks a key half way | early=20
INSERT INTO tgt VALUES (5, 'old');
INSERT INTO tgt SELECT id, e(t) FROM d
--: INSERT from a table into itself | batched calls=20
INSERT INTO d SELECT id + 100, g, n, e(t) FROM d;
SELECT id, t FROM d ORDER BY id
--: data-modifying CTE | batched
WITH u AS (UPDATE d SET z = e(t) WHERE g < 2 RETURNING id, z) INSERT INTO tgt SELECT id, e(z || '!') FROM u;
SELECT * FROM tgt ORDER BY id
--: data-modifying CTE that nothing reads | batched
WITH u AS (INSERT INTO tgt SELECT id, e(t) FROM d) SELECT 1;
SELECT * FROM tgt ORDER BY id
--: DELETE moved into another table | batched
WITH gone AS (DELETE FROM d WHERE e(g) = '2' RETURNING *) INSERT INTO tgt SELECT id, e(t) FROM gone;
SELECT * FROM tgt ORDER BY id
--: CREATE TABLE AS | batched calls=20
CREATE TABLE made AS SELECT id, e(t) AS a FROM d;
SELECT * FROM made ORDER BY id
--: CREATE TABLE AS WITH NO DATA | calls=0
CREATE TABLE made AS SELECT id, e(t) AS a FROM d WITH NO DATA
--: SELECT INTO | batched calls=20
SELECT id, e(t) AS a INTO made FROM d;
SELECT * FROM made ORDER BY id
--: CREATE TABLE AS EXECUTE | batched calls=5
PREPARE q(int) AS SELECT id, e(t) AS a FROM d WHERE g = $1;
CREATE TABLE made AS EXECUTE q(2); DEALLOCATE q;
SELECT * FROM made ORDER BY id
--: materialized view and its refresh | batched calls=40
CREATE MATERIALIZED VIEW mv AS SELECT id, e(t) AS a FROM d;
REFRESH MATERIALIZED VIEW mv;
SELECT * FROM mv ORDER BY id
--: COPY of a query | batched calls=20
COPY (SELECT id, e(t) FROM d) TO STDOUT
--: COPY of an UPDATE RETURNING | batched calls=20
COPY (UPDATE d SET z = e(t) RETURNING id, z) TO STDOUT
--: COPY FROM with a DEFAULT that calls | calls<=3
COPY tgt_default (id) FROM PROGRAM 'printf "1\n2\n3\n"';
SELECT * FROM tgt_default ORDER BY id
--: COPY FROM with a condition that calls | calls=3
COPY tgt (id, a) FROM PROGRAM 'printf "1\tx\n2\ty\n3\tz\n"' WHERE e(a) <> 'y';
SELECT * FROM tgt ORDER BY id
--: MERGE, the source calls | batched unordered
MERGE INTO tgt USING (SELECT id, e(t) AS a FROM d) s ON tgt.id = s.id WHEN NOT MATCHED THEN INSERT VALUES (s.id, s.a);
SELECT * FROM tgt ORDER BY id
--: MERGE, the actions call | same
INSERT INTO tgt SELECT id, 'old' FROM d WHERE g = 1;
MERGE INTO tgt USING d ON tgt.id = d.id WHEN MATCHED AND e(d.f) = 'true' THEN DELETE WHEN MATCHED THEN UPDATE SET a = e(d.t)
	WHEN NOT MATCHED AND d.id < 8 THEN INSERT VALUES (d.id, e(d.w));
SELECT * FROM tgt ORDER BY id
--: MERGE, the condition of the join calls | unordered lazy
INSERT INTO tgt SELECT id, 'old' FROM d WHERE g = 1;
MERGE INTO tgt USING d ON tgt.id = d.id AND e(d.f) = 'true' WHEN MATCHED THEN UPDATE SET a = 'new';
SELECT * FROM tgt ORDER BY id
--: trigger that calls, rows of VALUES | calls=3
INSERT INTO filled VALUES (1), (2), (3) RETURNING *
--: trigger that calls, under a batch | calls=40
INSERT INTO filled SELECT id, e(t) FROM d;
SELECT * FROM filled ORDER BY id
--: statement trigger with a batch of its own | batched calls=40
INSERT INTO noted SELECT id, e(t) FROM d;
SELECT * FROM tgt ORDER BY id
--: trigger that keeps rows out | batched calls=20
INSERT INTO guarded SELECT id, e(t) FROM d RETURNING id, a
--: trigger on UPDATE | batched calls=15
INSERT INTO guarded SELECT id, t FROM d;
UPDATE guarded SET a = e(a);
SELECT * FROM guarded ORDER BY id
--: CHECK constraint that calls | calls=3
INSERT INTO checked VALUES (1, 'x'), (2, 'y'), (3, 'z')
--: CHECK constraint that refuses | early=40
INSERT INTO checked SELECT id, e(CASE WHEN id = 4 THEN 'bad' ELSE t END) FROM d
--: generated column that calls | calls=40
INSERT INTO generated SELECT id, e(t) FROM d;
SELECT * FROM generated ORDER BY id
--: index over a function that calls | calls=60
CREATE INDEX ON d (steady(t));
INSERT INTO d SELECT id + 100, g, n, e(t) FROM d;
SELECT id, t FROM d ORDER BY id
--: rule that calls | calls<=24
CREATE RULE r AS ON INSERT TO guarded DO INSTEAD INSERT INTO tgt VALUES (NEW.id, e(NEW.a));
INSERT INTO guarded VALUES (1, 'x'), (2, 'y');
INSERT INTO guarded SELECT id + 10, t FROM d WHERE id < 6;
SELECT * FROM tgt ORDER BY id
--: INSTEAD OF trigger | batched
CREATE VIEW vi AS SELECT id, a FROM tgt;
CREATE FUNCTION instead() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tgt VALUES (NEW.id, NEW.a || '*'); RETURN NEW; END $$;
CREATE TRIGGER i INSTEAD OF INSERT ON vi FOR EACH ROW EXECUTE FUNCTION instead();
INSERT INTO vi SELECT id, e(t) FROM d;
SELECT * FROM tgt ORDER BY id
--: foreign key and deferred trigger | batched
CREATE TABLE refers (id int REFERENCES d DEFERRABLE INITIALLY DEFERRED, a text);
INSERT INTO refers SELECT id, e(t) FROM d;
SET CONSTRAINTS ALL IMMEDIATE;
SELECT count(*) FROM refers
--: INSERT of a UNION ALL | batched calls=34
INSERT INTO tgt SELECT id, e(t) FROM d UNION ALL SELECT id + 100, e(u) FROM j;
SELECT * FROM tgt ORDER BY id
--: UPDATE RETURNING the whole row | batched calls=20
UPDATE d SET z = e(t) RETURNING d, ctid IS NULL
--: trigger WHEN calls | same
CREATE TRIGGER sometimes BEFORE INSERT ON tgt FOR EACH ROW WHEN (e(NEW.id) = '3') EXECUTE FUNCTION fill();
INSERT INTO tgt SELECT id, t FROM d WHERE id < 12;
INSERT INTO tgt SELECT id, t FROM d WHERE id >= 12;
SELECT * FROM tgt ORDER BY id
--: a domain whose condition calls | calls=3
CREATE DOMAIN picky AS text CHECK (steady(VALUE) <> 'bad');
SELECT x::picky FROM (VALUES ('a'), ('b'), ('c')) v(x)
--: EXPLAIN ANALYZE of an UPDATE | batched rows=off calls=20
EXPLAIN (ANALYZE, VERBOSE, COSTS OFF, TIMING OFF, SUMMARY OFF) UPDATE d SET z = e(t);
SELECT id, z FROM d ORDER BY id
--: UPDATE of a table with an index on the column | batched calls=20
CREATE INDEX ON d (z);
UPDATE d SET z = e(t);
SELECT id FROM d WHERE z = 'w7'
--: UPDATE twice in one transaction | batched calls=40
UPDATE d SET z = e(t);
UPDATE d SET z = e(z || '!');
SELECT id, z FROM d ORDER BY id
--: UPDATE with a join to itself | batched
UPDATE d SET z = e(d2.t || d.t) FROM d d2 WHERE d2.id = d.id + 1;
SELECT id, z FROM d ORDER BY id
--: UPDATE that meets rows twice | batched
UPDATE d SET z = e(d.t) FROM j WHERE j.id <= d.g;
SELECT id, z FROM d ORDER BY id
