/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,tree: types, sizes, CRC, ACKs and verdicts, each with its count and rate. */
#include "plato/pdu/pdu_fields.h"
#include "stats/registrar.h"
#include "taps/tap.h"

#include <epan/stats_tree.h>

#define NAME "Plato" STATS_TREE_MENU_SEPARATOR "Messages"

/* The branches, in the order in which they are shown. */
enum { TYPES, SIZES, CRC, CODES, VERDICTS, BRANCHES };
static const char *const titles[BRANCHES] = {
    [TYPES] = "Type",         [SIZES] = "Frame length (bytes)", [CRC] = "CRC",
    [CODES] = "Code of ACKs", [VERDICTS] = "Verdicts",
};
static int branches[BRANCHES];

static const struct {
    uint32_t flag;
    const char *name;
} verdicts[] = {
    {ANALYSIS_GAP, "Gap"},
    {ANALYSIS_CAPTURE_GAP, "Gap in the capture"},
    {ANALYSIS_DUPLICATE, "Duplicate"},
    {ANALYSIS_CONFLICT, "Conflict"},
    {ANALYSIS_OUT_OF_ORDER, "Out of order"},
    {ANALYSIS_GAP_FILLED, "Gap filled"},
    {ANALYSIS_SLOW_RESPONSE, "Slow response"},
    {ANALYSIS_HEARTBEAT_LATE, "Late heartbeat"},
};

static void tree_init(stats_tree *st)
{
    for (int i = 0; i < BRANCHES; i++) {
        if (i != SIZES)
            branches[i] = stats_tree_create_pivot(st, titles[i], 0);
    }
    branches[SIZES] = stats_tree_create_range_node(st, titles[SIZES], 0, "0-31", "32-63", "64-127",
                                                   "128-255", "256-1023", "1024-4095", "4096-16383",
                                                   "16384-65535", "65536-", NULL);
}

static void tick(stats_tree *st, int branch, const char *name)
{
    stats_tree_tick_pivot(st, branches[branch], name);
}

static void tick_verdicts(stats_tree *st, const plato_tap_record *record)
{
    uint32_t flags = record->analysis.flags;
    if (record->facts->capture_gap)
        flags |= ANALYSIS_CAPTURE_GAP;
    for (size_t i = 0; i < array_length(verdicts); i++) {
        if (flags & verdicts[i].flag)
            tick(st, VERDICTS, verdicts[i].name);
    }
    if (record->analysis.unacked)
        tick(st, VERDICTS, "Unacknowledged");
}

static tap_packet_status tree_packet(stats_tree *st, packet_info *pinfo, epan_dissect_t *edt _U_,
                                     const void *data, tap_flags_t tap_flags _U_)
{
    const plato_tap_record *record = (const plato_tap_record *)data;
    const pdu_info *facts = record->facts;
    const int length = facts->total > INT_MAX ? INT_MAX : (int)facts->total;
    if (plato_pdu_has_type(facts))
        tick(st, TYPES, plato_type_text(pinfo->pool, facts->frame.msg_type));
    tick_stat_node(st, titles[SIZES], 0, FALSE); /* the range adds the length, and no count */
    stats_tree_tick_range(st, titles[SIZES], 0, length);
    tick(st, CRC, plato_checksum_text(facts));
    if (plato_pdu_is_sound(facts) && facts->head.msg_type == PLATO_ACK)
        tick(st, CODES, plato_code_text(pinfo->pool, facts->head.ack.code));
    tick_verdicts(st, record);
    return TAP_PACKET_REDRAW;
}

void plato_handoff_tree(void)
{
    stats_tree_register_plugin("plato", "plato", NAME, 0, tree_packet, tree_init, NULL);
}
