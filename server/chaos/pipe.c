/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "chaos/pipe.h"

#include "chaos/proxy.h"

#include <errno.h>
#include <event2/buffer.h>
#include <sys/socket.h>
#include <time.h>

#define MS UINT64_C(1000000) /* ns */
#define SECOND (1000 * MS)
#define MOST_QUEUED 262144   /* bytes; then the sender has to wait */
#define MOST_AT_ONCE 65536   /* bytes of one write */
#define MOST_KEPT (1u << 20) /* bytes for a replay */

static uint64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

static void log_action(pipe_direction *p, uint64_t offset, const char *action,
                       const chaos_fact *facts)
{
    chaos_log_action(&p->relay->proxy->log, p->relay->number, p->name, offset, action, facts);
}

static void wake_at(pipe_direction *p, uint64_t when, uint64_t now)
{
    const uint64_t wait = when > now ? when - now : 0;
    const struct timeval delay = {(time_t)(wait / SECOND), (suseconds_t)(wait % SECOND / 1000 + 1)};
    event_add(p->wake, &delay);
}

void pipe_half_close(pipe_direction *p)
{
    if (p->ended)
        return;
    p->ended = p->drops = true;
    evbuffer_drain(p->queue, evbuffer_get_length(p->queue));
    shutdown(p->to, SHUT_WR);
    event_add(p->readable, NULL);
}

/* False if nothing goes on in this direction. */
static bool act(pipe_direction *p, const chaos_rule *rule, uint64_t now)
{
    const chaos_fact nothing[] = {{NULL, 0}};
    const chaos_fact facts[] = {{"ms", rule->value}, {NULL, 0}};
    const char *name = chaos_actions[rule->kind].name;
    log_action(p, p->offset, name, rule->kind == CHAOS_STALL ? facts : nothing);
    switch (rule->kind) {
    case CHAOS_STALL:
        p->stalled_ns = now + rule->value * MS;
        return true;
    case CHAOS_REPLAY:
        replay_start(p->relay->proxy, p->kept->data, p->kept->len);
        return true;
    case CHAOS_CUT:
        relay_cut(p->relay);
        return false;
    case CHAOS_RESET:
        relay_reset(p->relay);
        return false;
    default:
        pipe_half_close(p);
        relay_ended(p->relay);
        return false;
    }
}

/* Does what is due before the next byte. False if nothing may be sent for now. */
static bool do_points(pipe_direction *p, uint64_t now)
{
    while (plan_next_point(&p->plan) == p->offset) {
        if (p->stalled_ns > now)
            break;
        if (!act(p, g_array_index(p->plan.points, plan_point, p->plan.next_point++).rule, now))
            return false;
    }
    if (p->stalled_ns > now) {
        wake_at(p, p->stalled_ns, now);
        return false;
    }
    return true;
}

static void log_span(pipe_direction *p, plan_span *span)
{
    const chaos_action *action = &chaos_actions[span->rule->kind];
    const chaos_fact facts[] = {{"value", span->rule->value},
                                {action->extra != NULL ? action->extra : NULL, span->rule->extra},
                                {NULL, 0}};
    if (span->logged)
        return;
    span->logged = true;
    log_action(p, span->begin, action->name, facts);
}

/* Bytes to the end of the segment that the next byte belongs to. */
static uint64_t left_of_segment(const pipe_direction *p, const plan_span *span)
{
    return span->rule->value - (p->offset - span->begin) % span->rule->value;
}

/* Each limits how much may be sent now; 0 = wait for the wake-up that it has set. */
static uint64_t limit_resegment(pipe_direction *p, plan_span *span, uint64_t n, uint64_t now)
{
    if (span->ready_ns > now) {
        wake_at(p, span->ready_ns, now);
        return 0;
    }
    return MIN(n, left_of_segment(p, span));
}

static uint64_t limit_merge(pipe_direction *p, plan_span *span, uint64_t n, uint64_t now)
{
    const uint64_t room = MIN(span->end, plan_next_point(&p->plan)) - p->offset;
    const uint64_t wanted = MIN(left_of_segment(p, span), room);
    if (n >= wanted) {
        span->ready_ns = 0;
        return wanted;
    }
    if (p->source_ended)
        return n;
    if (span->ready_ns == 0)
        span->ready_ns = now + span->rule->extra * MS;
    if (now >= span->ready_ns) {
        span->ready_ns = 0;
        return n;
    }
    wake_at(p, span->ready_ns, now);
    return 0;
}

static uint64_t limit_throttle(pipe_direction *p, plan_span *span, uint64_t n, uint64_t now)
{
    const uint64_t rate = span->rule->value;
    if (span->spent_ns == 0)
        span->spent_ns = now;
    const double seconds = (double)(now - span->spent_ns) / 1e9;
    const double earned = seconds * (double)rate + 1; /* the first byte is free */
    const uint64_t so_far = earned < 1e18 ? (uint64_t)earned : UINT64_MAX;
    const uint64_t burst = MAX(rate / 10, 1); /* a pause is not made up for */
    if (so_far > span->spent + burst)
        span->spent = so_far - burst;
    if (so_far > span->spent)
        return MIN(n, so_far - span->spent);
    /* 20 ms worth of bytes at a time, or one. */
    const uint64_t more = MAX(rate / 50, 1);
    wake_at(p, now + (uint64_t)((double)more / (double)rate * 1e9), now);
    return 0;
}

static uint64_t limit(pipe_direction *p, plan_span *span, uint64_t n, uint64_t now)
{
    if (span->end <= p->offset)
        return n;
    if (span->begin > p->offset)
        return MIN(n, span->begin - p->offset);
    log_span(p, span);
    n = MIN(n, span->end - p->offset);
    switch (span->rule->kind) {
    case CHAOS_RESEGMENT:
        return limit_resegment(p, span, n, now);
    case CHAOS_MERGE:
        return limit_merge(p, span, n, now);
    case CHAOS_THROTTLE:
        return limit_throttle(p, span, n, now);
    default:
        return n;
    }
}

/* How many bytes of the queue may be sent in one write; 0 = not now. */
static uint64_t allowed(pipe_direction *p, uint64_t now)
{
    uint64_t n = MIN(evbuffer_get_length(p->queue), MOST_AT_ONCE);
    n = MIN(n, plan_next_point(&p->plan) - p->offset);
    for (guint i = 0; i < p->plan.spans->len && n > 0; i++)
        n = limit(p, &g_array_index(p->plan.spans, plan_span, i), n, now);
    return n;
}

static gint bits_by_offset(gconstpointer a, gconstpointer b)
{
    const plan_bit *one = a, *two = b;
    return one->offset < two->offset ? -1 : one->offset > two->offset;
}

static void log_flips(pipe_direction *p)
{
    g_array_sort(p->bits, bits_by_offset);
    for (guint i = 0; i < p->bits->len; i++) {
        const plan_bit *b = &g_array_index(p->bits, plan_bit, i);
        const chaos_fact facts[] = {
            {"bit", b->bit}, {"before", b->before}, {"after", b->after}, {NULL, 0}};
        if (b->offset < p->offset)
            log_action(p, b->offset, "flip", facts);
    }
    g_array_set_size(p->bits, 0);
}

static void sent(pipe_direction *p, const uint8_t *bytes, uint64_t n, uint64_t now)
{
    p->offset += n;
    evbuffer_drain(p->queue, n);
    log_flips(p);
    plan_flipped(&p->plan, p->offset);
    if (p->kept != NULL && p->kept->len + n <= MOST_KEPT)
        g_byte_array_append(p->kept, bytes, (guint)n);
    for (guint i = 0; i < p->plan.spans->len; i++) {
        plan_span *span = &g_array_index(p->plan.spans, plan_span, i);
        if (span->begin >= p->offset)
            continue;
        span->spent += n;
        if (span->rule->kind == CHAOS_RESEGMENT && span->rule->extra > 0 &&
            (p->offset - span->begin) % span->rule->value == 0)
            span->ready_ns = now + span->rule->extra * MS;
    }
}

/* Sends one piece. False if nothing more may be sent for now. */
static bool send_piece(pipe_direction *p, uint64_t now)
{
    static uint8_t bytes[MOST_AT_ONCE]; /* one loop, one thread */
    const uint64_t n = allowed(p, now);
    if (n == 0)
        return false;
    evbuffer_copyout(p->queue, bytes, n);
    plan_flip(&p->plan, p->offset, bytes, n, p->bits);
    const ssize_t done = send(p->to, bytes, n, MSG_NOSIGNAL);
    if (done > 0) {
        sent(p, bytes, (uint64_t)done, now);
        return true;
    }
    g_array_set_size(p->bits, 0);
    if (done < 0 && (errno == EAGAIN || errno == EINTR))
        event_add(p->writable, NULL);
    else
        relay_reset(p->relay);
    return false;
}

static void pump(pipe_direction *p)
{
    const uint64_t now = now_ns();
    while (!p->ended && do_points(p, now)) {
        if (evbuffer_get_length(p->queue) > 0) {
            if (!send_piece(p, now))
                break;
        } else {
            if (p->source_ended) {
                pipe_half_close(p);
                relay_ended(p->relay);
            }
            break;
        }
    }
    if (!p->source_ended && evbuffer_get_length(p->queue) < MOST_QUEUED)
        event_add(p->readable, NULL);
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    pipe_direction *p = user;
    const int n = evbuffer_read(p->queue, fd, MOST_AT_ONCE);
    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        event_add(p->readable, NULL);
    } else if (n < 0) {
        relay_reset(p->relay);
    } else {
        p->source_ended = n == 0;
        if (p->drops)
            evbuffer_drain(p->queue, evbuffer_get_length(p->queue));
        if (p->source_ended && p->ended)
            relay_ended(p->relay);
        else
            pump(p);
    }
}

static void on_go_on(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    pump(user);
}

void pipe_init(pipe_direction *p, struct relay *r, bool down)
{
    struct event_base *base = r->proxy->base;
    p->relay = r;
    p->name = down ? "down" : "up";
    p->from = down ? r->server : r->client;
    p->to = down ? r->client : r->server;
    p->readable = event_new(base, p->from, EV_READ, on_readable, p);
    p->writable = event_new(base, p->to, EV_WRITE, on_go_on, p);
    p->wake = evtimer_new(base, on_go_on, p);
    p->queue = evbuffer_new();
    p->bits = g_array_new(FALSE, FALSE, sizeof(plan_bit));
    plan_make(&p->plan, r->proxy->scenario, r->number, down);
    for (guint i = 0; i < p->plan.points->len && p->kept == NULL; i++)
        if (g_array_index(p->plan.points, plan_point, i).rule->kind == CHAOS_REPLAY)
            p->kept = g_byte_array_new();
}

void pipe_clear(pipe_direction *p)
{
    event_free(p->readable);
    event_free(p->writable);
    event_free(p->wake);
    evbuffer_free(p->queue);
    g_array_unref(p->bits);
    plan_clear(&p->plan);
    g_clear_pointer(&p->kept, g_byte_array_unref);
}

void pipe_start(pipe_direction *p)
{
    pump(p);
}
