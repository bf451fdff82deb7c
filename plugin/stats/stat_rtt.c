/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z latency,rtt: how the round trips are distributed, how they vary, how many probes are lost. */
#include "commands/request_response.h"
#include "stats/registrar.h"
#include "stats/stat_times.h"

#include <string.h>

#define WAITING 256 /* probes that may still be answered; of more the oldest count as lost */
#define PATHS_MAX                                                                                  \
    65536 /* whose last round trip is kept, for the jitter; more have no part in it                \
           */

enum {
    COLUMN_RANGE,
    COLUMN_COUNT,
    COLUMN_PERCENT,
    COLUMN_MIN,
    COLUMN_AVERAGE,
    COLUMN_MAX,
    COLUMN_MEDIAN,
    COLUMN_P99,
    COLUMN_JITTER, /* of all only, from here on */
    COLUMN_PROBES,
    COLUMN_LOST,
};

static stat_tap_table_item fields[] = {
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Round trip      ", "%-16s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "     Count", "%10u"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Percent", "%7.2f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "   Min (ms)", "%11.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Average (ms)", "%12.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "   Max (ms)", "%11.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Median (ms)", "%11.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "   p99 (ms)", "%11.3f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Jitter (ms)", "%11.3f"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "    Probes", "%10u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "      Lost", "%10u"},
};

static const stat_times_columns columns = {
    .count = COLUMN_COUNT,
    .min = COLUMN_MIN,
    .average = COLUMN_AVERAGE,
    .max = COLUMN_MAX,
    .median = COLUMN_MEDIAN,
    .p99 = COLUMN_P99,
    .unit_ns = 1e6,
};

/* Ranges, in the order in which they are shown; `below` in ns. Wireshark's window sorts them by
 * their text: the leading spaces make that the same order. */
static const struct {
    int64_t below;
    const char *name;
} ranges[] = {
    {INT64_MAX, "     all"},
    {100000, "    under 0.1 ms"},
    {200000, "   0.1 to 0.2 ms"},
    {500000, "   0.2 to 0.5 ms"},
    {1000000, "   0.5 to 1 ms"},
    {2000000, "   1 to 2 ms"},
    {5000000, "   2 to 5 ms"},
    {10000000, "   5 to 10 ms"},
    {20000000, "  10 to 20 ms"},
    {50000000, "  20 to 50 ms"},
    {100000000, "  50 to 100 ms"},
    {200000000, " 100 to 200 ms"},
    {500000000, " 200 to 500 ms"},
    {1000000000, "0.5 to 1 s"},
    {ANALYSIS_LATENCY_TIMEOUT_NS + 1, "1 to 4 s"},
    {INT64_MAX, "over 4 s"},
};
#define RANGES array_length(ranges)

/* How round trips vary: the mean difference of one from the one before it, on the same path. */
typedef struct jitter {
    GHashTable *last_ns; /* path -> int64_t; NULL before the first */
    double sum_ns;
    unsigned count;
} jitter;

typedef struct rtt_row {
    stat_row row; /* key: the range's number */
    stat_times times;
    jitter jitter; /* of all */
} rtt_row;

/* Of one table. */
typedef struct rtt_notes {
    rtt_row *rows[RANGES];
    unsigned probes;
    unsigned lost;
    const analysis_rr_message *waiting[WAITING]; /* probes; NULL: none */
    unsigned next;                               /* the oldest, to be overwritten */
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

static void release_row(stat_row *row)
{
    rtt_row *r = (rtt_row *)row;
    stat_times_clear(&r->times);
    g_clear_pointer(&r->jitter.last_ns, g_hash_table_unref);
}

static const stat_kind kind = {
    .ui = &ui_rtt,
    .row_size = sizeof(rtt_row),
    .notes_size = sizeof(rtt_notes),
    .release = release_row,
};

static void rtt_init(stat_tap_table_ui *ui _U_)
{
    stat_table_init(&kind);
}

/* All ranges are there from the first probe on, so that they are shown in their order. */
static void make_rows(stat_table *table, rtt_notes *notes)
{
    for (size_t i = 0; i < RANGES; i++) {
        stat_key key;
        bool is_new;
        memset(&key, 0, sizeof key);
        key.bytes[0] = (char)i;
        notes->rows[i] = (rtt_row *)stat_table_row(table, &key, &is_new);
        stat_table_text(table, &notes->rows[i]->row, COLUMN_RANGE, ranges[i].name);
        if (i > 0)
            stat_table_leave_empty(table, &notes->rows[i]->row, COLUMN_JITTER);
    }
}

/* ---- probes without a reply ---- */

static bool is_lost(const analysis_rr_message *probe, const rr_protocol *protocol)
{
    const bool mismatch = probe->peer != NULL && (probe->peer->flags & ANALYSIS_RR_MISMATCH) != 0;
    return mismatch || analysis_rr_is_unanswered(probe, &protocol->rules, protocol->known_until_ns);
}

/* Later packets show what became of the probes that wait. */
static void recheck(rtt_notes *notes, const rr_protocol *protocol)
{
    for (size_t i = 0; i < WAITING; i++) {
        const analysis_rr_message *probe = notes->waiting[i];
        if (probe == NULL || (probe->peer == NULL && !is_lost(probe, protocol)))
            continue;
        notes->lost += is_lost(probe, protocol);
        notes->waiting[i] = NULL;
    }
}

static void add_probe(rtt_notes *notes, const analysis_rr_message *probe)
{
    notes->probes++;
    notes->lost += notes->waiting[notes->next] != NULL;
    notes->waiting[notes->next] = probe;
    notes->next = (notes->next + 1) % WAITING;
}

/* ---- round trips ---- */

/* From which client to which server: a short connection has one round trip alone. */
static int64_t path_of_reply(const packet_info *pinfo)
{
    const uint64_t parts[] = {
        rr_digest(pinfo->dst.data, (size_t)pinfo->dst.len),
        rr_digest(pinfo->src.data, (size_t)pinfo->src.len),
        pinfo->srcport,
    };
    return (int64_t)rr_digest((const uint8_t *)parts, sizeof parts);
}

static void add_jitter(jitter *j, int64_t path, int64_t ns)
{
    if (j->last_ns == NULL)
        j->last_ns = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    int64_t *last = g_hash_table_lookup(j->last_ns, &path);
    if (last != NULL) {
        j->sum_ns += ns > *last ? (double)(ns - *last) : (double)(*last - ns);
        j->count++;
        *last = ns;
    } else if (g_hash_table_size(j->last_ns) < PATHS_MAX) {
        int64_t *key = g_new(int64_t, 1), *value = g_new(int64_t, 1);
        *key = path;
        *value = ns;
        g_hash_table_insert(j->last_ns, key, value);
    }
}

static size_t range_of(int64_t ns)
{
    size_t i = 1;
    while (i < RANGES - 1 && ns >= ranges[i].below)
        i++;
    return i;
}

static void add_reply(stat_table *table, rtt_notes *notes, const packet_info *pinfo, int64_t ns)
{
    rtt_row *all = notes->rows[0], *range = notes->rows[range_of(ns)];
    (void)stat_times_add(&all->times, table, &all->row, &columns, ns);
    (void)stat_times_add(&range->times, table, &range->row, &columns, ns);
    for (size_t i = 0; i < RANGES; i++)
        stat_table_real(table, &notes->rows[i]->row, COLUMN_PERCENT,
                        100.0 * notes->rows[i]->times.count / all->times.count);
    add_jitter(&all->jitter, path_of_reply(pinfo), ns);
    if (all->jitter.count > 0)
        stat_table_real(table, &all->row, COLUMN_JITTER,
                        all->jitter.sum_ns / all->jitter.count / columns.unit_ns);
}

static tap_packet_status rtt_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    const rr_record *record = (const rr_record *)data;
    const analysis_rr_message *exchange = &record->message->exchange;
    stat_table *table = stat_table_of(&kind, tapdata);
    rtt_notes *notes = (rtt_notes *)table->notes;
    if (!record->message->paired)
        return TAP_PACKET_DONT_REDRAW;
    if (notes->rows[0] == NULL)
        make_rows(table, notes);
    if (record->message->is_request)
        add_probe(notes, exchange);
    else if (exchange->peer != NULL && (exchange->flags & ANALYSIS_RR_MISMATCH) == 0)
        add_reply(table, notes, pinfo, analysis_rr_time_ns(exchange));
    recheck(notes, record->protocol);
    stat_table_count(table, &notes->rows[0]->row, COLUMN_PROBES, notes->probes);
    stat_table_count(table, &notes->rows[0]->row, COLUMN_LOST, notes->lost);
    return TAP_PACKET_REDRAW;
}

void plato_register_rtt(void)
{
    register_stat_tap_table_ui(&ui_rtt);
}
