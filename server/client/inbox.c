/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/inbox.h"

/* Messages that wait after a hole, per session; more are dropped and asked for again. */
#define MOST_WAITING 1024u

typedef struct lane {
    uint64_t session_id;
    uint64_t complete;
    GTree *waiting; /* msg_id -> GBytes, or NULL for one's own */
} lane;

struct inbox {
    inbox_show show;
    void *user;
    GHashTable *lanes; /* session_id -> lane */
    bool resumed;
};

static gint compare_ids(gconstpointer a, gconstpointer b, gpointer user)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    (void)user;
    return (x > y) - (x < y);
}

static void release_body(gpointer body)
{
    if (body != NULL)
        g_bytes_unref(body);
}

static void free_lane(gpointer data)
{
    lane *l = data;
    g_tree_unref(l->waiting);
    g_free(l);
}

inbox *inbox_new(inbox_show show, void *user)
{
    inbox *in = g_new0(inbox, 1);
    in->show = show;
    in->user = user;
    in->lanes = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, free_lane);
    return in;
}

void inbox_free(inbox *in)
{
    g_hash_table_unref(in->lanes);
    g_free(in);
}

static lane *find(const inbox *in, uint64_t session_id)
{
    return g_hash_table_lookup(in->lanes, &session_id);
}

static lane *add(inbox *in, uint64_t session_id, uint64_t first_msg_id)
{
    lane *l = g_new0(lane, 1);
    l->session_id = session_id;
    l->complete = first_msg_id - 1;
    l->waiting = g_tree_new_full(compare_ids, NULL, g_free, release_body);
    g_hash_table_insert(in->lanes, &l->session_id, l);
    return l;
}

/* Shows what now follows without a hole. */
static void advance(inbox *in, lane *l)
{
    for (;;) {
        uint64_t next = l->complete + 1;
        gpointer key, body;
        if (!g_tree_lookup_extended(l->waiting, &next, &key, &body))
            return;
        in->show(in->user, l->session_id, next, body);
        l->complete = next;
        g_tree_remove(l->waiting, &next);
    }
}

void inbox_restore(inbox *in, uint64_t session_id, uint64_t complete)
{
    add(in, session_id, complete + 1);
}

void inbox_resumed(inbox *in)
{
    in->resumed = true;
}

void inbox_forget(inbox *in, uint64_t session_id)
{
    g_hash_table_remove(in->lanes, &session_id);
}

bool inbox_put(inbox *in, uint64_t session_id, uint64_t msg_id, GBytes *body)
{
    lane *l = find(in, session_id);
    if (msg_id == 0)
        return false;
    if (l == NULL && body == NULL && in->resumed)
        return false;
    if (l == NULL)
        l = add(in, session_id, msg_id);
    if (msg_id <= l->complete || g_tree_lookup_extended(l->waiting, &msg_id, NULL, NULL))
        return false;
    if (msg_id != l->complete + 1 && (guint)g_tree_nnodes(l->waiting) >= MOST_WAITING)
        return false;
    g_tree_insert(l->waiting, g_memdup2(&msg_id, sizeof msg_id),
                  body != NULL ? g_bytes_ref(body) : NULL);
    advance(in, l);
    return true;
}

void inbox_skip(inbox *in, uint64_t session_id, uint64_t msg_id)
{
    lane *l = find(in, session_id);
    if (l == NULL || msg_id <= l->complete)
        return;
    l->complete = msg_id;
    advance(in, l);
}

uint64_t inbox_complete(const inbox *in, uint64_t session_id)
{
    const lane *l = find(in, session_id);
    return l != NULL ? l->complete : 0;
}

static gboolean take_first(gpointer key, gpointer value, gpointer user)
{
    (void)value;
    *(uint64_t *)user = *(const uint64_t *)key;
    return TRUE;
}

bool inbox_hole(const inbox *in, uint64_t session_id, uint64_t *first, uint64_t *last)
{
    const lane *l = find(in, session_id);
    uint64_t waiting = 0;
    if (l == NULL || g_tree_nnodes(l->waiting) == 0)
        return false;
    g_tree_foreach(l->waiting, take_first, &waiting);
    *first = l->complete + 1;
    *last = waiting - 1;
    return true;
}
