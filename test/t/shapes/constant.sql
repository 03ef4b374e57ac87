--: MERGE with constant calls everywhere | once=4
INSERT INTO tgt SELECT id, 'old', g FROM d WHERE id % 2 = 0;
MERGE INTO tgt USING (SELECT id, e('src') AS x, g FROM d WHERE e('y') = 'y') s ON tgt.id = s.id AND e('on') = 'on' WHEN MATCHED AND e('m') = 'm' AND s.g = 2 THEN DELETE WHEN MATCHED THEN UPDATE SET a = e('upd') || s.x WHEN NOT MATCHED AND e('n') = 'n' THEN INSERT VALUES (s.id, e('ins'));
SELECT * FROM tgt ORDER BY id;
--: ON CONFLICT and RETURNING with constant calls
INSERT INTO tgt SELECT id, 'old' FROM d WHERE id % 3 = 0;
INSERT INTO tgt AS x SELECT id, e('new') FROM d ON CONFLICT (id) DO UPDATE SET a = e('set') || excluded.a WHERE e('w') = 'w' RETURNING id, a, e('ret');
--: rows of VALUES, DEFAULT, ON CONFLICT
INSERT INTO tgt VALUES (1, e('a')), (2, e('a')), (3, e('b')) RETURNING e('r'), a;
INSERT INTO tgt_default (id) VALUES (1), (2) RETURNING a;
--: joins of all kinds on constant calls | unordered
SELECT d.id, j.id FROM d LEFT JOIN j ON j.id = d.id AND e('x') = 'x' WHERE d.id < 5;
--: semi joins and lists | unordered
SELECT id FROM d WHERE w IN (SELECT e('r1') FROM j) AND EXISTS (SELECT FROM j WHERE j.id = d.id AND e('q') = 'q') AND w = ANY (ARRAY[e('r1'), e('r2')]) AND w NOT IN (SELECT e('r2'));
--: grouping, DISTINCT, ORDER BY, windows
SELECT e('k'), g, count(*) FILTER (WHERE e('f') = 'f'), string_agg(t, e('-') ORDER BY e('o'), id) FROM d GROUP BY 1, g HAVING e('h') = 'h' ORDER BY e('z'), g;
SELECT DISTINCT e('k') FROM d;
SELECT DISTINCT ON (e('k'), g) id, e('k') FROM d ORDER BY e('k'), g, id DESC;
SELECT id, count(*) OVER (PARTITION BY e('p') ORDER BY id), rank() OVER (ORDER BY e('o')), lag(t, 1, e('none')) OVER (ORDER BY id) FROM d ORDER BY id LIMIT e('4')::int OFFSET e('1')::int;
--: grouping sets of and around constant calls
SELECT e('k') AS k, g, count(*), grouping(g), max(e('m')) FROM d GROUP BY GROUPING SETS ((e('k')), (g), ()) ORDER BY 1, 2;
SELECT g, e('k') FROM d GROUP BY ROLLUP (g) HAVING e('h') = 'h' ORDER BY 1;
--: recursion with constant calls in all places
WITH RECURSIVE r(i, a) AS (SELECT 1, e('x') UNION ALL SELECT i + 1, a || e('y') FROM r WHERE i < length(e('four')) AND EXISTS (SELECT FROM d WHERE d.id = r.i AND e('in') = 'in')) SELECT r.*, e('out') FROM r ORDER BY i;
--: CTEs inside of subselects, names that are taken
WITH ai_complete_1 AS (SELECT e('mine') AS value), q AS (SELECT e('x') AS v, value FROM ai_complete_1) SELECT id, (WITH ai_complete_2 AS (SELECT e('inner') || d.id AS v) SELECT v || e('x') FROM ai_complete_2), q.*, (SELECT value || e('x') FROM ai_complete_1) FROM d, q WHERE id < 4 ORDER BY id;
--: a call of a call, of a subselect, of a CTE of the user's
WITH c AS (SELECT max(t) AS m FROM d) SELECT id, e(e(e('a') || (SELECT max(u) FROM j)) || (SELECT m FROM c)) FROM d WHERE id < 4 ORDER BY id;
--: LATERAL, functions in FROM, samples
SELECT d.id, x.v, y, s FROM d, LATERAL (SELECT e('v') || d.id AS v) x, LATERAL unnest(ARRAY[e('u'), d.t]) y, generate_series(1, length(e('ab'))) s WHERE d.id < 4 ORDER BY 1, 2, 3, 4;
SELECT d.id, r.answer FROM d LEFT JOIN ai_call('Echo: c') r ON e('j') = 'j' WHERE d.id < 4 ORDER BY 1;
SELECT count(*) FROM d TABLESAMPLE system (e('100')::real);
--: views, barriers, check options, rules | early=99
CREATE VIEW cv WITH (security_barrier) AS SELECT id, t, e('view') AS v FROM d WHERE e('x') = 'x';
CREATE VIEW cc AS SELECT id, t, z FROM d WHERE t <> e('w99') WITH CHECK OPTION;
SELECT * FROM cv WHERE t <> e('w3') AND tell(id) ORDER BY id;
SELECT count(*) FROM cv;
UPDATE cc SET z = e('z') WHERE id < 4 RETURNING z, e('r');
UPDATE cc SET t = e('w99') WHERE id = 1;
--: rules and triggers with constant calls
CREATE TABLE ruled (id int, a text);
CREATE RULE also AS ON INSERT TO ruled DO ALSO INSERT INTO tgt SELECT NEW.id, e('rule') || NEW.a;
INSERT INTO ruled SELECT id, e('a') FROM d WHERE id < 4;
SELECT * FROM tgt ORDER BY id;
--: set operations of constant calls | once=2
SELECT e('a') FROM d UNION SELECT e('b') FROM j EXCEPT SELECT e('c') ORDER BY 1;
SELECT e('a') FROM d WHERE false UNION ALL SELECT e('a') FROM j WHERE id < 3;
--: whole query of one row, nested in a join | once=1
SELECT * FROM (SELECT e('one') AS o) s, d WHERE d.id < 3 ORDER BY id;
SELECT * FROM d LEFT JOIN (SELECT e('one') AS o, 2 AS two) s ON d.id = s.two AND s.o = e('one') WHERE d.id < 4 ORDER BY d.id;
--: UPDATE and DELETE by constant calls, of partitions and of views
UPDATE p SET z = e('z') WHERE g = e('1')::int RETURNING id, z;
DELETE FROM p USING j WHERE p.id = j.id AND u = e('u3') RETURNING p.id, e('gone');
UPDATE moving SET label = e('b') WHERE label = e('a') RETURNING id, tableoid::regclass;
SELECT id FROM p WHERE id = e('8')::int;
--: arguments of other kinds: parameters, row, array, current_user
PREPARE q(text, int) AS SELECT id, e($1 || $2 || current_date::text) = $1 || $2 || current_date, (ROW(e($1), 2)).f1, (ARRAY[e($1), e(current_user::text)])[1], e(CASE $2 WHEN 1 THEN 'one' ELSE 'other' END) FROM d WHERE id <= $2 ORDER BY id;
EXECUTE q('a', 2);
EXECUTE q(NULL, 1);
EXECUTE q('b', 0);
--: unread outputs of all kinds
SELECT count(*) FROM (SELECT e(t) AS a, count(*) OVER () AS b FROM d) s;
SELECT b FROM (SELECT e(t) AS a, count(*) OVER () AS b FROM d) s LIMIT 2;
SELECT max(n) FROM (SELECT string_agg(e(t), ',') AS a, max(n) AS n FROM d GROUP BY g) s;
SELECT id FROM (SELECT id, e(t) AS a FROM d UNION ALL SELECT id, e(u) FROM j) s WHERE id < 3 ORDER BY id;
SELECT s.id FROM (SELECT id, e(t) AS a, (SELECT e(max(u)) FROM j WHERE j.id = d.id) AS b FROM d) s JOIN (SELECT id, e(u) AS a FROM j) r USING (id) ORDER BY id;
SELECT id FROM (SELECT DISTINCT ON (g) g, id, e(t) AS a FROM d ORDER BY g, id) s ORDER BY id;
SELECT (s).id FROM (SELECT id, e(t) AS a FROM d WHERE id < 3) s ORDER BY 1;
SELECT to_jsonb(s) FROM (SELECT id, e(t) AS a FROM d WHERE id < 3) s ORDER BY 1;
WITH c AS (SELECT id, e(t) AS a FROM d), k AS (SELECT id, a FROM c) SELECT id, (SELECT count(*) FROM k) FROM c WHERE id < 3 ORDER BY id;
SELECT id FROM d WHERE EXISTS (SELECT e(u) FROM j WHERE j.id = d.id) AND id IN (SELECT x.id FROM (SELECT id, e(u) AS y FROM j) x) ORDER BY id;
CREATE TABLE made AS SELECT id FROM (SELECT id, e(t) AS a FROM d) s;
SELECT id FROM (SELECT id, e(t) AS a FROM d ORDER BY a LIMIT 3) s ORDER BY id;
SELECT g FROM (SELECT g, e(g) AS a FROM d GROUP BY g, a) s ORDER BY 1;
SELECT (SELECT count(*) FROM (SELECT e(u || d.t) AS a FROM j WHERE j.did = d.id) s) FROM d ORDER BY id;
