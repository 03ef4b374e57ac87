/*
 * shorthand.h
 *	  {"vendor": "text", "total": "numeric"}: a schema as one writes a table.
 *
 * What is a JSON Schema and what is shorthand is told apart by what it says, by rules
 * that leave no third case (doc/extract.md); where something would be both with
 * different meanings, it is refused.  Usable outside the server.
 */
#ifndef AIR_SHORTHAND_H
#define AIR_SHORTHAND_H

#include "base/schema.h"

/*
 * Append to *out the JSON Schema that a document means: itself if it is one.  *shorthand
 * tells which it is.  False with *err filled for a type that is none.
 */
extern bool air_shorthand(const AirDoc *doc, StringInfo out, bool *shorthand, AirSchemaError *err);

#endif
