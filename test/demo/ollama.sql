-- Ollama needs no key and costs nothing: a price of 0 says so, NULL would be "unknown".
-- allow_insecure: plain http, which beyond this machine only a superuser may allow.
CREATE SERVER ollama FOREIGN DATA WRAPPER ai_router
    OPTIONS (api 'ollama', base_url :'url', allow_insecure 'true');
INSERT INTO ai_router.models (name, server, model, input_price, output_price)
VALUES (:'model', 'ollama', :'model', 0, 0);
