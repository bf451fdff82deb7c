/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What each transport hands over.
 *
 * Plain TCP: that the connection is Plato's, no more; its bytes are read by tcp_reader.c, since TCP
 * withholds some of them and repeats others. TLS gives all bytes in their order. WebSocket does not
 * put messages together, so the start of a frame is kept here until its end comes.
 */
#include "plato/transport.h"

#include "plato/carrier_watch.h"
#include "plato/pdu/prefs.h"
#include "plato/pdu/proto.h"
#include "plato/pdu_scan.h"
#include "plato/tcp_reader.h"
#include "plato/tree/tree_frame.h"
#include "support/flow.h"

#include <string.h>

/* Kept with a packet for each WebSocket message that goes on with a frame of an earlier one. */
typedef struct ws_message {
    const uint8_t *joined; /* NULL: the frame goes on after this message as well */
    size_t len;
} ws_message;

/* Key of proto data with file scope. */
enum { KEY_RESTS = 0x10000 };

static bool can_desegment(const packet_info *pinfo)
{
    return plato_pref.desegment && pinfo->can_desegment > 0;
}

static int scan(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    carrier_watch_claim(pinfo);
    const scan_end end =
        plato_scan_pdus(tvb, pinfo, tree, plato_conversation_of(pinfo), can_desegment(pinfo));
    if (end.desegment_len != 0) {
        pinfo->desegment_offset = end.consumed;
        pinfo->desegment_len = end.desegment_len;
    }
    return (int)tvb_captured_length(tvb);
}

/* Whether it is TCP itself that calls, and not something that is carried by it. */
static bool is_plain_tcp(const packet_info *pinfo)
{
    const int tcp = proto_get_id_by_filter_name("tcp");
    wmem_list_frame_t *layer = wmem_list_tail(pinfo->layers);
    while (layer != NULL && GPOINTER_TO_INT(wmem_list_frame_data(layer)) == proto_plato)
        layer = wmem_list_frame_prev(layer);
    return layer != NULL && GPOINTER_TO_INT(wmem_list_frame_data(layer)) == tcp;
}

int plato_dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (!is_plain_tcp(pinfo))
        return scan(tvb, pinfo, tree);
    tcp_reader_dissect(pinfo, tree);
    return (int)tvb_captured_length(tvb);
}

int plato_dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return scan(tvb, pinfo, tree);
}

/* Doubles, so that each byte is copied a bounded number of times. */
static void keep_rest(plato_flow *flow, const uint8_t *bytes, size_t len)
{
    if (flow->rest_len + len > flow->rest_cap) {
        flow->rest_cap = (flow->rest_len + len) * 2;
        flow->rest = wmem_realloc(wmem_file_scope(), flow->rest, flow->rest_cap);
    }
    memcpy(flow->rest + flow->rest_len, bytes, len);
    flow->rest_len += len;
}

/* Whether the frame that begins the kept bytes is all there, or will never be. */
static bool rest_is_whole(const plato_conversation *conversation, const plato_flow *flow)
{
    const plato_limits limits = plato_pref_limits();
    const plato_framing framing =
        conversation->framing != 0 ? conversation->framing : PLATO_FRAMING_HEADER;
    uint64_t total;
    plato_err err = plato_frame_length(framing, flow->rest, flow->rest_len, &limits, &total);
    return err != PLATO_NEED_MORE && (err != PLATO_OK || total <= flow->rest_len);
}

/* Adds a message to what is kept; when the frame is whole the record takes the bytes over. */
static ws_message *join_rest(tvbuff_t *tvb, packet_info *pinfo, plato_conversation *conversation,
                             plato_flow *flow, uint32_t key)
{
    const size_t len = tvb_captured_length(tvb);
    ws_message *record = wmem_new0(wmem_file_scope(), ws_message);
    keep_rest(flow, tvb_get_ptr(tvb, 0, (int)len), len);
    if (rest_is_whole(conversation, flow)) {
        record->joined = flow->rest;
        record->len = flow->rest_len;
        flow->rest = NULL;
        flow->rest_len = flow->rest_cap = 0;
    }
    p_add_proto_data(wmem_file_scope(), pinfo, proto_plato, key, record);
    return record;
}

/* Which of the packet's WebSocket messages this is. */
static uint32_t message_ordinal(packet_info *pinfo)
{
    uint32_t *count = p_get_proto_data(pinfo->pool, pinfo, proto_plato, KEY_RESTS);
    if (count == NULL) {
        count = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_plato, KEY_RESTS, count);
    }
    return (*count)++;
}

int plato_dissect_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    plato_conversation *conversation = plato_conversation_of(pinfo);
    plato_flow *flow = &conversation->flows[flow_direction(pinfo)];
    const bool first_pass = !PINFO_FD_VISITED(pinfo);
    const uint32_t key = KEY_RESTS + message_ordinal(pinfo);
    const ws_message *record = p_get_proto_data(wmem_file_scope(), pinfo, proto_plato, key);
    tvbuff_t *bytes = tvb;

    carrier_watch_claim(pinfo);
    if (first_pass && flow->rest_len > 0)
        record = join_rest(tvb, pinfo, conversation, flow, key);
    if (record != NULL && record->joined == NULL) {
        plato_dissect_pdu_part(tvb, pinfo, tree, 0);
        return (int)tvb_captured_length(tvb);
    }
    if (record != NULL) {
        bytes =
            tvb_new_child_real_data(tvb, record->joined, (unsigned)record->len, (int)record->len);
        add_new_data_source(pinfo, bytes, "Joined WebSocket messages");
    }
    const scan_end end = plato_scan_pdus(bytes, pinfo, tree, conversation, plato_pref.desegment);
    const size_t len = tvb_captured_length(bytes);
    if (first_pass && end.desegment_len != 0 && (size_t)end.consumed < len)
        keep_rest(flow, tvb_get_ptr(bytes, end.consumed, (int)len - end.consumed),
                  len - (size_t)end.consumed);
    return (int)tvb_captured_length(tvb);
}
