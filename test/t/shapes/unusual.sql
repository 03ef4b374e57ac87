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
SELECT id, e(int4range(id, id + 2)), e(ARRAY[id, g]), e(ROW(id, t)), e(int4multirange(int4range(1, id + 1))) FROM d WHERE id < 5 ORDER BY id;
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
SELECT id, e(grow(id)), grow(id), rec(id), e(rec(id)), e((rec(id)).a) FROM d ORDER BY id;
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
SELECT ai_router.finish_ai_agg(ai_router.collect_ai_agg(t, 'x'), 'count(*)'::regprocedure, NULL) IS NULL FROM d;
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
SELECT id, e('<a/>') IS DOCUMENT, (e('2020-01-0' || g + 1)::timestamptz AT TIME ZONE e('UTC'))::date, (e('2020-01-01')::date, e('2020-02-01')::date) OVERLAPS (date '2020-01-15', interval '1 day') FROM d WHERE id < 4 ORDER BY id;
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
DO $$ DECLARE r record; n int := 0; BEGIN FOR r IN EXECUTE (SELECT string_agg('SELECT id, e(t || ' || i || ') AS a FROM d WHERE id = ' || i % 20 + 1, ' UNION ALL ') FROM generate_series(1, 120) i) LOOP n := n + length(r.a); END LOOP; RAISE NOTICE '%', n; END $$;
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
