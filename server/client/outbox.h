/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client writes, in the pieces that were asked for: each piece is one write, and the next
 * one follows when it has left and a pause is over, so that TCP carries them in segments of their
 * own.
 */
#ifndef PLATO_CLIENT_OUTBOX_H
#define PLATO_CLIENT_OUTBOX_H

#include <event2/bufferevent.h>
#include <glib.h>
#include <stdbool.h>

typedef struct outbox outbox;

/* `idle` is called when all has been written that was put in. */
outbox *outbox_new(struct event_base *base, unsigned pause_ms, void (*idle)(void *user),
                   void *user);

/* From now on this stream is written to; NULL = none. What was to go to the last one is dropped. */
void outbox_attach(outbox *out, struct bufferevent *stream);

void outbox_free(outbox *out);

/* Writes a frame in its turn: held or cut, if that was asked for. Does not take the reference. */
void outbox_put(outbox *out, GBytes *frame);

/* Writes a frame in its turn, but neither held nor cut: for what the user did not type. */
void outbox_put_aside(outbox *out, GBytes *frame);

/* The next frame is to be cut after these numbers of bytes (gsize, ascending). Copies the array. */
void outbox_cut(outbox *out, const GArray *offsets);

/* Frames are kept back from now on. */
void outbox_hold(outbox *out);

/* Writes what was kept back: at once, or cut after these numbers of bytes. */
void outbox_flush(outbox *out, const GArray *offsets);

/* The stream's output buffer has run empty. */
void outbox_written(outbox *out);

/* True when nothing waits to be written; what is held does not count. */
bool outbox_is_idle(const outbox *out);

/* True between outbox_hold() and outbox_flush(). */
bool outbox_is_holding(const outbox *out);

#endif
