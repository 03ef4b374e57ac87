/* What the wire families share: the exchange in work, its errors, its answer. */
#ifndef SBX_WIRE_H
#define SBX_WIRE_H

#include "http.h"

typedef enum sbx_family
{
	FAM_OPENAI,
	FAM_AZURE,
	FAM_ANTHROPIC,
	FAM_BEDROCK,
	FAM_GEMINI,
	FAM_OLLAMA,
	FAM_COHERE
} sbx_family;

typedef enum sbx_finish
{
	FINISH_STOP,
	FINISH_LENGTH,
	FINISH_FILTER,
	FINISH_REFUSAL,
	FINISH_UNKNOWN
} sbx_finish;

/* One request on its way through a family. */
typedef struct sbx_exchange
{
	sbx_conn *conn;
	const sbx_request *req;
	sbx_reply *rep;
	sbx_family family;
	bool compat;       /* third-party server of the OpenAI shape */
	const char *model; /* name as the request gave it, decoded */
	sbx_model *entry;
	cJSON *json;       /* the body */
	sbx_behaviour beh; /* what applies to this very request */
	unsigned long id;  /* unique number, for request ids */
} sbx_exchange;

typedef void (*sbx_handler)(sbx_exchange *x);

/* A chat request in plain terms, and the answer to it. */
typedef struct sbx_chat
{
	sbx_buf user;   /* text of the last user message */
	sbx_buf system; /* text of all system messages */
	size_t in_bytes;
	const cJSON *schema; /* a JSON document is wanted; NULL = text */
	bool any_json;       /* JSON without a schema */
	long max_tokens;     /* 0 = no cap */
	sbx_buf answer;
	sbx_finish finish;
	long in_tokens, out_tokens;
	long cached, think;
	bool logprobs; /* of the answer's tokens are asked for */
} sbx_chat;

/* chat.c */
void sbx_chat_text(sbx_chat *chat, const char *role, const char *text);
void sbx_chat_content(sbx_chat *chat, const char *role, const cJSON *content);
void sbx_chat_answer(sbx_exchange *x, sbx_chat *chat);
void sbx_chat_free(sbx_chat *chat);
const char *sbx_chat_reasoning(void);

/* logprobs.c */
typedef enum sbx_lp_form
{
	LP_FORM_OPENAI,
	LP_FORM_GEMINI,
	LP_FORM_COHERE
} sbx_lp_form;
void sbx_logprobs(const sbx_exchange *x, const sbx_chat *chat, sbx_lp_form which);

/* answer.c */
void sbx_answer_text(const char *system, const char *user, sbx_buf *out);
const char *sbx_answer_echo(const char *user);
bool sbx_answer_verdict(const char *system, const char *user);
size_t sbx_overlap(const char *needle, const char *text, size_t *words);
size_t sbx_word_next(const char **p, char *word, size_t cap);

/* schema.c */
void sbx_schema_document(const cJSON *schema, const sbx_chat *chat, sbx_buf *out);

/* vector.c */
void sbx_vector(const char *text, long dim, float *out);
void sbx_vector_json(sbx_buf *b, const float *v, long dim);
void sbx_vector_base64(sbx_buf *b, const float *v, long dim);

/* embed.c */
typedef struct sbx_embed
{
	const char **texts;
	size_t count;
	long dim;
	long tokens;
	size_t *order; /* of the answer: indexes into texts */
	size_t out;    /* how many vectors to answer */
	long out_dim;
	bool null_last; /* the last vector of the answer is null */
} sbx_embed;
bool sbx_embed_add(sbx_embed *e, const char *text);
void sbx_embed_plan(const sbx_exchange *x, sbx_embed *e, long dim);
void sbx_embed_vector(const sbx_embed *e, size_t i, bool base64, sbx_buf *b);
void sbx_embed_free(sbx_embed *e);

/* shape.c */
#define T_STR 1u
#define T_INT 2u
#define T_NUM 4u
#define T_BOOL 8u
#define T_OBJ 16u
#define T_ARR 32u /* elements follow `sub`, if given */
#define T_NULL 64u
#define T_STRS 128u /* array of strings */
#define T_ANY 256u
#define T_REQ 512u /* must be there */
typedef struct sbx_field
{
	const char *name;
	unsigned types;
	const struct sbx_field *sub;
} sbx_field;
bool sbx_shape(sbx_exchange *x, const cJSON *object, const sbx_field *fields, const char *at);
bool sbx_range(sbx_exchange *x, const cJSON *object, const char *name, double lo, double hi,
			   const char *at);
bool sbx_word(sbx_exchange *x, const cJSON *object, const char *name, const char *allowed,
			  const char *at);
bool sbx_strict_schema(sbx_exchange *x, const cJSON *schema, const char *at);
bool sbx_claude_schema(sbx_exchange *x, const cJSON *schema, const char *at);

/* error.c */
void sbx_error(sbx_exchange *x, int status, const char *code, const char *param, const char *fmt,
			   ...) __attribute__((format(printf, 5, 6)));
void sbx_refuse(sbx_exchange *x, int status, const char *code, const char *param, const char *fmt,
				...) __attribute__((format(printf, 5, 6)));
void sbx_request_id(sbx_exchange *x);

/* faults.c */
bool sbx_fault_answer(sbx_exchange *x);
void sbx_fault_hints(sbx_exchange *x);
void sbx_retry_delay(const sbx_behaviour *b, char *out, size_t cap);

/* auth.c and sigv4.c */
bool sbx_auth(sbx_exchange *x);
void sbx_sigv4_add_key(const char *spec);
extern bool sbx_check_skew;
const char *sbx_sigv4_check(const sbx_request *req, const char **code);

/* the families */
void sbx_openai_chat(sbx_exchange *x);
void sbx_openai_responses(sbx_exchange *x);
void sbx_openai_embed(sbx_exchange *x);
void sbx_anthropic(sbx_exchange *x);
void sbx_bedrock_converse(sbx_exchange *x);
void sbx_bedrock_invoke(sbx_exchange *x);
void sbx_gemini_generate(sbx_exchange *x);
void sbx_gemini_embed(sbx_exchange *x);
void sbx_gemini_batch_embed(sbx_exchange *x);
void sbx_ollama_chat(sbx_exchange *x);
void sbx_ollama_embed(sbx_exchange *x);
void sbx_cohere_chat(sbx_exchange *x);
void sbx_cohere_embed(sbx_exchange *x);
void sbx_cohere_rerank(sbx_exchange *x);

#endif
