-- ai_chat: which conversations are taken, and what is said of the others.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
CREATE SERVER chat_one FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server) VALUES ('m', 'chat_one');
INSERT INTO ai_router.rules (name) VALUES ('rest');
INSERT INTO ai_router.fixtures (pattern, answer) VALUES ('^second', 'to the last message'), ('^first', 'to the first message'), ('^seen', 'to the picture'), (NULL, 'to anything');

CREATE FUNCTION chat(messages jsonb, hints jsonb DEFAULT '{}') RETURNS text LANGUAGE plpgsql AS $$
DECLARE m text; h text; s text;
BEGIN
    RETURN ai_chat(messages, hints);
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, h = PG_EXCEPTION_HINT, s = RETURNED_SQLSTATE;
    RETURN concat_ws(' | ', s, m, nullif(h, ''));
END $$;

-- Good ones.
SELECT chat('[{"role": "user", "content": "first"}]');
SELECT chat('[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "first"}, {"role": "assistant", "content": "ok"}, {"role": "user", "content": "second"}]');
SELECT chat('[{"role": "developer", "content": "Be brief."}, {"role": "user", "content": "first"}]');
SELECT chat('[{"role": "user", "content": [{"type": "text", "text": "first"}, {"type": "text", "text": "more"}]}]');
SELECT chat('[{"role": "user", "content": ""}]');
SELECT chat(NULL), ai_chat(NULL, '{"no such": 1}');
SELECT chat('[{"role": "user", "content": "first"}]', NULL), chat('[{"role": "user", "content": "first"}]', '{"system": "Be kind."}');
SELECT chat(jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'second ' || n))) FROM generate_series(1, 2) n;

-- No conversations.
SELECT m, chat(m) FROM unnest(ARRAY[
    '{}', '"hi"', '1', 'null', '[]', '["hi"]', '[1]', '[[]]', '[{}]',
    '[{"role": "user"}]', '[{"content": "hi"}]', '[{"role": "user", "content": null}]', '[{"role": "user", "content": 1}]',
    '[{"role": "user", "content": {}}]', '[{"role": "user", "content": []}]', '[{"role": "user", "content": "hi", "name": "x"}]',
    '[{"role": "robot", "content": "hi"}]', '[{"role": 1, "content": "hi"}]', '[{"role": "tool", "content": "hi"}]',
    '[{"role": "system", "content": "only"}]', '[{"role": "assistant", "content": "only"}]',
    '[{"role": "user", "content": ["hi"]}]', '[{"role": "user", "content": [{}]}]', '[{"role": "user", "content": [{"type": "text"}]}]',
    '[{"role": "user", "content": [{"type": "text", "text": 1}]}]', '[{"role": "user", "content": [{"type": "video", "text": "x"}]}]'
]::jsonb[]) m;

-- Images come as data, and go to models that take them.
SELECT chat('[{"role": "user", "content": [{"type": "text", "text": "seen"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]');
UPDATE ai_router.models SET capabilities = '{vision}';
SELECT chat('[{"role": "user", "content": [{"type": "text", "text": "seen"}, {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}]');
SELECT chat('[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/jpeg;base64,/9j/4AAQ"}}, {"type": "text", "text": "seen after it"}]}]');
SELECT url, chat(jsonb_build_array(jsonb_build_object('role', 'user', 'content', jsonb_build_array(
           jsonb_build_object('type', 'image_url', 'image_url', jsonb_build_object('url', url))))))
  FROM unnest(ARRAY['https://example.com/cat.png', 'http://127.0.0.1/x', 'file:///etc/passwd', 'data:text/html;base64,AAAA',
                    'data:image/png,AAAA', 'data:image/png;base64', 'data:image/png;base64,A A', 'data:image/png;base64,A"B',
                    'data:image/p"g;base64,AAAA', 'data:image/png;charset=x;base64,AAAA', 'DATA:image/png;base64,AAAA', '']) url;
SELECT chat('[{"role": "user", "content": [{"type": "image_url"}]}]');
SELECT chat('[{"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64,AAAA"}]}]');
SELECT chat('[{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}]');
SELECT chat('[{"role": "system", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}]}, {"role": "user", "content": "hi"}]');

-- Rules see the conversation.
INSERT INTO ai_router.rules (name, priority, condition, models, enforce) VALUES
    ('pictures', 1, '$.images > 0', '{m}', '{"max_tokens": 5}'), ('secret', 2, '$.prompt like_regex "secret"', '{m}', '{"model": "nobody"}');
SELECT chat('[{"role": "user", "content": "a secret"}, {"role": "assistant", "content": "yes?"}, {"role": "user", "content": "second"}]');
SELECT chat('[{"role": "user", "content": "first"}, {"role": "assistant", "content": "a secret"}, {"role": "user", "content": "second"}]');
SELECT chat('[{"role": "user", "content": "x"}]', '{"on_error": "null", "unknown": 1}');

-- Many system messages are joined in one buffer.
SELECT length(chat((SELECT jsonb_agg(jsonb_build_object('role', 'system', 'content', repeat('s', 200))) FROM generate_series(1, 3000))
                   || '[{"role": "user", "content": "first"}]')) > 0 AS answered;

DROP FUNCTION chat;
TRUNCATE ai_router.models, ai_router.rules, ai_router.fixtures;
DROP SERVER chat_one;
