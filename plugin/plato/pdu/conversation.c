/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a conversation: its framing, its CRC, who is the client, and its reader.
 */
#include "plato/pdu/conversation.h"

#include "plato/pdu/proto.h"

static uint32_t stream_count;

/* The latest that began with this packet or before it. */
static plato_conversation *at_packet(plato_conversation *latest, const packet_info *pinfo)
{
    while (latest->earlier != NULL && latest->first_packet > pinfo->num)
        latest = latest->earlier;
    return latest;
}

plato_conversation *plato_find_conversation(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    plato_conversation *known =
        conversation != NULL ? conversation_get_proto_data(conversation, proto_plato) : NULL;
    return known != NULL ? at_packet(known, pinfo) : NULL;
}

plato_conversation *plato_conversation_of(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    plato_conversation *known = conversation_get_proto_data(conversation, proto_plato);
    if (known == NULL) {
        known = wmem_new0(wmem_file_scope(), plato_conversation);
        conversation_add_proto_data(conversation, proto_plato, known);
    }
    return at_packet(known, pinfo);
}

plato_conversation *plato_renew_conversation(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    plato_conversation *earlier = conversation_get_proto_data(conversation, proto_plato);
    plato_conversation *next = wmem_new0(wmem_file_scope(), plato_conversation);
    next->earlier = earlier;
    next->first_packet = pinfo->num;
    next->tcp = earlier->tcp;
    conversation_delete_proto_data(conversation, proto_plato);
    conversation_add_proto_data(conversation, proto_plato, next);
    return next;
}

/* Only clients send these; an ACK goes the other way than what it acknowledges. */
static bool sent_by_client(const plato_head *head)
{
    if (head->msg_type == PLATO_ACK)
        return head->ack.type == PLATO_PUSH;
    return head->msg_type != PLATO_PUSH;
}

bool plato_is_upstream(const flow_packet *packet, plato_conversation *conversation,
                       uint64_t position, const plato_head *head)
{
    const unsigned direction = packet->direction;
    if (!conversation->client_known && head != NULL) {
        const bool client = packet->start_captured ? packet->opened : sent_by_client(head);
        conversation->client_known = true;
        conversation->client_known_at = position;
        conversation->client_direction = client ? direction : 1 - direction;
    }
    if (!conversation->client_known || position < conversation->client_known_at)
        return direction == 0;
    return direction == conversation->client_direction;
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
