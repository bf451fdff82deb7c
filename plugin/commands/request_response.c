/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Requests and replies of the latency and command protocols: what the first pass finds is kept. */
#include "commands/request_response.h"

#include "support/flow.h"

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
    rr_start start;
} start_record;

/* The messages of a packet, and while it is dissected the next of them. */
typedef struct message_list {
    rr_message *first;
    rr_message *last;
} message_list;

rr_conversation *rr_conversation_of(packet_info *pinfo, const rr_protocol *protocol)
{
    conversation_t *conversation = find_or_create_conversation(pinfo);
    rr_conversation *known = conversation_get_proto_data(conversation, protocol->proto);
    if (known == NULL) {
        known = wmem_new0(wmem_file_scope(), rr_conversation);
        conversation_add_proto_data(conversation, protocol->proto, known);
    }
    return known;
}

rr_flow *rr_flow_of(packet_info *pinfo, rr_conversation *rr)
{
    return &rr->flows[flow_direction(pinfo)];
}

static bool sent_by_client(packet_info *pinfo, bool like_reply)
{
    if (flow_start_captured(pinfo))
        return flow_sender_opened(pinfo);
    if (pinfo->match_uint != 0 && pinfo->destport != pinfo->srcport) {
        if (pinfo->match_uint == pinfo->destport)
            return true;
        if (pinfo->match_uint == pinfo->srcport)
            return false;
    }
    return !like_reply;
}

bool rr_is_request(packet_info *pinfo, rr_conversation *rr, bool like_reply)
{
    const unsigned direction = flow_direction(pinfo);
    if (!rr->client_known) {
        rr->client_known = true;
        rr->client_direction = sent_by_client(pinfo, like_reply) ? direction : 1 - direction;
    }
    return direction == rr->client_direction;
}

/* ---- what a TCP stream expects next ---- */

static void keep_start(packet_info *pinfo, int proto, uint32_t seq, const rr_start *start)
{
    start_record *record = wmem_new(wmem_file_scope(), start_record);
    record->next = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    record->seq = seq;
    record->start = *start;
    if (record->next != NULL)
        p_remove_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    p_add_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS, record);
}

static rr_start kept_start(packet_info *pinfo, int proto, uint32_t seq)
{
    const rr_start usual = {.skip = 0};
    const start_record *record = p_get_proto_data(wmem_file_scope(), pinfo, proto, KEY_STARTS);
    while (record != NULL && record->seq != seq)
        record = record->next;
    return record != NULL ? record->start : usual;
}

static rr_start find_start(const rr_flow *flow, uint32_t seq, uint32_t len)
{
    rr_start start = {.skip = 0};
    const int32_t ahead = flow->known ? (int32_t)(seq - flow->next_seq) : 0;
    start.after_unseen = ahead > 0;
    if (ahead < 0)
        start.skip = (uint32_t)-ahead < len ? (uint32_t)-ahead : len;
    if (ahead == 0) {
        start.rest_len = flow->rest_len;
        memcpy(start.rest, flow->rest, sizeof start.rest);
    }
    return start;
}

static void note_unseen(rr_flow *flow, rr_conversation *rr, const rr_start *start)
{
    if (!start->after_unseen && !start->mid_stream)
        return;
    flow->after_unseen = true;
    rr->exchanges.incomplete = true;
    rr->exchanges.request_missing |= start->after_unseen;
}

rr_start rr_begin_segment(packet_info *pinfo, const rr_protocol *protocol, rr_conversation *rr,
                          const void *data, uint32_t len)
{
    const struct tcpinfo *tcp = data;
    const rr_flow *flow = rr_flow_of(pinfo, rr);
    rr_start start = {.skip = 0};
    if (tcp == NULL)
        return start;
    if (PINFO_FD_VISITED(pinfo))
        return kept_start(pinfo, protocol->proto, tcp->seq);
    start = find_start(flow, tcp->seq, len);
    start.mid_stream = !flow->message_seen && !flow_start_captured(pinfo);
    note_unseen(rr_flow_of(pinfo, rr), rr, &start);
    if (start.skip > 0 || start.after_unseen || start.mid_stream || start.rest_len > 0)
        keep_start(pinfo, protocol->proto, tcp->seq, &start);
    return start;
}

void rr_end_segment(packet_info *pinfo, rr_conversation *rr, const void *data, uint32_t consumed)
{
    const struct tcpinfo *tcp = data;
    rr_flow *flow = rr_flow_of(pinfo, rr);
    if (tcp == NULL || PINFO_FD_VISITED(pinfo))
        return;
    const uint32_t next = tcp->seq + consumed;
    if (flow->known && (int32_t)(next - flow->next_seq) < 0)
        return; /* what comes out of order does not move it back */
    flow->known = true;
    flow->next_seq = next;
    flow->message_seen |= consumed > 0;
}

bool rr_is_reassembled(const void *data)
{
    const struct tcpinfo *tcp = data;
    return tcp != NULL && tcp->is_reassembled;
}

void rr_request_more(packet_info *pinfo, rr_conversation *rr, int offset, uint32_t desegment_len)
{
    rr_flow *flow = rr_flow_of(pinfo, rr);
    pinfo->desegment_offset = offset;
    pinfo->desegment_len = desegment_len;
    if (PINFO_FD_VISITED(pinfo) || flow->waiting)
        return;
    flow->waiting = true;
    flow->waiting_since_ns = flow_time_ns(pinfo);
}

void rr_note_truncated(packet_info *pinfo, rr_conversation *rr)
{
    if (!PINFO_FD_VISITED(pinfo))
        rr->exchanges.incomplete = true;
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

/* The message after the one that was returned last, while this packet is dissected. */
static rr_message *next_kept(packet_info *pinfo, int proto)
{
    rr_message **cursor = p_get_proto_data(pinfo->pool, pinfo, proto, KEY_CURSOR);
    if (cursor == NULL) {
        cursor = wmem_new(pinfo->pool, rr_message *);
        *cursor = list_of(pinfo, proto)->first;
        p_add_proto_data(pinfo->pool, pinfo, proto, KEY_CURSOR, cursor);
    }
    rr_message *message = *cursor;
    if (message != NULL)
        *cursor = message->next;
    return message;
}

/* Whether the command that ends here began too long ago. */
static bool end_waiting(rr_flow *flow, int64_t now)
{
    const bool slow = flow->waiting && now - flow->waiting_since_ns > RR_COMMAND_NS;
    flow->waiting = false;
    return slow;
}

static void append(message_list *list, rr_message *message)
{
    if (list->last != NULL)
        list->last->next = message;
    else
        list->first = message;
    list->last = message;
}

rr_message *rr_add_message(packet_info *pinfo, rr_protocol *protocol, rr_conversation *rr,
                           bool is_request, const analysis_rr_message *claims)
{
    if (PINFO_FD_VISITED(pinfo)) {
        rr_message *kept = next_kept(pinfo, protocol->proto);
        /* TCP showed other bytes than on the first pass: nothing is known of them */
        return kept != NULL ? kept : wmem_new0(pinfo->pool, rr_message);
    }
    rr_message *message = wmem_new0(wmem_file_scope(), rr_message);
    append(list_of(pinfo, protocol->proto), message);
    const int64_t now = flow_time_ns(pinfo);
    if (now > protocol->known_until_ns)
        protocol->known_until_ns = now;
    message->is_request = is_request;
    message->slow = end_waiting(rr_flow_of(pinfo, rr), now);
    if (claims == NULL)
        return message;
    message->exchange = *claims;
    message->exchange.number = pinfo->num;
    message->exchange.time_ns = now;
    message->paired = true;
    if (is_request)
        analysis_rr_request(&rr->exchanges, &protocol->rules, &message->exchange);
    else
        analysis_rr_reply(&rr->exchanges, &protocol->rules, &message->exchange);
    if (claims->is_error && !rr->exchanges.any_request)
        message->exchange.flags = 0; /* a client is refused before it has sent anything */
    return message;
}

bool rr_is_first_invalid(packet_info *pinfo, rr_conversation *rr, bool is_request)
{
    rr_flow *flow = rr_flow_of(pinfo, rr);
    if (PINFO_FD_VISITED(pinfo) || !is_request || flow->after_unseen || flow->invalid_seen ||
        !flow_start_captured(pinfo))
        return false;
    flow->invalid_seen = true;
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

static void add_reply_items(const rr_protocol *protocol, const analysis_rr_message *reply,
                            const place *at)
{
    if (reply->peer == NULL)
        return;
    const int64_t ns = analysis_rr_time_ns(reply);
    const nstime_t duration = {(time_t)(ns / 1000000000), (int)(ns % 1000000000)};
    add_frame(at, protocol->hf_response_to, reply->peer->number);
    proto_item_set_generated(proto_tree_add_time(at->tree, protocol->hf_response_time, at->tvb,
                                                 at->offset, 0, &duration));
}

/* What only later packets show is added on later passes alone, so that all modes agree. */
static void add_request_items(rr_protocol *protocol, const analysis_rr_message *request,
                              const place *at)
{
    if (!PINFO_FD_VISITED(at->pinfo))
        return;
    if (request->peer != NULL)
        add_frame(at, protocol->hf_response_in, request->peer->number);
    if (analysis_rr_is_unanswered(request, &protocol->rules, protocol->known_until_ns))
        add_expert(at, &protocol->expert.no_reply);
}

void rr_add_items(rr_protocol *protocol, const rr_message *message, tvbuff_t *tvb, int offset,
                  packet_info *pinfo, proto_tree *tree)
{
    const place at = {tvb, offset, pinfo, tree};
    rr_expert *expert = &protocol->expert;
    const struct {
        unsigned flag;
        expert_field *field;
    } rows[] = {
        {ANALYSIS_RR_IN_FLIGHT, &expert->in_flight},
        {ANALYSIS_RR_TOO_SOON, &expert->too_soon},
        {ANALYSIS_RR_IDLE_TOO_LONG, &expert->idle_too_long},
        {ANALYSIS_RR_MISMATCH, &expert->mismatch},
        {ANALYSIS_RR_LATE, &expert->late},
        {ANALYSIS_RR_UNSOLICITED, &expert->unsolicited},
    };
    if (message->slow)
        add_expert(&at, &expert->slow);
    if (!message->paired)
        return;
    if (message->is_request)
        add_request_items(protocol, &message->exchange, &at);
    else
        add_reply_items(protocol, &message->exchange, &at);
    for (size_t i = 0; i < array_length(rows); i++) {
        if (message->exchange.flags & rows[i].flag)
            add_expert(&at, rows[i].field);
    }
}

void rr_append_time(label *out, const rr_message *message)
{
    char text[40];
    if (message->is_request || message->exchange.peer == NULL)
        return;
    const int64_t us = analysis_rr_time_ns(&message->exchange) / 1000;
    snprintf(text, sizeof text, " (%" PRId64 ".%03d ms)", us / 1000, (int)(us % 1000));
    label_add(out, text);
}

static void tap_for_plugins(packet_info *pinfo, const rr_record *record)
{
    const rr_message *message = record->message;
    const plato_tap_message record_for_plugins = {
        .protocol = record->protocol->id,
        .form = record->form,
        .is_request = message->is_request,
        .exchange = message->paired ? &message->exchange : NULL,
        .remark = record->remark,
        .error = record->error,
        .length = record->length,
        .following = message->following,
    };
    plato_tap_rr_message(pinfo, &record_for_plugins);
}

void rr_tap(packet_info *pinfo, const rr_record *record)
{
    if (!PINFO_FD_VISITED(pinfo))
        record->message->following = record->following;
    tap_for_plugins(pinfo, record);
    if (record->form != PLATO_TAP_OUTSIDE && have_tap_listener(record->protocol->tap))
        tap_queue_packet(record->protocol->tap, pinfo,
                         wmem_memdup(pinfo->pool, record, sizeof *record));
}

uint64_t rr_digest(const uint8_t *p, size_t n)
{
    uint64_t digest = 14695981039346656037u ^ n;
    for (size_t i = 0; i < n; i++)
        digest = (digest ^ p[i]) * 1099511628211u;
    return digest;
}

void rr_reset(rr_protocol *protocol)
{
    protocol->known_until_ns = INT64_MIN;
}

void rr_register(rr_protocol *protocol, const char *name)
{
    protocol->tap = register_tap(name);
    rr_reset(protocol);
}
