/*
 * common.h
 *	  What the codecs share: building requests and reading replies.
 *
 * Private to src/provider.  Memory is CurrentMemoryContext's throughout.
 */
#ifndef AIR_PROVIDER_COMMON_H
#define AIR_PROVIDER_COMMON_H

#include "base/json.h"
#include "provider/provider.h"

/* --- building (common.c) --- */

/* Begin a request: the URL and the content type. */
extern void air_request_start(AirHttpRequest *out, const char *url);

/*
 * Merge params (JSON object text or NULL) into the document, print it as the
 * body and free it, on failure too.
 */
extern bool
air_request_body(AirHttpRequest *out, AirJson *doc, const char *params, AirFailure *err);

/* Parse params into *patch (NULL if params is NULL); fails when it is no JSON object. */
extern bool air_params(const char *params, AirJson **patch, AirFailure *err);

/* Put an API key into a header behind prefix; without a key there is nothing to do. */
extern bool air_request_key(AirHttpRequest *out, const AirCredential *cred, const char *name,
							const char *prefix, AirFailure *err);

/* As "Authorization: Bearer <key>". */
extern bool air_request_bearer(AirHttpRequest *out, const AirCredential *cred, AirFailure *err);

/* Add a header that an endpoint option sets; a NULL value is allowed and adds nothing. */
extern bool
air_request_option(AirHttpRequest *out, const char *name, const char *value, AirFailure *err);

/* Fail because an api cannot express the prompt: 'api "x" has no <what>'.  Always false. */
extern bool air_unsupported(AirFailure *err, const char *api, const char *what);

/* "host" or "host:port" of a URL, lower case, without the scheme's default port. */
extern char *air_url_authority(const char *url);

/* True if the URL's host is host or ends in ".host". */
extern bool air_url_at(const char *url, const char *host);

/* True if the message is a single text part, the form that is sent as a plain string. */
extern bool air_message_is_text(const AirMessage *message);

/* All texts of a message, joined by line breaks. */
extern char *air_message_text(const AirMessage *message);

/* "data:<media type>;base64,<data>" of an image part. */
extern char *air_data_url(const AirPart *part);

/* True if an effort asks for as little reasoning as there is: none or minimal. */
extern bool air_effort_is_least(const char *effort);

/* Add an array of strings. */
extern void
air_add_strings(AirJson *doc, cJSON *parent, const char *name, const char *const *strings, int n);

/* Add temperature and top_p under the given names, each only if it is set. */
extern void air_add_sampling(AirJson *doc, cJSON *parent, const AirPrompt *prompt,
							 const char *temperature, const char *top_p);

/* Add the seed under the given name, if it is set. */
extern void air_add_seed(AirJson *doc, cJSON *parent, const AirPrompt *prompt, const char *name);

/* Add "messages" in OpenAI's form, the system prompt as the first of them. */
extern void air_add_messages(AirJson *doc, cJSON *body, const AirPrompt *prompt);

/* --- reading (reply.c) --- */

/* Reads the family's members of a parsed 2xx body; as AirCodec.parse otherwise. */
typedef bool (*AirReader)(const AirPrompt *prompt, const cJSON *root, AirAnswer *out,
						  AirFailure *err);

/*
 * The frame of every parse function: parse the body, fail on an error inside
 * it, call reader, make the usage plausible, fill request_id.
 */
extern bool air_read_reply(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out,
						   AirFailure *err, AirReader reader);

/* Fail with a malformed reply (which may have been billed).  Always false. */
extern bool air_malformed(AirFailure *err, const char *what);

/* The provider's request id, from a header or the body (root may be NULL), or NULL. */
extern const char *air_request_id(const AirHttpReply *reply, const cJSON *root);

/* A copy of a foreign name for display: printable and short.  NULL gives NULL. */
extern char *air_copy_name(const char *name);

/*
 * Blank, in place, what a terminal or a reader of a log would obey: controls
 * (also those of U+0080 to U+009F), separators of lines, marks of direction.
 */
extern void air_blank_controls(char *s, size_t len);

/*
 * The text of an answer: a string, or an array of parts of which the text parts
 * are joined (reasoning is left out).  NULL if there is none.
 */
extern char *air_join_text(const cJSON *content);

/* How a provider spells a finish reason. */
typedef struct AirFinishName
{
	const char *raw;
	AirFinish finish;
} AirFinishName;

/* Set finish and finish_raw by a table; raw may be NULL, a name not in the table is OTHER. */
extern void air_set_finish(AirAnswer *out, const char *raw, const AirFinishName *names, int n);

/* A count that a provider reports, -1 if it is negative or absurd. */
extern int64 air_plausible_count(double count);

/* The token count at a path, -1 also if it is missing or no number. */
extern int64 air_count(const cJSON *node, const char *path);

/* a + b where -1 stands for not reported; -1 only if both are. */
extern int64 air_count_sum(int64 a, int64 b);

/* --- log probabilities (logprobs.c) --- */

/*
 * The probability of an answer: the product over those of tokens (an array of
 * objects) that make up its text.  text and logprob name the members of a token;
 * logprob may hold a number or an array of them.  NaN if the tokens do not spell
 * the answer, or a number is missing or no log probability.  Never fails.
 */
extern double
air_confidence(const cJSON *tokens, const char *text, const char *logprob, const char *answer);

/* --- embeddings (embed_parse.c) --- */

/* The row that an item names in "index", -1 unless it is a whole number from 0 to n - 1. */
extern int air_item_row(const cJSON *item, int n);

/*
 * Read an array of vectors in input order: each item is an array of numbers, a
 * base64 string of little-endian float32, or an object that holds one of them
 * under member.  With indexed, objects say their place in "index", all of them
 * or none.  Fails when their number is not prompt->ninputs, a place is missing
 * or taken twice, or the dimensions differ.
 */
extern bool air_read_vectors(const AirPrompt *prompt, const cJSON *items, const char *member,
							 bool indexed, AirAnswer *out, AirFailure *err);

/* Read the only vector of a reply to a single input. */
extern bool
air_read_vector(const AirPrompt *prompt, const cJSON *vector, AirAnswer *out, AirFailure *err);

#endif
