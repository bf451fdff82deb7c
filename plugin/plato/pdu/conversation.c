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

static bool is_server_port(const char *table, uint32_t port, const char *dissector)
{
    dissector_handle_t handle = dissector_get_uint_handle(find_dissector_table(table), port);
    return handle != NULL && handle == find_dissector(dissector);
}

static bool is_plato_port(uint32_t port)
{
    return is_server_port("tcp.port", port, "plato") ||
           is_server_port("tls.port", port, "plato.tls");
}

/* The ports are known from the first packet on. */
static void find_client_by_port(plato_conversation *conversation, const packet_info *pinfo)
{
    const bool from_server = is_plato_port(pinfo->srcport);
    if (pinfo->ptype != PT_TCP || from_server == is_plato_port(pinfo->destport))
        return;
    const unsigned direction = flow_direction(pinfo);
    conversation->client_evidence = CLIENT_BY_PORT;
    conversation->client_direction = from_server ? 1 - direction : direction;
}

static plato_conversation *new_conversation(const packet_info *pinfo)
{
    plato_conversation *conversation = wmem_new0(wmem_file_scope(), plato_conversation);
    find_client_by_port(conversation, pinfo);
    return conversation;
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
        known = new_conversation(pinfo);
        conversation_add_proto_data(conversation, proto_plato, known);
    }
    return at_packet(known, pinfo);
}

plato_conversation *plato_renew_conversation(packet_info *pinfo)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    plato_conversation *earlier = conversation_get_proto_data(conversation, proto_plato);
    plato_conversation *next = new_conversation(pinfo);
    next->earlier = earlier;
    next->first_packet = pinfo->num;
    next->tcp = earlier->tcp;
    conversation_delete_proto_data(conversation, proto_plato);
    conversation_add_proto_data(conversation, proto_plato, next);
    return next;
}

/*
 * Who sends a type: an ACK goes the other way than what it acknowledges. In the variant the
 * client's ACK of a Push has the type of an UP's ACK, so that one shows nothing.
 */
static bool shows_client(plato_framing framing, const plato_head *head, bool *by_client)
{
    const bool is_ack = head->msg_type == PLATO_ACK;
    *by_client = is_ack ? head->ack.type == PLATO_PUSH : head->msg_type != PLATO_PUSH;
    if (is_ack && head->ack.type == PLATO_UP && framing == PLATO_FRAMING_MSGCMD)
        return false;
    return plato_msg_type_name(head->msg_type) != NULL;
}

static void keep_evidence(plato_conversation *conversation, client_evidence evidence,
                          unsigned direction)
{
    if (evidence <= conversation->client_evidence)
        return;
    conversation->client_evidence = evidence;
    conversation->client_direction = direction;
}

bool plato_is_upstream(const flow_packet *packet, plato_conversation *conversation,
                       plato_framing framing, const plato_head *head)
{
    const unsigned direction = packet->direction;
    bool by_client;
    if (packet->start_captured)
        keep_evidence(conversation, CLIENT_BY_SYN, packet->opened ? direction : 1 - direction);
    else if (head != NULL && shows_client(framing, head, &by_client))
        keep_evidence(conversation, CLIENT_BY_TYPE, by_client ? direction : 1 - direction);
    /* 0: the lower address, while nothing is known */
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
