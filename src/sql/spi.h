/*
 * spi.h
 *	  Statements of our own in a caller's session.
 */
#ifndef AIR_SQL_SPI_H
#define AIR_SQL_SPI_H

#include "base/pg.h"

typedef struct AirSpi
{
	int settings; /* nesting level */
} AirSpi;

/*
 * Connect to SPI with a search_path that nobody else decides: what stands in our statements
 * means what it says.  An ERROR in between undoes both.
 */
extern AirSpi air_spi_begin(void);
extern void air_spi_end(AirSpi spi);

#endif
