-- ai_router.prompts: what comes with the extension stays, an administrator's versions lie above it.
\set VERBOSITY terse
SELECT name, version, enabled FROM ai_router.prompts WHERE name IN ('repair', 'schema') ORDER BY name;

UPDATE ai_router.prompts SET template = 'x {problem}' WHERE name = 'repair';
DELETE FROM ai_router.prompts WHERE name = 'repair';
TRUNCATE ai_router.prompts;
INSERT INTO ai_router.prompts (name, version, template) VALUES ('repair', 1, 'again: {problem}');
INSERT INTO ai_router.prompts (name, version, template) VALUES ('nothing', 2, 'again: {problem}');
INSERT INTO ai_router.prompts (name, version, template) VALUES ('repair', 2, 'again: {wrong}');
INSERT INTO ai_router.prompts (name, version, template) VALUES ('repair', 2, 'again');
INSERT INTO ai_router.prompts (name, version, template) VALUES ('repair', 0, 'again: {problem}');
INSERT INTO ai_router.prompts (name, version, template) VALUES ('repair', 2, 'Noch einmal, {"a": 1}: {problem}');
UPDATE ai_router.prompts SET version = 1 WHERE name = 'repair' AND version = 2;
UPDATE ai_router.prompts SET enabled = false WHERE name = 'repair' AND version = 2;
DELETE FROM ai_router.prompts WHERE version > 1;
