-- A real provider in one line: server, key, and models with the catalogue's prices.
SELECT * FROM ai_router.add_provider(:'api', models => :'models', api_key_file => :'key_file',
                                     region => nullif(:'region', ''));
