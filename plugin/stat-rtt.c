/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z latency,rtt: how the round trips are distributed. */
#include "stat-talk.h"
#include "stattable.h"
#include "talk.h"

#include <string.h>

enum { COLUMN_RANGE, COLUMN_COUNT, COLUMN_PERCENT, COLUMN_MIN, COLUMN_AVERAGE, COLUMN_MAX };

static stat_tap_table_item fields[] = {
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Round trip      ", "%-16s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "     Count", "%10u"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Percent", "%7.2f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "   Min (ms)", "%11.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Average (ms)", "%12.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "   Max (ms)", "%11.3f"},
};

/* Ranges, in the order in which they are shown; `below` in ns. */
static const struct {
    int64_t below;
    const char *name;
} ranges[] = {
    {INT64_MAX, "all"},
    {100000, "under 0.1 ms"},
    {200000, "0.1 to 0.2 ms"},
    {500000, "0.2 to 0.5 ms"},
    {1000000, "0.5 to 1 ms"},
    {2000000, "1 to 2 ms"},
    {5000000, "2 to 5 ms"},
    {10000000, "5 to 10 ms"},
    {20000000, "10 to 20 ms"},
    {50000000, "20 to 50 ms"},
    {100000000, "50 to 100 ms"},
    {200000000, "100 to 200 ms"},
    {500000000, "200 to 500 ms"},
    {1000000000, "0.5 to 1 s"},
    {PLATO_LATENCY_GIVE_UP_NS + 1, "1 to 4 s"},
    {INT64_MAX, "over 4 s"},
};
#define RANGES array_length(ranges)

typedef struct rtt_row {
    stat_row row; /* key: the range's number */
    unsigned count;
    double min;
    double max;
    double sum;
} rtt_row;

/* Of one table. */
typedef struct rtt_notes {
    rtt_row *rows[RANGES];
} rtt_notes;

static void rtt_init(stat_tap_table_ui *ui);
static tap_packet_status rtt_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                    const void *data, tap_flags_t flags);

static stat_tap_table_ui ui_rtt = {
    .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
    .title = "Latency Round Trips",
    .tap_name = "latency",
    .cli_string = "latency,rtt",
    .stat_tap_init_cb = rtt_init,
    .packet_func = rtt_packet,
    .stat_tap_reset_table_cb = stat_table_reset,
    .nfields = array_length(fields),
    .fields = fields,
};

static const stat_kind kind = {
    .ui = &ui_rtt, .row_size = sizeof(rtt_row), .notes_size = sizeof(rtt_notes)};

static void rtt_init(stat_tap_table_ui *ui _U_)
{
    stat_table_init(&kind);
}

/* All ranges are there from the first reply on, so that they stand in their order. */
static void make_rows(stat_table *table, rtt_notes *notes)
{
    for (size_t i = 0; i < RANGES; i++) {
        stat_key key;
        bool is_new;
        memset(&key, 0, sizeof key);
        key.bytes[0] = (char)i;
        notes->rows[i] = (rtt_row *)stat_table_row(table, &key, &is_new);
        stat_table_text(table, &notes->rows[i]->row, COLUMN_RANGE, ranges[i].name);
    }
}

static void add(stat_table *table, rtt_row *r, double ms)
{
    if (r->count == 0 || ms < r->min)
        r->min = ms;
    if (r->count == 0 || ms > r->max)
        r->max = ms;
    r->count++;
    r->sum += ms;
    stat_table_count(table, &r->row, COLUMN_COUNT, r->count);
    stat_table_real(table, &r->row, COLUMN_MIN, r->min);
    stat_table_real(table, &r->row, COLUMN_AVERAGE, r->sum / r->count);
    stat_table_real(table, &r->row, COLUMN_MAX, r->max);
}

static size_t range_of(int64_t ns)
{
    size_t i = 1;
    while (i < RANGES - 1 && ns >= ranges[i].below)
        i++;
    return i;
}

static tap_packet_status rtt_packet(void *tapdata, packet_info *pinfo _U_, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    const talk_record *record = (const talk_record *)data;
    const plato_exchange *reply = &record->message->exchange;
    stat_table *table = stat_table_of(&kind, tapdata);
    rtt_notes *notes = (rtt_notes *)table->notes;
    if (record->message->is_request || reply->peer == NULL ||
        (reply->flags & PLATO_EXCHANGE_DIFFERS) != 0)
        return TAP_PACKET_DONT_REDRAW;
    if (notes->rows[0] == NULL)
        make_rows(table, notes);
    const int64_t ns = plato_exchange_time_ns(reply);
    add(table, notes->rows[0], (double)ns / 1e6);
    add(table, notes->rows[range_of(ns)], (double)ns / 1e6);
    for (size_t i = 0; i < RANGES; i++)
        stat_table_real(table, &notes->rows[i]->row, COLUMN_PERCENT,
                        100.0 * notes->rows[i]->count / notes->rows[0]->count);
    return TAP_PACKET_REDRAW;
}

void plato_register_rtt(void)
{
    register_stat_tap_table_ui(&ui_rtt);
}
