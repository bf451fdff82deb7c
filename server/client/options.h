/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-client. */
#ifndef PLATO_CLIENT_OPTIONS_H
#define PLATO_CLIENT_OPTIONS_H

#include "common/tls_options.h"

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct client_options {
    char *host;
    int port;
    tls_options tls; /* with the server's name */
    uint64_t device_id;
    char *token;              /* or NULL */
    GArray *session_ids;      /* uint64_t; at least one */
    uint64_t first_client_id; /* of each session */
    char *state;              /* file, or NULL */
    char *deliver_to;         /* file, or NULL */
    bool resume_input;        /* the input is what an earlier run has begun to read */
    unsigned reconnect_s;     /* for how long without a connection; 0 = not at all */
    unsigned rate;            /* commands a second; 0 = no limit */
    unsigned retry_ms;        /* first wait before a reconnect, and before sending again */
    bool resend;              /* send again what has no answer */
    int heartbeat_s;          /* 0 = none */
    unsigned timeout_ms;      /* for the login, for an /expect without its own, for the last ACKs */
    unsigned pause_ms;        /* between the pieces of a frame that is cut */
    bool json;
    bool terminal; /* a person types, and reads */
} client_options;

/* As server_options_parse(): -1 to go on, else the exit code. */
int client_options_parse(int argc, char **argv, client_options *options);

void client_options_clear(client_options *options);

#endif
