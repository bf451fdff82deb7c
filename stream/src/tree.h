/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ranges of one direction, in the order of their offsets: an AVL tree whose nodes know which
 * kinds of ranges, and how many captured bytes, are below them.
 */
#ifndef STREAM_TREE_H
#define STREAM_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum stream_kind {
    STREAM_KIND_DATA, /* captured, not consumed */
    STREAM_KIND_CUT,  /* on the wire, its bytes not captured or dropped; not consumed */
    STREAM_KIND_DONE, /* consumed, or forgotten; no two adjoin */
    STREAM_KIND_HOLE, /* missing */
} stream_kind;

typedef enum stream_hole_state {
    STREAM_HOLE_WAITS,    /* nothing says yet that its bytes will not come */
    STREAM_HOLE_IN_GRACE, /* acknowledged, or its sender closed: given up when the grace is over */
    STREAM_HOLE_GONE,     /* given up; no two adjoin */
} stream_hole_state;

/* What a range is, as bits, so that the next one of a kind is found in O(log n). */
enum {
    STREAM_IS_BREAK = 1,  /* not captured bytes: a run ends here */
    STREAM_IS_STOP = 2,   /* a hole or consumed bytes: stream_reach() ends here */
    STREAM_IS_PIECE = 4,  /* captured or cut */
    STREAM_IS_HOLE = 8,   /* any hole */
    STREAM_IS_OPEN = 16,  /* a hole that was not given up */
    STREAM_IS_WAITS = 32, /* a hole without grace */
    STREAM_IS_DATA = 64,  /* captured, not consumed */
};

typedef struct stream_block stream_block;
typedef struct stream_list stream_list;
typedef struct stream_range stream_range;

struct stream_range {
    stream_range *left, *right, *parent;
    uint64_t sum; /* captured bytes below and here */
    uint64_t at, len;
    stream_range *prev, *next; /* in `list`, NULL: in none */
    stream_list *list;
    uint8_t height, kind, state, reason;
    uint8_t below;   /* the bits of all ranges of the subtree */
    bool maybe_fin;  /* a hole that opened, or was given up, as one that may be a FIN */
    uint32_t packet; /* that brought it, or showed that it is missing */
    int64_t time_ns; /* its time; of a hole: the clock when it opened, or when its grace began */
    union {
        struct {
            stream_block *block; /* NULL: in the segment at hand */
            uint32_t payload;    /* where it begins within its packet's payload */
        } data;
        uint64_t since; /* hole in grace: number of segments of the connection when it began */
    } u;
};

typedef struct stream_tree {
    stream_range *root;
} stream_tree;

static inline uint64_t stream_range_end(const stream_range *range)
{
    return range->at + range->len;
}

uint8_t stream_range_bits(const stream_range *range);

stream_range *stream_tree_first(const stream_tree *tree);
stream_range *stream_tree_last(const stream_tree *tree);
stream_range *stream_tree_next(const stream_range *range);
stream_range *stream_tree_prev(const stream_range *range);

/* The first range that ends after `offset`. */
stream_range *stream_tree_find(const stream_tree *tree, uint64_t offset);

/* The next range after, or before, this one that has one of `bits`; NULL: none. */
stream_range *stream_tree_after(const stream_range *range, uint8_t bits);
stream_range *stream_tree_before(const stream_range *range, uint8_t bits);
/* The first one of all. */
stream_range *stream_tree_lowest(const stream_tree *tree, uint8_t bits);

/* Captured bytes in the ranges after this one. */
uint64_t stream_tree_sum_after(const stream_range *range);

/* `prev` NULL: as the first. */
void stream_tree_insert(stream_tree *tree, stream_range *prev, stream_range *range);
void stream_tree_remove(stream_tree *tree, stream_range *range);

/* After a change of a range's kind, state or length. */
void stream_tree_changed(stream_range *range);

/* Lists of ranges; a range is in one at most. */
struct stream_list {
    stream_range *head, *tail;
};

void stream_list_append(stream_list *list, stream_range *range);
void stream_list_insert_after(stream_range *where, stream_range *range);
void stream_list_remove(stream_range *range);

#endif
