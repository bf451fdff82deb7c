/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/arena.h"

#include "memory.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#define FIRST_BLOCK 4096u /* bytes; later blocks double */
/* Below it neither rounding up, nor doubling, nor adding a block's head can wrap. */
#define CAP_MAX (SIZE_MAX / 4)

typedef struct block {
    struct block *older;
    size_t size; /* bytes after this head */
    size_t used;
    alignas(max_align_t) uint8_t bytes[];
} block;

struct plato_arena {
    ProtobufCAllocator protobuf;
    plato_allocator allocator;
    block *newest; /* also the largest */
    size_t cap;
    size_t used;
};

static block *add_block(plato_arena *arena, size_t at_least)
{
    size_t size = arena->newest != NULL ? arena->newest->size * 2 : FIRST_BLOCK;
    if (size > arena->cap)
        size = arena->cap;
    if (size < at_least)
        size = at_least;
    block *b = arena->allocator.alloc(arena->allocator.user, sizeof *b + size);
    if (b == NULL)
        return NULL;
    assert(arena->newest == NULL || size >= arena->newest->size);
    b->older = arena->newest;
    b->size = size;
    b->used = 0;
    arena->newest = b;
    return b;
}

static void *arena_alloc(void *data, size_t size)
{
    plato_arena *arena = data;
    const size_t align = alignof(max_align_t);
    if (size > arena->cap)
        return NULL;
    size = (size + align - 1) / align * align;
    if (size > arena->cap - arena->used)
        return NULL;
    block *b = arena->newest;
    if (b == NULL || size > b->size - b->used) {
        b = add_block(arena, size);
        if (b == NULL)
            return NULL;
    }
    void *p = b->bytes + b->used;
    assert(b->used % align == 0);
    b->used += size;
    arena->used += size;
    return p;
}

static void arena_free(void *data, void *pointer)
{
    (void)data;
    (void)pointer;
}

plato_err plato_arena_new(size_t cap, const plato_allocator *allocator, plato_arena **out)
{
    const plato_allocator memory = plato_allocator_or_default(allocator);
    plato_arena *arena = memory.alloc(memory.user, sizeof *arena);
    if (arena == NULL)
        return PLATO_ERR_NO_MEMORY;
    memset(arena, 0, sizeof *arena);
    arena->protobuf.alloc = arena_alloc;
    arena->protobuf.free = arena_free;
    arena->protobuf.allocator_data = arena;
    arena->allocator = memory;
    arena->cap = cap < CAP_MAX ? cap : CAP_MAX;
    *out = arena;
    return PLATO_OK;
}

static void release_older(plato_arena *arena, block *b)
{
    while (b != NULL) {
        block *older = b->older;
        arena->allocator.release(arena->allocator.user, b);
        b = older;
    }
}

void plato_arena_free(plato_arena *arena)
{
    if (arena == NULL)
        return;
    release_older(arena, arena->newest);
    arena->allocator.release(arena->allocator.user, arena);
}

ProtobufCAllocator *plato_arena_allocator(plato_arena *arena)
{
    return &arena->protobuf;
}

void plato_arena_reset(plato_arena *arena)
{
    arena->used = 0;
    if (arena->newest == NULL)
        return;
    release_older(arena, arena->newest->older);
    arena->newest->older = NULL;
    arena->newest->used = 0;
}

size_t plato_arena_used(const plato_arena *arena)
{
    return arena->used;
}
