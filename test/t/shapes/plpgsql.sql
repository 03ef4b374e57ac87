--: FOR loop over a query | calls=20
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d LOOP RAISE NOTICE '% %', r.id, r.a; END LOOP; END $$
--: FOR loop that leaves early | early=20
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d LOOP RAISE NOTICE '% %', r.id, r.a; EXIT WHEN r.id = 3; END LOOP; END $$
--: FOR loop with a call in its body | calls=40
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d LOOP RAISE NOTICE '%', e(r.a); END LOOP; END $$
--: simple expressions | calls=7
DO $$ DECLARE x text; i int; BEGIN
	FOR i IN 1 .. 5 LOOP x := e(coalesce(x, '') || i); END LOOP;
	IF e(x) = '12345' THEN RAISE NOTICE 'yes %', e('x'); END IF;
	END $$
--: SELECT INTO | calls=21
DO $$ DECLARE x text; y int; BEGIN
	SELECT e(t) INTO x FROM d WHERE id = 3;
	SELECT count(e(t)) INTO y FROM d;
	RAISE NOTICE '% %', x, y; END $$
--: SELECT INTO takes the first of many | early=20
DO $$ DECLARE x text; BEGIN SELECT e(t) INTO x FROM d ORDER BY id; RAISE NOTICE '%', x; END $$
--: PERFORM | batched calls=20
DO $$ BEGIN PERFORM e(t) FROM d; END $$
--: EXECUTE with parameters | batched calls=5
DO $$ DECLARE r record; BEGIN FOR r IN EXECUTE $q$SELECT e(t || $2) AS a FROM d WHERE g = $1$q$ USING 2, '!' LOOP RAISE NOTICE '%', r.a; END LOOP; END $$
--: RETURN QUERY | batched calls=20
CREATE FUNCTION q() RETURNS TABLE (i int, a text) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT id, e(t) FROM d; END $$;
SELECT * FROM q()
--: RETURN QUERY under LIMIT | calls=20
CREATE FUNCTION q() RETURNS TABLE (i int, a text) LANGUAGE plpgsql AS $$ BEGIN RETURN QUERY SELECT id, e(t) FROM d; END $$;
SELECT * FROM q() LIMIT 2
--: RETURN NEXT | calls=20
CREATE FUNCTION q() RETURNS SETOF text LANGUAGE plpgsql AS $$ DECLARE r record; BEGIN FOR r IN SELECT t FROM d LOOP RETURN NEXT e(r.t); END LOOP; END $$;
SELECT * FROM q()
--: a batch of functions with batches of their own | calls<=60
CREATE FUNCTION q(x int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT string_agg(e(t), ',' ORDER BY id) FROM d WHERE g = x); END $$;
SELECT q(g), e(t) FROM d WHERE id < 5
--: a call of a batch of functions with batches | calls<=60
CREATE FUNCTION q(x int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT string_agg(e(t), ',' ORDER BY id) FROM d WHERE g = x); END $$;
SELECT e(q(g)) FROM d WHERE id < 5 ORDER BY id
--: EXCEPTION block around a batch | early=23
DO $$ BEGIN
	PERFORM e(CASE id WHEN 5 THEN 'x' ELSE id::text END)::int FROM d;
	EXCEPTION WHEN invalid_text_representation THEN RAISE NOTICE 'caught %', SQLERRM; END $$;
SELECT e(t) FROM d WHERE id < 4
--: EXCEPTION in a loop, each round goes on | early=60
DO $$ DECLARE r record; i int; BEGIN
	FOR i IN 1 .. 3 LOOP
		BEGIN
			FOR r IN SELECT e(CASE id WHEN 5 * i THEN 'x' ELSE id::text END)::int AS a FROM d LOOP END LOOP;
		EXCEPTION WHEN OTHERS THEN RAISE NOTICE '% %', i, SQLERRM; END;
	END LOOP; END $$
--: EXCEPTION inside, the outer batch goes on | calls<=40
CREATE FUNCTION q(x text) RETURNS int LANGUAGE plpgsql AS $$ BEGIN RETURN e(x)::int; EXCEPTION WHEN OTHERS THEN RETURN -1; END $$;
SELECT id, e(t), q(CASE WHEN f THEN t ELSE id::text END) FROM d
--: EXCEPTION in a loop over a batch | calls=20
DO $$ DECLARE r record; BEGIN
	FOR r IN SELECT id, e(t) AS a FROM d LOOP
		BEGIN PERFORM 1 / (r.id % 4); EXCEPTION WHEN division_by_zero THEN RAISE NOTICE '% %', r.id, r.a; END;
	END LOOP; END $$
--: cursor variable | early=20
DO $$ DECLARE c CURSOR FOR SELECT id, e(t) AS a FROM d; r record; BEGIN
	OPEN c; FETCH c INTO r; RAISE NOTICE '%', r; FETCH c INTO r; RAISE NOTICE '%', r; CLOSE c; END $$
--: refcursor given to the caller | early=20
CREATE FUNCTION rc() RETURNS refcursor LANGUAGE plpgsql AS $$ DECLARE c refcursor := 'rc'; BEGIN OPEN c FOR SELECT id, e(t) FROM d; RETURN c; END $$;
SELECT rc();
FETCH 3 FROM rc; FETCH 2 FROM rc
--: UPDATE in a loop of single rows | calls=5
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id FROM d WHERE g = 1 LOOP UPDATE d SET z = e(t) WHERE id = r.id; END LOOP; END $$;
SELECT id, z FROM d ORDER BY id
--: WHERE CURRENT OF in a loop | early=20
DO $$ DECLARE r record; c CURSOR FOR SELECT id, e(t) AS a FROM d WHERE g = 1 FOR UPDATE; BEGIN
	FOR r IN c LOOP UPDATE d SET z = r.a WHERE CURRENT OF c; END LOOP; END $$;
SELECT id, z FROM d ORDER BY id
--: the loop's table is changed by its body | calls=20
DO $$ DECLARE r record; BEGIN FOR r IN SELECT id, e(t) AS a FROM d LOOP UPDATE d SET t = 'changed', z = r.a WHERE id = r.id + 1; END LOOP; END $$;
SELECT id, t, z FROM d ORDER BY id
--: GET DIAGNOSTICS after UPDATE | batched calls=5
DO $$ DECLARE x int; BEGIN UPDATE d SET z = e(t) WHERE g = 1; GET DIAGNOSTICS x = ROW_COUNT; RAISE NOTICE '% %', x, FOUND; END $$
--: SQL function with statements of its own | batched
CREATE FUNCTION q(x int) RETURNS bigint LANGUAGE sql AS $$ UPDATE d SET z = e(t) WHERE g = x; SELECT count(z) FROM d $$;
SELECT q(1), q(2)
--: procedure | batched
CREATE PROCEDURE q(x int) LANGUAGE plpgsql AS $$ BEGIN UPDATE d SET z = e(t) WHERE g = x; END $$;
CALL q(1);
CALL q(e('2')::int);
SELECT id, z FROM d ORDER BY id
