/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TAP_H
#define PLATO_TAP_H

#include "begun.h"
#include "judge.h"

/*
 * Another plugin (plugin/check/) was perhaps built from other sources. It is to compare this with
 * its own PLATO_TAP_LAYOUT before it looks at anything else in a record.
 */
typedef struct plato_tap_layout {
    uint32_t version; /* PLATO_TAP_VERSION */
    uint32_t size;    /* of all that a record holds or points to, added up */
} plato_tap_layout;

#define PLATO_TAP_VERSION 2 /* grows with every change of a record's meaning */
#define PLATO_TAP_LAYOUT                                                                           \
    (plato_tap_layout)                                                                             \
    {                                                                                              \
        PLATO_TAP_VERSION, (uint32_t)(sizeof(plato_tap_record) + sizeof(frame_facts) +             \
                                      sizeof(plato_verdict) + sizeof(plato_tap_skipped))           \
    }

/* What later frames tell is asked for later, of `judged`; plugins cannot call each other. */
typedef struct plato_tap_questions {
    plato_verdict (*verdict)(const plato_judged *judged);
    bool (*unacked)(const plato_judged *judged);
    void (*unfinished)(plato_unfinished_fn each, void *user);
} plato_tap_questions;

/*
 * The tap "plato": one record for each frame that was found, in the order of the capture. Every
 * statistic reads this and nothing else. The record, and all it points to but the verdict, lives as
 * long as the packet.
 */
typedef struct plato_tap_record {
    plato_tap_layout layout; /* first, whatever else changes: other plugins look here first */
    const frame_facts *facts;
    frame_judgement judgement;
    uint32_t index;  /* 0, 1, ... within the packet */
    bool first_pass; /* what only later frames tell is not known yet; pinfo does not say so here */
    bool start_captured; /* of the transport connection: nothing can lie in front of its frames */
    uint32_t tcp_stream; /* tcp.stream; UINT32_MAX where it is not TCP */
    const plato_tap_questions *ask;
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
    bool behind_gap;     /* bytes of this direction are missing from the capture in front of them */
} plato_tap_skipped;

/* Hands skipped bytes to whoever listens. */
void plato_tap_bytes_skipped(packet_info *pinfo, uint32_t bytes, bool behind_gap);

/* Hands a frame to whoever listens. Cheap when nobody does. */
void plato_tap_frame(packet_info *pinfo, const frame_facts *facts,
                     const frame_judgement *judgement);

void plato_register_tap(void);

#endif
