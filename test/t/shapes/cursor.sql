--: FETCH 5 twice | early=20
DECLARE c CURSOR FOR SELECT e(t) FROM d;
FETCH 5 FROM c; FETCH 5 FROM c; CLOSE c
--: FETCH 5 buys 5 | calls=5
DECLARE c CURSOR FOR SELECT e(t) FROM d;
FETCH 5 FROM c; CLOSE c
--: FETCH one by one to the end | calls=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d WHERE id > 0 ORDER BY id;
FETCH 3 FROM c; FETCH 1 FROM c; FETCH NEXT FROM c; FETCH FORWARD 2 FROM c; FETCH ALL FROM c; FETCH 1 FROM c; CLOSE c
--: FETCH ALL | batched calls=20
DECLARE c CURSOR FOR SELECT e(t) FROM d;
FETCH ALL FROM c
--: FETCH with a filter | early=20
DECLARE c CURSOR FOR SELECT id FROM d WHERE e(g) = '1';
FETCH 2 FROM c; FETCH 1 FROM c; CLOSE c
--: MOVE | calls<=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
MOVE 5 FROM c; FETCH 2 FROM c; MOVE ALL FROM c; FETCH 1 FROM c
--: cursor declared NO SCROLL | early=20
DECLARE c NO SCROLL CURSOR FOR SELECT id, e(t) FROM d;
FETCH 4 FROM c; FETCH BACKWARD 1 FROM c
--: SCROLL cursor | same
DECLARE c SCROLL CURSOR FOR SELECT id, e(t) FROM d;
FETCH 4 FROM c; FETCH BACKWARD 2 FROM c; FETCH ABSOLUTE 7 FROM c; FETCH RELATIVE -3 FROM c; FETCH LAST FROM c; FETCH FIRST FROM c
--: WITH HOLD, read in its transaction | calls<=20
DECLARE c CURSOR WITH HOLD FOR SELECT id, e(t) FROM d;
FETCH 5 FROM c; CLOSE c
--: cursor for UPDATE WHERE CURRENT OF | early=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d WHERE g = 1 FOR UPDATE;
FETCH 2 FROM c;
UPDATE d SET z = 'here' WHERE CURRENT OF c;
FETCH 1 FROM c;
DELETE FROM d WHERE CURRENT OF c;
CLOSE c;
SELECT id, z FROM d ORDER BY id
--: cursor for UPDATE with a filter, WHERE CURRENT OF | early=20
DECLARE c CURSOR FOR SELECT id FROM d WHERE e(g) = '1' FOR UPDATE;
FETCH 2 FROM c;
UPDATE d SET z = e(t) WHERE CURRENT OF c;
CLOSE c;
SELECT id, z FROM d ORDER BY id
--: cursor over a join, LIMIT, and sort | early=20
DECLARE c CURSOR FOR SELECT e(t || u) FROM d JOIN j ON j.did = d.id ORDER BY j.id LIMIT 8;
FETCH 3 FROM c; FETCH 3 FROM c; FETCH 3 FROM c
--: two cursors in turn | early=40
DECLARE c1 CURSOR FOR SELECT id, e(t) FROM d;
DECLARE c2 CURSOR FOR SELECT id, e(w) FROM d;
FETCH 2 FROM c1; FETCH 3 FROM c2; FETCH 4 FROM c1; CLOSE c1; FETCH 2 FROM c2
--: an update between fetches is not seen | early=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
FETCH 3 FROM c;
UPDATE d SET t = 'changed';
FETCH 3 FROM c
--: cursor that outlives a savepoint | early=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
FETCH 2 FROM c; SAVEPOINT s; FETCH 2 FROM c; ROLLBACK TO s; FETCH 2 FROM c
--: cursor made in a savepoint that is undone | early=20
SAVEPOINT s;
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
FETCH 2 FROM c; ROLLBACK TO s; SELECT e(w) FROM d WHERE id < 4
--: error in a cursor, then go on | early=20
SAVEPOINT s;
DECLARE c CURSOR FOR SELECT id, e(CASE id WHEN 4 THEN 'x' ELSE id::text END)::int FROM d;
FETCH 2 FROM c; FETCH 4 FROM c; ROLLBACK TO s; SELECT e(w) FROM d WHERE id < 4
--: setting turned off between fetches | early=20
DECLARE c CURSOR FOR SELECT id, e(t) FROM d;
FETCH 3 FROM c; SET LOCAL ai_router.max_concurrency = 1; FETCH 3 FROM c
