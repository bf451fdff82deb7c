/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/guard.h"

#include "auth/random_id.h"
#include "auth/token_file.h"

struct guard {
    char *path;
    struct token_file *tokens;
    server_counts *counts;
};

struct guard *guard_new(const char *token_file, server_counts *counts, char **error)
{
    struct guard *guard = g_new0(struct guard, 1);
    guard->path = g_strdup(token_file);
    guard->counts = counts;
    if (!guard_reload(guard, error))
        g_clear_pointer(&guard, guard_free);
    return guard;
}

void guard_free(struct guard *guard)
{
    if (guard == NULL)
        return;
    token_file_free(guard->tokens);
    g_free(guard->path);
    g_free(guard);
}

bool guard_reload(struct guard *guard, char **error)
{
    if (guard->path == NULL)
        return true;
    struct token_file *tokens = token_file_read(guard->path, error);
    if (tokens == NULL)
        return false;
    token_file_free(guard->tokens);
    guard->tokens = tokens;
    return true;
}

bool guard_may_log_in(void *user, uint64_t device_id, const uint8_t *token, size_t n)
{
    struct guard *guard = user;
    const bool may = guard->tokens == NULL || token_file_allows(guard->tokens, device_id, token, n);
    guard->counts->logins_refused += !may;
    return may;
}

uint64_t guard_make_conn_id(void *user)
{
    (void)user;
    return random_id();
}
