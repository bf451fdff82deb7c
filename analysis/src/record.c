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

#define ACK_BYTES offsetof(record, next)
#define REQUEST_BYTES offsetof(record, losses)
#define MESSAGE_BYTES sizeof(record)

static_assert(ACK_BYTES % _Alignof(record) == 0 && REQUEST_BYTES % _Alignof(record) == 0 &&
                  MESSAGE_BYTES % _Alignof(record) == 0,
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

/* Records are adjacent in memory: without this their addresses would collide. */
static guint oddity_hash(gconstpointer p)
{
    const oddity *o = p;
    return (guint)((uint64_t)(uintptr_t)o->of * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean oddity_equal(gconstpointer p, gconstpointer q)
{
    const oddity *a = p, *b = q;
    return a->of == b->of;
}

void record_store_init(record_store *store, const plato_allocator *allocator)
{
    static const plato_allocator heap = {.alloc = heap_alloc, .release = heap_release};
    *store = (record_store){.allocator = allocator != NULL ? *allocator : heap};
    store->oddities = g_hash_table_new_full(oddity_hash, oddity_equal, g_free, NULL);
}

void record_store_clear(record_store *store)
{
    g_hash_table_destroy(store->oddities);
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

static record_kind kind_of(uint32_t msg_type)
{
    switch (msg_type) {
    case PLATO_ACK:
        return RECORD_ACK;
    case PLATO_UP:
        return RECORD_UP;
    case PLATO_PUSH:
        return RECORD_PUSH;
    default:
        return RECORD_REQUEST;
    }
}

record *record_new(record_store *store, uint32_t msg_type)
{
    static const size_t bytes[] = {
        [RECORD_REQUEST] = REQUEST_BYTES,
        [RECORD_ACK] = ACK_BYTES,
        [RECORD_UP] = MESSAGE_BYTES,
        [RECORD_PUSH] = MESSAGE_BYTES,
    };
    const record_kind kind = kind_of(msg_type);
    record *r = store_take(store, bytes[kind]);
    if (r != NULL)
        r->kind = (uint8_t)kind;
    return r;
}

static oddity *find_oddity(const record_store *store, const record *of)
{
    const oddity wanted = {.of = of};
    return of->odd ? g_hash_table_lookup(store->oddities, &wanted) : NULL;
}

oddity *record_oddity(record_store *store, record *of)
{
    oddity *found = find_oddity(store, of);
    if (found == NULL) {
        found = g_new0(oddity, 1);
        found->of = of;
        g_hash_table_add(store->oddities, found);
        of->odd = true;
    }
    return found;
}

static void fill_oddity(const oddity *o, plato_verdict *v)
{
    v->gap_in = o->gap_in;
    v->gap_first = o->gap_first;
    v->gap_last = o->gap_last;
    v->prev_conn = o->prev_conn;
    v->next_conn = o->next_conn;
}

static void fill_response(const record *ack, plato_verdict *v)
{
    assert(ack->kind == RECORD_ACK);
    v->response_to = ack->request->number;
    v->response_time_ns = elapsed_ns(ack->request->time_ns, ack->time_ns);
}

static void fill_delivery(const record *push, plato_verdict *v)
{
    assert(push->kind == RECORD_PUSH);
    v->delivery_of = push->up->number;
    v->delivery_time_ns = elapsed_ns(push->up->time_ns, push->time_ns);
    v->later_flags = push->delivery_late ? PLATO_VERDICT_HAS_DELIVERY_TIME : 0;
}

plato_verdict record_verdict(const record_store *store, const record *r)
{
    plato_verdict v = {.flags = r->flags};
    if (r->odd)
        fill_oddity(find_oddity(store, r), &v);
    if (r->kind != RECORD_ACK)
        v.response_in = r->response_in;
    if (r->flags & PLATO_VERDICT_DUPLICATE)
        v.duplicate_of = r->repeated->number;
    if (r->flags & PLATO_VERDICT_HAS_RESPONSE_TIME)
        fill_response(r, &v);
    if (r->flags & PLATO_VERDICT_HAS_DELIVERY_TIME)
        fill_delivery(r, &v);
    if (r->kind == RECORD_UP)
        v.delivered_in = r->first_push;
    return v;
}

void fifo_push(fifo *queue, record *request)
{
    assert((queue->head == NULL) == (queue->tail == NULL) && request->next == NULL);
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

void record_repeat(record *first, record *repeat)
{
    assert(first->kind == repeat->kind && repeat->next == NULL);
    record_flag(repeat, PLATO_VERDICT_DUPLICATE);
    repeat->repeated = first;
    if (first->response_in != 0) {
        repeat->response_in = first->response_in;
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
        request->response_in = response;
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
