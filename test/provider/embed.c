/* The part of an embedding request that all families have in common. */
#include <stdlib.h>
#include <string.h>

#include "wire.h"

#define DEFAULT_DIM 64

/*
 * Adds one text; false if it is empty, which no provider embeds, or says that it cannot be. The
 * text is not copied.
 */
bool
sbx_embed_add(sbx_embed *e, const char *text)
{
	if (*text == '\0' || strstr(text, "unembeddable") != NULL)
		return false;
	/* grows in powers of two */
	if ((e->count & (e->count - 1)) == 0)
		e->texts = realloc(e->texts, (e->count ? e->count * 2 : 1) * sizeof(*e->texts));
	e->texts[e->count++] = text;
	e->tokens += (long) (strlen(text) + 3) / 4;
	return true;
}

/* All texts are there: counts them, and settles the dimension (0 = the default) and which vectors
 * are answered in which order. */
void
sbx_embed_plan(const sbx_exchange *x, sbx_embed *e, long dim)
{
	long usual = x->entry->behaviour.dim;

	sbx_stats_inputs(x->entry, e->count);
	e->dim = dim > 0 ? dim : usual > 0 ? usual : DEFAULT_DIM;
	e->out_dim = e->dim;
	e->out = e->count;
	e->order = malloc((e->count + 1) * sizeof(*e->order));
	for (size_t i = 0; i < e->count; i++)
		e->order[i] = i;
	e->order[e->count] = 0;
	switch (x->beh.fault)
	{
		case FAULT_REORDER:
			for (size_t i = 0; i < e->count; i++)
				e->order[i] = e->count - 1 - i;
			break;
		case FAULT_MISSING:
			e->out = e->count > 0 ? e->count - 1 : 0;
			break;
		case FAULT_EXTRA:
			e->out = e->count + 1;
			break;
		case FAULT_DOUBLE:
			if (e->count > 1)
				e->order[e->count - 1] = e->order[0];
			break;
		case FAULT_NULLVEC:
			e->null_last = true;
			break;
		case FAULT_SHORTVEC:
			e->out_dim = e->dim > 1 ? e->dim - 1 : 1;
			break;
		default:
			break;
	}
}

/* Appends the i-th vector of the answer. */
void
sbx_embed_vector(const sbx_embed *e, size_t i, bool base64, sbx_buf *b)
{
	float *v;

	if (e->null_last && i + 1 == e->out)
	{
		sbx_buf_puts(b, "null");
		return;
	}
	v = malloc((size_t) e->dim * sizeof(*v));
	sbx_vector(e->texts[e->order[i]], e->dim, v);
	if (base64)
		sbx_vector_base64(b, v, e->out_dim);
	else
		sbx_vector_json(b, v, e->out_dim);
	free(v);
}

/* Frees what the request holds. */
void
sbx_embed_free(sbx_embed *e)
{
	free(e->texts);
	free(e->order);
}
