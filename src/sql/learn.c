/*
 * learn.c
 *	  ai_router.train(), ai_router.predict() and ai_router.prompt_features().
 */
#include "base/pg.h"

#include <math.h>

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/json.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "base/text.h"
#include "config/learned.h"
#include "sql/learn_input.h"
#include "sql/spi.h"

PG_FUNCTION_INFO_V1(air_sql_prompt_features);
PG_FUNCTION_INFO_V1(air_sql_train);
PG_FUNCTION_INFO_V1(air_sql_predict);

/* The same examples give the same predictor. */
#define SEED 20260101

/* ai_router.prompt_features(prompt text) returns bytea */
Datum
air_sql_prompt_features(PG_FUNCTION_ARGS)
{
	text *prompt = PG_GETARG_TEXT_PP(0);
	AirFeatures features;
	bytea *packed = palloc(VARHDRSZ + AIR_FEATURES_BYTES);

	air_features(VARDATA_ANY(prompt), VARSIZE_ANY_EXHDR(prompt), &features);
	SET_VARSIZE(packed, VARHDRSZ + air_features_pack(&features, (uint8 *) VARDATA(packed)));
	PG_RETURN_BYTEA_P(packed);
}

/* A number for SQL: what cannot be measured is NULL. */
static Datum
number(double value, bool *isnull)
{
	*isnull = isnan(value);
	return Float8GetDatum(value);
}

/* "0.123", or null. */
static void
json_number(StringInfo buf, const char *name, double value)
{
	appendStringInfo(buf, "%s\"%s\": ", buf->data[buf->len - 1] == '{' ? "" : ", ", name);
	if (isfinite(value))
		appendStringInfo(buf, "%.6g", value);
	else
		appendStringInfoString(buf, "null");
}

static void
json_string(StringInfo buf, const char *value)
{
	escape_json(buf, value);
}

/* All figures of a training, for predictors.report. */
static char *
report_json(const AirLearnInput *data, const AirLearnReport *r)
{
	StringInfoData buf;

	initStringInfo(&buf);
	appendStringInfoChar(&buf, '{');
	json_number(&buf, "examples", r->used);
	json_number(&buf, "refused", r->refused);
	json_number(&buf, "prompts", r->prompts);
	json_number(&buf, "groups", r->groups);
	json_number(&buf, "tasks", r->tasks);
	json_number(&buf, "apgr", r->apgr);
	json_number(&buf, "new_task_apgr", r->new_task_apgr);
	json_number(&buf, "calibration_error", r->ece);
	json_number(&buf, "log_loss", r->log_loss);
	json_number(&buf, "log_loss_without_learning", r->base_log_loss);
	json_number(&buf, "log_loss_of_last_version", r->incumbent_log_loss);
	appendStringInfoString(&buf, ", \"models\": {");
	for (int i = 0; i < data->in.nmodels; i++)
	{
		const AirModelReport *m = &r->models[i];

		appendStringInfoString(&buf, i ? ", " : "");
		json_string(&buf, data->in.models[i]);
		appendStringInfoString(&buf, ": {");
		json_number(&buf, "examples", m->examples);
		json_number(&buf, "success", m->rate);
		json_number(&buf, "auc", m->auc);
		json_number(&buf, "calibration_error", m->ece);
		json_number(&buf, "usd", data->costs[i]);
		appendStringInfoChar(&buf, '}');
	}
	appendStringInfoString(&buf, "}, \"tolerances\": [");
	for (int i = 0; i < AIR_LEARN_POINTS && r->state == AIR_LEARN_OK; i++)
	{
		const AirLearnPoint *p = &r->points[i];

		appendStringInfoString(&buf, i ? ", {" : "{");
		json_number(&buf, "tolerance", p->tolerance);
		json_number(&buf, "quality", p->quality);
		json_number(&buf, "usd", p->cost);
		appendStringInfoString(&buf, ", \"shares\": {");
		for (int j = 0; j < data->in.nmodels; j++)
		{
			appendStringInfoString(&buf, j ? ", " : "");
			json_string(&buf, data->in.models[j]);
			appendStringInfo(&buf, ": %.4f", p->share[j]);
		}
		appendStringInfoString(&buf, "}}");
	}
	appendStringInfoString(&buf, "]}");
	return buf.data;
}

/*
 * One training at a time, to the end of its transaction: two would write the same version.
 * Reading, and UPDATE .. SET enabled, go on meanwhile.
 */
static void
lock_predictors(void)
{
	Oid relid = get_relname_relid("predictors", get_namespace_oid("ai_router", false));
	AclResult acl;

	if (!OidIsValid(relid))
		ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
						errmsg("table ai_router.predictors does not exist"),
						errhint("Use ALTER EXTENSION ai_router UPDATE.")));
	acl = pg_class_aclcheck(relid, GetUserId(), ACL_INSERT);
	if (acl != ACLCHECK_OK)
		aclcheck_error(acl, OBJECT_TABLE, "predictors");
	LockRelationOid(relid, ShareUpdateExclusiveLock);
}

/* The version in use and the highest one of a rule; 0: none.  Sees what was waited for. */
static void
versions_of(const char *rule, int *highest, int64 *seen, int in_use)
{
	Oid types[] = {TEXTOID, INT4OID};
	Datum values[] = {CStringGetTextDatum(rule), Int32GetDatum(in_use)};
	bool isnull;

	if (SPI_execute_with_args("SELECT coalesce(max(p.version), 0),"
							  " coalesce(max(p.last_example) FILTER (WHERE p.version = $2), 0)"
							  " FROM ai_router.predictors p WHERE p.rule = $1",
							  2, types, values, NULL, false, 1) != SPI_OK_SELECT ||
		SPI_processed != 1)
		elog(ERROR, "could not read ai_router.predictors");
	*highest =
		DatumGetInt32(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull));
	*seen = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 2, &isnull));
}

/* Write a version. */
static void
put_version(const char *rule, int version, const AirLearnInput *data, const AirLearnReport *r,
			const uint8 *bytes, size_t len)
{
	Oid types[] = {TEXTOID,   INT4OID,   TEXTARRAYOID, INT4OID, INT8OID,
				   FLOAT8OID, FLOAT8OID, TEXTOID,      BYTEAOID};
	Datum values[lengthof(types)];
	char nulls[lengthof(types) + 1] = "         ";
	Datum *names = palloc(sizeof(Datum) * Max(data->in.nmodels, 1));
	bytea *predictor = MemoryContextAllocHuge(CurrentMemoryContext, VARHDRSZ + len);

	for (int i = 0; i < data->in.nmodels; i++)
		names[i] = CStringGetTextDatum(data->in.models[i]);
	SET_VARSIZE(predictor, VARHDRSZ + len);
	memcpy(VARDATA(predictor), bytes, len);
	values[0] = CStringGetTextDatum(rule);
	values[1] = Int32GetDatum(version);
	values[2] =
		PointerGetDatum(construct_array(names, data->in.nmodels, TEXTOID, -1, false, TYPALIGN_INT));
	values[3] = Int32GetDatum(r->used);
	values[4] = Int64GetDatum(data->last);
	values[5] = Float8GetDatum(r->apgr);
	nulls[5] = isnan(r->apgr) ? 'n' : ' ';
	values[6] = Float8GetDatum(r->ece);
	nulls[6] = isnan(r->ece) ? 'n' : ' ';
	values[7] = CStringGetTextDatum(report_json(data, r));
	values[8] = PointerGetDatum(predictor);
	if (SPI_execute_with_args(
			"INSERT INTO ai_router.predictors (rule, version, models, examples, last_example, apgr,"
			" calibration_error, report, predictor)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9)",
			lengthof(types), types, values, nulls, false, 0) != SPI_OK_INSERT)
		elog(ERROR, "could not write ai_router.predictors");
}

/* What became of a training, in words. */
static char *
verdict_of(const AirLearnReport *r, int i, bool kept)
{
	if (r->state != AIR_LEARN_OK)
		return psprintf(
			"not enough evidence: %s",
			air_learn_state(r->models[i].state != AIR_LEARN_OK ? r->models[i].state : r->state));
	if (!kept)
		return pstrdup("not better than the version in use");
	if (r->models[i].evidence == AIR_EVIDENCE_NONE)
		return psprintf("no prediction: %s", air_learn_state(r->models[i].state));
	return psprintf("in use, by %s", r->models[i].evidence == AIR_EVIDENCE_RATE
										 ? "its rate of success"
									 : r->models[i].evidence == AIR_EVIDENCE_TASK ? "task"
																				  : "prompt");
}

/* The report's rows. */
static void
put_rows(ReturnSetInfo *rsinfo, const char *rule, int version, const AirLearnInput *data,
		 const AirLearnReport *r, bool kept)
{
	for (int i = 0; i < data->in.nmodels; i++)
	{
		const AirModelReport *m = &r->models[i];
		Datum values[9];
		bool nulls[9] = {false};

		values[0] = CStringGetTextDatum(rule);
		values[1] = Int32GetDatum(version);
		nulls[1] = !kept;
		values[2] = CStringGetTextDatum(data->in.models[i]);
		values[3] = Int32GetDatum(m->examples);
		values[4] = number(m->examples > 0 ? m->rate : NAN, &nulls[4]);
		values[5] = number(m->auc, &nulls[5]);
		values[6] = number(m->ece, &nulls[6]);
		values[7] = number(r->apgr, &nulls[7]);
		values[8] = CStringGetTextDatum(verdict_of(r, i, kept));
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

static void
train_rule(const AirConfig *config, const AirRule *rule, ReturnSetInfo *rsinfo)
{
	MemoryContext work =
		AllocSetContextCreate(CurrentMemoryContext, "ai_router training", ALLOCSET_DEFAULT_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(work);
	const AirLearned *learned = air_config_learned(config, rule->name);
	AirLearnInput data;
	AirLearnReport report;
	uint8 *bytes;
	size_t len;
	int highest;
	int64 seen;
	bool kept;

	versions_of(rule->name, &highest, &seen, learned != NULL ? learned->version : 0);
	air_learn_input_load(config, rule, seen, &data);
	if (data.in.nmodels == 0)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("rule \"%s\" has no chat model", rule->name),
						errhint("ai_router.check() lists what cannot work.")));
	data.in.seed = SEED;
	data.in.incumbent = learned != NULL ? learned->predictor : NULL;
	kept = air_learn(&data.in, &report, &bytes, &len) && report.beats_incumbent;
	if (kept)
		put_version(rule->name, highest + 1, &data, &report, bytes, len);
	put_rows(rsinfo, rule->name, highest + 1, &data, &report, kept);
	MemoryContextSwitchTo(caller);
	MemoryContextDelete(work);
}

static void
train_all(const AirConfig *config, ReturnSetInfo *rsinfo)
{
	bool any = false;

	for (int i = 0; i < config->nrules; i++)
	{
		const AirRule *rule = &config->rules[i];

		if (rule->strategy == NULL || strcmp(rule->strategy, "learned") != 0)
			continue;
		train_rule(config, rule, rsinfo);
		any = true;
	}
	if (!any)
		ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
						errmsg("no enabled rule has strategy learned"),
						errhint("Name the rule that it shall be learned for: "
								"SELECT * FROM ai_router.train('default').")));
}

/* ai_router.train(rule text) returns table(..) */
Datum
air_sql_train(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	char *name = PG_ARGISNULL(0) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(0));
	const AirConfig *config;
	AirSpi spi;

	InitMaterializedSRF(fcinfo, 0);
	lock_predictors();
	spi = air_spi_begin();
	config = air_config_acquire();
	PG_TRY();
	{
		if (name != NULL)
			train_rule(config, air_learn_rule(config, name), rsinfo);
		else
			train_all(config, rsinfo);
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();
	air_spi_end(spi);
	return (Datum) 0;
}

static void
put_predictions(const AirPredictor *predictor, text *prompt, const char *task,
				ReturnSetInfo *rsinfo)
{
	AirPrediction predictions[AIR_PREDICTOR_MODELS];
	AirFeatures features;

	air_features(VARDATA_ANY(prompt), VARSIZE_ANY_EXHDR(prompt), &features);
	air_predict(predictor, &features, task, predictions);
	for (int i = 0; i < air_predictor_models(predictor); i++)
	{
		const AirPrediction *p = &predictions[i];
		Datum values[4];
		bool nulls[4] = {false};
		values[0] = CStringGetTextDatum(air_predictor_model(predictor, i));
		values[1] = Float8GetDatum(p->success);
		nulls[1] = p->evidence == AIR_EVIDENCE_NONE;
		values[2] = CStringGetTextDatum(air_evidence_name(p->evidence));
		values[3] = Int32GetDatum(p->examples);
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
}

/* ai_router.predict(rule text, prompt text, task text) returns table(..) */
Datum
air_sql_predict(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	const AirConfig *config;

	InitMaterializedSRF(fcinfo, 0);
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		return (Datum) 0;
	config = air_config_acquire();
	PG_TRY();
	{
		const AirRule *rule = air_learn_rule(config, text_to_cstring(PG_GETARG_TEXT_PP(0)));
		const AirLearned *learned = air_config_learned(config, rule->name);

		if (learned != NULL)
			put_predictions(learned->predictor, PG_GETARG_TEXT_PP(1),
							PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2)), rsinfo);
	}
	PG_FINALLY();
	{
		air_config_release(config);
	}
	PG_END_TRY();
	return (Datum) 0;
}
