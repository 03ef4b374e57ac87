/*
 * money.c
 *	  Between a request that is due and its attempt: budgets.
 *
 * What an attempt can cost at most is reserved in every budget that it falls under,
 * in all or in none, and settled with what it did cost.  What does not fit because
 * others hold reservations waits; what cannot fit ends the candidate, and the next
 * one is asked.  Each attempt reserves anew.
 *
 * What may have been billed without our knowing counts as it was reserved: a
 * time-out, a broken connection, a cancelled call, a reply without usage.
 */
#include "base/pg.h"

#include "access/xlog.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "base/compat.h"
#include "call/admit.h"
#include "call/internal.h"
#include "shared/stats.h"

/* A call waits so long for the writer, engine clock: as long as for spool space. */
#define LEASE_WAIT_MS 5000

/* It looks again after so long at first, and ever more rarely. */
#define LEAST_LOOK_MS 2.0
#define MOST_LOOK_MS 50.0

/* Warnings that a session remembers to have given. */
#define WARNED 64

/* The role falls under the budget. */
static bool
is_of_role(const AirBudget *budget, Oid role)
{
	Oid limited;

	if (budget->role == NULL)
		return true;
	limited = get_role_oid(budget->role, true);
	/* A superuser is no member of all roles here. */
	return OidIsValid(limited) && air_is_member_compat(role, limited);
}

static bool
is_of_model(const AirBudget *budget, const AirModel *model)
{
	return budget->model == NULL || strcmp(budget->model, model->name) == 0 ||
		   (model->family != NULL && strcmp(budget->model, model->family) == 0);
}

/*
 * The budgets that a request of the role to the model falls under now, in memory that
 * the next call of this function uses again.
 */
static int
asks_of(const AirConfig *config, Oid role, const AirModel *model, AirBudgetAsk **out)
{
	static AirBudgetAsk *asks = NULL;
	static int size = 0;
	TimestampTz now = GetCurrentTimestamp();
	int n = 0;

	if (size < config->nbudgets)
	{
		int more = Max(config->nbudgets, 16);

		if (asks != NULL)
			pfree(asks);
		asks = NULL;
		size = 0;
		asks = MemoryContextAlloc(TopMemoryContext, sizeof(AirBudgetAsk) * more);
		size = more;
	}
	for (int i = 0; i < config->nbudgets; i++)
	{
		const AirBudget *budget = &config->budgets[i];
		AirBudgetAsk *ask = &asks[n];

		if (!is_of_model(budget, model) || !is_of_role(budget, role))
			continue;
		ask->budget = budget;
		ask->table = config->budget_spent;
		air_period_bounds(budget->period, now, &ask->start, &ask->end);
		n++;
	}
	*out = asks;
	return n;
}

/* True the first time in this session that a warning is to be given for a budget's period. */
static bool
warn_once(const AirBudgetAsk *ask, uint64 seed)
{
	static uint64 warned[WARNED];
	static int next = 0;
	const char *name = ask->budget->name;
	uint64 key = hash_bytes_extended((const unsigned char *) name, (int) strlen(name),
									 (uint64) ask->start + seed);

	for (int i = 0; i < WARNED; i++)
		if (warned[i] == key)
			return false;
	warned[next++ % WARNED] = key;
	return true;
}

/* "at .." or "never". */
static const char *
reset_time(const AirBudgetAsk *ask)
{
	return TIMESTAMP_NOT_FINITE(ask->end)
			   ? "it never starts anew"
			   : psprintf("it starts anew at %s", timestamptz_to_str(ask->end));
}

/* The candidate is not to be asked for this call: another one, or the end with *err. */
static AirAdmission
refuse(AirRequest *request, double *when, AirFailure *err)
{
	air_stats_add(AIR_STAT_BUDGET_REFUSED, 1);
	return air_retry_next(request->leader, err, when) ? AIR_ELSEWHERE : AIR_REFUSED;
}

static AirAdmission
refuse_amount(AirRequest *request, const AirBudgetNow *now, AirNano amount, int waited_ms,
			  double *when, AirFailure *err)
{
	const AirBudget *budget = now->ask->budget;

	/* For some of its calls there may be. */
	if (request->nlive > 1)
		return AIR_SPLIT;
	air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NEXT,
			 "budget \"%s\" has no room for it: limit %s, spent %s, reserved %s, this call up to "
			 "%s%s; %s",
			 budget->name, air_nano_show(budget->limit), air_nano_show(now->spent),
			 air_nano_show(now->reserved), air_nano_show(amount),
			 waited_ms > 0 ? psprintf(", after %d ms", waited_ms) : "", reset_time(now->ask));
	err->hint = "Raise limit_usd in ai_router.budgets, lower the hint max_tokens, or allow a "
				"cheaper model in the rule. See ai_router.spending.";
	return refuse(request, when, err);
}

/* A hard budget wants to know what a call can cost. */
static AirAdmission
unpriced(AirRequest *request, const AirBudgetAsk *asks, int n, double *when, AirFailure *err)
{
	for (int i = 0; i < n; i++)
		if (asks[i].budget->hard)
		{
			air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NEXT,
					 "its price is unknown, and budget \"%s\" is hard", asks[i].budget->name);
			err->hint = "Set input_price and output_price in ai_router.models; a price of 0 means "
						"that it is free.";
			return refuse(request, when, err);
		}
	air_stats_add(AIR_STAT_BUDGET_UNPRICED, 1);
	for (int i = 0; i < n; i++)
		if (warn_once(&asks[i], hash_bytes((const unsigned char *) request->model->name,
										   (int) strlen(request->model->name))))
			ereport(WARNING,
					(errcode(ERRCODE_WARNING),
					 errmsg("the price of model \"%s\" is unknown: its calls do not count in "
							"budget \"%s\"",
							request->model->name, asks[i].budget->name),
					 errhint("Set input_price and output_price in ai_router.models.")));
	return AIR_ADMITTED;
}

/* On a hot standby nothing can be leased. */
static AirAdmission
standby(AirRequest *request, const AirBudgetAsk *asks, int n, double *when, AirFailure *err)
{
	for (int i = 0; i < n; i++)
		if (asks[i].budget->hard)
		{
			air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NEXT,
					 "budget \"%s\" is hard, and a standby cannot account for what it spends",
					 asks[i].budget->name);
			err->hint = "Call on the primary, or set hard to false in ai_router.budgets.";
			return refuse(request, when, err);
		}
	air_stats_add(AIR_STAT_BUDGET_SKIPPED, n);
	return AIR_ADMITTED;
}

/* It does not fit yet: look again, unless it has waited too long. */
static AirAdmission
wait_for_room(AirRequest *request, AirBudgetVerdict verdict, const AirBudgetNow *now,
			  AirNano amount, double *when, AirFailure *err)
{
	AirCall *call = request->leader;
	double t = air_engine_now();
	int timeout_ms = air_attempt_timeout(request);

	if (call->broke_since == 0)
	{
		call->broke_since = t;
		air_stats_add(AIR_STAT_BUDGET_WAITS, 1);
	}
	if (verdict != AIR_BUDGET_LEASE)
		call->lease_since = 0;
	else if (call->lease_since == 0)
		call->lease_since = t;
	if (verdict == AIR_BUDGET_LEASE && t - call->lease_since >= LEASE_WAIT_MS)
		ereport(
			ERROR,
			(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
			 errmsg("budget \"%s\" could not be charged within %d s", now->ask->budget->name,
					LEASE_WAIT_MS / 1000),
			 errdetail("A background worker writes what budgets lease to "
					   "ai_router.budget_spent before it is spent."),
			 errhint("See whether a session holds a lock on ai_router.budget_spent, whether "
					 "max_worker_processes leaves room for the worker, and the server's log.")));
	if (t - call->broke_since >= timeout_ms)
		return refuse_amount(request, now, amount, timeout_ms, when, err);
	*when = t + Min(Max((t - call->broke_since) / 4, LEAST_LOOK_MS), MOST_LOOK_MS);
	return AIR_WAIT;
}

/*
 * Reserve what the attempt that is to start can cost; see AirAdmission.  Memory of
 * *err: CurrentMemoryContext.  Raises (53400) when the writer does not come.
 */
AirAdmission
air_money_admit(AirRequest *request, double *when, AirFailure *err)
{
	AirCall *call = request->leader;
	AirBudgetVerdict verdict;
	AirBudgetNow now;
	AirBudgetAsk *asks;
	AirNano amount;
	int n;

	if (call->config->nbudgets == 0 || request->hold != NULL)
		return AIR_ADMITTED;
	n = asks_of(call->config, call->role, request->model, &asks);
	if (n == 0)
		return AIR_ADMITTED;
	amount = air_reserve_cost(request);
	if (amount == 0)
		return AIR_ADMITTED;
	if (amount == AIR_NANO_UNKNOWN)
		return unpriced(request, asks, n, when, err);
	if (RecoveryInProgress())
		return standby(request, asks, n, when, err);

	request->hold = air_budget_reserve(asks, n, amount, &verdict, &now);
	switch (verdict)
	{
		case AIR_BUDGET_FITS:
			call->broke_since = call->lease_since = 0;
			return AIR_ADMITTED;
		case AIR_BUDGET_OVER:
			return refuse_amount(request, &now, amount, 0, when, err);
		case AIR_BUDGET_FULL:
			air_fail(err, AIR_ERR_BUDGET, AIR_REMEDY_NEXT,
					 "budget \"%s\" is hard, and shared memory has no room to count for it",
					 now.ask->budget->name);
			err->hint = "Too many budgets were used at once: delete some, or set hard to false.";
			return refuse(request, when, err);
		default:
			return wait_for_room(request, verdict, &now, amount, when, err);
	}
}

/* Nothing was sent: give the money back.  Never fails; nothing held is no error. */
void
air_money_release(AirRequest *request)
{
	if (request->hold != NULL)
		air_budget_settle(request->hold, 0);
	request->hold = NULL;
}

/* Tell of soft budgets that are passed, each once per session and period. */
static void
warn_of_passed(const AirRequest *request)
{
	const AirCall *call = request->leader;
	AirBudgetAsk *asks;
	int n = asks_of(call->config, call->role, request->model, &asks);

	for (int i = 0; i < n; i++)
	{
		const AirBudget *budget = asks[i].budget;
		AirBudgetNow now;

		if (budget->hard || !air_budget_look(&asks[i], &now) || now.spent <= budget->limit ||
			!warn_once(&asks[i], 0))
			continue;
		ereport(WARNING, (errcode(ERRCODE_WARNING),
						  errmsg("budget \"%s\" is passed: limit %s, spent %s; %s", budget->name,
								 air_nano_show(budget->limit), air_nano_show(now.spent),
								 reset_time(&asks[i])),
						  errhint("It is a soft budget: calls go on. See ai_router.spending.")));
	}
}

/* The attempt has ended, well (failure NULL) or not: settle.  May give warnings. */
void
air_money_done(AirRequest *request, const AirFailure *failure)
{
	if (request->hold == NULL)
		return;
	air_budget_settle(request->hold,
					  air_attempt_cost(request, failure, air_budget_held(request->hold)));
	request->hold = NULL;
	warn_of_passed(request);
}

/* The request goes, as it would have ended with *gone if its attempt runs.  Never fails. */
void
air_money_drop(AirRequest *request, const AirFailure *gone)
{
	if (request->hold != NULL && request->running)
		air_budget_settle(request->hold,
						  air_attempt_cost(request, gone, air_budget_held(request->hold)));
	else
		air_money_release(request);
	request->hold = NULL;
}

char *
air_money_reason(const AirModel *model, AirNano cost)
{
	const AirConfig *config = air_config_acquire();
	char *reason = NULL;
	AirBudgetAsk *asks;
	int n = asks_of(config, GetUserId(), model, &asks);

	for (int i = 0; i < n && reason == NULL; i++)
	{
		const AirBudget *budget = asks[i].budget;
		AirBudgetNow now;

		if (!budget->hard || cost == 0)
			continue;
		if (!air_budget_look(&asks[i], &now))
			now.spent = 0;
		if (cost == AIR_NANO_UNKNOWN)
			reason = psprintf("its price is unknown, and budget \"%s\" is hard", budget->name);
		else if (cost > budget->limit - now.spent)
			reason = psprintf("budget \"%s\" has %s left", budget->name,
							  air_nano_show(Max(budget->limit - now.spent, 0)));
	}
	air_config_release(config);
	return reason;
}
