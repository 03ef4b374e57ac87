/*
 * doors.c
 *	  The functions that make calls: the one place that lists them.
 */
#include "base/pg.h"

#include "sql/doors.h"

static const AirDoor *const doors[] = {
	&air_door_complete, &air_door_complete_array, &air_door_chat,       &air_door_call_result,
	&air_door_embed,    &air_door_embed_array,    &air_door_similarity, &air_door_rerank,
};

void
air_doors_init(void)
{
	air_doors_register(doors, lengthof(doors));
}
