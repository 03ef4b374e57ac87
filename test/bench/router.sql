-- What test/bench/router works with: two models at a price, their outcomes, and measures.
CREATE EXTENSION ai_router;
CREATE SERVER bench FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models(name, server, model, mode, rank, input_price, output_price) VALUES
	('mixtral-8x7b', 'bench', 'weak', 'chat', 1, 0.6, 0.6),
	('gpt-4-1106', 'bench', 'strong', 'chat', 2, 10, 30),
	('third', 'bench', 'third', 'chat', 3, 1, 1);
INSERT INTO ai_router.rules(name, models, strategy) VALUES
	('default', '{gpt-4-1106,mixtral-8x7b}', 'learned'),
	('three', '{gpt-4-1106,mixtral-8x7b,third}', 'learned'),
	('untaught', '{gpt-4-1106,mixtral-8x7b,third}', 'learned');

CREATE TABLE outcome(task text, prompt text, weak boolean, strong boolean,
	-- Questions that begin alike share a passage.
	passage text GENERATED ALWAYS AS (left(lower(regexp_replace(prompt, '\s+', ' ', 'g')), 120)) STORED);

-- A world where words decide: the strong model knows more, but not about everything.
CREATE PROCEDURE make_world(questions integer) LANGUAGE sql AS $$
	WITH words AS (
		SELECT i, j, (hashint4(i * 31 + j) & 127) AS w FROM generate_series(1, questions) i, generate_series(1, 12) j
	), text AS (
		SELECT i, string_agg('w' || translate(w::text, '0123456789', 'abcdefghij'), ' ' ORDER BY j) AS prompt, avg((w % 7 < 3)::int) AS easy, avg((w % 5 = 0)::int) AS odd
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

-- Microseconds of predictions for all of the prompts.
CREATE FUNCTION us_of(rule text, prompts text[], tasks text[]) RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE
	begun timestamptz := clock_timestamp();
BEGIN
	FOR i IN 1 .. cardinality(prompts) LOOP
		PERFORM 1 FROM ai_router.predict(rule, prompts[i], tasks[i]);
	END LOOP;
	RETURN extract(epoch FROM clock_timestamp() - begun) * 1e6;
END
$$;

-- What predictions for three models, prompts of 500 bytes, add to the same query of a rule that
-- has none; making and handing over their rows is counted.  Prompts go in batches of about a
-- millisecond, less than the scheduler gives a process at a time, and of each batch the least
-- of `rounds` times counts: other processes make some times longer, but not the least one.
CREATE FUNCTION us_per_prediction(rounds integer = 15) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE
	b record;
	taught double precision[] := '{}';
	untaught double precision[] := '{}';
BEGIN
	CREATE TEMP TABLE asked AS
		SELECT batch::integer, array_agg(prompt) AS prompts, array_agg(task) AS tasks FROM (
			SELECT left(repeat(prompt || ' ', 20), 500) AS prompt, task, (row_number() OVER (ORDER BY md5(prompt)) - 1) / 50 AS batch
			FROM outcome ORDER BY md5(prompt) LIMIT 5000) o
		GROUP BY batch;
	FOR round IN 1 .. rounds LOOP
		FOR b IN SELECT batch + 1 AS i, prompts, tasks FROM asked ORDER BY batch LOOP
			taught[b.i] := least(taught[b.i], us_of('three', b.prompts, b.tasks));
			untaught[b.i] := least(untaught[b.i], us_of('untaught', b.prompts, b.tasks));
		END LOOP;
	END LOOP;
	RETURN (SELECT round((sum(t - u) / sum(cardinality(prompts)))::numeric, 2)
		FROM asked, LATERAL (SELECT taught[batch + 1] AS t, untaught[batch + 1] AS u) x);
END
$$;
