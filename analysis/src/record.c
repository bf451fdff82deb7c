/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "record.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES 32768u

typedef struct record_block {
    struct record_block *next;
    union {
        max_align_t aligned;
        uint8_t bytes[BLOCK_BYTES - sizeof(max_align_t)];
    };
} record_block;

static_assert(sizeof(record) % _Alignof(record) == 0 && sizeof(plato_delivery) % 8 == 0,
              "the pieces of a block keep each other aligned");

static void *heap_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void heap_release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

void record_store_init(record_store *store, const plato_allocator *allocator)
{
    static const plato_allocator heap = {.alloc = heap_alloc, .release = heap_release};
    *store = (record_store){.allocator = allocator != NULL ? *allocator : heap};
}

void record_store_clear(record_store *store)
{
    while (store->blocks != NULL) {
        record_block *block = store->blocks;
        store->blocks = block->next;
        store->allocator.release(store->allocator.user, block);
    }
}

static void *store_take(record_store *store, size_t size)
{
    if (store->blocks == NULL || sizeof store->blocks->bytes - store->used < size) {
        record_block *block = store->allocator.alloc(store->allocator.user, sizeof *block);
        if (block == NULL)
            return NULL;
        block->next = store->blocks;
        store->blocks = block;
        store->used = 0;
    }
    void *piece = store->blocks->bytes + store->used;
    store->used += size;
    return memset(piece, 0, size);
}

record *record_new(record_store *store)
{
    return store_take(store, sizeof(record));
}

plato_delivery *delivery_new(record_store *store)
{
    return store_take(store, sizeof(plato_delivery));
}

void fifo_push(fifo *queue, record *request)
{
    if (queue->tail != NULL)
        queue->tail->next = request;
    else
        queue->head = request;
    queue->tail = request;
}

record *fifo_pop(fifo *queue)
{
    record *request = queue->head;
    if (request == NULL)
        return NULL;
    queue->head = request->next;
    if (queue->head == NULL)
        queue->tail = NULL;
    request->next = NULL;
    return request;
}

void record_join(record *first, record *repeat)
{
    if (first->verdict.response_in != 0) {
        repeat->verdict.response_in = first->verdict.response_in;
        return;
    }
    repeat->next = first->next;
    first->next = repeat;
}

void record_settle(record *request, uint32_t response)
{
    request->open = false;
    while (request != NULL) {
        record *repeat = request->next;
        request->verdict.response_in = response;
        request->next = NULL;
        request = repeat;
    }
}

int64_t elapsed_ns(int64_t earlier, int64_t later)
{
    if (earlier < 0 && later > INT64_MAX + earlier)
        return INT64_MAX;
    if (earlier > 0 && later < INT64_MIN + earlier)
        return INT64_MIN;
    return later - earlier;
}
