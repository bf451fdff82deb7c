/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The receiving end of delivery, for all sessions of a client: drops repeats, puts messages into
 * the order of their msg_ids, finds holes. Of one session, msg_ids come in PUSHes (from others)
 * and in ACKs (for one's own UPs); together they have no hole.
 */
#ifndef PLATO_CLIENT_INBOX_H
#define PLATO_CLIENT_INBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct inbox inbox;

/* Called for each message, in order; `body` is NULL for one's own. */
typedef void (*inbox_show)(void *user, uint64_t session_id, uint64_t msg_id, GBytes *body);

inbox *inbox_new(inbox_show show, void *user);
void inbox_free(inbox *in);

/* From an earlier run: everything up to `complete` was shown. */
void inbox_restore(inbox *in, uint64_t session_id, uint64_t complete);

/*
 * The connection goes on from an earlier one. From now on, an ACK is not the beginning of a session
 * of which nothing has come yet: messages before it may be on their way again.
 */
void inbox_resumed(inbox *in);

/* Forgets what has come of a session: the server counts anew. */
void inbox_forget(inbox *in, uint64_t session_id);

/*
 * A message came; `body` NULL: one's own was acknowledged. False if it was a repeat. The first
 * msg_id of a session is taken for its beginning.
 */
bool inbox_put(inbox *in, uint64_t session_id, uint64_t msg_id, GBytes *body);

/* The last msg_id without a hole before it; 0 if there was none yet. */
uint64_t inbox_complete(const inbox *in, uint64_t session_id);

/* True if messages wait after a hole; sets its first and last msg_id. */
bool inbox_hole(const inbox *in, uint64_t session_id, uint64_t *first, uint64_t *last);

/* Goes on after `msg_id` without what is missing up to there; it must lie in the first hole. */
void inbox_skip(inbox *in, uint64_t session_id, uint64_t msg_id);

#endif
