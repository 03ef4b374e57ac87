/* The part of a chat that all families have in common: gather the messages, make the answer. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define HUGE_BYTES (64L << 20)

/* Adds a message; the last one of the user is the prompt, all of the system set the mode. */
void
sbx_chat_text(sbx_chat *chat, const char *role, const char *text)
{
	chat->in_bytes += strlen(text);
	if (strcmp(role, "system") == 0 || strcmp(role, "developer") == 0)
	{
		if (chat->system.len > 0)
			sbx_buf_puts(&chat->system, "\n");
		sbx_buf_puts(&chat->system, text);
	}
	else if (strcmp(role, "user") == 0)
		sbx_buf_puts(&chat->user, text);
}

/* Adds a message whose content is a string or an array of parts with a member `text`. */
void
sbx_chat_content(sbx_chat *chat, const char *role, const cJSON *content)
{
	const cJSON *part;

	if (strcmp(role, "user") == 0)
		sbx_buf_clear(&chat->user);
	if (cJSON_IsString(content))
		sbx_chat_text(chat, role, content->valuestring);
	else if (cJSON_IsArray(content))
		cJSON_ArrayForEach (part, content)
		{
			const cJSON *text = cJSON_GetObjectItemCaseSensitive(part, "text");

			if (cJSON_IsString(text))
				sbx_chat_text(chat, role, text->valuestring);
		}
}

/* The text of the reasoning block that goes with reported reasoning tokens. */
const char *
sbx_chat_reasoning(void)
{
	return "Thinking it over in the sandbox.";
}

/* Cuts the answer to the cap, never inside a UTF-8 character. */
static void
cap(sbx_chat *chat, long tokens)
{
	size_t n = (size_t) tokens * 4;

	if (chat->answer.len <= n)
		return;
	while (n > 0 && ((unsigned char) chat->answer.p[n] & 0xC0) == 0x80)
		n--;
	chat->answer.len = n;
	chat->answer.p[n] = '\0';
	chat->finish = FINISH_LENGTH;
}

static void
spoil(const sbx_exchange *x, sbx_chat *chat)
{
	sbx_buf *a = &chat->answer;
	size_t n;

	switch (x->beh.fault)
	{
		case FAULT_HUGE:
			n = (size_t) (x->beh.size > 0 ? x->beh.size : HUGE_BYTES);
			sbx_buf_clear(a);
			sbx_buf_reserve(a, n);
			memset(a->p, 'x', n);
			a->len = n;
			a->p[n] = '\0';
			break;
		case FAULT_BADUTF8:
			sbx_buf_add(a, " \xff\xfe\xc3(\xe2\x82", 7);
			break;
		case FAULT_NUL:
			sbx_buf_add(a, " a\0b", 4);
			break;
		case FAULT_LENGTH:
			a->len /= 2;
			a->p[a->len] = '\0';
			chat->finish = FINISH_LENGTH;
			break;
		case FAULT_FILTER:
			chat->finish = FINISH_FILTER;
			break;
		case FAULT_REFUSAL:
			chat->finish = FINISH_REFUSAL;
			sbx_buf_clear(a);
			sbx_buf_puts(a, "I cannot help with that.");
			break;
		case FAULT_UNKNOWNFINISH:
			chat->finish = FINISH_UNKNOWN;
			break;
		case FAULT_BADSCHEMA:
			sbx_buf_clear(a);
			sbx_buf_puts(a, "{\"unexpected\":[1,2]}");
			break;
		default:
			break;
	}
}

/* Text between a line <input> and the last line </input> is the prompt; what is around it is not.
 */
static void
unwrap(sbx_buf *user)
{
	static const char open[] = "<input>\n", close[] = "\n</input>";
	char *start = strstr(user->p, open);
	char *end = NULL;

	if (start == NULL || (start > user->p && start[-1] != '\n'))
		return;
	start += strlen(open);
	for (char *at = start - 1; (at = strstr(at, close)) != NULL; at++)
		if (at[strlen(close)] == '\n' || at[strlen(close)] == '\0')
			end = at;
	if (end == NULL || end < start)
		return;
	user->len = (size_t) (end - start);
	memmove(user->p, start, user->len);
	user->p[user->len] = '\0';
}

/* Fills in answer, finish and token counts. */
void
sbx_chat_answer(sbx_exchange *x, sbx_chat *chat)
{
	sbx_buf_puts(&chat->user, "");
	sbx_buf_puts(&chat->system, "");
	sbx_buf_puts(&chat->answer, "");
	unwrap(&chat->user);
	chat->finish = FINISH_STOP;
	if (sbx_answer_echo(chat->user.p) == NULL && (chat->schema != NULL || chat->any_json))
		sbx_schema_document(chat->schema, chat, &chat->answer);
	else
		sbx_answer_text(chat->system.p, chat->user.p, &chat->answer);
	if (chat->max_tokens > 0)
		cap(chat, chat->max_tokens);
	spoil(x, chat);
	chat->in_tokens = (long) (chat->in_bytes + 3) / 4;
	chat->cached = x->beh.cached < chat->in_tokens ? x->beh.cached : chat->in_tokens;
	chat->think = x->beh.think;
	chat->out_tokens = (long) (chat->answer.len + 3) / 4 + chat->think;
}

/* Frees what the chat holds. */
void
sbx_chat_free(sbx_chat *chat)
{
	sbx_buf_free(&chat->user);
	sbx_buf_free(&chat->system);
	sbx_buf_free(&chat->answer);
}
