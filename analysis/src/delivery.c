/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "delivery.h"

/* What is known of one content under one msg_id. */
typedef struct content_entry {
    content content;
    analysis_record *up; /* the UP that carried it; NULL: no ACK has named it yet */
    analysis_record *first_waiting, *last_waiting; /* PUSHes of it that came before that ACK */
    struct content_entry *next;
} content_entry;

typedef struct message {
    key key; /* the session, msg_id */
    GList link;
    content_entry first; /* most messages have no other */
} message;

/* The latest messages of one session, over all connections. */
typedef struct session {
    key key;
    GQueue messages;
} session;

static void message_free(gpointer p)
{
    message *m = p;
    while (m->first.next != NULL) {
        content_entry *t = m->first.next;
        m->first.next = t->next;
        g_free(t);
    }
    g_slice_free(message, m);
}

void analysis_delivery_init(analysis_state *a)
{
    a->sessions = analysis_key_set_new(g_free);
    a->messages = analysis_key_set_new(message_free);
}

void analysis_delivery_clear(analysis_state *a)
{
    g_hash_table_destroy(a->messages);
    g_hash_table_destroy(a->sessions);
}

static session *session_get(analysis_state *a, uint64_t id)
{
    session *s = analysis_key_set_find(a->sessions, a, id);
    if (s == NULL) {
        s = g_new0(session, 1);
        s->key = (key){a, id};
        g_hash_table_add(a->sessions, s);
    }
    return s;
}

/* The message; where there is none it is made with this content. */
static message *message_get(analysis_state *a, uint64_t session_id, uint64_t msg_id,
                            content carried)
{
    session *s = session_get(a, session_id);
    message *m = analysis_key_set_find(a->messages, s, msg_id);
    if (m != NULL)
        return m;
    m = g_slice_new0(message);
    m->key = (key){s, msg_id};
    m->first.content = carried;
    m->link.data = m;
    g_hash_table_add(a->messages, m);
    g_queue_push_tail_link(&s->messages, &m->link);
    if (g_queue_get_length(&s->messages) > a->limits.window) {
        message *oldest = g_queue_peek_head(&s->messages);
        g_queue_unlink(&s->messages, &oldest->link);
        g_hash_table_remove(a->messages, &oldest->key);
    }
    return m;
}

/* NULL when the message has CONTENTS_MAX others already. */
static content_entry *content_entry_get(message *m, content wanted)
{
    content_entry *last = &m->first;
    for (unsigned known = 1;; known++, last = last->next) {
        if (content_equal(last->content, wanted))
            return last;
        if (known == CONTENTS_MAX)
            return NULL;
        if (last->next == NULL)
            break;
    }
    last->next = g_new0(content_entry, 1);
    last->next->content = wanted;
    return last->next;
}

/* An UP explains only what came after it. */
static void link_push(analysis_record *up, analysis_record *push)
{
    if (up->time_ns > push->time_ns)
        return;
    if (up->last_push != NULL)
        up->last_push->next_delivery = push;
    else
        up->first_push = push;
    up->last_push = push;
    push->up = up;
    record_flag(push, ANALYSIS_HAS_DELIVERY_TIME);
}

static void explain(content_entry *t, analysis_record *up)
{
    analysis_record *push = t->first_waiting;
    t->up = up;
    t->first_waiting = t->last_waiting = NULL;
    while (push != NULL) {
        analysis_record *next = push->next_delivery;
        push->next_delivery = NULL;
        push->delivery_late = true;
        link_push(up, push);
        push = next;
    }
}

void analysis_delivery_acknowledged(analysis_state *a, uint64_t session_id, uint64_t msg_id,
                                    const transmission *sent)
{
    message *m = message_get(a, session_id, msg_id, sent->content);
    for (const transmission *s = sent; s != NULL; s = s->next) {
        content_entry *t = content_entry_get(m, s->content);
        if (t != NULL && t->up == NULL)
            explain(t, s->record);
    }
}

void analysis_delivery_push(analysis_state *a, const frame *f)
{
    message *m = message_get(a, f->head->push.session_id, f->head->push.msg_id, f->content);
    content_entry *t = content_entry_get(m, f->content);
    if (t == NULL)
        return;
    if (t->up != NULL) {
        link_push(t->up, f->record);
        return;
    }
    if (t->last_waiting != NULL)
        t->last_waiting->next_delivery = f->record;
    else
        t->first_waiting = f->record;
    t->last_waiting = f->record;
}
