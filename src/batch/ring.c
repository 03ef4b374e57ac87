/*
 * ring.c
 *	  Rows that a stage has read and not given yet, in their order.
 */
#include "base/pg.h"

#include "utils/memutils.h"

#include "batch/ring.h"

#define FIRST_SIZE 64

void
air_ring_init(AirRing *ring, const AirBatchCall *calls, int ncalls)
{
	memset(ring, 0, sizeof(*ring));
	ring->cxt = CurrentMemoryContext;
	ring->tuples =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router rows", ALLOCSET_DEFAULT_SIZES);
	ring->calls = calls;
	ring->ncalls = ncalls;
	ring->size = FIRST_SIZE;
	ring->rows = palloc(sizeof(AirRow) * ring->size);
}

AirSeat *
air_ring_seat(AirRing *ring)
{
	AirSeat *seat = ring->vacant;

	if (seat == NULL)
		return air_seat_make(ring->cxt, ring->calls, ring->ncalls);
	ring->vacant = seat->next;
	return seat;
}

void
air_ring_vacate(AirRing *ring, AirSeat *seat)
{
	MemoryContextReset(seat->cxt);
	seat->next = ring->vacant;
	ring->vacant = seat;
}

/* Double the ring: its rows move to the front. */
static void
grow(AirRing *ring)
{
	AirRow *rows = MemoryContextAllocHuge(ring->cxt, sizeof(AirRow) * 2 * ring->size);

	for (int i = 0; i < ring->n; i++)
		rows[i] = ring->rows[(ring->first + i) & (ring->size - 1)];
	pfree(ring->rows);
	ring->rows = rows;
	ring->size *= 2;
	ring->first = 0;
}

void
air_ring_push(AirRing *ring, TupleTableSlot *slot, AirSeat *seat)
{
	MemoryContext caller = MemoryContextSwitchTo(seat ? seat->cxt : ring->tuples);
	AirRow row = {.tuple = ExecCopySlotMinimalTuple(slot), .seat = seat};

	MemoryContextSwitchTo(caller);
	row.bytes = sizeof(AirRow) + (seat ? MemoryContextMemAllocated(seat->cxt, false)
									   : row.tuple->t_len + MAXIMUM_ALIGNOF);
	if (ring->n == ring->size)
		grow(ring);
	ring->rows[(ring->first + ring->n) & (ring->size - 1)] = row;
	ring->n++;
	ring->bytes += row.bytes;
	ring->held += seat ? seat->held : 0;
}

AirRow
air_ring_pop(AirRing *ring)
{
	AirRow row = *air_ring_head(ring);

	ring->first = (ring->first + 1) & (ring->size - 1);
	ring->n--;
	ring->bytes -= row.bytes;
	ring->held -= row.seat ? row.seat->held : 0;
	return row;
}

void
air_ring_let_go(AirRing *ring, AirRow *row)
{
	if (row->seat != NULL)
		air_ring_vacate(ring, row->seat);
	else if (row->tuple != NULL)
		pfree(row->tuple);
	row->seat = NULL;
	row->tuple = NULL;
}

void
air_ring_clear(AirRing *ring)
{
	while (ring->n > 0)
	{
		AirRow row = air_ring_pop(ring);

		air_ring_let_go(ring, &row);
	}
	ring->first = 0;
}
