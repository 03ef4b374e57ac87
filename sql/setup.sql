-- What CREATE EXTENSION brings, and that all of it is described.
DROP EXTENSION ai_router;
SELECT count(*) AS left_over FROM pg_namespace WHERE nspname = 'ai_router';
CREATE SCHEMA elsewhere;
CREATE EXTENSION ai_router SCHEMA elsewhere;
SELECT n.nspname, count(*) > 0 AS has_functions
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE n.nspname IN ('ai_router', 'elsewhere') GROUP BY 1 ORDER BY 1;
DROP EXTENSION ai_router;

-- Functions and operators that lie in wait in the target schema are not taken.
CREATE FUNCTION elsewhere.array_ndims(text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION elsewhere.cardinality(text[]) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION elsewhere.at_least(numeric, int) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR elsewhere.>= (LEFTARG = numeric, RIGHTARG = int, FUNCTION = elsewhere.at_least);
CREATE EXTENSION ai_router SCHEMA elsewhere;
SELECT pg_describe_object(d.classid, d.objid, d.objsubid) AS taken_in
  FROM pg_depend d
 WHERE d.classid = 'pg_constraint'::regclass
   AND ((d.refclassid = 'pg_proc'::regclass AND d.refobjid IN (SELECT oid FROM pg_proc WHERE pronamespace = 'elsewhere'::regnamespace
                                                                 AND proname IN ('array_ndims', 'cardinality', 'at_least')))
     OR (d.refclassid = 'pg_operator'::regclass AND d.refobjid IN (SELECT oid FROM pg_operator WHERE oprnamespace = 'elsewhere'::regnamespace)));
SELECT nspname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE p.proname IN ('ai_complete', 'ai_hints') GROUP BY 1;
DROP EXTENSION ai_router;
DROP OPERATOR elsewhere.>= (numeric, int);
DROP FUNCTION elsewhere.array_ndims(text[]), elsewhere.cardinality(text[]), elsewhere.at_least(numeric, int);
DROP SCHEMA elsewhere;
CREATE EXTENSION ai_router;

-- Every object is described.
SELECT pg_describe_object(d.classid, d.objid, 0) AS without_comment
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ai_router'
 WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
   AND NOT EXISTS (SELECT FROM pg_description c WHERE c.objoid = d.objid AND c.classoid = d.classid AND c.objsubid = 0)
   -- row types and array types are described by what they belong to
   AND NOT (d.classid = 'pg_type'::regclass AND EXISTS
            (SELECT FROM pg_type t WHERE t.oid = d.objid AND (t.typrelid <> 0 OR t.typelem <> 0) AND t.typname !~ '^ai_result$'))
   AND NOT (d.classid = 'pg_class'::regclass AND EXISTS
            (SELECT FROM pg_class c WHERE c.oid = d.objid AND c.relkind IN ('c', 'i')))
 ORDER BY 1;

-- Every column of every table and view is.
SELECT a.attrelid::regclass, a.attname AS without_comment
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
 WHERE c.relnamespace = 'ai_router'::regnamespace AND c.relkind IN ('r', 'p')
   AND col_description(c.oid, a.attnum) IS NULL
 ORDER BY 1, 2;

-- The tables that administrators write.
SELECT c.relname, string_agg(a.attname, ', ' ORDER BY a.attnum) AS columns
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
 WHERE c.oid IN ('ai_router.models'::regclass, 'ai_router.rules'::regclass,
                 'ai_router.budgets'::regclass, 'ai_router.fixtures'::regclass)
 GROUP BY 1 ORDER BY 1;

-- What is dumped.
SELECT c.relname, count(*)
  FROM pg_extension e, unnest(e.extconfig) x JOIN pg_class c ON c.oid = x
 WHERE e.extname = 'ai_router'
   AND c.relname IN ('catalogue', 'models', 'rules', 'budgets', 'fixtures', 'fixtures_id_seq')
 GROUP BY 1 ORDER BY 1;

-- Functions are no security definers, and those with a body are safe from search_path.
SELECT p.oid::regprocedure
  FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.classid = 'pg_proc'::regclass AND d.deptype = 'e'
  JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'ai_router'
  JOIN pg_language l ON l.oid = p.prolang
 WHERE p.prosecdef OR (l.lanname = 'plpgsql' AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false));

-- Settings.
SELECT name, setting, unit, context, vartype FROM pg_settings
 WHERE name IN ('ai_router.enabled', 'ai_router.max_concurrency', 'ai_router.timeout', 'ai_router.retries',
                'ai_router.max_retry_after', 'ai_router.on_error', 'ai_router.default_max_tokens',
                'ai_router.max_response_size', 'ai_router.allowed_hosts', 'ai_router.max_total_concurrency',
                'ai_router.breaker', 'ai_router.health_entries')
 ORDER BY name COLLATE "C";
SET ai_router.allowed_hosts = 'proxy.example, [::1]:8080', 'other.example:443';
SHOW ai_router.allowed_hosts;
SET ai_router.allowed_hosts = 'https://proxy.example';
SET ai_router.allowed_hosts = '*.example';
SET ai_router.allowed_hosts = 'a.example:0';
SET ai_router.allowed_hosts = 'a.example b.example';
SET ai_router.allowed_hosts = '[a.example]';
SET ai_router.retries = 11;
SET ai_router.nonsense = 1;
