/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "platocheck/records.h"

int64_t platocheck_time_of(const packet_info *pinfo)
{
    return (int64_t)pinfo->abs_ts.secs * 1000000000 + pinfo->abs_ts.nsecs;
}

/* ---- frames ---- */

/* FNV-1a */
static uint64_t server_of(const address *server, uint32_t port)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ port;
    for (int i = 0; i < server->len; i++)
        hash = (hash ^ ((const uint8_t *)server->data)[i]) * UINT64_C(0x100000001b3);
    return hash;
}

static check_checksum checksum_of(stream_checksum_status status)
{
    switch (status) {
    case STREAM_CHECKSUM_GOOD:
        return CHECK_CHECKSUM_GOOD;
    case STREAM_CHECKSUM_BAD:
        return CHECK_CHECKSUM_BAD;
    default:
        return CHECK_CHECKSUM_UNVERIFIED;
    }
}

static check_first_byte first_byte_of(const frame_begin *begin)
{
    return (check_first_byte){begin->packet, begin->time_ns};
}

check_frame_record platocheck_frame(const packet_info *pinfo, const plato_tap_record *record)
{
    const pdu_info *facts = record->facts;
    const pdu_analysis *analysis = &record->analysis;
    const bool upstream = analysis->upstream;
    return (check_frame_record){
        .packet = pinfo->num,
        .index = record->index,
        .time_ns = platocheck_time_of(pinfo),
        .connection = analysis->stream,
        .tcp_stream = record->tcp_stream,
        .client_port = (uint16_t)(upstream ? pinfo->srcport : pinfo->destport),
        .server = upstream ? server_of(&pinfo->dst, pinfo->destport)
                           : server_of(&pinfo->src, pinfo->srcport),
        .start_captured = record->start_captured,
        .upstream = upstream,
        .device_id = analysis->device_id,
        .frame = facts->frame,
        .length_error = facts->length_error,
        .complete = facts->complete,
        .shortened = facts->shortened,
        .capture_gap = facts->capture_gap,
        .checksum = checksum_of(facts->crc.status),
        .first_byte = first_byte_of(&facts->begin),
        .decoded = facts->decoded,
        .head = facts->head,
        .head_error = facts->head_error,
        .body_error = (plato_err)facts->body.message_error,
        .content = facts->body.content,
        .judged = analysis->handle,
        .verdict = analysis->verdict,
        .flags = analysis->flags,
    };
}

check_skipped_record platocheck_skipped(const packet_info *pinfo, const plato_tap_skipped *record)
{
    return (check_skipped_record){
        .packet = pinfo->num,
        .tcp_stream = record->tcp_stream,
        .sender_port = (uint16_t)pinfo->srcport,
        .bytes = record->bytes,
        .start_captured = record->start_captured,
        .after_gap = record->after_unseen,
    };
}

check_unfinished platocheck_unfinished(const plato_unfinished *frame)
{
    return (check_unfinished){
        .first_byte = first_byte_of(&frame->begin),
        .tcp_stream = frame->tcp_stream,
        .sender_port = frame->port,
        .connection = frame->stream,
        .framing = frame->framing,
    };
}

/* ---- messages ---- */

/* Each is named as its dissector is. */
static const struct {
    const char *name;
    plato_tap_protocol tap;
    check_protocol protocol;
} protocols[] = {
    {"latency", PLATO_TAP_LATENCY, CHECK_LATENCY},
    {"textcmd", PLATO_TAP_TEXTCMD, CHECK_TEXTCMD},
    {"bincmd", PLATO_TAP_BINCMD, CHECK_BINCMD},
};

static check_protocol protocol_of(plato_tap_protocol tap)
{
    for (size_t i = 1; i < array_length(protocols); i++) {
        if (protocols[i].tap == tap)
            return protocols[i].protocol;
    }
    return protocols[0].protocol;
}

static check_form form_of(plato_tap_form form)
{
    switch (form) {
    case PLATO_TAP_WHOLE:
        return CHECK_FORM_WHOLE;
    case PLATO_TAP_WRONG:
        return CHECK_FORM_WRONG;
    case PLATO_TAP_CUT:
        return CHECK_FORM_CUT;
    default:
        return CHECK_FORM_OUTSIDE;
    }
}

check_message_record platocheck_message(const packet_info *pinfo, const plato_tap_message *record)
{
    return (check_message_record){
        .packet = pinfo->num,
        .time_ns = platocheck_time_of(pinfo),
        .tcp_stream = record->tcp_stream,
        .client_port = (uint16_t)(record->is_request ? pinfo->srcport : pinfo->destport),
        .start_captured = record->start_captured,
        .over_tls = proto_is_frame_protocol(pinfo->layers, "tls"),
        .protocol = protocol_of(record->protocol),
        .form = form_of(record->form),
        .is_request = record->is_request,
        .exchange = record->exchange,
        .remark = record->remark,
        .error = record->error,
        .length = record->length,
        .following = record->following,
    };
}

/* -1: nothing. */
static int dissector_of_port(const char *table, uint16_t port)
{
    const dissector_handle_t handle = dissector_get_uint_handle(find_dissector_table(table), port);
    return handle != NULL ? dissector_handle_get_protocol_index(handle) : -1;
}

bool platocheck_protocol_of_port(uint16_t port, check_protocol *protocol, bool *over_tls)
{
    const int over_tcp = dissector_of_port("tcp.port", port);
    *over_tls = over_tcp < 0 || over_tcp == proto_get_id_by_filter_name("tls");
    const int id = *over_tls ? dissector_of_port("tls.port", port) : over_tcp;
    for (size_t i = 0; id >= 0 && i < array_length(protocols); i++) {
        if (id == proto_get_id_by_filter_name(protocols[i].name)) {
            *protocol = protocols[i].protocol;
            return true;
        }
    }
    return false;
}

/* ---- TCP ---- */

check_tcp_record platocheck_tcp(const packet_info *pinfo, const tcp_info_t *header)
{
    const uint32_t length = header->th_have_seglen ? header->th_seglen : 0;
    const uint32_t cut = pinfo->fd->pkt_len - MIN(pinfo->fd->cap_len, pinfo->fd->pkt_len);
    return (check_tcp_record){
        .packet = pinfo->num,
        .time_ns = platocheck_time_of(pinfo),
        .tcp_stream = header->th_stream,
        .source_port = header->th_sport,
        .destination_port = header->th_dport,
        .flags = header->th_flags,
        .seq = header->th_rawseq,
        .ack = header->th_rawack,
        .length = length,
        .cut = MIN(cut, length),
    };
}
