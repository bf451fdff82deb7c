/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is this stream Plato? */
#include "heuristic.h"

#include "packet-plato.h"
#include "stream.h"

#include <epan/conversation.h>

/* Coverage "none" is left out: a zero in the right place proves nothing. */
#define PROVING_COVERAGES (1u << PLATO_CRC_FRAME | 1u << PLATO_CRC_PAYLOAD | 1u << PLATO_CRC_BODY)

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
    if (plato_frame_parse(PLATO_FRAMING_HEADER, tvb_get_ptr(tvb, 0, (int)captured), captured,
                          &limits, &frame) != PLATO_OK)
        return false;
    return plato_frame_find_crc_among(&frame, PROVING_COVERAGES, 0, &kind);
}

ws_bool plato_heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!begins_with_proof(tvb))
        return FALSE;
    conversation_set_dissector(find_or_create_conversation(pinfo), find_dissector("plato"));
    plato_dissect_tcp(tvb, pinfo, tree, data);
    return TRUE;
}
