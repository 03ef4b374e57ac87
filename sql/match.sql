-- Which rule a call belongs to is remembered: what is remembered must be what jsonpath says.
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER match_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, mode, input_price, output_price) VALUES ('m', 'match_one', 'chat', 0, 0);

-- The rule that conditions choose for a call, evaluated here; and the one that is chosen.
CREATE FUNCTION expected(prompt text, hints jsonb, function text) RETURNS text LANGUAGE sql AS $$
    SELECT r.name FROM ai_router.rules r, LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object(
        'function', function, 'task', hints->'task', 'tags', hints->'tags', 'quality', hints->'quality',
        'model', hints->'model', 'provider', hints->'provider', 'prompt', prompt, 'chars', length(prompt),
        'tokens', ai_count_tokens(prompt) + 7, 'images', 0, 'role', current_user, 'database', current_database(),
        'application', current_setting('application_name'),
        'member_of', jsonb_build_array(current_user))) AS context) c
    WHERE coalesce(jsonb_path_match(c.context, r.condition, silent => true), r.condition IS NULL)
    ORDER BY r.priority, r.name LIMIT 1 $$;
CREATE FUNCTION chosen(prompt text, hints jsonb, function text) RETURNS text LANGUAGE sql AS $$
    SELECT rule FROM ai_route(prompt, hints, function) LIMIT 1 $$;

-- Prompts of all sizes around the bounds, in letters of one to four bytes; hints of all kinds.
CREATE TABLE prompts AS SELECT repeat(w, n) AS p FROM generate_series(0, 30) n,
    unnest(ARRAY['a word ', 'ä€😀 ', 'refund?']) w;
CREATE TABLE kinds (h jsonb);
INSERT INTO kinds VALUES (NULL), ('{}'), ('{"task": "code"}'), ('{"task": "legal"}'), ('{"tags": {"x": 1, "limit": 22}}'),
    ('{"tags": {"x": 2}}'), ('{"quality": 0.5}'), ('{"model": "m"}'), ('{"model": ["m"]}'), ('{"provider": "match_one"}'),
    ('{"temperature": 0.5}');
CREATE FUNCTION differences() RETURNS TABLE (calls bigint, rules text[], wrong bigint) LANGUAGE sql AS $$
    WITH c AS MATERIALIZED (SELECT chosen(p, h, f) AS got, chosen(p, h, f) AS again, expected(p, h, f) AS want
                            FROM prompts, kinds, unnest(ARRAY['ai_complete', 'ai_classify']) f)
    SELECT count(*), array_agg(DISTINCT want ORDER BY want), count(*) FILTER (WHERE got IS DISTINCT FROM want OR again IS DISTINCT FROM want) FROM c $$;

INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('below', 1, '$.tokens < 10 && $.task == "code"', '{m}'),
    ('on it', 2, '$.chars == 28', '{m}'),
    ('fraction', 3, '12.5 < $.tokens && $.tokens <= 14.5', '{m}'),
    ('sum', 4, '$.tokens + $.chars == 52', '{m}'),
    ('negative', 5, '$.chars < -3 || $.chars >= 1e30', '{m}'),
    ('filter', 6, 'exists($.tags ? (@.limit == $.tokens))', '{m}'),
    ('constant', 7, 'exists($.tags ? (@.x == 2 && $.tokens > 50))', '{m}'),
    ('unknown', 8, '($.task > 3) is unknown && $.chars != 60', '{m}'),
    ('word', 9, '$.prompt like_regex "refund" && $.tokens > 30', '{m}'),
    ('function', 10, '$.function == "ai_classify" && $.quality >= 0.5', '{m}'),
    ('model', 11, '$.model == "m" && $.images < 1', '{m}'),
    ('provider', 12, '$.provider starts with "match" && $.images == 0', '{m}'),
    ('strict', 13, 'strict $.tags.x == 1', '{m}'),
    ('application', 14, '$.application == "nightly" && $.chars > 100', '{m}'),
    ('other role', 15, '$.role == "regress_match_b" || $.role == "regress_match_c"', '{m}'),
    ('member', 16, '$.member_of[*] == "regress_match_group" && $.database != "x"', '{m}'),
    ('not empty', 17, '!($.chars == 0)', '{m}'),
    ('rest', 100, NULL, '{m}');
SELECT * FROM differences();

-- What the caller is changes in the middle of a session.
SET application_name = 'nightly';
SELECT * FROM differences();
RESET application_name;
CREATE ROLE regress_match_a;
CREATE ROLE regress_match_b;
CREATE ROLE regress_match_group;
GRANT USAGE ON FOREIGN SERVER match_one TO regress_match_a, regress_match_b;
SELECT chosen('some words', '{}', 'ai_complete');
SET ROLE regress_match_a;
SELECT chosen('some words', '{}', 'ai_complete');
SET ROLE regress_match_b;
SELECT chosen('some words', '{}', 'ai_complete');
RESET ROLE;
GRANT regress_match_group TO regress_match_a;
SET ROLE regress_match_a;
SELECT chosen('some words', '{}', 'ai_complete');
RESET ROLE;
REVOKE regress_match_group FROM regress_match_a;
SET ROLE regress_match_a;
SELECT chosen('some words', '{}', 'ai_complete');
RESET ROLE;
ALTER ROLE regress_match_a RENAME TO regress_match_c;
SET ROLE regress_match_c;
SELECT chosen('some words', '{}', 'ai_complete');
RESET ROLE;

-- Rights are asked for at each call.
SET ROLE regress_match_b;
SELECT verdict FROM ai_route('some words');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER match_one FROM regress_match_b;
SET ROLE regress_match_b;
SELECT verdict FROM ai_route('some words');
RESET ROLE;
CREATE ROLE regress_match_owner;
GRANT regress_match_owner TO regress_match_b;
GRANT USAGE ON FOREIGN SERVER match_one TO regress_match_owner;
SET ROLE regress_match_b;
SELECT verdict FROM ai_route('some words');
RESET ROLE;
REVOKE regress_match_owner FROM regress_match_b;
SET ROLE regress_match_b;
SELECT verdict FROM ai_route('some words');
RESET ROLE;
ALTER ROLE regress_match_b SUPERUSER;
SET ROLE regress_match_b;
SELECT verdict FROM ai_route('some words');
RESET ROLE;

-- The rules change, also in a transaction that is rolled back.
BEGIN;
UPDATE ai_router.rules SET condition = '$.chars == 10' WHERE name = 'on it';
SELECT chosen('some words', '{}', 'ai_complete'), chosen('some more words', '{}', 'ai_complete');
ROLLBACK;
SELECT chosen('some words', '{}', 'ai_complete');

-- More rules and more bounds than are remembered.
TRUNCATE ai_router.rules;
INSERT INTO ai_router.rules (name, priority, condition, models)
SELECT 'rule ' || i, i, format('$.tokens == %s || $.chars == %s', i, 300 - i)::jsonpath, '{m}' FROM generate_series(1, 80) i;
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('many', 0, (SELECT string_agg('$.tokens == ' || i * 3, ' || ') FROM generate_series(10, 20) i)::jsonpath, '{m}'), ('rest', 1000, NULL, '{m}');
SELECT calls, cardinality(rules) > 30 AS many, wrong FROM differences();

DROP FUNCTION differences(), expected(text, jsonb, text), chosen(text, jsonb, text);
DROP TABLE prompts, kinds;
TRUNCATE ai_router.rules, ai_router.models;
DROP SERVER match_one;
DROP ROLE regress_match_b, regress_match_c, regress_match_group, regress_match_owner;
