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

#define ACK_BYTES offsetof(analysis_record, next)
#define REQUEST_BYTES offsetof(analysis_record, losses)
#define MESSAGE_BYTES sizeof(analysis_record)

static_assert(ACK_BYTES % _Alignof(analysis_record) == 0 &&
                  REQUEST_BYTES % _Alignof(analysis_record) == 0 &&
                  MESSAGE_BYTES % _Alignof(analysis_record) == 0,
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
static guint anomaly_hash(gconstpointer p)
{
    const anomaly *o = p;
    return (guint)((uint64_t)(uintptr_t)o->of * 0x9e3779b97f4a7c15u >> 32);
}

static gboolean anomaly_equal(gconstpointer p, gconstpointer q)
{
    const anomaly *a = p, *b = q;
    return a->of == b->of;
}

void analysis_record_store_init(record_store *store, const plato_allocator *allocator)
{
    static const plato_allocator heap = {.alloc = heap_alloc, .release = heap_release};
    *store = (record_store){.allocator = allocator != NULL ? *allocator : heap};
    store->anomalies = g_hash_table_new_full(anomaly_hash, anomaly_equal, g_free, NULL);
}

void analysis_record_store_clear(record_store *store)
{
    g_hash_table_destroy(store->anomalies);
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

analysis_record *analysis_record_new(record_store *store, uint32_t msg_type)
{
    static const size_t bytes[] = {
        [RECORD_REQUEST] = REQUEST_BYTES,
        [RECORD_ACK] = ACK_BYTES,
        [RECORD_UP] = MESSAGE_BYTES,
        [RECORD_PUSH] = MESSAGE_BYTES,
    };
    const record_kind kind = kind_of(msg_type);
    analysis_record *r = store_take(store, bytes[kind]);
    if (r != NULL)
        r->kind = (uint8_t)kind;
    return r;
}

static anomaly *find_anomaly(const record_store *store, const analysis_record *of)
{
    const anomaly wanted = {.of = of};
    return of->has_anomaly ? g_hash_table_lookup(store->anomalies, &wanted) : NULL;
}

anomaly *analysis_record_anomaly(record_store *store, analysis_record *of)
{
    anomaly *found = find_anomaly(store, of);
    if (found == NULL) {
        found = g_new0(anomaly, 1);
        found->of = of;
        g_hash_table_add(store->anomalies, found);
        of->has_anomaly = true;
    }
    return found;
}

anomaly *analysis_record_loss_anomaly(record_store *store, analysis_record *of)
{
    anomaly *found = analysis_record_anomaly(store, of);
    if (found->has_losses)
        return found;
    (void)g_hash_table_steal(store->anomalies, found);
    found = g_realloc(found, sizeof *found + sizeof found->losses[0]);
    found->has_losses = true;
    found->losses[0] = (loss_facts){0};
    g_hash_table_add(store->anomalies, found);
    return found;
}

static void fill_anomaly(const anomaly *o, analysis_verdict *v)
{
    v->gap_in = o->gap_in;
    v->prev_conn = o->prev_conn;
    v->next_conn = o->next_conn;
    if (o->has_losses && o->losses->gap_excuse.of != NULL &&
        !analysis_losses_remain(o->losses->gap_excuse)) {
        v->flags |= ANALYSIS_GAP;
        v->later_flags |= ANALYSIS_GAP;
    }
    if ((v->flags & ANALYSIS_GAP) != 0) {
        v->gap_first = o->gap_first;
        v->gap_last = o->gap_last;
    }
    if ((v->flags & ANALYSIS_CAPTURE_GAP) != 0 && !analysis_losses_remain(o->losses->missing))
        v->withdrawn_flags |= ANALYSIS_CAPTURE_GAP;
}

static void fill_response(const analysis_record *ack, analysis_verdict *v)
{
    assert(ack->kind == RECORD_ACK);
    v->response_to = ack->request->number;
    v->response_time_ns = analysis_elapsed_ns(ack->request->time_ns, ack->time_ns);
}

static void fill_delivery(const analysis_record *push, analysis_verdict *v)
{
    assert(push->kind == RECORD_PUSH);
    v->delivery_of = push->up->number;
    v->delivery_time_ns = analysis_elapsed_ns(push->up->time_ns, push->time_ns);
    v->later_flags |= push->delivery_late ? ANALYSIS_HAS_DELIVERY_TIME : 0;
}

analysis_verdict analysis_record_verdict(const record_store *store, const analysis_record *r)
{
    analysis_verdict v = {.flags = r->flags};
    if (r->has_anomaly)
        fill_anomaly(find_anomaly(store, r), &v);
    if (r->kind != RECORD_ACK)
        v.response_in = r->response_in;
    if (r->flags & ANALYSIS_DUPLICATE)
        v.duplicate_of = r->repeated->number;
    if (r->flags & ANALYSIS_HAS_RESPONSE_TIME)
        fill_response(r, &v);
    if (r->early) {
        v.later_flags |= r->flags & (ANALYSIS_HAS_RESPONSE_TIME | ANALYSIS_SLOW_RESPONSE);
    }
    if (r->flags & ANALYSIS_HAS_DELIVERY_TIME)
        fill_delivery(r, &v);
    if (r->kind == RECORD_UP)
        v.delivered_in = r->first_push;
    return v;
}

void analysis_fifo_push(fifo *queue, analysis_record *request)
{
    assert((queue->head == NULL) == (queue->tail == NULL) && request->next == NULL);
    if (queue->tail != NULL)
        queue->tail->next = request;
    else
        queue->head = request;
    queue->tail = request;
}

analysis_record *analysis_fifo_pop(fifo *queue)
{
    analysis_record *request = queue->head;
    if (request == NULL)
        return NULL;
    queue->head = request->next;
    if (queue->head == NULL)
        queue->tail = NULL;
    request->next = NULL;
    return request;
}

void analysis_record_repeat(analysis_record *first, analysis_record *repeat)
{
    assert(first->kind == repeat->kind && repeat->next == NULL);
    record_flag(repeat, ANALYSIS_DUPLICATE);
    repeat->repeated = first;
    if (first->response_in != 0) {
        repeat->response_in = first->response_in;
        return;
    }
    repeat->next = first->next;
    first->next = repeat;
}

void analysis_record_respond(analysis_record *ack, const analysis_record *request, int64_t slow_ns)
{
    ack->request = request;
    record_flag(ack, ANALYSIS_HAS_RESPONSE_TIME);
    if (slow_ns > 0 && analysis_elapsed_ns(request->time_ns, ack->time_ns) > slow_ns)
        record_flag(ack, ANALYSIS_SLOW_RESPONSE);
}

void analysis_record_settle(analysis_record *request, uint32_t response)
{
    request->open = false;
    while (request != NULL) {
        analysis_record *repeat = request->next;
        request->response_in = response;
        request->next = NULL;
        request = repeat;
    }
}

int64_t analysis_elapsed_ns(int64_t earlier, int64_t later)
{
    if (earlier < 0 && later > INT64_MAX + earlier)
        return INT64_MAX;
    if (earlier > 0 && later < INT64_MIN + earlier)
        return INT64_MIN;
    return later - earlier;
}
