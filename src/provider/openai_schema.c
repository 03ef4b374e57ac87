/*
 * openai_schema.c
 *	  Structured output for the OpenAI families.
 *
 * Strict mode guarantees the schema but refuses most schemas that people
 * write; without it the schema is only advice.  We look before we ask, so that
 * an ordinary schema is not an error 400.  Our caller checks answers itself.
 */
#include "base/pg.h"

#include "provider/openai_shape.h"

/* True if every property of an object schema is named in its "required". */
static bool
all_required(const cJSON *properties, const cJSON *required)
{
	const cJSON *property;

	cJSON_ArrayForEach (property, properties)
	{
		const cJSON *name;
		bool found = false;

		cJSON_ArrayForEach (name, required)
		{
			if (cJSON_IsString(name) && strcmp(name->valuestring, property->string) == 0)
				found = true;
		}
		if (!found)
			return false;
	}
	return true;
}

/* True if every object schema in the tree is closed and has no optional property. */
static bool
is_strict(const cJSON *schema)
{
	const cJSON *properties = air_json_at(schema, "properties");
	const char *type = air_json_str(schema, "type");
	const cJSON *child;

	if (cJSON_IsObject(properties) || (type != NULL && strcmp(type, "object") == 0))
	{
		if (!cJSON_IsFalse(air_json_at(schema, "additionalProperties")) ||
			!all_required(properties, air_json_at(schema, "required")))
			return false;
	}
	/* Also looks into enum and default values: at worst a strict schema is called lax. */
	cJSON_ArrayForEach (child, schema)
	{
		if (!is_strict(child))
			return false;
	}
	return true;
}

/* See openai_shape.h. */
void
air_openai_add_schema(AirJson *doc, cJSON *object, const AirPrompt *prompt)
{
	const char *why;
	AirJson *schema = air_json_parse(prompt->schema, strlen(prompt->schema), &why);
	const char *type;
	bool strict;

	type = schema != NULL ? air_json_str(schema->root, "type") : NULL;
	strict = type != NULL && strcmp(type, "object") == 0 && is_strict(schema->root);
	if (schema != NULL)
		air_json_free(schema);

	air_json_add_str(doc, object, "name",
					 prompt->schema_name != NULL ? prompt->schema_name : "answer");
	air_json_add_bool(doc, object, "strict", strict);
	air_json_add_raw(doc, object, "schema", prompt->schema);
}
