/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Histories through the library, and tables of histories with what must come out. */
#ifndef TESTS_ANALYSIS_RUN_HISTORY_H
#define TESTS_ANALYSIS_RUN_HISTORY_H

#include "outcome.h"
#include "state.h"

/*
 * Feeds one event; NULL for a loss, or when memory is out. `loss_ids` has HISTORY_MAX + 1 ids, by
 * line, and gets this one's; NULL: no loss is filled.
 */
const analysis_record *feed_event(analysis_state *a, const event *e, uint32_t number,
                                  uint32_t *loss_ids);

/* Feeds all of it and prints what is said in the end; "" for a loss. `limits` may be NULL. */
void run_history(const history *h, const analysis_limits *limits, outcomes said);

/* One line of a table. */
typedef struct row {
    const char *line;
    const char *said;
} row;

/* Fails the running test unless each line's frame comes out as it says. NULL config: default. */
void check_rows(const row *rows, size_t count, const analysis_config *config,
                const analysis_limits *limits);

#define CHECK_ROWS(...)                                                                            \
    do {                                                                                           \
        static const row rows_[] = {__VA_ARGS__};                                                  \
        check_rows(rows_, sizeof rows_ / sizeof rows_[0], NULL, NULL);                             \
    } while (0)

#endif
