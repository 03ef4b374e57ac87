/*
 * statement.h
 *	  The user's statement as a scope: what "per statement" means.
 *
 * The outermost executor or utility run opens a statement; PL/pgSQL, SPI and triggers
 * inside belong to it, and so does whatever its portal or a cursor that it ran is
 * asked for later, however often.
 */
#ifndef AIR_STATEMENT_H
#define AIR_STATEMENT_H

#include "base/pg.h"

#include "nodes/execnodes.h"

#include "shared/progress.h"

/* A statement that has called AI.  Counted references: runs, portals, calls. */
typedef struct AirStatement
{
	int refs;
	AirProgress progress; /* the numbers that caps are about, and those to show */
	int sleepers;         /* requests that wait until what is in flight has ended */
	int refused;          /* calls that a cap ended and that are not freed yet */
	bool warned;          /* of a price that is not known */
	bool check_warned;    /* of a check function that failed */
	bool estimate_warned; /* of an estimate above the cap */
	int rows_level;       /* depth of the run whose rows are counted */
	double notice_at;     /* monotonic ms: when the client is told next */
} AirStatement;

/* Install the executor and utility hooks.  From _PG_init; chains what was there. */
extern void air_statement_init(void);

/* Count a call that failed and became NULL; the first message goes into the WARNING's DETAIL. */
extern void air_statement_count_null(const char *message);

/* The statement that is being run, with a reference for the caller.  Raises when out of memory. */
extern AirStatement *air_statement_join(void);

/* Give a reference back.  Never fails. */
extern void air_statement_leave(AirStatement *statement);

/* The numbers of the statement that is being run, all 0 where it has not called yet. */
extern void air_statement_numbers(AirProgress *out);

/* How many runs, of queries and utilities, are under way inside of each other. */
extern int air_statement_depth(void);

/* May a warning about an estimate be given?  Once for all that runs inside a statement. */
extern bool air_statement_warn_estimate(void);

/*
 * Rows of the statement, for progress.  An AI Batch node that is about to give a row asks
 * whether it is the top-most one of its query; if so it tells afterwards whether it gave
 * one (ends nothing after an error: that ends the run).  Before the first row of each scan
 * it tells how many are expected.  A query within the query is not counted beside it.
 */
extern bool air_statement_enter_rows(void);
extern void air_statement_expect_rows(double n);
extern void air_statement_leave_rows(bool gave_one);

/*
 * The rows that the run of a query still wants of its plan.  False if no run of it is under
 * way: EvalPlanQual has an executor state of its own, and wants one row at a time.
 */
extern bool air_statement_wanted(const EState *estate, uint64 *rows);

/* Its numbers have changed: show them, while the statement runs.  Never fails. */
extern void air_statement_show(const AirStatement *statement);

#endif
