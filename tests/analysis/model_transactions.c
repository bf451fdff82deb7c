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
            m->facts[i].v.response_in == 0 &&
            !(m->facts[request].msgcmd && m->facts[request].answered_early &&
              is_frame(&m->facts[request], PLATO_UP)))
            m->facts[i].v.response_in = number(ack);
}

/* ---- an ACK that was captured before its request ---- */

static bool same_awaited(const awaited *a, const awaited *b)
{
    return a->what == b->what && a->type == b->type && same_scope(a->scope, b->scope) &&
           a->session == b->session && a->id == b->id;
}

static size_t waiting(const model *m, awaited wanted)
{
    for (size_t i = m->n; i-- > 0;)
        if (same_awaited(&m->facts[i].awaits, &wanted))
            return i;
    return NOBODY;
}

void wait_for(model *m, size_t ack, awaited wanted)
{
    const size_t other = waiting(m, wanted);
    if (other != NOBODY)
        m->facts[other].awaits.what = WAITS_NOT;
    m->facts[ack].awaits = wanted;
}

size_t answered_early(model *m, size_t request, awaited by, int64_t within_ms)
{
    const size_t ack = waiting(m, by);
    if (ack == NOBODY)
        return NOBODY;
    m->facts[ack].awaits.what = WAITS_NOT;
    if (m->facts[request].e->time_ms - m->facts[ack].e->time_ms > within_ms)
        return NOBODY;
    m->facts[request].answered_early = true;
    return ack;
}

static awaited of_type(const event *e, uint32_t type, uint64_t session)
{
    return (awaited){.what = WAITS_TYPE,
                     .type = type,
                     .scope = own(e->connection),
                     .session = type == PLATO_SYNC ? session : 0};
}

static bool upstream_is_missing(const model *m, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (is_missing(&m->facts[i]) && m->facts[i].e->direction == ANALYSIS_UPSTREAM &&
            m->facts[i].e->connection == m->facts[at].e->connection)
            return true;
    return false;
}

size_t request_answered_early(model *m, size_t at)
{
    const event *e = m->facts[at].e;
    if (!upstream_is_missing(m, at))
        return NOBODY;
    return answered_early(m, at, of_type(e, e->head.msg_type, e->head.sync.session_id), 3000);
}

/* ---- the other order ---- */

/* LOGIN, RECONN, SYNC: first in, first out on the connection. */
static size_t oldest_open(const model *m, size_t ack, uint32_t type)
{
    const event *e = m->facts[ack].e;
    for (size_t i = 0; i < ack; i++) {
        const fact *f = &m->facts[i];
        if (is_frame(f, type) && f->e->connection == e->connection && f->v.response_in == 0 &&
            !f->answered_early &&
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
            return f->v.response_in == 0 && !f->answered_early ? i : NOBODY;
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
    } else if ((type == PLATO_LOGIN || type == PLATO_RECONN || type == PLATO_SYNC ||
                type == PLATO_HEARTBEAT) &&
               upstream_is_missing(m, at)) {
        wait_for(m, at, of_type(m->facts[at].e, type, m->facts[at].e->head.ack.session_id));
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
        if (f->v.response_in == 0 && !f->answered_early)
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
    bool any_exact = false;
    for (size_t i = 0; i < at; i++) {
        const fact *push = &m->facts[i];
        if (!push_under(push, ack) || push->first != i)
            continue;
        const bool exact = id_of(push) == id_of(ack);
        any_exact = any_exact || exact;
        if (exact)
            respond(m, at, i);
        if (exact || (ack->e->head.ack.code == 0 && id_of(push) < id_of(ack)))
            settle(m, i, at);
    }
    if (!any_exact)
        wait_for(m, at, (awaited){WAITS_PUSH, 0, ack->scope, session_of(ack), id_of(ack)});
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
