/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that get a row for each new key. */
#ifndef PLATO_STAT_TABLE_H
#define PLATO_STAT_TABLE_H

#include "support/compat.h"

#include <epan/stat_tap_ui.h>

#define STAT_KEY_BYTES 56

/*
 * A number of 64 bits is shown as text: Wireshark's own cells hold 32. Wireshark sorts texts byte
 * by byte, so the number is filled up with blanks on its left.
 */
typedef char stat_number_text[24];
#define STAT_ID_WIDTH 20 /* digits of the longest */
void stat_number(stat_number_text text, int width, uint64_t number);

/* What a row is found by: zeroed, then filled in. */
typedef struct stat_key {
    char bytes[STAT_KEY_BYTES];
} stat_key;

/* The start of each row; what a statistic counts follows it. */
typedef struct stat_row {
    stat_key key;
    unsigned number; /* in the table shown */
} stat_row;

/* What tables of one statistic have in common. */
typedef struct stat_kind {
    stat_tap_table_ui *ui;          /* as registered */
    size_t row_size;                /* bytes, with the stat_row at its start */
    size_t notes_size;              /* bytes that a table keeps beside its rows; 0: none */
    void (*release)(stat_row *row); /* frees what a row holds; NULL: nothing */
} stat_kind;

/*
 * A growing table, one for each listener: the same statistic may be asked for twice, by two
 * windows or two options. The rows are ours, the cells Wireshark's; a text in a cell points into
 * its row.
 */
typedef struct stat_table {
    stat_tap_table_ui ui; /* first; the registered one, but for the tables in it */
    const stat_kind *kind;
    const void *owner; /* the listener's user data: its window */
    stat_tap_table *shown;
    GHashTable *rows;
    void *notes; /* zeroed, also by a reset */
} stat_table;

/* What Wireshark's callbacks of the same names have to do. */
void stat_table_init(const stat_kind *kind);
void stat_table_reset(stat_tap_table *shown);

/* The table of a listener, from what its packet callback is given. */
stat_table *stat_table_of(const stat_kind *kind, void *tapdata);

/* The row of `key`; a new one is zeroed, and `*is_new` set. Valid until the reset. */
stat_row *stat_table_row(stat_table *table, const stat_key *key, bool *is_new);

/* NULL if there is none. */
stat_row *stat_table_find(const stat_table *table, const stat_key *key);

/* Cells. `text` must live as long as the row. */
void stat_table_count(stat_table *table, const stat_row *row, unsigned column, unsigned value);
void stat_table_text(stat_table *table, const stat_row *row, unsigned column, const char *text);
void stat_table_real(stat_table *table, const stat_row *row, unsigned column, double value);

/* The cells from `column` on have nothing to say. */
void stat_table_leave_empty(stat_table *table, const stat_row *row, unsigned column);

#endif
