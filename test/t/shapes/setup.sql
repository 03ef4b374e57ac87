-- Tables that every shape starts from; each shape is rolled back.
-- d: 20 rows; n is NULL in every fifth; t are distinct words in no order; w repeats.
CREATE TABLE d (id int PRIMARY KEY, g int, n int, t text, w text, f bool, z text);
INSERT INTO d SELECT i, i % 4, CASE WHEN i % 5 = 0 THEN NULL ELSE i * 37 % 23 END, 'w' || i * 7 % 20, 'r' || i % 3, i % 3 = 0, NULL
	FROM generate_series(1, 20) i;
CREATE INDEX d_g ON d (g);
CREATE TABLE j (id int PRIMARY KEY, did int, u text);
INSERT INTO j SELECT i, i * 5 % 24, 'u' || i FROM generate_series(1, 14) i;
CREATE TABLE empty (LIKE d);
CREATE TABLE tgt (id int PRIMARY KEY, a text, n int);
CREATE TABLE tgt_default (id int PRIMARY KEY, a text DEFAULT ai_complete('Echo: default'));

CREATE TABLE p (id int, g int, t text, z text) PARTITION BY RANGE (id);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (1) TO (7);
-- Another order of columns, a dropped one, and no rows in the third.
CREATE TABLE p2 (z text, t text, dropped int, g int, id int);
ALTER TABLE p2 DROP COLUMN dropped;
ALTER TABLE p ATTACH PARTITION p2 FOR VALUES FROM (7) TO (13);
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM (13) TO (14);
CREATE TABLE p4 PARTITION OF p FOR VALUES FROM (14) TO (100);
INSERT INTO p SELECT i, i % 3, 'p' || i * 7 % 20, NULL FROM generate_series(1, 20) i WHERE i <> 13;
-- Partitioned by what a call answers.
CREATE TABLE moving (id int, label text) PARTITION BY LIST (label);
CREATE TABLE moving_a PARTITION OF moving FOR VALUES IN ('a');
CREATE TABLE moving_b PARTITION OF moving FOR VALUES IN ('b');
CREATE TABLE moving_rest PARTITION OF moving DEFAULT;
INSERT INTO moving SELECT i, (ARRAY['a', 'b', 'c'])[i % 3 + 1] FROM generate_series(1, 12) i;
CREATE TABLE parent (id int, t text);
CREATE TABLE child (extra int) INHERITS (parent);
INSERT INTO parent SELECT i, 'o' || i FROM generate_series(1, 6) i;
INSERT INTO child SELECT i, 'c' || i, i FROM generate_series(7, 12) i;

-- Functions around calls.
CREATE FUNCTION inlined(x text) RETURNS text LANGUAGE sql VOLATILE AS $$ SELECT e(x) $$;
CREATE FUNCTION srf_sql(lim int) RETURNS SETOF text LANGUAGE sql VOLATILE AS $$ SELECT e(t) FROM d WHERE id <= lim ORDER BY id $$;
CREATE FUNCTION opaque(x text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN e(x); END $$;
CREATE FUNCTION steady(x text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN e(x); END $$;
CREATE FUNCTION plain_words() RETURNS SETOF text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN QUERY SELECT d.t FROM d WHERE id < 9 ORDER BY id; END $$;
CREATE FUNCTION tell(x anyelement) RETURNS bool LANGUAGE plpgsql VOLATILE COST 0.0001 AS $$ BEGIN RAISE NOTICE 'told %', x; RETURN true; END $$;
CREATE FUNCTION vol(x int) RETURNS int LANGUAGE plpgsql VOLATILE COST 1 AS $$ BEGIN RETURN x; END $$;
CREATE FUNCTION safely(x text) RETURNS text LANGUAGE plpgsql VOLATILE AS $$
	BEGIN RETURN e(x)::int; EXCEPTION WHEN invalid_text_representation THEN RETURN 'no number'; END $$;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 6);
CREATE TYPE pair AS (a text, b int);

CREATE VIEW v AS SELECT id, g, t, e(t) AS a FROM d;
CREATE VIEW v_barrier WITH (security_barrier) AS SELECT id, g, t, e(t) AS a FROM d WHERE g <> 1;
CREATE VIEW v_filter AS SELECT id, t FROM d WHERE e(g) = '2';

-- Row security: clerk sees group 2 only, judge what a call permits (the roles are there already).
CREATE TABLE secret (id int, g int, t text);
INSERT INTO secret SELECT id, g, t FROM d;
ALTER TABLE secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY clerk ON secret TO clerk USING (g = 2);
CREATE POLICY judge ON secret TO judge USING (e(g) = '3');
GRANT SELECT, UPDATE ON secret, d, tgt TO clerk, judge;

-- Triggers that call.
CREATE FUNCTION fill() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := e(NEW.id); RETURN NEW; END $$;
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN INSERT INTO tgt SELECT new_rows.id + 100, e(new_rows.a) FROM new_rows; RETURN NULL; END $$;
CREATE FUNCTION keep_out() RETURNS trigger LANGUAGE plpgsql AS $$
	BEGIN RAISE NOTICE 'row %', NEW.id; IF NEW.id % 4 = 0 THEN RETURN NULL; END IF; RETURN NEW; END $$;
CREATE TABLE filled (id int, a text);
CREATE TRIGGER fill BEFORE INSERT ON filled FOR EACH ROW EXECUTE FUNCTION fill();
CREATE TABLE noted (id int, a text);
CREATE TRIGGER note AFTER INSERT ON noted REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION note();
CREATE TABLE guarded (id int, a text);
CREATE TRIGGER keep_out BEFORE INSERT OR UPDATE ON guarded FOR EACH ROW EXECUTE FUNCTION keep_out();
CREATE TABLE checked (id int, a text, CHECK (e(a) <> 'bad'));
CREATE TABLE generated (id int, a text, b text GENERATED ALWAYS AS (steady(a)) STORED);
ANALYZE;
