-- What is done to a query before it is planned: calls that depend on no row are made once,
-- those whose answers nothing reads are not made.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER rewrite_s FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES ('m', 'rewrite_s', 0, 0);
INSERT INTO ai_router.rules (name) VALUES ('rest');
INSERT INTO ai_router.fixtures (pattern, error, answer) VALUES
    ('^bad', 'RT009', NULL), ('^point', NULL, '(50,50)'), ('^[0-9]+$', NULL, '3'), ('^null', 'RT006', NULL), (NULL, NULL, 'yes');
SET ai_router.cache = off;

CREATE TABLE docs (id int PRIMARY KEY, body text, p point);
INSERT INTO docs SELECT i, 'doc ' || i, point(i, i) FROM generate_series(1, 100) i;
CREATE INDEX ON docs USING gist (p);
ANALYZE docs;
CREATE TABLE few (id int, body text, note text, PRIMARY KEY (id));
INSERT INTO few SELECT i, 'few ' || i FROM generate_series(1, 5) i;
CREATE VIEW docs_ai AS SELECT id, body, ai_complete('about ' || body) AS about FROM few;
CREATE VIEW docs_ai2 AS SELECT id, about || '!' AS about2, about FROM docs_ai;

-- Runs a query twice, with the rewrites and without, and takes back what it did.
CREATE FUNCTION asks(query text, OUT calls bigint, OUT plainly bigint, OUT result text) LANGUAGE plpgsql AS $$
DECLARE r record; results text[]; before bigint; counts bigint[]; state text;
BEGIN
    FOREACH state IN ARRAY '{on,off}'::text[] LOOP
        PERFORM set_config('ai_router.batching', state, true);
        SELECT value INTO before FROM ai_router.stats WHERE name = 'calls';
        result := '';
        BEGIN
            FOR r IN EXECUTE query LOOP result := concat_ws(' ', NULLIF(result, ''), r); END LOOP;
            RAISE EXCEPTION SQLSTATE 'ZZ000';
        EXCEPTION WHEN SQLSTATE 'ZZ000' THEN NULL;
            WHEN OTHERS THEN result := SQLSTATE;
        END;
        results := results || result;
        counts := counts || (SELECT value::bigint - before FROM ai_router.stats WHERE name = 'calls');
    END LOOP;
    calls := counts[1];
    plainly := counts[2];
    result := CASE WHEN results[1] = results[2] THEN results[1] ELSE format('DIFFERENT: %s / %s', results[1], results[2]) END;
END $$;

-- An index that gives rows in order, asked once.
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY p <-> ai_complete('point')::point LIMIT 3;
EXPLAIN (COSTS OFF) WITH q AS (SELECT ai_complete('point')::point AS v) SELECT id FROM docs, q ORDER BY p <-> q.v LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id FROM (SELECT id, p <-> ai_complete('point')::point AS d FROM docs) s ORDER BY d LIMIT 3;
EXPLAIN (COSTS OFF) SELECT id, (ai_call('point')).answer FROM docs WHERE id = ai_complete('7')::int;
SET ai_router.batching = off;
EXPLAIN (COSTS OFF) SELECT id FROM docs ORDER BY p <-> ai_complete('point')::point LIMIT 3;
RESET ai_router.batching;
SELECT * FROM asks($$SELECT id FROM docs ORDER BY p <-> ai_complete('point')::point, id LIMIT 3$$);
SELECT * FROM asks($$WITH q AS (SELECT ai_complete('point')::point AS v) SELECT id FROM docs, q ORDER BY p <-> q.v, id LIMIT 3$$);

-- Where a call may stand.
CREATE TABLE shapes (n serial, query text);
INSERT INTO shapes (query) VALUES
-- select list, nested, in expressions; equal calls are one
('SELECT id, ai_complete(''a'') FROM few'),
('SELECT ai_complete(''a''), ai_complete(''a'') || id, ai_complete(''b'') FROM few'),
('SELECT ai_complete(ai_complete(''a'')) FROM few'),
('SELECT id, ai_complete(body || ai_complete(''a'')) FROM few'),
('SELECT (ai_call(''a'')).answer, (ai_call(''a'')).model, id FROM few'),
('SELECT (c).answer, (c).model FROM (SELECT id, ai_call(''a'') AS c FROM few) s'),
('SELECT r.answer, id FROM few, ai_call(''a'') r'),
('SELECT r.answer, id FROM few, LATERAL ai_call(id::text || ai_complete(''a'')) r'),
('SELECT id, ai_complete(ARRAY[''a'', ''b'']) FROM few'),
('SELECT id, unnest(ai_complete(ARRAY[''a'', ''b''])) FROM few'),
('SELECT generate_series(1, 3), ai_complete(''a'')'),
('SELECT ai_chat(''[{"role": "user", "content": "a"}]'') FROM few'),
-- where, joins
('SELECT id FROM few WHERE ai_complete(''a'') = ''yes'''),
('SELECT id FROM few WHERE id = ai_complete(''7'')::int'),
('SELECT a.id FROM few a JOIN few b ON a.id = b.id AND b.note IS DISTINCT FROM ai_complete(''a'')'),
('SELECT a.id, b.id FROM few a LEFT JOIN few b ON b.id = a.id + ai_complete(''7'')::int ORDER BY 1'),
('SELECT a.id FROM few a FULL JOIN few b ON a.id = b.id AND ai_complete(''a'') = ''no'' ORDER BY 1'),
('SELECT id FROM few a WHERE EXISTS (SELECT FROM few b WHERE b.id = a.id AND ai_complete(''a'') = ''yes'')'),
('SELECT id FROM few WHERE body IN (SELECT ai_complete(''a''))'),
('SELECT id FROM few a WHERE (SELECT count(*) FROM few b WHERE b.id < a.id AND ai_complete(''a'') = ''yes'') > 2'),
('SELECT id, (SELECT ai_complete(''a'') || few.id) FROM few'),
('SELECT id, (SELECT ai_complete(''a'')) FROM few'),
('SELECT id, ARRAY(SELECT ai_complete(''a'') || b.id FROM few b WHERE b.id < few.id) FROM few'),
('SELECT few.id, s.x FROM few, (SELECT ai_complete(''a'') AS x) s'),
('SELECT few.id, v.x FROM few, (VALUES (ai_complete(''a''))) v(x)'),
('SELECT few.id, s.x FROM few, LATERAL (SELECT ai_complete(''a'') || few.id AS x) s'),
('SELECT few.id, s.x FROM few LEFT JOIN LATERAL (SELECT b.id, ai_complete(''a'') AS x FROM few b WHERE b.id = few.id + 3) s ON true ORDER BY 1'),
-- grouping, sorting, windows, sets
('SELECT id FROM few ORDER BY ai_complete(''a''), id DESC'),
('SELECT DISTINCT ai_complete(''a'') FROM few'),
('SELECT DISTINCT ON (ai_complete(''a'')) id FROM few ORDER BY ai_complete(''a''), id DESC'),
('SELECT ai_complete(''a''), count(*) FROM few GROUP BY ai_complete(''a'')'),
('SELECT ai_complete(''a'') || ''!'', count(*) FROM few GROUP BY ai_complete(''a'')'),
('SELECT id % 2, count(*) FROM few GROUP BY 1 HAVING count(*) > ai_complete(''1'')::int - 1 ORDER BY 1'),
('SELECT max(ai_complete(''a'') || id), count(*) FILTER (WHERE ai_complete(''a'') = ''yes'') FROM few'),
('SELECT string_agg(body, ai_complete(''a'') ORDER BY id) FROM few'),
('SELECT (SELECT max(few.body || ai_complete(''a'')) FROM few b WHERE b.id = 1) FROM few'),
('SELECT percentile_disc(ai_complete(''1'')::int / 10.0) WITHIN GROUP (ORDER BY id) FROM few'),
('SELECT id % 2, ai_complete(''a''), count(*) FROM few GROUP BY ROLLUP (1) ORDER BY 1'),
('SELECT ai_complete(''a''), ai_complete(''a'') || ''!'', count(*) FROM few GROUP BY ROLLUP (ai_complete(''a'')) ORDER BY 1'),
('SELECT id, lag(body, 1, ai_complete(''a'')) OVER (ORDER BY id), count(*) OVER (PARTITION BY ai_complete(''a'')) FROM few'),
('SELECT id FROM few ORDER BY id LIMIT ai_complete(''1'')::int'),
('SELECT id, ai_complete(''a'') FROM few UNION ALL SELECT id, ai_complete(''a'') FROM few'),
('SELECT ai_complete(''a'') UNION ALL SELECT ai_complete(''b'')'),
('SELECT ai_complete(''a'') FROM few INTERSECT SELECT ai_complete(''b'') FROM few'),
-- with
('WITH q AS (SELECT ai_complete(''a'') AS x) SELECT few.id, q.x FROM few, q'),
('WITH q AS (SELECT ai_complete(''a'') AS x) SELECT a.x, b.x FROM q a, q b, few'),
('WITH q AS MATERIALIZED (SELECT id, ai_complete(''a'') AS x FROM few) SELECT * FROM q'),
('WITH ai_complete_1 AS (SELECT id FROM few) SELECT id, ai_complete(''a'') FROM ai_complete_1'),
('WITH q AS (SELECT max(id) AS id FROM few) SELECT id, ai_complete(''of '' || (SELECT id FROM q)) FROM few'),
('WITH q AS (SELECT max(id) AS id FROM few) SELECT id, (SELECT ai_complete(''of '' || (SELECT id FROM q)) || few.id) FROM few'),
('WITH RECURSIVE q AS (SELECT 1 AS n, ''a'' AS t UNION ALL SELECT n + 1, ai_complete(''a'') FROM q WHERE n < 4) SELECT * FROM q'),
('WITH q AS (INSERT INTO few SELECT id + 10, ai_complete(''a'') FROM few RETURNING body) SELECT * FROM q'),
-- subselects among the arguments
('SELECT id, ai_complete(''of '' || (SELECT max(id) FROM few)) FROM few'),
('SELECT id, ai_complete(''of '' || (SELECT string_agg(ai_complete(''b'') || id, '','') FROM few)) FROM few'),
('SELECT id, ai_complete(''b''), ai_complete(''of '' || (SELECT string_agg(ai_complete(''b'') || id, '','') FROM few)) FROM few'),
('SELECT id, ai_complete(''of '' || (SELECT b.body FROM few b WHERE b.id = few.id)) FROM few'),
-- guards
('SELECT CASE WHEN id > 3 THEN ai_complete(''a'') END FROM few'),
('SELECT CASE WHEN id > 9 THEN ai_complete(''bad'') END FROM few'),
('SELECT coalesce(body, ai_complete(''bad'')) FROM few'),
('SELECT id FROM few WHERE id > 9 AND ai_complete(''bad'') || id = ''yes'''),
('SELECT id FROM few WHERE id > 0 OR ai_complete(''bad'') || id = ''yes'''),
('SELECT ai_complete(''bad'') FROM few LIMIT 0'),
('SELECT ai_complete(''bad'') FROM few WHERE false'),
('SELECT ai_complete(''bad'') FROM few'),
('SELECT id, ai_complete(''null'', ''{"on_error": "null", "retries": 0}'') FROM few'),
('SELECT id, ai_complete(NULL) FROM few'),
-- not constant
('SELECT id, ai_complete(''a'' || (random() > 2)) FROM few'),
('SELECT id, ai_complete(''a'' || few.id) FROM few'),
('SELECT ai_complete(unnest(ARRAY[''a'', ''b''])) FROM few WHERE id < 3'),
('SELECT id, ai_complete(''a'', ''{"cache": "off"}'') FROM few'),
('SELECT id, ai_complete(''a'', ai_hints(cache => ''off'')) FROM few'),
('SELECT id, ai_complete(prompt => ''a'', hints => ''{"cache": "off"}'') FROM few'),
('SELECT id, ai_complete(''b'' || ai_complete(''a'', ''{"cache": "off"}'')) FROM few'),
('SELECT id, (SELECT ai_complete(''a'', ''{"cache": "off"}'')) FROM few'),
('SELECT id, ai_complete(''a'', ''{"cache": "refresh"}'') FROM few'),
('SELECT id, ai_complete(hints => ai_hints(cache => ''on''), prompt => ''d'') FROM few'),
('SELECT id, ai_complete(CASE current_user WHEN '''' THEN ''x'' ELSE ''y'' END) FROM few'),
('SELECT id, CASE ai_complete(''a'') WHEN ''yes'' THEN 1 WHEN body THEN 2 END FROM few'),
-- statements that write
('UPDATE few SET note = ai_complete(''a'') RETURNING id, note'),
('UPDATE few SET (note, body) = (SELECT ai_complete(''a''), few.body) RETURNING id, note'),
('UPDATE few SET note = ai_complete(''a'') FROM docs WHERE docs.id = few.id AND docs.body <> ai_complete(''b'') RETURNING few.id, note, ai_complete(''c'')'),
('DELETE FROM few WHERE note IS DISTINCT FROM ai_complete(''a'') RETURNING id'),
('INSERT INTO few SELECT id + 10, ai_complete(''a'') FROM few RETURNING id, body'),
('INSERT INTO few SELECT 10, ai_complete(''a'') RETURNING id, body'),
('INSERT INTO few VALUES (10, ai_complete(''a'')), (11, ai_complete(''a'')) RETURNING id, body'),
('INSERT INTO few SELECT id, body FROM few ON CONFLICT (id) DO UPDATE SET note = ai_complete(''a'') WHERE ai_complete(''b'') = ''yes'' RETURNING id, note, ai_complete(''c'')');
SELECT n, calls, plainly, query, result FROM shapes, LATERAL asks(query) ORDER BY n;

-- MERGE, which returns nothing.
BEGIN;
SELECT value AS before FROM ai_router.stats WHERE name = 'calls' \gset
MERGE INTO few USING (SELECT id, ai_complete('s') AS s FROM docs WHERE id < 9) d ON few.id = d.id AND ai_complete('on') = 'yes'
    WHEN MATCHED AND ai_complete('when') = 'yes' THEN UPDATE SET note = ai_complete('a') || s
    WHEN NOT MATCHED THEN INSERT VALUES (d.id, ai_complete('b'));
SELECT value - :before AS calls FROM ai_router.stats WHERE name = 'calls';
SELECT * FROM few ORDER BY id;
ROLLBACK;

-- What nothing reads.
TRUNCATE shapes RESTART IDENTITY;
CREATE VIEW union_ai AS SELECT id, ai_complete('x' || id) AS a FROM few WHERE id < 3 UNION ALL SELECT id, ai_complete('y' || id) FROM few WHERE id > 3;
CREATE VIEW distinct_ai AS SELECT DISTINCT id, ai_complete('x' || id) AS a FROM few;
CREATE VIEW sorted_ai AS SELECT id, ai_complete('x' || id) AS a FROM few ORDER BY 2 LIMIT 2;
CREATE VIEW agg_ai AS SELECT max(ai_complete('x' || id)) AS a FROM few;
CREATE VIEW window_ai AS SELECT id, ai_complete('x' || id) AS a, row_number() OVER (ORDER BY id) AS n, max(ai_complete('w' || id)) OVER () AS m FROM few;
CREATE SEQUENCE rewrite_seq;
CREATE VIEW seq_ai AS SELECT id, ai_complete('x' || nextval('rewrite_seq')) AS a FROM few;
CREATE DOMAIN filled AS text CHECK (VALUE IS NOT NULL);
CREATE VIEW secure_ai WITH (security_barrier) AS SELECT id, ai_complete('x' || id) AS a FROM few;
INSERT INTO shapes (query) VALUES
('SELECT count(*) FROM docs_ai'),
('SELECT id FROM docs_ai'),
('SELECT count(*) FROM docs_ai2'),
('SELECT id FROM docs_ai2 WHERE id < 3'),
('SELECT about FROM docs_ai2 WHERE id < 3'),
('SELECT count(about) FROM docs_ai2'),
('SELECT * FROM docs_ai'),
('SELECT d FROM docs_ai d WHERE id = 1'),
('SELECT count(d) FROM docs_ai d'),
('SELECT row_to_json(d) FROM docs_ai d WHERE id = 1'),
('SELECT id FROM docs_ai WHERE about = ''yes'' AND id < 3'),
('SELECT id FROM docs_ai ORDER BY about, id'),
('SELECT few.id FROM few JOIN docs_ai d ON d.id = few.id'),
('SELECT few.id FROM few JOIN docs_ai d USING (id, body)'),
('SELECT id FROM few FULL JOIN docs_ai d USING (id) ORDER BY 1'),
('SELECT about FROM few JOIN docs_ai d USING (id)'),
('SELECT j.about FROM (few JOIN docs_ai d USING (id)) j'),
('SELECT j FROM (few JOIN docs_ai d USING (id)) AS j WHERE id = 1'),
('SELECT count(*) FROM few WHERE EXISTS (SELECT * FROM docs_ai d WHERE d.id = few.id)'),
('SELECT EXISTS (SELECT ai_complete(body) FROM few)'),
('SELECT count(*) FROM few WHERE id IN (SELECT id FROM docs_ai)'),
('SELECT count(*) FROM few WHERE ''yes'' IN (SELECT about FROM docs_ai d WHERE d.id = few.id)'),
('SELECT (SELECT count(*) FROM docs_ai d WHERE d.id < few.id) FROM few'),
('SELECT (SELECT d.id FROM few b WHERE b.id = d.id) FROM docs_ai d'),
('SELECT (SELECT d.about FROM few b WHERE b.id = d.id) FROM docs_ai d'),
('SELECT l.x FROM docs_ai d, LATERAL (SELECT d.id AS x, d.about AS y) l'),
('SELECT count(*) FROM few, LATERAL (SELECT ai_complete(few.body) AS x) l'),
('SELECT id FROM (SELECT id, (r).answer FROM (SELECT id, ai_call(body) AS r FROM few) s) x'),
('SELECT (r).answer, (r).model FROM (SELECT id, ai_call(body) AS r FROM few) s'),
('SELECT id FROM (SELECT id, ai_complete(about) AS again FROM docs_ai) s'),
-- sets and rows that depend on it
('SELECT count(*) FROM union_ai'),
('SELECT id FROM union_ai'),
('SELECT a FROM union_ai'),
('SELECT count(*) FROM (SELECT id, about FROM docs_ai UNION SELECT id, body FROM few) u'),
('SELECT count(*) FROM (SELECT id, ai_complete(body) FROM few UNION ALL SELECT id, body FROM few EXCEPT SELECT 1, ''yes'') u'),
('SELECT id FROM (SELECT id, ai_complete(body) AS a FROM few UNION ALL SELECT id, body FROM few ORDER BY a, id LIMIT 2) u'),
('SELECT count(*) FROM distinct_ai'),
('SELECT id FROM sorted_ai'),
('SELECT count(*) FROM agg_ai'),
('SELECT n FROM window_ai'),
('SELECT m FROM window_ai WHERE id = 1'),
('SELECT count(*) FROM (SELECT id, unnest(ai_complete(ARRAY[body, ''z''])) FROM few) s'),
('SELECT count(*) FROM seq_ai'),
('SELECT count(*) FROM secure_ai'),
('SELECT id FROM secure_ai WHERE a = ''yes'' AND id = 1'),
('SELECT count(*) FROM (SELECT id, ai_complete(body) FROM few OFFSET 0) s'),
('SELECT id FROM (SELECT id, ai_complete(body) FROM few LIMIT 2) s'),
('SELECT id FROM (SELECT id, ai_complete(body) FROM few FOR UPDATE) s'),
('SELECT id FROM docs_ai FOR UPDATE'),
('SELECT id % 2 FROM (SELECT id, ai_complete(body)::filled AS f FROM few) s GROUP BY 1 ORDER BY 1'),
-- with
('WITH q AS (SELECT id, ai_complete(body) AS x FROM few) SELECT count(*) FROM q'),
('WITH q AS MATERIALIZED (SELECT id, ai_complete(body) AS x FROM few) SELECT a.id FROM q a, q b WHERE a.id = b.id'),
('WITH q AS (SELECT id, ai_complete(body) AS x FROM few) SELECT a.id FROM q a, q b WHERE a.id = b.id AND b.x = ''yes'''),
('WITH q AS (SELECT id, ai_complete(body) AS x FROM few), r AS MATERIALIZED (SELECT id, x::filled FROM q) SELECT id FROM r'),
('WITH q AS (SELECT id, ai_complete(body) AS x FROM few), r AS (SELECT id, x FROM q) SELECT id, (SELECT max(x) FROM r WHERE id < 3) FROM q'),
('WITH RECURSIVE q AS (SELECT 1 AS n, ai_complete(''a'') AS x UNION ALL SELECT n + 1, x FROM q WHERE n < 3) SELECT n FROM q'),
('WITH q AS (UPDATE few SET note = ''n'' RETURNING id, ai_complete(body) AS x) SELECT id FROM q'),
('WITH q AS (UPDATE few SET note = x FROM (SELECT ai_complete(''a'') AS x, ai_complete(body) AS y, id FROM few) s WHERE s.id = few.id RETURNING few.id) SELECT id FROM q'),
-- statements that write
('INSERT INTO few (id) SELECT id + 10 FROM docs_ai RETURNING id'),
('UPDATE few SET note = d.body FROM docs_ai d WHERE d.id = few.id RETURNING few.id'),
('DELETE FROM few USING docs_ai d WHERE d.id = few.id RETURNING d.about');
SELECT n, calls, plainly, query, result FROM shapes, LATERAL asks(query) ORDER BY n;

-- A view with a trigger: its old row is read as a whole.
CREATE FUNCTION rewrite_trigger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE few SET note = OLD.about || '/' || NEW.body WHERE id = OLD.id; RETURN NEW; END $$;
CREATE TRIGGER t INSTEAD OF UPDATE ON docs_ai FOR EACH ROW EXECUTE FUNCTION rewrite_trigger();
BEGIN;
UPDATE docs_ai SET body = ai_complete('a') WHERE id < 3;
SELECT * FROM few ORDER BY id;
ROLLBACK;

-- A view that can be written, with CHECK OPTION.
CREATE VIEW checked_ai AS SELECT id, body, note FROM few WHERE note IS NOT DISTINCT FROM ai_complete('a') WITH CHECK OPTION;
BEGIN;
UPDATE few SET note = 'yes' WHERE id < 4;
SELECT * FROM asks($$UPDATE checked_ai SET body = 'x' RETURNING id$$);
SELECT * FROM asks($$UPDATE checked_ai SET note = 'x' RETURNING id$$);
ROLLBACK;

-- Row-level security: a policy is a WHERE that comes first.
CREATE ROLE rewrite_role;
GRANT SELECT ON few TO rewrite_role;
GRANT USAGE ON FOREIGN SERVER rewrite_s TO rewrite_role;
ALTER TABLE few ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON few USING (id > 2 AND ai_complete('a') = 'yes');
CREATE FUNCTION tells(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE WARNING 'saw %', $1; RETURN true; END $$;
SELECT value AS before FROM ai_router.stats WHERE name = 'calls' \gset
SET ROLE rewrite_role;
EXPLAIN (COSTS OFF) SELECT id FROM few WHERE tells(body) AND id < 5;
SELECT id FROM few WHERE tells(body) AND id < 5;
RESET ROLE;
SELECT value - :before AS calls FROM ai_router.stats WHERE name = 'calls';
DROP POLICY p ON few;
ALTER TABLE few DISABLE ROW LEVEL SECURITY;
REVOKE ALL ON few FROM rewrite_role;
REVOKE ALL ON FOREIGN SERVER rewrite_s FROM rewrite_role;
DROP ROLE rewrite_role;

-- Prepared: once for each execution, with either plan; a plan that is made anew.
CREATE FUNCTION rewrite_calls() RETURNS bigint LANGUAGE sql AS $$ SELECT value::bigint FROM ai_router.stats WHERE name = 'calls' $$;
PREPARE rewrite_p(text) AS SELECT ai_complete($1) || id AS a, ai_complete('hints of ' || $1, ai_hints(task => $1)) AS b FROM few WHERE ai_complete($1) = 'yes' LIMIT 2;
SET plan_cache_mode = force_custom_plan;
SELECT rewrite_calls() AS before \gset
EXECUTE rewrite_p('a');
EXECUTE rewrite_p('a');
SELECT rewrite_calls() - :before AS calls;
SET plan_cache_mode = force_generic_plan;
SELECT rewrite_calls() AS before \gset
EXPLAIN (COSTS OFF) EXECUTE rewrite_p('a');
EXECUTE rewrite_p('a');
EXECUTE rewrite_p('b');
SELECT rewrite_calls() - :before AS calls;
ALTER TABLE few ADD COLUMN extra int;
EXECUTE rewrite_p('a');
SELECT rewrite_calls() - :before AS calls;
RESET plan_cache_mode;
DEALLOCATE rewrite_p;

-- PL/pgSQL and SQL functions: variables are parameters.
CREATE FUNCTION rewrite_simple(p text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r text;
BEGIN
    r := ai_complete(p);
    IF ai_complete(p) = 'yes' THEN r := r || (ai_call(p)).answer; END IF;
    RETURN r || ai_complete('a');
END $$;
CREATE FUNCTION rewrite_loop(prompt text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT id, ai_complete(prompt) AS a FROM docs LOOP CONTINUE WHEN r.id > 2; RETURN NEXT r.id || r.a; END LOOP;
    RETURN QUERY SELECT ai_complete(prompt) FROM few WHERE note IS DISTINCT FROM ai_complete(prompt);
END $$;
CREATE FUNCTION rewrite_sql(p text) RETURNS SETOF text LANGUAGE sql AS $$ SELECT ai_complete(p) || id FROM few $$;
SELECT * FROM asks($$SELECT rewrite_simple('a')$$);
SELECT * FROM asks($$SELECT rewrite_simple(body) FROM few$$);
SELECT * FROM asks($$SELECT * FROM rewrite_loop('a')$$);
SELECT * FROM asks($$SELECT rewrite_sql('a')$$);

-- Cursors, COPY, materialized views, CREATE TABLE AS.
SELECT rewrite_calls() AS before \gset
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, ai_complete('a') FROM few ORDER BY id;
FETCH 2 FROM c;
FETCH BACKWARD 1 FROM c;
COMMIT;
COPY (SELECT ai_complete('a') || id FROM few WHERE id < 3) TO STDOUT;
CREATE MATERIALIZED VIEW rewrite_m AS SELECT id, ai_complete('a') AS a FROM few;
REFRESH MATERIALIZED VIEW rewrite_m;
CREATE TABLE rewrite_t AS SELECT id, ai_complete('a') AS a FROM docs_ai;
SELECT rewrite_calls() - :before AS calls;

-- Parallel: the workers are given the value.
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
EXPLAIN (COSTS OFF) SELECT count(*) FROM docs WHERE body <> ai_complete('a');
SELECT * FROM asks($$SELECT count(*) FROM docs WHERE body <> ai_complete('a')$$);
SELECT * FROM asks($$SELECT count(ai_complete('a')) FROM docs$$);

-- More calls than anybody writes by hand.
SELECT calls, left(result, 20) FROM asks((SELECT 'SELECT id, ' || string_agg(format('ai_complete(''c%s'')', i), ' || ') || ' FROM few' FROM generate_series(1, 102) i));

DROP VIEW docs_ai2, docs_ai, union_ai, distinct_ai, sorted_ai, agg_ai, window_ai, seq_ai, secure_ai, checked_ai;
DROP MATERIALIZED VIEW rewrite_m;
DROP TABLE docs, few, shapes, rewrite_t;
DROP DOMAIN filled;
DROP SEQUENCE rewrite_seq;
DROP FUNCTION asks, tells, rewrite_trigger, rewrite_calls, rewrite_simple, rewrite_loop, rewrite_sql;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER rewrite_s;
