/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The client: its parts, and what they ask of each other. client.c holds them together,
 * connection.c has a connection to the server and a new one when that is lost, incoming.c does
 * what the server's frames say.
 */
#ifndef PLATO_CLIENT_CLIENT_H
#define PLATO_CLIENT_CLIENT_H

#include "client/backoff.h"
#include "client/deliver.h"
#include "client/holes.h"
#include "client/inbox.h"
#include "client/options.h"
#include "client/outbox.h"
#include "client/print.h"
#include "client/state.h"
#include "client/transport.h"
#include "client/upstream.h"
#include "plato/schema/plato.pb-c.h"

#include <event2/event.h>

/* Exit codes, as --help lists them. */
enum {
    EXIT_OK = 0,
    EXIT_NO_CONNECTION = 1,
    EXIT_USAGE = 2,
    EXIT_EXPECTATION = 3,
    EXIT_STORAGE = 4
};

/* UPs that may wait for their ACKs at a time (docs/protocol.md, "Delivery"). */
#define MOST_UNACKNOWLEDGED 64u

struct script;

struct client {
    const client_options *options;
    struct event_base *base;
    tls_client *tls; /* or NULL */
    transport *transport;
    outbox *out;
    inbox *in;
    holes *holes;
    upstream *up;
    state *state;     /* or NULL */
    deliver *deliver; /* or NULL */
    printer printer;
    struct script *script; /* starts when the first login is acknowledged */

    struct event *retry;     /* the next attempt to connect */
    struct event *greeting;  /* the time-out of an attempt */
    struct event *heartbeat; /* while online */
    struct event *resend;
    struct event *ask_again; /* what holes.c has put off */
    backoff backoff;         /* between attempts */
    uint64_t offline_us;     /* since when; monotonic time, as all of these */
    uint64_t online_us;      /* 0 = offline */
    bool been_online;        /* in this run */
    unsigned fatal_acks;     /* that ended a connection, since a message was last accepted */
    unsigned silent_beats;   /* HEARTBEATs since something came */

    uint64_t conn_id;    /* of this connection, or of the one to resume; 0 = none */
    uint64_t session_id; /* the current session */
    GArray *push_acks;   /* of incoming.c: to be sent when what came is safe */
    struct {             /* for /again */
        uint64_t session_id, client_id;
        GBytes *body; /* NULL = nothing was sent */
    } last_up;
    unsigned repeats; /* answers that /again still waits for */
    uint64_t shown;   /* messages of others */
    bool leaving;     /* we have ended our direction */
    bool broken;      /* what came cannot be kept: nothing is acknowledged any more */
    int exit_code;
};

/* Connects and logs in, once the loop runs. NULL after an error, which was reported on stderr. */
struct client *client_new(const client_options *options, struct event_base *base, int *exit_code);
void client_free(struct client *client);

/* Says on stderr what the next run with this state will send. */
void client_tell_kept(const struct client *client);

/* Sends a ChatMessage to the current session. */
void client_say(struct client *client, Plato__ContentType type, const void *content, size_t n);

/* Sends the last UP again; false if there was none. */
bool client_say_again(struct client *client);

/* Sends a frame that the user asked for; takes the reference. */
void client_put(struct client *client, GBytes *frame);

/* Sends one that nobody asked for: neither held nor cut. Takes the reference. */
void client_put_aside(struct client *client, GBytes *frame);

/* Answers that are still to come. */
unsigned client_unanswered(const struct client *client);

/* Makes the current session another one. */
void client_turn_to(struct client *client, uint64_t session_id);

/* Makes sure that what came and what was said is safe. False, and the client ends, if it is not. */
bool client_commit(struct client *client);

/* Ends our direction; the loop ends when the server has ended its own. */
void client_leave(struct client *client);

/* Reports what is wrong, on stderr. */
void client_warn(struct client *client, const char *why);

/* Ends the loop with this exit code, unless there is one; `why`, unless NULL, goes to stderr. */
void client_fail(struct client *client, int exit_code, const char *why);

/* connection.c */

/* The timers; before anything else. */
void connection_set_up(struct client *client);
void connection_tear_down(struct client *client);

/* Starts the first attempt. False if the host is no numeric address. */
bool connection_start(struct client *client);

/* The server's answer to LOGIN or RECONN. */
void connection_greeted(struct client *client, const plato_head_ack *ack);

/* The connection is of no use any more. */
void connection_drop(struct client *client, bool hopeless, const char *why);

/* Sees to it that what is due is sent again. */
void connection_arm_resend(struct client *client);

/* The server had no time for a SYNC. */
void connection_ask_again_later(struct client *client);

/* incoming.c */

/* A frame of the server. */
void incoming_frame(struct client *client, const plato_frame *frame);

/* All that was read has been looked at: acknowledges it. */
void incoming_done(struct client *client);

/* What the inbox and the holes do with it. */
inbox *incoming_inbox(struct client *client);
holes *incoming_holes(struct client *client);

#endif
