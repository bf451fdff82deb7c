/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/holes.h"

/* A SYNC without its answer. The answers come in the order of the questions. */
typedef struct question {
    uint64_t session_id;
    uint64_t last; /* of the hole; 0 = not ours */
} question;

struct holes {
    inbox *in;
    holes_range ask;
    holes_range lost;
    void *user;
    GQueue questions;
};

holes *holes_new(inbox *in, holes_range ask, holes_range lost, void *user)
{
    holes *h = g_new0(holes, 1);
    h->in = in;
    h->ask = ask;
    h->lost = lost;
    h->user = user;
    g_queue_init(&h->questions);
    return h;
}

void holes_free(holes *h)
{
    g_queue_clear_full(&h->questions, g_free);
    g_free(h);
}

static void note(holes *h, uint64_t session_id, uint64_t last)
{
    const question q = {session_id, last};
    g_queue_push_tail(&h->questions, g_memdup2(&q, sizeof q));
}

static bool has_asked(const holes *h, uint64_t session_id)
{
    for (const GList *l = h->questions.head; l != NULL; l = l->next) {
        const question *q = l->data;
        if (q->session_id == session_id && q->last != 0)
            return true;
    }
    return false;
}

void holes_check(holes *h, uint64_t session_id)
{
    uint64_t first, last;
    if (!inbox_hole(h->in, session_id, &first, &last) || has_asked(h, session_id))
        return;
    note(h, session_id, last);
    h->ask(h->user, session_id, first, last);
}

void holes_note_sync(holes *h, uint64_t session_id)
{
    note(h, session_id, 0);
}

/* Takes the oldest question about this session; false if there is none. */
static bool take_question(holes *h, uint64_t session_id, question *taken)
{
    for (GList *l = h->questions.head; l != NULL; l = l->next) {
        if (((question *)l->data)->session_id != session_id)
            continue;
        *taken = *(question *)l->data;
        g_free(l->data);
        g_queue_delete_link(&h->questions, l);
        return true;
    }
    return false;
}

/*
 * The server has sent what others said up to ack->msg_id, and our own acknowledgements before. What
 * is still missing there we said ourselves in an earlier life: nothing to wait for, and no loss.
 */
void holes_answered(holes *h, const plato_head_ack *ack)
{
    question q;
    uint64_t first, last;
    if (!take_question(h, ack->session_id, &q))
        return;
    if (inbox_hole(h->in, q.session_id, &first, &last) && first <= q.last) {
        if (ack->code == PLATO_ACK_OK && ack->msg_id >= first - 1) {
            inbox_skip(h->in, q.session_id, MIN(ack->msg_id, last));
        } else {
            h->lost(h->user, q.session_id, first, last);
            inbox_skip(h->in, q.session_id, last);
        }
    }
    holes_check(h, q.session_id);
}

bool holes_are_open(const holes *h)
{
    return h->questions.head != NULL;
}
