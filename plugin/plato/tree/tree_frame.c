/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One frame in the tree. Of the fixed header, all integers unsigned and big-endian:
 *
 *     offset  size  field
 *          0     1  version
 *          1     1  msg_type
 *          2     4  msg_len        bytes of the body
 *          6     4  var_head_len   bytes of the variable header
 *         10     4  crc32          over bytes 0..9, variable header and body
 *         14     var_head_len      variable header, protobuf
 *          .     msg_len           body
 */
#include "plato/tree/tree_frame.h"

#include "plato/pdu/prefs.h"
#include "plato/pdu/proto.h"
#include "plato/tree/col_info.h"
#include "plato/tree/expert.h"
#include "plato/tree/hf_schema.h"
#include "plato/tree/tree_analysis.h"
#include "plato/tree/tree_body.h"
#include "plato/tree/tree_head.h"
#include "plato/tree/tree_msgcmd.h"
#include "plato/tree/tree_segments.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>
#include <stream/pdu.h>

static int hf_version = -1;
static int hf_msg_type = -1;
static int hf_msg_len = -1;
static int hf_var_head_len = -1;
static int hf_crc32 = -1;
static int hf_crc32_status = -1;
static int hf_crc32_calculated = -1;
static int hf_crc32_coverage = -1;
static int hf_frame_len = -1;
static int hf_framing = -1;
static int hf_continuation = -1;
static int ett_plato = -1;

static const value_string framings[] = {
    {PLATO_FRAMING_HEADER, "Fixed header"},
    {PLATO_FRAMING_MSGCMD, "Length-prefixed"},
    {0, NULL},
};

static void add_generated_uint(proto_tree *tree, int hf, tvbuff_t *tvb, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, tvb, 0, 0, value));
}

/*
 * proto_tree_add_checksum() would add "[correct]" to the number; that alone costs as much as three
 * fields. The status says it.
 */
static void add_good_crc(const pdu_info *facts, tvbuff_t *tvb, proto_tree *tree)
{
    proto_tree_add_uint(tree, hf_crc32, tvb, PLATO_HEADER_CRC_OFFSET, 4, facts->frame.crc32);
    proto_item_set_generated(proto_tree_add_uint(
        tree, hf_crc32_status, tvb, PLATO_HEADER_CRC_OFFSET, 0, PROTO_CHECKSUM_E_GOOD));
}

static void add_crc(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const stream_checksum_result *crc = &facts->crc;
    proto_item *item;
    if (crc->status == STREAM_CHECKSUM_GOOD)
        add_good_crc(facts, tvb, tree);
    else
        proto_tree_add_checksum(tree, tvb, PLATO_HEADER_CRC_OFFSET, hf_crc32, hf_crc32_status,
                                plato_expert(EXPERT_CRC_BAD), pinfo, crc->calculated,
                                ENC_BIG_ENDIAN,
                                crc->computed ? PROTO_CHECKSUM_VERIFY : PROTO_CHECKSUM_NO_FLAGS);
    if (crc->computed) {
        item = proto_tree_add_uint(tree, hf_crc32_calculated, tvb, PLATO_HEADER_CRC_OFFSET, 4,
                                   crc->calculated);
        proto_item_set_generated(item);
    }
    if (crc->known_kind) {
        item = proto_tree_add_string(tree, hf_crc32_coverage, tvb, PLATO_HEADER_CRC_OFFSET, 4,
                                     plato_crc_kind_text(crc->kind));
        proto_item_set_generated(item);
    }
}

static void dissect_header(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree)
{
    const plato_frame *header = &facts->frame;
    proto_item *item = proto_tree_add_uint(tree, hf_version, tvb, 0, 1, header->version);
    if (header->version != PLATO_VERSION_ON_WIRE)
        expert_add_info(pinfo, item, plato_expert(EXPERT_VERSION));
    item = proto_tree_add_uint(tree, hf_msg_type, tvb, 1, 1, header->msg_type);
    if (header->version == PLATO_VERSION_ON_WIRE && plato_msg_type_name(header->msg_type) == NULL)
        expert_add_info(pinfo, item, plato_expert(EXPERT_MSG_TYPE));
    proto_tree_add_uint(tree, hf_msg_len, tvb, 2, 4, header->msg_len);
    proto_tree_add_uint(tree, hf_var_head_len, tvb, 6, 4, header->var_head_len);
    add_crc(facts, tvb, pinfo, tree);
    item = proto_tree_add_uint64(tree, hf_frame_len, tvb, 2, 8, facts->total);
    proto_item_set_generated(item);
}

static bool is_header_too_long(const pdu_info *facts)
{
    return facts->length_error == PLATO_ERR_VAR_HEAD_TOO_LONG;
}

/* The bytes after a header whose length cannot be, or was damaged, belong to no frame. */
static void add_bytes_after_header(const pdu_info *facts, tvbuff_t *tvb, proto_tree *tree)
{
    const int header = (int)stream_pdu_header_len(facts->frame.framing);
    if (facts->captured > header)
        proto_tree_add_item(tree, hf_continuation, tvb, header, facts->captured - header, ENC_NA);
}

static void dissect_impossible(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                               proto_tree *tree, proto_item *frame_item)
{
    const bool head = is_header_too_long(facts);
    if (facts->length_error == PLATO_ERR_EMPTY_FRAME)
        plato_expert_add_malformed(pinfo, frame_item, facts->length_error, 0);
    else
        expert_add_info_format(pinfo, frame_item, plato_expert(EXPERT_TOO_LARGE),
                               "%s: %u bytes, the limit is %u (preference plato.%s)",
                               plato_strerror(facts->length_error),
                               head ? facts->frame.var_head_len : facts->frame.msg_len,
                               head ? plato_pref.max_var_head_len : plato_pref.max_msg_len,
                               head ? "max_var_head_len" : "max_msg_len");
    add_bytes_after_header(facts, tvb, tree);
}

static void dissect_shortened(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                              proto_tree *tree, proto_item *frame_item)
{
    expert_add_info_format(pinfo, frame_item, plato_expert(EXPERT_SKIPPED),
                           "The length is damaged: %" PRIu64
                           " bytes are claimed, but the next frame begins after %d",
                           facts->total, facts->captured);
    add_bytes_after_header(facts, tvb, tree);
}

static void dissect_header_pdu(const pdu_info *facts, tvbuff_t *tvb, packet_info *pinfo,
                               proto_tree *tree)
{
    const int head = (int)facts->frame.var_head.n;
    const int body = PLATO_HEADER_LEN + (int)facts->frame.var_head_len;
    const int body_length = (int)facts->frame.body.n;
    proto_tree *fields =
        plato_dissect_head(facts, tvb, pinfo, tree, PLATO_HEADER_LEN, head, PLATO_HEADER_LEN, head);
    plato_add_head_findings(facts, tvb, pinfo, fields, PLATO_HEADER_LEN + head);
    plato_dissect_body(&facts->body, tvb, pinfo, tree, body, body_length, body, body_length);
}

static proto_item *add_protocol(proto_tree *tree, tvbuff_t *tvb, int length, const char *text)
{
    proto_item *item = proto_tree_add_item(tree, proto_plato, tvb, 0, length, ENC_NA);
    label title;
    label_begin(&title);
    label_add(&title, proto_registrar_get_name(proto_plato));
    label_add(&title, ", ");
    label_add(&title, text);
    proto_item_set_text(item, "%s", title.text);
    return item;
}

static void dissect_in_tree(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                            packet_info *pinfo, proto_tree *tree, const char *text)
{
    const bool msgcmd = facts->frame.framing == PLATO_FRAMING_MSGCMD;
    proto_item *item = add_protocol(tree, tvb, facts->captured, text);
    proto_tree *frame = proto_item_add_subtree(item, ett_plato);
    if (msgcmd)
        plato_dissect_msgcmd_header(facts, tvb, pinfo, frame);
    else
        dissect_header(facts, tvb, pinfo, frame);
    add_generated_uint(frame, hf_framing, tvb, facts->frame.framing);
    if (facts->length_error != PLATO_OK)
        dissect_impossible(facts, tvb, pinfo, frame, item);
    else if (facts->shortened)
        dissect_shortened(facts, tvb, pinfo, frame, item);
    else if (facts->decoded && msgcmd)
        plato_dissect_msgcmd_payload(facts, tvb, pinfo, frame);
    else if (facts->decoded)
        dissect_header_pdu(facts, tvb, pinfo, frame);
    plato_add_segments(facts, tvb, frame);
    plato_add_analysis_tree(facts, analysis, tvb, pinfo, frame);
    /* says "packet size limited during capture" for a frame that was cut */
    if (facts->length_error == PLATO_OK && !facts->shortened && !facts->complete)
        tvb_ensure_bytes_exist(tvb, 0, (int)MIN(facts->total, tvb_reported_length(tvb)));
}

/* An exception belongs to its frame: the next one is shown all the same. */
void plato_dissect_pdu(const pdu_info *facts, const pdu_analysis *analysis, tvbuff_t *tvb,
                       packet_info *pinfo, proto_tree *tree)
{
    const char *proto = pinfo->current_proto;
    label text;
    plato_info_text(pinfo, facts, &text);
    plato_info_column(pinfo, text.text); /* before everything that may throw */
    TRY
    {
        dissect_in_tree(facts, analysis, tvb, pinfo, tree, text.text);
    }
    CATCH_BOUNDS_ERRORS
    {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        pinfo->current_proto = proto;
    }
    ENDTRY;
}

static proto_tree *dissect_bytes(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                 const char *text)
{
    proto_item *item = add_protocol(tree, tvb, (int)tvb_captured_length(tvb), text);
    plato_info_column(pinfo, text);
    return proto_item_add_subtree(item, ett_plato);
}

void plato_dissect_continuation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int length = (int)tvb_captured_length(tvb);
    proto_tree *bytes = dissect_bytes(tvb, pinfo, tree, "[Continuation]");
    proto_item *item = proto_tree_add_item(bytes, hf_continuation, tvb, 0, length, ENC_NA);
    expert_add_info_format(pinfo, item, plato_expert(EXPERT_SKIPPED),
                           "%d bytes belong to no frame that could be found", length);
}

void plato_dissect_pdu_part(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint32_t packet)
{
    plato_add_reassembled_in(packet, tvb, dissect_bytes(tvb, pinfo, tree, "[Part of a frame]"));
}

void plato_dissect_carrier_lost(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                                uint64_t length, bool from_sender)
{
    proto_item *item = add_protocol(tree, tvb, 0, "[Bytes missing]");
    expert_add_info_format(pinfo, item, plato_expert(EXPERT_UNREADABLE),
                           "%" PRIu64 " bytes of %s are missing from the capture: what TLS or "
                           "WebSocket carried after them may not be readable",
                           length, from_sender ? "this packet's sender" : "the other end");
}

void plato_register_tree_frame(int proto)
{
    static hf_register_info hf[] = {
        {&hf_version, {"Version", "plato.version", FT_UINT8, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_msg_type,
         {"Message type", "plato.msg_type", FT_UINT8, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_msg_len,
         {"Body length", "plato.msg_len", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_var_head_len,
         {"Variable header length", "plato.var_head_len", FT_UINT32, BASE_DEC, NULL, 0x0, NULL,
          HFILL}},
        {&hf_crc32, {"CRC-32", "plato.crc32", FT_UINT32, BASE_HEX, NULL, 0x0, NULL, HFILL}},
        {&hf_crc32_status,
         {"CRC-32 status", "plato.crc32.status", FT_UINT8, BASE_NONE, VALS(proto_checksum_vals),
          0x0, NULL, HFILL}},
        {&hf_crc32_calculated,
         {"CRC-32 calculated", "plato.crc32.calculated", FT_UINT32, BASE_HEX, NULL, 0x0, NULL,
          HFILL}},
        {&hf_crc32_coverage,
         {"CRC-32 coverage", "plato.crc32.coverage", FT_STRING, BASE_NONE, NULL, 0x0,
          "What the CRC was computed over", HFILL}},
        {&hf_frame_len,
         {"Frame length", "plato.frame_len", FT_UINT64, BASE_DEC, NULL, 0x0,
          "Header, variable header and body", HFILL}},
        {&hf_framing,
         {"Framing", "plato.framing", FT_UINT8, BASE_DEC, VALS(framings), 0x0, NULL, HFILL}},
        {&hf_continuation,
         {"Continuation", "plato.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no frame that could be found", HFILL}},
    };
    static int *ett[] = {&ett_plato};
    hf[1].hfinfo.strings = VALS(plato_msg_type_values()); /* known only at run time */
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
