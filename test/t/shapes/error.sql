--: a provider's error in the middle | early=40 batched
SELECT id, e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) FROM d
--: a provider's error in the first row | early=40
SELECT id, e(t, CASE WHEN id = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) FROM d
--: two errors: the first row's counts | early=40
SELECT id, e(t, CASE WHEN id IN (7, 8) THEN '{"model": "bad"}' ELSE '{}' END::jsonb), 1 / (id - 8) FROM d
--: two errors: the first row's counts, other way round | early=40
SELECT id, e(t, CASE WHEN id IN (8) THEN '{"model": "bad"}' ELSE '{}' END::jsonb), 1 / (id - 7) FROM d
--: an error of an argument comes before the answers of rows before it | early=40 ahead
SELECT id, e(1 / (id - 8)) FROM d
--: an error after the call | early=40
SELECT id, e(id - 8)::int, 1 / e(id - 8)::int FROM d
--: an error of an argument in a filter | early=40 ahead
SELECT id FROM d WHERE e(100 / (id - 8)) <> ''
--: an error in UPDATE undoes it | early=40
SAVEPOINT s;
UPDATE d SET z = e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb);
ROLLBACK TO s;
SELECT id, z FROM d ORDER BY id
--: an unknown hint of one row | early=40 ahead
SELECT id, e(t, CASE WHEN id = 6 THEN '{"modell": "bad"}' ELSE '{}' END::jsonb) FROM d
--: an empty prompt | early=40
SELECT id, ai_complete(CASE WHEN id = 6 THEN '' ELSE 'Echo: ' || t END) FROM d
--: LIMIT before the error | calls=5
SELECT id, e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) FROM d LIMIT 5
--: an error in an aggregate | early=40
SELECT count(e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb)) FROM d
--: an error of a later stage | early=60
SELECT id, e(e(t), CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) FROM d
--: an error of a row that a second filter would drop | early=60
SELECT id FROM d WHERE e(g) = '1' AND e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) <> ''
--: CASE keeps the error out | batched
SELECT CASE WHEN g <> 1 THEN e(t, CASE WHEN id = 9 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) END FROM d
--: on_error null nulls the row and tells once | batched calls=20
SELECT id, e(t, CASE WHEN g = 1 THEN '{"model": "bad", "on_error": "null"}' ELSE '{}' END::jsonb) FROM d
--: on_error null by setting, in UPDATE | batched calls=20
SET LOCAL ai_router.on_error = 'null';
UPDATE d SET z = e(t, CASE WHEN g = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb);
SELECT id, z FROM d ORDER BY id
--: on_error null in a filter | batched
SET LOCAL ai_router.on_error = 'null';
SELECT id FROM d WHERE e(t, CASE WHEN g = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) > 'w2'
--: on_error null in an array | batched
SET LOCAL ai_router.on_error = 'null';
SELECT ai_complete(ARRAY['Echo: ' || t], CASE WHEN g = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) FROM d
--: on_error null of an inner call leaves out the outer | batched
SET LOCAL ai_router.on_error = 'null';
SELECT id, e(e(t, CASE WHEN g = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb)) FROM d
--: a result keeps its error | batched calls=20
SELECT (s.r).answer, (s.r).error FROM (SELECT ai_call('Echo: ' || t, CASE WHEN g = 1 THEN '{"model": "bad"}' ELSE '{}' END::jsonb) AS r FROM d OFFSET 0) s
--: a cap of calls | early=40
SET LOCAL ai_router.max_statement_calls = 7;
SELECT id, e(t) FROM d
