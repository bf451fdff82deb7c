/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chat sessions: who belongs to one, the count of its messages, and who still has to get them. */
#ifndef PLATO_SERVER_CHAT_H
#define PLATO_SERVER_CHAT_H

#include "core/chat_log.h"

/* NULL if there is none; one that everybody has left is still there for state_ttl_ms. */
struct chat *chat_find(struct core *core, uint64_t session_id);

/* A new session takes the place of the longest empty one if there are max_sessions. */
struct chat *chat_find_or_add(struct core *core, uint64_t session_id);

/* A session that is not there yet, after a restart. */
struct chat *chat_restore(struct core *core, const chat_record *kept, uint64_t now_ms);

/* A newcomer begins after the session's last message. */
void chat_join(struct core *core, struct chat *chat, struct member *member);
void chat_leave(struct core *core, struct member *member, uint64_t now_ms);

/* Forgets a session; nobody may be a member of it. */
void chat_remove(struct core *core, struct chat *chat);

/* Gives a message of `sender` the next msg_id and keeps it until chat_log_trim(). */
const log_entry *chat_accept(struct core *core, struct member *sender, plato_span body);

/* Sends an accepted message to every member who follows live and has room for it in flight. */
void chat_deliver(struct core *core, const log_entry *entry, uint64_t now_ms);

/*
 * The member is to be sent everything after what it acknowledged. What the log has no more is
 * reported to the operator, and to the caller as a range; false if nothing is lost.
 */
bool chat_resume(struct core *core, struct member *member, uint64_t *first, uint64_t *last);

/* Sends a connected member what it lacks, as far as its window and the output limit allow. */
void chat_catch_up(struct core *core, struct member *member, uint64_t now_ms);

/*
 * Sends a member the messages first..last that others sent, as far as the output limit allows.
 * Returns the msg_id up to which that was done.
 */
uint64_t chat_send_range(struct core *core, struct member *member, uint64_t first, uint64_t last,
                         uint64_t now_ms);

/*
 * Sends a connected member the first message that it lacks, if nothing is in flight and also over
 * the output limit: for what is to come before the ACK of an UP with a higher msg_id. A client
 * for whom that is the first it hears of the session may take it for the beginning.
 */
void chat_begin(struct core *core, struct member *member, uint64_t now_ms);

/* Sends a connected member once more what is in flight, of which there must be something, and has
 * been for resend_first_ms. */
void chat_send_again(struct core *core, struct member *member, uint64_t now_ms);

/* True unless the message is so old that it is no longer kept. */
bool chat_is_kept(struct core *core, const struct chat *chat, uint64_t msg_id);

#endif
