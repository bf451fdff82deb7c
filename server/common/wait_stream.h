/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A socket as in wait_socket.h, with or without TLS on it. */
#ifndef PLATO_SERVER_WAIT_STREAM_H
#define PLATO_SERVER_WAIT_STREAM_H

#include "common/tls_client.h"
#include "common/wait_socket.h"

/* Whom to connect to, and how. */
typedef struct wait_peer {
    const char *host;
    int port;
    int type;                /* SOCK_STREAM or SOCK_DGRAM; with TLS the former */
    tls_client *tls;         /* NULL: plain */
    const char *server_name; /* TLS: what the certificate must be for; NULL: the host */
} wait_peer;

typedef struct wait_stream {
    int fd;   /* -1: not open */
    SSL *ssl; /* NULL: plain */
} wait_stream;

/*
 * Connects, and shakes hands. False with one line for people in `*error`, to be freed; errno is as
 * in wait_socket.h, and EPROTO where TLS failed. With TLS, the process ignores SIGPIPE from then
 * on.
 */
bool wait_stream_open(wait_stream *stream, const wait_peer *peer, int64_t deadline_us,
                      char address[ADDRESS_TEXT], char **error);

/* As wait_write() and wait_read(). */
bool wait_stream_write(wait_stream *stream, const void *p, size_t n, int64_t deadline_us);
ssize_t wait_stream_read(wait_stream *stream, void *p, size_t n, int64_t deadline_us);

/* A stream that is not open is allowed. */
void wait_stream_close(wait_stream *stream);

#endif
