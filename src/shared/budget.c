/*
 * budget.c
 *	  Budgets as backends see them: reserve, settle, look.
 *
 * A backend remembers what it holds in a list; what is left there when it ends,
 * by whatever way it left the engine, counts as spent.
 */
#include "base/pg.h"

#include "common/hashfn.h"
#include "lib/ilist.h"
#include "miscadmin.h"
#include "storage/ipc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "shared/budget_internal.h"
#include "shared/spool.h"
#include "shared/stats.h"

/* A writer that was asked is asked again after so long by those who do not wait for it. */
#define ASK_AGAIN_MS 1000

/* Places of entries that a backend remembers. */
#define MEMO 64

struct AirBudgetHold
{
	dlist_node node;
	AirNano amount;
	int n;
	int slots[FLEXIBLE_ARRAY_MEMBER];
};

Budgets *air_budgets = NULL;

static dlist_head holds = DLIST_STATIC_INIT(holds);
static bool exit_registered = false;

Size
air_budget_size(void)
{
	return sizeof(Budgets);
}

void
air_budget_attach(void *area, bool found)
{
	air_budgets = area;
	if (!found)
	{
		memset(air_budgets, 0, sizeof(Budgets));
		LWLockInitialize(&air_budgets->lock, LWLockNewTrancheId());
	}
	LWLockRegisterTranche(air_budgets->lock.tranche, "AiRouterBudgets");
	if (!found)
		air_budget_load();
}

static bool
is_for(const Entry *e, const AirBudgetAsk *ask)
{
	return e->database == MyDatabaseId && e->table == ask->table && e->start == ask->start &&
		   strcmp(e->name, ask->budget->name) == 0;
}

/* With the lock held: the budget's entry, or NULL.  Looks first where it was last time. */
static Entry *
find(const AirBudgetAsk *ask)
{
	static int memo[MEMO];
	const char *name = ask->budget->name;
	int *last = &memo[hash_bytes((const unsigned char *) name, (int) strlen(name)) % MEMO];

	if (is_for(&air_budgets->entries[*last], ask))
		return &air_budgets->entries[*last];
	for (int i = 0; i < AIR_BUDGET_ENTRIES; i++)
		if (is_for(&air_budgets->entries[i], ask))
		{
			*last = i;
			return &air_budgets->entries[i];
		}
	return NULL;
}

/* With the lock held exclusively: likewise, made if need be; NULL: there is no room. */
static Entry *
find_or_make(const AirBudgetAsk *ask, TimestampTz now)
{
	Entry *e = find(ask);

	if (e == NULL)
	{
		for (int i = 0; i < AIR_BUDGET_ENTRIES; i++)
		{
			Entry *other = &air_budgets->entries[i];

			if (other->database == InvalidOid)
			{
				e = other;
				break;
			}
			/* Of those that nobody would miss the one that rests longest. */
			if (air_budget_is_clean(other) && (e == NULL || other->touched < e->touched))
				e = other;
		}
		if (e == NULL)
			return NULL;
		memset(e, 0, sizeof(Entry));
		e->database = MyDatabaseId;
		e->table = ask->table;
		strlcpy(e->name, ask->budget->name, sizeof(e->name));
		e->start = ask->start;
		e->end = ask->end;
		e->saved_mark = -1;
	}
	e->touched = now;
	return e;
}

/* Does amount fit into the budget?  No sum here overflows: limits are below 10^18. */
static AirBudgetVerdict
judge(const Entry *e, const AirBudget *budget, AirNano amount)
{
	AirNano used = air_nano_add(e->spent, e->reserved);

	if (!budget->hard)
		return AIR_BUDGET_FITS;
	if (!e->known)
		return AIR_BUDGET_LEASE;
	if (amount > budget->limit - e->spent)
		return AIR_BUDGET_OVER;
	if (amount > budget->limit - used)
		return AIR_BUDGET_BUSY;
	return amount > e->leased - used ? AIR_BUDGET_LEASE : AIR_BUDGET_FITS;
}

/* Note that the mark is to be raised; true if the writer should hear of it. */
static bool
ask_writer(Entry *e, const AirBudget *budget, AirNano amount, bool waiting, TimestampTz now)
{
	bool tell =
		waiting || !e->asked || now > TimestampTzPlusMilliseconds(e->asked_at, ASK_AGAIN_MS);

	if (tell)
		e->asked_at = now;
	e->asked = true;
	e->limit = budget->limit;
	e->hard = budget->hard;
	e->wanted = Max(e->wanted, amount);
	return tell;
}

static void
on_backend_exit(int code, Datum arg)
{
	while (!dlist_is_empty(&holds))
	{
		AirBudgetHold *hold = dlist_container(AirBudgetHold, node, dlist_head_node(&holds));

		air_budget_settle(hold, hold->amount);
	}
}

/* Whether the mark is near enough to be raised before somebody has to wait for it. */
static bool
runs_short(const Entry *e, const AirBudget *budget)
{
	return (!budget->hard || e->leased < budget->limit) &&
		   e->leased - air_nano_add(e->spent, e->reserved) < e->chunk / 2;
}

AirBudgetHold *
air_budget_reserve(const AirBudgetAsk *asks, int n, AirNano amount, AirBudgetVerdict *verdict,
				   AirBudgetNow *now)
{
	TimestampTz t = GetCurrentTimestamp();
	AirNano held = Min(amount, AIR_BUDGET_MOST_HELD);
	bool tell = false;
	AirBudgetHold *hold;

	if (!exit_registered)
	{
		on_shmem_exit(on_backend_exit, (Datum) 0);
		exit_registered = true;
	}
	Assert(amount > 0);
	hold = MemoryContextAlloc(TopMemoryContext,
							  offsetof(AirBudgetHold, slots) + sizeof(int) * Max(n, 1));
	hold->amount = held;
	hold->n = 0;
	*verdict = AIR_BUDGET_FITS;

	LWLockAcquire(&air_budgets->lock, LW_EXCLUSIVE);
	for (int i = 0; i < n; i++)
	{
		const AirBudget *budget = asks[i].budget;
		Entry *e = find_or_make(&asks[i], t);
		AirBudgetVerdict v;

		if (e == NULL && !budget->hard)
		{
			air_stats_add(AIR_STAT_BUDGET_SKIPPED, 1);
			continue;
		}
		v = e == NULL ? AIR_BUDGET_FULL : judge(e, budget, amount);
		if (e != NULL && (v == AIR_BUDGET_LEASE || !e->known))
			tell |= ask_writer(e, budget, held, v == AIR_BUDGET_LEASE, t);
		if (v > *verdict)
		{
			*verdict = v;
			now->ask = &asks[i];
			now->spent = e ? e->spent : 0;
			now->reserved = e ? e->reserved : 0;
		}
		if (e != NULL)
		{
			hold->slots[hold->n++] = e - air_budgets->entries;
			/* Its place must not be given to the next one. */
			e->reserved += held;
		}
	}
	for (int i = 0, k = 0; i < n && k < hold->n; i++)
	{
		Entry *e = &air_budgets->entries[hold->slots[k]];

		if (!is_for(e, &asks[i]))
			continue;
		k++;
		if (*verdict != AIR_BUDGET_FITS)
			e->reserved -= held;
		else if (runs_short(e, asks[i].budget))
			tell |= ask_writer(e, asks[i].budget, held, false, t);
	}
	if (*verdict == AIR_BUDGET_FITS)
		dlist_push_head(&holds, &hold->node);
	LWLockRelease(&air_budgets->lock);

	if (tell)
		air_spool_errand(MyDatabaseId);
	if (*verdict == AIR_BUDGET_FITS)
		return hold;
	pfree(hold);
	return NULL;
}

void
air_budget_settle(AirBudgetHold *hold, AirNano cost)
{
	LWLockAcquire(&air_budgets->lock, LW_EXCLUSIVE);
	for (int i = 0; i < hold->n; i++)
	{
		Entry *e = &air_budgets->entries[hold->slots[i]];

		e->reserved -= hold->amount;
		e->spent = air_nano_add(e->spent, cost);
	}
	LWLockRelease(&air_budgets->lock);
	dlist_delete(&hold->node);
	pfree(hold);
}

AirNano
air_budget_held(const AirBudgetHold *hold)
{
	return hold->amount;
}

bool
air_budget_look(const AirBudgetAsk *ask, AirBudgetNow *now)
{
	const Entry *e;

	LWLockAcquire(&air_budgets->lock, LW_SHARED);
	e = find(ask);
	if (e != NULL)
	{
		now->ask = ask;
		now->spent = e->spent;
		now->reserved = e->reserved;
	}
	LWLockRelease(&air_budgets->lock);
	return e != NULL;
}

bool
air_budget_nth(int i, AirBudgetView *out)
{
	const Entry *e;

	if (air_budgets == NULL || i >= AIR_BUDGET_ENTRIES)
		return false;
	e = &air_budgets->entries[i];
	LWLockAcquire(&air_budgets->lock, LW_SHARED);
	out->database = e->database;
	out->table = e->table;
	strlcpy(out->name, e->name, sizeof(out->name));
	out->start = e->start;
	out->known = e->known;
	out->spent = e->spent;
	out->reserved = e->reserved;
	out->saved_spent = e->saved_spent;
	out->saved_mark = e->saved_mark;
	LWLockRelease(&air_budgets->lock);
	return true;
}
