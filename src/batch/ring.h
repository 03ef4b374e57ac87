/*
 * ring.h
 *	  Rows that a stage has read and not given yet, in their order.
 *
 * A row's tuple is in its seat's context, or in the ring's own where no call was begun for
 * it.  All memory is below the context that the ring was begun in.
 */
#ifndef AIR_RING_H
#define AIR_RING_H

#include "executor/tuptable.h"

#include "batch/seat.h"

typedef struct AirRow
{
	MinimalTuple tuple; /* NULL: not copied, it is still in the child's slot */
	AirSeat *seat;      /* NULL: no call was begun */
	size_t bytes;
} AirRow;

typedef struct AirRing
{
	MemoryContext cxt;
	MemoryContext tuples; /* of rows without a seat */
	AirSeat *vacant;
	int ncalls;
	const AirBatchCall *calls;
	int size; /* a power of two */
	int first;
	int n;
	AirRow *rows;
	size_t bytes; /* of the rows in it */
	int held;     /* calls of the rows in it */
} AirRing;

/* An empty ring of rows with these calls, in CurrentMemoryContext. */
extern void air_ring_init(AirRing *ring, const AirBatchCall *calls, int ncalls);

/* A seat that nobody sits on. */
extern AirSeat *air_ring_seat(AirRing *ring);

/* Leave a seat: what is in its context goes. */
extern void air_ring_vacate(AirRing *ring, AirSeat *seat);

/* Copy a row behind the others; seat: of its calls, NULL if there are none. */
extern void air_ring_push(AirRing *ring, TupleTableSlot *slot, AirSeat *seat);

/* The first row; there must be one. */
static inline AirRow *
air_ring_head(AirRing *ring)
{
	return &ring->rows[ring->first];
}

/* Take the first row out: the caller lets go of it. */
extern AirRow air_ring_pop(AirRing *ring);

/* Give back what a row that is in no ring holds. */
extern void air_ring_let_go(AirRing *ring, AirRow *row);

/* Let go of all rows.  Their calls must have been freed. */
extern void air_ring_clear(AirRing *ring);

#endif
