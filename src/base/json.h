/*
 * json.h
 *	  Careful reading of foreign JSON on top of cJSON.
 *
 * cJSON cuts strings at \u0000, accepts invalid UTF-8 and rounds integers above
 * 2^53; this layer refuses the first two before parsing and lets callers embed
 * raw JSON text where numbers must survive.  Usable outside the server.
 */
#ifndef AIR_JSON_H
#define AIR_JSON_H

#include "base/pg.h"
#include <cjson/cJSON.h>

/*
 * A parsed document.  In the server it is tied to CurrentMemoryContext at parse
 * time by a reset callback (registered before cJSON allocates), so an ERROR
 * cannot leak it; air_json_free() frees it early and may be called twice.
 */
typedef struct AirJson
{
	cJSON *root;
	bool incomplete; /* memory ran out while it was being built */
} AirJson;

/*
 * Parse len bytes (need not be terminated).  Refuses, with a static reason in
 * *why: invalid UTF-8, \u0000 inside a string, nesting deeper than 1000, lone
 * surrogates, anything but white space behind the value, empty input, 1 GB or
 * more.  Returns NULL on refusal.
 */
extern AirJson *air_json_parse(const char *text, size_t len, const char **why);
extern void air_json_free(AirJson *doc);

/* Done with a document: freed with its memory context; at once where there are no contexts. */
extern void air_json_leave(AirJson *doc);

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
