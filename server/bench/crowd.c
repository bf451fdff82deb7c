/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/crowd.h"

#include "bench/load.h"
#include "common/encode.h"
#include "plato/schema/plato.pb-c.h"

#define MS UINT64_C(1000000) /* ns */
#define TICK_MS 10
#define OPENING_MOST 128u /* connections at a time that are not up yet: handshakes take time */
#define OPENING_MS 5000u  /* for the connection to come up and the login to be answered */

static const guest_acts *const acts[GUEST_KINDS] = {
    [GUEST_IDLE] = &guest_idle,
    [GUEST_SLOW_WRITER] = &guest_slow_writer,
    [GUEST_FLOOD] = &guest_flood,
    [GUEST_MALFORMED] = &guest_malformed,
};

const char *crowd_name(guest_kind kind)
{
    return acts[kind]->name;
}

static crowd_counts *counts_of(guest *g)
{
    return &g->crowd->counts[g->kind];
}

void guest_put(guest *g, GBytes *frame)
{
    gsize n;
    const void *p = g_bytes_get_data(frame, &n);
    stream_put(g->stream, p, n);
}

void guest_log_in(guest *g)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = g->device_id}};
    Plato__LoginBody body = PLATO__LOGIN_BODY__INIT;
    uint8_t *packed;
    if (g->crowd->options->token != NULL)
        body.token = g->crowd->options->token;
    body.n_session_ids = 1;
    body.session_ids = &g->device_id;
    const size_t n = plato__login_body__get_packed_size(&body);
    packed = g_malloc(n);
    plato__login_body__pack(&body, packed);
    GBytes *frame = encode_frame(&head, (plato_span){packed, n});
    guest_put(g, frame);
    g_bytes_unref(frame);
    g_free(packed);
}

void guest_leave(guest *g)
{
    if (g->logged_in)
        counts_of(g)->logged_in--;
    g->crowd->n_opening -= g->opening;
    g->up = g->opening = g->logged_in = false;
    g->sent = 0;
    stream_free(g_steal_pointer(&g->stream));
    g_clear_pointer(&g->frame, g_bytes_unref);
    plato_decoder_reset(g->decoder, 0);
    g->due_ns = load_now_ns() + acts[g->kind]->reopen_ms * MS;
}

static void on_up(void *user)
{
    guest *g = user;
    g->up = true;
    g->opening = false;
    g->crowd->n_opening--;
    counts_of(g)->opened++;
    acts[g->kind]->up(g);
}

static void on_down(void *user)
{
    guest *g = user;
    counts_of(g)->closed += g->up;
    guest_leave(g);
}

static void on_ack(guest *g, const plato_head_ack *ack)
{
    crowd_counts *counts = counts_of(g);
    counts->answers[MIN(ack->code, G_N_ELEMENTS(counts->answers) - 1)]++;
    if (ack->code == PLATO_ACK_OK && ack->type == PLATO_LOGIN && !g->logged_in) {
        g->logged_in = true;
        counts->logged_in++;
    }
    if (acts[g->kind]->ack != NULL)
        acts[g->kind]->ack(g, ack);
}

static void on_bytes(void *user, const uint8_t *p, size_t n)
{
    guest *g = user;
    plato_event event;
    plato_head head;
    plato_decoder_input(g->decoder, p, n);
    while (g->stream != NULL && plato_decoder_next(g->decoder, &event) > 0)
        if (plato_head_read_frame(event.frame, &head, NULL) == PLATO_OK &&
            head.msg_type == PLATO_ACK)
            on_ack(g, &head.ack);
}

static void open_guest(guest *g, uint64_t now_ns)
{
    static const stream_events events = {on_up, on_bytes, on_down};
    g->opened_ns = now_ns;
    g->stream = stream_open(g->crowd->target, &events, g);
    g->opening = g->stream != NULL;
    g->crowd->n_opening += g->opening;
    g->due_ns = now_ns + OPENING_MS * MS;
}

static void tick_guest(guest *g, uint64_t now_ns)
{
    if (now_ns < g->due_ns)
        return;
    if (g->stream == NULL) {
        if (g->crowd->n_opening < OPENING_MOST)
            open_guest(g, now_ns);
    } else if (!g->up) {
        guest_leave(g);
    } else {
        acts[g->kind]->due(g, now_ns);
        if (g->stream != NULL)
            stream_flush(g->stream);
    }
}

static void on_tick(evutil_socket_t fd, short what, void *user)
{
    crowd *c = user;
    const uint64_t now_ns = load_now_ns();
    (void)fd;
    (void)what;
    while (c->n_begun < c->n_guests && c->n_opening < OPENING_MOST)
        open_guest(&c->guests[c->n_begun++], now_ns);
    for (unsigned i = 0; i < c->n_begun; i++)
        tick_guest(&c->guests[i], now_ns);
}

bool crowd_is_there(const crowd *c)
{
    return c->counts[GUEST_IDLE].logged_in == (unsigned)c->options->idle;
}

crowd *crowd_new(const bench_options *options, const stream_target *target)
{
    const int wanted[GUEST_KINDS] = {
        [GUEST_IDLE] = options->idle,
        [GUEST_SLOW_WRITER] = options->slow_writers,
        [GUEST_FLOOD] = options->floods,
        [GUEST_MALFORMED] = options->malformed,
    };
    crowd *c = g_new0(crowd, 1);
    c->options = options;
    c->target = target;
    c->random = prng_make(options->seed, 0);
    for (int kind = 0; kind < GUEST_KINDS; kind++)
        c->n_guests += (unsigned)wanted[kind];
    c->guests = g_new0(guest, c->n_guests);
    guest *g = c->guests;
    for (int kind = 0; kind < GUEST_KINDS; kind++)
        for (int i = 0; i < wanted[kind]; i++, g++) {
            g->crowd = c;
            g->kind = (guest_kind)kind;
            /* after those of the load */
            g->device_id = options->first_id + 10000000 + (uint64_t)(g - c->guests);
            if (plato_decoder_new(NULL, NULL, &g->decoder) != PLATO_OK)
                g_error("a decoder cannot be made");
        }
    c->tick = event_new(target->base, -1, EV_PERSIST, on_tick, c);
    return c;
}

void crowd_start(crowd *c)
{
    const struct timeval often = {0, TICK_MS * 1000};
    if (c->n_guests > 0)
        event_add(c->tick, &often);
}

void crowd_free(crowd *c)
{
    for (unsigned i = 0; i < c->n_guests; i++) {
        stream_free(c->guests[i].stream);
        g_clear_pointer(&c->guests[i].frame, g_bytes_unref);
        plato_decoder_free(c->guests[i].decoder);
    }
    event_free(c->tick);
    g_free(c->guests);
    g_free(c);
}
