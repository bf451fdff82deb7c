/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One frame. All integers are unsigned and big-endian:
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
#include "frame.h"

#include "defaults.h"
#include "expert.h"
#include "info.h"
#include "message.h"

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
static int hf_var_head = -1;
static int hf_continuation = -1;
static int ett_plato = -1;
static int ett_var_head = -1;

static const value_string framings[] = {
    {PLATO_FRAMING_HEADER, "Fixed header"},
    {PLATO_FRAMING_MSGCMD, "Length-prefixed"},
    {0, NULL},
};

/*
 * A number that grows from frame to frame over the file and is the same in every pass: packet
 * number and ordinal within the packet. (Offsets do not tell frames apart: several TLS records of
 * one packet all begin at 0.)
 */
static uint64_t next_position(packet_info *pinfo)
{
    uint32_t *ordinal = p_get_proto_data(pinfo->pool, pinfo, proto_plato, 0);
    if (ordinal == NULL) {
        ordinal = wmem_new0(pinfo->pool, uint32_t);
        p_add_proto_data(pinfo->pool, pinfo, proto_plato, 0, ordinal);
    }
    return (uint64_t)pinfo->num << 32 | (*ordinal)++;
}

/* The bytes that are here of a span which may have been cut off by the snaplen. */
static plato_span captured_part(const uint8_t *bytes, int captured, uint64_t offset, uint32_t len)
{
    const uint64_t here = (uint64_t)captured > offset ? (uint64_t)captured - offset : 0;
    return (plato_span){bytes + (here > 0 ? offset : 0), (size_t)(here < len ? here : len)};
}

static void judge_head(frame_facts *facts)
{
    const plato_span head = facts->frame.var_head;
    plato_err err = plato_head_read(facts->frame.msg_type, head.p, head.n, &facts->head);
    /* what the snaplen cut off is not malformed, and of an unknown type we know nothing */
    if (plato_head_view(facts->frame.msg_type) != NULL && head.n == facts->frame.var_head_len)
        facts->head_error = err;
}

static void find_facts(tvbuff_t *tvb, packet_info *pinfo, frame_facts *facts)
{
    const plato_limits limits = plato_pref_limits();
    const uint64_t position = next_position(pinfo);
    const uint8_t *bytes;

    memset(facts, 0, sizeof *facts);
    facts->captured = (int)tvb_captured_length(tvb);
    facts->crc.status = PROTO_CHECKSUM_E_UNVERIFIED;
    bytes = tvb_get_ptr(tvb, 0, facts->captured);
    facts->length_error = plato_frame_parse_header(PLATO_FRAMING_HEADER, bytes, PLATO_HEADER_LEN,
                                                   &limits, &facts->frame);
    facts->total = plato_frame_total(&facts->frame);
    if (facts->length_error == PLATO_OK && facts->total > PLATO_LONGEST_FRAME)
        facts->length_error = PLATO_ERR_BODY_TOO_LONG;
    if (facts->length_error != PLATO_OK)
        return;
    facts->complete = (uint64_t)facts->captured >= facts->total;
    facts->frame.var_head =
        captured_part(bytes, facts->captured, PLATO_HEADER_LEN, facts->frame.var_head_len);
    facts->frame.body =
        captured_part(bytes, facts->captured,
                      PLATO_HEADER_LEN + (uint64_t)facts->frame.var_head_len, facts->frame.msg_len);
    if (facts->complete)
        facts->crc = plato_judge_crc(pinfo, position, &facts->frame);
    facts->decoded = facts->frame.version == PLATO_VERSION_ON_WIRE;
    if (!facts->decoded)
        return;
    judge_head(facts);
    facts->body = plato_judge_body(facts->frame.msg_type, facts->frame.body, facts->complete);
}

static void show_crc(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const crc_verdict *crc = &facts->crc;
    proto_item *item;
    proto_tree_add_checksum(tree, tvb, PLATO_HEADER_CRC_OFFSET, hf_crc32, hf_crc32_status,
                            plato_expert(EXPERT_CRC_BAD), pinfo, crc->calculated, ENC_BIG_ENDIAN,
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

static void show_header(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree)
{
    proto_item *item = proto_tree_add_item(tree, hf_version, tvb, 0, 1, ENC_BIG_ENDIAN);
    if (facts->frame.version != PLATO_VERSION_ON_WIRE)
        expert_add_info(pinfo, item, plato_expert(EXPERT_VERSION));
    item = proto_tree_add_item(tree, hf_msg_type, tvb, 1, 1, ENC_BIG_ENDIAN);
    if (facts->frame.version == PLATO_VERSION_ON_WIRE &&
        plato_msg_type_name(facts->frame.msg_type) == NULL)
        expert_add_info(pinfo, item, plato_expert(EXPERT_MSG_TYPE));
    proto_tree_add_item(tree, hf_msg_len, tvb, 2, 4, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, hf_var_head_len, tvb, 6, 4, ENC_BIG_ENDIAN);
    show_crc(facts, tvb, pinfo, tree);
    item = proto_tree_add_uint64(tree, hf_frame_len, tvb, 2, 8, facts->total);
    proto_item_set_generated(item);
    item = proto_tree_add_uint(tree, hf_framing, tvb, 0, 0, facts->frame.framing);
    proto_item_set_generated(item);
}

/* What is left of a segment whose header claims an impossible length. */
static void show_too_large(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                           proto_tree *tree, proto_item *frame_item)
{
    const bool head = facts->length_error == PLATO_ERR_VAR_HEAD_TOO_LONG;
    expert_add_info_format(pinfo, frame_item, plato_expert(EXPERT_TOO_LARGE),
                           "%s: %u bytes, the limit is %u (preference plato.%s)",
                           plato_strerror(facts->length_error),
                           head ? facts->frame.var_head_len : facts->frame.msg_len,
                           head ? plato_pref.max_var_head_len : plato_pref.max_msg_len,
                           head ? "max_var_head_len" : "max_msg_len");
    if (facts->captured > PLATO_HEADER_LEN)
        proto_tree_add_item(tree, hf_continuation, tvb, PLATO_HEADER_LEN,
                            facts->captured - PLATO_HEADER_LEN, ENC_NA);
}

static void show_head(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int length = (int)facts->frame.var_head.n;
    const message_view *view = plato_head_view(facts->frame.msg_type);
    proto_tree *fields = tree;
    int error_offset;
    if (length > 0) {
        proto_item *item =
            proto_tree_add_item(tree, hf_var_head, tvb, PLATO_HEADER_LEN, length, ENC_NA);
        proto_item_set_text(item, "Variable header: %s (%u bytes)",
                            view != NULL ? view->title : "unknown", facts->frame.var_head_len);
        fields = proto_item_add_subtree(item, ett_var_head);
        plato_dissect_message(view, tvb, pinfo, fields, PLATO_HEADER_LEN, length, &error_offset);
        if (facts->head_error != PLATO_OK)
            plato_add_malformed(pinfo, item, facts->head_error, error_offset);
    }
    if (view != NULL && facts->head_error == PLATO_OK && length == (int)facts->frame.var_head_len)
        plato_add_defaults(&facts->head, view, tvb, fields, PLATO_HEADER_LEN + length);
    if (facts->head.msg_type == PLATO_ACK && facts->head.ack.code != PLATO_ACK_OK)
        expert_add_info_format(
            pinfo, proto_tree_get_parent(fields), plato_expert(EXPERT_REFUSED), "Refused: %s",
            val_to_str_const(facts->head.ack.code, plato_ack_code_values(), "unknown code"));
}

static void show_frame(const frame_facts *facts, tvbuff_t *tvb, packet_info *pinfo,
                       proto_tree *tree, const char *text)
{
    proto_item *item = proto_tree_add_item(tree, proto_plato, tvb, 0, facts->captured, ENC_NA);
    proto_tree *frame = proto_item_add_subtree(item, ett_plato);
    proto_item_append_text(item, ", %s", text);
    show_header(facts, tvb, pinfo, frame);
    if (facts->length_error != PLATO_OK) {
        show_too_large(facts, tvb, pinfo, frame, item);
        return;
    }
    if (facts->decoded) {
        show_head(facts, tvb, pinfo, frame);
        plato_dissect_body(&facts->body, facts->frame.msg_type, tvb, pinfo, frame,
                           PLATO_HEADER_LEN + (int)facts->frame.var_head_len,
                           (int)facts->frame.body.n);
    }
    /* says "packet size limited during capture" for a frame that was cut */
    if (!facts->complete)
        tvb_ensure_bytes_exist(tvb, 0, (int)facts->total);
}

static void show_continuation(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    const int length = (int)tvb_captured_length(tvb);
    proto_item *item = proto_tree_add_item(tree, proto_plato, tvb, 0, length, ENC_NA);
    proto_tree *frame = proto_item_add_subtree(item, ett_plato);
    plato_info_column(pinfo, "[Continuation]");
    proto_item_append_text(item, ", [Continuation]");
    item = proto_tree_add_item(frame, hf_continuation, tvb, 0, length, ENC_NA);
    expert_add_info_format(pinfo, item, plato_expert(EXPERT_SKIPPED),
                           "%d bytes belong to no frame that could be found", length);
}

int plato_dissect_frame(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    frame_facts facts;
    if (tvb_captured_length(tvb) < PLATO_HEADER_LEN) {
        show_continuation(tvb, pinfo, tree);
        return (int)tvb_captured_length(tvb);
    }
    find_facts(tvb, pinfo, &facts);
    const char *text = plato_info_text(pinfo, &facts);
    plato_info_column(pinfo, text); /* in front of everything that may throw */
    show_frame(&facts, tvb, pinfo, tree, text);
    return (int)tvb_captured_length(tvb);
}

void plato_register_frame(int proto)
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
        {&hf_var_head,
         {"Variable header", "plato.var_head", FT_BYTES, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_continuation,
         {"Continuation", "plato.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no frame that could be found", HFILL}},
    };
    static int *ett[] = {&ett_plato, &ett_var_head};
    hf[1].hfinfo.strings = VALS(plato_msg_type_values()); /* known only at run time */
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
