/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One TCP connection of a generator of load, with TLS or without. Written at once, not when the
 * loop comes round: what a message costs here is not taken from the server. */
#ifndef PLATO_BENCH_STREAM_H
#define PLATO_BENCH_STREAM_H

#include "common/tls_client.h"

#include <event2/event.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* Where all streams lead to. Lives longer than they do. */
typedef struct stream_target {
    struct event_base *base;
    struct sockaddr_storage address;
    socklen_t address_length;
    tls_client *tls;         /* NULL = without */
    const char *server_name; /* for TLS: what the certificate must be for */
    char **problem;          /* set to why a connection last failed to come up; to be freed */
} stream_target;

/* `user` is what stream_open() was given. Any of them may call stream_free(). */
typedef struct stream_events {
    void (*up)(void *user);
    void (*bytes)(void *user, const uint8_t *p, size_t n); /* what is put meanwhile is flushed */
    void (*down)(void *user); /* it never came up, or was ended; nothing more will come */
} stream_events;

typedef struct stream stream;

/* Begins to connect; NULL if that cannot even begin (no more sockets). */
stream *stream_open(const stream_target *target, const stream_events *events, void *user);

/* NULL is allowed. Unwritten bytes are lost; the peer sees an orderly end. */
void stream_free(stream *s);

/* Queues `n` bytes, copied; they leave with stream_flush(), in one write if possible. */
void stream_put(stream *s, const void *p, size_t n);

/* Writes what the socket takes; the rest follows by itself. */
void stream_flush(stream *s);

/* Bytes that are not yet written. */
size_t stream_waiting(const stream *s);

#endif
