-- What test/bench/router works with: two models at a price, their outcomes, and measures.
CREATE EXTENSION ai_router;
CREATE SERVER bench FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models(name, server, model, mode, rank, input_price, output_price) VALUES
	('mixtral-8x7b', 'bench', 'weak', 'chat', 1, 0.6, 0.6),
	('gpt-4-1106', 'bench', 'strong', 'chat', 2, 10, 30);
INSERT INTO ai_router.rules(name, models, strategy) VALUES ('default', '{gpt-4-1106,mixtral-8x7b}', 'learned');

CREATE TABLE outcome(task text, prompt text, weak boolean, strong boolean,
	-- Questions that begin alike share a passage.
	passage text GENERATED ALWAYS AS (left(lower(regexp_replace(prompt, '\s+', ' ', 'g')), 120)) STORED);

-- A world where words decide: the strong model knows more, but not about everything.
CREATE PROCEDURE make_world(questions integer) LANGUAGE sql AS $$
	WITH words AS (
		SELECT i, j, (hashint4(i * 31 + j) & 1023) AS w FROM generate_series(1, questions) i, generate_series(1, 12) j
	), text AS (
		SELECT i, string_agg('word' || w, ' ' ORDER BY j) AS prompt, avg((w % 7 < 3)::int) AS easy, avg((w % 5 = 0)::int) AS odd
		FROM words GROUP BY i
	)
	INSERT INTO outcome(task, prompt, weak, strong)
	SELECT 'task ' || i % 9, prompt,
		(hashint4(i * 7 + 1) & 1023) / 1023.0 < 1 / (1 + exp(-(easy * 9 - 3.2))),
		(hashint4(i * 7 + 2) & 1023) / 1023.0 < 1 / (1 + exp(-(3.5 - odd * 8)))
	FROM text
$$;

-- Which groups are few: about 1,500 questions, by a hash of their passage.
CREATE VIEW few AS
	SELECT passage FROM (
		SELECT passage, sum(count(*)) OVER (ORDER BY md5(passage)) AS before FROM outcome GROUP BY passage) g
	WHERE before <= 1500;

CREATE PROCEDURE load(which text) LANGUAGE plpgsql AS $$
BEGIN
	TRUNCATE ai_router.examples;
	INSERT INTO ai_router.examples(prompt, task, model, score)
	SELECT o.prompt, o.task, m.model, m.score
	FROM outcome o, LATERAL (VALUES ('mixtral-8x7b', o.weak::int), ('gpt-4-1106', o.strong::int)) m(model, score)
	WHERE which = 'true' OR o.passage IN (SELECT passage FROM few);
END
$$;

-- Average performance gap recovered over the questions that were not loaded: those with the
-- highest predicted gain go to the strong model first.  Trapezoids over the share that does.
CREATE FUNCTION apgr_of_rest() RETURNS double precision LANGUAGE sql AS $$
	WITH gain AS (
		SELECT o.weak::int AS weak, o.strong::int AS strong,
			(SELECT sum(CASE model WHEN 'gpt-4-1106' THEN success ELSE -success END)
			 FROM ai_router.predict('default', o.prompt, o.task)) AS gain
		FROM outcome o WHERE o.passage NOT IN (SELECT passage FROM few)
	), recovered AS (
		SELECT sum(strong - weak) OVER (ORDER BY gain DESC, md5(weak::text || strong::text || gain::text)) AS r,
			sum(strong - weak) OVER () AS gap, count(*) OVER () AS n
		FROM gain
	)
	SELECT sum(r::float8 / gap) / max(n) FROM recovered
$$;

CREATE FUNCTION us_per_prediction() RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	prompts text[] := ARRAY(SELECT left(repeat(prompt || ' ', 20), 500) FROM outcome ORDER BY md5(prompt) LIMIT 1000);
	p text;
	begun timestamptz;
	with_it interval;
	without interval;
BEGIN
	begun := clock_timestamp();
	FOR i IN 1 .. 5 LOOP
		FOREACH p IN ARRAY prompts LOOP
			PERFORM 1 FROM ai_router.predict('default', p, 'task');
		END LOOP;
	END LOOP;
	with_it := clock_timestamp() - begun;
	begun := clock_timestamp();
	FOR i IN 1 .. 5 LOOP
		FOREACH p IN ARRAY prompts LOOP
			PERFORM 1 FROM ai_router.period('day');
		END LOOP;
	END LOOP;
	without := clock_timestamp() - begun;
	RETURN round((extract(epoch FROM with_it - without) * 1e6 / 5000)::numeric, 2);
END
$$;
