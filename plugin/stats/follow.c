/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -z follow,plato,MODE,STREAM: the frames of one connection, both directions, as they were sent.
 * STREAM is plato.stream. Over TLS and WebSocket too these are Plato's own bytes.
 */
#include "plato/pdu/conversation.h"
#include "plato/pdu/proto.h"
#include "stats/registrar.h"
#include "taps/tap.h"

#include <epan/addr_resolv.h>
#include <epan/follow.h>
#include <epan/to_str.h>

static gchar *stream_filter(unsigned stream)
{
    return g_strdup_printf("plato.stream eq %u", stream);
}

/* For the packet that is selected in Wireshark. */
static gchar *conversation_filter(epan_dissect_t *edt _U_, packet_info *pinfo, unsigned *stream,
                                  unsigned *sub_stream _U_)
{
    const conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    if (conversation == NULL)
        return NULL;
    const plato_conversation *known = conversation_get_proto_data(conversation, proto_plato);
    if (known == NULL || !known->has_stream)
        return NULL;
    *stream = known->stream;
    return stream_filter(known->stream);
}

static gchar *index_filter(unsigned stream, unsigned sub_stream _U_)
{
    return stream_filter(stream);
}

static gchar *address_filter(address *src, address *dst, int src_port, int dst_port)
{
    char a[WS_INET6_ADDRSTRLEN];
    char b[WS_INET6_ADDRSTRLEN];
    const char *ip = src->type == AT_IPv6 ? "ipv6" : "ip";
    address_to_str_buf(src, a, sizeof a);
    address_to_str_buf(dst, b, sizeof b);
    return g_strdup_printf("plato and ((%s.src eq %s and tcp.srcport eq %d and "
                           "%s.dst eq %s and tcp.dstport eq %d) or "
                           "(%s.src eq %s and tcp.srcport eq %d and "
                           "%s.dst eq %s and tcp.dstport eq %d))",
                           ip, a, src_port, ip, b, dst_port, ip, b, dst_port, ip, a, src_port);
}

/* From the first frame, whoever sent it. */
static void note_endpoints(follow_info_t *info, const packet_info *pinfo, bool upstream)
{
    if (info->client_port != 0)
        return;
    copy_address(&info->client_ip, upstream ? &pinfo->src : &pinfo->dst);
    copy_address(&info->server_ip, upstream ? &pinfo->dst : &pinfo->src);
    info->client_port = upstream ? pinfo->srcport : pinfo->destport;
    info->server_port = upstream ? pinfo->destport : pinfo->srcport;
}

static tap_packet_status follow_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                       const void *data, tap_flags_t flags _U_)
{
    follow_info_t *info = (follow_info_t *)tapdata;
    const plato_tap_record *record = (const plato_tap_record *)data;
    const pdu_info *facts = record->facts;
    const bool upstream = record->analysis.upstream;
    const unsigned n = (unsigned)facts->captured;
    follow_record_t *sent = g_new0(follow_record_t, 1);
    note_endpoints(info, pinfo, upstream);
    sent->is_server = !upstream;
    sent->packet_num = pinfo->num;
    sent->abs_ts = pinfo->abs_ts;
    sent->data = g_byte_array_append(g_byte_array_sized_new(n),
                                     tvb_get_ptr(facts->tvb, 0, facts->captured), n);
    info->bytes_written[upstream ? 0 : 1] += n;
    info->payload = g_list_prepend(info->payload, sent);
    return TAP_PACKET_DONT_REDRAW;
}

void plato_register_follow(int proto)
{
    ws_register_follow_stream(proto, "plato", conversation_filter, index_filter, address_filter,
                              tcp_port_to_display, follow_packet, plato_stream_count);
}
