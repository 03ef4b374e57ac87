-- ai_extract and ai_extract_as: documents and rows out of texts.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER paper FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, capabilities) VALUES ('reader', 'paper', '{json_schema}'), ('plain', 'paper', '{}');
INSERT INTO ai_router.rules (name, models) VALUES ('default', '{reader,plain}');
SET ai_router.cache = off;
-- The model's answer to everything, the second attempt too.
CREATE FUNCTION says(answer text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM ai_router.fixtures;
    INSERT INTO ai_router.fixtures (answer) VALUES (answer);
$$;
CREATE FUNCTION try(statement text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; d text; h text; r text;
BEGIN
    EXECUTE statement INTO r;
    RETURN 'no error: ' || r;
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, d = PG_EXCEPTION_DETAIL, h = PG_EXCEPTION_HINT;
    RETURN concat_ws(E'\n  ', SQLSTATE || ' ' || m, nullif(d, ''), nullif(h, ''));
END $$;
CREATE FUNCTION told(answer text, statement text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM says(answer);
    RETURN try(statement);
END $$;

-- Shorthand and JSON Schema.
SELECT says('{"vendor": "ACME", "total": 12.50, "tags": ["a", "b"], "paid": true, "when": "2026-02-28"}');
SELECT ai_extract('Invoice of ACME', '{"vendor":"text","total":"numeric","tags":["text"],"paid":"boolean","when":"date"}');
SELECT ai_extract('Invoice of ACME', '{"type":"object","properties":{"vendor":{"type":"string"}},"required":["vendor"]}') ->> 'vendor';
SELECT ai_extract(NULL, '{"vendor":"text"}'), ai_extract('Invoice of ACME', '{"vendor":"text","total":"numeric","tags":["text"],"paid":"boolean","when":"date"}', NULL) IS NULL;
-- What is no object.
SELECT told(answer, format('SELECT ai_extract(''x'', %L)', schema)) FROM (VALUES ('{"value": 42}', '"numeric"'), ('["a", "b"]', '["text"]'), ('{"value": null}', '{"type":["string","null"]}'),
    ('{"value": {"kids": [{"kids": []}]}}', '{"$ref":"#/$defs/t","$defs":{"t":{"type":"object","properties":{"kids":{"type":"array","items":{"$ref":"#/$defs/t"}}},"required":["kids"]}}}'),
    ('{"value": "x"}', '"numeric"'), ('"x"', '"numeric"'), ('{"value": 1, "y": 2}', '"numeric"')) v(answer, schema);
-- A block of code with words around it; digits are kept.
SELECT told(answer, $$SELECT ai_extract('x', '{"n":"numeric"}')$$) FROM unnest(ARRAY[E'Here you are:\n```json\n{"n": 12345678901234567890.10}\n```\nAnything else?', E'```\n{"n": 9007199254740993}\n```', '{"n": 1.5e3}']) answer;

-- Schemas that cannot be used.
SELECT try(format('SELECT ai_extract(''x'', %L)', s)) FROM unnest(ARRAY[
    '{"vendor":"txt"}', '{"type":"object","requierd":["a"]}', '{"type":"object","properties":{"a":{"if":{}}}}', '{"type":"object","properties":{"a":{"type":"string","pattern":"("}}}',
    '1', '{"$ref":"#"}', '{"type":"integer","title":"text"}', '{"a":["x","y"]}']) s;
SELECT try($$SELECT ai_extract('x', NULL)$$);
SELECT try($$SELECT ai_extract('x', '{"a":"text"}', '{"schema": {}}')$$);
SELECT try($$SELECT ai_extract_as('x', NULL::text, '{"schema": {}}')$$);

-- Answers that do not fit: one more attempt, then an error.
SELECT told(answer, $$SELECT ai_extract('x', '{"vendor":"text","total":"numeric"}')$$) FROM unnest(ARRAY[
    '{"vendor": "ACME"}', '{"vendor": "ACME", "total": 1, "x": 1}', 'There is no invoice.', '{"vendor": "a", "total": 1, "total": 2}', '{"vendor": "ACME", "total": "12.50"}', '{"vendor": "a\u0000b", "total": 1}',
    '{"vendor": "a", "total": 1e2000}', '{"vendor": "a", "total": 1} {"vendor": "b", "total": 2}', E'```\n{"vendor": "a", "total": 1}\n```\n```\n{"vendor": "b", "total": 2}\n```', '[{"vendor": "a", "total": 1}]',
    repeat('[', 300), '{"vendor": "a", "tot', 'null']) answer;
SELECT ai_extract('x', '{"vendor":"text","total":"numeric"}', '{"on_error": "null"}');
-- The second attempt sees the first, and counts.
DELETE FROM ai_router.fixtures;
INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('^This answer cannot be used: \$: the property "total" is missing\.', '{"vendor": "ACME", "total": 7}'), (NULL, '{"vendor": "ACME"}');
SELECT ai_extract('x', '{"vendor":"text","total":"numeric"}');
-- Models without structured output are told in words.
SELECT ai_extract('x', '{"vendor":"text","total":"numeric"}', '{"model": "plain"}');

-- Rows.
CREATE TYPE status AS ENUM ('open', 'paid', 'lost in the post');
CREATE DOMAIN cents AS numeric(12,2) CHECK (VALUE >= 0);
CREATE DOMAIN sku AS text NOT NULL CHECK (VALUE <> '');
CREATE TYPE item AS (item sku, quantity int, price cents);
CREATE TABLE invoice (id bigint GENERATED ALWAYS AS IDENTITY, vendor varchar(20) NOT NULL, total cents, status status, lines item[], issued date, due timestamptz, ref uuid, extra jsonb,
                      tags text[], gone int, small smallint, "a ""b" text, net inet, twice numeric GENERATED ALWAYS AS (total * 2) STORED);
ALTER TABLE invoice DROP COLUMN gone;
COMMENT ON TABLE invoice IS 'an invoice as it came';
COMMENT ON COLUMN invoice.due IS 'when it is to be paid';
COMMENT ON COLUMN item.quantity IS 'how many';
SELECT says('{"vendor":"ACME","total":12.5,"status":"lost in the post","lines":[{"item":"A1","quantity":2,"price":1},{"item":"B2","quantity":1e1,"price":null}],"issued":"2026-02-28","due":"2026-03-28T12:00:00Z",'
            '"ref":"6fa459ea-ee8a-3ca4-894e-db77e160355e","extra":{"a":[1,null]},"tags":["x","y"],"small":-7,"a \"b":"q","net":"10.0.0.0/8"}');
SET timezone = 'UTC';
\x on
SELECT (ai_extract_as('x', NULL::invoice)).*;
\x off
SELECT l.* FROM (SELECT ai_extract_as('x', NULL::invoice) i OFFSET 0) s, unnest((s.i).lines) l;
SELECT says('{"vendor":"","total":null,"status":null,"lines":null,"issued":null,"due":null,"ref":null,"extra":null,"tags":null,"small":null,"a \"b":null,"net":null}');
SELECT r, (r).vendor = '' AS vendor_is_empty FROM (SELECT ai_extract_as('x', NULL::invoice) r OFFSET 0) s;

-- Values that their type does not take.
CREATE TYPE small AS (d date, n numeric(5,2), i int, s status);
SELECT told(answer, $$SELECT ai_extract_as('x', NULL::small)$$) FROM unnest(ARRAY[
    '{"d":"2026-02-30","n":1,"i":1,"s":"open"}', '{"d":null,"n":1000000,"i":1,"s":null}', '{"d":null,"n":null,"i":2147483648,"s":null}', '{"d":null,"n":null,"i":null,"s":"closed"}',
    '{"d":null,"n":null,"i":1.5,"s":null}', '{"d":"2024-02-29","n":999.98501,"i":1.0,"s":"paid"}', '{"d":"02/03/2026","n":null,"i":null,"s":null}', '{"d":null,"n":null,"i":null}']) answer;
-- Only the cast knows: RT006 all the same, with the column's name.
SELECT told(answer, $$SELECT ai_extract_as('x', NULL::item)$$) FROM unnest(ARRAY['{"item":"A","quantity":1,"price":-1}', '{"item":"","quantity":1,"price":1}', '{"item":"A","quantity":1,"price":1}']) answer;
SELECT told('{"value":"10.0.0.0/99"}', $$SELECT ai_extract_as('x', NULL::inet)$$);
CREATE TYPE items AS (l item[]);
SELECT told('{"l":[{"item":"A","quantity":1,"price":1},{"item":"B","quantity":1,"price":-1}]}', $$SELECT ai_extract_as('x', NULL::items)$$);
DELETE FROM ai_router.fixtures;
INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('minus', '{"item":"A","quantity":1,"price":-1}'), ('blank', '{"item":"","quantity":1,"price":1}'), ('good', '{"item":"A","quantity":1,"price":1}');
SELECT t, ai_extract_as(t, NULL::item, '{"on_error": "null"}') FROM unnest('{minus,blank,good}'::text[]) t;

-- What is no error of a value is raised, and who catches it finds his transaction as it was.
CREATE FUNCTION refuses(t text) RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no % here', t; END $$;
CREATE DOMAIN refused AS text CHECK (refuses(VALUE));
CREATE TYPE refusing AS (item refused);
CREATE TABLE caught (what text);
INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('thing', '{"item":"thing"}');
DO $$
BEGIN
    BEGIN PERFORM ai_extract_as('thing', NULL::refusing, '{"on_error": "null"}'); EXCEPTION WHEN OTHERS THEN INSERT INTO caught VALUES (SQLERRM); END;
    INSERT INTO caught VALUES ('goes on');
END $$;
BEGIN; ROLLBACK;
SELECT * FROM caught;
DROP TABLE caught; DROP TYPE refusing; DROP DOMAIN refused; DROP FUNCTION refuses;

-- Scalars, domains, arrays.
SELECT told('{"value":12.50}', $$SELECT ai_extract_as('x', NULL::numeric)$$), told('{"value":"paid"}', $$SELECT ai_extract_as('x', NULL::status)$$), told('{"value":"2026-02-28"}', $$SELECT ai_extract_as('x', NULL::date)$$),
       told('{"value":true}', $$SELECT ai_extract_as('x', NULL::boolean)$$), told('{"value":null}', $$SELECT ai_extract_as('x', NULL::int) IS NULL$$), told('{"value":["x","y"]}', $$SELECT ai_extract_as('x', NULL::text[])$$),
       told('{"value":[]}', $$SELECT ai_extract_as('x', NULL::int[])$$), told('{"value":{"a":1}}', $$SELECT ai_extract_as('x', NULL::jsonb)$$), told('{"value":3.999}', $$SELECT ai_extract_as('x', NULL::cents)$$),
       told('12', $$SELECT ai_extract_as('x', NULL::int)$$), told('{"value":"closed"}', $$SELECT ai_extract_as('x', NULL::status)$$), told('{"value":"17:30Z"}', $$SELECT ai_extract_as('x', NULL::time)$$),
       told('{"value":"17:30:00+02:00"}', $$SELECT ai_extract_as('x', NULL::time)$$), told('{"value":"2026-02-28t17:30z"}', $$SELECT ai_extract_as('x', NULL::timestamp)$$), told('{"value":"2026-02-28T23:59:60+0530"}', $$SELECT ai_extract_as('x', NULL::timestamptz)$$),
       told('{"value":"3 days"}', $$SELECT ai_extract_as('x', NULL::interval)$$), told('{"value":"abcd"}', $$SELECT ai_extract_as('x', NULL::char(3)[])$$);
SELECT try($$SELECT ai_extract_as('n', NULL::record)$$);
SELECT pg_typeof(ai_extract_as('x', NULL::text[])), ai_extract_as(NULL, NULL::small) IS NULL FROM (SELECT says('{"value":["x"]}') OFFSET 0) s;

-- Among the functions that are batched, routed and explained.
SELECT says('{"vendor": "ACME", "total": 1}');
CREATE TABLE mails AS SELECT i, 'mail ' || i AS body FROM generate_series(1, 6) i;
EXPLAIN (COSTS OFF) SELECT ai_extract(body, '{"vendor":"text","total":"numeric"}') FROM mails;
EXPLAIN (COSTS OFF) SELECT (ai_extract_as(body, NULL::small)).* FROM mails;
SELECT i, ai_extract(body, '{"vendor":"text","total":"numeric"}') ->> 'vendor' AS vendor FROM mails ORDER BY i;
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('extracting', 10, '$.function == "ai_extract"', '{plain}');
SELECT model, rule FROM ai_route('x', function => 'ai_extract');
SELECT model, rule FROM ai_route('x', function => 'ai_extract_as') LIMIT 1;

DROP TABLE mails, invoice;
DROP TYPE items, item, small, status;
DROP DOMAIN cents, sku;
DROP FUNCTION told, try, says;
RESET ai_router.cache;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER paper CASCADE;
