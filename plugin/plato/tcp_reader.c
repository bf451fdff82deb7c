/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/tcp_reader.h"

#include "plato/carrier_watch.h"
#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/analysis_store.h"
#include "plato/pdu/checksum.h"
#include "plato/pdu/pdu_fragment.h"
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
#include "support/column.h"
#include "taps/tap.h"

#include <epan/dissectors/packet-tcp.h>
#include <stream/reader.h>

/* of the file */
static GPtrArray *readers;
static stream_budget *budget;
static bool ended;           /* the first pass is over */
static uint32_t last_packet; /* of the first pass, of any connection here */
static uint32_t last_number; /* of the first pass, of any segment */

static dissector_handle_t plato_handle;

#define KEY_DONE 2 /* of the packet's proto data; position.c has 0 */

/* ---- readers ---- */

static void free_reader(gpointer p)
{
    tcp_reader *reader = p;
    stream_reader_free(reader->stream);
    g_array_free(reader->given, TRUE);
    tcp_losses_clear(&reader->losses);
    if (reader->cut_frames != NULL)
        g_array_free(reader->cut_frames, TRUE);
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
    last_packet = last_number = 0;
}

static void on_pdu(void *user, const stream_reader_pdu *pdu);
static void on_event(void *user, const stream_event *event);
static void on_frames_lost(void *user, unsigned direction);
static void on_restart(void *user);

static void init_config(stream_reader_config *config)
{
    stream_reader_config_init(config);
    config->limits = plato_pref_limits();
    config->framing = plato_pref.framing == PREF_AUTO ? 0 : (plato_framing)plato_pref.framing;
    config->checksum = plato_checksum_preferences();
    config->reassemble = plato_pref.desegment;
    config->on_pdu = on_pdu;
    config->on_frames_lost = on_frames_lost;
    config->on_restart = on_restart;
    config->tcp.on_event = on_event;
}

static void begin_file(void)
{
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
    init_config(&reader->config);
    reader->stream = stream_reader_new(&reader->config, budget, NULL, reader);
    if (reader->stream == NULL) {
        g_array_free(reader->given, TRUE);
        g_free(reader);
        return NULL;
    }
    g_ptr_array_add(readers, reader);
    conversation->tcp = reader;
    return reader;
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

static void on_pdu(void *user, const stream_reader_pdu *pdu)
{
    tcp_given_add((tcp_reader *)user, pdu);
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
    for (unsigned i = 0; i < reader->given->len; i++)
        tcp_loss_fix_gap(&g_array_index(reader->given, given_pdu, i).item);
    tcp_losses_restart(&reader->losses);
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

/* What holds for a frame before it is analysed, wherever it is shown. */
static found_pdu note_frame(tcp_reader *reader, given_pdu *given, uint64_t position, uint32_t index)
{
    stored_item *item = &given->item;
    item->position = position;
    if (item->conversation->framing == 0)
        item->conversation->framing = stream_reader_framing(reader->stream);
    plato_keep_checksum(item->conversation, position, &given->checksum);
    const found_pdu found = tcp_show_found(item, index);
    tcp_losses_frame(&reader->losses, item, found.capture_gap, &reader->latest);
    if (given->overtakes)
        tcp_losses_overtaken(&reader->losses, item, &reader->latest);
    return found;
}

static void process_given(tcp_reader *reader, tvbuff_t *frame, proto_tree *tree, given_pdu *given,
                          uint32_t *index)
{
    packet_info *pinfo = pinfo_of(reader->pinfo, given);
    if (given->item.is_part) { /* what waited was shown when it came */
        if (pinfo == reader->pinfo)
            plato_dissect_pdu_part(tvb_of(reader, frame, given), pinfo, tree, 0);
    } else if (given->item.kind == STREAM_PDU_SKIPPED && pinfo == reader->pinfo) {
        plato_process_skipped(tvb_of(reader, frame, given), pinfo, tree,
                              given->item.gap != STREAM_GAP_NONE);
    } else if (given->item.kind == STREAM_PDU_SKIPPED) {
        plato_tap_bytes_skipped(pinfo, (uint32_t)given->item.length,
                                given->item.gap != STREAM_GAP_NONE);
    } else {
        const found_pdu found =
            note_frame(reader, given, plato_take_position(reader->pinfo), *index);
        plato_process_pdu(tvb_of(reader, frame, given), pinfo, tree, given->item.conversation,
                          &found);
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

static void store_given(tcp_reader *reader, const given_pdu *given)
{
    stored_item *item = wmem_memdup(wmem_file_scope(), &given->item, sizeof given->item);
    tcp_store_add_item(given->packet, item);
    tcp_losses_keep(&reader->losses, item);
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
    stored_item *waiting = whole_frames ? NULL : tcp_given_waiting(reader);
    uint32_t index = (uint32_t)first;
    for (unsigned i = 0; i < reader->given->len; i++) {
        given_pdu *given = &g_array_index(reader->given, given_pdu, i);
        if (given->packet == reader->pinfo->num)
            waiting = process_waiting(reader, frame, tree, waiting, given->item.offset);
        process_given(reader, frame, tree, given, &index);
        if (!compact)
            store_given(reader, given);
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

/*
 * A packet that does not pass the read filter has the number of the one after it: what was kept
 * with it is forgotten. True if the packet before was such.
 */
static bool is_number_again(uint32_t number)
{
    const bool again = number == last_number;
    last_number = number;
    if (again) {
        tcp_store_forget(number);
        carrier_watch_forget(number);
    }
    return again;
}

/* True if something was shown. */
static bool read_segment(tcp_reader *reader, const tcp_segment *segment, bool number_again,
                         tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    reader->pinfo = pinfo;
    reader->segment = segment;
    reader->number_again = number_again;
    g_array_set_size(reader->given, 0); /* an exception may have left some */
    reader->latest = flow_packet_of(pinfo);
    reader->tcp_stream = flow_tcp_stream(pinfo);
    reader->ports[segment->stream.direction] = (uint16_t)pinfo->srcport;
    last_packet = pinfo->num;
    if (!reader->anchors[segment->stream.direction].known)
        give_syn(reader, pinfo, segment);
    stream_reader_segment(reader->stream, &segment->stream);
    const bool any = reader->given->len > 0;
    process_all(reader, frame, tree);
    tcp_losses_settle(&reader->losses, reader->stream);
    reader->pinfo = NULL;
    reader->segment = NULL;
    return any;
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
        const uint64_t position = (uint64_t)last_packet << 32 | store_next_ordinal(last_packet);
        const found_pdu found = note_frame(reader, given, position, 0);
        pdu_info facts;
        tvbuff_t *tvb = tvb_new_real_data(item->bytes, (unsigned)item->length, item->length);
        plato_examine_pdu(tvb, item->conversation, &found, &facts);
        (void)plato_analyze_pdu(NULL, &packet, item->conversation, &facts);
        tvb_free(tvb);
    }
    if (given->frames_lost)
        tcp_losses_report(&reader->losses, item->direction, &reader->latest, item->conversation);
    store_given(reader, given);
}

static void end_first_pass(void)
{
    ended = true;
    carrier_watch_end();
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

static void report_begun(const tcp_reader *reader, unsigned direction, frame_begin begin,
                         plato_unfinished_fn each, void *user)
{
    const plato_conversation *conversation = reader->conversation;
    const plato_unfinished frame = {
        .begin = begin,
        .tcp_stream = reader->tcp_stream,
        .port = reader->ports[direction],
        .stream = conversation->has_stream ? conversation->stream : UINT32_MAX,
        .framing = stream_reader_framing(reader->stream),
    };
    each(&frame, user);
}

/* Frames of which the capture has the first byte and not the last. */
static void report_unfinished(plato_unfinished_fn each, void *user)
{
    for (unsigned i = 0; readers != NULL && i < readers->len; i++) {
        const tcp_reader *reader = g_ptr_array_index(readers, i);
        for (unsigned k = 0; reader->cut_frames != NULL && k < reader->cut_frames->len; k++) {
            const cut_frame *cut = &g_array_index(reader->cut_frames, cut_frame, k);
            report_begun(reader, cut->direction, cut->begin, each, user);
        }
        for (unsigned direction = 0; direction < 2; direction++) {
            uint64_t offset;
            stream_piece first;
            if (stream_reader_unfinished(reader->stream, direction, &offset) &&
                stream_piece_at(stream_reader_conn(reader->stream), direction, offset, &first))
                report_begun(reader, direction, (frame_begin){first.packet, first.time_ns}, each,
                             user);
        }
    }
}

/* ---- the two ways to a packet ---- */

/* Whether the packet was dissected when TCP handed over its segment. */
static bool is_done(packet_info *pinfo)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto_plato, KEY_DONE) != NULL;
}

static void set_done(packet_info *pinfo)
{
    p_add_proto_data(pinfo->pool, pinfo, proto_plato, KEY_DONE, &proto_plato);
}

static bool show_again(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree)
{
    if (!ended)
        end_first_pass();
    return tcp_show_packet(frame, pinfo, tree) > 0;
}

/*
 * Where TCP hands the segment over, it is dissected at once: then Plato is among the protocols of
 * the packet, and what is in its bodies as well.
 */
void tcp_reader_dissect(packet_info *pinfo, proto_tree *tree)
{
    tvbuff_t *frame = get_data_source_tvb(pinfo->data_src->data);
    tcp_segment segment;
    if (is_done(pinfo))
        return;
    if (PINFO_FD_VISITED(pinfo)) {
        set_done(pinfo);
        (void)show_again(frame, pinfo, tree);
        return;
    }
    plato_conversation *conversation = plato_conversation_of(pinfo);
    tcp_reader *reader = conversation->tcp != NULL ? conversation->tcp : new_reader(conversation);
    ended = false;
    if (reader == NULL || !tcp_segment_of(frame, pinfo, tree, &segment))
        return;
    set_done(pinfo);
    (void)read_segment(reader, &segment, is_number_again(pinfo->num), frame, pinfo, tree);
}

/* TCP of Wireshark 4.4 and later closes the columns of a segment that it withholds. */
static void open_columns(const packet_info *pinfo)
{
    col_set_writable(pinfo->cinfo, -1, TRUE);
    col_set_writable(pinfo->cinfo, COL_PROTOCOL, TRUE);
    col_set_writable(pinfo->cinfo, COL_INFO, TRUE);
}

/* All that TCP does not hand over. */
static int dissect_postponed(tvbuff_t *frame, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    tcp_segment segment;
    bool any = false;
    if (pinfo->ptype != PT_TCP || is_done(pinfo))
        return 0;
    if (PINFO_FD_VISITED(pinfo)) {
        if (tcp_store_packet(pinfo->num) != NULL || tcp_store_items(pinfo->num) != NULL)
            open_columns(pinfo);
        any = show_again(frame, pinfo, tree) || carrier_watch_show(frame, pinfo, tree);
    } else if (tcp_segment_of(frame, pinfo, tree, &segment)) {
        tcp_reader *reader = reader_of(pinfo);
        const bool number_again = is_number_again(pinfo->num);
        ended = false;
        if (reader != NULL)
            open_columns(pinfo);
        any = reader != NULL ? read_segment(reader, &segment, number_again, frame, pinfo, tree)
                             : carrier_watch_segment(&segment.stream, frame, pinfo, tree);
    }
    if (any)
        column_update_fields(pinfo, tree);
    return any ? (int)tvb_captured_length(frame) : 0;
}

void tcp_reader_register(void)
{
    tcp_store_register();
    tcp_loss_register();
    plato_add_unfinished_pdus(report_unfinished);
    register_cleanup_routine(reset);
}

void tcp_reader_handoff(int proto)
{
    plato_handle = find_dissector("plato");
    tcp_segment_register(dissect_postponed, proto);
}
