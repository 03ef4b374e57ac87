-- Embeddings, similarity, reranking: from fixtures, so that numbers are ours.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER IF NOT EXISTS offline FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, mode) VALUES ('vectors', 'offline', 'embedding'), ('ranks', 'offline', 'rerank'), ('chat', 'offline', 'chat');
INSERT INTO ai_router.rules (name) VALUES ('default');
INSERT INTO ai_router.fixtures (id, pattern, answer) VALUES
    (1, '^north$', '[0, 1, 0]'), (2, '^east$', '[1, 0, 0]'), (3, '^northeast$', '[1, 1, 0]'), (4, '^south$', '[0, -2.5, 0]'),
    (5, '^nowhere$', '[0, 0, 0]'), (6, '^flat$', '[1, 2]'), (7, '^words$', 'no numbers'), (8, '^huge$', '[1e300]'), (9, '^mixed$', '[1, "2"]'),
    (11, '^empty$', '[]'), (12, 'which way', '[0.1, 0.9, 0.5]'), (13, '^tie$', '[0.5, 0.5]');

SELECT ai_embed('north'), pg_typeof(ai_embed('north'));
SELECT ai_embed(NULL), ai_embed(NULL, '{"model": "vectors"}'), ai_embed('north', NULL);
SELECT * FROM ai_embed('{south,NULL,east}'::text[]);
SELECT * FROM ai_embed(ARRAY[]::text[]);
SELECT * FROM ai_embed(NULL::text[]);
SELECT * FROM ai_embed('[3:4]={north,east}'::text[]);
SELECT id, (e).* FROM (SELECT id, ai_embed(ARRAY['north', id]) e FROM unnest('{east,south}'::text[]) id) x;
SELECT * FROM ai_embed('{{north},{east}}'::text[]);
-- Rows of a statement, in their order.
SELECT d, ai_embed(d) FROM unnest('{north,east,NULL,south,north}'::text[]) d;
EXPLAIN (COSTS OFF) SELECT ai_embed(d), ai_similarity(d, 'north') FROM unnest('{north,east}'::text[]) d;

SELECT ai_similarity('north', 'north') AS same, ai_similarity('north', 'south') AS opposite, ai_similarity('north', 'east') AS neither,
       round(ai_similarity('north', 'northeast')::numeric, 6) AS between, ai_similarity('north', 'nowhere') AS undefined;
SELECT ai_similarity('north', NULL), ai_similarity(NULL, 'north');
SELECT d FROM unnest('{south,northeast,east,north}'::text[]) d ORDER BY ai_similarity(d, 'north') DESC;
SELECT ai_similarity('north', 'flat');

SELECT * FROM ai_rerank('which way', '{one,two,three}');
SELECT * FROM ai_rerank('which way', '{one,NULL,two,three,NULL}');
SELECT * FROM ai_rerank('tie', '{b,a}');
SELECT * FROM ai_rerank('which way', '{}');
SELECT * FROM ai_rerank('which way', '{NULL}');
SELECT * FROM ai_rerank(NULL, '{a}');
SELECT * FROM ai_rerank('which way', NULL);
SELECT * FROM ai_rerank('which way', '{one,two}', '{"retries": 0}');
SELECT * FROM ai_rerank('which way', '{one,two}', '{"retries": 0, "on_error": "null"}');

-- What is no vector.
\set VERBOSITY terse
SELECT ai_embed('words', '{"retries": 0}');
SELECT ai_embed('huge', '{"retries": 0}');
SELECT ai_embed('mixed', '{"retries": 0}');
SELECT ai_embed('empty', '{"retries": 0}');
SELECT ai_embed('north', '{"dimensions": 2}');
SELECT ai_embed('south', '{"dimensions": 3}') AS of_length_1;
SELECT ai_embed('somewhere');
SELECT * FROM ai_embed('{north,words,east}'::text[], '{"retries": 0, "on_error": "null"}');
SELECT ai_similarity('north', 'words', '{"retries": 0, "on_error": "null"}');
-- What somebody wrote into the cache is checked, too.
SELECT ai_embed('north', '{"cache": "on"}'), ai_similarity('north', 'north', '{"cache": "on"}');
SELECT * FROM ai_rerank('tie', '{b,a}', '{"cache": "on"}');
DO $$ BEGIN
    FOR i IN 1 .. 6000 LOOP EXIT WHEN (SELECT count(*) = 2 FROM ai_router.cache WHERE model IN ('vectors', 'ranks')); PERFORM pg_sleep(0.01); END LOOP;
    CREATE TEMP TABLE kept AS SELECT * FROM ai_router.cache WHERE model IN ('vectors', 'ranks');
    SET client_min_messages = error;
    PERFORM ai_router.cache_clear();
END $$;
SELECT model, answer FROM kept ORDER BY 1;
INSERT INTO ai_router.cache SELECT * FROM kept;
UPDATE ai_router.cache SET answer = 'AAAA' WHERE model = 'vectors';
UPDATE ai_router.cache SET answer = '[0.5,0.5]x' WHERE model = 'ranks';
SELECT ai_embed('north', '{"cache": "only"}');
SELECT * FROM ai_rerank('tie', '{b,a}', '{"cache": "only"}');
SET client_min_messages = warning;

-- Where they go: to models of their kind only, and what would happen.
SELECT ai_embed('north', '{"model": "chat"}');
SELECT model, verdict, reason FROM ai_route('north', function => 'ai_embed');
SELECT model, verdict, reason FROM ai_route('which way', function => 'ai_rerank');
SELECT model, verdict FROM ai_route('north', function => 'ai_similarity') WHERE verdict <> 'excluded';

-- A statement stays with the model that it began with ..
INSERT INTO ai_router.models (name, server, mode, family, rank) VALUES ('other', 'offline', 'embedding', NULL, 1000), ('twin', 'offline', 'embedding', 'v', 999);
UPDATE ai_router.models SET family = 'v' WHERE name = 'vectors';
INSERT INTO ai_router.rules (name, priority, condition, models) VALUES ('by tags', 1, '$.tags.way == "other"', '{other}'), ('by twin', 2, '$.tags.way == "twin"', '{twin}');
SELECT w, ai_embed('north', jsonb_build_object('tags', jsonb_build_object('way', w))) FROM unnest('{twin,vectors,twin}'::text[]) w;
SELECT w, ai_embed('north', jsonb_build_object('tags', jsonb_build_object('way', w))) FROM unnest('{twin,other,twin}'::text[]) w;
-- .. unless the caller names one himself.
SELECT m, ai_embed('north', jsonb_build_object('model', m)) FROM unnest('{vectors,other}'::text[]) m;
DELETE FROM ai_router.rules WHERE name LIKE 'by %';

-- The search that an index serves calls once.
CREATE FUNCTION as_point(real[]) RETURNS point LANGUAGE sql IMMUTABLE STRICT AS 'SELECT point($1[1], $1[2])';
CREATE TABLE places (id int, at point);
INSERT INTO places SELECT g, point(g, g) FROM generate_series(1, 1000) g;
CREATE INDEX ON places USING gist (at);
VACUUM ANALYZE places;
EXPLAIN (COSTS OFF) SELECT id FROM places ORDER BY at <-> as_point(ai_embed('east')) LIMIT 3;
SELECT id FROM places ORDER BY at <-> as_point(ai_embed('east')) LIMIT 3;
DROP TABLE places;
DROP FUNCTION as_point(real[]);
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER offline;
