/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An allocator that counts, remembers how much is held, and fails on request. */
#ifndef TESTS_UNIT_COUNTING_ALLOCATOR_H
#define TESTS_UNIT_COUNTING_ALLOCATOR_H

#include "plato/allocator.h"

typedef struct counting {
    size_t calls;   /* of alloc and resize */
    size_t fail_at; /* the call with this number (1 ...) and all later ones fail; 0: none does */
    size_t live;    /* bytes held */
    size_t peak;    /* most bytes ever held */
    size_t blocks;  /* pieces held */
} counting;

/* `c` must outlive what uses the allocator. */
plato_allocator counting_allocator(counting *c);

#endif
