/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_given.h"

#include <string.h>

/* Of the payload: a SYN takes a number of its own. */
static uint32_t first_seq(const stream_segment *s)
{
    return s->seq + ((s->flags & STREAM_SYN) != 0 ? 1 : 0);
}

static void set_anchor(tcp_reader *reader, unsigned direction, const stream_piece *piece)
{
    if (reader->segment == NULL || piece->packet != reader->segment->stream.packet)
        return;
    reader->anchors[direction] =
        (seq_anchor){true, first_seq(&reader->segment->stream) + piece->payload, piece->offset};
}

/* The packets that hold parts of a frame: each has an item, and the frame a list of them. */
static void link_parts(const tcp_reader *reader, const stream_reader_pdu *pdu, given_pdu *given)
{
    const stream_conn *conn = stream_reader_conn(reader->stream);
    const uint64_t end = pdu->offset + pdu->pdu.length;
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(pdu_piece));
    stream_piece piece;
    for (uint64_t at = pdu->offset;
         at < end && stream_piece_at(conn, pdu->direction, at, &piece) && piece.offset < end;
         at = piece.offset + piece.len) {
        const uint64_t to = MIN(end, piece.offset + piece.len);
        const pdu_piece entry = {piece.packet, (uint32_t)(to - at)};
        g_array_append_val(pieces, entry);
        stored_item *item = tcp_store_take_part(piece.packet, at, to - at);
        if (item == NULL || piece.packet == pdu->packet)
            continue;
        item->conversation = reader->conversation;
        item->direction = pdu->direction;
        item->completed_in = pdu->packet;
        tcp_store_add_item(piece.packet, item);
    }
    if (pieces->len > 1) {
        given->item.piece_count = pieces->len;
        given->item.pieces =
            wmem_memdup(wmem_file_scope(), pieces->data, pieces->len * sizeof(pdu_piece));
    }
    g_array_free(pieces, TRUE);
}

/* Where bytes of one piece are that the packet at hand has brought; false: an earlier one did. */
static bool place_at_hand(const tcp_reader *reader, const stream_piece *piece, uint64_t offset,
                          plato_span bytes, given_pdu *given)
{
    const tcp_segment *segment = reader->segment;
    if (segment == NULL || piece->packet != segment->stream.packet)
        return false;
    const uint64_t at = piece->payload + (offset - piece->offset);
    if (reader->number_again && (at + bytes.n > segment->stream.captured ||
                                 memcmp(segment->stream.bytes + at, bytes.p, bytes.n) != 0))
        return false;
    given->payload = (int)at;
    if (segment->frame_offset >= 0)
        given->item.frame_offset = segment->frame_offset + given->payload;
    return true;
}

/* Where the bytes of a frame are: in the payload at hand, or in a copy. */
static void place_frame(const tcp_reader *reader, const stream_reader_pdu *pdu,
                        const stream_piece *first, given_pdu *given)
{
    const bool whole = first->offset + first->len >= pdu->offset + pdu->pdu.length;
    const plato_span bytes = {pdu->bytes, (size_t)pdu->pdu.length};
    if (whole && place_at_hand(reader, first, pdu->offset, bytes, given) &&
        given->item.frame_offset >= 0)
        return;
    given->item.bytes = wmem_memdup(wmem_file_scope(), pdu->bytes, (size_t)pdu->pdu.length);
}

/* Bytes that belong to no frame: those of each packet by themselves. */
static void give_skipped(tcp_reader *reader, const stream_reader_pdu *pdu, const given_pdu *like)
{
    const stream_conn *conn = stream_reader_conn(reader->stream);
    const uint64_t end = pdu->offset + pdu->pdu.length;
    stream_piece piece;
    for (uint64_t at = pdu->offset;
         at < end && stream_piece_at(conn, pdu->direction, at, &piece) && piece.offset < end;
         at = piece.offset + piece.len) {
        const uint64_t length = MIN(end, piece.offset + piece.len) - at;
        given_pdu given = *like;
        given.packet = piece.packet;
        given.time_ns = piece.time_ns;
        given.item.offset = at;
        given.item.length = (int)length;
        const plato_span bytes = {pdu->bytes + (at - pdu->offset), (size_t)length};
        if (!place_at_hand(reader, &piece, at, bytes, &given)) {
            const stored_item *part = tcp_store_take_part(piece.packet, at, length);
            given.item.frame_offset = part != NULL ? part->frame_offset : -1;
            given.item.bytes = part != NULL ? part->bytes : NULL;
        }
        if (given.item.frame_offset < 0 && given.item.bytes == NULL)
            given.item.bytes = wmem_memdup(wmem_file_scope(), bytes.p, bytes.n);
        g_array_append_val(reader->given, given);
    }
}

void tcp_given_add(tcp_reader *reader, const stream_reader_pdu *pdu)
{
    given_pdu given = {
        .item =
            {
                .conversation = reader->conversation,
                .offset = pdu->offset,
                .kind = pdu->pdu.kind,
                .framing = pdu->framing,
                .total = pdu->pdu.total,
                .length = (int)pdu->pdu.length,
                .checksum = pdu->pdu.checksum,
                .gap = pdu->gap,
                .direction = pdu->direction,
                .is_part = pdu->rest,
                .frame_offset = -1,
            },
        .payload = -1,
        .packet = pdu->packet,
        .time_ns = pdu->time_ns,
        .impossible = pdu->pdu.impossible,
        .checksum = *stream_reader_checksum(reader->stream),
    };
    stream_piece first = {0};
    if (pdu->pdu.length == 0)
        return;
    if (stream_piece_at(stream_reader_conn(reader->stream), pdu->direction, pdu->offset, &first))
        set_anchor(reader, pdu->direction, &first);
    if (pdu->first_packet != pdu->packet)
        given.item.begin = (frame_begin){pdu->first_packet, pdu->first_time_ns};
    if (pdu->gap == STREAM_GAP_WAITING)
        given.item.gap_reader = reader->stream;
    if (pdu->begun) {
        const cut_frame cut = {{pdu->first_packet, pdu->first_time_ns}, pdu->direction};
        if (reader->cut_frames == NULL)
            reader->cut_frames = g_array_new(FALSE, FALSE, sizeof cut);
        g_array_append_val(reader->cut_frames, cut);
    }
    if (pdu->pdu.kind == STREAM_PDU_SKIPPED) {
        give_skipped(reader, pdu, &given);
        return;
    }
    place_frame(reader, pdu, &first, &given);
    if (given.payload < 0 || pdu->first_packet != pdu->packet)
        link_parts(reader, pdu, &given);
    g_array_append_val(reader->given, given);
}

/* A piece of them. */
static stored_item *waiting_item(const tcp_reader *reader, const stream_piece *piece)
{
    const stream_segment *s = &reader->segment->stream;
    stream_run run;
    stored_item *item = wmem_new0(wmem_file_scope(), stored_item);
    item->conversation = reader->conversation;
    item->offset = piece->offset;
    item->is_part = true;
    item->waits =
        stream_run_at(stream_reader_conn(reader->stream), s->direction, piece->offset, &run) &&
        run.before != STREAM_EDGE_NOTHING;
    item->length = (int)piece->len;
    item->direction = s->direction;
    item->frame_offset = reader->segment->frame_offset;
    if (item->frame_offset >= 0)
        item->frame_offset += (int)piece->payload;
    else
        item->bytes = wmem_memdup(wmem_file_scope(), s->bytes + piece->payload, (size_t)piece->len);
    return item;
}

stored_item *tcp_given_waiting(tcp_reader *reader)
{
    const stream_segment *s = &reader->segment->stream;
    const stream_conn *conn = stream_reader_conn(reader->stream);
    seq_anchor *anchor = &reader->anchors[s->direction];
    stored_item *first = NULL, **end = &first;
    stream_info info;
    stream_piece piece;
    stream_conn_info(conn, s->direction, &info);
    if (s->captured == 0 || info.pending == 0)
        return NULL;
    if (!anchor->known && stream_piece_at(conn, s->direction, 0, &piece))
        set_anchor(reader, s->direction, &piece);
    const uint64_t from = anchor->offset + (uint64_t)(int64_t)(int32_t)(first_seq(s) - anchor->seq);
    uint64_t at = from;
    while (anchor->known && stream_piece_at(conn, s->direction, at, &piece) &&
           piece.offset < from + s->len) {
        at = piece.offset + piece.len;
        if (piece.packet != s->packet || !piece.captured)
            continue;
        *end = waiting_item(reader, &piece);
        end = &(*end)->next;
    }
    if (from + s->len > from)
        *anchor = (seq_anchor){anchor->known, first_seq(s), from};
    return first;
}
