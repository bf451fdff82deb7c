/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client as docs/protocol.md wants it: it numbers what it says, sends it again until that is
 * acknowledged, drops repeats, asks for what is missing, and comes back when it is cut off. Now and
 * then it overlooks a PUSH, or forgets to acknowledge.
 */
#ifndef PLATO_TEST_SIM_CLIENT_H
#define PLATO_TEST_SIM_CLIENT_H

#include "world.h"

struct client *client_new(world *w, uint64_t device_id, unsigned sessions, unsigned messages);
void client_free(struct client *client);

/* NULL if it has said all and heard all; else what is missing, to be freed. */
char *client_lacks(const struct client *client);

#endif
