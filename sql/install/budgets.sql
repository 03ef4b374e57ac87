
-- What budgets have spent, and how they stand now.

CREATE TABLE ai_router.budget_spent (
    name text NOT NULL,
    period_start timestamptz NOT NULL,
    nanodollars bigint NOT NULL,
    updated timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (name, period_start),
    CONSTRAINT budget_spent_is_sane CHECK (nanodollars >= 0)
);
COMMENT ON TABLE ai_router.budget_spent IS
'what budgets have spent, by period, written by the background worker: ahead of the truth while calls are made (that much is counted as spent after a crash), exact a second later; rows go when nobody touched them for 400 days';
COMMENT ON COLUMN ai_router.budget_spent.name IS 'the budget';
COMMENT ON COLUMN ai_router.budget_spent.period_start IS 'when the period began; -infinity for period total';
COMMENT ON COLUMN ai_router.budget_spent.nanodollars IS 'spent or leased, in 10^-9 USD';
COMMENT ON COLUMN ai_router.budget_spent.updated IS 'when it was written';

-- Dumped: a database that is restored does not spend the same money again.
SELECT pg_extension_config_dump('ai_router.budget_spent', '');

CREATE FUNCTION ai_router.period(period text, at timestamptz DEFAULT now(),
    OUT period_start timestamptz, OUT resets_at timestamptz)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'air_sql_period';
COMMENT ON FUNCTION ai_router.period(text, timestamptz) IS
'the hour, day, week (from Monday) or month by UTC around a moment; -infinity and infinity for total';

CREATE FUNCTION ai_router.budget_state(OUT name text, OUT period_start timestamptz, OUT known boolean,
    OUT spent bigint, OUT reserved bigint, OUT saved_spent bigint, OUT saved_mark bigint)
RETURNS SETOF record
LANGUAGE c VOLATILE ROWS 10
AS 'MODULE_PATHNAME', 'air_sql_budget_state';
COMMENT ON FUNCTION ai_router.budget_state() IS
'what shared memory knows of this database''s budgets, in 10^-9 USD; known: spent is all, otherwise in addition to the table, whose mark stands for saved_spent if it is saved_mark';

CREATE VIEW ai_router.spending AS
    SELECT b.name AS budget, b.role, b.model, b.period, p.period_start, p.resets_at, b.limit_usd,
           trim_scale(n.spent / 1000000000) AS spent,
           trim_scale(n.reserved / 1000000000) AS reserved,
           b.hard,
           trim_scale(greatest(b.limit_usd - (n.spent + n.reserved) / 1000000000, 0)) AS "left"
      FROM ai_router.budgets b
     CROSS JOIN LATERAL ai_router.period(b.period, now()) p
      LEFT JOIN ai_router.budget_state() m ON m.name = b.name AND m.period_start = p.period_start
      LEFT JOIN ai_router.budget_spent t ON t.name = b.name AND t.period_start = p.period_start
     CROSS JOIN LATERAL (
        SELECT coalesce(m.spent, 0)::numeric
               + CASE WHEN m.known THEN 0
                      WHEN m.saved_mark = coalesce(t.nanodollars, 0) THEN m.saved_spent
                      ELSE coalesce(t.nanodollars, 0) END AS spent,
               coalesce(m.reserved, 0)::numeric AS reserved) n;
COMMENT ON VIEW ai_router.spending IS
'how each budget stands in its current period, in USD: reserved is held by requests under way; for pg_monitor';
