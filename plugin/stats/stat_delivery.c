/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,delivery: from the UP to each PUSH that came of it, for each session and for all. */
#include "stats/registrar.h"
#include "stats/stat_times.h"
#include "taps/tap.h"

#include <string.h>

#define WAITING 256 /* PUSHes whose UP a later ACK may still name */

enum {
    COLUMN_SESSION,
    COLUMN_DELIVERIES,
    COLUMN_MIN,
    COLUMN_AVERAGE,
    COLUMN_MAX,
    COLUMN_MAX_IN,
    COLUMN_MEDIAN,
    COLUMN_P99,
};

static stat_tap_table_item fields[] = {
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "             Session", "%20s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Deliveries", "%10u"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "    Min (s)", "%11.6f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Average (s)", "%11.6f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "    Max (s)", "%11.6f"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Max in frame", "%12u"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, " Median (s)", "%11.6f"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "    p99 (s)", "%11.6f"},
};

static const stat_times_columns columns = {
    .count = COLUMN_DELIVERIES,
    .min = COLUMN_MIN,
    .average = COLUMN_AVERAGE,
    .max = COLUMN_MAX,
    .median = COLUMN_MEDIAN,
    .p99 = COLUMN_P99,
    .unit_ns = 1e9,
};

typedef struct delivery_row {
    stat_row row; /* key: the session's id as text, or "all" */
    stat_times times;
} delivery_row;

/* A PUSH that is not explained yet. */
typedef struct waiting_push {
    const analysis_record *handle; /* NULL: none */
    uint64_t session_id;
    uint32_t number;
} waiting_push;

/* Those of one table. */
typedef struct waiting_pushes {
    waiting_push all[WAITING];
    unsigned next; /* the oldest, to be overwritten */
    unsigned count;
} waiting_pushes;

static void delivery_init(stat_tap_table_ui *ui);
static tap_packet_status delivery_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                         const void *data, tap_flags_t flags);

static stat_tap_table_ui ui_delivery = {
    .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
    .title = "Plato Delivery Times",
    .tap_name = "plato",
    .cli_string = "plato,delivery",
    .stat_tap_init_cb = delivery_init,
    .packet_func = delivery_packet,
    .stat_tap_reset_table_cb = stat_table_reset,
    .nfields = array_length(fields),
    .fields = fields,
};

static void release_row(stat_row *row)
{
    stat_times_clear(&((delivery_row *)row)->times);
}

static const stat_kind kind = {
    .ui = &ui_delivery,
    .row_size = sizeof(delivery_row),
    .notes_size = sizeof(waiting_pushes),
    .release = release_row,
};

static void delivery_init(stat_tap_table_ui *ui _U_)
{
    stat_table_init(&kind);
}

static void add_to_row(stat_table *table, const char *label, int64_t ns, uint32_t number)
{
    stat_key key;
    bool is_new;
    memset(&key, 0, sizeof key);
    g_strlcpy(key.bytes, label, sizeof key.bytes);
    delivery_row *d = (delivery_row *)stat_table_row(table, &key, &is_new);
    stat_table_text(table, &d->row, COLUMN_SESSION, d->row.key.bytes);
    if (stat_times_add(&d->times, table, &d->row, &columns, ns))
        stat_table_count(table, &d->row, COLUMN_MAX_IN, number);
}

static bool add_delivery(stat_table *table, const analysis_verdict *verdict, uint64_t session_id,
                         uint32_t number)
{
    stat_number_text label;
    if ((verdict->flags & ANALYSIS_HAS_DELIVERY_TIME) == 0)
        return false;
    stat_number(label, STAT_ID_WIDTH, session_id);
    add_to_row(table, "all", verdict->delivery_time_ns, number);
    add_to_row(table, label, verdict->delivery_time_ns, number);
    return true;
}

static void wait_for_ack(waiting_pushes *waiting, const analysis_record *handle,
                         uint64_t session_id, uint32_t number)
{
    waiting->count += waiting->all[waiting->next].handle == NULL;
    waiting->all[waiting->next] = (waiting_push){handle, session_id, number};
    waiting->next = (waiting->next + 1) % WAITING;
}

/* An ACK of an UP may show which UP the PUSHes before it came from. */
static void recheck(stat_table *table, waiting_pushes *waiting)
{
    for (size_t i = 0; waiting->count > 0 && i < WAITING; i++) {
        waiting_push *w = &waiting->all[i];
        if (w->handle == NULL)
            continue;
        const analysis_verdict verdict = plato_current_verdict(w->handle);
        if (!add_delivery(table, &verdict, w->session_id, w->number))
            continue;
        w->handle = NULL;
        waiting->count--;
    }
}

static tap_packet_status delivery_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                         const void *data, tap_flags_t flags _U_)
{
    const plato_tap_record *record = (const plato_tap_record *)data;
    const plato_head *head = &record->facts->head;
    const analysis_verdict *verdict = record->analysis.verdict;
    stat_table *table = stat_table_of(&kind, tapdata);
    waiting_pushes *waiting = (waiting_pushes *)table->notes;
    if (verdict == NULL)
        return TAP_PACKET_DONT_REDRAW;
    if (head->msg_type == PLATO_PUSH) {
        const uint64_t session_id = head->push.session_id;
        if (!add_delivery(table, verdict, session_id, pinfo->num) && record->first_pass)
            wait_for_ack(waiting, record->analysis.handle, session_id, pinfo->num);
    } else if (head->msg_type == PLATO_ACK && head->ack.type == PLATO_UP) {
        recheck(table, waiting);
    }
    return TAP_PACKET_REDRAW;
}

void plato_register_delivery(void)
{
    register_stat_tap_table_ui(&ui_delivery);
}
