/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS 1.3 for accepted connections (docs/protocol.md, "Transport"): OpenSSL, driven by libevent.
 *
 * No session tickets: a ticket that the server sends after the handshake to a client which
 * writes, closes and reads no more makes TCP reset the connection, and what the client wrote last
 * is lost with it.
 */
#ifndef PLATO_SERVER_TLS_H
#define PLATO_SERVER_TLS_H

#include <event2/bufferevent.h>
#include <stdbool.h>

struct tls;

typedef struct tls_config {
    const char *cert;   /* PEM; NULL: a certificate in memory, if self_signed */
    const char *key;    /* PEM */
    bool self_signed;   /* makes the two files if neither is there */
    const char *keylog; /* NULL: no key log */
} tls_config;

/* NULL with one line for people in `*error`, to be freed. The strings are copied. */
struct tls *tls_new(const tls_config *config, char **error);

/* NULL is allowed. Its streams go on. */
void tls_free(struct tls *tls);

/* Reads the files again, for handshakes that begin later. False: as before, see tls_new(). */
bool tls_reload(struct tls *tls, char **error);

/* SHA-256 of the certificate, in hex with colons. */
const char *tls_fingerprint(const struct tls *tls);

/*
 * Takes the socket over and waits for the client's handshake; BEV_EVENT_CONNECTED reports its end.
 * `protocol` is what ALPN calls that which is spoken, a constant of up to 255 bytes: a client that
 * offers others only is refused, one that offers none is not.
 * Callbacks are deferred: libevent finds the end of the stream while it still holds bytes that
 * came before it, and would report the end first. NULL: there is no memory.
 */
struct bufferevent *tls_stream_new(struct tls *tls, struct event_base *base, evutil_socket_t fd,
                                   const char *protocol);

/* What BEV_EVENT_ERROR means on a stream. */
typedef enum tls_error {
    TLS_LOST,      /* the connection broke off */
    TLS_TRUNCATED, /* TCP ended without close_notify: more may have been on its way */
    TLS_FAILED,    /* the handshake, or a record */
} tls_error;

/* Asks once, as that takes the error away. `*text` is for people and constant; may be NULL. */
tls_error tls_stream_error(struct bufferevent *stream, const char **text);

/*
 * Reads what the socket still holds after writing has failed: up to `n` bytes, 0 when there is no
 * more. libevent does not read any more then.
 */
size_t tls_stream_rest(struct bufferevent *stream, void *p, size_t n);

/* Sends close_notify. False: the socket is full, call again when it can be written to. */
bool tls_stream_close(struct bufferevent *stream);

#endif
