/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PUSHes in flight: sent on this connection and not acknowledged. There are at most push_window of
 * them for each member; further messages wait in the log. What is not acknowledged is sent again
 * after resend_first_ms, then twice that, and so on, up to resend_most_ms. The times are the
 * member's, counted from the oldest in flight: younger ones go along, unless they have been in
 * flight for less than resend_first_ms.
 */
#ifndef PLATO_SERVER_RESEND_H
#define PLATO_SERVER_RESEND_H

#include "core/internal.h"

/* The next message of the member's is its own: it need not be sent. */
void flight_skip(struct core *core, struct member *member);

/* All before `msg_id` is in flight, has arrived or is its own; `msg_id` is the next to be
 * sent. */
void flight_skip_to(struct core *core, struct member *member, uint64_t msg_id);

/* The next message of the member's is about to be sent; there must be room. */
void flight_add(struct core *core, struct member *member, uint64_t now_ms);

bool flight_is_full(const struct core *core, const struct member *member);

/* Everything up to `msg_id` has arrived. */
void flight_acknowledge(struct core *core, struct member *member, uint64_t msg_id, uint64_t now_ms);

/* Nothing is in flight any more; the next to be sent is the one after the cursor. */
void flight_reset(struct core *core, struct member *member);

/* Sends again what is due. */
void resend_check(struct core *core, uint64_t now_ms);

#endif
