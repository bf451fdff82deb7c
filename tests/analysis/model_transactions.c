/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: requests and responses. */
#include "model_facts.h"

void respond(model *m, size_t ack, size_t request)
{
    analysis_verdict *v = &m->facts[ack].v;
    const int64_t ms = m->facts[ack].e->time_ms - m->facts[request].e->time_ms;
    v->response_to = number(request);
    v->response_time_ns = ms * 1000000;
    v->flags |= ANALYSIS_HAS_RESPONSE_TIME;
    if (ms > 1000)
        v->flags |= ANALYSIS_SLOW_RESPONSE;
}

/* The request and its repeats have their response, if they had none. */
void settle(model *m, size_t request, size_t ack)
{
    for (size_t i = 0; i < m->n; i++)
        if ((i == request || (is_message(&m->facts[i]) && m->facts[i].first == request)) &&
            m->facts[i].v.response_in == 0)
            m->facts[i].v.response_in = number(ack);
}

/* LOGIN, RECONN, SYNC: first in, first out on the connection. */
static size_t oldest_open(const model *m, size_t ack, uint32_t type)
{
    const event *e = m->facts[ack].e;
    for (size_t i = 0; i < ack; i++) {
        const fact *f = &m->facts[i];
        if (is_frame(f, type) && f->e->connection == e->connection && f->v.response_in == 0 &&
            (type != PLATO_SYNC || f->e->head.sync.session_id == e->head.ack.session_id))
            return i;
    }
    return NOBODY;
}

/* The latest HEARTBEAT since the last ACK of one. */
static size_t open_heartbeat(const model *m, size_t ack)
{
    for (size_t i = ack; i-- > 0;) {
        const fact *f = &m->facts[i];
        if (f->e->connection != m->facts[ack].e->connection)
            continue;
        if (is_ack_of(f, PLATO_HEARTBEAT))
            return NOBODY;
        if (is_frame(f, PLATO_HEARTBEAT))
            return i;
    }
    return NOBODY;
}

size_t ack_of_request(model *m, size_t at)
{
    const uint32_t type = m->facts[at].e->head.ack.type;
    size_t request = NOBODY;
    if (type == PLATO_LOGIN || type == PLATO_RECONN || type == PLATO_SYNC)
        request = oldest_open(m, at, type);
    else if (type == PLATO_HEARTBEAT)
        request = open_heartbeat(m, at);
    if (request != NOBODY) {
        respond(m, at, request);
        settle(m, request, at);
    }
    return request;
}

size_t first_up(const model *m, size_t ack, id_scope scope)
{
    const plato_head_ack *head = &m->facts[ack].e->head.ack;
    for (size_t i = 0; i < ack; i++) {
        const fact *f = &m->facts[i];
        if (is_frame(f, PLATO_UP) && same_scope(f->scope, scope) && f->first == i &&
            f->e->session_text[0] == '\0' && f->e->head.up.session_id == head->session_id &&
            f->e->head.up.client_id == head->client_id)
            return i;
    }
    return NOBODY;
}

/* MsgCmd framing: by ClientID on the connection; the oldest that is open, else the last answered.
 */
size_t msgcmd_up(const model *m, size_t ack)
{
    const event *e = m->facts[ack].e;
    size_t answered = NOBODY;
    for (size_t i = 0; i < ack; i++) {
        const fact *f = &m->facts[i];
        if (!is_frame(f, PLATO_UP) || f->e->connection != e->connection || f->first != i ||
            f->e->head.up.client_id != e->head.ack.client_id)
            continue;
        if (f->v.response_in == 0)
            return i;
        answered = i;
    }
    return answered;
}

size_t latest_push(const model *m, size_t ack)
{
    for (size_t i = ack; i-- > 0;)
        if (is_frame(&m->facts[i], PLATO_PUSH) &&
            m->facts[i].e->connection == m->facts[ack].e->connection)
            return m->facts[i].first;
    return NOBODY;
}

static bool push_under(const fact *push, const fact *ack)
{
    return is_frame(push, PLATO_PUSH) && push->counted && same_scope(push->scope, ack->scope) &&
           session_of(push) == session_of(ack);
}

void ack_pushes(model *m, size_t at)
{
    const fact *ack = &m->facts[at];
    for (size_t i = 0; i < at; i++) {
        const fact *push = &m->facts[i];
        if (!push_under(push, ack) || push->first != i)
            continue;
        const bool exact = id_of(push) == id_of(ack);
        if (exact)
            respond(m, at, i);
        if (exact || (ack->e->head.ack.code == 0 && id_of(push) < id_of(ack)))
            settle(m, i, at);
    }
}

bool is_push_ack(const fact *f)
{
    return is_ack_of(f, PLATO_PUSH) ||
           (f->msgcmd && f->direction == ANALYSIS_UPSTREAM && is_ack_of(f, PLATO_UP));
}

bool acks_latest(const fact *f)
{
    const plato_head_ack *ack = &f->e->head.ack;
    return f->msgcmd && f->direction == ANALYSIS_UPSTREAM && ack->client_id == 0 &&
           ack->session_id == 0 && ack->msg_id == 0;
}

/* An ACK had covered this PUSH before it came. */
bool covered_before(const model *m, size_t at)
{
    for (size_t i = 0; i < at; i++) {
        const fact *ack = &m->facts[i];
        if (is_frame(ack, PLATO_ACK) && is_push_ack(ack) && !acks_latest(ack) &&
            ack->e->head.ack.code == 0 && push_under(&m->facts[at], ack) &&
            id_of(ack) >= id_of(&m->facts[at]))
            return true;
    }
    return false;
}
