/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "generate.h"

#include "random.h"

#include <stdio.h>
#include <string.h>

#define DEVICES 3u
#define SESSIONS 2u
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))

/* ---- plausible traffic ---- */

typedef struct device {
    uint32_t connection; /* 0: none */
    uint64_t conn_id;
    uint64_t next_client[SESSIONS];
    uint64_t unacked_to[SESSIONS]; /* its UPs below have been acknowledged */
    uint64_t pushed_to[SESSIONS];
} device;

typedef struct world {
    rng r;
    history *h;
    plato_framing framing;
    bool ordered; /* the server sends its ids in order */
    int64_t now;
    uint32_t connections;
    uint64_t conn_ids;
    uint64_t next_msg[SESSIONS];
    device devices[DEVICES];
} world;

static bool chance(rng *r, unsigned percent)
{
    return rng_below(r, 100) < percent;
}

/* Contents depend on the id, so that PUSHes can be those of an UP; sometimes they differ. */
static void content_for(world *w, uint64_t id, char text[16])
{
    (void)snprintf(text, 16, "%c", (char)('a' + (id + (chance(&w->r, 6) ? 1 : 0)) % 4));
}

static event *add(world *w, const device *d, uint32_t type)
{
    static event overflow;
    event *e = w->h->count < HISTORY_MAX ? &w->h->events[w->h->count++] : &overflow;
    memset(e, 0, sizeof *e);
    w->now += (int64_t)rng_below(&w->r, 40);
    if (chance(&w->r, 3))
        w->now += (int64_t)rng_below(&w->r, 50000);
    e->time_ms = w->now;
    e->framing = w->framing;
    e->connection = d->connection;
    e->head.msg_type = type;
    e->direction = event_direction(&e->head);
    return e;
}

static plato_head_ack *add_ack(world *w, const device *d, uint32_t type)
{
    event *e = add(w, d, PLATO_ACK);
    e->head.ack.type = type;
    e->direction = event_direction(&e->head);
    if (chance(&w->r, 8))
        e->head.ack.code = (uint32_t)rng_below(&w->r, 14);
    return &e->head.ack;
}

static void connect(world *w, device *d)
{
    const bool again = d->conn_id != 0 && chance(&w->r, 70);
    if (w->connections == 15)
        return;
    d->connection = ++w->connections;
    if (chance(&w->r, 10))
        return; /* not captured */
    event *e = add(w, d, again ? PLATO_RECONN : PLATO_LOGIN);
    if (again)
        e->head.reconn.conn_id = d->conn_id;
    else
        e->head.login.device_id = 1000 + (uint64_t)(d - w->devices);
    d->conn_id = ++w->conn_ids;
    add_ack(w, d, again ? PLATO_RECONN : PLATO_LOGIN)->conn_id = d->conn_id;
}

static void send_up(world *w, device *d, size_t s)
{
    uint64_t id = d->next_client[s];
    if (chance(&w->r, 25) && d->unacked_to[s] < id)
        id = d->unacked_to[s]; /* again */
    else
        d->next_client[s] += chance(&w->r, 5) ? 2 : 1;
    event *e = add(w, d, PLATO_UP);
    e->head.up.client_id = id;
    e->head.up.session_id = 42 + s;
    e->head.up.conn_id = chance(&w->r, 30) ? d->conn_id : 0;
    if (w->framing == PLATO_FRAMING_MSGCMD && chance(&w->r, 50))
        (void)snprintf(e->session_text, sizeof e->session_text, "room%c", (char)('a' + s));
    content_for(w, id, e->text);
}

static void ack_up(world *w, device *d, size_t s)
{
    plato_head_ack *ack = add_ack(w, d, PLATO_UP);
    ack->client_id = d->unacked_to[s];
    ack->session_id = w->framing == PLATO_FRAMING_MSGCMD ? 0 : 42 + s;
    if (d->unacked_to[s] < d->next_client[s] && chance(&w->r, 80))
        d->unacked_to[s]++;
    /* contents follow the client's id: give it a msg_id with the same content */
    while (chance(&w->r, 85) && w->next_msg[s] % 4 != ack->client_id % 4)
        w->next_msg[s]++;
    ack->msg_id = w->ordered || chance(&w->r, 90) ? w->next_msg[s]++ : w->next_msg[s];
}

static void send_push(world *w, device *d, size_t s)
{
    uint64_t id = d->pushed_to[s];
    if (w->ordered && chance(&w->r, 80))
        id = d->pushed_to[s] = w->next_msg[s]++;
    else if (w->ordered && d->pushed_to[s] == 0)
        return;
    else if (!w->ordered && chance(&w->r, 60) && id < w->next_msg[s])
        id = ++d->pushed_to[s];
    else if (!w->ordered && chance(&w->r, 20) && id > 2)
        id -= rng_below(&w->r, 3);
    event *e = add(w, d, PLATO_PUSH);
    if (w->framing != PLATO_FRAMING_MSGCMD || chance(&w->r, 10)) {
        e->head.push.msg_id = id;
        e->head.push.session_id = 42 + s;
    }
    content_for(w, id, e->text);
}

static void ack_push(world *w, device *d, size_t s)
{
    plato_head_ack *ack = add_ack(w, d, PLATO_PUSH);
    if (w->framing == PLATO_FRAMING_MSGCMD && chance(&w->r, 90)) {
        ack->type = PLATO_UP;
        w->h->events[w->h->count - 1].direction = ANALYSIS_UPSTREAM;
        return;
    }
    ack->session_id = 42 + s;
    ack->msg_id = d->pushed_to[s] - rng_below(&w->r, 2);
}

static void act(world *w)
{
    device *d = &w->devices[rng_below(&w->r, DEVICES)];
    const size_t s = rng_below(&w->r, SESSIONS), what = rng_below(&w->r, 100);
    if (d->connection == 0 || what < 4)
        connect(w, d);
    else if (what < 30)
        send_up(w, d, s);
    else if (what < 50)
        ack_up(w, d, s);
    else if (what < 72)
        send_push(w, d, s);
    else if (what < 86)
        ack_push(w, d, s);
    else if (what < 92)
        (void)add(w, d, PLATO_HEARTBEAT);
    else if (what < 95)
        (void)add_ack(w, d, PLATO_HEARTBEAT);
    else if (what < 98)
        add(w, d, PLATO_SYNC)->head.sync.session_id = 42 + s;
    else
        add_ack(w, d, PLATO_SYNC)->session_id = 42 + s;
}

/* Puts an event before the one at `at`. */
static void insert(history *h, size_t at, event e)
{
    if (h->count == HISTORY_MAX)
        return;
    memmove(&h->events[at + 1], &h->events[at], (h->count - at) * sizeof e);
    h->events[at] = e;
    h->count++;
    for (size_t i = 0; i < h->count; i++)
        if (h->events[i].fills > at)
            h->events[i].fills++;
}

/* What was lost comes late: some of it, perhaps, and then nothing is missing. */
static void fill_losses(rng *r, history *h, bool with_frames, unsigned percent)
{
    for (size_t i = 0; i < h->count; i++) {
        if (!h->events[i].is_loss || h->events[i].fills != 0 || !chance(r, percent))
            continue;
        size_t at = i + 1 + rng_below(r, MIN_OF(h->count - i, 40));
        const int64_t now = h->events[at - 1].time_ms;
        event filled = {.is_loss = true, .fills = (uint32_t)i + 1, .time_ms = now};
        filled.connection = h->events[i].connection;
        if (with_frames && chance(r, 70)) {
            event late = h->events[i];
            late.is_loss = false;
            late.time_ms = now;
            insert(h, at++, late);
        }
        insert(h, at, filled);
    }
}

static event take(history *h, size_t at)
{
    const event taken = h->events[at];
    h->count--;
    memmove(&h->events[at], &h->events[at + 1], (h->count - at) * sizeof taken);
    for (size_t i = 0; i < h->count; i++)
        if (h->events[i].fills > at)
            h->events[i].fills--;
    return taken;
}

/*
 * A piece of one direction comes late, after frames that were sent after it: all of it, or what the
 * sender has not lost, and then perhaps nothing is known of that. Returns where it was.
 */
static event delay_piece(rng *r, history *h, bool all)
{
    event late[6];
    size_t count = 0, at = rng_below(r, h->count), to = at + 1 + rng_below(r, 30);
    const size_t most = 1 + rng_below(r, 6);
    event loss = h->events[at];
    if (loss.is_loss)
        return loss;
    for (size_t i = at; i < h->count && count < most; i++)
        while (i < h->count && count < most && !h->events[i].is_loss &&
               h->events[i].connection == loss.connection &&
               h->events[i].direction == loss.direction)
            late[count++] = take(h, i);
    loss.is_loss = true;
    insert(h, at, loss);
    to = MIN_OF(to, h->count);
    const int64_t now = h->events[to - 1].time_ms;
    for (size_t i = 0; i < count; i++) {
        late[i].time_ms = now;
        if (all || chance(r, 75))
            insert(h, to++, late[i]);
    }
    loss.fills = (uint32_t)at + 1;
    loss.time_ms = now;
    if (all || chance(r, 85))
        insert(h, to, loss);
    return loss;
}

/* What happens on the way: frames are not captured (known or not), repeated, or swapped. */
static void damage(rng *r, history *h, unsigned percent)
{
    for (size_t i = 0; i + 1 < h->count; i++) {
        event *e = &h->events[i];
        if (!chance(r, percent))
            continue;
        switch (rng_below(r, 4)) {
        case 0:
            e->is_loss = true;
            break;
        case 1:
            memmove(e, e + 1, (h->count - i - 1) * sizeof *e);
            h->count--;
            break;
        case 2: {
            const int64_t time = e[1].time_ms;
            e[1] = e[0];
            e[1].time_ms = time;
            break;
        }
        default: {
            const event first = e[0];
            e[0] = e[1];
            e[0].time_ms = first.time_ms;
            e[1] = first;
            e[1].time_ms = e[0].time_ms;
            break;
        }
        }
    }
}

static void talk(world *w)
{
    history *h = w->h;
    const size_t length = 5 + rng_below(&w->r, 120);
    h->count = 0;
    for (size_t s = 0; s < SESSIONS; s++) {
        w->next_msg[s] = rng_below(&w->r, 100);
        for (size_t d = 0; d < DEVICES; d++) {
            w->devices[d].next_client[s] = w->devices[d].unacked_to[s] = rng_below(&w->r, 3);
            w->devices[d].pushed_to[s] = w->ordered ? 0 : w->next_msg[s];
        }
    }
    while (h->count < length)
        act(w);
}

void generate_traffic(history *h, uint64_t seed, plato_framing framing)
{
    world w = {.r = {seed}, .h = h, .framing = framing};
    talk(&w);
    damage(&w.r, h, (unsigned)rng_below(&w.r, 12));
    fill_losses(&w.r, h, true, 60);
    for (uint64_t pieces = rng_below(&w.r, 4); pieces > 0; pieces--)
        (void)delay_piece(&w.r, h, false);
}

static bool opens_connection(const event *e)
{
    const uint32_t type = e->head.msg_type == PLATO_ACK ? e->head.ack.type : e->head.msg_type;
    return type == PLATO_LOGIN || type == PLATO_RECONN;
}

void generate_reordered(history *sent, history *captured, uint64_t seed)
{
    world w = {.r = {seed}, .h = sent, .framing = PLATO_FRAMING_HEADER, .ordered = true};
    talk(&w);
    *captured = *sent;
    (void)delay_piece(&w.r, captured, true);
    for (size_t i = 0, next = 0; i < sent->count; i++, next++) {
        while (captured->events[next].is_loss)
            next++;
        if (opens_connection(&sent->events[i]) &&
            memcmp(&sent->events[i], &captured->events[next], sizeof(event)) != 0) {
            *captured = *sent; /* that is no matter of order alone */
            return;
        }
    }
}

/* ---- hostile ---- */

static uint64_t id_from(rng *r, bool wide)
{
    static const uint64_t extremes[] = {0, 1, UINT64_MAX, UINT64_MAX - 1, UINT64_MAX / 2};
    if (wide)
        return rng_number(r);
    if (chance(r, 5))
        return extremes[rng_below(r, sizeof extremes / sizeof extremes[0])];
    return rng_below(r, 7);
}

event generate_event(uint64_t *state, bool wide, plato_framing framing, int64_t time_ms)
{
    rng r = {*state};
    event e = {.time_ms = time_ms, .framing = framing};
    const uint64_t id = id_from(&r, wide), session = rng_below(&r, 2), other = id_from(&r, wide);
    if (wide && chance(&r, 50))
        e.framing = PLATO_FRAMING_MSGCMD;
    e.connection = (uint32_t)rng_below(&r, 4);
    e.head.msg_type = (uint32_t)rng_below(&r, wide ? 9 : 8);
    if (chance(&r, 45))
        e.head.msg_type = chance(&r, 60) ? PLATO_UP : PLATO_PUSH;
    switch (e.head.msg_type) {
    case PLATO_LOGIN:
        e.head.login.device_id = other;
        break;
    case PLATO_RECONN:
        e.head.reconn.conn_id = other;
        break;
    case PLATO_ACK:
        e.head.ack = (plato_head_ack){.type = (uint32_t)rng_below(&r, 8),
                                      .session_id = session,
                                      .client_id = id,
                                      .msg_id = other,
                                      .conn_id = id_from(&r, wide)};
        if (chance(&r, 30))
            e.head.ack.type = chance(&r, 50) ? PLATO_UP : PLATO_PUSH;
        if (chance(&r, 20))
            e.head.ack.code = (uint32_t)rng_below(&r, 15);
        if (chance(&r, 20))
            e.head.ack.client_id = e.head.ack.session_id = e.head.ack.msg_id = 0;
        break;
    case PLATO_UP:
        e.head.up = (plato_head_up){.client_id = id, .session_id = session};
        e.head.up.conn_id = chance(&r, 20) ? other : 0;
        if (e.framing == PLATO_FRAMING_MSGCMD && chance(&r, 50))
            (void)snprintf(e.session_text, sizeof e.session_text, "n%u", (unsigned)session);
        break;
    case PLATO_PUSH:
        e.head.push = (plato_head_push){id, session};
        break;
    case PLATO_SYNC:
        e.head.sync.session_id = session;
        break;
    default:
        break;
    }
    e.text[0] = (char)('a' + rng_below(&r, 3));
    e.direction = chance(&r, 70) ? event_direction(&e.head) : (analysis_direction)rng_below(&r, 2);
    e.is_loss = chance(&r, 4);
    *state = r.state;
    return e;
}

void generate_hostile(history *h, uint64_t seed, plato_framing framing)
{
    rng r = {seed};
    int64_t now = 0;
    h->count = 5 + rng_below(&r, 100);
    for (size_t i = 0; i < h->count; i++) {
        now += (int64_t)rng_below(&r, 2000) - (chance(&r, 10) ? 3000 : 0);
        if (chance(&r, 3))
            now += 40000 + (int64_t)rng_below(&r, 10000);
        h->events[i] = generate_event(&r.state, false, framing, now);
    }
    fill_losses(&r, h, false, 50);
}
