/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the scenario means for one direction of one connection: all that is left to chance is drawn
 * here, from the seed, the connection's number and the direction. So what happens at which byte
 * does not depend on time, nor on how the bytes arrive.
 */
#ifndef PLATO_CHAOS_PLAN_H
#define PLATO_CHAOS_PLAN_H

#include "chaos/scenario.h"
#include "common/random.h"

/* Something that happens before one byte. */
typedef struct plan_point {
    uint64_t offset;
    const chaos_rule *rule;
} plan_point;

/* Something that goes on from byte `begin` to the one before `end`. */
typedef struct plan_span {
    uint64_t begin, end;
    const chaos_rule *rule;
    bool logged;
    uint64_t ready_ns;  /* resegment: not before; merge: no longer than; 0 = not set */
    uint64_t spent;     /* throttle: bytes since spent_ns */
    uint64_t spent_ns;  /* 0 = not set */
    prng random;        /* flip-one-in */
    uint64_t next_flip; /* its next offset */
} plan_span;

typedef struct plan {
    GArray *points; /* plan_point, by offset, then in the order of the file; without flips */
    GArray *flips;  /* the same; only flips */
    GArray *spans;  /* plan_span, in the order of the file */
    guint next_point, next_flip;
} plan;

void plan_make(plan *p, const scenario *s, uint64_t connection, bool down);
void plan_clear(plan *p);

/* The offset of the next point that is not done; UINT64_MAX if there is none. */
uint64_t plan_next_point(const plan *p);

/* A bit flipped. */
typedef struct plan_bit {
    uint64_t offset;
    unsigned bit;
    uint8_t before, after; /* the byte */
} plan_bit;

/*
 * Flips what is to be flipped in `n` bytes at `p_bytes` that begin at `offset`. Appends a plan_bit
 * for each to `bits`. Changes nothing in the plan: plan_flipped() does, for as many bytes as left.
 */
void plan_flip(const plan *p, uint64_t offset, uint8_t *p_bytes, size_t n, GArray *bits);

/* Everything up to `offset` has been sent. */
void plan_flipped(plan *p, uint64_t offset);

#endif
