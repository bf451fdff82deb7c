/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server as a whole: listeners, signals, and how it stops. */
#ifndef PLATO_SERVER_EDGE_H
#define PLATO_SERVER_EDGE_H

#include "daemon/options.h"

#include <stdio.h>

struct edge;

/* Binds and listens. NULL with one line for people in `*error`, to be freed. */
struct edge *edge_new(const server_options *options, char **error);

/* NULL is allowed. */
void edge_free(struct edge *edge);

/* Prints where it listens, a line for each listener: "listening on 127.0.0.1:8900" first. */
void edge_print_addresses(const struct edge *edge, FILE *to);

/*
 * Serves until SIGTERM or SIGINT; then answers what has come, ends all connections and returns
 * true. False if a second signal broke that off, or the store has failed. SIGHUP reads tokens and
 * certificates anew.
 */
bool edge_run(struct edge *edge);

#endif
