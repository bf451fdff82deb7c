/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device must not forget when its client ends: a small SQLite database (--state). Changes
 * are gathered, and take effect together and for good with state_commit(). One process at a time
 * can have it open.
 */
#ifndef PLATO_CLIENT_STATE_H
#define PLATO_CLIENT_STATE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct state state;

/* Single numbers that are kept; one that was never set is 0. */
typedef enum state_number {
    STATE_CONN_ID,     /* of the last connection */
    STATE_LINES,       /* lines of the input that were carried out */
    STATE_CURRENT,     /* the current session */
    STATE_FILE_DEVICE, /* the file of --deliver-to: st_dev */
    STATE_FILE_INODE,  /* st_ino */
    STATE_FILE_LENGTH, /* bytes of it that are delivered */
} state_number;

/*
 * Opens or makes the file; mode 0600, as it holds messages. NULL after an error, which `*error`
 * then says in one line; it is to be freed. A file of another device is an error.
 */
state *state_open(const char *path, uint64_t device_id, char **error);

/* Drops what was not committed. */
void state_close(state *s);

uint64_t state_get(state *s, state_number number);
void state_set(state *s, state_number number, uint64_t value);

/* A session: the last client_id that was given, and the last msg_id without a hole (0 = none). */
void state_set_last_client_id(state *s, uint64_t session_id, uint64_t client_id);
void state_set_complete(state *s, uint64_t session_id, uint64_t msg_id);

/* Messages without an answer. The second forgets those up to `client_id`. */
void state_keep_message(state *s, uint64_t session_id, uint64_t client_id, GBytes *body);
void state_drop_messages(state *s, uint64_t session_id, uint64_t client_id);

/* The sessions of the last login; the second is true if they are these. */
void state_set_members(state *s, const GArray *session_ids);
bool state_has_members(state *s, const GArray *session_ids);

typedef struct state_reader {
    /* `last_answered`: the last client_id before those of the messages. */
    void (*session)(void *user, uint64_t session_id, uint64_t last_answered, uint64_t complete);
    void (*message)(void *user, uint64_t session_id, uint64_t client_id, GBytes *body);
} state_reader;

/* Reads out all sessions, and then all messages in the order of their ids. */
void state_read(state *s, const state_reader *reader, void *user);

/* False after an error, of this or of any call before; then nothing was changed, nor will be. */
bool state_commit(state *s);

/* What the error was. */
const char *state_error(const state *s);

#endif
