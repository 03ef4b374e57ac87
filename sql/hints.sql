-- Hints: what is accepted, what is refused and in which words.
\pset null '(null)'

-- Nothing, everything.
SELECT ai_hints();
SELECT jsonb_pretty(ai_hints(
    task => 'legal', models => '{opus,gpt}', tags => '{"department": "legal", "n": 3}',
    require => '{"region": "eu"}', quality => 0.75, prefer => 'cost', max_cost => 0.05,
    timeout_ms => 30000, retries => 2, system => 'Be brief.', max_tokens => 200,
    temperature => 0.7, top_p => 0.9, stop => '{END,STOP}', seed => 9223372036854775807,
    reasoning_effort => 'low', schema => '{"vendor": "text"}', dimensions => 256,
    cache => 'refresh', cache_ttl => '1 day 2 hours', on_error => 'null', provider => 'local'));
SELECT ai_hints('legal', 'opus');
SELECT ai_hints(model => 'opus', models => '{gpt}');
-- What it builds is what the parser reads.
SELECT ai_router.check_hints(ai_hints(task => 'a', model => 'b', cache_ttl => '90 min', seed => -1), 'hints');
-- An interval reads the same under every IntervalStyle.
SET intervalstyle = 'sql_standard';
SELECT ai_hints(cache_ttl => '1 year 2 mons 3 days 04:05:06.789');
SET intervalstyle = 'iso_8601';
SELECT ai_hints(cache_ttl => 'P1DT2H');
RESET intervalstyle;
-- It is immutable: constant arguments are folded when planned.
EXPLAIN (COSTS OFF, VERBOSE) SELECT ai_hints(task => 'legal');
-- NULL everywhere is as if absent.
SELECT ai_hints(task => NULL, tags => 'null', temperature => 0);

-- Each hint with values at the edge of its range.
CREATE FUNCTION try(hints jsonb) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text;
BEGIN
    PERFORM ai_router.check_hints(hints, 'hints');
    RETURN 'ok';
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(' | ', m, nullif(d, ''), nullif(h, ''));
END $$;

SELECT h AS hints, try(h) FROM unnest(ARRAY[
    '{"model": "opus"}', '{"model": ["opus"]}', '{"model": ["opus", "gpt"]}',
    '{"provider": "x"}', '{"task": "x"}', '{"tags": {}}', '{"require": {"a": [1]}}',
    '{"quality": 0}', '{"quality": 1}', '{"prefer": "cost"}', '{"prefer": "speed"}', '{"prefer": "quality"}',
    '{"max_cost": 0.000000000001}', '{"max_cost": 100}', '{"timeout_ms": 1}', '{"timeout_ms": 2147483647}',
    '{"retries": 0}', '{"retries": 10}', '{"system": ""}', '{"max_tokens": 1}', '{"max_tokens": 7.0}',
    '{"temperature": 0}', '{"temperature": 2}', '{"top_p": 1}', '{"top_p": 0.0001}',
    '{"stop": "x"}', '{"stop": ["a", "b", "c", "d"]}', '{"seed": -9223372036854775808}', '{"seed": 0}',
    '{"reasoning_effort": "high"}', '{"schema": {"type": "object"}}', '{"dimensions": 1}',
    '{"cache": "on"}', '{"cache": "off"}', '{"cache": "refresh"}', '{"cache": "only"}',
    '{"cache_ttl": "1 day"}', '{"cache_ttl": "P1M"}', '{"cache_ttl": "00:00:01"}', '{"cache_ttl": "1 microsecond"}',
    '{"on_error": "raise"}', '{"on_error": "null"}',
    '{"task": null, "temperature": null, "schema": null}']::jsonb[]) h
WHERE try(h) <> 'ok';

-- And beyond it.
\pset format unaligned
SELECT h AS hints, try(h) FROM unnest(ARRAY[
    '[]', '"task"', '1', 'null',
    '{"model": ""}', '{"model": []}', '{"model": ["a", 1]}', '{"model": ["a", ["b"]]}', '{"model": {"a": 1}}', '{"model": ["a", ""]}',
    '{"provider": 1}', '{"provider": ""}', '{"task": ["x"]}', '{"task": true}',
    '{"tags": "x"}', '{"tags": []}', '{"require": 1}',
    '{"quality": -0.1}', '{"quality": 1.1}', '{"quality": "0.5"}', '{"prefer": "fast"}', '{"prefer": true}',
    '{"max_cost": 0}', '{"max_cost": -1}', '{"max_cost": 1e300}', '{"max_cost": "1"}',
    '{"timeout_ms": 0}', '{"timeout_ms": 1.5}', '{"timeout_ms": 2147483648}', '{"timeout_ms": 1e400}',
    '{"retries": -1}', '{"retries": 11}', '{"system": 1}', '{"max_tokens": 0}', '{"max_tokens": "100"}',
    '{"temperature": 7}', '{"temperature": "hot"}', '{"temperature": -0.01}', '{"temperature": {"a": "a value that is far too long to be repeated in full here, is it not"}}',
    '{"top_p": 0}', '{"top_p": 1.01}',
    '{"stop": []}', '{"stop": ""}', '{"stop": ["a", "b", "c", "d", "e"]}', '{"stop": [1]}',
    '{"seed": 9223372036854775808}', '{"seed": 0.5}', '{"reasoning_effort": ""}',
    '{"schema": "text"}', '{"schema": []}', '{"dimensions": 0}', '{"cache": false}', '{"cache": "yes"}',
    '{"cache_ttl": 60}', '{"cache_ttl": "soon"}', '{"cache_ttl": ""}', '{"cache_ttl": "-1 day"}', '{"cache_ttl": "0"}',
    '{"cache_ttl": "infinity"}', '{"cache_ttl": "999999999 years"}', '{"on_error": "ignore"}', '{"on_error": 0}',
    '{"temprature": 1}', '{"Task": "x"}', '{"max_token": 5}', '{"xyzzy": null}', '{"": 1}']::jsonb[]) h;

\pset format aligned
-- The place is part of the message.
SELECT ai_router.check_hints('{"temperature": 9}', 'rule "x", defaults');
SELECT ai_router.check_hints('{"temprature": 1}', 'rule "x", enforce');
SELECT ai_router.check_hints(NULL, 'hints');

-- The builder refuses what the parser refuses.
SELECT ai_hints(temperature => 3);
SELECT ai_hints(temperature => 'NaN');
SELECT ai_hints(max_cost => 'NaN');
SELECT ai_hints(cache_ttl => '-1 day');
SELECT ai_hints(stop => '{a,NULL}');
SELECT ai_hints(models => '{}');
SELECT ai_hints(schema => '[1]');

-- Tokens: an estimate, so only its shape is tested.
SELECT ai_count_tokens(''), ai_count_tokens(NULL), ai_count_tokens(NULL, 'no such model');
SELECT ai_count_tokens(repeat('word ', 1000)) BETWEEN 900 AND 1300 AS plausible,
       ai_count_tokens('a b c') < ai_count_tokens('a b c d e f') AS grows;
SELECT ai_count_tokens('hello', min(model)) > 0 AS catalogue FROM ai_router.catalogue;
SELECT ai_count_tokens('hello', 'no such model');

DROP FUNCTION try(jsonb);
