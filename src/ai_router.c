/*
 * ai_router.c
 *	  Load the library: settings, apis, hooks, shared memory.  No logic here.
 */
#include "base/pg.h"

#include "fmgr.h"
#include "miscadmin.h"

#include "base/settings.h"
#include "batch/batch.h"
#include "batch/estimate.h"
#include "batch/explain.h"
#include "call/statement.h"
#include "config/api.h"
#include "config/registry.h"
#include "provider/provider.h"
#include "route/context.h"
#include "route/learned.h"
#include "shared/shared.h"
#include "sql/doors.h"
#include "worker/writer.h"

PG_MODULE_MAGIC;

/* Tell the option tables what each codec's api needs; "fixture" has no codec. */
static void
register_apis(void)
{
	AirApi fixture = {.name = "fixture",
					  .offline = true,
					  .tasks = (1u << AIR_CHAT) | (1u << AIR_EMBED) | (1u << AIR_RERANK)};
	int n;
	const char *const *names = air_codec_names(&n);

	for (int i = 0; i < n; i++)
	{
		const AirCodec *codec = air_codec(names[i]);
		AirApi api = {.name = codec->api,
					  .default_base_url = codec->default_base_url,
					  .own_hosts = codec->own_hosts,
					  .key_required = codec->key_required,
					  .sigv4 = codec->sigv4,
					  .tasks = codec->tasks};

		air_api_register(&api);
	}
	air_api_register(&fixture);
}

void _PG_init(void);

/* Called once per process that loads the library: in the postmaster with shared_preload_libraries.
 */
void
_PG_init(void)
{
	air_settings_init();
	register_apis();
	air_condition_keys_hook = air_condition_keys;
	air_predictor_open_hook = air_learned_open;
	air_statement_init();
	air_doors_init();
	air_batch_init();
	air_estimate_init();
	air_explain_init();
	if (process_shared_preload_libraries_in_progress)
	{
		air_shared_init();
		air_writer_init();
	}
}
