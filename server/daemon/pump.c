/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/pump.h"

#include "common/address.h"
#include "daemon/link.h"
#include "daemon/log.h"
#include "plato/ports.h"

/* A connection: what libevent has of it, and its place in admission. */
typedef struct seat {
    struct pump *pump;
    struct link *link;
    struct guest *guest; /* NULL once it is closing, and for one that was turned away */
    bool unflushed;      /* in pump->unflushed */
} seat;

struct pump {
    pump_config config;
    struct core *core;
    struct admission *admission;
    struct event_base *base;
    struct event *timer;  /* core_deadline() */
    struct event *runner; /* carries out actions that came up outside our own callbacks */
    GHashTable *seats;    /* conn_key -> seat */
    GArray *gone;         /* conn_key of links to be freed by the next run */
    GPtrArray *unflushed; /* seats that something was sent to in this run */
    bool running;         /* inside pump_run() */
    bool drained;         /* something left in this run, so the core may want to send more */
    link_events events;
    bool stopping;
    bool failed;
};

static uint64_t now_ms(void)
{
    return (uint64_t)g_get_monotonic_time() / 1000;
}

static seat *seat_find(const struct pump *pump, conn_key key)
{
    return g_hash_table_lookup(pump->seats, &key);
}

/* A connection that is closing takes no place any more. */
static void give_up_place(seat *s)
{
    if (s->guest != NULL)
        admission_leave(s->pump->admission, s->guest, now_ms());
    s->guest = NULL;
}

static void seat_free(gpointer data)
{
    seat *s = data;
    give_up_place(s);
    link_free(s->link);
    g_free(s);
}

static void free_gone(struct pump *pump)
{
    for (guint i = 0; i < pump->gone->len; i++) {
        const conn_key key = g_array_index(pump->gone, conn_key, i);
        if (g_hash_table_remove(pump->seats, &key))
            core_disconnected(pump->core, now_ms(), key);
    }
    g_array_set_size(pump->gone, 0);
}

/* The store is not to be trusted any more: no peer gets an answer that depends on it. */
static void fail(struct pump *pump, const char *why)
{
    if (pump->failed)
        return;
    log_line(CORE_LOG_ERROR, 0, why);
    pump->failed = true;
    pump->config.failed(pump->config.user);
}

static void send_to(struct pump *pump, seat *s, GBytes *bytes)
{
    link_send(s->link, bytes);
    if (!s->unflushed)
        g_ptr_array_add(pump->unflushed, s);
    s->unflushed = true;
}

static void flush(struct pump *pump)
{
    for (guint i = 0; i < pump->unflushed->len; i++) {
        seat *s = g_ptr_array_index(pump->unflushed, i);
        s->unflushed = false;
        link_flush(s->link);
    }
    g_ptr_array_set_size(pump->unflushed, 0);
}

static void carry_out(struct pump *pump, core_action *action)
{
    seat *s = seat_find(pump, action->conn);
    switch (action->kind) {
    case CORE_SEND:
        if (s != NULL)
            send_to(pump, s, g_steal_pointer(&action->bytes));
        break;
    case CORE_CLOSE_FLUSH:
        if (s != NULL) {
            give_up_place(s);
            link_close_flushed(s->link);
        }
        break;
    case CORE_CLOSE_NOW:
        g_array_append_val(pump->gone, action->conn);
        break;
    case CORE_LOG:
        log_line(action->level, action->conn, action->text);
        break;
    case CORE_COMMIT:
        storage_submit(pump->config.storage, g_steal_pointer(&action->batch));
        break;
    case CORE_PAUSE:
    case CORE_RESUME:
        if (s != NULL)
            link_set_hold(s->link, LINK_HOLD_OWNER, action->kind == CORE_PAUSE);
        break;
    case CORE_FAIL:
        fail(pump, action->text);
        break;
    }
    core_action_clear(action);
}

/* Not pump_run() itself: the caller may be a link, which that may free. */
static void run_soon(struct pump *pump)
{
    event_active(pump->runner, 0, 0);
}

static void set_timer(struct pump *pump)
{
    const uint64_t due = core_deadline(pump->core), now = now_ms();
    const uint64_t wait = due > now ? due - now : 0;
    const struct timeval delay = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    if (due == UINT64_MAX)
        event_del(pump->timer);
    else
        event_add(pump->timer, &delay);
}

static void carry_out_all(struct pump *pump)
{
    core_action action;
    while (!pump->failed && core_take_action(pump->core, &action))
        carry_out(pump, &action);
}

/* Runs until the core wants nothing more; the only place where links are freed. */
void pump_run(struct pump *pump)
{
    pump->running = true;
    do {
        carry_out_all(pump);
        flush(pump);
        free_gone(pump);
    } while (pump->gone->len > 0);
    if (pump->drained)
        carry_out_all(pump);
    pump->running = pump->drained = false;
    /* A peer that reads much gets it piece by piece: others have their turn. */
    if (pump->unflushed->len > 0 || pump->gone->len > 0)
        run_soon(pump);
    if (pump->failed)
        return;
    if (pump->stopping && g_hash_table_size(pump->seats) == 0 &&
        !core_get_stats(pump->core).uncommitted)
        pump->config.emptied(pump->config.user);
    else
        set_timer(pump);
}

static void on_received(void *user, conn_key key, const uint8_t *p, size_t n)
{
    core_received(((struct pump *)user)->core, now_ms(), key, p, n);
}

static void on_drained(void *user, conn_key key, size_t n)
{
    struct pump *pump = user;
    core_drained(pump->core, now_ms(), key, n);
    if (pump->running)
        pump->drained = true;
    else
        run_soon(pump);
}

static void on_ended(void *user, conn_key key)
{
    core_ended(((struct pump *)user)->core, now_ms(), key);
}

static void on_gone(void *user, conn_key key)
{
    g_array_append_val(((struct pump *)user)->gone, key);
}

static void on_done(void *user)
{
    run_soon(user);
}

static void on_runner(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    pump_run(user);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    struct pump *pump = user;
    (void)fd;
    (void)what;
    core_tick(pump->core, now_ms());
    pump_run(pump);
}

static void on_committed(void *user, uint64_t batch_no, const char *error)
{
    struct pump *pump = user;
    if (error != NULL) {
        fail(pump, error);
        return;
    }
    core_committed(pump->core, now_ms(), batch_no);
    pump_run(pump);
}

/* The core's hooks. */

static bool may_log_in(void *user, uint64_t device_id, const uint8_t *token, size_t n)
{
    return guard_may_log_in(((struct pump *)user)->config.guard, device_id, token, n);
}

static uint64_t make_conn_id(void *user)
{
    return guard_make_conn_id(((struct pump *)user)->config.guard);
}

static void logged_in(void *user, conn_key key)
{
    struct pump *pump = user;
    const seat *s = seat_find(pump, key);
    if (s != NULL && s->guest != NULL)
        admission_prove(pump->admission, s->guest);
}

static core_pace pace(void *user, conn_key key, uint64_t now)
{
    static const core_pace paces[] = {
        [ADMISSION_GO_ON] = CORE_PACE_GO_ON,
        [ADMISSION_TOO_FAST] = CORE_PACE_TOO_FAST,
        [ADMISSION_ENOUGH] = CORE_PACE_ENOUGH,
    };
    struct pump *pump = user;
    const seat *s = seat_find(pump, key);
    if (s == NULL || s->guest == NULL)
        return CORE_PACE_GO_ON;
    return paces[admission_pace(pump->admission, s->guest, now)];
}

/* A connection that has no place gets the reason; not over TLS, where that costs a handshake. */
static conn_key introduce(struct pump *pump, admission_answer answer, bool tls)
{
    if (answer == ADMISSION_YES)
        return core_connected(pump->core, now_ms());
    return tls ? 0 : core_turned_away(pump->core, now_ms(), admission_answer_text(answer));
}

static void sit_down(struct pump *pump, conn_key key, struct link *link, struct guest *guest)
{
    seat *s = g_new0(seat, 1);
    s->pump = pump;
    s->link = link;
    s->guest = guest;
    g_hash_table_insert(pump->seats, g_memdup2(&key, sizeof key), s);
}

void pump_accept(struct pump *pump, evutil_socket_t fd, const struct sockaddr *peer,
                 struct tls *tls)
{
    struct guest *guest;
    char text[ADDRESS_TEXT];
    const admission_answer answer = admission_enter(pump->admission, peer, now_ms(), &guest);
    const conn_key key = introduce(pump, answer, tls != NULL);
    struct link *link = key != 0 ? link_new(pump->base, fd, tls, key, &pump->events) : NULL;
    address_format(peer, text);
    log_event(CORE_LOG_INFO, key, answer == ADMISSION_YES ? "connected" : "turned away", "peer",
              text, "tls", tls != NULL ? "yes" : "no", answer == ADMISSION_YES ? NULL : "limit",
              admission_answer_name(answer), NULL);
    if (link == NULL) {
        evutil_closesocket(fd);
        if (guest != NULL)
            admission_leave(pump->admission, guest, now_ms());
        core_disconnected(pump->core, now_ms(), key);
    } else {
        sit_down(pump, key, link, guest);
    }
    pump_run(pump);
}

struct pump *pump_new(struct event_base *base, const pump_config *config, char **error)
{
    struct pump *pump = g_new0(struct pump, 1);
    pump->config = *config;
    pump->config.core.hooks = (core_hooks){.user = pump, .logged_in = logged_in, .pace = pace};
    if (config->guard != NULL) {
        pump->config.core.hooks.may_log_in = may_log_in;
        pump->config.core.hooks.make_conn_id = make_conn_id;
    }
    if (config->storage != NULL)
        pump->config.core.reader = storage_reader(config->storage);
    pump->core = core_new(&pump->config.core);
    pump->admission = admission_new(&config->admission);
    pump->base = base;
    pump->timer = evtimer_new(base, on_timer, pump);
    pump->runner = event_new(base, -1, 0, on_runner, pump);
    pump->seats = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, seat_free);
    pump->gone = g_array_new(FALSE, FALSE, sizeof(conn_key));
    pump->unflushed = g_ptr_array_new();
    pump->events = (link_events){pump,
                                 on_received,
                                 on_drained,
                                 on_ended,
                                 on_gone,
                                 on_done,
                                 config->core.max_output / 2,
                                 PLATO_ALPN,
                                 config->counts};
    if (config->storage != NULL && !storage_start(config->storage, pump->core, now_ms(), base,
                                                  config->counts, on_committed, pump, error))
        g_clear_pointer(&pump, pump_free);
    return pump;
}

void pump_free(struct pump *pump)
{
    if (pump == NULL)
        return;
    g_hash_table_unref(pump->seats);
    g_array_unref(pump->gone);
    g_ptr_array_unref(pump->unflushed);
    event_free(pump->runner);
    event_free(pump->timer);
    admission_free(pump->admission);
    core_free(pump->core);
    g_free(pump);
}

void pump_stop(struct pump *pump)
{
    pump->stopping = true;
    core_stop(pump->core, now_ms());
    pump_run(pump);
}

core_stats pump_core_stats(const struct pump *pump)
{
    return core_get_stats(pump->core);
}

admission_stats pump_admission_stats(const struct pump *pump)
{
    return admission_get_stats(pump->admission);
}
