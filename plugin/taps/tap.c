/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record for each frame, for the statistics. */
#include "taps/tap.h"

#include "support/flow.h"
#include "taps/export.h"

#include <epan/tap.h>

static int tap_id = -1;
static int skipped_id = -1;
static int talk_id = -1;

static const plato_tap_questions questions = {plato_judge_again, plato_judge_unacked,
                                              plato_begun_unfinished};

void plato_tap_frame(packet_info *pinfo, const frame_facts *facts, const frame_judgement *judgement)
{
    plato_export_frame(pinfo, facts);
    if (!have_tap_listener(tap_id))
        return;
    plato_tap_record *record = wmem_new(pinfo->pool, plato_tap_record);
    record->layout = PLATO_TAP_LAYOUT;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    record->ask = &questions;
    record->facts = wmem_memdup(pinfo->pool, facts, sizeof *facts);
    record->judgement = *judgement;
    record->index = (uint32_t)facts->position;
    record->first_pass = !PINFO_FD_VISITED(pinfo);
    tap_queue_packet(tap_id, pinfo, record);
}

void plato_tap_bytes_skipped(packet_info *pinfo, uint32_t bytes, bool behind_gap)
{
    if (!have_tap_listener(skipped_id))
        return;
    plato_tap_skipped *record = wmem_new0(pinfo->pool, plato_tap_skipped);
    record->layout = PLATO_TAP_LAYOUT;
    record->bytes = bytes;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    record->behind_gap = behind_gap;
    tap_queue_packet(skipped_id, pinfo, record);
}

void plato_tap_talk(packet_info *pinfo, const plato_tap_message *message)
{
    if (!have_tap_listener(talk_id))
        return;
    plato_tap_message *record = wmem_memdup(pinfo->pool, message, sizeof *message);
    record->layout = PLATO_TAP_LAYOUT;
    record->start_captured = flow_start_captured(pinfo);
    record->tcp_stream = flow_tcp_stream(pinfo);
    tap_queue_packet(talk_id, pinfo, record);
}

void plato_register_tap(void)
{
    talk_id = register_tap("plato_talk");
    skipped_id = register_tap("plato_skipped");
    tap_id = register_tap("plato");
}
