/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/device.h"

#include "bench/load.h"
#include "bench/message.h"
#include "plato/head.h"

#include <glib.h>

#define MS UINT64_C(1000000) /* ns */
#define SECOND (1000 * MS)
#define RESEND_MOST_S 30u /* docs/protocol.md, "Delivery" */
#define LOGIN_PATIENCE (5 * SECOND)
#define SILENCE (10 * SECOND)         /* of a server that owes an answer */
#define HEARTBEAT_EVERY (30 * SECOND) /* docs/protocol.md, "Connections" */
#define HOLE_PATIENCE (1 * SECOND)    /* ACKs and PUSHes may pass each other */
#define REFUSED_PAUSE (100 * MS)
#define REOPEN_FIRST_MS 10u
#define REOPEN_MOST_MS 320u

void device_init(device *d, struct load *load, unsigned session, unsigned place)
{
    const bench_options *options = load->options;
    d->load = load;
    d->session_id = options->first_id + session;
    d->device_id = options->first_id + (uint64_t)session * load->n_members + place;
    d->place = place;
    d->nth_sender = session * (unsigned)options->senders + place;
    d->sends = place < (unsigned)options->senders;
    d->next = d->first = 1;
    d->due_ns = g_new0(uint64_t, (gsize)options->window);
    d->from = g_new0(incoming, (gsize)options->senders);
    d->backoff_ms = REOPEN_FIRST_MS;
    load->wire->init(d);
}

void device_clear(device *d)
{
    stream_free(d->stream);
    d->load->wire->clear(d);
    for (int i = 0; i < d->load->options->senders; i++)
        bitset_clear(&d->from[i].numbers);
    bitset_clear(&d->acknowledged);
    bitset_clear(&d->ids);
    g_free(d->from);
    g_free(d->due_ns);
}

bool device_is_done(const device *d)
{
    return !d->sends || d->first > d->due;
}

static void reopen_later(device *d)
{
    d->reopen_ns = load_now_ns() + d->backoff_ms * MS;
    d->backoff_ms = MIN(d->backoff_ms * 2, REOPEN_MOST_MS);
}

void device_drop(device *d)
{
    if (d->logged_in) {
        d->logged_in = false;
        d->load->n_logged_in--;
        d->load->counts.reconnects++;
    }
    stream_free(g_steal_pointer(&d->stream));
    d->load->wire->lost(d);
    reopen_later(d);
}

static void on_up(void *user)
{
    device *d = user;
    d->load->wire->greet(d);
}

static void on_bytes(void *user, const uint8_t *p, size_t n)
{
    device *d = user;
    d->heard_ns = load_now_ns();
    d->load->wire->bytes(d, p, n);
    if (d->stream == NULL) /* given up for what it sent */
        return;
    if (d->got && d->complete > d->confirmed && d->logged_in) {
        d->load->wire->confirm(d);
        d->confirmed = d->complete;
    }
    if (d->got && d->load->options->rate <= 0) /* its senders may have room again */
        for (int i = 0; i < d->load->options->senders; i++)
            device_pump(d - d->place + i);
    d->got = false;
    device_pump(d);
}

static void on_down(void *user)
{
    device_drop(user);
}

void device_open(device *d)
{
    static const stream_events events = {on_up, on_bytes, on_down};
    d->reopen_ns = 0;
    d->opened_ns = d->heard_ns = d->written_ns = load_now_ns();
    d->stream = stream_open(d->load->target, &events, d);
    if (d->stream == NULL)
        reopen_later(d);
}

/* Everything under way goes out once more. */
static void go_back(device *d, uint64_t to)
{
    if (to < d->next)
        d->next = MAX(to, d->first);
}

static void set_resend(device *d, uint64_t now_ns, unsigned seconds)
{
    d->resend_s = seconds;
    d->resend_ns = now_ns + seconds * SECOND;
}

void device_logged_in(device *d, bool fresh)
{
    d->logged_in = true;
    d->load->n_logged_in++;
    d->backoff_ms = REOPEN_FIRST_MS;
    d->load->counts.resumed += !fresh;
    d->confirmed = 0; /* our last ACK may not have come through */
    d->held = false;
    d->asked_for = 0;
    go_back(d, d->first);
    device_pump(d);
}

static void say(device *d, uint64_t now_ns)
{
    struct load *load = d->load;
    const bool again = d->next <= d->sent;
    uint64_t *due_ns = &d->due_ns[d->next % (uint64_t)load->options->window];
    if (!again) {
        const double interval = load->options->rate > 0 ? 1e9 / load->options->rate : 0;
        const uint64_t nth = (d->next - 1) * load->n_senders + d->nth_sender;
        *due_ns = interval > 0 ? load->start_ns + (uint64_t)((double)nth * interval) : now_ns;
        d->sent = d->next;
        load->counts.sent++;
    } else {
        load->counts.resent++;
    }
    load->wire->say(d, d->next, *due_ns);
    d->next++;
}

/*
 * Whether the window has room. Without a schedule, what is acknowledged but not delivered counts
 * too: else the messages would only pile up in the server.
 */
static bool may_say(const device *d)
{
    const uint64_t window = (uint64_t)d->load->options->window;
    if (d->next > d->due || d->next - d->first >= window)
        return false;
    return d->load->options->rate > 0 || d->next <= d->sent ||
           d->sent - MIN(d->delivered / (d->load->n_members - 1), d->sent) < window;
}

void device_pump(device *d)
{
    if (!d->logged_in)
        return;
    if (!d->held && may_say(d)) {
        const uint64_t now_ns = load_now_ns();
        if (d->next == d->first) {
            set_resend(d, now_ns, 1);
            d->waiting_ns = now_ns;
        }
        while (may_say(d))
            say(d, now_ns);
        d->written_ns = now_ns;
    }
    stream_flush(d->stream);
}

/* Takes note of a msg_id of the session. False if it was known. */
static bool note_id(device *d, uint64_t msg_id)
{
    if (!bitset_add(&d->ids, msg_id))
        return false;
    d->highest = MAX(d->highest, msg_id);
    while (bitset_has(&d->ids, d->complete + 1))
        d->complete++;
    return true;
}

/* The most msg_ids that the session can have: what its senders have sent. */
static bool is_possible(const device *d, uint64_t msg_id)
{
    const device *session = d - d->place;
    uint64_t most = 0;
    for (int i = 0; i < d->load->options->senders; i++)
        most += session[i].sent;
    return msg_id <= most;
}

void device_acknowledged(device *d, uint64_t number, uint64_t msg_id)
{
    struct load *load = d->load;
    const uint64_t window = (uint64_t)load->options->window;
    if (number == 0 || number > d->sent || !is_possible(d, msg_id)) {
        load->counts.misnumbered++;
        return;
    }
    if (!bitset_add(&d->acknowledged, number)) {
        if (msg_id != 0 && !bitset_has(&d->ids, msg_id))
            load->counts.misnumbered++;
        return;
    }
    const uint64_t due_ns = d->due_ns[number % window];
    load->counts.acknowledged++;
    if (load_measures(load, due_ns))
        histogram_add(&load->up_ack, d->heard_ns - MIN(due_ns, d->heard_ns));
    if (msg_id != 0 && !note_id(d, msg_id))
        load->counts.conflicting++;
    while (bitset_has(&d->acknowledged, d->first))
        d->first++;
    d->next = MAX(d->next, d->first);
    d->asked_for = 0;
    d->waiting_ns = d->heard_ns;
    set_resend(d, d->heard_ns, 1);
}

static void out_of_order(device *d, uint64_t expected)
{
    const uint64_t number = expected + d->forgotten;
    if (expected == 0 || number > d->sent || number == d->asked_for)
        return;
    d->asked_for = number;
    if (number < d->first) { /* it was acknowledged once: the server began anew */
        d->load->counts.forgotten++;
        d->forgotten += d->first - number;
        go_back(d, d->first);
    } else {
        go_back(d, number);
    }
}

void device_refused(device *d, uint32_t code, uint64_t expected)
{
    struct load *load = d->load;
    load->counts.refused[MIN(code, G_N_ELEMENTS(load->counts.refused) - 1)]++;
    if (code == PLATO_ACK_OUT_OF_ORDER) {
        out_of_order(d, expected);
    } else if (!d->held) {
        d->held = true;
        d->resend_ns = d->heard_ns + REFUSED_PAUSE;
    }
}

/* The books: whether it came once, whole and in order. */
static void enter(device *d, uint64_t msg_id, const stamp *s, bool known_id)
{
    load_counts *counts = &d->load->counts;
    incoming *from = &d->from[s->sender];
    if (known_id) {
        /* A client drops it by its msg_id, so it had better be the same message. */
        if (bitset_has(&from->numbers, s->number))
            counts->repeated++;
        else
            counts->conflicting++;
        return;
    }
    if (!bitset_add(&from->numbers, s->number)) {
        counts->twice++;
        return;
    }
    if (msg_id > from->last_id && s->number < from->last)
        counts->disordered++;
    if (msg_id >= from->last_id) {
        from->last_id = msg_id;
        from->last = s->number;
    }
    counts->delivered++;
    (d - d->place + s->sender)->delivered++;
    if (load_measures(d->load, s->due_ns))
        histogram_add(&d->load->up_push, d->heard_ns - MIN(s->due_ns, d->heard_ns));
}

void device_got(device *d, uint64_t msg_id, plato_span message)
{
    stamp s;
    const device *session = d - d->place;
    load_counts *counts = &d->load->counts;
    d->got = true;
    if (message.n != (size_t)d->load->options->size || !message_read(message.p, message.n, &s) ||
        s.sender >= (unsigned)d->load->options->senders || s.sender == d->place || s.number == 0 ||
        s.number > session[s.sender].sent) {
        counts->damaged++;
    } else if (!is_possible(d, msg_id)) {
        counts->misnumbered++;
    } else {
        const bool known_id = msg_id != 0 && !note_id(d, msg_id);
        if (known_id)
            d->confirmed = 0; /* our ACK may be what got lost */
        enter(d, msg_id, &s, known_id);
    }
}

void device_missed(device *d, uint64_t last_id)
{
    d->complete = MAX(d->complete, MIN(last_id, d->highest));
    while (bitset_has(&d->ids, d->complete + 1))
        d->complete++;
    d->got = true; /* the server may go on after it */
}

/* Asks for what is missing below the highest msg_id, once a second. */
static void look_for_holes(device *d, uint64_t now_ns)
{
    if (d->highest == d->complete) {
        d->hole_ns = 0;
    } else if (d->hole_ns == 0) {
        d->hole_ns = now_ns;
    } else if (now_ns >= d->hole_ns + HOLE_PATIENCE) {
        d->hole_ns = now_ns;
        d->load->wire->ask(d, d->complete + 1, d->highest - 1);
        stream_flush(d->stream);
    }
}

static void tick_connection(device *d, uint64_t now_ns)
{
    const bool owes = d->next > d->first;
    if (!d->logged_in) {
        if (now_ns >= d->opened_ns + LOGIN_PATIENCE)
            device_drop(d);
        return;
    }
    if (owes && now_ns >= MAX(d->heard_ns, d->waiting_ns) + SILENCE) {
        device_drop(d);
        return;
    }
    if (now_ns >= d->written_ns + HEARTBEAT_EVERY) {
        d->written_ns = now_ns;
        d->load->wire->heartbeat(d);
        stream_flush(d->stream);
    }
    look_for_holes(d, now_ns);
}

void device_tick(device *d, uint64_t now_ns)
{
    if (d->stream == NULL) {
        if (d->reopen_ns != 0 && now_ns >= d->reopen_ns)
            device_open(d);
        return;
    }
    tick_connection(d, now_ns);
    if (d->logged_in && (d->held || d->next > d->first) && now_ns >= d->resend_ns) {
        const unsigned again = d->held ? 1 : MIN(d->resend_s * 2, RESEND_MOST_S);
        d->held = false;
        d->asked_for = 0;
        go_back(d, d->first);
        device_pump(d);
        set_resend(d, now_ns, again);
    }
}
