/*
 * judge.c
 *	  What a front door demands of an answer, and the one chance to mend it.
 *
 * An answer that does not pass is shown to the model together with what is wrong; what
 * comes then passes or fails the call.  The provider did its work both times: that is
 * paid for, and says nothing against its health.
 */
#include "base/pg.h"

#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "call/internal.h"
#include "config/prompts.h"

/* Of a bad answer that the model sees again: enough to see what it did. */
#define MAX_SHOWN_BYTES 16384

/* Where the table has no such row any more. */
#define REPAIR "This answer cannot be used: {problem}. Answer once more."

/*
 * Judge a chat's answer, in the row's own words.  True: answer->text is what is kept and given.
 * False: *err says what is wrong.  Memory: CurrentMemoryContext, the call's.  Never raises.
 */
bool
air_judge(const AirCall *call, AirAnswer *answer, AirFailure *err)
{
	const AirCheck *check = call->spec.check;
	char *canonical = NULL;
	const char *problem = NULL;

	if (call->spec.input != NULL)
		answer->text = air_prompt_undo("input", call->spec.input, answer->text);
	if (check == NULL)
		return true;
	if (check->judge(call->spec.check_arg, answer->text, answer->confidence, &canonical, &problem))
	{
		answer->text = canonical;
		return true;
	}
	return air_fail(err, AIR_ERR_BAD_ANSWER, AIR_REMEDY_NONE, "%s", problem);
}

static AirMessage
message_of(AirRole role, const char *text)
{
	AirMessage message = {.role = role, .nparts = 1, .parts = palloc0(sizeof(AirPart))};

	message.parts[0].text = text;
	return message;
}

/*
 * Add a refused answer and what is wrong with it to the conversation.  False: that has been
 * done before.  Memory: the call's.
 */
bool
air_judge_ask_again(AirCall *call, const char *text, const char *problem)
{
	const AirPromptText *repair = air_prompt_find(call->config, "repair");
	AirPromptValue value = {"problem", problem};
	AirPrompt *prompt = &call->prompt;
	MemoryContext caller;
	AirMessage *messages;

	if (call->repaired)
		return false;
	call->repaired = true;
	caller = MemoryContextSwitchTo(call->cxt);
	messages = palloc(sizeof(AirMessage) * (prompt->nmessages + 2));
	memcpy(messages, prompt->messages, sizeof(AirMessage) * prompt->nmessages);
	messages[prompt->nmessages] = message_of(
		AIR_ASSISTANT,
		pnstrdup(text, pg_encoding_mbcliplen(PG_UTF8, text, strlen(text), MAX_SHOWN_BYTES)));
	messages[prompt->nmessages + 1] = message_of(
		AIR_USER,
		air_prompt_fill(repair != NULL ? air_to_utf8(repair->template) : REPAIR, &value, 1));
	prompt->messages = messages;
	prompt->nmessages += 2;
	MemoryContextSwitchTo(caller);
	return true;
}
