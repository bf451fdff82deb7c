/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and replies of the latency and command protocols: what the first pass finds is kept. */
#include "commands/request_response.h"

#include "plato/pdu/conversation.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/tap.h>
#include <stdio.h>
#include <string.h>

/* Keys of proto data. */
enum { KEY_STARTS = 1, KEY_MESSAGES = 2, KEY_CURSOR = 3 };

/* Kept with a packet for each unusual start, by the sequence number that TCP gave. */
typedef struct start_record {
    struct start_record *next;
    uint32_t seq;
    talk_start start;
} start_record;

/* The messages of a packet, and while it is dissected the next of them. */
typedef struct message_list {
    talk_message *first;
    talk_message *last;
} message_list;

talk *talk_of(packet_info *pinfo, const talk_protocol *protocol)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    talk *known = conversation_get_proto_data(conversation, protocol->proto);
    if (known == NULL) {
        known = wmem_new0(wmem_file_scope(), talk);
        conversation_add_proto_data(conversation, protocol->proto, known);
    }
    return known;
}

talk_side *talk_side_of(packet_info *pinfo, talk *t)
{
    return &t->sides[plato_side_of(pinfo)];
}

static bool client_sent(packet_info *pinfo, bool like_reply)
{
    if (plato_start_was_captured(pinfo))
        return plato_opened_connection(pinfo);
    if (pinfo->match_uint != 0 && pinfo->destport != pinfo->srcport) {
        if (pinfo->match_uint == pinfo->destport)
            return true;
        if (pinfo->match_uint == pinfo->srcport)
            return false;
    }
    return !like_reply;
}

bool talk_is_request(packet_info *pinfo, talk *t, bool like_reply)
{
    const unsigned side = plato_side_of(pinfo);
    if (!t->client_known) {
        t->client_known = true;
        t->client_side = client_sent(pinfo, like_reply) ? side : 1 - side;
    }
    return side == t->client_side;
}

/* ---- where a TCP stream stands ---- */

static void keep_start(packet_info *pinfo, int proto, uint32_t seq, const talk_start *start)
{
    start_record *record = wmem_new(wmem_file_scope(), start_record);
    record->next = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    record->seq = seq;
    record->start = *start;
    if (record->next != NULL)
        p_remove_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    p_add_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS, record);
}

static talk_start kept_start(packet_info *pinfo, int proto, uint32_t seq)
{
    const talk_start usual = {.skip = 0};
    const start_record *record = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    while (record != NULL && record->seq != seq)
        record = record->next;
    return record != NULL ? record->start : usual;
}

static talk_start find_start(const talk_side *side, uint32_t seq, uint32_t len)
{
    talk_start start = {.skip = 0};
    const int32_t ahead = side->known ? (int32_t)(seq - side->next_seq) : 0;
    start.gap = ahead > 0;
    if (ahead < 0)
        start.skip = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
    if (ahead == 0) {
        start.rest_len = side->rest_len;
        memcpy(start.rest, side->rest, sizeof start.rest);
    }
    return start;
}

static void note_loss(talk_side *side, talk *t, const talk_start *start)
{
    if (!start->gap && !start->middle)
        return;
    side->lost = true;
    t->exchanges.incomplete = true;
    t->exchanges.request_missing |= start->gap;
}

talk_start talk_begin(packet_info *pinfo, const talk_protocol *protocol, talk *t, const void *data,
                      uint32_t len)
{
    const struct tcpinfo *tcp = data;
    const talk_side *side = talk_side_of(pinfo, t);
    talk_start start = {.skip = 0};
    if (tcp == NULL)
        return start;
    if (PINFO_FD_VISITED(pinfo))
        return kept_start(pinfo, protocol->proto, tcp->seq);
    start = find_start(side, tcp->seq, len);
    start.middle = !side->read && !plato_start_was_captured(pinfo);
    note_loss(talk_side_of(pinfo, t), t, &start);
    if (start.skip > 0 || start.gap || start.middle || start.rest_len > 0)
        keep_start(pinfo, protocol->proto, tcp->seq, &start);
    return start;
}

void talk_end(packet_info *pinfo, talk *t, const void *data, uint32_t used)
{
    const struct tcpinfo *tcp = data;
    talk_side *side = talk_side_of(pinfo, t);
    if (tcp == NULL || PINFO_FD_VISITED(pinfo))
        return;
    const uint32_t next = tcp->seq + used;
    if (side->known && (int32_t)(next - side->next_seq) < 0)
        return; /* late bytes do not move the side back */
    side->known = true;
    side->next_seq = next;
    side->read |= used > 0;
}

bool talk_is_reassembled(const void *data)
{
    const struct tcpinfo *tcp = data;
    return tcp != NULL && tcp->is_reassembled;
}

void talk_ask(packet_info *pinfo, talk *t, int offset, uint32_t wanted)
{
    talk_side *side = talk_side_of(pinfo, t);
    pinfo->desegment_offset = offset;
    pinfo->desegment_len = wanted;
    if (PINFO_FD_VISITED(pinfo) || side->waiting)
        return;
    side->waiting = true;
    side->waiting_since_ns = plato_time_of(pinfo);
}

void talk_cut(packet_info *pinfo, talk *t)
{
    if (!PINFO_FD_VISITED(pinfo))
        t->exchanges.incomplete = true;
}

/* ---- messages ---- */

static message_list *list_of(packet_info *pinfo, int proto)
{
    message_list *list = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_MESSAGES);
    if (list == NULL) {
        list = wmem_new0(wmem_file_scope(), message_list);
        p_add_proto_data(wmem_file_scope(), pinfo, proto, KEY_MESSAGES, list);
    }
    return list;
}

/* The message behind the one that was asked for last, while this packet is dissected. */
static talk_message *next_kept(packet_info *pinfo, int proto)
{
    talk_message **cursor = p_get_proto_data(pinfo->pool, pinfo, proto, KEY_CURSOR);
    if (cursor == NULL) {
        cursor = wmem_new(pinfo->pool, talk_message *);
        *cursor = list_of(pinfo, proto)->first;
        p_add_proto_data(pinfo->pool, pinfo, proto, KEY_CURSOR, cursor);
    }
    talk_message *message = *cursor;
    if (message != NULL)
        *cursor = message->next;
    return message;
}

/* Whether the command that ends here began too long ago. */
static bool end_waiting(talk_side *side, int64_t now)
{
    const bool slow = side->waiting && now - side->waiting_since_ns > TALK_COMMAND_NS;
    side->waiting = false;
    return slow;
}

static void append(message_list *list, talk_message *message)
{
    if (list->last != NULL)
        list->last->next = message;
    else
        list->first = message;
    list->last = message;
}

talk_message *talk_enter(packet_info *pinfo, talk_protocol *protocol, talk *t, bool is_request,
                         const plato_exchange *given)
{
    if (PINFO_FD_VISITED(pinfo)) {
        talk_message *kept = next_kept(pinfo, protocol->proto);
        /* TCP showed other bytes than on the first pass: nothing is known of them */
        return kept != NULL ? kept : wmem_new0(pinfo->pool, talk_message);
    }
    talk_message *message = wmem_new0(wmem_file_scope(), talk_message);
    append(list_of(pinfo, protocol->proto), message);
    const int64_t now = plato_time_of(pinfo);
    if (now > protocol->known_until_ns)
        protocol->known_until_ns = now;
    message->is_request = is_request;
    message->slow = end_waiting(talk_side_of(pinfo, t), now);
    if (given == NULL)
        return message;
    message->exchange = *given;
    message->exchange.number = pinfo->num;
    message->exchange.time_ns = now;
    message->paired = true;
    if (is_request)
        plato_exchanges_request(&t->exchanges, &protocol->rules, &message->exchange);
    else
        plato_exchanges_reply(&t->exchanges, &protocol->rules, &message->exchange);
    if (given->is_error && !t->exchanges.any_request)
        message->exchange.flags = 0; /* a client is turned away before it has said anything */
    return message;
}

bool talk_is_answered_rubbish(packet_info *pinfo, talk *t, bool is_request)
{
    talk_side *side = talk_side_of(pinfo, t);
    if (PINFO_FD_VISITED(pinfo) || !is_request || side->lost || side->wrong ||
        !plato_start_was_captured(pinfo))
        return false;
    side->wrong = true;
    return true;
}

/* ---- the tree ---- */

/* Where the items of a message go. */
typedef struct place {
    tvbuff_t *tvb;
    int offset;
    packet_info *pinfo;
    proto_tree *tree;
} place;

static void add_expert(const place *at, expert_field *field)
{
    proto_tree_add_expert(at->tree, at->pinfo, field, at->tvb, at->offset, 0);
}

static void add_frame(const place *at, int hf, uint32_t number)
{
    proto_item_set_generated(proto_tree_add_uint(at->tree, hf, at->tvb, at->offset, 0, number));
}

static void show_reply(const talk_protocol *protocol, const plato_exchange *reply, const place *at)
{
    if (reply->peer == NULL)
        return;
    const int64_t ns = plato_exchange_time_ns(reply);
    const nstime_t time = {(time_t)(ns / 1000000000), (int)(ns % 1000000000)};
    add_frame(at, protocol->hf_response_to, reply->peer->number);
    proto_item_set_generated(
        proto_tree_add_time(at->tree, protocol->hf_response_time, at->tvb, at->offset, 0, &time));
}

/* What only later packets tell is shown on later passes alone, so that all modes agree. */
static void show_request(talk_protocol *protocol, const plato_exchange *request, const place *at)
{
    if (!PINFO_FD_VISITED(at->pinfo))
        return;
    if (request->peer != NULL)
        add_frame(at, protocol->hf_response_in, request->peer->number);
    if (plato_exchange_is_unanswered(request, &protocol->rules, protocol->known_until_ns))
        add_expert(at, &protocol->expert.no_reply);
}

void talk_show(talk_protocol *protocol, const talk_message *message, tvbuff_t *tvb, int offset,
               packet_info *pinfo, proto_tree *tree)
{
    const place at = {tvb, offset, pinfo, tree};
    talk_expert *expert = &protocol->expert;
    const struct {
        unsigned flag;
        expert_field *field;
    } rows[] = {
        {PLATO_EXCHANGE_IN_FLIGHT, &expert->in_flight},
        {PLATO_EXCHANGE_TOO_SOON, &expert->too_soon},
        {PLATO_EXCHANGE_SILENT, &expert->silent},
        {PLATO_EXCHANGE_DIFFERS, &expert->differs},
        {PLATO_EXCHANGE_LATE, &expert->late},
        {PLATO_EXCHANGE_UNASKED, &expert->unasked},
    };
    if (message->slow)
        add_expert(&at, &expert->slow);
    if (!message->paired)
        return;
    if (message->is_request)
        show_request(protocol, &message->exchange, &at);
    else
        show_reply(protocol, &message->exchange, &at);
    for (size_t i = 0; i < array_length(rows); i++) {
        if (message->exchange.flags & rows[i].flag)
            add_expert(&at, rows[i].field);
    }
}

void talk_add_time(label *out, const talk_message *message)
{
    char text[40];
    if (message->is_request || message->exchange.peer == NULL)
        return;
    const int64_t us = plato_exchange_time_ns(&message->exchange) / 1000;
    snprintf(text, sizeof text, " (%" PRId64 ".%03d ms)", us / 1000, (int)(us % 1000));
    label_add(out, text);
}

static void offer(packet_info *pinfo, const talk_record *record)
{
    const talk_message *message = record->message;
    const plato_tap_message offered = {
        .protocol = record->protocol->id,
        .form = record->form,
        .is_request = message->is_request,
        .exchange = message->paired ? &message->exchange : NULL,
        .remark = record->remark,
        .error = record->error,
        .length = record->length,
        .behind = message->behind,
    };
    plato_tap_talk(pinfo, &offered);
}

void talk_tap(packet_info *pinfo, const talk_record *record)
{
    if (!PINFO_FD_VISITED(pinfo))
        record->message->behind = record->behind;
    offer(pinfo, record);
    if (record->form != PLATO_TAP_OUTSIDE && have_tap_listener(record->protocol->tap))
        tap_queue_packet(record->protocol->tap, pinfo,
                         wmem_memdup(pinfo->pool, record, sizeof *record));
}

uint64_t talk_digest(const uint8_t *p, size_t n)
{
    uint64_t digest = 14695981039346656037u ^ n;
    for (size_t i = 0; i < n; i++)
        digest = (digest ^ p[i]) * 1099511628211u;
    return digest;
}

void talk_forget(talk_protocol *protocol)
{
    protocol->known_until_ns = INT64_MIN;
}

void talk_register(talk_protocol *protocol, const char *name)
{
    protocol->tap = register_tap(name);
    talk_forget(protocol);
}
