/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TAP_H
#define PLATO_TAP_H

#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/pdu_fragment.h"

#include <analysis/request_response.h>

/*
 * Another plugin (plugin/platocheck/) was perhaps built from other sources. It is to compare this
 * with its own PLATO_TAP_LAYOUT before it looks at anything else in a record.
 */
typedef struct plato_tap_layout {
    uint32_t version; /* PLATO_TAP_VERSION */
    uint32_t size;    /* of all that a record holds or points to, added up */
} plato_tap_layout;

#define PLATO_TAP_VERSION 3 /* grows with every change of a record's meaning */
#define PLATO_TAP_LAYOUT                                                                           \
    (plato_tap_layout)                                                                             \
    {                                                                                              \
        PLATO_TAP_VERSION, (uint32_t)(sizeof(plato_tap_record) + sizeof(pdu_info) +                \
                                      sizeof(analysis_verdict) + sizeof(plato_tap_skipped) +       \
                                      sizeof(plato_tap_message) + sizeof(analysis_rr_message))     \
    }

/* For what only later frames show, by `handle`; plugins cannot call each other. */
typedef struct plato_tap_lookups {
    analysis_verdict (*verdict)(const analysis_record *handle);
    bool (*unacked)(const analysis_record *handle);
    void (*unfinished)(plato_unfinished_fn each, void *user);
} plato_tap_lookups;

/*
 * The tap "plato": one record for each frame that was found, in the order of the capture. Every
 * statistic reads this and nothing else. The record, and all it points to but the verdict, lives as
 * long as the packet.
 */
typedef struct plato_tap_record {
    plato_tap_layout layout; /* first, whatever else changes: other plugins look here first */
    const pdu_info *facts;
    pdu_analysis analysis;
    uint32_t index;  /* 0, 1, ... within the packet */
    bool first_pass; /* what only later frames show is not known yet; pinfo does not say so here */
    bool start_captured; /* of the transport connection: nothing is missing before its frames */
    uint32_t tcp_stream; /* tcp.stream; UINT32_MAX where it is not TCP */
    const plato_tap_lookups *lookups;
} plato_tap_record;

/*
 * The tap "plato_skipped": bytes that belong to no frame (plato.continuation), in the order of the
 * capture. Lives as long as the packet.
 */
typedef struct plato_tap_skipped {
    plato_tap_layout layout;
    uint32_t bytes;
    bool start_captured;
    uint32_t tcp_stream; /* as above */
    bool after_unseen;   /* bytes of this direction are missing from the capture before them */
} plato_tap_skipped;

/* The protocols beside Plato. */
typedef enum plato_tap_protocol {
    PLATO_TAP_LATENCY,
    PLATO_TAP_TEXTCMD,
    PLATO_TAP_BINCMD,
} plato_tap_protocol;

typedef enum plato_tap_form {
    PLATO_TAP_WHOLE,
    PLATO_TAP_WRONG,   /* not what the protocol allows: it is to be refused */
    PLATO_TAP_CUT,     /* its end was not captured */
    PLATO_TAP_OUTSIDE, /* bytes that belong to no message that could be found */
} plato_tap_form;

/*
 * The tap "plato_talk": one record for each message of the latency and command protocols, and for
 * bytes between them, in the order of the capture. Lives as long as the packet, but for `exchange`,
 * which lives as long as the file: later packets set its peer.
 */
typedef struct plato_tap_message {
    plato_tap_layout layout;
    plato_tap_protocol protocol;
    plato_tap_form form;
    bool is_request;                     /* the client sent it */
    const analysis_rr_message *exchange; /* NULL: it takes no part in requests and replies */
    const char *remark;                  /* what is wrong with its form; NULL: nothing */
    uint32_t error;                      /* code of an error reply; 0: it is none */
    uint32_t length;                     /* bytes */
    uint32_t following;                  /* bytes after it that came with it */
    bool start_captured;
    uint32_t tcp_stream; /* as above */
} plato_tap_message;

/* Hands skipped bytes to whoever listens. */
void plato_tap_bytes_skipped(packet_info *pinfo, uint32_t bytes, bool after_unseen);

/* Hands a frame to whoever listens. Cheap when nobody does. */
void plato_tap_frame(packet_info *pinfo, const pdu_info *facts, const pdu_analysis *analysis);

/* Hands a message to whoever listens; `layout` and what comes after `behind` are filled in. */
void plato_tap_rr_message(packet_info *pinfo, const plato_tap_message *message);

void plato_register_tap(void);

#endif
