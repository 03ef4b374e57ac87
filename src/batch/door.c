/*
 * door.c
 *	  Calling a door plainly, and finding one.
 */
#include "base/pg.h"

#include "batch/door.h"

static const AirDoor *const *all = NULL;
static int nall = 0;

void
air_doors_register(const AirDoor *const *doors, int n)
{
	all = doors;
	nall = n;
}

const AirDoor *
air_door_find(const char *symbol)
{
	for (int i = 0; i < nall; i++)
		if (strcmp(all[i]->symbol, symbol) == 0)
			return all[i];
	return NULL;
}

Datum
air_door_call(const AirDoor *door, FunctionCallInfo fcinfo)
{
	AirFlow *flow = air_flow_begin();
	AirWork *work = door->begin(flow, fcinfo);
	Datum value = (Datum) 0;

	fcinfo->isnull = work == NULL;
	if (work != NULL)
		value = door->finish(work, fcinfo, &fcinfo->isnull);
	air_flow_end(flow);
	return value;
}
