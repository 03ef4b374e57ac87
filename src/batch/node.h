/*
 * node.h
 *	  The executor node of a stage.
 */
#ifndef AIR_NODE_H
#define AIR_NODE_H

#include "nodes/extensible.h"

extern const CustomScanMethods air_batch_scan_methods;

#endif
