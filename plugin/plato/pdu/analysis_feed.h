/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_ANALYSIS_FEED_H
#define PLATO_ANALYSIS_FEED_H

#include "plato/pdu/pdu_info.h"

#include <analysis/analysis.h>

/*
 * What the analysis knows of one frame; the same in every pass, but for what only later frames
 * show. Lives as long as the packet, `handle` as long as the file.
 */
typedef struct pdu_analysis {
    const analysis_record *handle;   /* NULL for a frame that does not enter the analysis */
    const analysis_verdict *verdict; /* NULL with it */
    uint32_t flags;                  /* of the verdict, as far as they were known with this frame */
    uint32_t stream;                 /* plato.stream */
    bool upstream;                   /* sent by the client */
    bool unacked;                    /* known on later passes only */
    uint64_t device_id; /* of the connection, at the time of this frame; 0 = not known */
    uint64_t conn_id;
} pdu_analysis;

/*
 * On the first pass a frame is fed to the analysis and what was found is kept with it, on later
 * ones that is looked up. The verdict is allocated in `scope`; NULL: nobody wants it.
 */
pdu_analysis plato_analyze_pdu(wmem_allocator_t *scope, const flow_packet *packet,
                               plato_conversation *conversation, const pdu_info *facts);

/* Whether this frame lacks its ACK, as far as the frames so far show. */
bool plato_is_unacked(const analysis_record *handle);

/* The verdict, with what the frames so far show. */
analysis_verdict plato_current_verdict(const analysis_record *handle);

/*
 * Reports to the analysis that bytes of the packet's sender are missing. First pass only. Returns
 * the loss, 0 if there is nothing that it could hide.
 */
uint32_t plato_report_unseen_segment(const flow_packet *packet, plato_conversation *conversation);

/* The bytes of a loss came after all, and the frames that they completed have been fed. */
void plato_report_late_segment(uint32_t loss);

void plato_register_analysis_feed(void);

#endif
