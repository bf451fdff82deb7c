/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PLUGIN_FRAME_H
#define PLATO_PLUGIN_FRAME_H

#include "body.h"
#include "crc.h"
#include "packet-plato.h"

/* Longest frame that is handed to TCP's reassembly whatever the preferences say: lengths are int
 * there. Bytes. */
#define PLATO_LONGEST_FRAME 0x3fffffffu

/*
 * What there is to know of one frame. All of it is found before anything is shown, so that columns,
 * tree and whoever else is told later agree, and nothing depends on whether there is a tree.
 */
typedef struct frame_facts {
    plato_frame frame;
    uint64_t total;         /* bytes that the header claims, header included */
    int captured;           /* bytes of it that are here */
    bool complete;          /* all of them */
    plato_err length_error; /* over a limit; then nothing below is set */
    crc_verdict crc;
    bool decoded; /* version 1: head and body were looked at */
    plato_head head;
    plato_err head_error;
    body_facts body;
} frame_facts;

/*
 * A dissector_t for a tvb that holds exactly one frame (or, for an impossible length, whatever is
 * left of the segment).
 */
int plato_dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

void plato_register_frame(int proto);

#endif
