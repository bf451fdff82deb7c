/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A record for each frame, for the statistics. */
#include "tap.h"

#include "stat.h"

#include <epan/tap.h>

static int tap_id = -1;

void plato_tap_frame(packet_info *pinfo, const frame_facts *facts, const frame_judgement *judgement)
{
    plato_export_frame(pinfo, facts);
    if (!have_tap_listener(tap_id))
        return;
    plato_tap_record *record = wmem_new(pinfo->pool, plato_tap_record);
    record->facts = wmem_memdup(pinfo->pool, facts, sizeof *facts);
    record->judgement = *judgement;
    record->index = (uint32_t)facts->position;
    record->first_pass = !PINFO_FD_VISITED(pinfo);
    tap_queue_packet(tap_id, pinfo, record);
}

void plato_register_tap(void)
{
    tap_id = register_tap("plato");
}
