/*
 * doors.c
 *	  The functions that make calls: the one place that lists them.
 */
#include "base/pg.h"

#include "sql/doors.h"

/* One on a line. */
/* clang-format off */
static const AirDoor *const doors[] = {
	&air_door_complete,
	&air_door_complete_array,
	&air_door_chat,
	&air_door_call_result,
	&air_door_classify,
	&air_door_classify_multi,
	&air_door_classify_detail,
	&air_door_sentiment,
	&air_door_filter,
	&air_door_filter_prompt,
	&air_door_filter_detail,
	&air_door_score,
	&air_door_score_detail,
	&air_door_summarize,
	&air_door_translate,
	&air_door_redact,
	&air_door_agg,
	&air_door_summarize_agg,
	&air_door_embed,
	&air_door_embed_array,
	&air_door_similarity,
	&air_door_rerank,
	&air_door_extract,
	&air_door_extract_as,
};
/* clang-format on */

void
air_doors_init(void)
{
	air_doors_register(doors, lengthof(doors));
}
