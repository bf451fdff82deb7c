/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/command_stream.h"

#include "support/column.h"
#include "support/flow.h"

#include <plato/command.h>

/* `tcp` is what TCP handed over; over TLS there is nothing that is the same in all versions. */
static int dissect_segment(command_stream *stream, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree, const void *tcp)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    rr_conversation *rr = rr_conversation_of(pinfo, stream->protocol);
    const rr_start start = rr_begin_segment(pinfo, stream->protocol, rr, tcp, reported);
    const command_segment segment = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .rr = rr,
        .after_unseen = start.after_unseen,
        .mid_stream = start.mid_stream,
        .can_desegment =
            stream->desegment && pinfo->can_desegment > 0 && (uint32_t)captured == reported,
        .reassembled = rr_is_reassembled(tcp),
    };
    const int offset = (int)start.skip < captured ? (int)start.skip : captured;
    const int stopped = stream->dissect(&segment, offset);
    rr_end_segment(pinfo, rr, tcp, stopped < captured ? (uint32_t)stopped : reported);
    return captured;
}

static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                       void *stream)
{
    return dissect_segment((command_stream *)stream, tvb, pinfo, tree, data);
}

static int dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_,
                       void *stream)
{
    return dissect_segment((command_stream *)stream, tvb, pinfo, tree, NULL);
}

/* ---- heuristics ---- */

static bool matches(command_stream *stream, command_layer layer, tvbuff_t *tvb, packet_info *pinfo)
{
    const size_t n = tvb_captured_length(tvb);
    heuristic_state *state = &rr_conversation_of(pinfo, stream->protocol)->heuristics[layer];
    return n > 0 && stream->matches(state, pinfo, tvb_get_ptr(tvb, 0, (int)n), n);
}

ws_bool command_heuristic_tcp(command_stream *stream, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, void *data)
{
    if (!matches(stream, COMMAND_TCP, tvb, pinfo))
        return FALSE;
    flow_set_dissector(pinfo, stream->names.dissector);
    dissect_segment(stream, tvb, pinfo, tree, data);
    return TRUE;
}

/*
 * The first record decides: a later pass hands all records to whoever claims the session, those
 * before the claim as well.
 */
ws_bool command_heuristic_tls(command_stream *stream, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, void *data)
{
    rr_conversation *rr = rr_conversation_of(pinfo, stream->protocol);
    if (rr->tls_tried || PINFO_FD_VISITED(pinfo))
        return FALSE;
    rr->tls_tried = true;
    if (!matches(stream, COMMAND_TLS, tvb, pinfo))
        return FALSE;
    ws_set_tls_app_handle(data, find_dissector(stream->names.dissector_tls));
    dissect_segment(stream, tvb, pinfo, tree, NULL);
    return TRUE;
}

/* ---- registration ---- */

module_t *command_register(command_stream *stream)
{
    const command_names *names = &stream->names;
    const int proto = stream->protocol->proto;
    stream->desegment = TRUE;
    rr_register(stream->protocol, names->dissector);
    module_t *module = prefs_register_protocol(proto, NULL);
    prefs_register_bool_preference(module, "desegment", names->desegment_title,
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &stream->desegment);
    register_dissector_with_data(names->dissector, dissect_tcp, proto, stream);
    register_dissector_with_data(names->dissector_tls, dissect_tls, proto, stream);
    return module;
}

void command_handoff(const command_stream *stream)
{
    static const char *const lists[COMMAND_LAYERS] = {"tcp", "tls"};
    const command_names *names = &stream->names;
    dissector_handle_t tls = find_dissector(names->dissector_tls);
    dissector_add_uint_range_with_preference("tcp.port", stream->tcp_port,
                                             find_dissector(names->dissector));
    dissector_add_uint_range_with_preference("tls.port", stream->tls_port, tls);
    dissector_add_string("tls.alpn", stream->alpn, tls);
    for (unsigned i = 0; i < COMMAND_LAYERS; i++)
        heur_dissector_add(lists[i], stream->heuristics[i], names->heuristic_titles[i],
                           names->heuristics[i], stream->protocol->proto, HEURISTIC_ENABLE);
}

/* ---- one command ---- */

void command_begin_item(const rr_protocol *protocol, command_item *item)
{
    const command_segment *segment = item->segment;
    column_append_pdu(segment->pinfo, protocol->column, item->text.text);
    item->item = proto_tree_add_item(segment->tree, protocol->proto, segment->tvb, item->offset,
                                     item->length, ENC_NA);
    proto_item_append_text(item->item, ", %s", item->text.text);
    item->tree = proto_item_add_subtree(item->item, protocol->ett);
}

proto_item *command_begin_continuation(const rr_protocol *protocol, command_item *item)
{
    const command_segment *segment = item->segment;
    item->form = PLATO_TAP_OUTSIDE;
    label_begin(&item->text);
    label_add(&item->text, "Continuation (");
    label_add_number(&item->text, (uint64_t)item->length);
    label_add(&item->text, " bytes)");
    command_begin_item(protocol, item);
    return proto_tree_add_item(item->tree, protocol->hf_continuation, segment->tvb, item->offset,
                               item->length, ENC_NA);
}

void command_end_item(rr_protocol *protocol, const command_item *item, rr_message *message,
                      const char *type, const char *remark)
{
    const command_segment *segment = item->segment;
    const rr_record record = {
        .protocol = protocol,
        .message = message,
        .type = type,
        .remark = remark,
        .form = item->form,
        .error = item->error,
        .length = (uint32_t)item->length,
        .following = tvb_captured_length(segment->tvb) - (uint32_t)(item->offset + item->length),
    };
    if (item->form == PLATO_TAP_CUT)
        rr_note_truncated(segment->pinfo, segment->rr);
    rr_add_items(protocol, message, segment->tvb, item->offset, segment->pinfo, item->tree);
    rr_tap(segment->pinfo, &record);
}

void command_add_error_code(rr_protocol *protocol, const command_item *item, proto_item *code)
{
    const char *text = plato_command_code_text(item->error);
    proto_item_append_text(code, " (%s)", text != NULL ? text : "unknown");
    expert_add_info_format(item->segment->pinfo, code, &protocol->expert.error_reply,
                           "Error reply: %u", item->error);
}
