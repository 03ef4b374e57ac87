/*
 * document_read.c
 *	  Looking into exact JSON documents, comparing and printing them.  See document.h.
 *
 * Recursion is bounded by AIR_DOC_DEPTH, which parsing keeps.
 */
#include "base/pg.h"

#include "base/document.h"

static bool
same_bytes(const char *a, uint32 alen, const char *b, uint32 blen)
{
	return alen == blen && memcmp(a, b, alen) == 0;
}

/* The member of object i with that name, 0 if there is none. */
static uint32
find_member(const AirDoc *doc, uint32 i, const char *name, uint32 len)
{
	uint32 child = i + 1;

	for (uint32 n = doc->nodes[i].count; n > 0; n--, child = doc->nodes[child].next)
	{
		const AirDocNode *node = &doc->nodes[child];

		if (same_bytes(doc->text + node->name, node->name_len, name, len))
			return child;
	}
	return 0;
}

/* See document.h. */
uint32
air_doc_member(const AirDoc *doc, uint32 i, const char *name)
{
	if (doc->nodes[i].type != AIR_DOC_OBJECT)
		return 0;
	return find_member(doc, i, name, (uint32) strlen(name));
}

/* See document.h. */
bool
air_doc_string_is(const AirDoc *doc, uint32 i, const char *s)
{
	const AirDocNode *node = &doc->nodes[i];

	return node->type == AIR_DOC_STRING &&
		   same_bytes(doc->text + node->at, node->len, s, (uint32) strlen(s));
}

/* See document.h. */
bool
air_doc_name_is(const AirDoc *doc, uint32 i, const char *s)
{
	const AirDocNode *node = &doc->nodes[i];

	return same_bytes(doc->text + node->name, node->name_len, s, (uint32) strlen(s));
}

/* See document.h. */
char *
air_doc_string(const AirDoc *doc, uint32 i)
{
	return pnstrdup(doc->text + doc->nodes[i].at, doc->nodes[i].len);
}

/* See document.h. */
char *
air_doc_name(const AirDoc *doc, uint32 i)
{
	return pnstrdup(doc->text + doc->nodes[i].name, doc->nodes[i].name_len);
}

/* See document.h. */
AirDecimal
air_doc_decimal(const AirDoc *doc, uint32 i)
{
	AirDecimal d;

	air_decimal_read(doc->text + doc->nodes[i].at, doc->nodes[i].len, &d);
	return d;
}

/* See document.h. */
bool
air_doc_equal(const AirDoc *a, uint32 i, const AirDoc *b, uint32 j)
{
	const AirDocNode *x = &a->nodes[i];
	const AirDocNode *y = &b->nodes[j];
	AirDecimal d;
	AirDecimal e;

	if (x->type != y->type || x->count != y->count)
		return false;
	switch (x->type)
	{
		case AIR_DOC_NULL:
		case AIR_DOC_FALSE:
		case AIR_DOC_TRUE:
			return true;
		case AIR_DOC_STRING:
			return same_bytes(a->text + x->at, x->len, b->text + y->at, y->len);
		case AIR_DOC_NUMBER:
			d = air_doc_decimal(a, i);
			e = air_doc_decimal(b, j);
			return air_decimal_compare(&d, &e) == 0;
		case AIR_DOC_ARRAY:
			i++;
			j++;
			for (uint32 n = x->count; n > 0; n--, i = a->nodes[i].next, j = b->nodes[j].next)
			{
				if (!air_doc_equal(a, i, b, j))
					return false;
			}
			return true;
		case AIR_DOC_OBJECT:
			i++;
			j++;
			for (uint32 n = x->count; n > 0; n--, i = a->nodes[i].next)
			{
				const AirDocNode *member = &a->nodes[i];
				uint32 other;

				/* Mostly the order is the same. */
				if (j < y->next && same_bytes(a->text + member->name, member->name_len,
											  b->text + b->nodes[j].name, b->nodes[j].name_len))
				{
					other = j;
					j = b->nodes[j].next;
				}
				else
					other = find_member(b, (uint32) (y - b->nodes), a->text + member->name,
										member->name_len);
				if (other == 0 || !air_doc_equal(a, i, b, other))
					return false;
			}
			return true;
	}
	return false;
}

static uint64
hash_bytes(const char *s, uint32 len, uint64 h)
{
	for (uint32 i = 0; i < len; i++)
		h = (h ^ (unsigned char) s[i]) * UINT64CONST(0x100000001b3);
	return h;
}

/* Spread the bits, so that sums of hashes are good ones. */
static uint64
mix(uint64 h)
{
	h ^= h >> 33;
	h *= UINT64CONST(0xff51afd7ed558ccd);
	h ^= h >> 33;
	return h;
}

/* See document.h. */
uint64
air_doc_hash(const AirDoc *doc, uint32 i)
{
	const AirDocNode *node = &doc->nodes[i];
	uint64 h = mix(UINT64CONST(0x9e3779b97f4a7c15) * (node->type + 1));
	AirDecimal d;

	switch (node->type)
	{
		case AIR_DOC_NULL:
		case AIR_DOC_FALSE:
		case AIR_DOC_TRUE:
			break;
		case AIR_DOC_STRING:
			return mix(hash_bytes(doc->text + node->at, node->len, h));
		case AIR_DOC_NUMBER:
			d = air_doc_decimal(doc, i);
			return mix(h ^ air_decimal_hash(&d));
		case AIR_DOC_ARRAY:
			i++;
			for (uint32 n = node->count; n > 0; n--, i = doc->nodes[i].next)
				h = mix(h * 31 + air_doc_hash(doc, i));
			break;
		case AIR_DOC_OBJECT:
			i++;
			/* A sum: the order of members does not count. */
			for (uint32 n = node->count; n > 0; n--, i = doc->nodes[i].next)
				h += mix(hash_bytes(doc->text + doc->nodes[i].name, doc->nodes[i].name_len,
									air_doc_hash(doc, i)));
			break;
	}
	return h;
}

/* See document.h. */
void
air_doc_quote(const char *s, size_t len, StringInfo out)
{
	appendStringInfoChar(out, '"');
	for (size_t i = 0; i < len;)
	{
		size_t run = i;

		while (i < len && s[i] != '"' && s[i] != '\\' && (unsigned char) s[i] >= 0x20)
			i++;
		appendBinaryStringInfo(out, s + run, (int) (i - run));
		if (i == len)
			break;
		if (s[i] == '"' || s[i] == '\\')
		{
			appendStringInfoChar(out, '\\');
			appendStringInfoChar(out, s[i]);
		}
		else if (s[i] == '\n')
			appendStringInfoString(out, "\\n");
		else if (s[i] == '\t')
			appendStringInfoString(out, "\\t");
		else
			appendStringInfo(out, "\\u%04x", (unsigned char) s[i]);
		i++;
	}
	appendStringInfoChar(out, '"');
}

/* See document.h. */
void
air_doc_print(const AirDoc *doc, uint32 i, StringInfo out)
{
	const AirDocNode *node = &doc->nodes[i];
	uint32 child = i + 1;

	switch (node->type)
	{
		case AIR_DOC_NULL:
			appendStringInfoString(out, "null");
			break;
		case AIR_DOC_FALSE:
			appendStringInfoString(out, "false");
			break;
		case AIR_DOC_TRUE:
			appendStringInfoString(out, "true");
			break;
		case AIR_DOC_NUMBER:
			appendBinaryStringInfo(out, doc->text + node->at, (int) node->len);
			break;
		case AIR_DOC_STRING:
			air_doc_quote(doc->text + node->at, node->len, out);
			break;
		case AIR_DOC_ARRAY:
		case AIR_DOC_OBJECT:
			appendStringInfoChar(out, node->type == AIR_DOC_ARRAY ? '[' : '{');
			for (uint32 n = node->count; n > 0; n--)
			{
				const AirDocNode *c = &doc->nodes[child];

				if (node->type == AIR_DOC_OBJECT)
				{
					air_doc_quote(doc->text + c->name, c->name_len, out);
					appendStringInfoChar(out, ':');
				}
				air_doc_print(doc, child, out);
				if (n > 1)
					appendStringInfoChar(out, ',');
				child = c->next;
			}
			appendStringInfoChar(out, node->type == AIR_DOC_ARRAY ? ']' : '}');
			break;
	}
}
