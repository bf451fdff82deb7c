/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this stream Plato? */
#include "plato/heuristic.h"

#include "plato/pdu/framing.h"
#include "plato/pdu/prefs.h"
#include "plato/transport.h"
#include "support/flow.h"

/* Coverage "none" is left out: a zero in the right place proves nothing. */
#define PROVING_COVERAGES (1u << PLATO_CRC_FRAME | 1u << PLATO_CRC_PAYLOAD | 1u << PLATO_CRC_BODY)

/* A frame whose end is not here: a head that fits to its last byte, with known fields only. */
static bool has_proving_head(const plato_frame *frame, const uint8_t *bytes, unsigned captured)
{
    return frame->var_head_len <= captured - PLATO_HEADER_LEN &&
           plato_head_is_proof(frame->msg_type, bytes + PLATO_HEADER_LEN, frame->var_head_len);
}

/* Looks without throwing and without touching columns or the tree. */
static bool begins_with_proof(tvbuff_t *tvb)
{
    const plato_limits limits = plato_pref_limits();
    const unsigned captured = tvb_captured_length(tvb);
    plato_frame frame;
    plato_crc_kind kind;

    if (captured < PLATO_HEADER_LEN || tvb_get_uint8(tvb, 0) != PLATO_VERSION_ON_WIRE ||
        plato_msg_type_name(tvb_get_uint8(tvb, 1)) == NULL)
        return false;
    const uint8_t *bytes = tvb_get_ptr(tvb, 0, (int)captured);
    switch (plato_frame_parse(PLATO_FRAMING_HEADER, bytes, captured, &limits, &frame)) {
    case PLATO_OK:
        return plato_frame_find_crc_among(&frame, PROVING_COVERAGES, 0, &kind);
    case PLATO_NEED_MORE:
        return has_proving_head(&frame, bytes, captured);
    default:
        return false;
    }
}

ws_bool plato_heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!begins_with_proof(tvb))
        return FALSE;
    flow_set_dissector(pinfo, "plato");
    plato_dissect_tcp(tvb, pinfo, tree, data);
    return TRUE;
}

ws_bool plato_heuristic_msgcmd(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const plato_limits limits = plato_pref_limits();
    const unsigned captured = tvb_captured_length(tvb);
    if (captured <= PLATO_LENGTH_PREFIX_LEN ||
        !plato_msgcmd_is_proof(tvb_get_ptr(tvb, 0, (int)captured), captured, &limits))
        return FALSE;
    flow_set_dissector(pinfo, "plato");
    plato_dissect_tcp(tvb, pinfo, tree, data);
    return TRUE;
}

ws_bool plato_heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!begins_with_proof(tvb))
        return FALSE;
    /* the conversation belongs to TLS: what it carries is set in TLS's own place */
    ws_set_tls_app_handle(data, find_dissector("plato.tls"));
    plato_dissect_tls(tvb, pinfo, tree, NULL);
    return TRUE;
}

ws_bool plato_heuristic_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!begins_with_proof(tvb))
        return FALSE;
    plato_dissect_websocket(tvb, pinfo, tree, data);
    return TRUE;
}
