/*
 * doors.c
 *	  The functions that make calls: the one place that lists them.
 */
#include "base/pg.h"

#include "sql/doors.h"

static const AirDoor *const doors[] = {
	&air_door_complete,
	&air_door_complete_array,
	&air_door_chat,
	&air_door_call_result,
	&air_door_extract,
	&air_door_extract_as,
};

void
air_doors_init(void)
{
	air_doors_register(doors, lengthof(doors));
}
