-- ai_complete: both forms, NULLs, array shapes, hints.  Offline: answers come from fixtures.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER complete_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, rank) VALUES ('small', 'complete_one', 1), ('large', 'complete_one', 2);
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES
    ('hard', 1, '$.task == "hard"', '{large}'), ('rest', 100, NULL, NULL);
INSERT INTO ai_router.fixtures (model, pattern, answer) VALUES
    (NULL, 'greet', 'Hello!'), ('large', NULL, 'large says'), ('small', '^say (.*)', 'small says'),
    (NULL, '^$', 'nothing asked'), (NULL, 'quotes', E'it''s "quoted"\\ \n two lines, é 😀');

-- The scalar form.
SELECT ai_complete('please greet');
SELECT ai_complete('say something');
SELECT ai_complete('');
SELECT ai_complete('quotes');
SELECT ai_complete(NULL), ai_complete(NULL, '{"task": "hard"}'), ai_complete(NULL, '{"no such": 1}');
SELECT ai_complete('say x', NULL), ai_complete('say x', '{}');
SELECT ai_complete('anything', '{"task": "hard"}'), ai_complete('anything', ai_hints(task => 'hard', max_tokens => 10));
SELECT ai_complete(prompt => 'say x', hints => '{"model": "large"}');
SELECT ai_complete(hints => ai_hints(model => 'large'), prompt => 'say x');
SELECT ai_complete('say x'::varchar(20)), ai_complete('say x'::char(10));

-- One row each: hints may differ from row to row.
SELECT n, ai_complete('say ' || n, CASE WHEN n = 2 THEN '{"model": "large"}'::jsonb WHEN n = 4 THEN NULL ELSE '{}' END)
  FROM generate_series(1, 4) n ORDER BY n;
CREATE TABLE complete_docs (id int PRIMARY KEY, body text, answer text);
INSERT INTO complete_docs VALUES (1, 'say a'), (2, NULL), (3, 'please greet');
UPDATE complete_docs SET answer = ai_complete(body);
SELECT * FROM complete_docs ORDER BY id;
SELECT id FROM complete_docs WHERE ai_complete(body) = 'Hello!';
DELETE FROM complete_docs WHERE ai_complete(body) = 'small says' RETURNING id, ai_complete(body);
DROP TABLE complete_docs;

-- The array form: same order, NULL for NULL.
SELECT ai_complete(ARRAY['say 1', 'please greet', 'say 2']);
SELECT ai_complete(ARRAY['say 1', NULL, 'please greet', NULL]);
SELECT ai_complete(ARRAY[NULL, NULL]::text[]);
SELECT ai_complete('{}'::text[]), array_ndims(ai_complete('{}'::text[]));
SELECT ai_complete(NULL::text[]);
SELECT ai_complete('[5:6]={say a,please greet}'::text[]);
SELECT ai_complete(ARRAY['say 1', 'say 2'], '{"task": "hard"}');
SELECT ai_complete(prompts => ARRAY['say 1'], hints => '{"model": "large"}');
SELECT ai_complete(ARRAY[['say 1', 'say 2'], ['say 3', 'say 4']]);
-- Many more than are kept in flight.
SELECT count(*), count(DISTINCT a), min(a) FROM unnest(ai_complete(ARRAY(SELECT 'say ' || n FROM generate_series(1, 500) n))) a;
SET ai_router.max_concurrency = 1;
SELECT ai_complete(ARRAY['say 1', 'please greet', 'say 2']);
RESET ai_router.max_concurrency;

-- A failure in the array ends it, or is a NULL of its own.
INSERT INTO ai_router.fixtures (id, pattern, error, answer) OVERRIDING SYSTEM VALUE VALUES (-1, 'break', '503', 'out of order');
SELECT ai_complete(ARRAY['say 1', 'break', 'say 2'], '{"retries": 0}');
SELECT ai_complete(ARRAY['say 1', 'break', 'say 2'], '{"retries": 0, "on_error": "null"}');

-- Bad hints.
SELECT ai_complete('say x', '{"modle": "large"}');
SELECT ai_complete('say x', '{"max_tokens": "many"}');
SELECT ai_complete('say x', '[]');
SELECT ai_complete('say x', '"large"');
SELECT ai_complete(ARRAY['say x'], '{"modle": "large"}');
SELECT ai_complete('say x', '{"model": "larg"}');

-- The id of the last call.
SELECT ai_complete('say x') IS NOT NULL AND ai_last_call_id() > 0 AS has_id;
SELECT ai_last_call_id() AS before \gset
SELECT ai_complete('say x');
SELECT ai_last_call_id() > :before AS grows;
\c -
SELECT ai_last_call_id();

-- Volatile: not folded, not executed by EXPLAIN.
EXPLAIN (COSTS OFF, VERBOSE) SELECT ai_complete('say x');
SELECT proname, provolatile, proparallel, procost FROM pg_proc WHERE proname = 'ai_complete' ORDER BY oid::regprocedure::text;

-- The kill switch.
SET ai_router.enabled = off;
SELECT ai_complete('say x');
RESET ai_router.enabled;

TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER complete_one;
