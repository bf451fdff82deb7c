/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_segment.h"

#include "support/flow.h"

#include <string.h>

/*
 * TCP's header (RFC 9293, section 3.1), as far as it is read here.
 *
 *     offset  size  field
 *          0     2  source port
 *          2     2  destination port
 *          4     4  sequence number
 *          8     4  acknowledgment number
 *         12     1  data offset, in words of 4 bytes: the upper half
 *         13     1  flags
 */
enum { TCP_SOURCE = 0, TCP_DESTINATION = 2, TCP_SEQ = 4, TCP_ACK = 8, TCP_OFFSET = 12, TCP_FLAGS };

/* The fields that show where a segment's header is, and how long its payload was on the wire. */
static int field_seq_raw;
static int field_len;

/* The last of a field's values in this packet: with tunnels there may be several. */
static const field_info *last_field(proto_tree *tree, int hf)
{
    const GPtrArray *fields = tree != NULL ? proto_get_finfo_ptr_array(tree, hf) : NULL;
    return fields != NULL && fields->len > 0 ? g_ptr_array_index(fields, fields->len - 1) : NULL;
}

static bool is_quoted(const packet_info *pinfo)
{
    return proto_is_frame_protocol(pinfo->layers, "icmp") ||
           proto_is_frame_protocol(pinfo->layers, "icmpv6");
}

static void find_payload(tvbuff_t *frame, tvbuff_t *tvb, int header, tcp_segment *segment)
{
    const int offset = header + 4 * (tvb_get_uint8(tvb, header + TCP_OFFSET) >> 4);
    const int here = tvb_captured_length_remaining(tvb, offset);
    stream_segment *s = &segment->stream;
    s->captured = here <= 0 ? 0 : (uint32_t)here < s->len ? (uint32_t)here : s->len;
    segment->frame_offset = tvb == frame ? offset : -1;
    if (s->captured == 0)
        return;
    segment->payload =
        tvb_new_subset_length_caplen(tvb, offset, (int)s->captured, (int)MIN(s->len, INT_MAX));
    s->bytes = tvb_get_ptr(tvb, offset, (int)s->captured);
}

bool tcp_segment_of(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, tcp_segment *segment)
{
    const field_info *seq = last_field(tree, field_seq_raw);
    const field_info *len = last_field(tree, field_len);
    if (seq == NULL || len == NULL || is_quoted(pinfo))
        return false;
    tvbuff_t *tvb = seq->ds_tvb;
    const int header = seq->start - TCP_SEQ;
    if (header < 0 || tvb_captured_length_remaining(tvb, header) <= TCP_FLAGS ||
        tvb_get_ntohs(tvb, header + TCP_SOURCE) != pinfo->srcport ||
        tvb_get_ntohs(tvb, header + TCP_DESTINATION) != pinfo->destport)
        return false;
    memset(segment, 0, sizeof *segment);
    segment->stream.direction = flow_direction(pinfo);
    segment->stream.seq = tvb_get_ntohl(tvb, header + TCP_SEQ);
    segment->stream.ack = tvb_get_ntohl(tvb, header + TCP_ACK);
    segment->stream.flags = tvb_get_uint8(tvb, header + TCP_FLAGS);
    segment->stream.len = ws_finfo_uint(len);
    segment->stream.packet = pinfo->num;
    segment->stream.time_ns = flow_time_ns(pinfo);
    find_payload(frame, tvb, header, segment);
    return true;
}

void tcp_segment_register(dissector_t dissect, int proto)
{
    dissector_handle_t handle = create_dissector_handle(dissect, proto);
    GArray *wanted = g_array_new(FALSE, FALSE, sizeof(int));
    field_seq_raw = proto_registrar_get_id_byname("tcp.seq_raw");
    field_len = proto_registrar_get_id_byname("tcp.len");
    g_array_append_val(wanted, field_seq_raw);
    g_array_append_val(wanted, field_len);
    register_postdissector(handle);
    set_postdissector_wanted_hfids(handle, wanted); /* takes the array */
}
