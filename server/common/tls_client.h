/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client's side of TLS: version 1.3 only, ALPN, and a server that proves its name
 * unless that is switched off. Only contexts and connections are made here; who does the I/O
 * (libevent, a socket of one's own) is the caller's choice.
 */
#ifndef PLATO_SERVER_TLS_CLIENT_H
#define PLATO_SERVER_TLS_CLIENT_H

#include <glib.h>
#include <openssl/ssl.h>
#include <stdbool.h>

typedef struct tls_client tls_client;

typedef struct tls_client_options {
    const char *ca_file;  /* PEM: the authorities to trust; NULL = those of the system */
    const char *key_log;  /* the keys of every connection are appended here; NULL = nowhere */
    const char *protocol; /* what ALPN calls it, of 1 to 32 bytes; NULL = PLATO_ALPN */
    bool insecure;        /* take any certificate, of whatever name */
} tls_client_options;

/*
 * What all connections share. Borrows the options only during the call. NULL after an error, which
 * `*error` then says in one line; it is to be freed. The key log is made readable for its owner
 * alone (mode 0600), also if it was there before.
 */
tls_client *tls_client_new(const tls_client_options *options, char **error);

/* May come before the connections are freed; they keep what they need, except for the key log. */
void tls_client_free(tls_client *tls);

/*
 * A new connection, not yet connected; to be freed with SSL_free(), or given to an owner that does
 * that. `server` is what the certificate must be for: a host name, which is also sent as SNI, or a
 * numeric address. NULL when there is no memory or the name is none.
 */
SSL *tls_client_connection(tls_client *tls, const char *server);

/*
 * After the handshake, and before tls_client_free(): true unless the server chose another protocol
 * than ours. One that chose none is accepted, for the sake of TLS ended by a load balancer.
 */
bool tls_client_protocol_fits(const SSL *ssl);

/*
 * Why a handshake or a connection failed, in one line, to be freed. `code` is what the queue of
 * OpenSSL's errors held (ERR_get_error(), bufferevent_get_openssl_error()); 0 = it was empty.
 */
char *tls_client_error(const SSL *ssl, unsigned long code);

#endif
