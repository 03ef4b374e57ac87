/*
 * metrics.h
 *	  How good predictions were: AUC, calibration error, log loss, APGR.
 *
 * Pure; scratch memory is palloc'ed and freed.  All give NaN if there is nothing
 * to measure (no rows, one class, no gap).
 */
#ifndef AIR_METRICS_H
#define AIR_METRICS_H

#include "base/pg.h"

/* Chance that of two rows the one with the higher outcome has the higher prediction; ties half. */
extern double air_auc(const double *p, const float *outcome, const float *weight, int n);

/* Expected calibration error over ten bins of equal width. */
extern double air_ece(const double *p, const float *outcome, const float *weight, int n);

/* Log loss of one prediction and of many (the mean); predictions are clipped to [1e-6, 1 - 1e-6].
 */
extern double air_log_loss_one(double p, double outcome);
extern double air_log_loss(const double *p, const float *outcome, const float *weight, int n);

/*
 * Average performance gap recovered: rows sorted by gain, highest first, the
 * first x of them go to the strong model, the area under the gap recovered for x
 * from 0 to 1.  0.5 is random; equal gains share their part evenly.
 */
extern double air_apgr(const double *gain, const float *weak, const float *strong, int n);

#endif
