/*
 * hints_value.h
 *	  Readers of single hint values, for hints.c only.
 *
 * All return false where the value is not of the kind, and never raise an error
 * about it; results are palloc'ed copies.
 */
#ifndef AIR_HINTS_VALUE_H
#define AIR_HINTS_VALUE_H

#include "base/money.h"
#include "utils/jsonb.h"

extern bool air_hint_number(JsonbValue *v, double *result);
extern bool air_hint_integer(JsonbValue *v, int64 *result);
extern bool air_hint_money(JsonbValue *v, AirNano *result);
extern bool air_hint_interval(JsonbValue *v, int64 *result);
extern bool air_hint_string(JsonbValue *v, bool may_be_empty, char **result);
extern bool air_hint_name_list(JsonbValue *v, int max, char ***names, int *n);

/* *result: the index in the NULL-terminated list. */
extern bool air_hint_choice(JsonbValue *v, const char *const *choices, int *result);

#endif
