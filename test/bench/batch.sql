-- Rows to update; a thousand prompts of 500 bytes whose answers are in the cache; a join to plan.
CREATE TABLE doc (id int PRIMARY KEY, body text, answer text) WITH (fillfactor = 40, autovacuum_enabled = off);
INSERT INTO doc SELECT g, repeat('The quick brown fox. ', 10) FROM generate_series(1, 2000) g;
CREATE TABLE prompt AS
SELECT left(format('What does customer %s want? ', g) ||
			repeat('The quick brown fox jumps over the lazy dog, then over 12 more. ', 9), 450 + g % 101) AS p
FROM generate_series(1, 1000) g;
VACUUM ANALYZE doc, prompt;
SET ai_router.cache = on;
SELECT cardinality(ai_complete(array_agg(p))) AS answers FROM prompt \gset
-- Plans a join 60 times, executing nothing.
CREATE FUNCTION plan_often() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	FOR i IN 1..60 LOOP
		EXECUTE 'EXPLAIN SELECT a.id, upper(b.body), count(*) FROM doc a JOIN doc b USING (id) LEFT JOIN prompt ON p = a.body '
			'WHERE a.id BETWEEN 10 AND 900 AND lower(b.answer) LIKE ''x%'' GROUP BY a.id, b.body ORDER BY 3 DESC LIMIT 10';
	END LOOP;
END $$;
