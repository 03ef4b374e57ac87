-- Rules: which one matches, what it allows, in which order, and the words where nothing is left.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;

CREATE FUNCTION ask(prompt text, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; h text; s text;
BEGIN
    RETURN ai_complete(prompt, hints);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, h = PG_EXCEPTION_HINT, s = RETURNED_SQLSTATE;
    RETURN concat_ws(' | ', s, m, nullif(h, ''));
END $$;
-- Candidates in order, without the excluded ones.
CREATE FUNCTION chosen(prompt text, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(min(rule), 'no rule') || ': ' || coalesce(string_agg(model, ', ' ORDER BY rank) FILTER (WHERE rank IS NOT NULL), 'nothing')
      FROM ai_route(prompt, hints) $$;

DELETE FROM ai_router.rules;
DELETE FROM ai_router.fixtures;
DELETE FROM ai_router.models;
-- Nothing there yet.
SELECT ask('hello');
CREATE SERVER rules_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
CREATE SERVER rules_two FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, family, mode, context_window, max_output, input_price, output_price, capabilities, tags, quality, rank) VALUES
    ('mini',    'rules_one', NULL,    'chat', 128000, 16000, 0.15, 0.6, '{vision}', '{"region": "us"}', 0.6, 10),
    ('haiku',   'rules_one', 'haiku-family', 'chat', 200000, 8000, 1, 5, '{}', '{"region": "us"}', NULL, 20),
    ('haiku-2', 'rules_two', 'haiku-family', 'chat', 200000, 8000, 1.1, 5.5, '{}', '{"region": "eu", "retention": {"days": 0}}', NULL, 30),
    ('opus',    'rules_one', NULL,    'chat', 200000, 32000, 15, 75, '{vision}', '{"region": "us"}', 0.9, 40),
    ('local',   'rules_two', NULL,    'chat', 4096, NULL, NULL, NULL, '{}', '{"region": "eu"}', NULL, 50),
    ('vectors', 'rules_one', NULL,    'embedding', 8000, NULL, 0.02, NULL, '{}', '{}', NULL, 60),
    ('off',     'rules_one', NULL,    'chat', NULL, NULL, 0, 0, '{}', '{}', NULL, 70);
UPDATE ai_router.models SET enabled = false WHERE name = 'off';
-- Each model answers with its name.
INSERT INTO ai_router.fixtures (model, answer) SELECT name, name FROM ai_router.models;
SELECT ask('hello');

-- NULL models: any, by rank.
INSERT INTO ai_router.rules (name) VALUES ('any');
SELECT rank, model, provider, rule, strategy, verdict, reason FROM ai_route('hello');
SELECT ask('hello');
-- A rule that no call matches is no rule.
UPDATE ai_router.rules SET condition = '$.task == "never"';
SELECT ask('hello');
SELECT * FROM ai_route('hello');
DELETE FROM ai_router.rules;

-- Priority, then name; the first match wins.
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('b tie',   10, '$.task == "tie"', '{mini}'),
    ('a tie',   10, '$.task == "tie"', '{haiku}'),
    ('later',   20, '$.task == "tie"', '{opus}'),
    ('code',    20, '$.task == "code" && $.tokens < 400', '{haiku}'),
    ('legal',   20, '$.task == "legal" || $.tags.department == "legal"', '{opus,haiku}'),
    ('default', 100, NULL, '{mini,haiku-family}'),
    ('never',   200, NULL, '{opus}');
SELECT chosen('hello', '{"task": "tie"}');
SELECT chosen('hello', '{"task": "code"}'), chosen(repeat('word ', 2000), '{"task": "code"}');
SELECT chosen('hello', '{"task": "legal"}'), chosen('hello', '{"tags": {"department": "legal", "x": 1}}');
SELECT chosen('hello'), chosen('hello', '{"task": "other"}');
UPDATE ai_router.rules SET enabled = false WHERE name = 'default';
SELECT chosen('hello');
UPDATE ai_router.rules SET enabled = true WHERE name = 'default';
-- A rule that matches decides, even where none of its models can serve.
UPDATE ai_router.models SET enabled = false WHERE name IN ('opus', 'haiku');
SELECT ask('hello', '{"task": "legal"}');
UPDATE ai_router.models SET enabled = true WHERE name IN ('opus', 'haiku');

-- Conditions on each key of the context.
CREATE FUNCTION holds(condition jsonpath, prompt text, hints jsonb DEFAULT '{}') RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM ai_router.rules WHERE name = 'probe';
    INSERT INTO ai_router.rules (name, priority, condition) VALUES ('probe', -1, condition);
    RETURN (SELECT min(rule) = 'probe' FROM ai_route(prompt, hints));
END $$;
SELECT c AS condition, holds(c::jsonpath, 'Please refund me, now!', h) FROM (VALUES
    ('$.function == "ai_complete"', '{}'::jsonb), ('$.function == "ai_embed"', '{}'),
    ('$.task == "a"', '{"task": "a"}'), ('$.task == "a"', '{}'), ('!($.task == "a")', '{}'), ('!exists($.task)', '{}'),
    ('$.tags.n > 2', '{"tags": {"n": 3}}'), ('$.tags.n > 2', '{"tags": {"n": "x"}}'), ('$.tags.list == 2', '{"tags": {"list": [1, 2]}}'),
    ('exists($.tags ? (@.x == 1))', '{"tags": {"x": 1}}'), ('exists($.tags)', '{}'),
    ('$.database == "nowhere"', '{}'), ('$.application starts with "pg_regress"', '{}'),
    ('$.prompt like_regex "REFUND" flag "i"', '{}'), ('$.prompt starts with "refund"', '{}'),
    ('$.chars == 22', '{}'), ('$.tokens > 3 && $.tokens < 100', '{}'), ('$.images == 0', '{}'),
    ('$.quality >= 0.5', '{"quality": 0.5}'), ('$.quality >= 0.5', '{}'),
    ('$.model == "opus"', '{"model": "opus"}'), ('$.model == "opus"', '{"model": ["mini", "opus"]}'), ('exists($.model)', '{}'),
    ('$.provider == "rules_two"', '{"provider": "rules_two"}'),
    ('strict $.task == "a"', '{}'), ('strict $.tags.x.y == 1', '{"tags": {"x": 1}}'), ('$.chars / 0 == 1', '{}'),
    ('1 == 1', '{}')) v(c, h);
CREATE ROLE regress_air_analysts;
CREATE ROLE regress_air_ann IN ROLE regress_air_analysts;
GRANT USAGE ON FOREIGN SERVER rules_one, rules_two TO regress_air_ann;
DELETE FROM ai_router.rules WHERE name = 'probe';
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('analysts', -2, '$.member_of[*] == "regress_air_analysts"', '{opus}'),
    ('ann',      -3, '$.role == "regress_air_ann" && $.task == "mine"', '{mini}');
SET ROLE regress_air_ann;
SELECT chosen('hello'), chosen('hello', '{"task": "mine"}');
RESET ROLE;
SELECT chosen('hello');
DELETE FROM ai_router.rules WHERE name IN ('analysts', 'ann');

-- The allow-list: no hint leaves it.
SELECT ask('hello', '{"model": "opus"}');
SELECT ask('hello', '{"model": "haiku"}'), ask('hello', '{"model": ["opus", "haiku"]}');
SELECT ask('hello', '{"model": "oups"}');
SELECT ask('hello', '{"model": ["mini", "nothing like it"]}');
SELECT * FROM ai_route('hello', '{"model": "oups"}');
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"model": "opus"}');
-- A hint may name a family, or a list in order of preference.
SELECT rank, model, verdict, reason FROM ai_route('hello', '{"model": "haiku-family"}');
SELECT chosen('hello', '{"model": ["haiku-2", "mini"]}'), chosen('hello', '{"model": ["opus", "haiku-2", "mini"]}');
-- Hint provider.
SELECT chosen('hello', '{"provider": "rules_two"}');
SELECT ask('hello', '{"provider": "rules_tow"}');
SELECT ask('hello', '{"provider": "rules_two", "task": "legal"}');

-- Families: a rule that names one, failover inside it first.
UPDATE ai_router.rules SET models = '{haiku,mini,opus,haiku-2}' WHERE name = 'default';
SELECT rank, model, reason FROM ai_route('hello') WHERE rank IS NOT NULL;
-- A model's name is no family, even if others have it as family.
UPDATE ai_router.models SET family = 'mini' WHERE name = 'local';
UPDATE ai_router.rules SET models = '{mini}' WHERE name = 'default';
SELECT chosen('hello');
UPDATE ai_router.models SET family = NULL WHERE name = 'local';

-- What a rule sets: defaults below the caller's hints, enforce above them.
UPDATE ai_router.rules SET models = NULL, defaults = '{"provider": "rules_one"}', enforce = '{"require": {"region": "eu"}}' WHERE name = 'default';
SELECT chosen('hello'), chosen('hello', '{"provider": "rules_two"}');
SELECT ask('hello', '{"require": {"region": "us"}}');
-- Conditions see what the caller said, not the defaults.
UPDATE ai_router.rules SET defaults = '{"task": "code"}', enforce = NULL WHERE name = 'default';
SELECT chosen('hello');
UPDATE ai_router.rules SET defaults = NULL WHERE name = 'default';

-- require, quality, max_cost.
SELECT chosen('hello', '{"require": {"region": "eu"}}'), chosen('hello', '{"require": {"retention": {"days": 0}}}'), chosen('hello', '{"require": {}}');
SELECT ask('hello', '{"require": {"region": "mars"}}');
SELECT chosen('hello', '{"quality": 0.7}'), chosen('hello', '{"quality": 1}'), chosen('hello', '{"quality": 0.6}');
SELECT model, round(est_cost, 4) AS est_cost, verdict, regexp_replace(reason, '(\$0\.\d{3})\d+', '\1..') AS reason FROM ai_route('hello', '{"max_cost": 0.005, "max_tokens": 1000}') WHERE model IN ('mini', 'haiku', 'haiku-2', 'opus', 'local');
SELECT regexp_replace(ask('hello', '{"max_cost": 0.0000001}'), '(estimated \$0\.\d{3})\d+', '\1..', 'g') AS ask;

-- Context windows: the default for max_tokens shrinks, a hint does not.
SELECT chosen('hello', '{"model": "local"}'), chosen('hello', '{"model": "local", "max_tokens": 4096}'), chosen('hello', '{"model": "local", "max_tokens": 2000}');
SELECT chosen(repeat('word ', 3500), '{"model": "local"}') , chosen(repeat('word ', 5000), '{"provider": "rules_two"}');
SELECT regexp_replace(ask(repeat('word ', 5000), '{"model": "local"}'), '\d{4} tokens', 'N tokens') AS ask;
SELECT left(ask(repeat('word ', 300000)), 5) AS ask;
-- Something else in the way of all of them: that is what the message is about.
SELECT ask(repeat('word ', 5000), '{"model": "local", "require": {"region": "mars"}}');

-- Strategies.
UPDATE ai_router.rules SET models = '{local,opus,haiku-2,haiku,mini}', strategy = 'cheapest' WHERE name = 'default';
SELECT rank, model, strategy, reason, round(est_cost, 4) AS est_cost FROM ai_route('hello', '{"max_tokens": 1000}') WHERE rank IS NOT NULL;
UPDATE ai_router.rules SET strategy = 'ordered' WHERE name = 'default';
SELECT chosen('hello'), chosen('hello', '{"prefer": "cost"}');
UPDATE ai_router.rules SET strategy = NULL WHERE name = 'default';
SELECT chosen('hello'), chosen('hello', '{"prefer": "cost"}');
SELECT ask('hello', '{"prefer": "speed"}');
SELECT ask('hello', '{"prefer": "quality"}');
-- Ties keep the order of the rule.
UPDATE ai_router.models SET input_price = 1, output_price = 5 WHERE name IN ('haiku', 'haiku-2', 'mini');
SELECT chosen('hello', '{"prefer": "cost"}');
-- Weighted: by the prompt, the same each time, in the proportion of the weights.
UPDATE ai_router.rules SET models = '{mini,haiku-family,opus,local}', weights = '{6,3,1,0}', strategy = 'weighted' WHERE name = 'default';
SELECT chosen('hello') = chosen('hello') AS same;
SELECT model, round(count(*) / 300.0) AS tenths, count(DISTINCT rest) > 1 AS varies
  FROM (SELECT split_part(c, ', ', 1) AS model, c AS rest
          FROM (SELECT chosen('prompt ' || i) AS c FROM generate_series(1, 3000) i) p) q
 GROUP BY 1 ORDER BY 1;
-- Weight zero comes last, a family stays together.
SELECT count(*) FILTER (WHERE c NOT LIKE '%, local') AS not_last, count(*) FILTER (WHERE c NOT LIKE '%haiku, haiku-2%') AS torn
  FROM (SELECT chosen('prompt ' || i) AS c FROM generate_series(1, 200) i) p;
-- A model that goes moves only its own prompts.
CREATE TEMP TABLE before AS SELECT i, split_part(chosen('prompt ' || i), ', ', 1) AS model FROM generate_series(1, 500) i;
UPDATE ai_router.models SET enabled = false WHERE name = 'opus';
SELECT count(*) AS moved FROM before WHERE model NOT LIKE '%opus' AND model <> split_part(chosen('prompt ' || i), ', ', 1);
UPDATE ai_router.models SET enabled = true WHERE name = 'opus';

-- Permissions: USAGE on the server.
UPDATE ai_router.rules SET models = '{mini,haiku-2}', weights = NULL, strategy = NULL WHERE name = 'default';
REVOKE USAGE ON FOREIGN SERVER rules_one FROM regress_air_ann;
SET ROLE regress_air_ann;
SELECT rank, model, verdict, reason FROM ai_route('hello') WHERE model IN ('mini', 'haiku-2');
SELECT ask('hello'), ask('hello', '{"model": "mini"}');
RESET ROLE;
REVOKE USAGE ON FOREIGN SERVER rules_two FROM regress_air_ann;
SET ROLE regress_air_ann;
SELECT ask('hello');
RESET ROLE;

-- Tokens know the models.
UPDATE ai_router.models SET tags = '{"token_factor": 3}' WHERE name = 'opus';
SELECT ai_count_tokens('a b c', 'opus') = 3 * ai_count_tokens('a b c') AS factor, ai_count_tokens('a b c', 'haiku-family') = ai_count_tokens('a b c') AS family;
SELECT ai_count_tokens('a b c', 'opsu');

-- What is missing is skipped.
DELETE FROM ai_router.models WHERE name = 'mini';
SELECT ask('hello');
DROP SERVER rules_two CASCADE;
SELECT ask('hello');
UPDATE ai_router.rules SET models = '{haiku}' WHERE name = 'default';
DELETE FROM ai_router.models;
SELECT ask('hello'), ask('hello', '{"task": "none"}');
UPDATE ai_router.rules SET models = NULL WHERE name = 'default';
SELECT ask('hello');

DELETE FROM ai_router.rules;
DELETE FROM ai_router.fixtures;
DROP SERVER rules_one;
DROP FUNCTION ask(text, jsonb), chosen(text, jsonb), holds(jsonpath, text, jsonb);
DROP ROLE regress_air_ann, regress_air_analysts;
