/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "losses.h"

#include <assert.h>
#include <string.h>

#define FIRST_ROOM 4u

/* The latest up to `number` that is not filled; 0: none. The ways there get shorter each time. */
static uint32_t latest_lasting(const losses *l, uint32_t number)
{
    while (number != 0 && l->below[number] != number) {
        const uint32_t next = l->below[number];
        if (next != 0)
            l->below[number] = l->below[next];
        number = next;
    }
    return number;
}

uint32_t analysis_losses_add(losses *l)
{
    const uint32_t number = ++l->count;
    if (number >= l->room) {
        l->room = l->room == 0 ? FIRST_ROOM : l->room * 2;
        l->below = g_renew(uint32_t, l->below, l->room);
    }
    l->below[number] = number;
    l->lasting = number;
    return number;
}

void analysis_losses_clear(losses *l)
{
    g_free(l->below);
    *l = (losses){0};
}

bool analysis_losses_remain(loss_range range)
{
    return range.of != NULL && range.of->lasting > range.after &&
           latest_lasting(range.of, range.upto) > range.after;
}

static void fill(losses *l, uint32_t number)
{
    assert(number != 0 && number <= l->count && l->below[number] == number);
    l->below[number] = number - 1;
    l->lasting = latest_lasting(l, l->lasting);
}

loss *analysis_loss_new(loss_table *table)
{
    loss *new_loss = &table->not_kept;
    if (++table->last_id == 0)
        table->last_id = 1;
    const size_t at = table->max != 0 ? table->last_id % table->max : 0;
    if (at >= table->room && table->max != 0) {
        const size_t room = MIN(table->max, MAX(at + 1, table->room * 2));
        table->kept = g_renew(loss, table->kept, room);
        memset(&table->kept[table->room], 0, (room - table->room) * sizeof *table->kept);
        table->room = room;
    }
    if (table->max != 0)
        new_loss = &table->kept[at];
    *new_loss = (loss){.id = table->last_id};
    return new_loss;
}

void analysis_loss_concerns(loss *l, losses *of)
{
    assert(l->places < LOSS_PLACES);
    l->of[l->places] = of;
    l->number[l->places] = analysis_losses_add(of);
    l->places++;
}

void analysis_loss_table_fill(loss_table *table, uint32_t id)
{
    const size_t at = table->max != 0 ? id % table->max : 0;
    if (id == 0 || at >= table->room || table->kept[at].id != id)
        return;
    loss *l = &table->kept[at];
    for (uint32_t i = 0; i < l->places; i++)
        fill(l->of[i], l->number[i]);
    l->id = 0;
}

void analysis_loss_table_clear(loss_table *table)
{
    g_free(table->kept);
    *table = (loss_table){0};
}
