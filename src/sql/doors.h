/*
 * doors.h
 *	  Every door that src/sql/ has, for the list of them in doors.c.
 */
#ifndef AIR_DOORS_H
#define AIR_DOORS_H

#include "batch/door.h"

extern const AirDoor air_door_complete;        /* complete.c */
extern const AirDoor air_door_complete_array;  /* complete.c */
extern const AirDoor air_door_chat;            /* chat.c */
extern const AirDoor air_door_call_result;     /* result.c */
extern const AirDoor air_door_classify;        /* classify.c */
extern const AirDoor air_door_classify_multi;  /* classify.c */
extern const AirDoor air_door_classify_detail; /* classify.c */
extern const AirDoor air_door_sentiment;       /* classify.c */
extern const AirDoor air_door_filter;          /* filter.c */
extern const AirDoor air_door_filter_prompt;   /* filter.c */
extern const AirDoor air_door_filter_detail;   /* filter.c */
extern const AirDoor air_door_score;           /* filter.c */
extern const AirDoor air_door_score_detail;    /* filter.c */
extern const AirDoor air_door_summarize;       /* wrappers.c */
extern const AirDoor air_door_translate;       /* wrappers.c */
extern const AirDoor air_door_redact;          /* wrappers.c */
extern const AirDoor air_door_agg;             /* parcel.c */
extern const AirDoor air_door_summarize_agg;   /* parcel.c */
extern const AirDoor air_door_embed;           /* embed.c */
extern const AirDoor air_door_embed_array;     /* embed.c */
extern const AirDoor air_door_similarity;      /* embed.c */
extern const AirDoor air_door_rerank;          /* rerank.c */
extern const AirDoor air_door_extract;         /* extract.c */
extern const AirDoor air_door_extract_as;      /* extract_as.c */

/* Make them known.  From _PG_init. */
extern void air_doors_init(void);

#endif
