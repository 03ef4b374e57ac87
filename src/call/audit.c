/*
 * audit.c
 *	  Answers of a cascade beside that of its last model: do they agree?
 *
 * Of an input that is audited every answer is compared, those that were turned down with
 * what the last model said anyway: so the sample tells of answers below the threshold, too.
 * A row is written if there is room for it in the spool: it is a sample.
 */
#include "base/pg.h"

#include <math.h>

#include "utils/timestamp.h"

#include "base/document.h"
#include "call/cascade.h"
#include "shared/ledger.h"
#include "shared/stats.h"

/* Names and words are cut to this. */
#define MAX_TEXT 160

static const char blanks[] = " \t\r\n";

static bool
same_text(const char *a, const char *b)
{
	size_t na, nb;

	a += strspn(a, blanks);
	b += strspn(b, blanks);
	for (na = strlen(a); na > 0 && strchr(blanks, a[na - 1]) != NULL; na--)
		;
	for (nb = strlen(b); nb > 0 && strchr(blanks, b[nb - 1]) != NULL; nb--)
		;
	return na == nb && memcmp(a, b, na) == 0;
}

/* An answer (server encoding) as a document.  False: it is none. */
static bool
parse(AirDoc *doc, const char *text)
{
	char *why;

	text += strspn(text, blanks);
	/* Words and numbers are compared as text. */
	if (strchr("{[", *text) == NULL || *text == '\0')
		return false;
	text = air_to_utf8(text);
	return air_doc_parse(doc, text, strlen(text), &why);
}

/*
 * What of an answer counts: small ones are {"value": .., "confidence": ..}, and say the same
 * with any confidence.
 */
static uint32
value_of(const AirCall *call, const AirDoc *doc)
{
	return call->spec.logprobs ? air_doc_member(doc, 0, "value") : 0;
}

char *
air_answer_plain(const AirCall *call, char *text)
{
	AirDoc doc;
	uint32 value;
	char *plain;
	AirFailure ignored;

	if (!call->spec.logprobs || !parse(&doc, text) || (value = value_of(call, &doc)) == 0)
		return text;
	if (air_doc_node(&doc, value)->type == AIR_DOC_STRING)
		plain = air_doc_string(&doc, value);
	else
	{
		StringInfoData printed;

		initStringInfo(&printed);
		air_doc_print(&doc, value, &printed);
		plain = printed.data;
	}
	return air_from_utf8(plain, &plain, &ignored) ? plain : text;
}

/*
 * Do two answers say the same?  Documents by their hashes: in a time that is bounded by their
 * length, whatever order their members are in and however they are nested.
 */
static bool
agree(const AirCall *call, const char *a, const char *b)
{
	AirDoc x, y;

	return same_text(a, b) ||
		   (parse(&x, a) && parse(&y, b) &&
			air_doc_hash(&x, value_of(call, &x)) == air_doc_hash(&y, value_of(call, &y)));
}

static void
publish(const AirCall *call, const AirModel *model, double confidence, const char *outcome,
		const AirModel *last, bool agreed)
{
	AirAuditRecord r = {.call_id = call->result.call_id,
						.at = GetCurrentTimestamp(),
						.confidence = confidence,
						.share = call->route.rule->option.audit,
						.agreed = agreed};
	const char *texts[AIR_AUDIT_NTEXTS];
	AirSlice slices[1 + AIR_AUDIT_NTEXTS];
	AirSpoolSpace space;
	size_t size = sizeof(r);
	int n;

	air_record_text(texts, r.len, AIR_AUDIT_RULE, call->route.rule->name, MAX_TEXT);
	air_record_text(texts, r.len, AIR_AUDIT_FUNCTION, call->spec.function, NAMEDATALEN);
	air_record_text(texts, r.len, AIR_AUDIT_MODEL, model->name, MAX_TEXT);
	air_record_text(texts, r.len, AIR_AUDIT_OUTCOME, outcome, NAMEDATALEN);
	air_record_text(texts, r.len, AIR_AUDIT_BY, last->name, MAX_TEXT);
	n = air_record_slices(slices, &r, sizeof(r), texts, r.len, AIR_AUDIT_NTEXTS);
	for (int i = 1; i < n; i++)
		size += slices[i].len;
	if (air_spool_reserve(size, &space))
		(void) air_spool_publish(&space, AIR_RECORD_AUDIT, slices, n);
	else
		air_stats_add(AIR_STAT_DROPPED, 1);
}

void
air_audit(const AirCall *call, const AirModel *last, const char *text)
{
	const AirCascade *c = call->cascade;

	for (const AirTurnedDown *t = c->turned_down; t != NULL; t = t->next)
		publish(call, t->model, t->confidence, t->outcome, last, agree(call, t->text, text));
	if (c->text != NULL)
		publish(call, call->route.candidates[c->answered].model, c->confidence, "accepted", last,
				agree(call, c->text, text));
}
