-- ai_chunk: pieces of a text, none larger than asked for.
\pset null '(null)'
\pset format unaligned
SET client_min_messages = warning;

CREATE FUNCTION chunks(input text, tokens int, overlap int DEFAULT 0) RETURNS TABLE (n int, t int, chunk text)
LANGUAGE sql AS $$ SELECT ordinal, ai_count_tokens(chunk), chunk FROM ai_chunk(input, tokens, overlap) $$;

-- Sentences: as many as fit, and one that fits is never cut.
SELECT * FROM chunks('One two three. Four five six! Seven eight nine? Ten eleven twelve.', 12);
SELECT * FROM chunks('One two three. Four five six! Seven eight nine? Ten eleven twelve.', 100);
SELECT * FROM chunks('Yes. One two three four five six seven eight nine ten. No.', 11);
-- A longer one is cut between words, a longer word between characters.
SELECT * FROM chunks('One two three four five six seven. Eight.', 3);
SELECT * FROM chunks('Supercalifragilisticexpialidocious it is.', 3);
-- Paragraphs, if the chunk is then at least half full; lines, where there are no sentences.
SELECT * FROM chunks(E'One two. Three four.\n\nFive six. Seven eight.\r\n \r\nNine.', 8);
SELECT * FROM chunks(E'One.\n\nTwo three four five. Six.\n\nSeven.', 7);
SELECT * FROM chunks(E'milk and eggs\nbread and butter\nten apples\nfive pears', 7);
-- What is no end of a sentence.
SELECT * FROM chunks('Mr. Smith paid 3.50 at J. R. Jones, e.g. on Monday. He left.', 22);
SELECT * FROM chunks(E'1. First comes this\n2. Second comes that', 6);
-- Closing quotes and brackets belong to their sentence.
SELECT * FROM chunks('"Go away." (He said so!) “Why?” ‘No.’ Done.', 7);
-- CJK: no white space is needed.
SELECT * FROM chunks('今天天气很好。我们去公园吧！“真的吗？”她问道。『好。』走了。', 8);
SELECT * FROM chunks('これはとても長い文章ですが、句点がありません「はい」そうです', 7);
SELECT * FROM chunks('全角　空白　あり　ます', 3);
-- Other scripts.
SELECT * FROM chunks('यह पहला वाक्य है। यह दूसरा है। अंत।', 12);
SELECT * FROM chunks('هل هذا سؤال؟ نعم هو كذلك. انتهى', 14);
SELECT * FROM chunks('오늘은 날씨가 좋다. 내일은 비가 온다.', 10);
-- Characters of several bytes, accents and families.
SELECT * FROM chunks(repeat('äöüß€', 4), 3);
SELECT * FROM chunks(repeat('e' || U&'\0301', 6), 2);
SELECT * FROM chunks(repeat('👩🏽‍🚀', 3), 4);
SELECT n, t, octet_length(chunk) FROM chunks(repeat(U&'\0301', 9), 2);

-- Overlap: whole sentences, if one is too long words.
SELECT * FROM chunks('A one. B two. C three. D four. E five. F six.', 9, 3);
SELECT * FROM chunks('A one. B two. C three. D four. E five. F six.', 9, 7);
SELECT * FROM chunks('One two three four five six seven eight nine ten eleven twelve.', 5, 2);
SELECT * FROM chunks('今天天气很好我们去公园吧', 5, 2);
SELECT * FROM chunks('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 4, 1);
-- The next sentence has room before any overlap has.
SELECT * FROM chunks('Yes. One two three four five six seven eight nine. No.', 11, 5);
SELECT * FROM chunks('a b c d', 2, 1);

-- Hardly a text at all.
SELECT * FROM chunks('', 5);
SELECT * FROM chunks(E' \n\t \r\n', 5);
SELECT * FROM chunks(repeat(E'\n', 100000), 5);
SELECT * FROM chunks(NULL, 5);
SELECT * FROM ai_chunk(NULL, NULL, NULL);
SELECT * FROM chunks('x', 1);
SELECT * FROM chunks(E'\n\n  x y \n', 1);
SELECT * FROM chunks('x', 1, NULL);
SELECT n, t, octet_length(chunk) FROM chunks(E'\x01\x02\x7f', 1);
SELECT * FROM chunks('One. Two.', 2147483647, 2147483646);
SELECT count(*), max(t), min(t) FROM chunks(repeat('x', 100000), 7);
SELECT count(*), max(t), sum(t) FROM chunks(repeat('.', 100000), 7);
SELECT count(*), max(t), sum(length(chunk)) FROM chunks(repeat('a. ', 100000), 7);
SELECT count(*), max(t), max(n) FROM chunks(repeat('a. ', 10000), 7, 6);

-- Refused.
SELECT * FROM ai_chunk('x', NULL);
SELECT * FROM ai_chunk('x', 0);
SELECT * FROM ai_chunk('x', -1);
SELECT * FROM ai_chunk('x', 5, -1);
SELECT * FROM ai_chunk('x', 5, 5);
SELECT * FROM ai_chunk('x', 5, 6);

-- In a list, many texts at once, and not read to the end.
SELECT ai_chunk('One. Two.', 2);
SELECT d, (c).ordinal, (c).chunk FROM (SELECT d, ai_chunk(d, 2) AS c FROM (VALUES ('One. Two.'), (NULL), (''), ('Three.')) v(d)) x;
SELECT d, ordinal, chunk FROM (VALUES ('One. Two.'), (NULL), ('Three.')) v(d) LEFT JOIN LATERAL ai_chunk(d, 2) ON true;
SELECT ai_chunk(repeat('word. ', 1000000), 5) LIMIT 2;
SELECT provolatile, proparallel, proretset FROM pg_proc WHERE proname = 'ai_chunk';

-- Texts made of everything: nothing is lost but white space between chunks, nothing is too large, the order is kept.
-- (test/unit/test_chunk.c looks at overlaps.)
CREATE FUNCTION some_text(seed int) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg((ARRAY['word', 'Sentence. ', ' ', E'\n', E'\n\n', '。', '今', '日', 'か', 'ー', '“', '”', '„', 'ä', '€', '👍', U&'\0301', U&'\3000',
        '1', '22', '2019. ', '. ', '... ', '!', '?)', '(', '「', '」', 'Mr. ', 'e.g. ', 'supercalifragilistic', E'\t', '、', '한국', 'नमस्ते ', '। ', '-', '$', E'\r\n', U&'\00A0'])
        [1 + abs(hashint4(seed * 1000 + i)) % 40], '') FROM generate_series(1, 20 + seed % 100) i $$;
CREATE FUNCTION bare(t text) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT translate(t, E' \n\r\t' || U&'\3000', '') $$;
SELECT count(*) AS texts, count(*) FILTER (WHERE lost) AS lost, count(*) FILTER (WHERE large) AS large, count(*) FILTER (WHERE untrimmed) AS untrimmed
  FROM (SELECT coalesce(bare(string_agg(chunk, '' ORDER BY n)), '') <> bare(d) AS lost, max(t) > k AS large,
               bool_or(chunk ~ E'^[ \n\r\t]' OR chunk ~ E'[ \n\r\t]$' OR chunk = '') AS untrimmed
          FROM (SELECT some_text(i) AS d, 1 + i % 23 AS k FROM generate_series(1, 2000) i) x LEFT JOIN LATERAL chunks(d, k) ON true GROUP BY d, k) y;
-- Some do overlap.
SELECT sum(ai_count_tokens(d)) < sum((SELECT sum(t) FROM chunks(d, 20, 8))) AS overlap FROM (SELECT some_text(i) AS d FROM generate_series(60, 99) i) x;
DROP FUNCTION bare, some_text, chunks;
