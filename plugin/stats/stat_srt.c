/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,srt: how long each type of message waited for its ACK. */
#include "stats/registrar.h"
#include "taps/tap.h"

#include <epan/srt_table.h>

/* A row for each type that is answered; it is the type's number. */
static const plato_msg_type answered[] = {
    PLATO_LOGIN, PLATO_HEARTBEAT, PLATO_RECONN, PLATO_UP, PLATO_PUSH, PLATO_SYNC,
};

static void srt_init(struct register_srt *srt _U_, GArray *tables)
{
    srt_stat_table *table =
        init_srt_table("Plato", NULL, tables, PLATO_SYNC + 1, "Type", "plato.ack.type", NULL);
    for (size_t i = 0; i < array_length(answered); i++)
        init_srt_table_row(table, (int)answered[i], plato_msg_type_name(answered[i]));
}

static bool is_answered(uint32_t type)
{
    for (size_t i = 0; i < array_length(answered); i++) {
        if (type == (uint32_t)answered[i])
            return true;
    }
    return false;
}

/* Each ACK counts, also a further one of the same message, against its first transmission. */
static tap_packet_status srt_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    const srt_data_t *srt = (const srt_data_t *)tapdata;
    const plato_tap_record *record = (const plato_tap_record *)data;
    const plato_head_ack *ack = &record->facts->head.ack;
    if ((record->analysis.flags & ANALYSIS_HAS_RESPONSE_TIME) == 0 || !is_answered(ack->type))
        return TAP_PACKET_DONT_REDRAW;
    const int64_t ns = record->analysis.verdict->response_time_ns;
    const nstime_t waited = {(time_t)(ns / 1000000000), (int)(ns % 1000000000)};
    nstime_t requested_at;
    nstime_delta(&requested_at, &pinfo->abs_ts, &waited);
    add_srt_table_data(g_array_index(srt->srt_array, srt_stat_table *, 0), (int)ack->type,
                       &requested_at, pinfo);
    return TAP_PACKET_REDRAW;
}

void plato_register_srt(int proto)
{
    register_srt_table(proto, "plato", 1, srt_packet, srt_init, NULL);
}
