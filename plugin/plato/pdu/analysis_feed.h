/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_JUDGE_H
#define PLATO_JUDGE_H

#include "plato/pdu/pdu_info.h"

#include <analysis/analysis.h>

/*
 * What the analysis knows of one frame; the same in every pass, but for what only later frames
 * tell. Lives as long as the packet, `judged` as long as the file.
 */
typedef struct frame_judgement {
    const analysis_record *judged;   /* NULL for a frame that does not enter the analysis */
    const analysis_verdict *verdict; /* NULL with it */
    uint32_t flags;                  /* of the verdict, as far as they were known with this frame */
    uint32_t stream;                 /* plato.stream */
    bool upstream;                   /* sent by the client */
    bool unacked;                    /* known on later passes only */
    uint64_t device_id; /* of the connection, at the time of this frame; 0 = not known */
    uint64_t conn_id;
} frame_judgement;

/*
 * Judges a frame: on the first pass it is fed to the analysis and what was found is kept with it,
 * on later ones that is looked up.
 */
frame_judgement plato_judge_frame(packet_info *pinfo, plato_conversation *conversation,
                                  const frame_facts *facts);

/* Whether this frame lacks its ACK, as far as the frames so far can tell. */
bool plato_judge_unacked(const analysis_record *judged);

/* The verdict, with what the frames so far can tell. */
analysis_verdict plato_judge_again(const analysis_record *judged);

/* Tells the analysis that bytes of the side that sent this packet are missing. First pass only. */
void plato_judge_loss(packet_info *pinfo, plato_conversation *conversation);

void plato_register_judge(void);

#endif
