/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that get a row for each new key. */
#ifndef PLATO_STATTABLE_H
#define PLATO_STATTABLE_H

#include "stat.h"

#include <epan/stat_tap_ui.h>

#define STAT_KEY_BYTES 56

/* What a row is found by: zeroed, then filled in. */
typedef struct stat_key {
    char bytes[STAT_KEY_BYTES];
} stat_key;

/* The start of each row; what a statistic counts stands behind it. */
typedef struct stat_row {
    stat_key key;
    unsigned number; /* in the table shown */
} stat_row;

/*
 * A growing table. The rows are ours, the cells Wireshark's; a text in a cell points into its row.
 * Wireshark has one table for each statistic, however many windows show it.
 */
typedef struct stat_table {
    stat_tap_table_ui *ui;
    const char *name;
    size_t row_size;                /* bytes, the stat_row in front included */
    void (*release)(stat_row *row); /* frees what a row holds; NULL: nothing */
    GHashTable *rows;
    stat_tap_table *shown;
} stat_table;

/* What Wireshark's callbacks of the same names have to do. */
void stat_table_init(stat_table *table);
void stat_table_reset(stat_table *table);

/* The row of `key`; a new one is zeroed, and `*is_new` set. Valid until the reset. */
stat_row *stat_table_row(stat_table *table, const stat_key *key, bool *is_new);

/* NULL if there is none. */
stat_row *stat_table_find(const stat_table *table, const stat_key *key);

/* Cells. `text` must live as long as the row. */
void stat_table_count(stat_table *table, const stat_row *row, unsigned column, unsigned value);
void stat_table_text(stat_table *table, const stat_row *row, unsigned column, const char *text);
void stat_table_real(stat_table *table, const stat_row *row, unsigned column, double value);

#endif
