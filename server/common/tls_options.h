/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The options of clients about TLS: the same for all of them. */
#ifndef PLATO_SERVER_TLS_OPTIONS_H
#define PLATO_SERVER_TLS_OPTIONS_H

#include "common/tls_client.h"

#include <glib.h>

typedef struct tls_options {
    gboolean tls;
    gboolean insecure;
    char *ca_file;     /* or NULL */
    char *key_log;     /* or NULL */
    char *server_name; /* what the certificate must be for; NULL: the host */
} tls_options;

/* Adds --tls, --ca, --server-name, --insecure and --key-log. `options` must outlive the context. */
void tls_options_add(GOptionContext *context, tls_options *options);

/* NULL, or which of them do not go together. Constant. */
const char *tls_options_wrong(const tls_options *options);

/*
 * As tls_client_new(). Without --tls, NULL with `*error` NULL. `protocol` is what ALPN calls that
 * which is spoken.
 */
tls_client *tls_options_client(const tls_options *options, const char *protocol, char **error);

void tls_options_clear(tls_options *options);

#endif
