/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/upstream.h"

#include "client/backoff.h"

typedef struct lane {
    uint64_t session_id;
    uint64_t last_client_id; /* of the last in `waiting`, or of the last that was answered */
    GQueue waiting;          /* GBytes: the bodies, with ids that follow each other */
    backoff backoff;
    uint64_t due_us; /* when to send them again; 0 = nothing waits */
    bool settled;    /* the first answer has come */
    bool adopted;    /* the server's count was taken over on this connection */
    bool held_back;  /* the server has asked for a pause; ends with the next sending */
} lane;

struct upstream {
    uint64_t first_client_id;
    unsigned retry_ms;
    upstream_handler handler;
    void *user;
    GHashTable *lanes; /* session_id -> lane */
    unsigned unsettled;
    unsigned waiting;
};

static void free_body(gpointer body)
{
    g_bytes_unref(body);
}

static void free_lane(gpointer data)
{
    lane *l = data;
    g_queue_clear_full(&l->waiting, free_body);
    g_free(l);
}

upstream *upstream_new(uint64_t first_client_id, unsigned retry_ms, const upstream_handler *handler,
                       void *user)
{
    upstream *up = g_new0(upstream, 1);
    up->first_client_id = first_client_id;
    up->retry_ms = retry_ms;
    up->handler = *handler;
    up->user = user;
    up->lanes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_lane);
    return up;
}

void upstream_free(upstream *up)
{
    g_hash_table_unref(up->lanes);
    g_free(up);
}

static lane *add(upstream *up, uint64_t session_id, uint64_t last_client_id)
{
    lane *l = g_new0(lane, 1);
    l->session_id = session_id;
    l->last_client_id = last_client_id;
    l->backoff.first_ms = up->retry_ms;
    g_queue_init(&l->waiting);
    g_hash_table_insert(up->lanes, &l->session_id, l);
    return l;
}

static lane *find_or_add(upstream *up, uint64_t session_id)
{
    lane *l = g_hash_table_lookup(up->lanes, &session_id);
    if (l != NULL)
        return l;
    up->unsettled++;
    return add(up, session_id, up->first_client_id - 1);
}

/* The id of the first message that waits; of the next one if none does. */
static uint64_t first_waiting(const lane *l)
{
    return l->last_client_id + 1 - g_queue_get_length((GQueue *)&l->waiting);
}

static void start_timer(const upstream *up, lane *l, uint64_t now_us)
{
    const bool runs = up->retry_ms > 0 && !g_queue_is_empty(&l->waiting);
    l->due_us = runs ? now_us + 1000u * (uint64_t)backoff_next(&l->backoff) : 0;
}

uint64_t upstream_next_id(upstream *up, uint64_t session_id)
{
    const lane *l = g_hash_table_lookup(up->lanes, &session_id);
    return l != NULL ? l->last_client_id + 1 : up->first_client_id;
}

static void keep(upstream *up, lane *l, GBytes *body)
{
    l->last_client_id++;
    g_queue_push_tail(&l->waiting, g_bytes_ref(body));
    up->waiting++;
}

void upstream_say(upstream *up, uint64_t session_id, GBytes *body, uint64_t now_us)
{
    lane *l = find_or_add(up, session_id);
    keep(up, l, body);
    if (l->due_us == 0)
        start_timer(up, l, now_us);
    up->handler.send(up->user, session_id, l->last_client_id, body, false);
}

void upstream_restore(upstream *up, uint64_t session_id, uint64_t last_client_id)
{
    add(up, session_id, last_client_id)->settled = true;
}

void upstream_restore_message(upstream *up, uint64_t session_id, uint64_t client_id, GBytes *body)
{
    const lane *l = g_hash_table_lookup(up->lanes, &session_id);
    if (l == NULL)
        upstream_restore(up, session_id, client_id - 1);
    keep(up, g_hash_table_lookup(up->lanes, &session_id), body);
}

static void send_all(upstream *up, lane *l, uint64_t now_us)
{
    uint64_t client_id = first_waiting(l);
    start_timer(up, l, now_us);
    l->held_back = false;
    for (const GList *link = l->waiting.head; link != NULL; link = link->next)
        up->handler.send(up->user, l->session_id, client_id++, link->data, true);
}

static void settle(upstream *up, lane *l)
{
    if (l->settled)
        return;
    l->settled = true;
    up->unsettled--;
}

/* Forgets the first `n` messages: the server takes them in order, so the last speaks for all. */
static void forget(upstream *up, lane *l, uint64_t n, uint64_t now_us)
{
    for (; n > 0; n--) {
        free_body(g_queue_pop_head(&l->waiting));
        up->waiting--;
    }
    l->held_back = false;
    backoff_reset(&l->backoff);
    start_timer(up, l, now_us);
}

/* The server expects less than the first that waits. At once only the first time: it might go on
 * refusing. */
static void adopt(upstream *up, lane *l, uint64_t expected, uint64_t now_us)
{
    l->last_client_id = expected - 1 + g_queue_get_length(&l->waiting);
    up->handler.renumbered(up->user, l->session_id);
    if (!l->adopted)
        send_all(up, l, now_us);
    l->adopted = true;
}

static upstream_verdict out_of_order(upstream *up, lane *l, uint64_t expected, uint64_t now_us)
{
    if (!g_queue_is_empty(&l->waiting) && expected != 0 && expected < first_waiting(l))
        adopt(up, l, expected, now_us);
    return UPSTREAM_LATER;
}

/* Refusals that say nothing about the message, only about the moment. */
static bool is_passing(uint32_t code)
{
    return code == PLATO_ACK_RATE_LIMITED || code == PLATO_ACK_OVERLOADED ||
           code == PLATO_ACK_INTERNAL || code == PLATO_ACK_NOT_LOGGED_IN;
}

upstream_verdict upstream_answered(upstream *up, const plato_head_ack *ack, uint64_t now_us,
                                   uint64_t *client_id)
{
    lane *l = g_hash_table_lookup(up->lanes, &ack->session_id);
    *client_id = ack->client_id;
    if (l == NULL)
        return ack->code == PLATO_ACK_OK ? UPSTREAM_KNOWN : UPSTREAM_REFUSED;
    if (ack->code == PLATO_ACK_OUT_OF_ORDER)
        return out_of_order(up, l, ack->client_id, now_us);
    if (is_passing(ack->code) && up->retry_ms > 0) {
        l->held_back = !g_queue_is_empty(&l->waiting);
        return UPSTREAM_LATER;
    }
    settle(up, l);
    if (*client_id == 0 && ack->code != PLATO_ACK_OK)
        *client_id = first_waiting(l);
    /* One that is below the first wraps around and is far above. */
    const uint64_t index = *client_id - first_waiting(l);
    if (index >= g_queue_get_length(&l->waiting))
        return ack->code == PLATO_ACK_OK ? UPSTREAM_KNOWN : UPSTREAM_REFUSED;
    if (ack->code != PLATO_ACK_OK && index > 0)
        return UPSTREAM_LATER; /* its turn comes when those before it have an answer */
    forget(up, l, index + 1, now_us);
    return ack->code == PLATO_ACK_OK ? UPSTREAM_DONE : UPSTREAM_REFUSED;
}

typedef struct place {
    lane *lane;
    GList *link;
    uint64_t client_id;
} place;

static void find_largest(lane *l, place *largest)
{
    uint64_t client_id = first_waiting(l);
    for (GList *link = l->waiting.head; link != NULL; link = link->next, client_id++) {
        if (largest->link == NULL ||
            g_bytes_get_size(link->data) > g_bytes_get_size(largest->link->data))
            *largest = (place){l, link, client_id};
    }
}

bool upstream_drop_largest(upstream *up, uint64_t *session_id, uint64_t *client_id)
{
    GHashTableIter iter;
    gpointer value;
    place found = {NULL, NULL, 0};
    g_hash_table_iter_init(&iter, up->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value))
        find_largest(value, &found);
    if (found.link == NULL)
        return false;
    *session_id = found.lane->session_id;
    *client_id = found.client_id;
    free_body(found.link->data);
    g_queue_delete_link(&found.lane->waiting, found.link);
    found.lane->last_client_id--;
    up->waiting--;
    settle(up, found.lane);
    up->handler.renumbered(up->user, found.lane->session_id);
    return true;
}

void upstream_resume(upstream *up, uint64_t now_us)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, up->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        lane *l = value;
        l->adopted = false;
        backoff_reset(&l->backoff);
        send_all(up, l, now_us);
    }
}

void upstream_tick(upstream *up, uint64_t now_us)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, up->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        lane *l = value;
        if (l->due_us != 0 && l->due_us <= now_us)
            send_all(up, l, now_us);
    }
}

uint64_t upstream_due_us(const upstream *up)
{
    GHashTableIter iter;
    gpointer value;
    uint64_t first = 0;
    g_hash_table_iter_init(&iter, up->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const uint64_t due = ((lane *)value)->due_us;
        if (due != 0 && (first == 0 || due < first))
            first = due;
    }
    return first;
}

unsigned upstream_waiting(const upstream *up)
{
    return up->waiting;
}

void upstream_foreach(upstream *up, uint64_t session_id,
                      void (*each)(void *user, uint64_t client_id, GBytes *body), void *user)
{
    const lane *l = g_hash_table_lookup(up->lanes, &session_id);
    uint64_t client_id = l != NULL ? first_waiting(l) : 0;
    for (const GList *link = l != NULL ? l->waiting.head : NULL; link != NULL; link = link->next)
        each(user, client_id++, link->data);
}

bool upstream_is_settled(const upstream *up)
{
    return up->unsettled == 0;
}

bool upstream_is_held_back(const upstream *up)
{
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, up->lanes);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((lane *)value)->held_back)
            return true;
    }
    return false;
}
