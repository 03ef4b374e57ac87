-- Conditions: which jsonpath expressions a rule may have.
\pset null '(null)'

CREATE FUNCTION try(condition text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text;
BEGIN
    PERFORM ai_router.check_condition(condition::jsonpath);
    RETURN 'ok';
EXCEPTION WHEN invalid_parameter_value OR feature_not_supported THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN m;
END $$;

-- Accepted.
SELECT c AS condition, try(c) FROM unnest(ARRAY[
    '$.task == "code"',
    '$.task == "code" && $.tokens < 400',
    '$.task == "legal" || $.tags.department == "legal"',
    '!($.chars > 3)',
    '!exists($.task)',
    'exists($.tags)',
    'exists($.tags ? (@.x == 1))',
    'exists($.tags.list[*] ? (@ > 3 && @ < $.tokens))',
    '$.prompt like_regex "refund" flag "i"',
    '$.prompt starts with "Translate"',
    '($.prompt like_regex "^x") is unknown',
    '$.member_of[*] == "analysts"',
    '$.member_of == "analysts"',
    '$.member_of[0 to 2] == "analysts"',
    '$.tags.list[last] == 1',
    '$.tags.list[$.images] == 1',
    '$.tags.* == 1',
    '$.tags.** == 1',
    '$."task" == "code"',
    'strict $.task == "code"',
    'lax $.task == "code"',
    '$.function == "ai_embed"',
    '$.role != "app" && $.database == "prod" && $.application starts with "report"',
    '$.quality >= 0.9', '$.model == "opus"', '$.provider == "local"', '$.images > 0',
    '$.tokens + $.images * 1000 > 4000', '-$.tokens < 0', '$.tokens % 2 == 0',
    '$.member_of.size() > 3', '$.tags.x.type() == "string"', '($.chars / 4).ceiling() > 10',
    '$.tags.x.double().floor().abs() == 1',
    '$.tags.keyvalue().key == "x"',
    'exists($.task ? (@ == "a" || exists($.tags ? (@.x == $.task))))',
    '1 == 1'
]) c;

-- Refused.
SELECT c AS condition, try(c) FROM unnest(ARRAY[
    '$', '$.task', '$.tags.department', '"text"', '1', 'true', 'null', '$.tokens + 1',
    '$.tags ? (@.x == 1)', '($.task == "a").type()', '-$.tokens',
    '$ == "x"', '$.* == 1', '$.** == 1', '$[0] == 1', '$[*] == 1', '$.**{2}.x == 1', 'exists($)',
    'exists($ ? (@.task == "a"))', '$.type() == "object"', '$.keyvalue().key == "task"',
    '$.taks == "code"', '$.Task == "code"', '$.nonsense == 1', '$."" == 1', 'strict $.tag.x == 1',
    '$.task == "a" && $.tokn < 3', '!($.user == "a")', '$.tags.list[$.i] == 1', '$.tags.list[0 to $.j] == 1',
    'exists($.tags ? (@.x == $.y))', '$.departement like_regex "x"', '$.text starts with "x"', '($.z == 1) is unknown',
    '$task == "code"', '$.task == $x', '$.tags.d.datetime() < "2030-01-01".datetime()'
]) c;

-- Messages in full.
SELECT ai_router.check_condition('$.task');
SELECT ai_router.check_condition('$.taks == "code"');
SELECT ai_router.check_condition('$.nonsense == 1');
SELECT ai_router.check_condition('$.* == 1');
SELECT ai_router.check_condition('$task == "code"');
SELECT ai_router.check_condition('$.tags.d.datetime() < "2030-01-01".datetime()');
SELECT ai_router.check_condition(NULL);

-- Strategies.
SELECT ai_router.check_strategy(s) FROM unnest('{ordered,cheapest,weighted}'::text[]) s;
SELECT ai_router.check_strategy('learned');
SELECT ai_router.check_strategy('');
SELECT ai_router.check_strategy(NULL);

DROP FUNCTION try(text);
