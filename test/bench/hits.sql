\o /dev/null
-- Ten rules that look at all the facts a condition may look at but the prompt's text; the last one
-- is everybody's.
TRUNCATE ai_router.rules;
INSERT INTO ai_router.rules(name, priority, condition, models) VALUES
	('code', 1, '$.task == "code" && $.tokens < 400', '{slow}'),
	('legal', 2, '$.task == "legal" || $.tags.department == "legal"', '{slow}'),
	('short', 3, '$.tokens < 10', '{slow}'),
	('night', 4, '$.application starts with "nightly"', '{slow}'),
	('intern', 5, '$.role == "intern"', '{slow}'),
	('embed', 6, '$.function == "ai_embed"', '{slow}'),
	('long', 7, '$.chars > 100000', '{slow}'),
	('careful', 8, '$.quality > 0.9', '{slow}'),
	('pictures', 9, '$.images > 0', '{slow}'),
	('default', 100, '$.tokens >= 10', '{fast,slow}');
-- 500 bytes and up to 50 more or less, so that the number of tokens differs.
CREATE TABLE hit AS
SELECT left(format('What does customer %s want? ', g) ||
			repeat('The quick brown fox jumps over the lazy dog, then over 12 more. ', 9), 450 + g % 101) AS p
FROM generate_series(1, 5000) g;
VACUUM ANALYZE hit;
SET ai_router.cache = on;
SELECT count(ai_complete(p)) FROM hit;
