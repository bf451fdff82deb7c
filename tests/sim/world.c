/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "world.h"

#include "client.h"
#include "disk.h"
#include "guest.h"
#include "server.h"

#include <stdio.h>
#include <string.h>

#define QUIET_MS 60000u      /* mishaps end */
#define PATIENCE_MS 3600000u /* by then everybody must have everything */

typedef struct event {
    uint64_t at_ms, no;
    event_fn fn;
    void *what;
    uint64_t number;
    GBytes *bytes;
} event;

static gint earlier(gconstpointer a, gconstpointer b, gpointer user)
{
    const event *x = a, *y = b;
    (void)user;
    if (x->at_ms != y->at_ms)
        return x->at_ms < y->at_ms ? -1 : 1;
    return x->no < y->no ? -1 : 1;
}

static void free_event(gpointer data)
{
    g_clear_pointer(&((event *)data)->bytes, g_bytes_unref);
    g_free(data);
}

void world_at(world *w, uint64_t at_ms, event_fn fn, void *what, uint64_t number, GBytes *bytes)
{
    event *e = g_new(event, 1);
    *e = (event){at_ms, w->event_no++, fn, what, number, bytes};
    g_sequence_insert_sorted(w->events, e, earlier, NULL);
}

void world_say(const world *w, const char *format, ...)
{
    va_list arguments;
    if (!w->verbose)
        return;
    va_start(arguments, format);
    printf("%8" G_GUINT64_FORMAT " ", w->now_ms);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

void world_fail(world *w, const char *format, ...)
{
    va_list arguments;
    if (w->failure != NULL)
        return;
    va_start(arguments, format);
    char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    w->failure = g_strdup_printf("at %" G_GUINT64_FORMAT " ms: %s", w->now_ms, text);
    g_free(text);
    world_say(w, "%s", w->failure);
}

uint64_t world_below(world *w, uint64_t n)
{
    return rng_below(&w->random, n);
}

bool world_mishap(world *w, unsigned percent)
{
    return w->now_ms < w->quiet_ms && world_below(w, 100) < percent;
}

static void free_wire(gpointer data)
{
    g_queue_clear_full(&((struct wire *)data)->waiting, (GDestroyNotify)g_bytes_unref);
    g_free(data);
}

world *world_new(uint64_t seed, unsigned cut_at, bool verbose)
{
    world *w = g_new0(world, 1);
    w->seed = seed;
    w->random.state = seed;
    w->cut_at = cut_at;
    w->verbose = verbose;
    w->now_ms = 1000;
    w->quiet_ms = QUIET_MS;
    w->events = g_sequence_new(free_event);
    w->wires = g_ptr_array_new_with_free_func(free_wire);
    w->clients = g_ptr_array_new_with_free_func((GDestroyNotify)client_free);
    w->guests = g_ptr_array_new_with_free_func((GDestroyNotify)guest_free);
    w->ledger.chats = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free,
                                            (GDestroyNotify)g_ptr_array_unref);
    w->ledger.msg_ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    w->ledger.conn_ids = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    disk_start(rng_next(&w->random));
    w->server = server_new(w);
    const unsigned clients = 2 + (unsigned)world_below(w, 3);
    const unsigned sessions = 1 + (unsigned)world_below(w, 2);
    for (unsigned i = 1; i <= clients; i++)
        g_ptr_array_add(w->clients, client_new(w, i, sessions, (unsigned)world_below(w, 40)));
    for (uint64_t i = world_below(w, 3); i > 0; i--)
        g_ptr_array_add(w->guests, guest_new(w, 1000 + i));
    return w;
}

void world_free(world *w)
{
    server_free(w->server);
    g_sequence_free(w->events);
    g_ptr_array_unref(w->clients);
    g_ptr_array_unref(w->guests);
    g_ptr_array_unref(w->wires);
    g_hash_table_unref(w->ledger.chats);
    g_hash_table_unref(w->ledger.msg_ids);
    g_hash_table_unref(w->ledger.conn_ids);
    disk_stop();
    g_free(w->failure);
    g_free(w);
}

static bool is_done(const world *w)
{
    for (guint i = 0; i < w->clients->len; i++) {
        char *lacks = client_lacks(g_ptr_array_index(w->clients, i));
        const bool done = lacks == NULL;
        g_free(lacks);
        if (!done)
            return false;
    }
    return true;
}

static void check_end(world *w)
{
    for (guint i = 0; i < w->clients->len; i++) {
        char *lacks = client_lacks(g_ptr_array_index(w->clients, i));
        if (lacks != NULL)
            world_fail(w, "%s", lacks);
        g_free(lacks);
    }
}

const char *world_run(world *w)
{
    unsigned n = 0;
    while (w->failure == NULL && w->now_ms < PATIENCE_MS && !g_sequence_is_empty(w->events)) {
        GSequenceIter *first = g_sequence_get_begin_iter(w->events);
        event e = *(event *)g_sequence_get(first);
        ((event *)g_sequence_get(first))->bytes = NULL;
        g_sequence_remove(first);
        w->now_ms = MAX(w->now_ms, e.at_ms);
        e.fn(w, e.what, e.number, e.bytes);
        g_clear_pointer(&e.bytes, g_bytes_unref);
        if (w->now_ms >= w->quiet_ms && ++n % 64 == 0 && is_done(w))
            break;
    }
    if (w->failure == NULL)
        check_end(w);
    return w->failure;
}

/* Wires. */

static void at_server(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct wire *wire = what;
    (void)number;
    if (wire->key == 0 || wire->life != server_life(w->server))
        return;
    if (wire->paused || !g_queue_is_empty(&wire->waiting)) /* their order must stay */
        g_queue_push_tail(&wire->waiting, g_bytes_ref(bytes));
    else
        server_received(w->server, wire, bytes);
}

static void at_client(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct wire *wire = what;
    (void)number;
    if (wire->holder == NULL)
        return;
    if (wire->key != 0 && wire->life == server_life(w->server))
        server_drained(w->server, wire, g_bytes_get_size(bytes));
    if (wire->holder != NULL)
        wire->holder->received(wire->user, bytes);
}

static void server_hears_of_end(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct wire *wire = what;
    (void)number;
    (void)bytes;
    if (wire->key != 0 && wire->life == server_life(w->server))
        server_disconnected(w->server, wire);
    wire->key = 0;
}

static void client_hears_of_end(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct wire *wire = what;
    const holder *end = wire->holder;
    (void)w;
    (void)number;
    (void)bytes;
    wire->holder = NULL;
    if (end != NULL)
        end->cut_off(wire->user);
}

/* Now and then one end gets no notice: it will find out, or not. */
void wire_drop(struct wire *wire)
{
    world *w = wire->world;
    if (!world_mishap(w, 30))
        world_at(w, w->now_ms + world_below(w, 300), server_hears_of_end, wire, 0, NULL);
    client_hears_of_end(w, wire, 0, NULL);
}

static void cut(world *w, void *what, uint64_t number, GBytes *bytes)
{
    (void)number;
    (void)bytes;
    if (((struct wire *)what)->holder != NULL && w->now_ms < w->quiet_ms)
        wire_drop(what);
}

struct wire *wire_new(world *w, const holder *end, void *user)
{
    if (!server_is_up(w->server))
        return NULL;
    struct wire *new = g_new0(struct wire, 1);
    new->world = w;
    new->holder = end;
    new->user = user;
    new->life = server_life(w->server);
    g_queue_init(&new->waiting);
    g_ptr_array_add(w->wires, new);
    new->key = server_connected(w->server, new);
    if (world_mishap(w, 60)) /* the network will cut it, sooner or later */
        world_at(w, w->now_ms + world_below(w, 8000), cut, new, 0, NULL);
    return new;
}

/* In pieces, each later than the one before. */
static void carry(struct wire *wire, GBytes *bytes, uint64_t *arrival_ms, event_fn fn)
{
    world *w = wire->world;
    const gsize n = g_bytes_get_size(bytes);
    for (gsize at = 0; at < n;) {
        const gsize piece = world_mishap(w, 20) ? 1 + world_below(w, n - at) : n - at;
        const uint64_t slow = world_mishap(w, 3) ? world_below(w, 3000) : world_below(w, 20);
        *arrival_ms = MAX(*arrival_ms, w->now_ms + slow);
        world_at(w, *arrival_ms, fn, wire, 0, g_bytes_new_from_bytes(bytes, at, piece));
        at += piece;
    }
    g_bytes_unref(bytes);
}

void wire_to_server(struct wire *wire, GBytes *bytes)
{
    carry(wire, bytes, &wire->up_ms, at_server);
}

void wire_to_client(struct wire *wire, GBytes *bytes)
{
    carry(wire, bytes, &wire->down_ms, at_client);
}

static void read_on(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct wire *wire = what;
    (void)number;
    (void)bytes;
    while (wire->key != 0 && wire->life == server_life(w->server) && !wire->paused &&
           !g_queue_is_empty(&wire->waiting)) {
        GBytes *piece = g_queue_pop_head(&wire->waiting);
        server_received(w->server, wire, piece);
        g_bytes_unref(piece);
    }
}

void wire_pause(struct wire *wire, bool pause)
{
    wire->paused = pause;
    if (!pause)
        world_at(wire->world, wire->world->now_ms, read_on, wire, 0, NULL);
}

/* The server has said its last; it gets notice when the client has noticed. */
void wire_end(struct wire *wire)
{
    world *w = wire->world;
    const uint64_t at = MAX(w->now_ms, wire->down_ms) + 1;
    world_at(w, at, client_hears_of_end, wire, 0, NULL);
    world_at(w, at + 1, server_hears_of_end, wire, 0, NULL);
}

void wire_server_gone(struct wire *wire)
{
    world *w = wire->world;
    const uint64_t at = w->now_ms + world_below(w, 500);
    wire->key = 0;
    /* Half of the time the last words arrive, else the reset overtakes them. */
    world_at(w, world_below(w, 2) ? MAX(at, wire->down_ms + 1) : at, client_hears_of_end, wire, 0,
             NULL);
}
