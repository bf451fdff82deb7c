/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two heaps with the percentile between them. */
#include "analysis/quantile.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>

static int64_t *numbers(const GArray *heap)
{
    return (int64_t *)(void *)heap->data;
}

/* Whether `a` belongs above `b`. */
static bool is_above(bool largest_first, int64_t a, int64_t b)
{
    return largest_first ? a > b : a < b;
}

static void swap(int64_t *a, int64_t *b)
{
    const int64_t kept = *a;
    *a = *b;
    *b = kept;
}

static void push(GArray *heap, bool largest_first, int64_t number)
{
    g_array_append_val(heap, number);
    int64_t *all = numbers(heap);
    for (guint at = heap->len - 1; at > 0;) {
        const guint parent = (at - 1) / 2;
        if (!is_above(largest_first, all[at], all[parent]))
            break;
        swap(&all[at], &all[parent]);
        at = parent;
    }
}

static int64_t pop(GArray *heap, bool largest_first)
{
    int64_t *all = numbers(heap);
    const int64_t top = all[0];
    const guint n = heap->len - 1;
    all[0] = all[n];
    g_array_set_size(heap, n);
    for (guint at = 0, child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && is_above(largest_first, all[child + 1], all[child]))
            child++;
        if (!is_above(largest_first, all[child], all[at]))
            break;
        swap(&all[child], &all[at]);
    }
    return top;
}

static size_t rank_of(const analysis_quantile *q, size_t n)
{
    return (n * q->percent + 99) / 100;
}

static void keep(analysis_quantile *q, int64_t number)
{
    if (q->low->len > 0 && number <= numbers(q->low)[0])
        push(q->low, true, number);
    else
        push(q->high, false, number);
    const size_t rank = rank_of(q, (size_t)q->low->len + q->high->len);
    while (q->low->len > rank)
        push(q->high, false, pop(q->low, true));
    while (q->low->len < rank)
        push(q->low, true, pop(q->high, false));
    assert(q->high->len == 0 || numbers(q->low)[0] <= numbers(q->high)[0]);
}

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Drops every second number in the order of their size. */
static void thin_out(analysis_quantile *q)
{
    GArray *all = q->low;
    g_array_append_vals(all, q->high->data, q->high->len);
    qsort(all->data, all->len, sizeof(int64_t), compare);
    q->low = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_array_set_size(q->high, 0);
    for (guint i = 0; i < all->len; i += 2)
        keep(q, numbers(all)[i]);
    g_array_unref(all);
}

void analysis_quantile_init(analysis_quantile *q, unsigned percent)
{
    *q = (analysis_quantile){.percent = percent,
                             .stride = 1,
                             .low = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                             .high = g_array_new(FALSE, FALSE, sizeof(int64_t))};
}

void analysis_quantile_clear(analysis_quantile *q)
{
    g_array_unref(q->low);
    g_array_unref(q->high);
}

void analysis_quantile_add(analysis_quantile *q, int64_t number)
{
    if (++q->passed < q->stride)
        return;
    q->passed = 0;
    if (q->low->len + q->high->len == ANALYSIS_QUANTILE_KEPT_MAX) {
        thin_out(q);
        q->stride *= 2;
    }
    keep(q, number);
}

int64_t analysis_quantile_get(const analysis_quantile *q)
{
    assert(q->low->len > 0);
    return numbers(q->low)[0];
}
