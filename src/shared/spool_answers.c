/*
 * spool_answers.c
 *	  Answers on their way to the table, found by their keys.
 *
 * Shared memory may be too small for an answer, or have given its room to others before the
 * writer came to it: from here it is given out until the table has it.  Records of answers are
 * in chains by key, changed under the spool's lock; who finds a chain empty takes no lock.
 */
#include "base/pg.h"

#include "miscadmin.h"

#include "shared/clears.h"
#include "shared/ledger.h"
#include "shared/spool_internal.h"

/* Blocks to a chain: an answer takes about so many, and there are other records. */
#define BLOCKS_PER_CHAIN 4

StaticAssertDecl(offsetof(AirCacheRecord, key) == 0 && FIRST_ROOM >= sizeof(AirKey),
				 "a record's first block has the key");

static int32 *chains = NULL;

static int32
count_chains(void)
{
	return Max(air_spool->nblocks / BLOCKS_PER_CHAIN, 1);
}

Size
air_spool_answers_size(int32 nblocks)
{
	return sizeof(int32) * Max(nblocks / BLOCKS_PER_CHAIN, 1);
}

void
air_spool_answers_attach(bool found)
{
	chains = (int32 *) (air_spool->blocks + air_spool->nblocks);
	for (int32 i = 0; !found && i < count_chains(); i++)
		chains[i] = AIR_SPOOL_NONE;
}

static Head *
head_of(int32 first)
{
	return (Head *) air_spool->blocks[first].data;
}

static const AirKey *
key_of(int32 first)
{
	return (const AirKey *) (air_spool->blocks[first].data + sizeof(Head));
}

static int32 *
chain_of(const AirKey *key)
{
	uint32 word;

	memcpy(&word, key->bytes, sizeof(word));
	return &chains[word % count_chains()];
}

void
air_spool_answers_enter(int32 first)
{
	int32 *chain = chain_of(key_of(first));

	if (head_of(first)->kind != AIR_RECORD_CACHE)
		return;
	head_of(first)->next_answer = *chain;
	*chain = first;
}

void
air_spool_answers_leave(int32 first)
{
	int32 *link = chain_of(key_of(first));

	if (head_of(first)->kind != AIR_RECORD_CACHE)
		return;
	while (*link != first)
		link = &head_of(*link)->next_answer;
	*link = head_of(first)->next_answer;
}

/* A copy of the newest record for a key, NULL: there is none, or no memory for it. */
static char *
copy_record(const AirKey *key)
{
	int32 *chain = chain_of(key);
	char *record = NULL;
	int32 i;

	/* What was entered before its flight ended is seen by whoever saw that end. */
	if (*(volatile int32 *) chain == AIR_SPOOL_NONE)
		return NULL;
	LWLockAcquire(&air_spool->lock, LW_SHARED);
	i = *chain;
	while (i != AIR_SPOOL_NONE && memcmp(key_of(i), key, sizeof(AirKey)) != 0)
		i = head_of(i)->next_answer;
	if (i != AIR_SPOOL_NONE &&
		(record = palloc_extended(head_of(i)->len, MCXT_ALLOC_NO_OOM)) != NULL)
		air_spool_copy(i, record);
	LWLockRelease(&air_spool->lock);
	return record;
}

void
air_spool_read_answer(const char *record, AirCached *out, char **model)
{
	const AirCacheRecord *r = (const AirCacheRecord *) record;
	const char *texts = record + sizeof(*r);

	*model = pnstrdup(texts, r->len[AIR_CACHE_MODEL]);
	*out = (AirCached){.text = pnstrdup(texts + r->len[AIR_CACHE_MODEL], r->len[AIR_CACHE_ANSWER]),
					   .finish = (AirFinish) r->finish,
					   .usage = r->usage,
					   .cost = r->cost,
					   .call_id = r->call_id,
					   .created = r->created,
					   .expires = r->expires,
					   /* Of two for a key the newer one stays in shared memory, as in the table. */
					   .told = r->created,
					   .generation = r->generation};
}

bool
air_spool_find_answer(const AirKey *key, int64 max_age_us, AirCached *out, char **model)
{
	char *record = copy_record(key);

	if (record == NULL)
		return false;
	air_spool_read_answer(record, out, model);
	pfree(record);
	return air_cache_fresh(out->created, out->expires, max_age_us) &&
		   !air_clears_since(MyDatabaseId, *model, strlen(*model), out->generation);
}
