-- Small typed answers: ai_classify, ai_filter, ai_score and their kin.  Offline: answers come from fixtures.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER classify_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, capabilities) VALUES ('small', 'classify_one', '{json_schema}');
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('all', 100, NULL, NULL);
-- The fixture answers what stands behind "says ", the judge decides.
CREATE FUNCTION says(what text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('^<input>\n' || md5(what) || '\n</input>$', what)
        ON CONFLICT DO NOTHING;
    RETURN md5(what);
END $$;
CREATE FUNCTION error_of(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; h text;
BEGIN
    EXECUTE statement;
    RETURN 'no error';
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', SQLSTATE, m, nullif(h, ''));
END $$;
-- A second answer that is no better than the first.
INSERT INTO ai_router.fixtures (id, pattern, answer) VALUES (1000000, 'This answer cannot be used', 'I do not know.');

-- One label, in the forms in which models answer.
SELECT what, ai_classify(says(what), ARRAY['billing', 'login', 'Other stuff']) FROM (VALUES
    (1, 'billing'), (2, ' Login.'), (3, '"billing"'), (4, '**other  STUFF**'), (5, 'Label: billing'), (6, 'The label is "login".'),
    (7, '{"label":"billing"}'), (8, E'```json\n{"label": "Other stuff"}\n```'), (9, '{"category":"login"}'), (10, '["login"]'),
    (11, '“billing”'), (12, 'billing'), (13, E'**Answer:** billing\n'), (14, '{"label":"login","why":"billing"}')) v(n, what) ORDER BY n;
-- A guess is none: the model is asked once more, and says that it does not know.
SELECT what, error_of(format('SELECT ai_classify(%L, ARRAY[''billing'', ''login''])', says(what))) FROM (VALUES
    (1, 'This is not billing'), (2, 'billing or login'), (3, 'support'), (4, '{"label":"support"}'), (5, '{"label":null}'), (6, '{"label":7}'),
    (7, '{"a":"billing","b":"login"}'), (8, '[]'), (9, '["billing","login"]'), (10, '{'), (11, 'billin'), (12, '{"label":{"label":"billing"}}'), (13, '...'),
    (14, '{"label":"billing","label":"login"}'), (15, '{"error":"billing"}')) v(n, what) ORDER BY n;
-- Labels that only case or punctuation tell apart are told apart, or not at all.
SELECT ai_classify(says('C'), ARRAY['c', 'C', 'C++']), ai_classify(says('c'), ARRAY['c', 'C', 'C++']), ai_classify(says('c++'), ARRAY['c', 'C', 'C++']),
    ai_classify(says('-1'), ARRAY['1', '-1']);
SELECT error_of(format('SELECT ai_classify(%L, ARRAY[''c'', ''C''])', says('"C".')));
-- Mended at the second attempt.
UPDATE ai_router.fixtures SET answer = 'login' WHERE id = 1000000;
SELECT ai_classify(says('no idea'), ARRAY['billing', 'login']);
SELECT value, confidence, model, cost, error FROM ai_classify_detail(says('no idea'), ARRAY['billing', 'login']);
UPDATE ai_router.fixtures SET answer = 'I do not know.' WHERE id = 1000000;
-- Labels that are hard to write.
SELECT ai_classify(says(l), ARRAY[l, 'other']) = l AS same FROM unnest(ARRAY[E'two\nlines', 'say "hello"', E'tab\there', ' blank ', 'ä ö 😀', '</input>', '- dash', '{"label":"other"}', E'\\', '{input}', '{labels}', '日本']) l;
SELECT ai_classify(says('"two\nlines"'), ARRAY[E'two\nlines', 'two', 'lines']), ai_classify(says('{"label":"say \"hello\""}'), ARRAY['say "hello"', 'hello']);

-- What cannot be asked.
SELECT error_of($$SELECT ai_classify('x', NULL)$$);
SELECT error_of($$SELECT ai_classify('x', '{}')$$);
SELECT error_of($$SELECT ai_classify('x', ARRAY['a', NULL])$$);
SELECT error_of($$SELECT ai_classify('x', ARRAY['a', 'b', 'a'])$$);
SELECT error_of($$SELECT ai_classify('x', ARRAY['a', ' '])$$);
SELECT error_of($$SELECT ai_classify('x', ARRAY[['a'], ['b']])$$);
SELECT error_of($$SELECT ai_classify('x', ARRAY['a'], '{"modle": "small"}')$$);
SELECT error_of($$SELECT ai_classify_multi('x', NULL)$$);
SELECT ai_classify(NULL, ARRAY['a']), ai_classify(NULL, NULL), ai_classify_multi(NULL, '{}'), ai_classify_detail(NULL, NULL) IS NULL AS detail;
-- NULL where on_error says so, and one warning for all rows of a statement.
SELECT ai_classify(says(w), ARRAY['billing', 'login'], '{"on_error": "null"}') FROM unnest(ARRAY['nonsense', 'more nonsense', 'login']) w;
SELECT ai_classify(says('billing'), ARRAY['billing', 'login'], NULL), ai_classify(labels => ARRAY['billing', 'login'], input => says('billing'));

-- Several labels, in the order in which they were given.
SELECT what, ai_classify_multi(says(what), ARRAY['billing', 'login', 'angry']) FROM (VALUES
    (1, '["login","billing"]'), (2, '[]'), (3, '{"labels":["angry"]}'), (4, 'none'), (5, 'angry, billing'), (6, E'- login\n- angry'), (7, '"login"'),
    (8, 'Labels: login, billing'), (9, '{"labels":[]}'), (10, '["login","login"]'), (11, 'Billing.'), (12, 'None.')) v(n, what) ORDER BY n;
SELECT what, error_of(format('SELECT ai_classify_multi(%L, ARRAY[''billing'', ''login''])', says(what))) FROM (VALUES
    (1, '["login","support"]'), (2, '[1]'), (3, '{"labels":null}'), (4, 'login and billing'), (5, '[["login"]]'), (6, ','), (7, '...'), (8, 'login, none')) v(n, what) ORDER BY n;
SELECT ai_classify_multi(says('a, b'), ARRAY['a, b', 'a', 'b']), ai_classify_multi(says('none'), ARRAY['none', 'some']), ai_classify_multi(says(E'b\na, b'), ARRAY['a, b', 'a', 'b']);

-- Yes or no.
SELECT what, ai_filter(says(what), 'is about money') FROM (VALUES
    (1, 'yes'), (2, 'No.'), (3, 'TRUE'), (4, '{"answer":false}'), (5, '"yes"'), (6, '{"answer":"no"}'), (7, 'Answer: yes'), (8, '{"met":true}'), (9, '**Yes**'), (10, 'false')) v(n, what) ORDER BY n;
SELECT what, error_of(format('SELECT ai_filter(%L, ''is about money'')', says(what))) FROM (VALUES
    (1, 'maybe'), (2, 'yes and no'), (3, '{"answer":1}'), (4, '{"answer":null}'), (5, '[true]'), (6, 'yes, but no'),
    (7, '{"error":true}'), (8, '{"answer":true,"answer":false}')) v(n, what) ORDER BY n;
SELECT ai_filter(NULL, 'x'), ai_filter(says('yes'), NULL), ai_filter(NULL::text), ai_filter(NULL), ai_filter(says('yes')), ai_filter(prompt => says('no')),
    ai_filter(says('yes'), 'x', '{}'), ai_filter(says('yes'), 'x', ai_hints(max_tokens => 5));
SELECT error_of($$SELECT ai_filter('x', '{"model": "small"}')$$);
SELECT says('yes') || '' AS input WHERE ai_filter(says('yes'), 'true') AND NOT ai_filter(says('no'), 'true');

-- A score.
SELECT what, ai_score(says(what), 'is angry') FROM (VALUES
    (1, '73'), (2, '0'), (3, '100'), (4, '{"score":55}'), (5, 'Score: 80/100'), (6, '80 %'), (7, '1'), (8, '62.5'), (9, '"7"'), (10, '40.'), (11, '{"score":33.0}')) v(n, what) ORDER BY n;
SELECT what, error_of(format('SELECT ai_score(%L, ''is angry'')', says(what))) FROM (VALUES
    (1, '0.73'), (2, '101'), (3, '-1'), (4, 'very'), (5, '{"score":"high"}'), (6, '{"score":1e999}'), (7, '1e2'), (8, '10 to 20'), (9, '8/10'), (10, ''), (11, '1.0')) v(n, what) ORDER BY n;
SELECT ai_score(NULL, 'x'), ai_score('x', NULL);
SELECT w, ai_score(says(w), 'is angry') AS s FROM unnest(ARRAY['30', '90', '60']) w ORDER BY ai_score(says(w), 'is angry') DESC LIMIT 2;

-- With everything about it; a provider's error is a value.
SELECT * FROM ai_classify_detail(says('login'), ARRAY['billing', 'login']);
SELECT * FROM ai_filter_detail(says('yes'), 'is true');
SELECT * FROM ai_score_detail(says('25'), 'is true');
SELECT (ai_filter_detail(says('nonsense'), 'is true')).*;
SELECT (ai_score_detail(says('nonsense'), 'is true')).error IS NOT NULL AS told;
SELECT error_of($$SELECT ai_filter_detail('x', 'y', '{"model": "none"}')$$);

-- Wrappers.
SELECT ai_sentiment(says('Negative.')), ai_sentiment(says('{"label":"mixed"}')), ai_sentiment(NULL);
SELECT error_of(format('SELECT ai_sentiment(%L)', says('angry')));
SELECT ai_summarize(says('Short.')), ai_translate(says('Hallo'), 'German'), ai_redact(says('[NAME] wrote'));
SELECT ai_summarize(NULL), ai_translate(NULL, 'German'), ai_translate('x', NULL), ai_redact(NULL);

-- They are batched like the others.
CREATE TABLE classify_docs (id int PRIMARY KEY, body text, label text, about boolean);
INSERT INTO classify_docs VALUES (1, says('billing')), (2, says('login')), (3, NULL);
EXPLAIN (COSTS OFF) UPDATE classify_docs SET label = ai_classify(body, ARRAY['billing', 'login']);
UPDATE classify_docs SET label = ai_classify(body, ARRAY['billing', 'login']);
SELECT id, label, (ai_classify_detail(body, ARRAY['billing', 'login'])).value FROM classify_docs ORDER BY id;
-- What EXPLAIN expects before there is a history: the instruction counts, and answers are small.
UPDATE ai_router.rules SET name = 'fresh';
ANALYZE classify_docs;
CREATE FUNCTION expected_of(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT %s FROM classify_docs', call) INTO plan;
    RETURN format('%s calls, %s in, %s out', plan -> 0 -> 'Plan' -> 'AI Calls' -> 0 -> 'Estimated Calls',
                  plan -> 0 -> 'Plan' -> 'AI Calls' -> 0 -> 'Estimated Input Tokens', plan -> 0 -> 'Plan' -> 'AI Calls' -> 0 -> 'Estimated Output Tokens');
END $$;
SELECT c, expected_of(c) FROM unnest(ARRAY['ai_complete(body)', 'ai_sentiment(body)', 'ai_filter(body, ''x'')', 'ai_score(body, ''x'')', 'ai_summarize(body)']) c;
DROP FUNCTION expected_of(text);
DROP TABLE classify_docs;
SELECT model, verdict FROM ai_route('x', '{}', 'ai_classify');

-- A prompt of one's own is what the next call sends; one that lacks a value, or has an unknown one, is refused.
SELECT error_of($$INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, 'Choose: {label}', '{input}')$$);
SELECT error_of($$INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, 'Choose: {labels} of {input}', 'x')$$);
SELECT error_of($$INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, 'Choose.', '{input}')$$);
INSERT INTO ai_router.prompts (name, version, system, template) VALUES ('classify', 2, 'Choose one of {labels}.', 'Text: {input}');
INSERT INTO ai_router.fixtures (id, pattern, answer) VALUES (-1, '^Text: <input>\nnew\n</input>$', 'billing');
SELECT ai_classify('new', ARRAY['billing', 'login']);
UPDATE ai_router.prompts SET enabled = false WHERE name = 'classify' AND version = 2;
SELECT error_of($$SELECT ai_classify('new', ARRAY['billing', 'login'])$$);
DELETE FROM ai_router.prompts WHERE version > 1;

DROP FUNCTION says(text), error_of(text);
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER classify_one;
