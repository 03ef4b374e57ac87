/*
 * spi.c
 *	  Statements of our own in a caller's session.
 */
#include "base/pg.h"

#include "executor/spi.h"
#include "utils/guc.h"

#include "sql/spi.h"

AirSpi
air_spi_begin(void)
{
	AirSpi spi = {.settings = NewGUCNestLevel()};

	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	return spi;
}

void
air_spi_end(AirSpi spi)
{
	SPI_finish();
	AtEOXact_GUC(true, spi.settings);
}
