/*
 * column_value.c
 *	  JSON as values of PostgreSQL types.  See column_type.h.
 *
 * Not jsonb_populate_record(): that takes what it finds, makes columns NULL that are not
 * there, knows rows only, and does not say which column an error is about.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "sql/column_type.h"

/* An integer in the form that its type reads: 1e3 and 2.0 are integers too. */
static char *
integer_text(const AirDoc *doc, uint32 node)
{
	AirDecimal d = air_doc_decimal(doc, node);
	const char *p = d.digits;
	StringInfoData out;

	initStringInfo(&out);
	if (d.negative)
		appendStringInfoChar(&out, '-');
	for (int i = 0; i < d.ndigits; p++)
	{
		if (*p == '.')
			continue;
		appendStringInfoChar(&out, *p);
		i++;
	}
	for (int i = 0; i < d.exponent && d.ndigits > 0; i++)
		appendStringInfoChar(&out, '0');
	if (d.ndigits == 0)
		appendStringInfoChar(&out, '0');
	return out.data;
}

/* What the type's input function reads, server encoding. */
static char *
input_text(const AirColumnType *type, const AirDoc *doc, uint32 node)
{
	StringInfoData out;
	const AirDocNode *n = air_doc_node(doc, node);
	char *text;

	if (type->kind != AIR_COLUMN_JSON && n->type == AIR_DOC_STRING)
		text = air_doc_string(doc, node);
	else if (type->kind == AIR_COLUMN_INTEGER && n->type == AIR_DOC_NUMBER)
		text = integer_text(doc, node);
	else
	{
		initStringInfo(&out);
		air_doc_print(doc, node, &out);
		text = out.data;
	}
	return pg_any_to_server(text, strlen(text), PG_UTF8);
}

static Datum
array_value(AirColumnType *type, const AirDoc *doc, uint32 node, const char **path)
{
	uint32 count = air_doc_node(doc, node)->count;
	uint32 child = node + 1;
	Datum *values = palloc(sizeof(Datum) * Max(count, 1));
	bool *nulls = palloc(sizeof(bool) * Max(count, 1));
	AirColumnType *element = type->element;
	int dims[1] = {(int) count};
	int lbounds[1] = {1};

	for (uint32 i = 0; i < count; i++, child = air_doc_node(doc, child)->next)
		values[i] = air_column_value(element, doc, child, path, &nulls[i]);
	if (count == 0)
		return PointerGetDatum(construct_empty_array(element->type));
	return PointerGetDatum(construct_md_array(values, nulls, 1, dims, lbounds, element->type,
											  element->typlen, element->typbyval,
											  element->typalign));
}

static Datum
row_value(AirColumnType *type, const AirDoc *doc, uint32 node, const char **path)
{
	int n = type->desc->natts;
	Datum *values = palloc0(sizeof(Datum) * Max(n, 1));
	bool *nulls = palloc(sizeof(bool) * Max(n, 1));
	const char *outer = *path;

	for (int i = 0; i < n; i++)
	{
		AirColumn *column = &type->columns[i];
		uint32 member;

		nulls[i] = true;
		if (column->type == NULL)
			continue;
		*path = outer != NULL ? psprintf("%s.%s", outer, column->name) : column->name;
		member = air_doc_member(doc, node, column->name);
		if (member != 0)
			values[i] = air_column_value(column->type, doc, member, path, &nulls[i]);
	}
	*path = outer;
	return HeapTupleGetDatum(heap_form_tuple(type->desc, values, nulls));
}

/* See column_type.h. */
Datum
air_column_value(AirColumnType *type, const AirDoc *doc, uint32 node, const char **path,
				 bool *isnull)
{
	Datum value = (Datum) 0;

	*isnull = air_doc_node(doc, node)->type == AIR_DOC_NULL;
	if (*isnull)
		;
	else if (type->kind == AIR_COLUMN_ARRAY)
		value = array_value(type, doc, node, path);
	else if (type->kind == AIR_COLUMN_ROW)
		value = row_value(type, doc, node, path);
	else
		value = InputFunctionCall(&type->input, input_text(type, doc, node), type->ioparam,
								  type->typmod);
	if (type->type != type->base)
		domain_check(value, *isnull, type->type, &type->domain, type->cxt);
	return value;
}
