/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The newest messages of each chat session in memory, within a limit for each and one for all. When
 * all together are too many, a session whose log is the largest, or half of that, gives up its
 * oldest: nobody can push the messages of a small session out with a large one.
 */
#ifndef PLATO_SERVER_CHAT_LOG_H
#define PLATO_SERVER_CHAT_LOG_H

#include "core/internal.h"

/* A message as it goes to every member but its sender. */
typedef struct log_entry {
    struct chat *chat;
    uint64_t msg_id;
    uint64_t sender;   /* device_id */
    uint64_t batch_no; /* that it is stored with; 0 without a store */
    size_t body_len;   /* bytes at the end of `push` */
    GBytes *push;
} log_entry;

/* Adds the session's next message; takes it over. Limits hold again after chat_log_trim(). */
void chat_log_add(struct core *core, log_entry *entry);

/*
 * Drops old messages, of this session or of larger ones, until the limits hold; but none that is
 * not in the store yet, if there is one.
 */
void chat_log_trim(struct core *core, struct chat *chat);

/* The same, but only the limit for all sessions. */
void chat_log_trim_all(struct core *core);

/* Drops all of the session's. */
void chat_log_clear(struct core *core, struct chat *chat);

/* The oldest message in the log, or the next one to come if the log is empty. */
uint64_t chat_log_oldest(const struct chat *chat);

/* Where the log has message `first` or the next one it has; NULL if neither. */
const GList *chat_log_seek(struct chat *chat, uint64_t first);

#endif
