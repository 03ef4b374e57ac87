/*
 * doors.h
 *	  Every door that src/sql/ has, for the list of them in doors.c.
 */
#ifndef AIR_DOORS_H
#define AIR_DOORS_H

#include "batch/door.h"

extern const AirDoor air_door_complete;       /* complete.c */
extern const AirDoor air_door_complete_array; /* complete.c */
extern const AirDoor air_door_chat;           /* chat.c */
extern const AirDoor air_door_call_result;    /* result.c */
extern const AirDoor air_door_extract;        /* extract.c */
extern const AirDoor air_door_extract_as;     /* extract_as.c */

/* Make them known.  From _PG_init. */
extern void air_doors_init(void);

#endif
