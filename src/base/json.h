/*
 * json.h
 *	  Foreign JSON to be read, and JSON of ours to be built, as nodes of cJSON.
 *
 * Usable outside the server.
 */
#ifndef AIR_JSON_H
#define AIR_JSON_H

#include "base/pg.h"
#include <cjson/cJSON.h>

/*
 * A document.  One that was parsed is for reading only, its nodes are palloc'ed and must not be
 * given to cJSON to change or delete.  One that is built is cJSON's own; in the server it
 * is tied to the CurrentMemoryContext of air_json_new_object() by a reset callback (registered
 * before cJSON allocates), so an ERROR cannot leak it.
 */
typedef struct AirJson
{
	cJSON *root;
	char *text;      /* of a parsed document: where its strings are; else NULL */
	bool incomplete; /* memory ran out while it was being built */
} AirJson;

/*
 * Parse len bytes (need not be terminated) into CurrentMemoryContext.  Of members of one name
 * the first counts; numbers are rounded to doubles.  NULL with half a sentence in *why,
 * "has text behind the JSON value, at character 12", for whatever air_doc_parse_foreign()
 * refuses: also invalid UTF-8, \u0000 in a string, lone surrogates.
 */
extern AirJson *air_json_parse(const char *text, size_t len, char **why);

/* Free a document before its memory context is; may be called twice. */
extern void air_json_free(AirJson *doc);

/*
 * A document to be built (request bodies), an empty object under the same
 * protection.  Memory that runs out on the way is remembered, so a builder
 * checks once, at air_json_print().
 */
extern AirJson *air_json_new_object(void);

/* Print compactly into palloc'ed memory, NULL when the tree is incomplete (out of memory). */
extern char *air_json_print(const AirJson *doc);

/*
 * Add to a document under construction.  parent is an object, or an array if
 * name is NULL; a NULL parent (the result of an addition that failed) is
 * allowed.  Strings are copied; raw is JSON text that is copied verbatim.
 * air_json_add() takes over item, NULL means that memory ran out.
 */
extern cJSON *air_json_add(AirJson *doc, cJSON *parent, const char *name, cJSON *item);
extern cJSON *air_json_add_object(AirJson *doc, cJSON *parent, const char *name);
extern cJSON *air_json_add_array(AirJson *doc, cJSON *parent, const char *name);
extern void air_json_add_str(AirJson *doc, cJSON *parent, const char *name, const char *value);
extern void air_json_add_num(AirJson *doc, cJSON *parent, const char *name, double value);
extern void air_json_add_bool(AirJson *doc, cJSON *parent, const char *name, bool value);
extern void air_json_add_raw(AirJson *doc, cJSON *parent, const char *name, const char *raw);

/*
 * Merge the members of patch into target: objects are merged member by member,
 * null removes the member, anything else replaces it.
 */
extern void air_json_merge(AirJson *doc, cJSON *target, const cJSON *patch);

/*
 * Typed member access; never fail: a missing member or one of another type
 * gives NULL or the default.  path is dotted ("usage.prompt_tokens"), a
 * number is an array index ("choices.0.message").  Strings point into the
 * document.
 */
extern const cJSON *air_json_at(const cJSON *node, const char *path);
extern const char *air_json_str(const cJSON *node, const char *path);
extern int64 air_json_int(const cJSON *node, const char *path, int64 dflt);
extern double air_json_num(const cJSON *node, const char *path, double dflt);

#endif
