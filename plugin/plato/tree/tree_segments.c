/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tree/tree_segments.h"

static int hf_segments = -1;
static int hf_segment = -1;
static int hf_segment_count = -1;
static int hf_reassembled_in = -1;
static int ett_segments = -1;

void plato_add_segments(const pdu_info *facts, tvbuff_t *tvb, proto_tree *tree)
{
    proto_item *item;
    int offset = 0;
    if (facts->piece_count < 2)
        return;
    item = proto_tree_add_item(tree, hf_segments, tvb, 0, facts->captured, ENC_NA);
    proto_item_set_text(item, "%u segments (%d bytes)", facts->piece_count, facts->captured);
    proto_item_set_generated(item);
    proto_tree *segments = proto_item_add_subtree(item, ett_segments);
    item = proto_tree_add_uint(segments, hf_segment_count, tvb, 0, 0, facts->piece_count);
    proto_item_set_generated(item);
    for (unsigned i = 0; i < facts->piece_count; i++) {
        const pdu_piece *piece = &facts->pieces[i];
        const int length = (int)piece->length;
        item = proto_tree_add_uint_format_value(segments, hf_segment, tvb, offset, length,
                                                piece->packet, "%u (%d byte%s)", piece->packet,
                                                length, length == 1 ? "" : "s");
        proto_item_set_generated(item);
        offset += length;
    }
}

void plato_add_reassembled_in(uint32_t packet, tvbuff_t *tvb, proto_tree *tree)
{
    if (packet != 0)
        proto_item_set_generated(proto_tree_add_uint(tree, hf_reassembled_in, tvb, 0, 0, packet));
}

void plato_register_tree_segments(int proto)
{
    static hf_register_info hf[] = {
        {&hf_segments,
         {"Segments", "plato.segments", FT_NONE, BASE_NONE, NULL, 0x0,
          "The packets that hold this frame", HFILL}},
        {&hf_segment,
         {"Segment", "plato.segment", FT_FRAMENUM, BASE_NONE, NULL, 0x0,
          "Packet with a part of this frame", HFILL}},
        {&hf_segment_count,
         {"Segment count", "plato.segment.count", FT_UINT32, BASE_DEC, NULL, 0x0,
          "Packets that hold this frame", HFILL}},
        {&hf_reassembled_in,
         {"Reassembled in", "plato.reassembled_in", FT_FRAMENUM, BASE_NONE, NULL, 0x0,
          "Packet that completes the frame of which this one holds a part", HFILL}},
    };
    static int *ett[] = {&ett_segments};
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
