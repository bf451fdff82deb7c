/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_TAP_H
#define PLATO_TAP_H

#include "judge.h"

/*
 * The tap "plato": one record for each frame that was found, in the order of the capture. Every
 * statistic reads this and nothing else. The record, and all it points to but the verdict, lives as
 * long as the packet.
 */
typedef struct plato_tap_record {
    const frame_facts *facts;
    frame_judgement judgement;
    uint32_t index;  /* 0, 1, ... within the packet */
    bool first_pass; /* what only later frames tell is not known yet; pinfo does not say so here */
} plato_tap_record;

/* Hands a frame to whoever listens. Cheap when nobody does. */
void plato_tap_frame(packet_info *pinfo, const frame_facts *facts,
                     const frame_judgement *judgement);

void plato_register_tap(void);

#endif
