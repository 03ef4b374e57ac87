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
