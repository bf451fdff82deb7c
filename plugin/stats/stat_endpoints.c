/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z conv,plato and -z endpoints,plato: who sends to whom, counted in Plato frames and their bytes.
 */
#include "stats/registrar.h"
#include "taps/tap.h"

#include <epan/conversation_table.h>
#include <epan/dissectors/packet-tcp.h>

/* The filter names for each kind of filter. */
static const struct {
    conv_filter_type_e kind;
    const char *ipv4;
    const char *ipv6;
} filters[] = {
    {CONV_FT_SRC_ADDRESS, "ip.src", "ipv6.src"},
    {CONV_FT_DST_ADDRESS, "ip.dst", "ipv6.dst"},
    {CONV_FT_ANY_ADDRESS, "ip.addr", "ipv6.addr"},
    {CONV_FT_SRC_PORT, "tcp.srcport", "tcp.srcport"},
    {CONV_FT_DST_PORT, "tcp.dstport", "tcp.dstport"},
    {CONV_FT_ANY_PORT, "tcp.port", "tcp.port"},
};

static const char *filter_name(const address *end, conv_filter_type_e kind)
{
    for (size_t i = 0; i < array_length(filters); i++) {
        if (filters[i].kind != kind)
            continue;
        if (end->type == AT_IPv4)
            return filters[i].ipv4;
        if (end->type == AT_IPv6)
            return filters[i].ipv6;
    }
    return CONV_FILTER_INVALID;
}

static const char *conversation_filter(conv_item_t *item, conv_filter_type_e kind)
{
    return filter_name(&item->src_address, kind);
}

static const char *endpoint_filter(endpoint_item_t *item, conv_filter_type_e kind)
{
    return filter_name(&item->myaddress, kind);
}

static ct_dissector_info_t conversation_info = {conversation_filter};
static et_dissector_info_t endpoint_info = {endpoint_filter};

static int bytes_of(const plato_tap_record *record)
{
    return record->facts->total > INT_MAX ? INT_MAX : (int)record->facts->total;
}

/* TCP's number of the connection: Wireshark shows it, and follows it. */
static conv_id_t tcp_stream(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    if (conversation == NULL || !proto_is_frame_protocol(pinfo->layers, "tcp"))
        return CONV_ID_UNSET;
    return get_tcp_conversation_data(conversation, pinfo)->stream;
}

static tap_packet_status conversation_packet(void *tapdata, packet_info *pinfo,
                                             epan_dissect_t *edt _U_, const void *data,
                                             tap_flags_t flags)
{
    conv_hash_t *hash = (conv_hash_t *)tapdata;
    hash->flags = flags;
    add_conversation_table_data_with_conv_id(
        hash, &pinfo->src, &pinfo->dst, pinfo->srcport, pinfo->destport, tcp_stream(pinfo), 1,
        bytes_of((const plato_tap_record *)data), &pinfo->rel_ts, &pinfo->abs_ts,
        &conversation_info, CONVERSATION_TCP);
    return TAP_PACKET_REDRAW;
}

static tap_packet_status endpoint_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                         const void *data, tap_flags_t flags)
{
    conv_hash_t *hash = (conv_hash_t *)tapdata;
    const int bytes = bytes_of((const plato_tap_record *)data);
    hash->flags = flags;
    add_endpoint_table_data(hash, &pinfo->src, pinfo->srcport, TRUE, 1, bytes, &endpoint_info,
                            ENDPOINT_TCP);
    add_endpoint_table_data(hash, &pinfo->dst, pinfo->destport, FALSE, 1, bytes, &endpoint_info,
                            ENDPOINT_TCP);
    return TAP_PACKET_REDRAW;
}

void plato_register_endpoints(int proto)
{
    register_conversation_table(proto, FALSE, conversation_packet, endpoint_packet);
}
