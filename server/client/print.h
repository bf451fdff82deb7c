/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One line on stdout for each thing that happened: for scripts, as JSON, or for people. */
#ifndef PLATO_CLIENT_PRINT_H
#define PLATO_CLIENT_PRINT_H

#include "client/terminal.h"
#include "plato/head.h"

#include <glib.h>
#include <stdbool.h>

typedef enum print_style {
    PRINT_LINES, /* for scripts: a word, then name=value */
    PRINT_JSON,  /* one object on each line */
    PRINT_CHAT,  /* for people at a terminal */
    PRINT_STYLES
} print_style;

typedef struct printer {
    print_style style;
    terminal *terminal; /* its prompt makes way for lines; or NULL */
    bool failed;        /* stdout could not be written to */
} printer;

/* A message of somebody else; `body` should be a ChatMessage, but may be anything. */
void print_push(printer *p, uint64_t session_id, uint64_t msg_id, plato_span body);

/* The same as one JSON object, without a newline; the caller's to free. */
GString *print_push_json(uint64_t session_id, uint64_t msg_id, plato_span body);

/* Messages that will not come. */
void print_lost(printer *p, uint64_t session_id, uint64_t first, uint64_t last);

/* An ACK of the server, of any kind. */
void print_ack(printer *p, const plato_head_ack *ack);

/* One's own message that was refused for good. */
void print_refused(printer *p, const plato_head_ack *ack, uint64_t client_id);

/* A connection is there; `resumed`: the server goes on from an earlier one. */
void print_connected(printer *p, bool resumed, uint64_t conn_id, const char *host, int port,
                     bool tls);

/* It is gone; the next attempt follows in `retry_ms`. */
void print_disconnected(printer *p, const char *why, unsigned retry_ms);

/* The server counts the messages of this session anew. */
void print_forgotten(printer *p, uint64_t session_id);

#endif
