/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/plan.h"

#include <math.h>

static bool applies(const chaos_rule *rule, uint64_t connection, bool down)
{
    return (down ? rule->down : rule->up) && connection >= rule->first &&
           connection <= rule->last && (connection - rule->first) % rule->every == 0;
}

static uint64_t draw(prng *random, chaos_offset o)
{
    return o.least + (o.most > o.least ? prng_below(random, o.most - o.least + 1) : 0);
}

/* The distance to the next flip: geometric, with this mean; at least 1. */
static uint64_t distance(prng *random, uint64_t mean)
{
    if (mean <= 1)
        return 1;
    const double bytes = log1p(-prng_unit(random)) / log1p(-1 / (double)mean);
    return bytes < 1e15 ? 1 + (uint64_t)bytes : UINT64_MAX / 4;
}

static void add_rule(plan *p, const chaos_rule *rule, prng random)
{
    const uint64_t begin = draw(&random, rule->begin);
    if (chaos_actions[rule->kind].over_range) {
        plan_span span = {.begin = begin,
                          .end = rule->end.least == CHAOS_NO_END ? CHAOS_NO_END
                                                                 : draw(&random, rule->end),
                          .rule = rule};
        span.random = random;
        if (rule->kind == CHAOS_FLIP_ONE_IN)
            span.next_flip = begin + distance(&span.random, rule->value) - 1;
        g_array_append_val(p->spans, span);
    } else {
        const plan_point point = {begin, rule};
        g_array_append_val(rule->kind == CHAOS_FLIP ? p->flips : p->points, point);
    }
}

static gint by_offset(gconstpointer a, gconstpointer b)
{
    const plan_point *one = a, *two = b;
    if (one->offset != two->offset)
        return one->offset < two->offset ? -1 : 1;
    return one->rule->line < two->rule->line ? -1 : one->rule->line > two->rule->line;
}

void plan_make(plan *p, const scenario *s, uint64_t connection, bool down)
{
    *p = (plan){g_array_new(FALSE, FALSE, sizeof(plan_point)),
                g_array_new(FALSE, FALSE, sizeof(plan_point)),
                g_array_new(FALSE, FALSE, sizeof(plan_span)), 0, 0};
    for (guint i = 0; i < s->rules->len; i++) {
        const chaos_rule *rule = &g_array_index(s->rules, chaos_rule, i);
        /* One branch for each rule, connection and direction. */
        prng random = prng_make(prng_make(s->seed, rule->line).state, connection * 2 + down);
        const bool lucky = prng_unit(&random) < rule->odds;
        if (lucky && applies(rule, connection, down))
            add_rule(p, rule, random);
    }
    g_array_sort(p->points, by_offset);
    g_array_sort(p->flips, by_offset);
}

void plan_clear(plan *p)
{
    g_array_unref(p->points);
    g_array_unref(p->flips);
    g_array_unref(p->spans);
}

uint64_t plan_next_point(const plan *p)
{
    return p->next_point < p->points->len
               ? g_array_index(p->points, plan_point, p->next_point).offset
               : UINT64_MAX;
}

static void flip(uint8_t *p_bytes, uint64_t at, uint64_t offset, unsigned bit, GArray *bits)
{
    plan_bit flipped = {at, bit, p_bytes[at - offset], 0};
    p_bytes[at - offset] ^= (uint8_t)(1u << bit);
    flipped.after = p_bytes[at - offset];
    g_array_append_val(bits, flipped);
}

static void next_random_flip(plan_span *span, unsigned *bit)
{
    *bit = (unsigned)prng_below(&span->random, 8);
    span->next_flip += distance(&span->random, span->rule->value);
}

void plan_flip(const plan *p, uint64_t offset, uint8_t *p_bytes, size_t n, GArray *bits)
{
    unsigned bit;
    for (guint i = p->next_flip; i < p->flips->len; i++) {
        const plan_point *point = &g_array_index(p->flips, plan_point, i);
        if (point->offset >= offset + n)
            break;
        flip(p_bytes, point->offset, offset, (unsigned)point->rule->value, bits);
    }
    for (guint i = 0; i < p->spans->len; i++) {
        plan_span copy = g_array_index(p->spans, plan_span, i);
        while (copy.rule->kind == CHAOS_FLIP_ONE_IN && copy.next_flip < MIN(offset + n, copy.end)) {
            const uint64_t at = copy.next_flip;
            next_random_flip(&copy, &bit);
            flip(p_bytes, at, offset, bit, bits);
        }
    }
}

void plan_flipped(plan *p, uint64_t offset)
{
    unsigned bit;
    while (p->next_flip < p->flips->len &&
           g_array_index(p->flips, plan_point, p->next_flip).offset < offset)
        p->next_flip++;
    for (guint i = 0; i < p->spans->len; i++) {
        plan_span *span = &g_array_index(p->spans, plan_span, i);
        while (span->rule->kind == CHAOS_FLIP_ONE_IN && span->next_flip < MIN(offset, span->end))
            next_random_flip(span, &bit);
    }
}
