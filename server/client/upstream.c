/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/upstream.h"

typedef struct message {
    Plato__ContentType type;
    GBytes *content;
} message;

typedef struct lane {
    uint64_t session_id;
    uint64_t last_client_id;
    bool settled;   /* the first answer has come */
    bool adopted;   /* the server's count was taken over */
    unsigned stale; /* refusals that are still to come for ids given up since */
    GQueue waiting; /* message: all that was said before the first answer */
} lane;

struct upstream {
    uint64_t first_client_id;
    upstream_send send;
    void *user;
    GHashTable *lanes; /* session_id -> lane */
    unsigned unsettled;
};

static void free_message(gpointer data)
{
    message *m = data;
    g_bytes_unref(m->content);
    g_free(m);
}

static void free_lane(gpointer data)
{
    lane *l = data;
    g_queue_clear_full(&l->waiting, free_message);
    g_free(l);
}

upstream *upstream_new(uint64_t first_client_id, upstream_send send, void *user)
{
    upstream *up = g_new0(upstream, 1);
    up->first_client_id = first_client_id;
    up->send = send;
    up->user = user;
    up->lanes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_lane);
    return up;
}

void upstream_free(upstream *up)
{
    g_hash_table_unref(up->lanes);
    g_free(up);
}

static lane *find_or_add(upstream *up, uint64_t session_id)
{
    lane *l = g_hash_table_lookup(up->lanes, &session_id);
    if (l != NULL)
        return l;
    l = g_new0(lane, 1);
    l->session_id = session_id;
    l->last_client_id = up->first_client_id - 1;
    g_queue_init(&l->waiting);
    g_hash_table_insert(up->lanes, &l->session_id, l);
    up->unsettled++;
    return l;
}

static void send_next(upstream *up, lane *l, const message *m, bool again)
{
    const plato_head_up head = {.client_id = ++l->last_client_id, .session_id = l->session_id};
    up->send(up->user, &head, m->type, m->content, again);
}

void upstream_say(upstream *up, uint64_t session_id, Plato__ContentType type, GBytes *content)
{
    lane *l = find_or_add(up, session_id);
    const message m = {type, content};
    if (!l->settled) {
        g_bytes_ref(content);
        g_queue_push_tail(&l->waiting, g_memdup2(&m, sizeof m));
    }
    send_next(up, l, &m, false);
}

/* All that was said had ids too high: the first refusal is there, each other one will get its. */
static void adopt(upstream *up, lane *l, uint64_t expected)
{
    l->adopted = true;
    l->stale = g_queue_get_length(&l->waiting) - 1;
    l->last_client_id = expected - 1;
    for (const GList *link = l->waiting.head; link != NULL; link = link->next)
        send_next(up, l, link->data, true);
}

static void settle(upstream *up, lane *l)
{
    if (l->settled)
        return;
    l->settled = true;
    up->unsettled--;
    g_queue_clear_full(&l->waiting, free_message);
}

bool upstream_answered(upstream *up, const plato_head_ack *ack)
{
    const bool early = ack->code == PLATO_ACK_OUT_OF_ORDER;
    lane *l = g_hash_table_lookup(up->lanes, &ack->session_id);
    if (l != NULL && early && l->stale > 0) {
        l->stale--;
        return true;
    }
    if (l != NULL && early && !l->settled && !l->adopted && ack->client_id != 0) {
        adopt(up, l, ack->client_id);
        return true;
    }
    if (l != NULL)
        settle(up, l);
    return ack->code == PLATO_ACK_OK;
}

bool upstream_is_settled(const upstream *up)
{
    return up->unsettled == 0;
}
