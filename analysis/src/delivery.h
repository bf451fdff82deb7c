/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From UP to PUSH: the ACK of an UP names the msg_id under which the message goes out, so it ties
 * the PUSHes of that msg_id, on any connection, to the UP. Their content must be equal as well.
 */
#ifndef ANALYSIS_SRC_DELIVERY_H
#define ANALYSIS_SRC_DELIVERY_H

#include "state.h"

void analysis_delivery_init(analysis_state *a);
void analysis_delivery_clear(analysis_state *a);

/* The frame is an ACK with code 0 of `up`. */
void analysis_delivery_acknowledged(analysis_state *a, const frame *f, const window_entry *up);

/* The frame is a PUSH. */
void analysis_delivery_push(analysis_state *a, const frame *f);

#endif
