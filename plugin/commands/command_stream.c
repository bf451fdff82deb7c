/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "commands/command_stream.h"

#include "support/column.h"
#include "support/flow.h"

#include <plato/command.h>

/* `tcp` is what TCP handed over; over TLS there is nothing that is the same in all versions. */
static int dissect(talk_stream *stream, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                   const void *tcp)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    talk *t = talk_of(pinfo, stream->protocol);
    const talk_start start = talk_begin(pinfo, stream->protocol, t, tcp, reported);
    const talk_call call = {
        .tvb = tvb,
        .pinfo = pinfo,
        .tree = tree,
        .talk = t,
        .gap = start.gap,
        .middle = start.middle,
        .may_ask = stream->desegment && pinfo->can_desegment > 0 && (uint32_t)captured == reported,
        .reassembled = talk_is_reassembled(tcp),
    };
    const int offset = (int)start.skip < captured ? (int)start.skip : captured;
    const int stopped = stream->walk(&call, offset);
    talk_end(pinfo, t, tcp, stopped < captured ? (uint32_t)stopped : reported);
    return captured;
}

static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data,
                       void *stream)
{
    return dissect((talk_stream *)stream, tvb, pinfo, tree, data);
}

static int dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_,
                       void *stream)
{
    return dissect((talk_stream *)stream, tvb, pinfo, tree, NULL);
}

/* ---- heuristics ---- */

static bool looks_right(talk_stream *stream, talk_layer layer, tvbuff_t *tvb, packet_info *pinfo)
{
    const size_t n = tvb_captured_length(tvb);
    talk_looks *looks = &talk_of(pinfo, stream->protocol)->looks[layer];
    return n > 0 && stream->looks_right(looks, pinfo, tvb_get_ptr(tvb, 0, (int)n), n);
}

ws_bool talk_claim_tcp(talk_stream *stream, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       void *data)
{
    if (!looks_right(stream, TALK_TCP, tvb, pinfo))
        return FALSE;
    flow_set_dissector(pinfo, stream->names.dissector);
    dissect(stream, tvb, pinfo, tree, data);
    return TRUE;
}

/*
 * The first record decides: a later pass hands all records to whoever claims the session, those in
 * front of the claim as well.
 */
ws_bool talk_claim_tls(talk_stream *stream, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                       void *data)
{
    talk *t = talk_of(pinfo, stream->protocol);
    if (t->tls_asked || PINFO_FD_VISITED(pinfo))
        return FALSE;
    t->tls_asked = true;
    if (!looks_right(stream, TALK_TLS, tvb, pinfo))
        return FALSE;
    ws_set_tls_app_handle(data, find_dissector(stream->names.dissector_tls));
    dissect(stream, tvb, pinfo, tree, NULL);
    return TRUE;
}

/* ---- registration ---- */

module_t *talk_register_stream(talk_stream *stream)
{
    const talk_names *names = &stream->names;
    const int proto = stream->protocol->proto;
    stream->desegment = TRUE;
    talk_register(stream->protocol, names->dissector);
    module_t *module = prefs_register_protocol(proto, NULL);
    prefs_register_bool_preference(module, "desegment", names->desegment_title,
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &stream->desegment);
    register_dissector_with_data(names->dissector, dissect_tcp, proto, stream);
    register_dissector_with_data(names->dissector_tls, dissect_tls, proto, stream);
    return module;
}

void talk_handoff_stream(const talk_stream *stream)
{
    static const char *const lists[TALK_LAYERS] = {"tcp", "tls"};
    const talk_names *names = &stream->names;
    dissector_handle_t tls = find_dissector(names->dissector_tls);
    dissector_add_uint_range_with_preference("tcp.port", stream->tcp_port,
                                             find_dissector(names->dissector));
    dissector_add_uint_range_with_preference("tls.port", stream->tls_port, tls);
    dissector_add_string("tls.alpn", stream->alpn, tls);
    for (unsigned i = 0; i < TALK_LAYERS; i++)
        heur_dissector_add(lists[i], stream->heuristics[i], names->heuristic_titles[i],
                           names->heuristics[i], stream->protocol->proto, HEURISTIC_ENABLE);
}

/* ---- one command ---- */

void talk_begin_piece(const talk_protocol *protocol, talk_piece *piece)
{
    const talk_call *call = piece->call;
    column_append_pdu(call->pinfo, protocol->column, piece->text.text);
    piece->item = proto_tree_add_item(call->tree, protocol->proto, call->tvb, piece->offset,
                                      piece->length, ENC_NA);
    proto_item_append_text(piece->item, ", %s", piece->text.text);
    piece->tree = proto_item_add_subtree(piece->item, protocol->ett);
}

proto_item *talk_begin_outside(const talk_protocol *protocol, talk_piece *piece)
{
    const talk_call *call = piece->call;
    piece->form = PLATO_TAP_OUTSIDE;
    label_begin(&piece->text);
    label_add(&piece->text, "Continuation (");
    label_add_number(&piece->text, (uint64_t)piece->length);
    label_add(&piece->text, " bytes)");
    talk_begin_piece(protocol, piece);
    return proto_tree_add_item(piece->tree, protocol->hf_continuation, call->tvb, piece->offset,
                               piece->length, ENC_NA);
}

void talk_end_piece(talk_protocol *protocol, const talk_piece *piece, talk_message *message,
                    const char *type, const char *remark)
{
    const talk_call *call = piece->call;
    const talk_record record = {
        .protocol = protocol,
        .message = message,
        .type = type,
        .remark = remark,
        .form = piece->form,
        .error = piece->error,
        .length = (uint32_t)piece->length,
        .behind = tvb_captured_length(call->tvb) - (uint32_t)(piece->offset + piece->length),
    };
    if (piece->form == PLATO_TAP_CUT)
        talk_cut(call->pinfo, call->talk);
    talk_show(protocol, message, call->tvb, piece->offset, call->pinfo, piece->tree);
    talk_tap(call->pinfo, &record);
}

void talk_show_error(talk_protocol *protocol, const talk_piece *piece, proto_item *code)
{
    const char *text = plato_command_code_text(piece->error);
    proto_item_append_text(code, " (%s)", text != NULL ? text : "unknown");
    expert_add_info_format(piece->call->pinfo, code, &protocol->expert.error_reply,
                           "Error reply: %u", piece->error);
}
