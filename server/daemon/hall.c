/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "daemon/hall.h"

#include "common/address.h"
#include "daemon/link.h"
#include "daemon/log.h"

#define STOP_MS 1000 /* so long a peer has to end its direction when the server stops */

/* A connection. */
typedef struct seat {
    struct hall *hall;
    conn_key key;
    struct link *link;
    struct dialogue *dialogue;
    struct event *timer; /* dialogue_deadline() */
    bool changed;        /* it stands in hall.changed */
    bool closing;        /* its link is */
    bool gone;           /* to be freed */
} seat;

struct hall {
    hall_config config;
    struct event_base *base;
    struct event *runner; /* carries out what came up in the links' callbacks */
    GHashTable *seats;    /* conn_key -> seat */
    GArray *changed;      /* conn_key */
    link_events events;
    conn_key last_key;
    unsigned closing;
    bool stopping;
};

static uint64_t now_ms(void)
{
    return (uint64_t)g_get_monotonic_time() / 1000;
}

static void seat_free(gpointer data)
{
    seat *s = data;
    s->hall->closing -= s->closing;
    dialogue_free(s->dialogue, now_ms());
    event_free(s->timer);
    link_free(s->link);
    g_free(s);
}

/* Not at once: the caller may be a link, which that may free. */
static void settle_soon(seat *s)
{
    if (!s->changed)
        g_array_append_val(s->hall->changed, s->key);
    s->changed = true;
    event_active(s->hall->runner, 0, 0);
}

static void set_timer(seat *s)
{
    const uint64_t due = dialogue_deadline(s->dialogue), now = now_ms();
    const uint64_t wait = due > now ? due - now : 0;
    const struct timeval delay = {(time_t)(wait / 1000), (suseconds_t)(wait % 1000 * 1000)};
    event_add(s->timer, &delay);
}

static void begin_to_close(seat *s)
{
    if (s->closing || !dialogue_is_closing(s->dialogue))
        return;
    s->closing = true;
    s->hall->closing++;
    if (s->hall->closing > s->hall->config.max_closing)
        s->gone = true;
    else
        link_close_flushed(s->link);
}

/* Does what the dialogue wants. True if the seat is to be freed. */
static bool settle(seat *s)
{
    GBytes *bytes;
    s->changed = false;
    /* again: output that leaves at once makes room to work on input that waits, which is bounded */
    while (!s->gone && (bytes = dialogue_take_output(s->dialogue)) != NULL) {
        link_send(s->link, bytes);
        link_flush(s->link);
    }
    if (!s->gone && !s->closing)
        link_set_hold(s->link, LINK_HOLD_OWNER, dialogue_is_full(s->dialogue));
    if (!s->gone)
        begin_to_close(s);
    if (!s->gone)
        set_timer(s);
    return s->gone || dialogue_is_over(s->dialogue);
}

static void tell_if_empty(struct hall *hall)
{
    if (hall->stopping && g_hash_table_size(hall->seats) == 0)
        hall->config.emptied(hall->config.user);
}

/* The only place where links are freed while the hall lives. */
static void run(struct hall *hall)
{
    for (guint i = 0; i < hall->changed->len; i++) { /* it may grow: closing a link can end it */
        const conn_key key = g_array_index(hall->changed, conn_key, i);
        seat *s = g_hash_table_lookup(hall->seats, &key);
        if (s != NULL && settle(s))
            g_hash_table_remove(hall->seats, &key);
    }
    g_array_set_size(hall->changed, 0);
    tell_if_empty(hall);
}

static void on_runner(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    run(user);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    seat *s = user;
    (void)fd;
    (void)what;
    dialogue_tick(s->dialogue, now_ms());
    settle_soon(s);
}

static seat *seat_of(void *hall, conn_key key)
{
    return g_hash_table_lookup(((struct hall *)hall)->seats, &key);
}

static void on_received(void *user, conn_key key, const uint8_t *p, size_t n)
{
    seat *s = seat_of(user, key);
    if (s == NULL)
        return;
    dialogue_received(s->dialogue, now_ms(), p, n);
    settle_soon(s);
}

static void on_drained(void *user, conn_key key, size_t n)
{
    seat *s = seat_of(user, key);
    if (s == NULL)
        return;
    dialogue_drained(s->dialogue, now_ms(), n);
    settle_soon(s);
}

static void on_ended(void *user, conn_key key)
{
    seat *s = seat_of(user, key);
    if (s == NULL)
        return;
    dialogue_peer_ended(s->dialogue, now_ms());
    settle_soon(s);
}

static void on_gone(void *user, conn_key key)
{
    seat *s = seat_of(user, key);
    if (s == NULL)
        return;
    s->gone = true;
    settle_soon(s);
}

static void on_done(void *user)
{
    (void)user;
}

struct hall *hall_new(struct event_base *base, const hall_config *config)
{
    struct hall *hall = g_new0(struct hall, 1);
    hall->config = *config;
    hall->base = base;
    hall->last_key = config->first_key;
    hall->runner = event_new(base, -1, 0, on_runner, hall);
    hall->seats = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, seat_free);
    hall->changed = g_array_new(FALSE, FALSE, sizeof(conn_key));
    hall->events = (link_events){.user = hall,
                                 .received = on_received,
                                 .drained = on_drained,
                                 .ended = on_ended,
                                 .gone = on_gone,
                                 .done = on_done,
                                 .hold_above = config->dialogue.max_output,
                                 .alpn = config->alpn,
                                 .counts = config->counts};
    return hall;
}

void hall_free(struct hall *hall)
{
    if (hall == NULL)
        return;
    g_hash_table_unref(hall->seats);
    g_array_unref(hall->changed);
    event_free(hall->runner);
    g_free(hall);
}

static void sit_down(struct hall *hall, struct link *link, struct guest *guest, const char *refusal)
{
    seat *s = g_new0(seat, 1);
    s->hall = hall;
    s->key = hall->last_key;
    s->link = link;
    s->timer = evtimer_new(hall->base, on_timer, s);
    s->dialogue = dialogue_new(&hall->config.dialogue, hall->config.admission, guest, now_ms());
    if (refusal != NULL)
        dialogue_turn_away(s->dialogue, now_ms(), refusal);
    g_hash_table_insert(hall->seats, &s->key, s);
    settle_soon(s);
}

void hall_accept(struct hall *hall, evutil_socket_t fd, const struct sockaddr *peer,
                 struct tls *tls)
{
    struct guest *guest;
    char text[ADDRESS_TEXT];
    const admission_answer answer = admission_enter(hall->config.admission, peer, now_ms(), &guest);
    const bool may = answer == ADMISSION_YES;
    const bool answered = may || hall->closing < hall->config.max_closing;
    struct link *link =
        answered ? link_new(hall->base, fd, tls, ++hall->last_key, &hall->events) : NULL;
    address_format(peer, text);
    log_event(CORE_LOG_INFO, link != NULL ? hall->last_key : 0, may ? "connected" : "turned away",
              "peer", text, "protocol", hall->config.dialogue.syntax->name, "tls",
              tls != NULL ? "yes" : "no", may ? NULL : "limit", admission_answer_name(answer),
              NULL);
    if (link != NULL) {
        sit_down(hall, link, guest, may ? NULL : admission_answer_text(answer));
        return;
    }
    evutil_closesocket(fd);
    if (!answered)
        hall->config.dialogue.stats->ended[DIALOGUE_TURNED_AWAY]++;
    if (guest != NULL)
        admission_leave(hall->config.admission, guest, now_ms());
}

void hall_stop(struct hall *hall)
{
    GHashTableIter each;
    gpointer s;
    hall->stopping = true;
    g_hash_table_iter_init(&each, hall->seats);
    while (g_hash_table_iter_next(&each, NULL, &s)) {
        dialogue_stop(((seat *)s)->dialogue, now_ms(), STOP_MS);
        settle_soon(s);
    }
    event_active(hall->runner, 0, 0);
}

unsigned hall_count(const struct hall *hall)
{
    return g_hash_table_size(hall->seats);
}
