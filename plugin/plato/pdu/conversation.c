/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a conversation: its framing, its CRC, who is the client, where TCP stands. */
#include "plato/pdu/conversation.h"

#include <epan/dissectors/packet-tcp.h>

#define SYN_CAPTURED 0x01u /* bit of tcp_analysis.conversation_completeness */

static uint32_t stream_count;

plato_conversation *plato_conversation_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    plato_conversation *known = conversation_get_proto_data(conversation, proto_plato);
    if (known == NULL) {
        known = wmem_new0(wmem_file_scope(), plato_conversation);
        conversation_add_proto_data(conversation, proto_plato, known);
    }
    return known;
}

unsigned plato_side_of(const packet_info *pinfo)
{
    int order = cmp_address(&pinfo->src, &pinfo->dst);
    if (order == 0)
        order = pinfo->srcport < pinfo->destport ? -1 : 1;
    return order < 0 ? 0 : 1;
}

uint32_t plato_tcp_stream_of(packet_info *pinfo)
{
    const struct tcp_analysis *tcp =
        pinfo->ptype == PT_TCP ? get_tcp_conversation_data(NULL, pinfo) : NULL;
    return tcp != NULL ? tcp->stream : UINT32_MAX;
}

int64_t plato_time_of(const packet_info *pinfo)
{
    return (int64_t)pinfo->abs_ts.secs * 1000000000 + pinfo->abs_ts.nsecs;
}

bool plato_start_was_captured(packet_info *pinfo)
{
    if (pinfo->ptype != PT_TCP)
        return false;
    const struct tcp_analysis *tcp = get_tcp_conversation_data(NULL, pinfo);
    return tcp != NULL && (tcp->conversation_completeness & SYN_CAPTURED) != 0;
}

/* The end whose packet came first opened the connection, if that packet was its SYN. */
bool plato_opened_connection(packet_info *pinfo)
{
    const conversation_t *conversation = find_or_create_conversation(pinfo);
    return addresses_equal(conversation_key_addr1(conversation->key_ptr), &pinfo->src) &&
           conversation_key_port1(conversation->key_ptr) == pinfo->srcport;
}

/* Only clients send these; an ACK goes the other way than what it acknowledges. */
static bool sent_by_client(const plato_head *head)
{
    if (head->msg_type == PLATO_ACK)
        return head->ack.type == PLATO_PUSH;
    return head->msg_type != PLATO_PUSH;
}

bool plato_is_upstream(packet_info *pinfo, plato_conversation *conversation, uint64_t position,
                       const plato_head *head)
{
    const unsigned side = plato_side_of(pinfo);
    if (!conversation->client_known && head != NULL) {
        const bool client =
            plato_start_was_captured(pinfo) ? plato_opened_connection(pinfo) : sent_by_client(head);
        conversation->client_known = true;
        conversation->client_known_at = position;
        conversation->client_side = client ? side : 1 - side;
    }
    if (!conversation->client_known || position < conversation->client_known_at)
        return side == 0;
    return side == conversation->client_side;
}

void plato_number_stream(plato_conversation *conversation)
{
    if (conversation->has_stream)
        return;
    conversation->has_stream = true;
    conversation->stream = stream_count++;
}

uint32_t plato_stream_count(void)
{
    return stream_count;
}

static void reset(void)
{
    stream_count = 0;
}

void plato_register_conversation(void)
{
    register_init_routine(reset);
}
