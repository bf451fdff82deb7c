/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario as read: connections, and steps in the order of their lines. Bytes are ready to send.
 */
#ifndef PLATO_MKCAP_SCENARIO_H
#define PLATO_MKCAP_SCENARIO_H

#include "plato/frame.h"

#include <glib.h>

/* One end of a connection. */
typedef struct endpoint {
    guint8 address[16]; /* the first 4 bytes for IPv4 */
    guint16 port;
    guint32 first_seq; /* of its SYN */
} endpoint;

typedef struct connection_plan {
    char *name;
    endpoint client, server;
    gboolean ipv6;
    guint16 vlans[2];
    guint vlan_count;
    gboolean handshake;
    plato_framing framing;
} connection_plan;

/* Segment `index` (from 1) of a sending, to be found again as `name`. */
typedef struct named_segment {
    guint index;
    char *name;
} named_segment;

/* How a sending is put into TCP segments. The arrays of guint64 may be NULL. */
typedef struct treatment {
    GArray *cuts;    /* offsets after which it is cut, rising */
    guint64 segment; /* most bytes of a segment */
    GArray *order;   /* in which the segments are sent, as indices from 1 */
    GArray *lost;    /* sent, and not captured */
    GArray *again;   /* sent again right after the others */
    GArray *names;   /* named_segment */
    GArray *held;    /* named_segment: not sent before `send NAME` */
    gboolean all_lost;
    guint64 snap; /* bytes captured of each packet; 0: the capture's snaplen */
    gboolean bad_checksum;
    char *comment; /* of the first packet, or NULL */
} treatment;

typedef enum step_kind {
    STEP_OPEN,  /* the handshake */
    STEP_SEND,  /* `bytes` with `treatment` */
    STEP_AGAIN, /* the segment `name` */
    STEP_CLOSE, /* FINs from both sides */
    STEP_TCP,   /* one packet without data, with `tcp_flags` */
    STEP_WAIT,  /* `ns` */
    STEP_AT,    /* `ns` after the start */
    STEP_PACE,  /* `ns` from each packet to the next, from here on */
} step_kind;

typedef struct step {
    step_kind kind;
    guint line; /* of the scenario */
    guint connection;
    gboolean up; /* from the client */
    GByteArray *bytes;
    treatment how;
    char *name;
    guint8 tcp_flags;
    guint64 ns;
} step;

typedef struct scenario {
    GPtrArray *connections; /* connection_plan */
    GPtrArray *steps;       /* step */
    guint64 start_ns;       /* time of the first packet, since the Unix epoch */
    guint32 snaplen;
    char *comment; /* of the capture, or NULL */
} scenario;

scenario *scenario_new(void);
void scenario_free(scenario *s);

/* Adds one, with everything else 0; owned by the scenario. */
connection_plan *scenario_add_connection(scenario *s, const char *name);
step *scenario_add_step(scenario *s, step_kind kind, guint line);

/* Index of the connection of this name, or -1. */
gint scenario_find(const scenario *s, const char *name);

#endif
