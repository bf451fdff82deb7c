/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/load.h"

#include <glib.h>
#include <math.h>
#include <time.h>

#define MS UINT64_C(1000000) /* ns */
#define SECOND (1000 * MS)
#define HOUSEKEEPING_MS 10
#define OPEN_AT_ONCE 32u        /* connections begun in each round of housekeeping */
#define TICK_LEAST_NS (100000u) /* messages due within 0.1 ms leave together */
#define SETTLE (300 * MS)       /* when all is there: time for what should not come */

uint64_t load_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void set_phase(struct load *load, load_phase phase)
{
    load->phase = phase;
    load->phase_changed(load->user, phase);
}

static device *sender(struct load *load, uint64_t nth)
{
    const unsigned senders = (unsigned)load->options->senders;
    const unsigned i = (unsigned)(nth % load->n_senders);
    return &load->devices[i / senders * load->n_members + i % senders];
}

static bool is_sending(const struct load *load)
{
    return load->phase == LOAD_WARMING || load->phase == LOAD_MEASURING;
}

/* When message `nth` is due. */
static uint64_t due_ns(const struct load *load, uint64_t nth)
{
    return load->start_ns + (uint64_t)((double)nth * (1e9 / load->options->rate));
}

static void tick_again(struct load *load, uint64_t now_ns)
{
    const uint64_t due = due_ns(load, load->handed_out);
    const uint64_t wait = due > now_ns + TICK_LEAST_NS ? due - now_ns : TICK_LEAST_NS;
    const struct timeval delay = {(time_t)(wait / SECOND), (suseconds_t)(wait % SECOND / 1000)};
    event_add(load->tick, &delay);
}

/* Hands out what is due by the schedule, however the server fares. */
static void on_tick(evutil_socket_t fd, short what, void *user)
{
    struct load *load = user;
    const uint64_t now_ns = load_now_ns();
    const uint64_t most = load->options->count > 0 ? load->options->count : UINT64_MAX;
    (void)fd;
    (void)what;
    if (!is_sending(load))
        return;
    while (load->handed_out < most && due_ns(load, load->handed_out) <= now_ns) {
        device *d = sender(load, load->handed_out++);
        d->due++;
        device_pump(d);
    }
    if (load->handed_out < most)
        tick_again(load, now_ns);
}

/* Without a schedule: everyone sends whenever the window allows. */
static void hand_out_all(struct load *load)
{
    const uint64_t count = load->options->count;
    for (uint64_t i = 0; i < load->n_senders; i++) {
        device *d = sender(load, i);
        d->due =
            count > 0 ? count / load->n_senders + (i < count % load->n_senders) : UINT64_MAX - 1;
        device_pump(d);
    }
}

static void start_sending(struct load *load, uint64_t now_ns)
{
    load->start_ns = now_ns;
    load->end_ns =
        now_ns + (uint64_t)(load->options->warmup_s + load->options->duration_s) * SECOND;
    set_phase(load, LOAD_WARMING);
    if (load->options->rate > 0)
        on_tick(-1, 0, load);
    else
        hand_out_all(load);
}

static void start_measuring(struct load *load, uint64_t now_ns)
{
    load->measure_ns = now_ns;
    load->measured_from = load->counts.delivered;
    set_phase(load, LOAD_MEASURING);
}

static void start_draining(struct load *load, uint64_t now_ns)
{
    event_del(load->tick);
    for (unsigned i = 0; i < load->n_devices; i++)
        if (load->devices[i].due == UINT64_MAX - 1)
            load->devices[i].due = load->devices[i].sent;
    load->end_ns = now_ns + (uint64_t)load->options->drain_s * SECOND;
    set_phase(load, LOAD_DRAINING);
}

static bool all_is_there(const struct load *load)
{
    uint64_t expected = 0;
    for (unsigned i = 0; i < load->n_devices; i++) {
        if (!device_is_done(&load->devices[i]))
            return false;
        expected += load->devices[i].sent * (load->n_members - 1);
    }
    return load->counts.delivered >= expected;
}

/* All of a count are handed out and answered: no need to wait for the end of the duration. */
static bool is_finished(const struct load *load)
{
    const uint64_t count = load->options->count;
    return count > 0 && load->counts.sent >= count && all_is_there(load);
}

static void drain(struct load *load, uint64_t now_ns)
{
    if (!all_is_there(load))
        load->complete_ns = 0;
    else if (load->complete_ns == 0)
        load->complete_ns = now_ns;
    if (now_ns >= load->end_ns ||
        (load->complete_ns != 0 && now_ns - load->complete_ns >= SETTLE)) {
        event_del(load->housekeeping);
        set_phase(load, LOAD_OVER);
    }
}

static void go_on(struct load *load, uint64_t now_ns)
{
    if (load->phase == LOAD_CONNECTING && load->n_logged_in == load->n_devices)
        start_sending(load, now_ns);
    else if (load->phase == LOAD_CONNECTING && now_ns >= load->end_ns)
        set_phase(load, LOAD_OVER);
    if (load->phase == LOAD_WARMING &&
        now_ns - load->start_ns >= (uint64_t)load->options->warmup_s * SECOND)
        start_measuring(load, now_ns);
    if (is_sending(load) && (now_ns >= load->end_ns || is_finished(load)))
        start_draining(load, now_ns);
    if (load->phase == LOAD_DRAINING)
        drain(load, now_ns);
}

static void on_housekeeping(evutil_socket_t fd, short what, void *user)
{
    struct load *load = user;
    const uint64_t now_ns = load_now_ns();
    (void)fd;
    (void)what;
    for (unsigned i = 0; i < OPEN_AT_ONCE && load->n_opened < load->n_devices; i++)
        device_open(&load->devices[load->n_opened++]);
    for (unsigned i = 0; i < load->n_opened; i++)
        device_tick(&load->devices[i], now_ns);
    go_on(load, now_ns);
}

void load_stop(struct load *load)
{
    if (load->phase == LOAD_DRAINING)
        load->end_ns = 0;
    else if (load->phase != LOAD_OVER)
        start_draining(load, load_now_ns());
}

void load_start(struct load *load)
{
    const struct timeval often = {0, HOUSEKEEPING_MS * 1000};
    load->end_ns = load_now_ns() + (uint64_t)load->options->drain_s * SECOND;
    event_add(load->housekeeping, &often);
}

struct load *load_new(const bench_options *options, const stream_target *target)
{
    struct load *load = g_new0(struct load, 1);
    load->options = options;
    load->target = target;
    load->wire = options->mqtt_qos > 0 ? &wire_mqtt : &wire_plato;
    load->n_members = (unsigned)(options->senders + options->receivers);
    load->n_devices = (unsigned)options->sessions * load->n_members;
    load->n_senders = (unsigned)(options->sessions * options->senders);
    load->devices = g_new0(device, load->n_devices);
    for (unsigned i = 0; i < load->n_devices; i++)
        device_init(&load->devices[i], load, i / load->n_members, i % load->n_members);
    load->tick = evtimer_new(target->base, on_tick, load);
    load->housekeeping = event_new(target->base, -1, EV_PERSIST, on_housekeeping, load);
    return load;
}

void load_free(struct load *load)
{
    for (unsigned i = 0; i < load->n_devices; i++)
        device_clear(&load->devices[i]);
    event_free(load->tick);
    event_free(load->housekeeping);
    g_free(load->devices);
    g_free(load);
}

static void count_session(const struct load *load, const device *session, load_ledger *ledger)
{
    for (int from = 0; from < load->options->senders; from++) {
        const bitset *acknowledged = &session[from].acknowledged;
        ledger->unanswered += session[from].due - acknowledged->count;
        for (unsigned to = 0; to < load->n_members; to++) {
            if (to == (unsigned)from)
                continue;
            ledger->expected += acknowledged->count;
            ledger->lost += bitset_missing(acknowledged, &session[to].from[from].numbers);
        }
    }
}

load_ledger load_count(const struct load *load)
{
    load_ledger ledger = {0};
    for (unsigned i = 0; i < load->n_devices; i += load->n_members)
        count_session(load, &load->devices[i], &ledger);
    return ledger;
}
