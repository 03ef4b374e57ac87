/*
 * embed_parse.c
 *	  Reading vectors: numbers or base64, in any order, all of one dimension.
 *
 * A vector in the wrong row is worse than an error, so everything that does not
 * fit exactly is one.  Numbers that are not finite are left to
 * air_answer_check().
 */
#include "base/pg.h"

#include <math.h>

#include "base/text.h"
#include "base/vector.h"
#include "provider/common.h"

#define MAX_DIM 65536
#define MAX_BYTES ((size_t) 0x3fffffff) /* one palloc() */

/* The dimension of a vector, 0 if it is none.  A base64 string is decoded into *raw. */
static size_t
vector_dim(const cJSON *vector, char **raw)
{
	size_t len;

	*raw = NULL;
	if (cJSON_IsArray(vector))
		return (size_t) cJSON_GetArraySize(vector);
	if (!cJSON_IsString(vector))
		return 0;
	*raw = air_base64_decode(vector->valuestring, &len);
	return *raw != NULL && len % sizeof(float) == 0 ? len / sizeof(float) : 0;
}

/* Copy dim floats to dst; false if the array holds something that is no number. */
static bool
copy_vector(const cJSON *vector, const char *raw, size_t dim, float *dst)
{
	const cJSON *number;

	if (raw != NULL)
	{
		air_vector_get(raw, dim, dst);
		return true;
	}
	cJSON_ArrayForEach (number, vector)
	{
		if (!cJSON_IsNumber(number))
			return false;
		*dst++ = (float) number->valuedouble;
	}
	return true;
}

/* Store one vector as row of the answer; the first one settles the dimension. */
static bool
store_vector(const cJSON *vector, int row, AirAnswer *out, AirFailure *err)
{
	char *raw;
	size_t dim = vector_dim(vector, &raw);
	bool stored;

	if (dim == 0 || dim > MAX_DIM)
		return air_malformed(err, "an embedding is no vector");
	if (out->vectors == NULL)
	{
		size_t size = dim * sizeof(float) * (size_t) out->nvectors;

		if (size > MAX_BYTES)
			return air_malformed(err, "the embeddings are too large");
		out->dim = (int) dim;
		out->vectors = palloc0(size);
	}
	if ((size_t) out->dim != dim)
		return air_malformed(err, "embeddings of different dimensions");

	stored = copy_vector(vector, raw, dim, out->vectors + (size_t) row * dim);
	if (raw != NULL)
		pfree(raw);
	return stored || air_malformed(err, "an embedding holds something that is no number");
}

/* See common.h. */
bool
air_read_vector(const AirPrompt *prompt, const cJSON *vector, AirAnswer *out, AirFailure *err)
{
	if (prompt->ninputs != 1)
		return air_malformed(err, psprintf("1 embedding for %d inputs", prompt->ninputs));
	out->nvectors = 1;
	return store_vector(vector, 0, out, err);
}

/* See common.h. */
int
air_item_row(const cJSON *item, int n)
{
	double row = air_json_num(item, "index", -1);

	return row >= 0 && row < n && row == floor(row) ? (int) row : -1;
}

/* True if an item says, in whatever way, which row it is for. */
static bool
says_row(const cJSON *item)
{
	const cJSON *index = air_json_at(item, "index");

	return index != NULL && !cJSON_IsNull(index);
}

/* See common.h. */
bool
air_read_vectors(const AirPrompt *prompt, const cJSON *items, const char *member, bool indexed,
				 AirAnswer *out, AirFailure *err)
{
	const cJSON *item;
	bool *seen;
	bool said;
	bool done = true;
	int position = 0;

	if (!cJSON_IsArray(items))
		return air_malformed(err, "no embeddings");
	/* With the right number, no gap is possible without a double, which is caught below. */
	if (cJSON_GetArraySize(items) != prompt->ninputs || prompt->ninputs <= 0)
		return air_malformed(err, psprintf("%d embeddings for %d inputs", cJSON_GetArraySize(items),
										   prompt->ninputs));

	said = indexed && says_row(items->child);
	out->nvectors = prompt->ninputs;
	seen = palloc0(sizeof(bool) * (size_t) prompt->ninputs);
	cJSON_ArrayForEach (item, items)
	{
		const cJSON *vector = cJSON_IsObject(item) ? air_json_at(item, member) : item;
		int row = said ? air_item_row(item, prompt->ninputs) : position;

		position++;
		/* Where one item says its row, the place of a silent one means nothing. */
		if (row < 0 || (indexed && says_row(item) != said))
			done = air_malformed(err, "the index of an embedding is missing or out of range");
		else if (seen[row])
			done = air_malformed(err, "two embeddings with one index");
		else
		{
			seen[row] = true;
			done = store_vector(vector, row, out, err);
		}
		if (!done)
			break;
	}
	pfree(seen);
	return done;
}
