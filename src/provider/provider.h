/*
 * provider.h
 *	  The contract between the engine and the codecs of the wire families.
 *
 * A codec turns a wire-neutral AirPrompt into an HTTP request and an HTTP reply
 * into an AirAnswer.  Codecs are pure: bytes in, bytes out, no I/O, no
 * ereport(), no global state, no clock (the time is an argument).  They
 * palloc in CurrentMemoryContext and compile outside the server (base/pg.h).
 * A new provider is one file and one line in codecs.c.
 *
 * All text is UTF-8 without NUL bytes; the engine converts at the border.
 */
#ifndef AIR_PROVIDER_H
#define AIR_PROVIDER_H

#include "base/pg.h"
#include "base/errors.h"
#include "base/task.h"
#include "config/secret.h"
#include "http/message.h"

typedef enum AirRole
{
	AIR_SYSTEM,
	AIR_USER,
	AIR_ASSISTANT
} AirRole;

/* A piece of a message: text, or an image as base64 data with its media type. */
typedef struct AirPart
{
	const char *text;       /* the text, NULL for an image */
	const char *media_type; /* image/png .., NULL for text */
	const char *data;       /* base64 without white space, NULL for text */
} AirPart;

typedef struct AirMessage
{
	AirRole role; /* AIR_SYSTEM never appears here: see AirPrompt.system */
	int nparts;
	AirPart *parts;
} AirMessage;

/* What is asked, in no provider's words.  A member that is "unset" is not sent. */
typedef struct AirPrompt
{
	AirTask task;
	const char *model; /* the provider's id of the model (or deployment) */

	/* chat */
	const char *system; /* NULL: none */
	int nmessages;
	const AirMessage *messages;
	int max_tokens;     /* always set, > 0 */
	double temperature; /* NaN: unset */
	double top_p;       /* NaN: unset */
	int64 seed;         /* valid if has_seed */
	bool has_seed;
	int nstop;
	const char *const *stop;
	const char *reasoning_effort; /* NULL: unset; none, minimal, low, medium, high, xhigh, max */
	const char *schema;           /* JSON Schema text for structured output, NULL: none */
	const char *schema_name;      /* [a-zA-Z0-9_-]{1,64}; NULL: "answer" */

	/* embed: inputs; rerank: query and inputs as the documents */
	int ninputs;
	const char *const *inputs;
	const char *query;
	int dimensions; /* 0: unset */

	bool logprobs; /* chat: say how probable the answer's tokens were, if the model can */

	/* JSON object text whose members are merged into the body last (models.params); NULL: none */
	const char *params;
} AirPrompt;

/* Where to send it: the server's options after defaults.  base_url has no trailing slash. */
typedef struct AirEndpoint
{
	const char *base_url; /* never NULL */
	const char *region;   /* or NULL */
	const char *api_version;
	const char *organization;
	const char *project;
	const char *max_tokens_field; /* NULL: the codec's choice */
} AirEndpoint;

typedef enum AirFinish
{
	AIR_FINISH_STOP,
	AIR_FINISH_LENGTH,
	AIR_FINISH_TOOL_CALLS,
	AIR_FINISH_CONTENT_FILTER,
	AIR_FINISH_ERROR,
	AIR_FINISH_PAUSED,
	AIR_FINISH_OTHER
} AirFinish;

/* Counts are disjoint as in providers' own sums: input includes cached and cache_write, output
 * includes reasoning.  -1: not reported. */
typedef struct AirUsage
{
	int64 input;
	int64 cached;
	int64 cache_write;
	int64 output;
	int64 reasoning;
} AirUsage;

/* What a 2xx reply said.  Memory: CurrentMemoryContext of parse. */
typedef struct AirAnswer
{
	char *text;    /* chat: the answer, NULL when the reply holds none */
	char *refusal; /* chat: the model's refusal text, or NULL */
	AirFinish finish;
	const char *finish_raw; /* as the provider spelt it, or NULL */
	AirUsage usage;
	const char *request_id; /* or NULL */
	const char *model;      /* the model that says it served, or NULL */

	double confidence; /* chat: probability of the answer's tokens together; NaN: not said */

	/* embed: nvectors rows of dim floats in input order; rerank: scores in input order */
	int nvectors;
	int dim;
	float *vectors;
	double *scores;
} AirAnswer;

/* What a server takes and gives in one embedding request. */
typedef struct AirEmbedLimits
{
	int inputs;  /* 0: cannot embed */
	int dim;     /* numbers of a vector of this model, where that is known; else 0 */
	bool base64; /* vectors come so, and not as text */
} AirEmbedLimits;

typedef struct AirCodec
{
	const char *api;              /* the server option's value */
	const char *default_base_url; /* may hold {region}; NULL: base_url must be given */
	const char *own_hosts;        /* blank-separated host patterns ('*' stands for one or more
								   * characters of [a-z0-9-]) that are this api's own */
	bool key_required;            /* at its own hosts a call without credential cannot work */
	bool sigv4;                   /* AIR_CRED_SIGV4 is understood */
	unsigned tasks;               /* bit (1 << AirTask) for what it can do */
	int max_embed_inputs;         /* inputs of one embedding request, 0: cannot embed */

	/* The same and more, where it depends on the host and the model; NULL: it does not. */
	AirEmbedLimits (*embed_limits)(const char *base_url, const char *model);

	/*
	 * Build the request.  now: Unix time, for signatures.  False with *err
	 * filled (AIR_ERR_REJECTED, AIR_REMEDY_NEXT) when this api cannot express
	 * the prompt (an image where none is possible, say).
	 */
	bool (*build)(const AirPrompt *prompt, const AirEndpoint *endpoint, const AirCredential *cred,
				  int64 now, AirHttpRequest *out, AirFailure *err);

	/*
	 * Read a 2xx reply into *out, which arrives zeroed with usage at -1.
	 * Must survive any bytes.  False with *err filled (AIR_ERR_BAD_ANSWER, ..)
	 * when the reply is malformed or carries an error inside a 200.  A reply
	 * that is well-formed but useless (no text, cut off, filtered) is true:
	 * air_answer_check() judges it for all families alike.
	 */
	bool (*parse)(const AirPrompt *prompt, const AirHttpReply *reply, AirAnswer *out,
				  AirFailure *err);
} AirCodec;

/* The codec of an api name, or NULL.  "fixture" has none: it answers without a wire. */
extern const AirCodec *air_codec(const char *api);

/* All api names that have a codec, in the order of the table; *n gets their number. */
extern const char *const *air_codec_names(int *n);

/*
 * The schema as the api's structured output takes it: limits that it cannot enforce are in the
 * descriptions, so what fits may not satisfy the schema, but not the other way round.  NULL
 * where nothing of the kind can be expressed (recursion, say): then it has to be asked for in
 * words.  The schema is valid (base/schema.h) and of an object.  schema_fit.c
 */
extern const char *air_schema_fit(const char *api, const char *schema);

/*
 * Classify a reply whose status is not 2xx, for every family: fills *err with
 * kind, remedy, message, code, retry_after (all header forms and Gemini's
 * RetryInfo; now is Unix time, for dates) and request_id.
 * providers.md 1.10, 1.11, 2.6, 3.5, 4.7, 6.4, 13.2.
 */
extern void air_reply_failure(const AirHttpReply *reply, int64 now, AirFailure *err);

/*
 * Judge a parsed answer: content filter and refusal (RT007), cut off (RT008),
 * error finish, no text where text was asked, vectors that are missing, not
 * finite, or of unequal number (RT006).  True: usable.
 */
extern bool air_answer_check(const AirPrompt *prompt, const AirAnswer *answer, AirFailure *err);

/* "stop", "length", .. for SQL; static.  And back: AIR_FINISH_OTHER for NULL and what is unknown.
 */
extern const char *air_finish_name(AirFinish finish);
extern AirFinish air_finish_of(const char *name);

#endif
