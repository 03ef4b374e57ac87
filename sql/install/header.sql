-- The install script of ai_router: concatenated from the files of sql/, in the
-- order that the Makefile gives.  What users call is created in the target
-- schema of CREATE EXTENSION, what administrators use in schema ai_router.

-- complain if the script is run by psql and not by CREATE EXTENSION
\echo Use "CREATE EXTENSION ai_router" to load this file. \quit

CREATE SCHEMA ai_router;
COMMENT ON SCHEMA ai_router IS
'configuration and administration of ai_router: models, rules, budgets, and what the system did';

