/*
 * column_type.c
 *	  Types of PostgreSQL as JSON Schema.  See column_type.h.
 */
#include "base/pg.h"

#include "access/htup_details.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/syscache.h"
#include "utils/typcache.h"

#include "sql/column_type.h"

static const char *
to_utf8(const char *s)
{
	return pg_server_to_any(s, strlen(s), PG_UTF8);
}

static AirColumnKind
kind_of(Oid type)
{
	switch (type)
	{
		case BOOLOID:
			return AIR_COLUMN_BOOLEAN;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			return AIR_COLUMN_INTEGER;
		case NUMERICOID:
		case FLOAT4OID:
		case FLOAT8OID:
			return AIR_COLUMN_NUMBER;
		case JSONOID:
		case JSONBOID:
			return AIR_COLUMN_JSON;
	}
	if (type_is_enum(type))
		return AIR_COLUMN_ENUM;
	if (type_is_rowtype(type))
		return AIR_COLUMN_ROW;
	if (OidIsValid(get_element_type(type)))
		return AIR_COLUMN_ARRAY;
	return AIR_COLUMN_TEXT;
}

/* NOT NULL of a domain or of one that it is over. */
static bool
domain_is_not_null(Oid type)
{
	for (;;)
	{
		HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
		Form_pg_type form;
		bool is_domain;
		bool not_null;

		if (!HeapTupleIsValid(tuple))
			elog(ERROR, "cache lookup failed for type %u", type);
		form = (Form_pg_type) GETSTRUCT(tuple);
		is_domain = form->typtype == TYPTYPE_DOMAIN;
		not_null = is_domain && form->typnotnull;
		type = form->typbasetype;
		ReleaseSysCache(tuple);
		if (!is_domain || not_null)
			return not_null;
	}
}

static void
look_at_columns(AirColumnType *type)
{
	TupleDesc desc = lookup_rowtype_tupdesc_copy(type->base, type->typmod);
	Oid relid = get_typ_typrelid(type->base);

	type->desc = BlessTupleDesc(desc);
	type->columns = palloc0(sizeof(AirColumn) * Max(desc->natts, 1));
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute att = TupleDescAttr(desc, i);
		AirColumn *column = &type->columns[i];

		/* What the table makes itself is not in the text. */
		if (att->attisdropped || att->attgenerated != '\0' || att->attidentity != '\0')
			continue;
		column->name = pstrdup(to_utf8(NameStr(att->attname)));
		column->type = air_column_type(att->atttypid, att->atttypmod);
		column->nullable = !att->attnotnull && !column->type->not_null;
		column->comment = GetComment(relid, RelationRelationId, i + 1);
	}
}

AirColumnType *
air_column_type(Oid oid, int32 typmod)
{
	AirColumnType *type = palloc0(sizeof(AirColumnType));
	Oid input;

	check_stack_depth();
	type->type = oid;
	type->typmod = typmod;
	type->base = getBaseTypeAndTypmod(oid, &type->typmod);
	type->not_null = domain_is_not_null(oid);
	type->kind = kind_of(type->base);
	type->cxt = CurrentMemoryContext;
	if (type->base == RECORDOID || (get_typtype(type->base) == TYPTYPE_PSEUDO))
		ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
						errmsg("ai_extract_as cannot make a value of type %s", format_type_be(oid)),
						errhint("Name a type that has columns: ai_extract_as(body, "
								"NULL::invoice).")));
	get_typlenbyvalalign(type->base, &type->typlen, &type->typbyval, &type->typalign);
	if (type->kind == AIR_COLUMN_ROW)
		look_at_columns(type);
	else if (type->kind == AIR_COLUMN_ARRAY)
		type->element = air_column_type(get_element_type(type->base), type->typmod);
	else
	{
		getTypeInputInfo(type->base, &input, &type->ioparam);
		fmgr_info(input, &type->input);
	}
	return type;
}

/* --- schemas --- */

static void
append_string(StringInfo out, const char *s)
{
	const char *utf8 = to_utf8(s);

	air_doc_quote(utf8, strlen(utf8), out);
}

static void
append_type(StringInfo out, const char *name, bool nullable)
{
	appendStringInfo(out, nullable ? "\"type\":[\"%s\",\"null\"]" : "\"type\":\"%s\"", name);
}

/* The range of a numeric(precision, scale). */
static void
append_range(StringInfo out, int32 typmod)
{
	int precision;
	int scale;
	StringInfoData most;

	if (typmod < (int32) VARHDRSZ)
		return;
	precision = ((typmod - VARHDRSZ) >> 16) & 0xffff;
	scale = (typmod - VARHDRSZ) & 0x7ff;
	if (scale > precision) /* also a negative one */
		return;
	initStringInfo(&most);
	for (int i = 0; i < precision - scale; i++)
		appendStringInfoChar(&most, '9');
	if (most.len == 0)
		appendStringInfoChar(&most, '0');
	for (int i = 0; i < scale; i++)
		appendStringInfoString(&most, i == 0 ? ".9" : "9");
	appendStringInfo(out, ",\"minimum\":-%s,\"maximum\":%s", most.data, most.data);
}

static void
append_text(const AirColumnType *type, bool nullable, StringInfo out)
{
	const char *format = NULL;

	append_type(out, "string", nullable);
	switch (type->base)
	{
		case DATEOID:
			format = "date";
			break;
		case TIMEOID:
		case TIMETZOID:
			format = "time";
			break;
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			format = "date-time";
			break;
		case UUIDOID:
			format = "uuid";
			break;
		case VARCHAROID:
		case BPCHAROID:
			if (type->typmod > (int32) VARHDRSZ)
				appendStringInfo(out, ",\"maxLength\":%d", type->typmod - VARHDRSZ);
			break;
	}
	if (format != NULL)
		appendStringInfo(out, ",\"format\":\"%s\"", format);
}

static void
append_labels(Oid type, StringInfo out)
{
	CatCList *list = SearchSysCacheList1(ENUMTYPOIDNAME, ObjectIdGetDatum(type));
	Form_pg_enum *labels = palloc(sizeof(Form_pg_enum) * Max(list->n_members, 1));

	/* In the order of the type; there are few. */
	for (int i = 0; i < list->n_members; i++)
	{
		Form_pg_enum label = (Form_pg_enum) GETSTRUCT(&list->members[i]->tuple);
		int at = i;

		for (; at > 0 && labels[at - 1]->enumsortorder > label->enumsortorder; at--)
			labels[at] = labels[at - 1];
		labels[at] = label;
	}
	appendStringInfoString(out, "\"enum\":[");
	for (int i = 0; i < list->n_members; i++)
	{
		if (i > 0)
			appendStringInfoChar(out, ',');
		append_string(out, NameStr(labels[i]->enumlabel));
	}
	appendStringInfoChar(out, ']');
	pfree(labels);
	ReleaseSysCacheList(list);
}

static void
append_row(const AirColumnType *type, bool nullable, StringInfo out)
{
	int n = 0;

	append_type(out, "object", nullable);
	appendStringInfoString(out, ",\"properties\":{");
	for (int i = 0; i < type->desc->natts; i++)
	{
		const AirColumn *column = &type->columns[i];

		if (column->type == NULL)
			continue;
		if (n++ > 0)
			appendStringInfoChar(out, ',');
		air_doc_quote(column->name, strlen(column->name), out);
		appendStringInfoChar(out, ':');
		air_column_schema(column->type, column->nullable, column->comment, out);
	}
	n = 0;
	appendStringInfoString(out, "},\"required\":[");
	for (int i = 0; i < type->desc->natts; i++)
	{
		if (type->columns[i].type == NULL)
			continue;
		if (n++ > 0)
			appendStringInfoChar(out, ',');
		air_doc_quote(type->columns[i].name, strlen(type->columns[i].name), out);
	}
	appendStringInfoString(out, "],\"additionalProperties\":false");
}

/* What a comment says, and how a type reads that has no word in JSON Schema. */
static void
append_description(const AirColumnType *type, const char *comment, StringInfo out)
{
	const char *form = NULL;

	if (type->kind == AIR_COLUMN_TEXT)
	{
		switch (type->base)
		{
			case TEXTOID:
			case VARCHAROID:
			case BPCHAROID:
			case NAMEOID:
			case CHAROID:
			case UUIDOID:
			case DATEOID:
			case TIMEOID:
			case TIMESTAMPTZOID:
				break;
			default:
				form = psprintf("as PostgreSQL writes %s",
								format_type_with_typemod(type->base, type->typmod));
		}
	}
	if (comment == NULL && form == NULL)
		return;
	appendStringInfoString(out, ",\"description\":");
	if (comment == NULL)
		append_string(out, form);
	else if (form == NULL)
		append_string(out, comment);
	else
		append_string(out, psprintf("%s (%s)", comment, form));
}

void
air_column_schema(const AirColumnType *type, bool nullable, const char *comment, StringInfo out)
{
	StringInfoData described;

	appendStringInfoChar(out, '{');
	switch (type->kind)
	{
		case AIR_COLUMN_TEXT:
			append_text(type, nullable, out);
			break;
		case AIR_COLUMN_NUMBER:
			append_type(out, "number", nullable);
			if (type->base == NUMERICOID)
				append_range(out, type->typmod);
			break;
		case AIR_COLUMN_INTEGER:
			append_type(out, "integer", nullable);
			if (type->base != INT8OID)
				appendStringInfo(out, ",\"minimum\":%d,\"maximum\":%d",
								 type->base == INT2OID ? PG_INT16_MIN : PG_INT32_MIN,
								 type->base == INT2OID ? PG_INT16_MAX : PG_INT32_MAX);
			break;
		case AIR_COLUMN_BOOLEAN:
			append_type(out, "boolean", nullable);
			break;
		case AIR_COLUMN_JSON:
			break;
		case AIR_COLUMN_ENUM:
			/* Not every provider takes null among the values. */
			appendStringInfoString(out, nullable ? "\"anyOf\":[{\"type\":\"string\","
												 : "\"type\":\"string\",");
			append_labels(type->base, out);
			if (nullable)
				appendStringInfoString(out, "},{\"type\":\"null\"}]");
			break;
		case AIR_COLUMN_ARRAY:
			append_type(out, "array", nullable);
			appendStringInfoString(out, ",\"items\":");
			air_column_schema(type->element, false, NULL, out);
			break;
		case AIR_COLUMN_ROW:
			append_row(type, nullable, out);
			break;
	}
	initStringInfo(&described);
	append_description(type, comment, &described);
	/* A json column has no other keyword to stand behind. */
	appendStringInfoString(out, described.data +
									(described.len > 0 && type->kind == AIR_COLUMN_JSON ? 1 : 0));
	pfree(described.data);
	appendStringInfoChar(out, '}');
}
