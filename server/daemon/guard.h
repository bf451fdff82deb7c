/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may log in: the token file, and conn_ids that cannot be guessed. */
#ifndef PLATO_SERVER_GUARD_H
#define PLATO_SERVER_GUARD_H

#include "core/core.h"
#include "daemon/counts.h"

struct guard;

/*
 * With a token file, a LOGIN needs a token of it. `token_file` NULL: everybody may log in as
 * anybody. NULL with one line for people in `*error`, to be freed, if the file is no good.
 */
struct guard *guard_new(const char *token_file, server_counts *counts, char **error);

/* NULL is allowed. */
void guard_free(struct guard *guard);

/* Reads the file again. False, the tokens staying as they were: see guard_new(). */
bool guard_reload(struct guard *guard, char **error);

/*
 * As core_hooks.may_log_in; `user` is the guard. RECONN names a connection and no token, so with
 * tokens the conn_id is a secret too: core_hooks.make_conn_id is to be guard_make_conn_id.
 */
bool guard_may_log_in(void *user, uint64_t device_id, const uint8_t *token, size_t n);

uint64_t guard_make_conn_id(void *user);

#endif
