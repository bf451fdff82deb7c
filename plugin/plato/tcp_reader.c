/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_reader.h"

#include "plato/carrier_watch.h"
#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/analysis_store.h"
#include "plato/pdu/checksum.h"
#include "plato/pdu/position.h"
#include "plato/pdu/prefs.h"
#include "plato/pdu/proto.h"
#include "plato/process_pdu.h"
#include "plato/tcp_given.h"
#include "plato/tcp_loss.h"
#include "plato/tcp_segment.h"
#include "plato/tcp_show.h"
#include "plato/tcp_store.h"
#include "plato/tree/tree_frame.h"

#include <epan/dissectors/packet-tcp.h>
#include <stream/reader.h>

/* Where the sequence numbers of a direction are in its stream. */
typedef struct seq_anchor {
    bool known;
    uint32_t seq;
    uint64_t offset;
} seq_anchor;

struct tcp_reader {
    stream_reader *stream;
    plato_conversation *conversation;
    seq_anchor anchors[2];
    tcp_losses losses;
    flow_packet latest; /* of the connection */
    /* the packet at hand; NULL and empty otherwise */
    packet_info *pinfo;
    const tcp_segment *segment;
    GArray *given; /* of given_pdu */
};

/* of the file */
static GPtrArray *readers;
static stream_budget *budget;
static stream_reader_config config;
static bool ended;           /* the first pass is over */
static uint32_t last_packet; /* of the first pass, of any connection here */

static dissector_handle_t plato_handle;

/* ---- readers ---- */

static void free_reader(gpointer p)
{
    tcp_reader *reader = p;
    stream_reader_free(reader->stream);
    g_array_free(reader->given, TRUE);
    tcp_losses_clear(&reader->losses);
    g_free(reader);
}

static void reset(void)
{
    if (readers != NULL)
        g_ptr_array_free(readers, TRUE);
    readers = NULL;
    stream_budget_free(budget);
    budget = NULL;
    ended = false;
    last_packet = 0;
}

static void on_pdu(void *user, const stream_reader_pdu *pdu);
static void on_event(void *user, const stream_event *event);
static void on_frames_lost(void *user, unsigned direction);
static void on_restart(void *user);

static void begin_file(void)
{
    stream_reader_config_init(&config);
    config.limits = plato_pref_limits();
    config.framing = plato_pref.framing == PREF_AUTO ? 0 : (plato_framing)plato_pref.framing;
    config.checksum = plato_checksum_preferences();
    config.reassemble = plato_pref.desegment;
    config.on_pdu = on_pdu;
    config.on_frames_lost = on_frames_lost;
    config.on_restart = on_restart;
    config.tcp.on_event = on_event;
    budget = stream_budget_new(0, NULL);
    readers = g_ptr_array_new_with_free_func(free_reader);
}

/* The SYN came before the connection was claimed, and these are the first bytes after it. */
static void give_syn(tcp_reader *reader, packet_info *pinfo, const tcp_segment *segment)
{
    const struct tcp_analysis *tcp = get_tcp_conversation_data(NULL, pinfo);
    const stream_segment *s = &segment->stream;
    if (!flow_start_captured(pinfo) || tcp == NULL || tcp->fwd == NULL || s->len == 0 ||
        s->seq != tcp->fwd->base_seq + 1)
        return;
    const stream_segment syn = {.direction = s->direction,
                                .flags = STREAM_SYN,
                                .seq = s->seq - 1,
                                .packet = s->packet,
                                .time_ns = s->time_ns};
    stream_reader_segment(reader->stream, &syn);
}

static tcp_reader *new_reader(plato_conversation *conversation)
{
    if (readers == NULL)
        begin_file();
    tcp_reader *reader = g_new0(tcp_reader, 1);
    reader->given = g_array_new(FALSE, TRUE, sizeof(given_pdu));
    reader->conversation = conversation;
    reader->stream = stream_reader_new(&config, budget, NULL, reader);
    if (reader->stream == NULL) {
        g_array_free(reader->given, TRUE);
        g_free(reader);
        return NULL;
    }
    g_ptr_array_add(readers, reader);
    conversation->tcp = reader;
    return reader;
}

void tcp_reader_claim(packet_info *pinfo)
{
    plato_conversation *conversation = plato_conversation_of(pinfo);
    if (!PINFO_FD_VISITED(pinfo) && conversation->tcp == NULL)
        (void)new_reader(conversation);
}

/* Whether TCP would give the connection to Plato, as far as ports and Decode As decide. */
static bool is_plato_port(packet_info *pinfo)
{
    conversation_t *conversation = find_conversation_pinfo(pinfo, 0);
    dissector_handle_t handle =
        conversation != NULL ? conversation_get_dissector(conversation, pinfo->num) : NULL;
    if (handle != NULL)
        return handle == plato_handle;
    const uint32_t low = MIN(pinfo->srcport, pinfo->destport);
    const uint32_t high = MAX(pinfo->srcport, pinfo->destport);
    dissector_table_t ports = find_dissector_table("tcp.port");
    handle = dissector_get_uint_handle(ports, low);
    if (handle == NULL)
        handle = dissector_get_uint_handle(ports, high);
    return handle == plato_handle;
}

static tcp_reader *reader_of(packet_info *pinfo)
{
    plato_conversation *conversation = plato_find_conversation(pinfo);
    if (conversation != NULL && conversation->tcp != NULL)
        return conversation->tcp;
    if (conversation != NULL || !is_plato_port(pinfo))
        return NULL;
    return new_reader(plato_conversation_of(pinfo));
}

/* ---- what the reader gives ---- */

static void set_anchor(tcp_reader *reader, unsigned direction, const stream_piece *piece)
{
    if (reader->segment == NULL || piece->packet != reader->segment->stream.packet)
        return;
    reader->anchors[direction] =
        (seq_anchor){true, reader->segment->stream.seq + piece->payload, piece->offset};
}

/* The bytes of an earlier packet, kept when it came. */
static stored_item *part_at(uint32_t packet, uint64_t offset)
{
    stored_item *item = tcp_store_items(packet);
    while (item != NULL && (!item->is_part || item->offset > offset ||
                            item->offset + (uint64_t)item->length <= offset))
        item = item->next;
    return item;
}

/* The same bytes of an earlier packet as an item of their own. */
static stored_item *take_part(const tcp_reader *reader, const stream_piece *piece,
                              unsigned direction, uint64_t offset, uint64_t length)
{
    stored_item *part = part_at(piece->packet, offset);
    if (part == NULL)
        return NULL;
    stored_item *item = wmem_memdup(wmem_file_scope(), part, sizeof *part);
    const int delta = (int)(offset - part->offset);
    part->superseded = true;
    item->superseded = false;
    item->offset = offset;
    item->length = (int)length;
    item->direction = direction;
    item->conversation = reader->conversation;
    if (item->frame_offset >= 0)
        item->frame_offset += delta;
    else
        item->bytes += delta;
    return item;
}

/* For each packet that holds a part of the PDU and is not the one to which it belongs. */
static void supersede_parts(const tcp_reader *reader, const stream_reader_pdu *pdu,
                            given_pdu *given)
{
    const stream_conn *conn = stream_reader_conn(reader->stream);
    const uint64_t end = pdu->offset + pdu->pdu.length;
    const bool skipped = pdu->pdu.kind == STREAM_PDU_SKIPPED; /* of one packet each */
    GArray *pieces = g_array_new(FALSE, FALSE, sizeof(pdu_piece));
    stream_piece piece;
    for (uint64_t at = pdu->offset;
         at < end && stream_piece_at(conn, pdu->direction, at, &piece) && piece.offset < end;
         at = piece.offset + piece.len) {
        const uint64_t to = MIN(end, piece.offset + piece.len);
        const pdu_piece entry = {piece.packet, (uint32_t)(to - at)};
        g_array_append_val(pieces, entry);
        stored_item *item = take_part(reader, &piece, pdu->direction, at, to - at);
        if (item == NULL || (piece.packet == pdu->packet && !skipped))
            continue;
        item->is_part = !skipped || pdu->rest;
        item->kind = STREAM_PDU_SKIPPED;
        item->completed_in = pdu->packet;
        tcp_store_add_item(piece.packet, item);
    }
    if (pieces->len > 1 && !skipped) {
        given->item.piece_count = pieces->len;
        given->item.pieces =
            wmem_memdup(wmem_file_scope(), pieces->data, pieces->len * sizeof(pdu_piece));
    }
    g_array_free(pieces, TRUE);
}

/* Where the bytes are: in the payload at hand, in an earlier packet, or in a copy. */
static void place_bytes(const tcp_reader *reader, const stream_reader_pdu *pdu,
                        const stream_piece *first, given_pdu *given)
{
    const bool whole = first->offset + first->len >= pdu->offset + pdu->pdu.length;
    given->item.frame_offset = -1;
    given->payload = -1;
    if (whole && reader->segment != NULL && first->packet == reader->segment->stream.packet) {
        const tcp_segment *segment = reader->segment;
        given->payload = (int)(first->payload + (pdu->offset - first->offset));
        if (segment->frame_offset >= 0) {
            given->item.frame_offset = segment->frame_offset + given->payload;
            return;
        }
    }
    given->item.bytes = wmem_memdup(wmem_file_scope(), pdu->bytes, (size_t)pdu->pdu.length);
}

static void on_pdu(void *user, const stream_reader_pdu *pdu)
{
    tcp_reader *reader = user;
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
            },
        .packet = pdu->packet,
        .time_ns = pdu->time_ns,
        .impossible = pdu->pdu.impossible,
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
    place_bytes(reader, pdu, &first, &given);
    if (given.payload < 0 || pdu->first_packet != pdu->packet)
        supersede_parts(reader, pdu, &given);
    g_array_append_val(reader->given, given);
}

static void on_event(void *user, const stream_event *event)
{
    tcp_reader *reader = user;
    tcp_losses_event(&reader->losses, event, &reader->latest, reader->conversation);
}

/* The frame that was given last is still to be processed. */
static void on_frames_lost(void *user, unsigned direction)
{
    tcp_reader *reader = user;
    for (unsigned i = reader->given->len; i > 0; i--) {
        given_pdu *given = &g_array_index(reader->given, given_pdu, i - 1);
        if (given->item.direction != direction)
            continue;
        given->frames_lost = true;
        return;
    }
    tcp_losses_report(&reader->losses, direction, &reader->latest, reader->conversation);
}

static void on_restart(void *user)
{
    tcp_reader *reader = user;
    /* what the old connection's holes have come to */
    for (unsigned i = 0; i < reader->given->len; i++) {
        given_pdu *given = &g_array_index(reader->given, given_pdu, i);
        given->item.gap_reader = NULL;
    }
    if (reader->pinfo != NULL)
        reader->conversation = plato_renew_conversation(reader->pinfo);
    memset(reader->anchors, 0, sizeof reader->anchors);
}

/* ---- a packet of the first pass ---- */

/* `pinfo` as it was in the packet to which a frame belongs. */
static packet_info *pinfo_of(packet_info *pinfo, const given_pdu *given)
{
    if (given->packet == pinfo->num)
        return pinfo;
    packet_info *as = wmem_memdup(pinfo->pool, pinfo, sizeof *pinfo);
    as->num = given->packet;
    as->abs_ts.secs = (time_t)(given->time_ns / 1000000000);
    as->abs_ts.nsecs = (int)(given->time_ns % 1000000000);
    if (given->item.direction != flow_direction(pinfo)) {
        copy_address_shallow(&as->src, &pinfo->dst);
        copy_address_shallow(&as->dst, &pinfo->src);
        as->srcport = pinfo->destport;
        as->destport = pinfo->srcport;
    }
    return as;
}

static tvbuff_t *tvb_of(const tcp_reader *reader, tvbuff_t *frame, const given_pdu *given)
{
    if (given->payload >= 0)
        return tcp_show_subset(reader->segment->payload, given->payload, &given->item);
    return tcp_show_tvb(frame, reader->pinfo, &given->item);
}

static void process_frame(tcp_reader *reader, tvbuff_t *frame, proto_tree *tree, given_pdu *given,
                          packet_info *pinfo, uint32_t index)
{
    stored_item *item = &given->item;
    item->position = plato_take_position(reader->pinfo);
    if (item->conversation->framing == 0)
        item->conversation->framing = stream_reader_framing(reader->stream);
    plato_keep_checksum(item->conversation, item->position, stream_reader_checksum(reader->stream));
    const found_pdu found = tcp_show_found(item, index);
    tcp_losses_frame(&reader->losses, item, found.capture_gap, &reader->latest);
    if (given->overtakes)
        tcp_losses_overtaken(&reader->losses, item, &reader->latest);
    plato_process_pdu(tvb_of(reader, frame, given), pinfo, tree, item->conversation, &found);
}

static void process_given(tcp_reader *reader, tvbuff_t *frame, proto_tree *tree, given_pdu *given,
                          uint32_t *index)
{
    packet_info *pinfo = pinfo_of(reader->pinfo, given);
    if (given->item.is_part) { /* what waited was shown when it came */
        if (pinfo == reader->pinfo)
            plato_dissect_pdu_part(tvb_of(reader, frame, given), pinfo, tree, 0);
    } else if (given->item.kind == STREAM_PDU_SKIPPED) {
        plato_process_skipped(tvb_of(reader, frame, given), pinfo,
                              pinfo == reader->pinfo ? tree : NULL, true);
    } else {
        process_frame(reader, frame, tree, given, pinfo, *index);
        *index += given->packet == reader->pinfo->num;
    }
    if (given->frames_lost)
        tcp_losses_report(&reader->losses, given->item.direction, &reader->latest,
                          given->item.conversation);
}

/* Whether the packet holds frames from its payload's first byte to its last, and nothing else. */
static bool is_whole_frames(const tcp_reader *reader)
{
    const tcp_segment *segment = reader->segment;
    int at = 0;
    for (unsigned i = 0; i < reader->given->len; i++) {
        const given_pdu *given = &g_array_index(reader->given, given_pdu, i);
        const stored_item *item = &given->item;
        if (item->kind != STREAM_PDU_FRAME || given->packet != segment->stream.packet ||
            given->payload != at || given->impossible || item->bytes != NULL ||
            item->gap != STREAM_GAP_NONE)
            return false;
        at += item->length;
    }
    return at > 0 && (uint32_t)at == segment->stream.len && segment->frame_offset <= UINT16_MAX;
}

static void store_given(const given_pdu *given)
{
    if (given->item.kind == STREAM_PDU_SKIPPED && given->payload < 0)
        return; /* its parts are stored, each with its packet */
    tcp_store_add_item(given->packet,
                       wmem_memdup(wmem_file_scope(), &given->item, sizeof given->item));
}

/* The bytes at hand of which nothing can be said so far, as an item of the packet. */
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

/* All of these, in the order of the stream; NULL: there are none, as in most packets. */
static stored_item *waiting_items(tcp_reader *reader)
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
    const uint64_t from = anchor->offset + (uint64_t)(int64_t)(int32_t)(s->seq - anchor->seq);
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
        *anchor = (seq_anchor){anchor->known, s->seq, from};
    return first;
}

/* Shows and keeps those before `offset`; returns the others. */
static stored_item *process_waiting(tcp_reader *reader, tvbuff_t *frame, proto_tree *tree,
                                    stored_item *item, uint64_t offset)
{
    while (item != NULL && item->offset < offset) {
        stored_item *next = item->next;
        tcp_store_add_item(reader->pinfo->num, item);
        tcp_show_part(frame, reader->pinfo, tree, item);
        item = next;
    }
    return item;
}

static void process_all(tcp_reader *reader, tvbuff_t *frame, proto_tree *tree)
{
    tcp_given_sort(reader->given);
    const bool whole_frames = is_whole_frames(reader);
    const uint64_t first = plato_next_position(reader->pinfo);
    const bool compact = whole_frames && (uint32_t)first <= UINT16_MAX;
    stored_item *waiting = whole_frames ? NULL : waiting_items(reader);
    uint32_t index = (uint32_t)first;
    for (unsigned i = 0; i < reader->given->len; i++) {
        given_pdu *given = &g_array_index(reader->given, given_pdu, i);
        if (given->packet == reader->pinfo->num)
            waiting = process_waiting(reader, frame, tree, waiting, given->item.offset);
        process_given(reader, frame, tree, given, &index);
        if (!compact)
            store_given(given);
    }
    (void)process_waiting(reader, frame, tree, waiting, UINT64_MAX);
    tcp_losses_caught_up(&reader->losses);
    if (compact) {
        const stored_packet packet = {reader->pinfo->num, (uint16_t)reader->segment->frame_offset,
                                      (uint16_t)first, reader->segment->stream.len};
        tcp_store_add_packet(&packet);
    }
    g_array_set_size(reader->given, 0);
}

static int read_segment(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    tcp_segment segment;
    if (!tcp_segment_of(frame, pinfo, tree, &segment))
        return 0;
    tcp_reader *reader = reader_of(pinfo);
    if (reader == NULL)
        return carrier_watch_segment(&segment.stream, frame, pinfo, tree)
                   ? (int)tvb_captured_length(frame)
                   : 0;
    reader->pinfo = pinfo;
    reader->segment = &segment;
    reader->latest = flow_packet_of(pinfo);
    last_packet = pinfo->num;
    if (!reader->anchors[segment.stream.direction].known)
        give_syn(reader, pinfo, &segment);
    stream_reader_segment(reader->stream, &segment.stream);
    const bool any = reader->given->len > 0;
    process_all(reader, frame, tree);
    tcp_losses_settle(&reader->losses, reader->stream);
    reader->pinfo = NULL;
    reader->segment = NULL;
    return any ? (int)tvb_captured_length(frame) : 0;
}

/* ---- the end of the first pass ---- */

/* Frames that waited to the end: no packet is at hand in which they could be shown. */
static void feed_given(tcp_reader *reader, given_pdu *given)
{
    stored_item *item = &given->item;
    if (item->kind != STREAM_PDU_SKIPPED) {
        flow_packet packet = reader->latest;
        packet.number = given->packet;
        packet.time_ns = given->time_ns;
        packet.opened = reader->latest.direction == item->direction ? reader->latest.opened
                                                                    : !reader->latest.opened;
        packet.direction = item->direction;
        item->position = (uint64_t)last_packet << 32 | store_next_ordinal(last_packet);
        const found_pdu found = tcp_show_found(item, 0);
        pdu_info facts;
        tvbuff_t *tvb = tvb_new_real_data(item->bytes, (unsigned)item->length, item->length);
        if (given->overtakes)
            tcp_losses_overtaken(&reader->losses, item, &packet);
        plato_examine_pdu(tvb, item->conversation, &found, &facts);
        (void)plato_analyze_pdu(NULL, &packet, item->conversation, &facts);
        tvb_free(tvb);
    }
    store_given(given);
}

static void end_first_pass(void)
{
    ended = true;
    for (unsigned i = 0; readers != NULL && i < readers->len; i++) {
        tcp_reader *reader = g_ptr_array_index(readers, i);
        stream_reader_end(reader->stream);
        tcp_given_sort(reader->given);
        for (unsigned k = 0; k < reader->given->len; k++)
            feed_given(reader, &g_array_index(reader->given, given_pdu, k));
        tcp_losses_caught_up(&reader->losses);
        g_array_set_size(reader->given, 0);
    }
}

/* ---- registration ---- */

static int dissect_postponed(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    if (pinfo->ptype != PT_TCP)
        return 0;
    if (!PINFO_FD_VISITED(pinfo)) {
        ended = false;
        return read_segment(tvb, pinfo, tree);
    }
    if (!ended)
        end_first_pass();
    if (carrier_watch_show(tvb, pinfo, tree))
        return (int)tvb_captured_length(tvb);
    return tcp_show_packet(tvb, pinfo, tree);
}

void tcp_reader_register(void)
{
    tcp_store_register();
    tcp_loss_register();
    register_cleanup_routine(reset);
}

void tcp_reader_handoff(int proto)
{
    plato_handle = find_dissector("plato");
    tcp_segment_register(dissect_postponed, proto);
}
