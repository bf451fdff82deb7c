/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z latency,tree, -z textcmd,tree, -z bincmd,tree: what was said, how long, how fast, what went
 * wrong. */
#include "commands/request_response.h"
#include "stats/registrar.h"

#include <epan/stats_tree.h>

/* The branches, in the order in which they are shown. */
enum { TYPES, SIZES, TIMES, ERRORS, REMARKS, BRANCHES };
static const char *const titles[BRANCHES] = {
    [TYPES] = "Type",
    [SIZES] = "Length (bytes)",
    [TIMES] = "Response time (us)",
    [ERRORS] = "Code of error replies",
    [REMARKS] = "Remarks",
};
static int branches[BRANCHES];

static const struct {
    unsigned flag;
    const char *name;
} remarks[] = {
    {ANALYSIS_RR_IN_FLIGHT, "Two in flight"},
    {ANALYSIS_RR_TOO_SOON, "Too soon"},
    {ANALYSIS_RR_MISMATCH, "Reply does not fit"},
    {ANALYSIS_RR_LATE, "Reply too late"},
    {ANALYSIS_RR_UNSOLICITED, "Reply without a request"},
    {ANALYSIS_RR_IDLE_TOO_LONG, "Silent for over 6 min"},
};

static void tree_init(stats_tree *st)
{
    branches[TYPES] = stats_tree_create_pivot(st, titles[TYPES], 0);
    branches[SIZES] =
        stats_tree_create_range_node(st, titles[SIZES], 0, "0-3", "4-7", "8-15", "16-63", "64-255",
                                     "256-1023", "1024-2083", "2084-", NULL);
    branches[TIMES] = stats_tree_create_range_node(st, titles[TIMES], 0, "0-99", "100-999",
                                                   "1000-9999", "10000-99999", "100000-999999",
                                                   "1000000-3999999", "4000000-", NULL);
    branches[ERRORS] = stats_tree_create_pivot(st, titles[ERRORS], 0);
    branches[REMARKS] = stats_tree_create_pivot(st, titles[REMARKS], 0);
}

static void add_value(stats_tree *st, int branch, int64_t value)
{
    const int shown = value > INT_MAX ? INT_MAX : (int)value;
    tick_stat_node(st, titles[branch], 0, FALSE); /* the range adds the value, and no count */
    stats_tree_tick_range(st, titles[branch], 0, shown);
}

static const char *type_text(packet_info *pinfo, const rr_record *record)
{
    const bool names_direction = record->protocol->rules.by_content; /* probe and reply */
    if (record->type == NULL)
        return "Unreadable";
    if (names_direction || record->error != 0)
        return record->type;
    return wmem_strdup_printf(pinfo->pool, "%s, %s", record->type,
                              record->message->is_request ? "request" : "reply");
}

static void tick_remarks(stats_tree *st, const rr_record *record)
{
    const rr_message *message = record->message;
    if (record->remark != NULL)
        stats_tree_tick_pivot(st, branches[REMARKS], record->remark);
    if (message->slow)
        stats_tree_tick_pivot(st, branches[REMARKS], "Command took over 40 s to come");
    for (size_t i = 0; i < array_length(remarks); i++) {
        if (message->exchange.flags & remarks[i].flag)
            stats_tree_tick_pivot(st, branches[REMARKS], remarks[i].name);
    }
}

static tap_packet_status tree_packet(stats_tree *st, packet_info *pinfo, epan_dissect_t *edt _U_,
                                     const void *data, tap_flags_t flags _U_)
{
    const rr_record *record = (const rr_record *)data;
    const rr_message *message = record->message;
    stats_tree_tick_pivot(st, branches[TYPES], type_text(pinfo, record));
    add_value(st, SIZES, record->length);
    if (!message->is_request && message->exchange.peer != NULL)
        add_value(st, TIMES, analysis_rr_time_ns(&message->exchange) / 1000);
    if (record->error != 0)
        stats_tree_tick_pivot(st, branches[ERRORS],
                              wmem_strdup_printf(pinfo->pool, "%u", record->error));
    tick_remarks(st, record);
    return TAP_PACKET_REDRAW;
}

void plato_handoff_command_trees(void)
{
    static const struct {
        const char *tap;
        const char *title;
    } trees[] = {
        {"latency", "Latency"},
        {"textcmd", "Text commands"},
        {"bincmd", "Binary commands"},
    };
    for (size_t i = 0; i < array_length(trees); i++) {
        char *path = g_strconcat("Plato", STATS_TREE_MENU_SEPARATOR, trees[i].title, NULL);
        stats_tree_register_plugin(trees[i].tap, trees[i].tap, path, 0, tree_packet, tree_init,
                                   NULL);
        g_free(path); /* copied */
    }
}
