/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A replay: a connection of its own to the server that sends bytes which were sent before. */
#ifndef PLATO_CHAOS_REPLAY_H
#define PLATO_CHAOS_REPLAY_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

struct proxy;

/* Copies the `n` bytes. Answers are dropped; it ends when the server ends it, or with the proxy. */
void replay_start(struct proxy *p, const uint8_t *bytes, size_t n);

/* For the proxy's set of them. */
void replay_free(gpointer replay);

#endif
