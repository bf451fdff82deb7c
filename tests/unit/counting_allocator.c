/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "counting_allocator.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

/* The size of each piece stands before it. */
typedef union size_head {
    size_t size;
    max_align_t align;
} size_head;

static bool refused(counting *c)
{
    c->calls++;
    return c->fail_at != 0 && c->calls >= c->fail_at;
}

static void *counting_resize(void *user, void *ptr, size_t size)
{
    counting *c = user;
    size_head *old = ptr != NULL ? (size_head *)ptr - 1 : NULL;
    const size_t old_size = old != NULL ? old->size : 0;
    if (refused(c))
        return NULL;
    size_head *head = realloc(old, sizeof *head + size);
    if (head == NULL)
        return NULL;
    c->blocks += old_size == 0 && ptr == NULL;
    head->size = size;
    c->live += size - old_size;
    if (c->live > c->peak)
        c->peak = c->live;
    return head + 1;
}

static void *counting_alloc(void *user, size_t size)
{
    return counting_resize(user, NULL, size);
}

static void counting_release(void *user, void *ptr)
{
    counting *c = user;
    size_head *head = (size_head *)ptr - 1;
    c->live -= head->size;
    c->blocks--;
    free(head);
}

plato_allocator counting_allocator(counting *c)
{
    return (plato_allocator){c, counting_alloc, counting_resize, counting_release};
}
