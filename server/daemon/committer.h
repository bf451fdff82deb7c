/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that writes to the store. A sync takes from 0.1 ms to as long as the disk likes; the
 * loop must not wait for it. Batches go to the thread, their numbers come back on the loop.
 */
#ifndef PLATO_SERVER_COMMITTER_H
#define PLATO_SERVER_COMMITTER_H

#include "store/store.h"

#include <event2/event.h>

struct committer;

/* A batch is durable; or, with `error`, it is not, and neither is any after it. On the loop. */
typedef void (*committed_fn)(void *user, uint64_t batch_no, const char *error);

/* Borrows the store's writing side until committer_free(). NULL if there are no descriptors. */
struct committer *committer_new(struct event_base *base, struct store *store, committed_fn done,
                                void *user);

/* Takes the batch over. */
void committer_submit(struct committer *committer, records *batch);

/* Writes what is left, unless a write has failed. NULL is allowed. */
void committer_free(struct committer *committer);

#endif
