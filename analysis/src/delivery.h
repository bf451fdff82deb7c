/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From UP to PUSH: the ACK of an UP names the msg_id under which the message goes out, so it ties
 * the PUSHes of that msg_id, on any connection, to the UP. Their content must be equal as well.
 */
#ifndef PLATO_ANALYSIS_DELIVERY_H
#define PLATO_ANALYSIS_DELIVERY_H

#include "state.h"

void delivery_init(plato_analysis *a);
void delivery_clear(plato_analysis *a);

/* The frame is an ACK with code 0 of `up`. */
void delivery_acknowledged(plato_analysis *a, const frame *f, const window_entry *up);

/* The frame is a PUSH. */
void delivery_push(plato_analysis *a, const frame *f);

#endif
