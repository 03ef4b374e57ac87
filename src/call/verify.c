/*
 * verify.c
 *	  What the verifier of a cascade is asked about an answer, and what it says.
 *
 * It sees all the words that the answering model saw, and the answer as that model gave it,
 * both as data.  Images it does not see.
 */
#include "base/pg.h"

#include <ctype.h>
#include <math.h>

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "call/cascade.h"
#include "config/prompts.h"

/* Where the table has no such row any more. */
#define SYSTEM                                                                                     \
	"You check the work of another model. Say whether its answer is right. Answer with one word, " \
	"yes or no."
#define TEMPLATE "{input}\n{answer}\nIs this answer right? Answer yes or no."

/* Of an answer that the verifier sees. */
#define MAX_SHOWN_BYTES 65536

/* Instruction and messages as one text, UTF-8. */
static char *
question_of(const AirPrompt *prompt)
{
	StringInfoData s;

	initStringInfo(&s);
	if (prompt->system != NULL)
		appendStringInfo(&s, "%s\n\n", prompt->system);
	for (int i = 0; i < prompt->nmessages; i++)
	{
		const AirMessage *m = &prompt->messages[i];

		/* Only a conversation needs to be told who said what. */
		if (prompt->nmessages > 1)
			appendStringInfoString(&s, m->role == AIR_ASSISTANT ? "Model: " : "User: ");
		for (int j = 0; j < m->nparts; j++)
			if (m->parts[j].text != NULL)
				appendStringInfo(&s, "%s\n", m->parts[j].text);
	}
	return s.data;
}

AirPrompt *
air_verify_prompt(const AirCall *call)
{
	MemoryContext caller = MemoryContextSwitchTo(call->cxt);
	const AirPromptText *row = air_prompt_find(call->config, "verify");
	const char *raw = call->cascade->raw;
	AirPrompt *prompt = palloc0(sizeof(AirPrompt));
	AirMessage *message = palloc0(sizeof(AirMessage));
	AirPart *part = palloc0(sizeof(AirPart));
	AirPromptValue values[2];
	char *answer;

	answer = pnstrdup(raw, pg_encoding_mbcliplen(PG_UTF8, raw, strlen(raw), MAX_SHOWN_BYTES));
	/* Neither poses as the other. */
	values[0] = (AirPromptValue){
		"input", air_prompt_data("input", air_prompt_defuse("answer", question_of(&call->prompt)))};
	values[1] =
		(AirPromptValue){"answer", air_prompt_data("answer", air_prompt_defuse("input", answer))};
	part->text = air_prompt_fill(row != NULL ? air_to_utf8(row->template) : TEMPLATE, values, 2);
	message->role = AIR_USER;
	message->nparts = 1;
	message->parts = part;
	prompt->task = AIR_CHAT;
	prompt->temperature = prompt->top_p = NAN;
	prompt->nmessages = 1;
	prompt->messages = message;
	if (row == NULL)
		prompt->system = SYSTEM;
	else if (row->system != NULL)
		prompt->system = air_prompt_fill(air_to_utf8(row->system), values, 2);
	MemoryContextSwitchTo(caller);
	return prompt;
}

/* Bytes of a character at s that belongs to no word: blanks, digits, marks of ASCII and quotation
 * marks of UTF-8. */
static size_t
mark_length(const char *s)
{
	const unsigned char *u = (const unsigned char *) s;

	if (u[0] < 0x80)
		return u[0] != '\0' && !isalpha(u[0]) ? 1 : 0;
	if (u[0] == 0xc2 && u[1] != '\0') /* U+0080 to U+00BF */
		return 2;
	/* U+2000 to U+203F, U+3000 to U+303F */
	return (u[0] == 0xe2 || u[0] == 0xe3) && u[1] == 0x80 && u[2] != '\0' ? 3 : 0;
}

bool
air_verify_says_yes(const char *text)
{
	size_t len;

	/* Models put it in bold, in quotes, into a sentence that begins with it. */
	while ((len = mark_length(text)) > 0)
		text += len;
	return pg_strncasecmp(text, "yes", 3) == 0 && !isalpha((unsigned char) text[3]);
}
