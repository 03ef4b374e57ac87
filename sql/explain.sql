-- What EXPLAIN says of AI calls before they are made, and after.  Prices: $1 and $10 per
-- million tokens.
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures, ai_router.calls;
CREATE SERVER explain_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, input_price, output_price) VALUES
    ('m', 'explain_one', 1, 10), ('n', 'explain_one', 2, 20), ('free', 'explain_one', NULL, NULL);
INSERT INTO ai_router.rules (name, priority, condition, models, strategy, weights) VALUES
    ('unpriced', 10, '$.task == "unpriced"', '{free}', NULL, NULL),
    ('lots', 15, '$.task == "lots"', '{m,n}', 'weighted', '{3,1}'),
    ('long', 20, '$.tokens > 1000', '{n}', NULL, NULL),
    ('letters', 30, '$.prompt starts with "Dear"', '{n}', NULL, NULL),
    ('rest', 100, NULL, '{m,n}', NULL, NULL);
INSERT INTO ai_router.fixtures (answer) VALUES ('aa bb cc dd ee ff gg hh ii jj');
-- 40 and 5000 bytes; a note for one of four, "open" for one of ten.
CREATE TABLE explain_t (id int PRIMARY KEY, body text, long text, note text, state text);
INSERT INTO explain_t SELECT n, repeat('word ', 8), repeat('word ', 1000), CASE WHEN n % 4 = 0 THEN 'x' END,
    CASE WHEN n % 10 = 0 THEN 'open' ELSE 'closed' END FROM generate_series(1, 100) n;
ANALYZE explain_t;

-- The formats.
EXPLAIN SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (COSTS OFF) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT YAML) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT XML) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON, COSTS OFF) SELECT ai_complete('Summarize: ' || body) FROM explain_t;
EXPLAIN (FORMAT JSON) SELECT ai_complete('a'), ai_complete('b', '{"task": "unpriced"}');
EXPLAIN (VERBOSE, COSTS OFF) SELECT ai_complete(body) FROM explain_t;

-- Only the lines about AI: the plan is PostgreSQL's.
CREATE FUNCTION explain_ai(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        IF line ~ 'AI|Model|Calls|ai_complete|ai_call|->  Custom' THEN RETURN NEXT regexp_replace(line, 'cost=\S+ (rows=\d+) width=\d+', '\1'); END IF;
    END LOOP;
END $$;
\pset format unaligned
\pset tuples_only on

-- Text of the prompt: constants, columns, their true length, functions, rules that look at it.
SELECT explain_ai('SELECT ai_complete(long) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(left(long, 100)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(''Dear '' || body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(upper(note)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(md5(body)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(concat(body, id, long)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(x) FROM (SELECT ''Dear '' || string_agg(body, '','') AS x FROM explain_t GROUP BY state) s');
SELECT explain_ai('SELECT ai_complete(x) FROM (VALUES (''one''), (''two''), (''three and four'')) v(x)');
SELECT explain_ai('SELECT ai_complete(ai_complete(body)) FROM explain_t');
SELECT explain_ai('SELECT ai_chat(jsonb_build_array(jsonb_build_object(''role'', ''user'', ''content'', body))) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(ARRAY[body, note, state]) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(array_agg(body)) FROM explain_t');

-- Hints: constant, from the row, wrong; prices that are not known; lots.
SELECT explain_ai('SELECT ai_complete(body, ''{"max_tokens": 5}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ai_hints(model => ''n'')) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ai_hints(model => state)) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"modell": "x"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"model": "x"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "unpriced"}'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "unpriced"}''), ai_complete(body) FROM explain_t');
SELECT explain_ai('SELECT ai_complete(body, ''{"task": "lots"}'') FROM explain_t');

-- Evaluations: conditions, LIMIT, guards, joins, subqueries, aggregates.
SELECT explain_ai('SELECT * FROM explain_t WHERE ai_complete(body) = ''yes''');
SELECT explain_ai('SELECT * FROM explain_t WHERE state = ''open'' AND ai_complete(body) = ''yes''');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t LIMIT 7');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t LIMIT 7 OFFSET 3');
SELECT explain_ai('SELECT ai_complete(body) FROM explain_t ORDER BY 1 LIMIT 7');
SELECT explain_ai('SELECT id FROM explain_t WHERE ai_complete(body) <> ''yes'' LIMIT 7');
SELECT explain_ai('SELECT coalesce(note, ai_complete(body)) FROM explain_t');
SELECT explain_ai('SELECT CASE WHEN state = ''open'' THEN ai_complete(body) END FROM explain_t');
SELECT explain_ai('SELECT CASE state WHEN ''open'' THEN ai_complete(body) ELSE ai_complete(note) END FROM explain_t');
SELECT explain_ai('SELECT CASE WHEN length(body) > 3 THEN ai_complete(body) END FROM explain_t');
SELECT explain_ai('SELECT sum(length(ai_complete(body))) FROM explain_t');
SELECT explain_ai('SELECT sum(length(ai_complete(body))) FILTER (WHERE state = ''open'') FROM explain_t');
SELECT explain_ai('SELECT ai_complete(a.body || b.body) FROM explain_t a JOIN explain_t b USING (id)');
SELECT explain_ai('SELECT (SELECT ai_complete(a.body)) FROM explain_t a');
SELECT explain_ai('SELECT (SELECT max(ai_complete(a.body || b.body)) FROM explain_t b WHERE b.id < 10) FROM explain_t a');
SELECT explain_ai('WITH c AS MATERIALIZED (SELECT ai_complete(body) AS x FROM explain_t) SELECT count(*) FROM c, c d WHERE c.x = d.x');
SELECT explain_ai('UPDATE explain_t SET note = ai_complete(body) WHERE id <= 20');
SELECT explain_ai('INSERT INTO explain_t SELECT id + 1000, ai_complete(body) FROM explain_t');
SELECT explain_ai('MERGE INTO explain_t t USING explain_t s ON t.id = s.id WHEN MATCHED THEN UPDATE SET note = ai_complete(s.body)');
SELECT explain_ai('INSERT INTO explain_t (id, body) VALUES (1, ''x'') ON CONFLICT (id) DO UPDATE SET note = ai_complete(excluded.body) RETURNING ai_complete(long)');
SELECT explain_ai('SELECT ai_complete(''Hello'')');
SELECT explain_ai('SELECT id FROM explain_t WHERE id = 5');

-- Prepared: the value of a parameter is known, or not.
PREPARE explain_p(text) AS SELECT ai_complete($1 || body) FROM explain_t;
SELECT explain_ai('EXECUTE explain_p(''Dear Sir or Madam, '')');
SET plan_cache_mode = force_generic_plan;
SELECT explain_ai('EXECUTE explain_p(''Dear Sir or Madam, '')');
RESET plan_cache_mode;
