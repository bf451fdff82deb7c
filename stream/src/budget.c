/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "budget_parts.h"

#include <stdlib.h>
#include <string.h>

#define SPARE_RANGES 256u
#define SPARE_BLOCKS 16u
#define SPARE_BLOCK_MAX 65536u /* bytes; larger ones go back at once */

struct stream_budget {
    plato_allocator memory;
    size_t limit, used;
    stream_range *spare_ranges; /* by `next` */
    stream_block *spare_blocks;
    unsigned range_count, block_count;
};

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    return realloc(ptr, size);
}

static void default_release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

stream_budget *stream_budget_new(size_t limit, const plato_allocator *allocator)
{
    const plato_allocator memory =
        allocator != NULL ? *allocator
                          : (plato_allocator){NULL, default_alloc, default_resize, default_release};
    stream_budget *budget = memory.alloc(memory.user, sizeof *budget);
    if (budget == NULL)
        return NULL;
    memset(budget, 0, sizeof *budget);
    budget->memory = memory;
    budget->limit = limit != 0 ? limit : STREAM_BUDGET_DEFAULT;
    return budget;
}

static void free_block(stream_budget *budget, stream_block *block)
{
    stream_budget_release(budget, block->bytes);
    stream_budget_release(budget, block);
}

void stream_budget_free(stream_budget *budget)
{
    if (budget == NULL)
        return;
    while (budget->spare_ranges != NULL) {
        stream_range *range = budget->spare_ranges;
        budget->spare_ranges = range->next;
        stream_budget_release(budget, range);
    }
    while (budget->spare_blocks != NULL) {
        stream_block *block = budget->spare_blocks;
        budget->spare_blocks = block->next_spare;
        free_block(budget, block);
    }
    budget->memory.release(budget->memory.user, budget);
}

size_t stream_budget_used(const stream_budget *budget)
{
    return budget->used;
}

bool stream_budget_take(stream_budget *budget, size_t size)
{
    if (size > budget->limit - budget->used)
        return false;
    budget->used += size;
    return true;
}

void stream_budget_return(stream_budget *budget, size_t size)
{
    budget->used -= size;
}

void *stream_budget_alloc(stream_budget *budget, size_t size)
{
    return budget->memory.alloc(budget->memory.user, size);
}

void *stream_budget_resize(stream_budget *budget, void *p, size_t size)
{
    return budget->memory.resize(budget->memory.user, p, size);
}

void stream_budget_release(stream_budget *budget, void *p)
{
    if (p != NULL)
        budget->memory.release(budget->memory.user, p);
}

stream_range *stream_budget_range(stream_budget *budget)
{
    stream_range *range = budget->spare_ranges;
    if (range != NULL) {
        budget->spare_ranges = range->next;
        budget->range_count--;
    } else {
        range = stream_budget_alloc(budget, sizeof *range);
    }
    if (range != NULL)
        memset(range, 0, sizeof *range);
    return range;
}

void stream_budget_put_range(stream_budget *budget, stream_range *range)
{
    if (budget->range_count == SPARE_RANGES) {
        stream_budget_release(budget, range);
        return;
    }
    range->next = budget->spare_ranges;
    budget->spare_ranges = range;
    budget->range_count++;
}

stream_block *stream_budget_block(stream_budget *budget, size_t cap)
{
    stream_block *block = budget->spare_blocks;
    if (block != NULL && block->cap >= cap) {
        budget->spare_blocks = block->next_spare;
        budget->block_count--;
        return block;
    }
    block = stream_budget_alloc(budget, sizeof *block);
    if (block == NULL)
        return NULL;
    *block = (stream_block){.cap = cap};
    block->bytes = stream_budget_alloc(budget, cap);
    if (block->bytes == NULL) {
        stream_budget_release(budget, block);
        return NULL;
    }
    return block;
}

void stream_budget_put_block(stream_budget *budget, stream_block *block)
{
    if (budget->block_count == SPARE_BLOCKS || block->cap > SPARE_BLOCK_MAX) {
        free_block(budget, block);
        return;
    }
    block->refs = 0;
    block->used = 0;
    block->next_spare = budget->spare_blocks;
    budget->spare_blocks = block;
    budget->block_count++;
}
