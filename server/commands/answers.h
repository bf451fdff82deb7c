/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The commands that the server knows, whatever syntax they come in: a name and parameters in, a
 * result out. No sockets, and no clock but the one that it is given.
 */
#ifndef PLATO_SERVER_ANSWERS_H
#define PLATO_SERVER_ANSWERS_H

#include "plato/frame.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What answers are made of. */
typedef struct answer_source {
    void *user;
    int64_t (*wall_us)(void *user); /* since 1970, UTC */
    void (*stats)(void *user,
                  GString *json); /* appends one JSON object, ASCII, 600 bytes at most */
    const char *version;          /* of the server */
} answer_source;

typedef struct answer_row answer_row;

/* The command of that name; NULL if there is none. */
const answer_row *answer_find(plato_span name);

/* True if the result is the parameters, as they came. */
bool answer_is_same(const answer_row *row);

/* False if this command takes no parameters and these are some. */
bool answer_takes(const answer_row *row, plato_span params);

/* Appends the result, plain text; of a command that is not answered with its own parameters. */
void answer_write(const answer_row *row, const answer_source *source, GString *result);

#endif
