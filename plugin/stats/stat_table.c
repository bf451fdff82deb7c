/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that get a row for each new key. */
#include "stats/stat_table.h"

#include <stdio.h>
#include <string.h>

void stat_number(stat_number_text text, int width, uint64_t number)
{
    snprintf(text, sizeof(stat_number_text), "%*" PRIu64, width, number);
}

static unsigned key_hash(const void *key)
{
    const unsigned char *p = key;
    unsigned hash = 2166136261u;
    for (size_t i = 0; i < STAT_KEY_BYTES; i++)
        hash = (hash ^ p[i]) * 16777619u;
    return hash;
}

static gboolean key_equal(const void *a, const void *b)
{
    return memcmp(a, b, STAT_KEY_BYTES) == 0;
}

/*
 * Wireshark's own code draws the tables that hang in the listener's stat_tap_table_ui, and all
 * listeners of a statistic are given the registered one. So each gets a copy with its first packet;
 * in the registered one stays an empty table, for listeners without packets.
 */
static GSList *tables; /* of every kind */

static void free_rows(stat_table *table)
{
    GHashTableIter all;
    void *row;
    g_hash_table_iter_init(&all, table->rows);
    while (g_hash_table_iter_next(&all, NULL, &row)) {
        if (table->kind->release != NULL)
            table->kind->release((stat_row *)row);
        g_free(row);
    }
    g_hash_table_remove_all(table->rows);
}

static void free_cells(stat_tap_table *shown)
{
    for (unsigned i = 0; i < shown->num_elements; i++)
        g_free(shown->elements[i]);
    shown->num_elements = 0;
}

/* sharkd frees what it drew, with free_stat_tables(). */
static bool is_released(const stat_table *table)
{
    return table->ui.tables == NULL || table->ui.tables->len == 0;
}

static void free_table(stat_table *table)
{
    tables = g_slist_remove(tables, table);
    free_rows(table);
    g_hash_table_destroy(table->rows);
    if (!is_released(table)) {
        free_cells(table->shown);
        g_free(table->shown->elements);
        g_free(table->shown);
    }
    if (table->ui.tables != NULL)
        g_array_free(table->ui.tables, TRUE);
    g_free(table->notes);
    g_free(table);
}

/* A window that is still open sorts by the cells it was drawn from, however old they are. */
static void free_unseen(const stat_kind *kind, const void *owner)
{
    const bool is_only_window = kind->ui->refcount == 1;
    GSList *next;
    for (GSList *at = tables; at != NULL; at = next) {
        stat_table *table = (stat_table *)at->data;
        const bool is_redrawn = owner != NULL && table->owner == owner;
        next = at->next;
        if (table->kind == kind && (is_released(table) || is_redrawn || is_only_window))
            free_table(table);
    }
}

static stat_tap_table *hang_up_table(stat_tap_table_ui *ui)
{
    stat_tap_table *shown = stat_tap_init_table(ui->title, (int)ui->nfields, 0, NULL);
    stat_tap_add_table(ui, shown);
    return shown;
}

void stat_table_init(const stat_kind *kind)
{
    free_unseen(kind, NULL);
    if (stat_tap_find_table(kind->ui, kind->ui->title) == NULL)
        hang_up_table(kind->ui);
}

static stat_table *new_table(const stat_kind *kind, const void *owner)
{
    free_unseen(kind, owner);
    stat_table *table = g_new0(stat_table, 1);
    table->ui = *kind->ui;
    table->ui.tables = NULL;
    table->kind = kind;
    table->owner = owner;
    table->shown = hang_up_table(&table->ui);
    table->rows = g_hash_table_new(key_hash, key_equal);
    table->notes = g_malloc0(kind->notes_size);
    tables = g_slist_prepend(tables, table);
    return table;
}

stat_table *stat_table_of(const stat_kind *kind, void *tapdata)
{
    stat_data_t *listener = (stat_data_t *)tapdata;
    if (listener->stat_tap_data == kind->ui)
        listener->stat_tap_data = &new_table(kind, listener->user_data)->ui;
    return (stat_table *)(void *)listener->stat_tap_data;
}

/* NULL: the empty one. */
static stat_table *table_shown_as(const stat_tap_table *shown)
{
    for (GSList *at = tables; at != NULL; at = at->next) {
        stat_table *table = (stat_table *)at->data;
        if (table->shown == shown && !is_released(table))
            return table;
    }
    return NULL;
}

void stat_table_reset(stat_tap_table *shown)
{
    stat_table *table = table_shown_as(shown);
    if (table == NULL)
        return;
    free_cells(shown);
    free_rows(table);
    if (table->notes != NULL)
        memset(table->notes, 0, table->kind->notes_size);
}

static void add_cells(stat_table *table, const stat_row *row)
{
    const unsigned n = (unsigned)table->ui.nfields;
    stat_tap_table_item_type *cells = g_new0(stat_tap_table_item_type, n);
    for (unsigned i = 0; i < n; i++) {
        cells[i].type = table->ui.fields[i].type;
        if (cells[i].type == TABLE_ITEM_STRING)
            cells[i].value.string_value = "";
    }
    stat_tap_init_table_row(table->shown, row->number, n, cells);
    g_free(cells);
}

stat_row *stat_table_find(const stat_table *table, const stat_key *key)
{
    return g_hash_table_lookup(table->rows, key);
}

stat_row *stat_table_row(stat_table *table, const stat_key *key, bool *is_new)
{
    stat_row *row = stat_table_find(table, key);
    *is_new = row == NULL;
    if (row != NULL)
        return row;
    row = g_malloc0(table->kind->row_size);
    row->key = *key;
    row->number = g_hash_table_size(table->rows);
    g_hash_table_insert(table->rows, &row->key, row);
    add_cells(table, row);
    return row;
}

static stat_tap_table_item_type *cell(stat_table *table, const stat_row *row, unsigned column)
{
    return stat_tap_get_field_data(table->shown, row->number, column);
}

void stat_table_count(stat_table *table, const stat_row *row, unsigned column, unsigned value)
{
    cell(table, row, column)->value.uint_value = value;
}

void stat_table_text(stat_table *table, const stat_row *row, unsigned column, const char *text)
{
    cell(table, row, column)->value.string_value = text;
}

void stat_table_real(stat_table *table, const stat_row *row, unsigned column, double value)
{
    cell(table, row, column)->value.float_value = value;
}

void stat_table_leave_empty(stat_table *table, const stat_row *row, unsigned column)
{
    for (; column < table->ui.nfields; column++)
        cell(table, row, column)->type = TABLE_ITEM_NONE;
}
