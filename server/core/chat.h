/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Chat sessions: who belongs to one, the count of its messages, and the log of the newest. */
#ifndef PLATO_SERVER_CHAT_H
#define PLATO_SERVER_CHAT_H

#include "core/internal.h"

/* A message as it goes to every member but its sender. */
typedef struct log_entry {
    struct chat *chat;
    GList *link; /* in core.log */
    uint64_t msg_id;
    uint64_t sender; /* device_id */
    GBytes *push;
} log_entry;

struct chat *chat_find(struct core *core, uint64_t session_id);
struct chat *chat_find_or_add(struct core *core, uint64_t session_id);

/* A newcomer begins behind the session's last message. */
void chat_join(struct chat *chat, struct member *member);
void chat_leave(struct core *core, struct member *member);
void chat_release_if_empty(struct core *core, struct chat *chat);

/* Gives a message of `sender` the next msg_id and keeps it. The entry lives until the next call. */
const log_entry *chat_accept(struct core *core, struct member *sender, plato_span body);

/* Sends an accepted message to every member who follows live, but not to its sender. */
void chat_deliver(struct core *core, const log_entry *entry, uint64_t now_ms);

/* Drops the oldest messages until the limits of the log hold again. */
void chat_trim_log(struct core *core, struct chat *chat);

/* Goes on sending the log to a resuming member. */
void chat_catch_up(struct core *core, struct member *member, uint64_t now_ms);

/*
 * Sends a member the messages first..last that others sent, as far as the output limit allows.
 * Returns the msg_id up to which that was done.
 */
uint64_t chat_send_range(struct core *core, struct member *member, uint64_t first, uint64_t last,
                         uint64_t now_ms);

/* The oldest message in the log, or the next one to come if the log is empty. */
uint64_t chat_oldest(const struct chat *chat);

#endif
