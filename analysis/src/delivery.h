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

/* An ACK with code 0 says that an UP, all that was `sent` under its id, has got this msg_id. */
void analysis_delivery_acknowledged(analysis_state *a, uint64_t session_id, uint64_t msg_id,
                                    const transmission *sent);

/* The frame is a PUSH. */
void analysis_delivery_push(analysis_state *a, const frame *f);

#endif
