-- The catalogue: complete, consistent, and accepted by the tables it feeds.
SELECT provider, count(*), string_agg(DISTINCT api, ', ' ORDER BY api) AS apis, min(base_url) AS base_url
  FROM ai_router.catalogue GROUP BY provider ORDER BY provider;
SELECT mode, count(*) FROM ai_router.catalogue GROUP BY mode ORDER BY mode;

-- What each provider's first choice is.
SELECT provider, model FROM ai_router.catalogue c
 WHERE rank = (SELECT min(rank) FROM ai_router.catalogue o WHERE o.provider = c.provider)
 ORDER BY provider;

-- The same model at several hosts is one family.
SELECT family, string_agg(DISTINCT provider, ', ' ORDER BY provider) AS providers
  FROM ai_router.catalogue
 WHERE family IN ('claude-sonnet-5', 'gpt-5.4-mini', 'gpt-oss-120b', 'llama-3.3-70b', 'embed-v4', 'mistral-large-3')
 GROUP BY family ORDER BY family;
-- A family has one mode.
SELECT family FROM ai_router.catalogue GROUP BY family HAVING count(DISTINCT mode) > 1;

-- Nothing is free by mistake, nothing absurd.
SELECT provider, model FROM ai_router.catalogue
 WHERE input_price = 0 OR (mode = 'chat' AND (output_price = 0 OR output_price < input_price))
    OR cached_input_price > input_price OR cache_write_price < input_price
    OR context_window < 100 OR max_output > context_window
 ORDER BY 1, 2;
SELECT provider, model, price_tiers FROM ai_router.catalogue
 WHERE EXISTS (SELECT FROM jsonb_to_recordset(price_tiers) t(above int, input numeric, output numeric)
                WHERE t.above IS NULL OR t.input <= input_price OR t.output <= output_price);
SELECT DISTINCT unnest(capabilities) AS capability FROM ai_router.catalogue ORDER BY 1;
SELECT count(*) FROM ai_router.catalogue WHERE as_of NOT BETWEEN '2026-08-01' AND '2026-12-31';

-- Every row makes a model.
BEGIN;
TRUNCATE ai_router.models, ai_router.rules;
CREATE SERVER catalogue_all FOREIGN DATA WRAPPER ai_router OPTIONS (api 'fixture');
INSERT INTO ai_router.models (name, server, model, family, mode, context_window, max_output, input_price,
       cached_input_price, cache_write_price, output_price, price_tiers, capabilities, rank)
SELECT provider || '/' || model, 'catalogue_all', model, family, mode, context_window, max_output, input_price,
       cached_input_price, cache_write_price, output_price, price_tiers, capabilities, rank
  FROM ai_router.catalogue;
SELECT * FROM ai_router.skipped();
SELECT count(*) FROM ai_router.models;
ROLLBACK;
