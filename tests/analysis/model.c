/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The model: deliveries, connections, and a frame as a whole. */
#include "model_facts.h"

#include <stdlib.h>
#include <string.h>

/* ---- delivery ---- */

static void deliver(model *m, size_t up, size_t push)
{
    fact *f = &m->facts[push];
    const int64_t ms = f->e->time_ms - m->facts[up].e->time_ms;
    if (ms < 0)
        return;
    m->deliveries[m->delivery_count++] = (delivered){up, push};
    f->v.delivery_of = number(up);
    f->v.delivery_time_ns = ms * 1000000;
    f->v.flags |= ANALYSIS_HAS_DELIVERY_TIME;
}

static size_t tied_up(const model *m, uint64_t session, uint64_t msg, const char *text)
{
    for (size_t i = 0; i < m->tie_count; i++)
        if (m->ties[i].session == session && m->ties[i].msg == msg &&
            strcmp(m->facts[m->ties[i].up].e->text, text) == 0)
            return m->ties[i].up;
    return NOBODY;
}

/* Every content that was sent under the UP's id is tied to the ACK's msg_id. */
static void tie_contents(model *m, size_t ack, size_t first)
{
    const plato_head_ack *head = &m->facts[ack].e->head.ack;
    for (size_t i = first; i < m->n; i++) {
        const fact *f = &m->facts[i];
        if (!is_frame(f, PLATO_UP) || !same_counter(f, &m->facts[first]) ||
            id_of(f) != id_of(&m->facts[first]) ||
            tied_up(m, head->session_id, head->msg_id, f->e->text) != NOBODY)
            continue;
        m->ties[m->tie_count++] = (tie){head->session_id, head->msg_id, i};
        for (size_t p = 0; p < m->n; p++) {
            const fact *push = &m->facts[p];
            if (is_frame(push, PLATO_PUSH) && !push->msgcmd &&
                session_of(push) == head->session_id && id_of(push) == head->msg_id &&
                strcmp(push->e->text, f->e->text) == 0)
                deliver(m, i, p);
        }
    }
}

/* ---- connections ---- */

static void name_connection(model *m, uint64_t conn_id, uint32_t connection, size_t opener)
{
    for (size_t i = m->n; opener == NOBODY && i-- > 0;)
        if (m->facts[i].e->connection == connection &&
            (is_frame(&m->facts[i], PLATO_LOGIN) || is_frame(&m->facts[i], PLATO_RECONN)))
            opener = i;
    for (size_t i = 0; opener == NOBODY; i++)
        if (!m->facts[i].e->is_loss && m->facts[i].e->connection == connection)
            opener = i;
    m->names[m->name_count++] = (naming){conn_id, connection, opener};
    m->conn_id_now[connection] = conn_id;
}

static const naming *find_name(const model *m, uint64_t conn_id)
{
    for (size_t i = m->name_count; i-- > 0;)
        if (m->names[i].conn_id == conn_id)
            return &m->names[i];
    return NULL;
}

static bool has_ids(const fact *f)
{
    return is_message(f) || is_ack_of(f, PLATO_UP) || is_ack_of(f, PLATO_PUSH);
}

/* What is missing of a connection that had no device concerns the scope that it joins. */
static void join(model *m, size_t at, id_scope scope)
{
    fact *f = &m->facts[at];
    const uint32_t connection = f->e->connection;
    const id_scope before = m->scope_now[connection];
    bool ids = false;
    m->scope_now[connection] = scope;
    if (!same_scope(before, own(connection)) || same_scope(scope, before))
        return;
    for (size_t i = 0; i < at; i++) {
        const fact *g = &m->facts[i];
        if (g->e->connection == connection && is_missing(g))
            f->joined[g->e->direction] = true;
        ids = ids || (g->e->connection == connection && has_ids(g) && !g->msgcmd &&
                      same_scope(g->scope, before));
    }
    f->late = ids && f->joined[ANALYSIS_UPSTREAM];
    f->joined[ANALYSIS_DOWNSTREAM] = f->joined[ANALYSIS_DOWNSTREAM] || f->late;
}

static void see_reconn(model *m, size_t at)
{
    fact *f = &m->facts[at];
    const naming *old = find_name(m, f->e->head.reconn.conn_id);
    if (old == NULL)
        return;
    f->v.prev_conn = number(old->opener);
    if (m->facts[old->opener].v.next_conn == 0)
        m->facts[old->opener].v.next_conn = number(at);
    if (!f->msgcmd)
        join(m, at, m->scope_now[old->connection]);
}

static void see_login(model *m, size_t at)
{
    const fact *f = &m->facts[at];
    const uint64_t device = f->e->head.login.device_id;
    if (!f->msgcmd)
        join(m, at, device != 0 ? (id_scope){true, device} : own(f->e->connection));
}

/* ---- frames ---- */

static analysis_direction sender(const event *e)
{
    if (e->is_loss || e->head.msg_type > PLATO_SYNC)
        return e->direction;
    if (e->head.msg_type != PLATO_ACK)
        return event_direction(&e->head);
    if (e->framing == PLATO_FRAMING_MSGCMD || e->head.ack.type > PLATO_SYNC ||
        e->head.ack.type == PLATO_ACK)
        return e->direction;
    return event_direction(&e->head);
}

static void up_answered_early(model *m, size_t at)
{
    const fact *f = &m->facts[at];
    const plato_head_up *up = &f->e->head.up;
    awaited by = {WAITS_MSGCMD_UP, 0, own(f->e->connection), 0, up->client_id};
    if (f->msgcmd) {
        (void)answered_early(m, at, by, INT64_MAX);
        return;
    }
    by = (awaited){WAITS_UP, 0, f->scope, up->session_id, up->client_id};
    size_t ack = answered_early(m, at, by, INT64_MAX);
    by.scope = own(f->e->connection);
    if (ack == NOBODY)
        ack = answered_early(m, at, by, INT64_MAX);
    if (ack != NOBODY && m->facts[ack].e->head.ack.code == 0)
        tie_contents(m, ack, at);
}

static void see_up(model *m, size_t at)
{
    const event *e = m->facts[at].e;
    const uint64_t conn_id = e->head.up.conn_id;
    if (conn_id != 0 && m->conn_id_now[e->connection] == 0 && find_name(m, conn_id) == NULL)
        name_connection(m, conn_id, e->connection, NOBODY);
    judge_message(m, at);
    if (m->facts[at].first == at)
        up_answered_early(m, at);
}

static void see_push(model *m, size_t at)
{
    fact *f = &m->facts[at];
    if (!f->msgcmd || f->e->head.push.msg_id != 0) {
        judge_message(m, at);
        if (f->first == at)
            (void)answered_early(m, at, (awaited){WAITS_PUSH, 0, f->scope, session_of(f), id_of(f)},
                                 INT64_MAX);
        const size_t up = tied_up(m, session_of(f), id_of(f), f->e->text);
        if (!f->msgcmd && up != NOBODY)
            deliver(m, up, at);
        return;
    }
    f->first = at;
    for (size_t i = at; i-- > 0;) {
        const fact *previous = &m->facts[i];
        if (!is_frame(previous, PLATO_PUSH) || previous->e->connection != f->e->connection)
            continue;
        if (previous->e->head.push.msg_id == 0 && strcmp(previous->e->text, f->e->text) == 0)
            repeat_of(m, at, previous->first);
        return;
    }
}

static void see_ack_up(model *m, size_t at)
{
    fact *f = &m->facts[at];
    const uint32_t code = f->e->head.ack.code;
    if (code == PLATO_ACK_OUT_OF_ORDER)
        return;
    size_t up = f->msgcmd ? msgcmd_up(m, at) : first_up(m, at, f->scope);
    if (!f->msgcmd && up == NOBODY)
        up = first_up(m, at, own(f->e->connection));
    if (up != NOBODY) {
        respond(m, at, up);
        settle(m, up, at);
    } else {
        const plato_head_ack *ack = &f->e->head.ack;
        wait_for(m, at,
                 f->msgcmd ? (awaited){WAITS_MSGCMD_UP, 0, own(f->e->connection), 0, ack->client_id}
                           : (awaited){WAITS_UP, 0, f->scope, ack->session_id, ack->client_id});
    }
    if (f->msgcmd || code != 0)
        return;
    if (up != NOBODY)
        tie_contents(m, at, up);
    f->counted = true;
    judge_place(m, at);
}

static void see_ack(model *m, size_t at)
{
    const fact *f = &m->facts[at];
    if (is_push_ack(f)) {
        const size_t latest = acks_latest(f) ? latest_push(m, at) : NOBODY;
        if (!acks_latest(f)) {
            ack_pushes(m, at);
        } else if (latest != NOBODY) {
            respond(m, at, latest);
            settle(m, latest, at);
        }
    } else if (is_ack_of(f, PLATO_UP)) {
        see_ack_up(m, at);
    } else {
        const size_t request = ack_of_request(m, at);
        const plato_head_ack *ack = &f->e->head.ack;
        if ((ack->type == PLATO_LOGIN || ack->type == PLATO_RECONN) && ack->code == 0 &&
            ack->conn_id != 0)
            name_connection(m, ack->conn_id, f->e->connection, request);
    }
}

static void see_heartbeat(model *m, size_t at)
{
    fact *f = &m->facts[at];
    if (f->v.flags & ANALYSIS_CAPTURE_GAP)
        return;
    for (size_t i = at; i-- > 0;) {
        const fact *g = &m->facts[i];
        if (g->e->is_loss || g->e->connection != f->e->connection ||
            g->direction != ANALYSIS_UPSTREAM)
            continue;
        if (f->e->time_ms - g->e->time_ms > 45000)
            f->v.flags |= ANALYSIS_HEARTBEAT_LATE;
        return;
    }
}

/* LOGIN, HEARTBEAT, RECONN, SYNC: the ACK may have come before, and have named the connection. */
static void see_request(model *m, size_t at)
{
    const event *e = m->facts[at].e;
    const uint32_t type = e->head.msg_type;
    if (type != PLATO_LOGIN && type != PLATO_HEARTBEAT && type != PLATO_RECONN &&
        type != PLATO_SYNC)
        return;
    const size_t ack = request_answered_early(m, at);
    if (ack == NOBODY || m->facts[ack].e->head.ack.code != 0 ||
        (type != PLATO_LOGIN && type != PLATO_RECONN))
        return;
    for (size_t i = m->name_count; i-- > 0;) {
        if (m->names[i].conn_id != m->facts[ack].e->head.ack.conn_id)
            continue;
        if (m->names[i].connection == e->connection)
            m->names[i].opener = at;
        return;
    }
}

/* Whether bytes between the frame and the one before it in its direction are missing. */
static bool missing_before(const model *m, size_t at)
{
    const fact *f = &m->facts[at];
    for (size_t i = at; i-- > 0;) {
        const fact *g = &m->facts[i];
        if (g->e->connection != f->e->connection || g->direction != f->direction)
            continue;
        if (is_missing(g))
            return true;
        if (!g->e->is_loss)
            return false;
    }
    return false;
}

static void see_filled(model *m, const event *e)
{
    if (e->fills >= m->n || !is_missing(&m->facts[e->fills - 1]))
        return;
    m->facts[e->fills - 1].filled = true;
    judge_holes_again(m);
}

static void see(model *m, const event *e)
{
    const size_t at = m->n++;
    fact *f = &m->facts[at];
    *f = (fact){.e = e,
                .direction = sender(e),
                .msgcmd = e->framing == PLATO_FRAMING_MSGCMD,
                .first = NOBODY,
                .excuse = NOBODY,
                .judged_at = NOBODY};
    if (!e->is_loss && e->head.msg_type == PLATO_LOGIN)
        see_login(m, at);
    if (!e->is_loss && e->head.msg_type == PLATO_RECONN)
        see_reconn(m, at);
    f->scope = f->msgcmd && !e->is_loss ? own(e->connection) : m->scope_now[e->connection];
    if (e->fills != 0)
        see_filled(m, e);
    if (e->is_loss)
        return;
    f->v.flags |= missing_before(m, at) ? ANALYSIS_CAPTURE_GAP : 0;
    see_request(m, at);
    if (e->head.msg_type == PLATO_HEARTBEAT)
        see_heartbeat(m, at);
    else if (e->head.msg_type == PLATO_UP)
        see_up(m, at);
    else if (e->head.msg_type == PLATO_PUSH)
        see_push(m, at);
    else if (e->head.msg_type == PLATO_ACK)
        see_ack(m, at);
}

static bool opens(const fact *f)
{
    return is_frame(f, PLATO_LOGIN) || is_frame(f, PLATO_RECONN);
}

/* An ACK of a RECONN that was not captured, the connection's first. */
static bool resumes_unknown(const model *m, size_t at)
{
    const fact *f = &m->facts[at];
    if (!is_ack_of(f, PLATO_RECONN) || f->msgcmd || f->e->head.ack.code != PLATO_ACK_OK)
        return false;
    for (size_t i = 0; i < m->n; i++) {
        const fact *g = &m->facts[i];
        if (g->e->connection != f->e->connection)
            continue;
        if (is_frame(g, PLATO_RECONN) || (i < at && opens(g)))
            return false;
    }
    for (size_t i = 0; i < at; i++)
        if (m->facts[i].e->connection == f->e->connection && resumes_unknown(m, i))
            return false;
    return true;
}

static bool unacked(const model *m, size_t at)
{
    const fact *f = &m->facts[at];
    if (!is_message(f) || f->first != at || f->v.response_in != 0 || f->answered_early)
        return false;
    if (is_frame(f, PLATO_PUSH) && f->counted && covered_before(m, at))
        return false;
    for (size_t i = at + 1; i < m->n; i++)
        if (resumes_unknown(m, i))
            return false;
    return !loss_between(m, at, m->n, f->scope,
                         f->direction == ANALYSIS_UPSTREAM ? ANALYSIS_DOWNSTREAM
                                                           : ANALYSIS_UPSTREAM);
}

static void say(model *m, size_t at, char text[OUTCOME_MAX])
{
    uint32_t delivered_in[HISTORY_MAX];
    size_t count = 0;
    for (size_t i = 0; i < m->delivery_count; i++) {
        if (m->deliveries[i].up == at)
            delivered_in[count++] = number(m->deliveries[i].push);
    }
    analysis_verdict v = m->facts[at].v;
    if (!missing_before(m, at))
        v.withdrawn_flags = v.flags & ANALYSIS_CAPTURE_GAP;
    outcome_print(&v, delivered_in, count, unacked(m, at), text);
}

void model_history(const history *h, outcomes said)
{
    model m = {.facts = calloc(h->count + 1, sizeof(fact)),
               .ties = calloc(h->count * 8 + 1, sizeof(tie)),
               .deliveries = calloc(h->count + 1, sizeof(delivered)),
               .names = calloc(h->count + 1, sizeof(naming))};
    for (uint32_t i = 0; i < CONNECTIONS; i++)
        m.scope_now[i] = own(i);
    for (size_t i = 0; i < h->count; i++)
        see(&m, &h->events[i]);
    for (size_t i = 0; i < h->count; i++) {
        said[i][0] = '\0';
        if (!h->events[i].is_loss)
            say(&m, i, said[i]);
    }
    free(m.facts);
    free(m.ties);
    free(m.deliveries);
    free(m.names);
}
