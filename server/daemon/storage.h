/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store as the server has it: opened, given back to the core, and written by a thread. */
#ifndef PLATO_SERVER_STORAGE_H
#define PLATO_SERVER_STORAGE_H

#include "core/core.h"
#include "daemon/committer.h"
#include "daemon/counts.h"

struct storage;

/*
 * Opens the file `path`; NULL: that of the state folder `state_dir`, see state_dir.h. NULL with one
 * line for people in `*error`, to be freed.
 */
struct storage *storage_open(const store_options *options, const char *path, const char *state_dir,
                             char **error);

/* For core_config.reader; lives as long as the storage. */
const core_reader *storage_reader(const struct storage *storage);

/*
 * Gives the core what was kept, and starts the thread; `done` is called on the loop, after the time
 * that it took is in counts->commit_latency. False with one line in `*error`.
 */
bool storage_start(struct storage *storage, struct core *core, uint64_t now_ms,
                   struct event_base *base, server_counts *counts, committed_fn done, void *user,
                   char **error);

/* Takes the batch over. */
void storage_submit(struct storage *storage, records *batch);

/* Writes what is left and ends the thread; before the loop goes. NULL is allowed. */
void storage_stop(struct storage *storage);

/* After the core, which reads from it. `clean`: nothing has failed. NULL is allowed. */
void storage_close(struct storage *storage, bool clean);

#endif
