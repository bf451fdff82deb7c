/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/flow.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>

#define SYN_CAPTURED 0x01u /* bit of tcp_analysis.conversation_completeness */

unsigned flow_direction(const packet_info *pinfo)
{
    int order = cmp_address(&pinfo->src, &pinfo->dst);
    if (order == 0)
        order = pinfo->srcport < pinfo->destport ? -1 : 1;
    return order < 0 ? 0 : 1;
}

uint32_t flow_tcp_stream(packet_info *pinfo)
{
    const struct tcp_analysis *tcp =
        pinfo->ptype == PT_TCP ? get_tcp_conversation_data(NULL, pinfo) : NULL;
    return tcp != NULL ? tcp->stream : UINT32_MAX;
}

int64_t flow_time_ns(const packet_info *pinfo)
{
    return (int64_t)pinfo->abs_ts.secs * 1000000000 + pinfo->abs_ts.nsecs;
}

bool flow_start_captured(packet_info *pinfo)
{
    if (pinfo->ptype != PT_TCP)
        return false;
    const struct tcp_analysis *tcp = get_tcp_conversation_data(NULL, pinfo);
    return tcp != NULL && (tcp->conversation_completeness & SYN_CAPTURED) != 0;
}

/* The end whose packet came first opened the connection, if that packet was its SYN. */
bool flow_sender_opened(packet_info *pinfo)
{
    const conversation_t *conversation = find_or_create_conversation(pinfo);
    return addresses_equal(conversation_key_addr1(conversation->key_ptr), &pinfo->src) &&
           conversation_key_port1(conversation->key_ptr) == pinfo->srcport;
}

flow_packet flow_packet_of(packet_info *pinfo)
{
    const bool start_captured = flow_start_captured(pinfo);
    return (flow_packet){
        .number = pinfo->num,
        .time_ns = flow_time_ns(pinfo),
        .direction = flow_direction(pinfo),
        .start_captured = start_captured,
        .opened = start_captured && flow_sender_opened(pinfo),
        .visited = PINFO_FD_VISITED(pinfo),
    };
}

void flow_set_dissector(packet_info *pinfo, const char *dissector)
{
    if (!PINFO_FD_VISITED(pinfo))
        conversation_set_dissector_from_frame_number(find_or_create_conversation(pinfo), pinfo->num,
                                                     find_dissector(dissector));
}
