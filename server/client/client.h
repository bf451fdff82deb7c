/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The client's connection: login, what comes in, what is still open. */
#ifndef PLATO_CLIENT_CLIENT_H
#define PLATO_CLIENT_CLIENT_H

#include "client/holes.h"
#include "client/inbox.h"
#include "client/options.h"
#include "client/outbox.h"
#include "client/upstream.h"
#include "plato/decoder.h"
#include "plato/schema/plato.pb-c.h"

#include <event2/event.h>

/* Exit codes, as --help tells them. */
enum { EXIT_OK = 0, EXIT_NO_CONNECTION = 1, EXIT_USAGE = 2, EXIT_EXPECTATION = 3 };

/* An UP may wait for its ACK behind so many others (docs/protocol.md, "Delivery"). */
#define MOST_UNACKNOWLEDGED 64u

struct script;

struct client {
    const client_options *options;
    struct event_base *base;
    struct bufferevent *stream;
    struct event *heartbeat;
    plato_decoder *decoder;
    outbox *out;
    inbox *in;
    holes *holes;
    upstream *up;
    struct script *script; /* starts when the login is acknowledged */
    uint64_t conn_id;      /* 0 = not logged in */
    uint64_t session_id;   /* the current session */
    GBytes *last_up;       /* for /again; or NULL */
    unsigned unacknowledged;
    uint64_t shown; /* messages of others */
    bool leaving;   /* we have ended our direction */
    int exit_code;
};

/* Connects and logs in, once the loop runs. NULL after an error, which was told on stderr. */
struct client *client_new(const client_options *options, struct event_base *base);
void client_free(struct client *client);

/* Sends a ChatMessage to the current session. */
void client_say(struct client *client, Plato__ContentType type, const void *content, size_t n);

/* Sends a frame that the user asked for; takes the reference. */
void client_put(struct client *client, GBytes *frame);

/* Ends our direction; the loop ends when the server has ended its own. */
void client_leave(struct client *client);

/* Ends the loop with this exit code; `why`, unless NULL, goes to stderr. */
void client_fail(struct client *client, int exit_code, const char *why);

#endif
