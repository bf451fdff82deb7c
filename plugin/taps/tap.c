/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record for each frame, for the statistics. */
#include "taps/tap.h"

#include "support/flow.h"
#include "taps/export.h"

#include <epan/tap.h>

static int tap_id = -1;
static int skipped_id = -1;
static int rr_id = -1;

static const plato_tap_lookups tap_lookups = {plato_current_verdict, plato_is_unacked,
                                              plato_unfinished_pdus};

void plato_tap_frame(packet_info *pinfo, const pdu_info *facts, const pdu_analysis *analysis)
{
    plato_export_frame(pinfo, facts);
    if (!have_tap_listener(tap_id))
        return;
    plato_tap_record *record = wmem_new(pinfo->pool, plato_tap_record);
    record->layout = PLATO_TAP_LAYOUT;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    record->lookups = &tap_lookups;
    record->facts = wmem_memdup(pinfo->pool, facts, sizeof *facts);
    record->analysis = *analysis;
    record->index = facts->index;
    record->first_pass = !PINFO_FD_VISITED(pinfo);
    tap_queue_packet(tap_id, pinfo, record);
}

void plato_tap_bytes_skipped(packet_info *pinfo, uint32_t bytes, bool after_unseen)
{
    if (!have_tap_listener(skipped_id))
        return;
    plato_tap_skipped *record = wmem_new0(pinfo->pool, plato_tap_skipped);
    record->layout = PLATO_TAP_LAYOUT;
    record->bytes = bytes;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    record->after_unseen = after_unseen;
    tap_queue_packet(skipped_id, pinfo, record);
}

void plato_tap_rr_message(packet_info *pinfo, const plato_tap_message *message)
{
    if (!have_tap_listener(rr_id))
        return;
    plato_tap_message *record = wmem_memdup(pinfo->pool, message, sizeof *message);
    record->layout = PLATO_TAP_LAYOUT;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    tap_queue_packet(rr_id, pinfo, record);
}

void plato_register_tap(void)
{
    rr_id = register_tap("plato_talk");
    skipped_id = register_tap("plato_skipped");
    tap_id = register_tap("plato");
}
