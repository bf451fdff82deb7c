/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The server's process in the simulation: the real core and the real store, and their end. */
#ifndef PLATO_TEST_SIM_SERVER_H
#define PLATO_TEST_SIM_SERVER_H

#include "world.h"

struct server *server_new(world *w);
void server_free(struct server *server);

bool server_is_up(const struct server *server);
unsigned server_life(const struct server *server);

/* Something happened to a connection; `bytes` is borrowed. */
conn_key server_connected(struct server *server, struct wire *wire);
void server_received(struct server *server, struct wire *wire, GBytes *bytes);
void server_disconnected(struct server *server, struct wire *wire);
void server_drained(struct server *server, struct wire *wire, size_t n);

#endif
