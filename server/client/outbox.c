/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/outbox.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <string.h>

typedef struct piece {
    GBytes *bytes;
    bool apart; /* in a write of its own, with a pause before and after it */
} piece;

struct outbox {
    struct bufferevent *stream;
    struct event *pause_over;
    struct timeval pause;
    void (*idle)(void *user);
    void *user;
    GQueue pieces;    /* piece */
    bool writing;     /* something is in the stream's buffer, or the pause after it runs */
    bool apart;       /* what was written last was to stand apart */
    GByteArray *held; /* NULL when nothing is held back */
    GArray *cuts;     /* of the next frame; empty = none */
};

static void piece_free(gpointer data)
{
    piece *p = data;
    g_bytes_unref(p->bytes);
    g_free(p);
}

static void add_piece(outbox *out, GBytes *bytes, bool apart)
{
    piece *p = g_new(piece, 1);
    *p = (piece){bytes, apart};
    g_queue_push_tail(&out->pieces, p);
}

static bool next_is_apart(const outbox *out)
{
    const piece *next = g_queue_peek_head((GQueue *)&out->pieces);
    return next != NULL && next->apart;
}

static void write_one(outbox *out)
{
    gsize n;
    piece *p = g_queue_pop_head(&out->pieces);
    const void *data = g_bytes_get_data(p->bytes, &n);
    out->apart = p->apart;
    bufferevent_write(out->stream, data, n);
    piece_free(p);
}

static void write_next(outbox *out)
{
    out->writing = !g_queue_is_empty(&out->pieces);
    if (!out->writing) {
        out->idle(out->user);
        return;
    }
    do {
        write_one(out);
    } while (!out->apart && !g_queue_is_empty(&out->pieces) && !next_is_apart(out));
}

static void on_pause_over(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    write_next(user);
}

outbox *outbox_new(struct event_base *base, unsigned pause_ms, void (*idle)(void *user), void *user)
{
    outbox *out = g_new0(outbox, 1);
    out->pause_over = evtimer_new(base, on_pause_over, out);
    out->pause = (struct timeval){pause_ms / 1000, (suseconds_t)(pause_ms % 1000) * 1000};
    out->idle = idle;
    out->user = user;
    g_queue_init(&out->pieces);
    out->cuts = g_array_new(FALSE, FALSE, sizeof(gsize));
    return out;
}

void outbox_free(outbox *out)
{
    event_free(out->pause_over);
    g_queue_clear_full(&out->pieces, piece_free);
    if (out->held != NULL)
        g_byte_array_unref(out->held);
    g_array_unref(out->cuts);
    g_free(out);
}

void outbox_attach(outbox *out, struct bufferevent *stream)
{
    out->stream = stream;
    event_del(out->pause_over);
    g_queue_clear_full(&out->pieces, piece_free);
    out->writing = out->apart = false;
    g_array_set_size(out->cuts, 0);
    if (out->held != NULL)
        g_byte_array_set_size(out->held, 0);
}

void outbox_put_aside(outbox *out, GBytes *frame)
{
    if (out->stream == NULL)
        return;
    add_piece(out, g_bytes_ref(frame), false);
    if (!out->writing)
        write_next(out);
}

/* Queues the bytes in pieces that end at the offsets and at the end. */
static void put_cut(outbox *out, GBytes *bytes, const GArray *offsets)
{
    const gsize n = g_bytes_get_size(bytes);
    gsize from = 0;
    for (guint i = 0; i < offsets->len; i++) {
        const gsize to = MIN(g_array_index(offsets, gsize, i), n);
        if (to > from)
            add_piece(out, g_bytes_new_from_bytes(bytes, from, to - from), true);
        from = MAX(from, to);
    }
    if (n > from)
        add_piece(out, g_bytes_new_from_bytes(bytes, from, n - from), true);
    if (!out->writing)
        write_next(out);
}

void outbox_put(outbox *out, GBytes *frame)
{
    if (out->stream == NULL)
        return;
    if (out->held != NULL) {
        gsize n;
        const void *data = g_bytes_get_data(frame, &n);
        g_byte_array_append(out->held, data, (guint)n);
        return;
    }
    if (out->cuts->len == 0) {
        outbox_put_aside(out, frame);
        return;
    }
    put_cut(out, frame, out->cuts);
    g_array_set_size(out->cuts, 0);
}

void outbox_cut(outbox *out, const GArray *offsets)
{
    g_array_set_size(out->cuts, 0);
    g_array_append_vals(out->cuts, offsets->data, offsets->len);
}

void outbox_hold(outbox *out)
{
    if (out->held == NULL)
        out->held = g_byte_array_new();
}

void outbox_flush(outbox *out, const GArray *offsets)
{
    if (out->held == NULL)
        return;
    GBytes *all = g_byte_array_free_to_bytes(g_steal_pointer(&out->held));
    put_cut(out, all, offsets);
    g_bytes_unref(all);
}

void outbox_written(outbox *out)
{
    if (!out->writing || evtimer_pending(out->pause_over, NULL))
        return;
    if (!g_queue_is_empty(&out->pieces) && (out->apart || next_is_apart(out)))
        event_add(out->pause_over, &out->pause);
    else
        write_next(out);
}

bool outbox_is_idle(const outbox *out)
{
    return !out->writing;
}

bool outbox_is_holding(const outbox *out)
{
    return out->held != NULL;
}
