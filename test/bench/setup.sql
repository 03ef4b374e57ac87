-- Two models at the sandbox provider, free of charge: one that answers at once, one after 50 ms.
CREATE EXTENSION ai_router;
CREATE SERVER bench FOREIGN DATA WRAPPER ai_router
	OPTIONS (api 'openai', base_url :'base');
CREATE USER MAPPING FOR PUBLIC SERVER bench OPTIONS (api_key 'sandbox-key');
INSERT INTO ai_router.models(name, server, model, mode, rank, input_price, output_price) VALUES
	('fast', 'bench', 'fast', 'chat', 1, 0, 0),
	('slow', 'bench', 'slow--lat-50', 'chat', 2, 0, 0);
-- Nine rules that never match: the tenth is everybody's.
INSERT INTO ai_router.rules(name, priority, condition, models)
SELECT 'never ' || i, i, format('$.task == "task %s"', i)::jsonpath, '{slow}'
FROM generate_series(1, 9) i;
INSERT INTO ai_router.rules(name, priority, models) VALUES ('default', 100, NULL);
