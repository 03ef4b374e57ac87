--: nextval in the list of a subquery with a condition over it
CREATE SEQUENCE s;
SELECT * FROM (SELECT id, e(t) AS a, nextval('s') AS n FROM d OFFSET 0) q WHERE id > 10 ORDER BY id;
SELECT nextval('s');
--: an error in the list of a subquery with a condition over it | early=40
SELECT * FROM (SELECT id, e(t) AS a, 1 / (id - 5) AS n FROM d OFFSET 0) q WHERE id <> 5 ORDER BY id;
--: random in a barrier view
CREATE SEQUENCE s;
CREATE VIEW sv WITH (security_barrier) AS SELECT id, e(t) AS a, nextval('s') AS n FROM d;
SELECT * FROM sv WHERE id % 2 = 0 ORDER BY id;
SELECT * FROM sv WHERE id % 2 = 0 AND tell(id) ORDER BY id;
--: GROUP BY in a subquery with a volatile output
CREATE SEQUENCE s;
SELECT * FROM (SELECT g, e(max(t)) AS a, nextval('s') AS n FROM d GROUP BY g ORDER BY g) q WHERE a <> 'w3' AND g > 1;
--: LIMIT over a subquery with nextval and a filter on the call
CREATE SEQUENCE s;
SELECT * FROM (SELECT id, e(t) AS a, nextval('s') AS n FROM d OFFSET 0) q WHERE a <> 'w3' LIMIT 5;
--: window over a subquery with a call and a filter
SELECT * FROM (SELECT id, e(t) AS a, row_number() OVER (PARTITION BY g ORDER BY id) AS r FROM d) q WHERE a > 'w2' AND r < 3 ORDER BY id;
--: DISTINCT ON of a subquery with a filter
SELECT * FROM (SELECT DISTINCT ON (g) g, id, e(t) AS a FROM d ORDER BY g, id) q WHERE id > 1 AND a <> 'x';
--: a stable function that tells, in conditions
CREATE FUNCTION stable_tell(x int) RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN IF x = 7 THEN RAISE EXCEPTION 'seven'; END IF; RETURN x; END $$;
SELECT CASE WHEN stable_tell(id) > 3 THEN e(t) END FROM d WHERE id < 7;
SELECT id, CASE WHEN e(g) = '9' THEN 'x' WHEN stable_tell(id) > 3 THEN e(t) END FROM d ORDER BY id LIMIT 6;
--: SRF and call in one list with a LIMIT and a sort
SELECT id, generate_series(1, 2) AS s, e(t) FROM d ORDER BY id DESC, s LIMIT 5;
SELECT id, unnest(ARRAY[e(t), w]), generate_series(1, 3) FROM d WHERE id < 4 ORDER BY e(w), id;
--: nested SRFs of calls, in CASE-free expressions
SELECT id, e(generate_series(1, 2) || t) FROM d WHERE id < 4;
SELECT upper(unnest(string_to_array(e(w || ',' || t), ','))) FROM d WHERE id < 4;
SELECT g, generate_series(1, length(e(count(*)))) FROM d GROUP BY g ORDER BY g;
--: SRF beside DISTINCT, GROUP BY and windows of calls
SELECT DISTINCT e(w), generate_series(1, 2) FROM d ORDER BY 1, 2;
SELECT e(w), generate_series(1, 2), count(*) FROM d GROUP BY 1 ORDER BY 1, 2;
SELECT id, generate_series(1, 2), e(rank() OVER (ORDER BY id)) FROM d WHERE id < 4 ORDER BY 1, 2;
--: column lists of CTEs, DML CTE returning calls, read by LIMIT | early=99
WITH u AS (UPDATE d SET z = e(t) RETURNING id, e(z) AS a), i AS (INSERT INTO tgt SELECT id, a FROM u RETURNING id) SELECT * FROM u ORDER BY id LIMIT 2;
SELECT count(*) FROM tgt;
--: DML CTE not read, with calls in RETURNING
WITH u AS (UPDATE d SET z = 'x' WHERE id < 4 RETURNING e(id)) SELECT e(t) FROM d WHERE id < 3;
--: DML CTE with LIMIT over the query that runs the rest at the end | early=60
WITH u AS (UPDATE d SET z = e(t) RETURNING id, z) SELECT * FROM u LIMIT 3;
SELECT count(z) FROM d;
--: inheritance with dropped and reordered columns
CREATE TABLE ip (a int, junk int, t text, b int);
ALTER TABLE ip DROP COLUMN junk;
CREATE TABLE ic1 (extra text) INHERITS (ip);
CREATE TABLE ic2 (b int, t text, gone int, a int);
ALTER TABLE ic2 DROP COLUMN gone;
ALTER TABLE ic2 INHERIT ip;
INSERT INTO ip SELECT id, t, g FROM d WHERE id < 5;
INSERT INTO ic1 (a, t, b, extra) SELECT id, t, g, w FROM d WHERE id BETWEEN 5 AND 9;
INSERT INTO ic2 (a, t, b) SELECT id, t, g FROM d WHERE id > 15;
SELECT tableoid::regclass, ctid, a, e(t), ip, xmin IS NULL FROM ip ORDER BY a;
UPDATE ip SET t = e(t || b), b = NULL WHERE e(a) <> '6' RETURNING tableoid::regclass, ctid IS NULL, *;
SELECT * FROM ic1 ORDER BY a;
DELETE FROM ip WHERE e(t) > 'w3' RETURNING a, ip;
SELECT ip, e(ip) FROM ip ORDER BY a;
--: tableoid, ctid in conditions beside calls
SELECT id, e(t || ctid::text), tableoid = 'd'::regclass FROM d WHERE ctid > '(0,3)' AND e(tableoid::regclass) = 'd' ORDER BY id;
SELECT max(ctid), e(min(ctid)) FROM d;
--: range, multirange, array inputs
SELECT id, e(int4range(id, id + 2)), e(ARRAY[id, g]::text), e(ROW(id, t)::text), e(int4multirange(int4range(1, id + 1))) FROM d WHERE id < 5 ORDER BY id;
--: huge rows
CREATE TABLE huge AS SELECT i AS id, repeat(md5(i::text), 60000) AS b FROM generate_series(1, 6) i;
ALTER TABLE huge ALTER b SET STORAGE EXTERNAL;
INSERT INTO huge SELECT i AS id, repeat(md5(i::text), 60000) AS b FROM generate_series(7, 9) i;
SELECT id, md5(b), e(id || left(b, 20)), length(b) FROM huge ORDER BY id;
UPDATE huge SET b = b || e(id) WHERE length(b) > 10;
SELECT id, md5(b) FROM huge ORDER BY id;
SELECT e(right(b, 3)) FROM huge ORDER BY id;
--: expanded arrays and PL/pgSQL records as inputs
CREATE FUNCTION grow(x int) RETURNS int[] LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE a int[] := '{}'; BEGIN FOR i IN 1..x LOOP a := a || i; END LOOP; RETURN a; END $$;
CREATE FUNCTION rec(x int) RETURNS pair LANGUAGE plpgsql IMMUTABLE AS $$ DECLARE p pair; BEGIN p.a := 'r' || x; p.b := x; RETURN p; END $$;
SELECT id, e(grow(id)::text), grow(id), rec(id), e(rec(id)::text), e((rec(id)).a) FROM d ORDER BY id;
SELECT id, ai_complete(ARRAY(SELECT 'Echo: ' || x FROM unnest(grow(id)) x)) FROM d WHERE id < 4 ORDER BY id;
--: no right to ai_agg, no rows
REVOKE EXECUTE ON FUNCTION ai_agg(text, text) FROM PUBLIC;
SET LOCAL ROLE clerk;
SELECT g, ai_agg(t, 'x') FROM d WHERE false AND id > 5 GROUP BY g
--: no right to ai_agg, no groups
REVOKE EXECUTE ON FUNCTION ai_agg(text, text) FROM PUBLIC;
SET LOCAL ROLE clerk;
SELECT g, ai_agg(t, 'x') FROM d WHERE id > 100 GROUP BY g
--: no right to ai_agg
REVOKE EXECUTE ON FUNCTION ai_agg(text, text) FROM PUBLIC;
SET LOCAL ROLE clerk;
SELECT g, ai_agg(t, 'x') FROM d GROUP BY g
--: no right to ai_agg, EXPLAIN | rows=off
REVOKE EXECUTE ON FUNCTION ai_agg(text, text) FROM PUBLIC;
SET LOCAL ROLE clerk;
EXPLAIN SELECT g, ai_agg(t, 'x') FROM d GROUP BY g
--: no right to a constant call
REVOKE EXECUTE ON FUNCTION ai_complete(text, jsonb) FROM PUBLIC;
SET LOCAL ROLE clerk;
SELECT CASE WHEN id < 0 THEN e('x') END FROM d
--: halves of an aggregate called by hand
SAVEPOINT s;
SELECT ai_router.finish_ai_agg('{}', 'ai_agg(text, text)', NULL);
ROLLBACK TO s;
SELECT ai_router.finish_ai_agg(ai_router.collect_ai_agg(t, 'x'), 'ai_agg(text, text)', NULL) IS NULL FROM d;
SELECT ai_router.finish_ai_agg(ai_router.collect_ai_agg(t, 'x'), 'ai_summarize_agg(text)'::regprocedure, NULL) IS NULL FROM d;
--: halves of an aggregate with nonsense
SELECT ai_router.finish_ai_agg(jsonb_build_object('a', id, 'parts', ARRAY[t]), 'ai_agg(text, text)', NULL) FROM d;
--: halves of an aggregate with an array
SELECT ai_router.finish_ai_agg(jsonb_build_array(id, t), 'ai_agg(text, text)', NULL) FROM d;
--: halves of an aggregate of no aggregate
SELECT ai_router.finish_ai_agg(ai_router.collect_ai_agg(t, 'x'), 0::regprocedure, NULL) FROM d;
--: XML, JSON and text expressions around calls
SELECT id, xmlelement(name x, xmlattributes(e(w) AS w), e(t)), xmlforest(e(w) AS a), json_build_object(e(t), e(g)), format('%s-%s', e(t), e(w)), concat(e(t), NULL, e(w)) FROM d WHERE id < 5 ORDER BY id;
SELECT xmlagg(xmlelement(name i, e(t)) ORDER BY id), jsonb_object_agg(e(t), e(w)) FROM d WHERE id < 5;
--: BETWEEN, LIKE ANY, SIMILAR, OVERLAPS, IS DOCUMENT, AT TIME ZONE
SELECT id FROM d WHERE id::text BETWEEN SYMMETRIC e(g) AND e(id + 1) ORDER BY id;
SELECT id FROM d WHERE e(t) LIKE ANY (ARRAY[e('w1%'), w]) OR e(w) SIMILAR TO e('r(1|2)') ORDER BY id;
SELECT id, e('<a/>')::xml IS DOCUMENT, (e('2020-01-0' || g + 1)::timestamptz AT TIME ZONE e('UTC'))::date, (e('2020-01-01')::date, e('2020-02-01')::date) OVERLAPS (date '2020-01-15', interval '1 day') FROM d WHERE id < 4 ORDER BY id;
--: VALUES at the top, TABLE, ONLY
VALUES (e('a'), 1), (e('b'), 2) ORDER BY 1 DESC;
VALUES ((SELECT e(max(t)) FROM d), (SELECT count(e(u)) FROM j));
SELECT e(t) FROM ONLY parent ORDER BY id;
TABLE v ORDER BY id LIMIT 3;
--: ALTER TABLE with calls
ALTER TABLE tgt_default ADD COLUMN b text DEFAULT e('dflt');
INSERT INTO tgt_default (id) SELECT id FROM d WHERE id < 3;
ALTER TABLE tgt_default ADD COLUMN c text DEFAULT e('each');
ALTER TABLE tgt_default ALTER COLUMN c TYPE text USING e(c || id);
ALTER TABLE tgt_default ADD CHECK (e(a) <> 'bad');
SELECT * FROM tgt_default ORDER BY id;
--: ANALYZE and VACUUM-like looks at an expression index
CREATE INDEX ON d (steady(t));
ANALYZE d;
CREATE STATISTICS st ON (steady(t)), g FROM d;
ANALYZE d;
--: COPY of a table with row security that calls
SET LOCAL ROLE judge;
COPY secret TO STDOUT;
COPY (SELECT id, e(t) FROM secret ORDER BY id) TO STDOUT (FORMAT csv, HEADER);
--: rules that run the source twice | calls<=60
CREATE TABLE r1 (id int, a text);
CREATE TABLE r2 (id int, a text);
CREATE RULE also AS ON INSERT TO r1 DO ALSO INSERT INTO r2 VALUES (NEW.id, NEW.a || '2');
INSERT INTO r1 SELECT id, e(t) FROM d;
CREATE RULE upd AS ON UPDATE TO r1 DO ALSO UPDATE r2 SET a = e(NEW.a || OLD.a) WHERE id = OLD.id;
UPDATE r1 SET a = a || 'x' WHERE id < 4;
CREATE RULE del AS ON DELETE TO r1 WHERE e(OLD.id) = '3' DO INSTEAD NOTHING;
DELETE FROM r1 WHERE id < 6;
SELECT r1.*, r2.* FROM r1 FULL JOIN r2 USING (id) ORDER BY 1;
--: a view with rules for everything
CREATE VIEW rv AS SELECT id, t, e(t) AS a FROM d;
CREATE RULE ins AS ON INSERT TO rv DO INSTEAD INSERT INTO tgt VALUES (NEW.id, e(NEW.a)) RETURNING id, a, e(n);
CREATE RULE upd AS ON UPDATE TO rv DO INSTEAD UPDATE d SET z = NEW.a WHERE id = OLD.id AND OLD.a <> 'w14' RETURNING id, t, z;
CREATE RULE del AS ON DELETE TO rv DO INSTEAD DELETE FROM d WHERE id = OLD.id;
INSERT INTO rv SELECT id, t, 'a' || t FROM d WHERE id < 3 RETURNING *;
UPDATE rv SET a = e(a || 'u') WHERE id < 4 RETURNING *;
DELETE FROM rv WHERE a > 'w5';
SELECT id, z FROM d ORDER BY id;
--: WITH HOLD, committed
DECLARE h CURSOR WITH HOLD FOR SELECT id, e(t) FROM d ORDER BY id;
FETCH 3 FROM h;
COMMIT;
FETCH 4 FROM h;
FETCH ALL FROM h;
CLOSE h
--: SCROLL WITH HOLD, committed, to and fro
DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT id, e(t) FROM d WHERE e(g) <> '1' ORDER BY id;
FETCH 3 FROM h;
COMMIT;
FETCH PRIOR FROM h;
FETCH LAST FROM h;
FETCH ABSOLUTE 2 FROM h;
CLOSE h
--: WITH HOLD that fails at commit | early=60
DECLARE h CURSOR WITH HOLD FOR SELECT id, e(t)::short, 1 / (id - 15) FROM d;
FETCH 2 FROM h;
COMMIT;
FETCH 1 FROM h
--: a procedure that commits in a loop over calls | early=99
CREATE PROCEDURE pc() LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d WHERE id < 8 ORDER BY id LOOP RAISE NOTICE '%', r.a; COMMIT; END LOOP; END $$;
COMMIT;
CALL pc();
DROP PROCEDURE pc();
--: a procedure that rolls back in a loop over calls | early=99
CREATE PROCEDURE pc() LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d WHERE id < 8 ORDER BY id LOOP RAISE NOTICE '%', r.a; IF r.id = 3 THEN ROLLBACK; END IF; END LOOP; END $$;
COMMIT;
CALL pc();
DROP PROCEDURE pc();
--: a procedure with calls and exceptions between commits | early=99
CREATE PROCEDURE pc() LANGUAGE plpgsql AS $$ DECLARE r record; x text; BEGIN FOR i IN 1..3 LOOP
	BEGIN SELECT string_agg(e(t || 1 / (id - i * 2)), '') INTO x FROM d WHERE id < 5; RAISE NOTICE '%', x; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'zero %', i; END; COMMIT; END LOOP; END $$;
COMMIT;
CALL pc();
DROP PROCEDURE pc();
--: read only and serializable
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT id, e(t) FROM d WHERE e(g) = '1' ORDER BY id;
--: FETCH of nothing, RELATIVE 0, MOVE
DECLARE c SCROLL CURSOR FOR SELECT id, e(t) FROM d ORDER BY id;
FETCH 0 FROM c;
FETCH 2 FROM c;
FETCH RELATIVE 0 FROM c;
MOVE 3 FROM c;
FETCH 0 FROM c;
MOVE BACKWARD ALL FROM c;
FETCH 1 FROM c;
--: FETCH of nothing before and behind
DECLARE c NO SCROLL CURSOR FOR SELECT id, e(t) FROM d WHERE id < 4 ORDER BY id;
FETCH 0 FROM c;
MOVE 0 FROM c;
FETCH ALL FROM c;
FETCH 1 FROM c;
FETCH ALL FROM c;
MOVE ALL FROM c;
--: twelve tables
SET LOCAL geqo_threshold = 4;
SELECT a.id, e(a.t || l.u || b.w) FROM d a JOIN d b USING (id) JOIN d c USING (id) JOIN d dd USING (id) JOIN j k ON k.id = a.id LEFT JOIN j l ON l.id = k.id LEFT JOIN d m ON m.id = l.did WHERE e(c.g) <> '2' AND coalesce(e(m.w), 'x') <> 'r1' ORDER BY 1;
--: UNION ALL of many
DO $$ DECLARE r record; n int := 0; BEGIN FOR r IN EXECUTE (SELECT string_agg('SELECT id, ai_complete(''Echo: '' || t || ' || i || ') AS a FROM d WHERE id = ' || i % 20 + 1, ' UNION ALL ') FROM generate_series(1, 120) i) LOOP n := n + length(r.a); END LOOP; RAISE NOTICE '%', n; END $$;
--: foreign key with SET DEFAULT that calls
CREATE TABLE fk_to (id text PRIMARY KEY);
INSERT INTO fk_to VALUES ('a'), ('dflt');
CREATE TABLE fk_from (id text DEFAULT e('dflt') REFERENCES fk_to ON DELETE SET DEFAULT);
INSERT INTO fk_from VALUES ('a'), ('a');
DELETE FROM fk_to WHERE e(id) = 'a';
SELECT * FROM fk_from;
--: transition tables read with calls
CREATE FUNCTION tt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tgt SELECT n.id, e(o.t || n.t) FROM o JOIN n USING (id); RETURN NULL; END $$;
CREATE TRIGGER tt AFTER UPDATE ON d REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION tt();
UPDATE d SET t = e(t || 'x') WHERE id < 9;
SELECT * FROM tgt ORDER BY id;
--: LATERAL, values used twice and in conditions
SELECT d.id, a.x || a.x, a.y FROM d, LATERAL (SELECT e(d.t) x, d.n + 1 y) a WHERE a.x > 'w1' AND a.x < 'w5' OR a.y = 8 ORDER BY 1;
--: LATERAL of a composite door, star
SELECT d.id, x.a, x.b, x.model FROM d, LATERAL (SELECT (ai_call('Echo: ' || d.t)).answer, (ai_call('Echo: ' || d.w)).*) x (a, b) WHERE x.a <> 'w3' ORDER BY 1;
--: functions that catch errors, as arguments and conditions of calls
CREATE FUNCTION caught(x text) RETURNS text LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN x::int; EXCEPTION WHEN OTHERS THEN RETURN 'no' || x; END $$;
SELECT id, e(caught(CASE WHEN f THEN t ELSE id::text END)), CASE WHEN caught(t) <> 'now7' THEN e(w) END FROM d ORDER BY id;
SELECT id FROM d WHERE e(caught(t)) <> 'now3' AND caught(id::text) <> '7' ORDER BY id LIMIT 4;
--: functions that call, said to be immutable, as arguments of calls
SELECT id, e(steady(t)), steady(e(w)), e(steady(e(g))) FROM d ORDER BY id;
SELECT max(e(steady(t))), count(*) FILTER (WHERE steady(w) = 'r1') FROM d;
--: savepoints within savepoints around a cursor | early=40
SAVEPOINT a;
SAVEPOINT b;
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
FETCH 2 FROM c;
RELEASE b;
FETCH 2 FROM c;
SAVEPOINT b2;
FETCH 3 FROM c;
ROLLBACK TO b2;
FETCH 1 FROM c;
ROLLBACK TO a;
SELECT e(w) FROM d WHERE id < 4;
--: a cursor read in savepoints that come and go | early=40
DECLARE c CURSOR FOR SELECT id, e(t) FROM d WHERE e(g) <> '1' ORDER BY id;
SAVEPOINT a;
FETCH 2 FROM c;
RELEASE a;
SAVEPOINT a;
FETCH 2 FROM c;
SELECT 1 / 0;
ROLLBACK TO a;
FETCH 2 FROM c;
CLOSE c;
ROLLBACK TO a;
SELECT 1;
--: cursors within cursors of calls | early=99
DO $$ DECLARE a CURSOR FOR SELECT id, e(t) AS x FROM d WHERE id < 5 ORDER BY id; b CURSOR (k text) FOR SELECT id, e(k || u) AS y FROM j WHERE id < 4 ORDER BY id; BEGIN
	FOR r IN a LOOP FOR s IN b(r.x) LOOP RAISE NOTICE '% %', r.x, s.y; EXIT WHEN s.id = 2; END LOOP; END LOOP; END $$;
--: FOREACH, WHILE, CASE, ASSERT and RETURN QUERY EXECUTE of calls
CREATE FUNCTION many() RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE x text; a text[]; n int := 0; BEGIN
	a := ARRAY(SELECT e(t) FROM d WHERE id < 4 ORDER BY id);
	FOREACH x IN ARRAY a LOOP RETURN NEXT e(x); END LOOP;
	WHILE e(n) <> '3' LOOP n := n + 1; END LOOP;
	CASE e(n) WHEN '2' THEN RETURN NEXT 'two'; WHEN '3' THEN RETURN NEXT 'three'; END CASE;
	ASSERT e('yes') = 'yes';
	RETURN QUERY EXECUTE 'SELECT ' || quote_literal(e('lit')) || ' || t FROM d WHERE id < $1 ORDER BY id' USING length(e('xyz'));
	RETURN QUERY DELETE FROM d WHERE e(g) = '2' RETURNING e(t);
	RETURN; END $$;
SELECT * FROM many();
--: recursion of functions with batches
CREATE FUNCTION down(k int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN IF k = 0 THEN RETURN ''; END IF; RETURN (SELECT string_agg(e(t) || down(k - 1), ',' ORDER BY id) FROM d WHERE id <= 2); END $$;
SELECT down(3), e(down(2));
--: arrays, subscripts and slices by calls
SELECT id, (ARRAY['a', 'b', 'c', 'd'])[length(e(g))], (ARRAY[e(t), e(w), 'x'])[1:length(e('ab'))], (string_to_array(e(t), 'w'))[2] FROM d ORDER BY id;
SELECT id, ('{"a": {"b": 7}}'::jsonb)[e('a')]['b'], (jsonb_build_object('k', e(t)))['k'] FROM d WHERE id < 4 ORDER BY id;
--: composite columns, fields of calls in UPDATE and INSERT
CREATE TABLE ct (id int, p pair, ps pair[]);
INSERT INTO ct SELECT id, ROW(e(t), id)::pair, ARRAY[ROW(e(w), g)::pair] FROM d WHERE id < 6;
INSERT INTO ct (id, p.a, p.b) SELECT id, e(t), id FROM d WHERE id BETWEEN 6 AND 8;
INSERT INTO ct (id, ps[1].a, ps[2]) SELECT id, e(t), ROW(e(w), 2)::pair FROM d WHERE id BETWEEN 9 AND 10;
UPDATE ct SET p = ROW(e((p).a || 'x'), (p).b)::pair WHERE e((p).b) <> '3';
UPDATE ct SET (p.a, id) = (SELECT e(u), ct.id + 100 FROM j WHERE j.id = ct.id);
SELECT id, p, ps, (p).* FROM ct ORDER BY id, p;
--: DEFAULT, identity and generated columns beside calls
CREATE TABLE gi (k int GENERATED ALWAYS AS IDENTITY, id int, a text DEFAULT 'd', b text GENERATED ALWAYS AS (upper(a)) STORED);
INSERT INTO gi (id, a) SELECT id, e(t) FROM d ORDER BY id;
INSERT INTO gi (id) SELECT length(e(t)) FROM d WHERE id < 3;
UPDATE gi SET a = e(b) WHERE e(k) <> '2' RETURNING k, a, b, e(b);
--: partitions: rows move, ON CONFLICT, RETURNING tableoid and calls
CREATE TABLE pu (id int, k text, a text, PRIMARY KEY (id, k)) PARTITION BY LIST (k);
CREATE TABLE pu1 PARTITION OF pu FOR VALUES IN ('0', '1');
CREATE TABLE pu2 (a text, gone int, k text NOT NULL, id int NOT NULL);
ALTER TABLE pu2 DROP COLUMN gone;
ALTER TABLE pu ATTACH PARTITION pu2 DEFAULT;
INSERT INTO pu SELECT id, e(g), e(t) FROM d RETURNING tableoid::regclass, id, e(a);
INSERT INTO pu AS x SELECT id, e(g), e(w) FROM d ON CONFLICT (id, k) DO UPDATE SET a = e(x.a || excluded.a) WHERE x.k <> e('2') RETURNING tableoid::regclass, x.id, a;
UPDATE pu SET k = e((k::int + 1) % 4), a = e(a || 'm') WHERE id < 9 RETURNING tableoid::regclass, id, k, a, e(k);
MERGE INTO pu USING (SELECT id, e(g) AS k FROM d WHERE id > 15) s ON s.id = pu.id AND s.k = pu.k WHEN MATCHED AND e(s.id) = '16' THEN DELETE WHEN MATCHED THEN UPDATE SET a = e(pu.a || 'z');
SELECT tableoid::regclass, * FROM pu ORDER BY id;
--: partition-wise joins and aggregates of partitions with other columns | unordered
SET LOCAL enable_partitionwise_join = on; SET LOCAL enable_partitionwise_aggregate = on;
SELECT a.id, count(e(a.t)), max(e(b.t || a.g)) FROM p a JOIN p b ON a.id = b.id GROUP BY a.id HAVING e(count(*)) <> '0';
SELECT a, e(a.t || b.g) FROM p a LEFT JOIN p b ON a.id = b.id AND b.g > 0 WHERE e(a.g) <> '1';
SELECT g, count(e(t)), e(sum(id)) FROM p GROUP BY g;
--: partitions pruned while it runs, by calls | unordered
SELECT d.id, (SELECT e(p.t) FROM p WHERE p.id = d.id) FROM d;
SELECT p.id, e(p.t) FROM p WHERE id = e('8')::int OR id = (SELECT max(e(j.id))::int FROM j WHERE j.id < 3);
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
SELECT d.id, e(p.t || d.t) FROM d JOIN p ON p.id = d.id WHERE e(p.g) <> '1';
--: DISTINCT and UNION of rows and arrays of calls
SELECT DISTINCT ROW(e(w), g), ARRAY[e(w)] FROM d ORDER BY 1, 2;
SELECT ROW(e(w)) FROM d UNION SELECT ROW(e('r' || id)) FROM j ORDER BY 1;
SELECT DISTINCT ON (e(w)) e(w), e(t) FROM d ORDER BY e(w), e(t) DESC;
--: LIMIT and OFFSET by calls, expressions and parameters
PREPARE q(int, int) AS SELECT id, e(t) FROM d WHERE e(g) <> '1' ORDER BY id LIMIT $1 + 1 OFFSET $2;
EXECUTE q(2, 1);
EXECUTE q(NULL, NULL);
EXECUTE q(0, 30);
DEALLOCATE q;
SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE a > 'w3' AND id > 2 LIMIT (SELECT 3) OFFSET length(e('x'));
SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE a > 'w3' AND id > 2 LIMIT 2 OFFSET 1;
SELECT x.id, (SELECT string_agg(a, ',') FROM (SELECT a FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE a > 'w3' AND s.id > x.id LIMIT x.g) q) FROM d x WHERE x.id < 6 ORDER BY 1;
--: LIMIT over a filtered subquery whose list has more to compute | same
SELECT * FROM (SELECT e(t) AS a, id + 1 AS i, upper(e(w)) AS b FROM d OFFSET 0) s WHERE a = 'w7' OR b = 'R2' LIMIT 3;
--: LIMIT over filtered subqueries within each other | same
SELECT * FROM (SELECT a, i FROM (SELECT e(t) AS a, id + 1 AS i FROM d OFFSET 0) s WHERE a <> 'w7' OFFSET 0) q WHERE a <> 'w14' AND i > 3 LIMIT 3;
--: LIMIT over a filtered subquery in a subselect for each row | same
SELECT id, (SELECT a FROM (SELECT e(u || d.id) AS a, j.id AS i FROM j OFFSET 0) s WHERE i > d.id AND a <> 'u3' LIMIT 1) FROM d WHERE id < 8 ORDER BY id;
--: LIMIT over a filtered subquery, the condition fails | early=40
SELECT * FROM (SELECT e(t) AS a, id FROM d OFFSET 0) s WHERE 1 / (id - 4) < 1 LIMIT 6;
--: a sample of everything under FOR UPDATE
SELECT id, e(t), z FROM d TABLESAMPLE bernoulli (60) REPEATABLE (3) WHERE e(g) <> '1' ORDER BY id FOR UPDATE;
SELECT s.id, s.a, d.w FROM (SELECT id, e(t) AS a FROM d WHERE id < 6) s JOIN d USING (id) ORDER BY 1 FOR SHARE OF d;
--: a domain of an array, of a range; constraints that fail | early=40
CREATE DOMAIN words AS text[] CHECK (cardinality(VALUE) < 3);
SELECT id, ARRAY[e(t), e(w)]::words, (ARRAY[e(t)]::words)[1] FROM d WHERE id < 4 ORDER BY id;
SELECT id, string_to_array(e(repeat('a,', id) || 'b'), ',')::words FROM d ORDER BY id;
--: names that must be quoted | rows=off
CREATE TABLE "T d" ("Id ""x" int, "text" text, "order" int);
INSERT INTO "T d" SELECT id, t, g FROM d;
EXPLAIN (ANALYZE, VERBOSE) SELECT "order", e("text") AS "A b", "T d", "T d".ctid FROM "T d" WHERE e("order") <> '1' AND CASE WHEN "order" > 2 THEN e("text") > 'w1' END;
EXPLAIN (ANALYZE, VERBOSE) SELECT * FROM (SELECT e("text") AS "A b", "Id ""x" FROM "T d" OFFSET 0) "S s" WHERE "A b" > 'w3' LIMIT 2;
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) MERGE INTO tgt USING (SELECT id, e(t) AS a FROM d) s ON s.id = tgt.id WHEN NOT MATCHED AND e(s.a) <> 'w3' THEN INSERT VALUES (s.id, e(s.a)) WHEN MATCHED THEN DELETE;
EXPLAIN (VERBOSE) SELECT g, f, e(count(*)), grouping(g), max(e(t)) FROM d GROUP BY CUBE (g, f) HAVING e(g) IS NULL;
EXPLAIN (ANALYZE, VERBOSE) SELECT d.id, r.answer, (SELECT e(max(u) || d.g) FROM j) FROM d, ai_call('Echo: ' || d.t) r WHERE r.model = 'm' ORDER BY e(d.w) LIMIT 3 FOR UPDATE OF d;
EXPLAIN (ANALYZE, VERBOSE) SELECT p, e(t), tableoid FROM p WHERE e(g) <> '1' LIMIT 3;
