/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is known of a conversation: its framing, its CRC, who is the client, what TCP expects next.
 */
#include "plato/pdu/conversation.h"

#include "plato/pdu/proto.h"
#include "support/flow.h"

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
    const unsigned direction = flow_direction(pinfo);
    if (!conversation->client_known && head != NULL) {
        const bool client =
            flow_start_captured(pinfo) ? flow_sender_opened(pinfo) : sent_by_client(head);
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
