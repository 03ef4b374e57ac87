-- A provider is a foreign server, its key a user mapping that names a file.
CREATE SERVER openai FOREIGN DATA WRAPPER ai_router
    OPTIONS (api 'openai', base_url :'openai_url', max_tokens_field 'max_completion_tokens');
CREATE USER MAPPING FOR PUBLIC SERVER openai
    OPTIONS (api_key_file :'openai_key');

CREATE SERVER anthropic FOREIGN DATA WRAPPER ai_router
    OPTIONS (api 'anthropic', base_url :'anthropic_url');
CREATE USER MAPPING FOR PUBLIC SERVER anthropic
    OPTIONS (api_key_file :'anthropic_key');

-- Who may use them is a matter of grants.
GRANT USAGE ON FOREIGN SERVER openai, anthropic TO PUBLIC;

-- Models with their prices come from the catalogue.
INSERT INTO ai_router.models
    (name, server, model, family, context_window, max_output, input_price, output_price, capabilities)
SELECT model, provider, model, family, context_window, max_output, input_price, output_price, capabilities
  FROM ai_router.catalogue
 WHERE (provider, model) IN (('openai',    'gpt-5.4-nano'),
                             ('anthropic', 'claude-haiku-4-5'),
                             ('anthropic', 'claude-opus-5'));
