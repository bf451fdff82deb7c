/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,conns: a row for each connection. */
#include "plato/pdu/pdu_fields.h"
#include "stats/registrar.h"
#include "stats/stat_table.h"
#include "taps/tap.h"

#include <epan/to_str.h>

#include <stdio.h>
#include <string.h>

enum {
    COLUMN_STREAM,
    COLUMN_CLIENT,
    COLUMN_DEVICE,
    COLUMN_OPENED_BY,
    COLUMN_RECONNECTS,
    COLUMN_HEARTBEATS,
    COLUMN_FRAMES,
    COLUMN_DURATION,
    COLUMN_BYTES,
    COLUMN_WORST,
};

static stat_tap_table_item fields[] = {
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "  Stream", "%8u"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Client               ", "%-21s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "Device", "%6s"},
    {TABLE_ITEM_STRING, TAP_ALIGN_LEFT, "Opened by            ", "%-21s"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Reconnects", "%10u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Heartbeats", "%10u"},
    {TABLE_ITEM_UINT, TAP_ALIGN_RIGHT, "Frames", "%6u"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Duration (s)", "%12.6f"},
    {TABLE_ITEM_STRING, TAP_ALIGN_RIGHT, "     Bytes", "%10s"},
    {TABLE_ITEM_FLOAT, TAP_ALIGN_RIGHT, "Worst response (s)", "%18.6f"},
};

typedef struct conn_row {
    stat_row row; /* key: plato.stream */
    nstime_t first;
    unsigned reconnects;
    unsigned heartbeats;
    unsigned frames;
    double duration;
    uint64_t bytes;
    double worst;
    uint64_t device_id;
    char client[WS_INET6_ADDRSTRLEN + 16];
    stat_number_text device;
    stat_number_text bytes_text;
    char opened_by[40];
} conn_row;

static void conns_init(stat_tap_table_ui *ui);
static tap_packet_status conns_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt,
                                      const void *data, tap_flags_t flags);

static stat_tap_table_ui ui_conns = {
    .group = REGISTER_PACKET_STAT_GROUP_UNSORTED,
    .title = "Plato Connections",
    .tap_name = "plato",
    .cli_string = "plato,conns",
    .stat_tap_init_cb = conns_init,
    .packet_func = conns_packet,
    .stat_tap_reset_table_cb = stat_table_reset,
    .nfields = array_length(fields),
    .fields = fields,
};

static const stat_kind kind = {
    .ui = &ui_conns,
    .row_size = sizeof(conn_row),
};

static void conns_init(stat_tap_table_ui *ui _U_)
{
    stat_table_init(&kind);
}

static void name_client(conn_row *c, const packet_info *pinfo, bool upstream)
{
    char host[WS_INET6_ADDRSTRLEN];
    const address *client = upstream ? &pinfo->src : &pinfo->dst;
    address_to_str_buf(client, host, sizeof host);
    snprintf(c->client, sizeof c->client, client->type == AT_IPv6 ? "[%s]:%u" : "%s:%u", host,
             upstream ? pinfo->srcport : pinfo->destport);
}

static conn_row *row_of(stat_table *table, const packet_info *pinfo, const pdu_analysis *analysis)
{
    stat_key key;
    bool is_new;
    memset(&key, 0, sizeof key);
    memcpy(key.bytes, &analysis->stream, sizeof analysis->stream);
    conn_row *c = (conn_row *)stat_table_row(table, &key, &is_new);
    if (!is_new)
        return c;
    c->first = pinfo->abs_ts;
    name_client(c, pinfo, analysis->upstream);
    stat_table_count(table, &c->row, COLUMN_STREAM, analysis->stream);
    stat_table_text(table, &c->row, COLUMN_CLIENT, c->client);
    stat_table_text(table, &c->row, COLUMN_DEVICE, c->device);
    stat_table_text(table, &c->row, COLUMN_OPENED_BY, c->opened_by);
    stat_table_text(table, &c->row, COLUMN_BYTES, c->bytes_text);
    return c;
}

/* LOGIN or RECONN, whichever came first, and where. */
static void note_opening(conn_row *c, const packet_info *pinfo, uint32_t type)
{
    if ((type == PLATO_LOGIN || type == PLATO_RECONN) && c->opened_by[0] == '\0')
        snprintf(c->opened_by, sizeof c->opened_by, "%s in %u", plato_msg_type_name(type),
                 pinfo->num);
    c->reconnects += type == PLATO_RECONN;
    c->heartbeats += type == PLATO_HEARTBEAT;
}

static void note_device(conn_row *c, const plato_tap_record *record)
{
    uint64_t id = record->analysis.device_id;
    if (plato_pdu_is_sound(record->facts))
        (void)plato_pdu_id(record->facts, PDU_DEVICE, &id);
    if (id == 0 || id == c->device_id)
        return;
    c->device_id = id;
    stat_number(c->device, 6, id);
}

static double seconds_since(const nstime_t *since, const nstime_t *now)
{
    nstime_t delta;
    nstime_delta(&delta, now, since);
    return nstime_to_sec(&delta);
}

static void note_times(conn_row *c, const packet_info *pinfo, const pdu_analysis *analysis)
{
    const double duration = seconds_since(&c->first, &pinfo->abs_ts);
    if (duration > c->duration)
        c->duration = duration;
    if ((analysis->flags & ANALYSIS_HAS_RESPONSE_TIME) == 0)
        return;
    const double response = (double)analysis->verdict->response_time_ns / 1e9;
    if (response > c->worst)
        c->worst = response;
}

static void set_cells(stat_table *table, conn_row *c)
{
    stat_table_count(table, &c->row, COLUMN_RECONNECTS, c->reconnects);
    stat_table_count(table, &c->row, COLUMN_HEARTBEATS, c->heartbeats);
    stat_table_count(table, &c->row, COLUMN_FRAMES, c->frames);
    stat_table_real(table, &c->row, COLUMN_DURATION, c->duration);
    stat_number(c->bytes_text, 10, c->bytes);
    stat_table_real(table, &c->row, COLUMN_WORST, c->worst);
}

static tap_packet_status conns_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                      const void *data, tap_flags_t flags _U_)
{
    const plato_tap_record *record = (const plato_tap_record *)data;
    stat_table *table = stat_table_of(&kind, tapdata);
    conn_row *c = row_of(table, pinfo, &record->analysis);
    c->frames++;
    c->bytes += record->facts->total;
    if (plato_pdu_is_sound(record->facts))
        note_opening(c, pinfo, record->facts->head.msg_type);
    note_device(c, record);
    note_times(c, pinfo, &record->analysis);
    set_cells(table, c);
    return TAP_PACKET_REDRAW;
}

void plato_register_conns(void)
{
    register_stat_tap_table_ui(&ui_conns);
}
