/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables that get a row for each new key. */
#include "stattable.h"

#include <string.h>

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

void stat_table_reset(stat_table *table)
{
    if (table->rows != NULL) {
        GHashTableIter all;
        void *row;
        g_hash_table_iter_init(&all, table->rows);
        while (g_hash_table_iter_next(&all, NULL, &row)) {
            if (table->release != NULL)
                table->release((stat_row *)row);
            g_free(row);
        }
        g_hash_table_destroy(table->rows);
    }
    table->rows = g_hash_table_new(key_hash, key_equal);
    for (unsigned i = 0; i < table->shown->num_elements; i++)
        g_free(table->shown->elements[i]);
    table->shown->num_elements = 0;
}

void stat_table_init(stat_table *table)
{
    table->shown = stat_tap_find_table(table->ui, table->name);
    if (table->shown == NULL) {
        table->shown = stat_tap_init_table(table->name, (int)table->ui->nfields, 0, NULL);
        stat_tap_add_table(table->ui, table->shown);
    }
    stat_table_reset(table);
}

static void add_cells(stat_table *table, const stat_row *row)
{
    const unsigned n = (unsigned)table->ui->nfields;
    stat_tap_table_item_type *cells = g_new0(stat_tap_table_item_type, n);
    for (unsigned i = 0; i < n; i++) {
        cells[i].type = table->ui->fields[i].type;
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
    row = g_malloc0(table->row_size);
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
