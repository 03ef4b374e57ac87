--: window over an aggregate of calls
SELECT g, sum(sum(length(e(t)))) OVER (ORDER BY g) FROM d GROUP BY g ORDER BY g;
--: window aggregate with a filter that calls
SELECT id, count(*) FILTER (WHERE e(t) ~ '1') OVER (PARTITION BY g ORDER BY id) FROM d ORDER BY id;
--: grouping sets, aggregates of calls, HAVING a call
SELECT g, f, string_agg(e(t), ',' ORDER BY id), grouping(g, f) FROM d GROUP BY GROUPING SETS ((g), (f), (g, f), ()) HAVING e(count(*)) <> '3' ORDER BY 1, 2, 3;
--: call of what is grouped by, in CUBE
SELECT e(coalesce(g::text, 'all') || coalesce(f::text, 'both')), count(*), e(grouping(g, f)) FROM d GROUP BY CUBE (g, f) ORDER BY 1;
--: grouping sets, hashed and sorted, one of a call
SELECT g, e(w) AS x, count(e(t)) FROM d GROUP BY GROUPING SETS ((g), (e(w)), (n)) ORDER BY 1, 2, 3;
--: GROUP BY DISTINCT of repeated sets
SELECT g, w, count(DISTINCT e(w)) FROM d GROUP BY DISTINCT ROLLUP (g, w), ROLLUP (g) ORDER BY 1, 2, 3;
--: aggregates of rows, of json, ordered and distinct with a filter
SELECT array_agg(ROW(id, e(t)) ORDER BY id), json_object_agg(id, e(w) ORDER BY id) FILTER (WHERE f), string_agg(DISTINCT e(w), '-' ORDER BY e(w)) FROM d;
--: percentile within calls, mode, rank
SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY e(t)), mode() WITHIN GROUP (ORDER BY e(w)), rank('w3') WITHIN GROUP (ORDER BY e(t)) FROM d;
--: an aggregate whose transition calls
CREATE FUNCTION glue(s text, x text) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN s || e(x); END $$;
CREATE AGGREGATE glued(text) (sfunc = glue, stype = text, initcond = '');
SELECT g, glued(t ORDER BY id), glued(e(w) ORDER BY id) FROM d GROUP BY g ORDER BY g;
--: an aggregate whose transition is the call
CREATE FUNCTION two(s text, x text) RETURNS text LANGUAGE sql AS $$ SELECT e(s || x) $$;
CREATE AGGREGATE twice(text) (sfunc = two, stype = text, initcond = '');
SELECT twice(t ORDER BY id) FROM d;
--: lag of a call, call of a lag
SELECT id, lag(e(t)) OVER (ORDER BY id), e(lag(t, 1, 'none') OVER (ORDER BY id)) FROM d ORDER BY id;
--: window ordered by a call, another partitioned by one
SELECT id, rank() OVER (ORDER BY e(w), id), count(*) OVER (PARTITION BY e(g)) FROM d ORDER BY id;
--: window frame by a call
SELECT id, sum(id) OVER (ORDER BY id ROWS BETWEEN length(e('xx')) PRECEDING AND length(e('y')) FOLLOWING) FROM d ORDER BY id;
--: run condition over a call beside it
SELECT * FROM (SELECT id, e(t) AS a, row_number() OVER (ORDER BY id) AS r FROM d) s WHERE r < 4;
--: run condition over a call of the window's value
SELECT * FROM (SELECT id, e(row_number() OVER (ORDER BY id)) AS a, row_number() OVER (ORDER BY id) AS r FROM d) s WHERE r <= 3;
--: a filter on a call over two windows
SELECT * FROM (SELECT id, e(t) AS a, row_number() OVER (ORDER BY id) AS r, rank() OVER (PARTITION BY g ORDER BY id) AS k FROM d) s WHERE a ~ '1' AND k < 3 ORDER BY id;
--: correlated subselects of calls, three deep
SELECT id, (SELECT e(u || (SELECT e(k.t || j.u || d.w) FROM d k WHERE k.id = d.id)) FROM j WHERE j.id = d.id) FROM d ORDER BY id;
--: correlated aggregate of calls of both
SELECT id, (SELECT max(e(j.u || d.t)) FROM j WHERE j.did = d.id), (SELECT string_agg(e(x), '') FROM unnest(ARRAY[d.t, d.w]) x) FROM d ORDER BY id;
--: an aggregate of the outer query inside a subselect
SELECT g, (SELECT e(max(d.t) || count(*)) FROM j WHERE j.id <= d.g), (SELECT max(e(d.t)) LIMIT 1) FROM d GROUP BY g ORDER BY g;
--: subselect as an argument of a call, limited
SELECT id, e((SELECT u FROM j WHERE j.id >= d.id ORDER BY j.id LIMIT 1)) FROM d ORDER BY id;
--: compared with ALL and ANY of calls
SELECT id FROM d WHERE w >= ALL (SELECT e(w) FROM d x WHERE x.g = d.g) OR t = ANY (SELECT e('w' || j.id) FROM j) ORDER BY id;
--: row compared with a subselect of calls
SELECT id FROM d WHERE (id, t) = (SELECT k.id, e(k.t) FROM d k WHERE k.id = d.id AND k.g = 1) ORDER BY id;
--: row IN subselect of calls
SELECT id FROM d WHERE (g, w) IN (SELECT did % 4, e('r' || did % 3) FROM j) ORDER BY id;
--: subselect in FILTER, in CASE, in COALESCE
SELECT count(*) FILTER (WHERE EXISTS (SELECT FROM j WHERE e(j.u) = 'u' || d.id)), max(CASE WHEN id IN (SELECT did FROM j) THEN e(t) ELSE coalesce((SELECT e(u) FROM j WHERE j.id = d.id), e(w)) END) FROM d;
--: LATERAL VALUES of calls
SELECT id, x FROM d, LATERAL (VALUES (e(d.t)), (e(d.w))) v(x) ORDER BY id, x;
--: LATERAL one row VALUES
SELECT id, x, y FROM d, LATERAL (VALUES (e(d.t), d.g)) v(x, y) WHERE y > 1 ORDER BY id;
--: LATERAL aggregate, limit, union
SELECT d.id, a.m, b.x, c.x FROM d, LATERAL (SELECT max(e(j.u || d.id)) m FROM j WHERE j.did = d.id) a, LATERAL (SELECT e(u) x FROM j WHERE j.id > d.g ORDER BY j.id LIMIT 1) b, LATERAL (SELECT e(d.t) x UNION ALL SELECT e(d.w)) c ORDER BY 1, 2, 3, 4;
--: LATERAL functions of calls
SELECT id, x, y FROM d, unnest(ARRAY[e(t), e(w)], ARRAY[1, 2]) AS u(x, y), generate_series(1, length(e('a' || g))) s WHERE id < 8 ORDER BY id, x, s;
--: LATERAL jsonb of a call
SELECT id, x.* FROM d, jsonb_to_record(e('{"a": ' || id || ', "b": "' || t || '"}')::jsonb) AS x(a int, b text) ORDER BY id;
--: LATERAL of LATERAL, call of calls
SELECT d.id, b.y, c.z FROM d, LATERAL (SELECT e(d.t) x) a, LATERAL (SELECT e(a.x || d.w) y) b, LATERAL (SELECT e(b.y || a.x) z, b.y || '!' zz) c WHERE c.zz <> 'w3' ORDER BY 1;
--: LATERAL left join on a condition
SELECT d.id, a.* FROM d LEFT JOIN LATERAL (SELECT e(d.t) x, d.n m) a ON a.m > 10 ORDER BY 1;
--: LATERAL whole row
SELECT d.id, a, a.x FROM d, LATERAL (SELECT e(d.t) x, d.n m) a ORDER BY 1;
--: LATERAL result door, whole, one field, none
SELECT d.id, r.answer, r IS NULL, (r).cached FROM d, LATERAL ai_call('Echo: ' || d.t) r ORDER BY 1;
--: LATERAL result door under an aggregate and a sort
SELECT g, string_agg(r.answer, ',' ORDER BY r.answer) FROM d, ai_call('Echo: ' || d.t) r WHERE r.answer <> 'w3' GROUP BY g ORDER BY 1;
--: LATERAL result door of a NULL
SELECT d.id, r.answer, r IS NULL FROM d, ai_call('Echo: ' || d.n) r ORDER BY 1;
--: LEFT JOIN LATERAL result door of a NULL
SELECT d.id, r.answer, r IS NULL, r FROM d LEFT JOIN ai_call('Echo: ' || d.n || d.t) r ON true WHERE d.n IS NULL ORDER BY 1;
--: LATERAL result door with ordinality
SELECT d.id, r.answer, r.ordinality FROM d, ai_call('Echo: ' || d.t) WITH ORDINALITY r ORDER BY 1;
--: LATERAL result door, rows locked
SELECT d.id, r.answer FROM d, ai_call('Echo: ' || d.t) r ORDER BY 1 FOR UPDATE OF d;
--: UPDATE FROM LATERAL is not; a subquery is
UPDATE d SET z = s.answer FROM (SELECT k.id, r.answer FROM d k, ai_call('Echo: ' || k.t) r) s WHERE s.id = d.id RETURNING d.id, d.z;
--: recursive, UNION without repeats
WITH RECURSIVE r(i, a) AS (SELECT 1, e('x') UNION SELECT i % 3 + 1, e('x' || i % 3) FROM r) SELECT * FROM r ORDER BY 1, 2;
--: recursive with SEARCH and CYCLE
WITH RECURSIVE r(i, a) AS (SELECT 1, e('1') UNION ALL SELECT i % 4 + 1, e(i % 4 + 1) FROM r) SEARCH DEPTH FIRST BY i SET o CYCLE i SET c USING p SELECT i, a, c FROM r ORDER BY o;
--: recursive join with a filter that calls, twice referenced | early=90
WITH RECURSIVE r(i, a) AS (SELECT id, e(t) FROM d WHERE id < 4 UNION ALL SELECT d.id, e(r.a || d.t) FROM r JOIN d ON d.id = r.i + 7 WHERE e('q' || d.id) <> 'q9') SELECT x.i, x.a, y.i FROM r x JOIN r y ON y.i = x.i + 7 ORDER BY 1, 2, 3;
--: a recursive CTE in an argument
SELECT id, e((WITH RECURSIVE r AS (SELECT d.id AS i UNION ALL SELECT i - 5 FROM r WHERE i > 5) SELECT string_agg(i::text, ',') FROM r)) FROM d ORDER BY id;
--: a CTE that is named later, in WITH RECURSIVE
WITH RECURSIVE a AS (SELECT id, x FROM b WHERE id < 9), b AS (SELECT id, e(t) AS x, e(w) AS y FROM d) SELECT * FROM a ORDER BY id;
--: data-modifying CTEs in a chain | lazy
WITH a AS (UPDATE d SET z = e(t) WHERE id < 8 RETURNING id, z), b AS (INSERT INTO tgt SELECT id, e(z) FROM a RETURNING id, a AS x), c AS (DELETE FROM j USING b WHERE j.id = b.id AND e(j.u) <> 'u3' RETURNING j.id, e(b.x) AS y) SELECT * FROM c ORDER BY 1;
--: WITH inside of a subselect inside of an UPDATE
UPDATE d SET z = (WITH q AS (SELECT e(d.t || u) x FROM j WHERE j.id = d.g) SELECT max(x) FROM q) WHERE g > 0 RETURNING id, z;
--: MERGE, calls everywhere
INSERT INTO tgt SELECT id, 'old', g FROM d WHERE id % 2 = 0;
MERGE INTO tgt USING (SELECT id, e(t) AS x, g FROM d WHERE e(w) <> 'r1') s ON tgt.id = s.id WHEN MATCHED AND e(s.x) ~ '1' THEN DELETE WHEN MATCHED THEN UPDATE SET a = e(s.x || tgt.a) WHEN NOT MATCHED AND e(s.g) = '1' THEN INSERT VALUES (s.id, e(s.x)) WHEN NOT MATCHED THEN DO NOTHING;
SELECT * FROM tgt ORDER BY id;
--: INSERT ON CONFLICT, calls in both parts and RETURNING
INSERT INTO tgt SELECT id, 'old' FROM d WHERE id % 3 = 0;
INSERT INTO tgt AS x SELECT id, e(t), g FROM d ON CONFLICT (id) DO UPDATE SET a = e(x.a || excluded.a), n = length(e(excluded.n)) WHERE e(x.id) <> '6' RETURNING id, e(a), n;
--: INSERT ON CONFLICT that meets its own row | early=25
INSERT INTO tgt SELECT g, e(t) FROM d ON CONFLICT (id) DO UPDATE SET a = e(excluded.a);
--: RETURNING subselects of calls
UPDATE d SET z = e(t) WHERE id < 6 RETURNING id, (SELECT e(z || count(*)) FROM j WHERE j.id < d.id), (SELECT string_agg(e(u || z), '') FROM j WHERE did = d.id);
--: FOR UPDATE in a subselect, NOWAIT
SELECT id, e(x) FROM (SELECT id, e(t) AS x FROM d WHERE g = 1 ORDER BY id FOR UPDATE NOWAIT) s ORDER BY id;
--: FOR UPDATE of a join, ordered by a call
SELECT d.id, e(u) FROM d JOIN j ON j.id = d.id ORDER BY e(d.t) LIMIT 4 FOR UPDATE OF j;
--: FOR NO KEY UPDATE with a call in the condition and OFFSET
SELECT id, e(w) FROM d WHERE e(t) > 'w1' ORDER BY id OFFSET 2 LIMIT 3 FOR NO KEY UPDATE;
--: SCROLL cursor to and fro
DECLARE c SCROLL CURSOR FOR SELECT id, e(t) FROM d WHERE e(g) <> '0' ORDER BY id;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 2 FROM c;
FETCH RELATIVE -1 FROM c;
--: cursor over a sorted query goes back all the same
DECLARE c CURSOR FOR SELECT id, e(t) AS a FROM d ORDER BY a;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
--: SCROLL WITH HOLD
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT id, e(t) FROM d ORDER BY id;
FETCH 3 FROM c;
FETCH PRIOR FROM c;
--: PL/pgSQL cursors with parameters and SCROLL
DO $$ DECLARE c SCROLL CURSOR (lim int) FOR SELECT id, e(t) AS a FROM d WHERE id <= lim ORDER BY id; r record;
	BEGIN OPEN c(6); FETCH c INTO r; RAISE NOTICE '%', r; FETCH LAST FROM c INTO r; RAISE NOTICE '%', r; FETCH PRIOR FROM c INTO r; RAISE NOTICE '%', r; MOVE ABSOLUTE 2 FROM c; FETCH c INTO r; RAISE NOTICE '%', r; CLOSE c;
	FOR r IN c(3) LOOP RAISE NOTICE 'in loop %', r; END LOOP; END $$;
--: a cursor that is opened in an exception block and read after it | early=20
DO $$ DECLARE c refcursor; r record;
	BEGIN BEGIN OPEN c FOR SELECT id, e(t) AS a FROM d ORDER BY id; FETCH c INTO r; RAISE NOTICE '%', r; EXCEPTION WHEN OTHERS THEN RAISE; END;
	FETCH c INTO r; RAISE NOTICE '%', r; BEGIN FETCH c INTO r; RAISE NOTICE '%', r; RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; FETCH c INTO r; RAISE NOTICE '%', r; END $$;
--: DO with exceptions in nested blocks around batches | early=120
DO $$ DECLARE x text; i int;
	BEGIN FOR i IN 1..3 LOOP BEGIN SELECT string_agg(e(t), ',' ORDER BY id) INTO x FROM d WHERE id <= 3; RAISE NOTICE '%', x;
		BEGIN UPDATE d SET z = e(t || i) WHERE 1 / (id - i) IS NOT NULL; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'caught %', i; END;
		PERFORM e(t) FROM d WHERE id = i / (i - 2); EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'outer %', SQLSTATE; END; END LOOP; END $$;
SELECT count(z) FROM d;
--: savepoints around failing batches | early=60
SAVEPOINT a;
UPDATE d SET z = e(t || 10 / (id - 5));
ROLLBACK TO a;
UPDATE d SET z = e(t) WHERE id < 4;
RELEASE a;
SELECT id, z FROM d WHERE z IS NOT NULL ORDER BY id;
--: triggers that call before and after, under an UPDATE that calls
CREATE FUNCTION tb() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.z := NEW.z || e('b' || NEW.id); RETURN NEW; END $$;
CREATE FUNCTION ta() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tgt VALUES (NEW.id, e(NEW.z)) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
CREATE TRIGGER tb BEFORE UPDATE ON d FOR EACH ROW EXECUTE FUNCTION tb();
CREATE TRIGGER ta AFTER UPDATE ON d FOR EACH ROW WHEN (NEW.id > 3) EXECUTE FUNCTION ta();
UPDATE d SET z = e(t) WHERE e(g) <> '0' RETURNING id, z;
SELECT * FROM tgt ORDER BY id;
--: a trigger that changes rows still to come | early=20
CREATE FUNCTION tc() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id < 5 THEN UPDATE d SET t = t || '!' WHERE id = NEW.id + 10; END IF; RETURN NEW; END $$;
CREATE TRIGGER tc BEFORE UPDATE OF z ON d FOR EACH ROW EXECUTE FUNCTION tc();
UPDATE d SET z = e(t) WHERE id < 15;
SELECT id, t, z FROM d ORDER BY id;
--: a trigger that deletes rows still to come | early=20
CREATE FUNCTION td() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.id < 5 THEN DELETE FROM d WHERE id = OLD.id + 10; END IF; RETURN OLD; END $$;
CREATE TRIGGER td AFTER DELETE ON d FOR EACH ROW EXECUTE FUNCTION td();
DELETE FROM d WHERE e(t) <> 'w3';
SELECT id FROM d ORDER BY id;
--: SECURITY DEFINER and SET functions around calls
CREATE FUNCTION sd(x text) RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS $$ SELECT e(x) $$;
CREATE FUNCTION st(x text) RETURNS text LANGUAGE sql VOLATILE SET work_mem = '64kB' AS $$ SELECT e(x || current_setting('work_mem')) $$;
SELECT id, sd(t), st(w), e(sd(t)) FROM d WHERE sd(g::text) <> '2' ORDER BY id;
--: SECURITY DEFINER view and function that reads as its owner
CREATE FUNCTION peek(x int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN RETURN (SELECT string_agg(e(t), ',' ORDER BY id) FROM secret WHERE g = x); END $$;
SET LOCAL ROLE clerk;
SELECT id, e(t), peek(g) FROM secret ORDER BY id;
--: row security with a subselect that calls, and a WITH CHECK that calls | early=60
CREATE POLICY more ON secret AS RESTRICTIVE TO clerk USING (EXISTS (SELECT FROM d WHERE d.id = secret.id AND e(d.w) <> 'r1')) WITH CHECK (e(t) <> 'w9');
SET LOCAL ROLE clerk;
SELECT id, e(t) FROM secret ORDER BY id;
UPDATE secret SET t = e(t || 'x') WHERE id < 10 RETURNING id, t;
UPDATE secret SET t = e('w9');
--: row security and a constant call in the policy
CREATE POLICY must ON secret AS RESTRICTIVE TO clerk USING (e('yes') = 'yes');
SET LOCAL ROLE clerk;
SELECT id, e(t) FROM secret ORDER BY id;
--: generated column and CHECK over a wrapper, INSERT SELECT of calls
INSERT INTO generated (id, a) SELECT id, e(t) FROM d WHERE id < 6 RETURNING *;
UPDATE generated SET a = e(b || id) RETURNING *;
INSERT INTO checked SELECT id, e(t) FROM d WHERE id < 4 RETURNING *;
--: index expression and partial index over a wrapper
CREATE INDEX ON d (steady(t)) WHERE steady(w) <> 'r1';
UPDATE d SET t = e(t || 'x') WHERE id < 5 RETURNING t;
SELECT id FROM d WHERE steady(t) = 'w7x' AND steady(w) <> 'r1';
--: partition key over a wrapper
CREATE TABLE pk (id int, t text) PARTITION BY LIST (steady(t));
CREATE TABLE pk1 PARTITION OF pk FOR VALUES IN ('w1', 'w2', 'w3');
CREATE TABLE pk2 PARTITION OF pk DEFAULT;
INSERT INTO pk SELECT id, e(t) FROM d WHERE id < 8;
UPDATE pk SET t = e('w1') WHERE e(t) > 'w5' RETURNING id, t;
SELECT tableoid::regclass, id, e(t) FROM pk ORDER BY id;
--: COPY FROM WHERE a call of columns, with a trigger and a DEFAULT
COPY filled (id) FROM PROGRAM 'seq 3' WHERE e(id) <> '2';
SELECT * FROM filled;
--: CREATE TABLE AS, materialized views, concurrently
CREATE TABLE made AS SELECT id, e(t) AS a FROM d WHERE e(g) = '1' WITH DATA;
CREATE MATERIALIZED VIEW mv AS SELECT id, e(t) AS a, (SELECT max(e(u)) FROM j WHERE j.id = d.id) AS b FROM d;
CREATE UNIQUE INDEX ON mv (id);
REFRESH MATERIALIZED VIEW CONCURRENTLY mv;
SELECT made.*, mv.* FROM made JOIN mv USING (id) ORDER BY made.id;
--: EXPLAIN ANALYZE in all formats | rows=off
EXPLAIN (ANALYZE, VERBOSE, BUFFERS, WAL, FORMAT JSON) UPDATE d SET z = CASE WHEN g > 1 THEN e(t) ELSE e(w) END WHERE e(id) <> '3' RETURNING e(z);
EXPLAIN (ANALYZE, VERBOSE, FORMAT XML) SELECT g, (SELECT max(e(u || d.g)) FROM j), string_agg(e(t), e('-') ORDER BY e(w)) FROM d GROUP BY g HAVING e(g) <> '1';
EXPLAIN (ANALYZE, VERBOSE, FORMAT YAML) SELECT DISTINCT e(w) FROM d UNION ALL SELECT e(u) FROM j LIMIT 5;
EXPLAIN (ANALYZE, VERBOSE, FORMAT TEXT) WITH a AS (INSERT INTO tgt SELECT id, e(t) FROM d RETURNING *) SELECT e(a.a) FROM a LEFT JOIN LATERAL ai_call('Echo: ' || a.id) r ON true;
EXPLAIN (ANALYZE, VERBOSE) CREATE TABLE x AS SELECT e(t) FROM d;
PREPARE q AS SELECT e($1 || t) FROM d;
EXPLAIN (ANALYZE, VERBOSE, FORMAT JSON) EXECUTE q('x');
EXPLAIN (ANALYZE, VERBOSE) DECLARE c CURSOR FOR SELECT e(t) FROM d;
--: plans made anew when what they stand on changes
PREPARE q(text) AS SELECT id, e(t || $1) FROM d WHERE e(g) <> $1 ORDER BY id LIMIT 3;
EXECUTE q('1');
ALTER TABLE d ADD COLUMN extra int;
EXECUTE q('1');
ALTER TABLE d DROP COLUMN f;
ANALYZE d;
EXECUTE q('2');
CREATE INDEX ON d (id, t);
EXECUTE q('2');
--: what a query stands on changes while it runs | early=60
CREATE FUNCTION change(i int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN IF i = 3 THEN EXECUTE 'CREATE OR REPLACE FUNCTION inlined(x text) RETURNS text LANGUAGE sql AS ''SELECT x || 1'''; EXECUTE 'ALTER FUNCTION ai_complete(text, jsonb) COST 1'; ANALYZE d; END IF; RETURN i; END $$;
SELECT id, change(id), e(t), inlined(w) FROM d ORDER BY id;
SELECT id, inlined(w) FROM d WHERE id < 3;
--: work_mem and concurrency change while it runs
SELECT id, set_config('work_mem', CASE id % 2 WHEN 0 THEN '64kB' ELSE '4MB' END, true), set_config('ai_router.max_concurrency', (id % 5 + 1)::text, true), e(t) FROM d ORDER BY id;
--: batching turned off and on while it runs
SELECT id, set_config('ai_router.batching', CASE id % 2 WHEN 0 THEN 'off' ELSE 'on' END, true), e(t) FROM d ORDER BY id;
--: fifty calls in one list
SELECT e(t||1),e(t||2),e(t||3),e(t||4),e(t||5),e(t||6),e(t||7),e(t||8),e(t||9),e(t||10),e(t||11),e(t||12),e(t||13),e(t||14),e(t||15),e(t||16),e(t||17),e(t||18),e(t||19),e(t||20),e(t||21),e(t||22),e(t||23),e(t||24),e(t||25),e(t||26),e(t||27),e(t||28),e(t||29),e(t||30),e(t||31),e(t||32),e(t||33),e(t||34),e(t||35),e(t||36),e(t||37),e(t||38),e(t||39),e(t||40),e(t||41),e(t||42),e(t||43),e(t||44),e(t||45),e(t||46),e(t||47),e(t||48),e(t||49),e(t||50) FROM d WHERE id < 6;
--: twelve deep
SELECT e(e(e(e(e(e(e(e(e(e(e(e(t)))))))))))) FROM d WHERE id < 4;
--: CASE with errors in branches not taken
SELECT id, CASE WHEN id > 0 THEN e(t) ELSE e(1 / (id - id)) END, CASE id WHEN 3 THEN e(1 / (id - 2)) WHEN 2 THEN e(w) ELSE e(1 / (id - 2)) END, coalesce(t, e(1 / (id - id))), CASE WHEN id = 2 THEN NULL ELSE e(10 / (id - 2)) END FROM d ORDER BY id;
--: OR and AND protect arguments of calls
SELECT id FROM d WHERE id = 4 OR e(100 / (id - 4)) > '3' ORDER BY id;
SELECT id, id <> 4 AND e(100 / (id - 4)) > '3' FROM d ORDER BY id;
--: volatile effects in their order
CREATE SEQUENCE s;
CREATE SEQUENCE s2;
SELECT nextval('s'), e(t), nextval('s'), CASE WHEN nextval('s') % 2 = 0 THEN e(w) END FROM d WHERE id < 7;
SELECT id, nextval('s') FROM d WHERE e(g) <> '1' AND nextval('s2') % 2 = 0 ORDER BY id;
UPDATE d SET z = e(t), n = nextval('s') WHERE id < 5 RETURNING id, n, nextval('s');
SELECT nextval('s'), nextval('s2');
--: system columns and whole rows of all kinds
SELECT tableoid::regclass, ctid, xmin IS NOT NULL, cmin IS NULL, d, e(ctid), e(d.*), ROW(d.*, e(t)) FROM d ORDER BY id;
--: whole rows of subqueries, joins, functions and values
SELECT s, e(s), (s).b, jj, x, v, e(x) FROM (SELECT id, e(t) AS b FROM d) s LEFT JOIN j jj ON jj.id = s.id, generate_series(1, 1) x, (VALUES (1, 'v')) v(a, b) WHERE s.id < 6 ORDER BY s.id;
--: alias of a join, whole
SELECT q, q.id, e(q.t || q.u) FROM (d JOIN j USING (id)) AS q ORDER BY q.id;
--: float, numeric, enum, range, bytea, uuid through calls
CREATE TYPE mood AS ENUM ('sad', 'ok');
SELECT id, e(id / 3.0::float8)::float8, e(id::numeric / 7)::numeric(10, 3), e(CASE id % 2 WHEN 0 THEN 'sad' ELSE 'ok' END)::mood, e(int4range(id, id + 3))::int4range, e('12345678-1234-1234-1234-12345678901' || id % 10)::uuid FROM d ORDER BY id;
--: domain over a composite
CREATE DOMAIN dpair AS pair CHECK ((VALUE).b > 0);
SELECT id, (ROW(e(t), id)::dpair).a, e((ROW(w, id)::dpair).a), ROW(e(t), id)::dpair FROM d ORDER BY id;
--: table with a domain over a composite, a field of it set | same
CREATE DOMAIN dpair AS pair;
CREATE TABLE tp (id int, p dpair, q pair[]);
INSERT INTO tp SELECT id, ROW(e(t), id)::pair, ARRAY[ROW(e(w), id)::pair] FROM d WHERE id < 5;
UPDATE tp SET p.a = e((p).a || 'x'), q[2] = ROW(e(id), 3)::pair, q[1].a = e('y' || id);
SELECT *, (p).a, e((q[1]).a) FROM tp ORDER BY id;
--: polymorphic SQL functions with calls, inlined
CREATE FUNCTION poly(x anyelement) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT e(x::text) $$;
CREATE FUNCTION polyarr(x anyarray) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$ SELECT e(i) FROM unnest(x) i $$;
CREATE FUNCTION variadic_call(VARIADIC x text[]) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT e(array_to_string(x, '+')) $$;
CREATE FUNCTION with_default(x text, y text DEFAULT e('dflt')) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT e(x || y) $$;
SELECT id, poly(id), poly(t), poly(d), variadic_call(t, w, 'x'), with_default(t), with_default(x => t, y => w) FROM d WHERE id < 5 ORDER BY id;
SELECT id, p FROM d, polyarr(ARRAY[t, w]) p WHERE id < 4 ORDER BY id, p;
SELECT polyarr(ARRAY[t, w]) FROM d WHERE id < 4;
--: SQL function that changes rows, BEGIN ATOMIC
CREATE FUNCTION atomic_one(x int) RETURNS text LANGUAGE sql VOLATILE BEGIN ATOMIC UPDATE d SET z = e(t) WHERE id = x; SELECT e(z) FROM d WHERE id = x; END;
SELECT id, atomic_one(id), e(atomic_one(id + 1)) FROM d WHERE id < 5 ORDER BY id;
--: join of 1:n with calls in keys, hash and all
SELECT a.id, b.id FROM (SELECT id, e(w) AS k FROM d) a JOIN (SELECT id, e('r' || did % 3) AS k FROM j) b ON a.k = b.k AND e(a.id) < e(b.id) ORDER BY 1, 2;
--: full join on calls
SELECT a.id, b.id FROM (SELECT id, e(w || g) AS k FROM d) a FULL JOIN (SELECT id, e('r' || did % 3 || id % 4) AS k FROM j) b ON a.k = b.k ORDER BY 1, 2;
--: NATURAL and USING over calls
SELECT k, count(*) FROM (SELECT e(w) AS k FROM d) a JOIN (SELECT e('r' || id % 3) AS k FROM j) b USING (k) GROUP BY k ORDER BY k;
--: set operations of calls, ALL and sorted, nested
(SELECT e(w) FROM d EXCEPT ALL SELECT e('r1') FROM j) UNION (SELECT e(t) FROM d INTERSECT ALL SELECT e('w' || id) FROM j) ORDER BY 1;
--: DISTINCT ON with LIMIT, and ORDER BY a call behind it
SELECT DISTINCT ON (g) g, id, e(t) FROM d ORDER BY g, e(w), id LIMIT 3;
--: ORDER BY several calls with NULLS and USING
SELECT id, n FROM d ORDER BY e(g) USING >, e(n) NULLS FIRST, id LIMIT 7;
--: LIMIT by a parameter of an outer query
SELECT d.id, x.a FROM d, LATERAL (SELECT e(u || d.id) AS a FROM j WHERE e(j.id) <> '1' ORDER BY j.id LIMIT d.g OFFSET d.id % 2) x ORDER BY 1, 2;
--: sampling by a call, TABLESAMPLE with a seed by a call
SELECT count(*) FROM d TABLESAMPLE bernoulli (e('100')::real) REPEATABLE (e('3')::float8);
--: VALUES lists of calls, joined twice
SELECT v.a, w.a, d.id FROM (VALUES (e('1')), (e('2'))) v(a), (VALUES (e('x'))) w(a), d WHERE d.id < 3 ORDER BY 1, 2, 3;
--: ROWS FROM with calls and column definitions
SELECT * FROM ROWS FROM (json_to_recordset(e('[{"a": 1}, {"a": 2}]')::json) AS (a int), generate_series(1, e('3')::int)) WITH ORDINALITY;
--: a table with a NOT NULL, a call that gives NULL | early=20
CREATE TABLE nn (id int, a text NOT NULL);
INSERT INTO nn SELECT id, CASE WHEN id <> 7 THEN e(t) END FROM d;
--: an error inside of a batch is caught, another batch follows | early=60
DO $$ BEGIN PERFORM set_config('ai_router.max_concurrency', '2', true); BEGIN PERFORM e(t), 1 / (id - 15) FROM d; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE 'zero'; END; PERFORM e('after' || id) FROM d; END $$;
--: a join with more columns than a row can have
DO $$ BEGIN EXECUTE 'CREATE TABLE w1 AS SELECT ' || (SELECT string_agg(i || ' AS a' || i, ',') FROM generate_series(1, 1000) i) || ' FROM generate_series(1, 3)';
	EXECUTE 'CREATE TABLE w2 AS SELECT ' || (SELECT string_agg(i || ' AS b' || i, ',') FROM generate_series(1, 1000) i); END $$;
DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE 'SELECT length(e(' || (SELECT string_agg('(a' || i || ' + b' || i || ')', '||') FROM generate_series(1, 900) i) || ')) FROM w1 JOIN w2 ON a1 = b1 WHERE e(a1) = ''1''' LOOP RAISE NOTICE '%', r; END LOOP;
	FOR r IN EXECUTE 'SELECT count(e(' || (SELECT string_agg('(a' || i || ' + b' || i || ')', '||') FROM generate_series(1, 900) i) || ')) FROM w1 JOIN w2 ON a1 = b1' LOOP RAISE NOTICE '%', r; END LOOP; END $$;
--: rows of 1600 columns
DO $$ BEGIN EXECUTE 'CREATE TABLE w AS SELECT ' || (SELECT string_agg(i || ' AS a' || i, ',') FROM generate_series(1, 1600) i) || ' FROM generate_series(1, 3)'; END $$;
SELECT e(a1), w.*, e(a1600), w, ctid, tableoid::regclass FROM w;
UPDATE w SET a3 = e(a1600)::int WHERE e(a3) = '3' RETURNING a3, e(a5);
