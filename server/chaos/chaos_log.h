/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What was done, one line for each action. There are no times in it: the same seed and the same
 * bytes give the same lines. Those of one direction come in the order of its bytes; how the lines
 * of several directions are mixed depends on what came first.
 */
#ifndef PLATO_CHAOS_LOG_H
#define PLATO_CHAOS_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef struct chaos_log {
    FILE *file;
    bool json;
} chaos_log;

/* A number that goes with an action; the list ends with a NULL name. */
typedef struct chaos_fact {
    const char *name;
    uint64_t value;
} chaos_fact;

/* `direction` is "up" or "down". */
void chaos_log_action(chaos_log *log, uint64_t connection, const char *direction, uint64_t offset,
                      const char *action, const chaos_fact *facts);

/* A connection as a whole: "opened", "refused". */
void chaos_log_connection(chaos_log *log, uint64_t connection, const char *event);

#endif
