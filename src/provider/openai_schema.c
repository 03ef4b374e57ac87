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

/* See openai_shape.h. */
void
air_openai_add_schema(AirJson *doc, cJSON *object, const AirPrompt *prompt)
{
	air_json_add_str(doc, object, "name",
					 prompt->schema_name != NULL ? prompt->schema_name : "answer");
	air_json_add_bool(doc, object, "strict", air_openai_is_strict(prompt->schema));
	air_json_add_raw(doc, object, "schema", prompt->schema);
}
