/*
 * pg.h
 *	  The first include of every file: PostgreSQL's base header.
 *
 * Codecs, JSON, text and hashing are pure and are also compiled outside the
 * server (unit tests, fuzzing) with -DFRONTEND; there palloc() comes from
 * libpgcommon.  Such files must use neither ereport() nor memory contexts.
 */
#ifndef AIR_PG_H
#define AIR_PG_H

#ifdef FRONTEND
#include "postgres_fe.h"
#else
#include "postgres.h"
#endif

/* PostgreSQL 18 has a word in front of the declaration instead of one behind it. */
#ifndef pg_noreturn
#define pg_noreturn pg_attribute_noreturn()
#endif

#endif
