/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of captures with what a rule says of each. */
#ifndef TESTS_CHECK_ROWS_H
#define TESTS_CHECK_ROWS_H

#include <stddef.h>

typedef struct row {
    const char *rule;    /* with its parameters, as in an option */
    const char *status;  /* "ok", "broken", "unsure", "idle" */
    const char *packets; /* of the findings of that status, in order; 0: the capture as a whole */
    const char *events;  /* scenario.h */
} row;

typedef struct rows {
    const row *rows;
    size_t count;
} rows;

/* Each of the rules for Plato, and of those for commands and probes. */
extern const rows rows_frames, rows_conns, rows_ids, rows_commands;

#endif
