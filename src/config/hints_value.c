/*
 * hints_value.c
 *	  Read the value of one hint: numbers, money, intervals, strings, lists.
 *
 * Each function returns false, without an error, for a value that is not of its
 * kind: hints.c knows the hint's name and words the message.  Results are
 * palloc'ed copies.
 */
#include "base/pg.h"

#include "common/int.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/fmgrprotos.h"
#include "utils/numeric.h"
#include "utils/timestamp.h"

#include "config/hints_value.h"

/* A finite number as double; one too large for it becomes infinite, which no range admits. */
bool
air_hint_number(JsonbValue *v, double *result)
{
	if (v->type != jbvNumeric || numeric_is_nan(v->val.numeric))
		return false;
	*result = DatumGetFloat8(
		DirectFunctionCall1(numeric_float8_no_overflow, NumericGetDatum(v->val.numeric)));
	return true;
}

/* A number without fraction that fits 64 bits (1.0 is one). */
bool
air_hint_integer(JsonbValue *v, int64 *result)
{
	Datum n = NumericGetDatum(v->val.numeric);
	Datum min = NumericGetDatum(int64_to_numeric(PG_INT64_MIN));
	Datum max = NumericGetDatum(int64_to_numeric(PG_INT64_MAX));

	if (v->type != jbvNumeric || numeric_is_nan(v->val.numeric) ||
		!DatumGetBool(DirectFunctionCall2(numeric_ge, n, min)) ||
		!DatumGetBool(DirectFunctionCall2(numeric_le, n, max)) ||
		!DatumGetBool(DirectFunctionCall2(numeric_eq, n,
										  DirectFunctionCall2(numeric_trunc, n, Int32GetDatum(0)))))
		return false;
	*result = DatumGetInt64(DirectFunctionCall1(numeric_int8, n));
	return true;
}

/* An amount above 0; the smallest is a nanodollar. */
bool
air_hint_money(JsonbValue *v, AirNano *result)
{
	double usd;

	if (!air_hint_number(v, &usd) || usd <= 0 || usd >= 9e9)
		return false;
	*result = air_nano_from_numeric(v->val.numeric);
	return true;
}

/*
 * Interval text to microseconds, a month taken as 30 days.  The decoder is used
 * rather than interval_in(), which can only raise its own error and whose result
 * may depend on IntervalStyle (for negative values, refused here).
 */
bool
air_hint_interval(JsonbValue *v, int64 *result)
{
	char *s, *field[MAXDATEFIELDS];
	char work[256];
	int ftype[MAXDATEFIELDS];
	int nf, kind, bad;
	struct pg_itm_in itm = {0};
	int64 days;

	if (v->type != jbvString)
		return false;
	s = pnstrdup(v->val.string.val, v->val.string.len);
	bad = ParseDateTime(s, work, sizeof(work), field, ftype, MAXDATEFIELDS, &nf);
	if (bad == 0)
		bad = DecodeInterval(field, ftype, nf, INTERVAL_FULL_RANGE, &kind, &itm);
	if (bad == DTERR_BAD_FORMAT)
		bad = DecodeISO8601Interval(s, &kind, &itm);
	if (bad != 0 || kind != DTK_DELTA)
		return false;

	days = ((int64) itm.tm_year * MONTHS_PER_YEAR + itm.tm_mon) * DAYS_PER_MONTH + itm.tm_mday;
	return !pg_mul_s64_overflow(days, USECS_PER_DAY, result) &&
		   !pg_add_s64_overflow(*result, itm.tm_usec, result) && *result > 0;
}

bool
air_hint_string(JsonbValue *v, bool may_be_empty, char **result)
{
	if (v->type != jbvString || (v->val.string.len == 0 && !may_be_empty))
		return false;
	*result = pnstrdup(v->val.string.val, v->val.string.len);
	return true;
}

/* A string, or an array of 1..max strings (max 0: any number of them). */
bool
air_hint_name_list(JsonbValue *v, int max, char ***names, int *n)
{
	JsonbIterator *it;
	JsonbIteratorToken token;
	JsonbValue item;
	int size;

	*n = 0;
	if (v->type == jbvString)
	{
		*names = palloc(sizeof(char *));
		*n = 1;
		return air_hint_string(v, false, *names);
	}
	if (v->type != jbvBinary || !JsonContainerIsArray(v->val.binary.data))
		return false;
	size = JsonContainerSize(v->val.binary.data);
	if (size == 0 || (max > 0 && size > max))
		return false;
	*names = palloc(size * sizeof(char *));
	it = JsonbIteratorInit(v->val.binary.data);
	while ((token = JsonbIteratorNext(&it, &item, true)) != WJB_DONE)
		if (token == WJB_ELEM && !air_hint_string(&item, false, &(*names)[(*n)++]))
			return false;
	return true;
}

bool
air_hint_choice(JsonbValue *v, const char *const *choices, int *result)
{
	char *s;

	if (!air_hint_string(v, false, &s))
		return false;
	for (int i = 0; choices[i]; i++)
		if (strcmp(s, choices[i]) == 0)
		{
			*result = i;
			return true;
		}
	return false;
}
