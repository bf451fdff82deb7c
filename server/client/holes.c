/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/holes.h"

/* A SYNC without its answer. The answers come in the order of the questions. */
typedef struct question {
    uint64_t session_id;
    uint64_t first;
    uint64_t last; /* of the hole; 0 = not ours; EVERYTHING = all that there is after `first` */
    bool again;    /* the server had no time for it */
} question;

#define EVERYTHING UINT64_MAX

struct holes {
    inbox *in;
    holes_handler handler;
    void *user;
    GQueue questions;
};

holes *holes_new(inbox *in, const holes_handler *handler, void *user)
{
    holes *h = g_new0(holes, 1);
    h->in = in;
    h->handler = *handler;
    h->user = user;
    g_queue_init(&h->questions);
    return h;
}

void holes_reset(holes *h)
{
    g_queue_clear_full(&h->questions, g_free);
}

void holes_free(holes *h)
{
    holes_reset(h);
    g_free(h);
}

static void note(holes *h, uint64_t session_id, uint64_t first, uint64_t last)
{
    const question q = {session_id, first, last, false};
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
    note(h, session_id, first, last);
    h->handler.ask(h->user, session_id, first, last);
}

static void ask_behind(holes *h, uint64_t session_id, uint64_t complete)
{
    note(h, session_id, complete + 1, EVERYTHING);
    h->handler.ask(h->user, session_id, complete + 1, EVERYTHING);
}

void holes_recover(holes *h, uint64_t session_id)
{
    const uint64_t complete = inbox_complete(h->in, session_id);
    if (complete > 0 && !has_asked(h, session_id))
        ask_behind(h, session_id, complete);
}

void holes_note_sync(holes *h, uint64_t session_id)
{
    note(h, session_id, 0, 0);
}

/* The server did not look which session the SYNC was about: the oldest one is meant. */
static bool put_off(holes *h)
{
    for (GList *l = h->questions.head; l != NULL; l = l->next) {
        question *q = l->data;
        if (q->again)
            continue;
        q->again = q->last != 0;
        if (!q->again) { /* the user's own: the user may ask again */
            g_free(q);
            g_queue_delete_link(&h->questions, l);
        }
        return true;
    }
    return false;
}

bool holes_ask_again(holes *h)
{
    bool any = false;
    for (GList *l = h->questions.head; l != NULL; l = l->next) {
        question *q = l->data;
        if (!q->again)
            continue;
        q->again = false;
        any = true;
        h->handler.ask(h->user, q->session_id, q->first, q->last);
    }
    return any;
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
 * is still missing there we said ourselves in an earlier run: nothing to wait for, and no loss.
 */
static void close_hole(holes *h, const question *q, const plato_head_ack *ack)
{
    uint64_t first, last;
    if (!inbox_hole(h->in, q->session_id, &first, &last) || first > q->last)
        return;
    if (ack->code == PLATO_ACK_OK && ack->msg_id >= first - 1) {
        inbox_skip(h->in, q->session_id, MIN(ack->msg_id, last));
    } else {
        h->handler.lost(h->user, q->session_id, first, last);
        inbox_skip(h->in, q->session_id, last);
    }
}

/* The answer may be a portion: asks again until nothing more comes. */
static void go_on_recovering(holes *h, const question *q, const plato_head_ack *ack)
{
    const uint64_t complete = inbox_complete(h->in, q->session_id);
    if (ack->code != PLATO_ACK_OK && ack->code != PLATO_ACK_INTERNAL)
        return;
    if (ack->msg_id + 1 < q->first) {
        inbox_forget(h->in, q->session_id);
        inbox_restore(h->in, q->session_id, 0);
        h->handler.forgotten(h->user, q->session_id);
        ask_behind(h, q->session_id, 0);
        return;
    }
    if (ack->msg_id > complete && ack->code == PLATO_ACK_INTERNAL)
        h->handler.lost(h->user, q->session_id, complete + 1, ack->msg_id);
    inbox_skip(h->in, q->session_id, ack->msg_id);
    if (ack->msg_id >= q->first)
        ask_behind(h, q->session_id, inbox_complete(h->in, q->session_id));
}

bool holes_answered(holes *h, const plato_head_ack *ack)
{
    question q;
    if (ack->code == PLATO_ACK_RATE_LIMITED || ack->code == PLATO_ACK_OVERLOADED)
        return put_off(h);
    if (!take_question(h, ack->session_id, &q))
        return false;
    close_hole(h, &q, ack);
    if (q.last == EVERYTHING)
        go_on_recovering(h, &q, ack);
    holes_check(h, q.session_id);
    return false;
}

bool holes_are_open(const holes *h)
{
    return h->questions.head != NULL;
}
