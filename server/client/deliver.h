/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * --deliver-to: a file to which each message of others is appended exactly once, whatever happens.
 * The state holds the file's length with all that was delivered; what a crash has left after
 * that length was not delivered, and is cut off before it comes again.
 */
#ifndef PLATO_CLIENT_DELIVER_H
#define PLATO_CLIENT_DELIVER_H

#include "client/state.h"

typedef struct deliver deliver;

/* NULL after an error, which `*error` then says in one line; it is to be freed. */
deliver *deliver_open(const char *path, state *s, char **error);
void deliver_close(deliver *d);

/* Appends the line and a newline. */
void deliver_line(deliver *d, const GString *line);

/* Puts what was appended on the disk, and its length into the state. False after an error. */
bool deliver_flush(deliver *d, state *s);

#endif
