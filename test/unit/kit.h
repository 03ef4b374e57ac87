/*
 * kit.h
 *	  What the codec tests share: prompts, replies, and a count of cJSON's memory.
 */
#ifndef KIT_H
#define KIT_H

#include "provider/provider.h"

/* Noon of 2026-08-22, UTC: the date of the worked signatures. */
#define KIT_NOW INT64CONST(1787400000)

/* A prompt with one user message, max_tokens 64 and everything else unset. */
extern AirPrompt kit_chat(const char *model, const char *text);
extern AirPrompt kit_embed(const char *model, int n, const char *const *inputs);

/* One more part or message of a prompt made by kit_chat(). */
extern void kit_add_message(AirPrompt *prompt, AirRole role, const char *text);
extern void kit_add_image(AirPrompt *prompt, const char *media_type, const char *data);

extern AirEndpoint kit_endpoint(const char *base_url);
extern AirCredential kit_key(const char *key);
extern AirCredential kit_aws(const char *session_token);

/* What build or parse did. */
typedef struct Built
{
	bool ok;
	AirHttpRequest req;
	AirFailure err;
} Built;

typedef struct Parsed
{
	bool ok;
	AirAnswer answer;
	AirFailure err;
} Parsed;

/* Build with the api's codec at KIT_NOW. */
extern Built kit_build(const char *api, const AirPrompt *prompt, const AirEndpoint *endpoint,
					   const AirCredential *cred);

/* Build with default URL and the key "sk-test"; the body is what is of interest. */
extern const char *kit_body(const char *api, const AirPrompt *prompt);

/* The value of a request's header, or NULL. */
extern const char *kit_header(const AirHttpRequest *req, const char *name);

/* Parse a 200 with a body, and with one header (name may be NULL). */
extern Parsed kit_parse(const char *api, const AirPrompt *prompt, const char *body);
extern Parsed kit_parse_with(const char *api, const AirPrompt *prompt, const char *body,
							 const char *name, const char *value);

/* Classify a reply with up to two headers, NULL-terminated name and value pairs. */
extern AirFailure kit_failure(int status, const char *body, ...);

/*
 * cJSON's allocations: start counting with the nth to fail (0: none), and how
 * many blocks are not freed.  Codecs must leave none.
 */
extern void kit_json_watch(int fail_at);
extern int kit_json_live(void);
extern bool kit_json_failed(void);

#endif
