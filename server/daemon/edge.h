/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The core on libevent: listener, connections, the clock, signals. */
#ifndef PLATO_SERVER_EDGE_H
#define PLATO_SERVER_EDGE_H

#include "daemon/options.h"

struct edge;

/* Opens the store, binds and listens. NULL with one line for people in `*error`, to be freed. */
struct edge *edge_new(const server_options *options, char **error);

/* NULL is allowed. */
void edge_free(struct edge *edge);

/* "127.0.0.1:8900": where it listens, with the port that was found. */
const char *edge_address(const struct edge *edge);

/*
 * Serves until SIGTERM or SIGINT, then ends all connections and returns true; false at once when
 * the store has failed, which has been logged: nothing more may be acknowledged then.
 */
bool edge_run(struct edge *edge);

#endif
