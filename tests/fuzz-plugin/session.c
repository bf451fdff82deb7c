/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _DEFAULT_SOURCE
#include "session.h"

#include "commands/packet-bincmd.h"
#include "commands/packet-latency.h"
#include "commands/packet-textcmd.h"
#include "commands/request_response.h"
#include "plato/packet-plato.h"
#include "plato/pdu/proto.h"
#include "plato/transport.h"
#include "stats/registrar.h"
#include "taps/tap.h"

#include <epan/column-info.h>
#include <epan/column-utils.h>
#include <epan/column.h>
#include <epan/epan.h>
#include <epan/epan_dissect.h>
#include <epan/tap.h>
#include <epan/tvbuff.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wiretap/wtap.h>
#include <wsutil/filesystem.h>
#include <wsutil/privileges.h>
#include <wsutil/wslog.h>

/* A new file costs as much as some hundred inputs, and what an old one keeps grows. */
#define INPUTS_PER_FILE 1000u

#define MAX_PACKETS 512u
#define MAX_FOUND 4096u
#define HEADERS (14u + 20u + 20u)

/* What a pass finds is remembered by what all passes must agree on. */
typedef struct found_frame {
    uint32_t packet;
    uint32_t msg_type;
    uint64_t total;
    int captured;
    int crc_status;
    int length_error;
    int head_error;
    uint32_t stream;
    uint32_t flags; /* without ANALYSIS_CAPTURE_GAP */
    bool gap;       /* bytes are missing before it */
    bool upstream;
    bool has_verdict;
} found_frame;

typedef struct found_frames {
    found_frame frame[MAX_FOUND];
    size_t count;
} found_frames;

typedef struct kept_packet {
    uint8_t *bytes;
    uint32_t len;
    uint32_t captured;
    frame_data fd;
} kept_packet;

struct packet_provider_data {
    nstime_t time; /* of whatever packet is asked for */
};

static struct packet_provider_data provider;
static epan_t *session;
static epan_dissect_t *dissection;
static column_info columns;
static kept_packet packets[MAX_PACKETS];
static uint32_t packet_count; /* of this input */
static uint32_t number;       /* of the file's last packet */
static uint32_t bytes_so_far;
static uint32_t input_count;
static uint64_t now_ms;
static found_frames passes[2];
static unsigned pass;

static const nstime_t *time_of_frame(struct packet_provider_data *data, uint32_t frame)
{
    (void)frame;
    return &data->time;
}

static tap_packet_status keep(found_frame one)
{
    found_frames *found = &passes[pass];
    if (found->count == MAX_FOUND)
        return TAP_PACKET_DONT_REDRAW;
    found->frame[found->count++] = one;
    return TAP_PACKET_REDRAW;
}

static tap_packet_status on_frame(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                  const void *data, tap_flags_t tap_flags)
{
    const plato_tap_record *record = data;
    (void)listener;
    (void)edt;
    (void)tap_flags;
    return keep((found_frame){
        .packet = pinfo->num,
        .msg_type = record->facts->frame.msg_type,
        .total = record->facts->total,
        .captured = record->facts->captured,
        .crc_status = (int)record->facts->crc.status,
        .length_error = (int)record->facts->length_error,
        .head_error = (int)record->facts->head_error,
        .stream = record->analysis.stream,
        .flags = record->analysis.flags & ~(uint32_t)ANALYSIS_CAPTURE_GAP,
        .gap = (record->analysis.flags & ANALYSIS_CAPTURE_GAP) != 0,
        .upstream = record->analysis.upstream,
        .has_verdict = record->analysis.verdict != NULL,
    });
}

/* A message of the latency and command protocols. */
static tap_packet_status on_message(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                    const void *data, tap_flags_t tap_flags)
{
    const rr_record *record = data;
    (void)listener;
    (void)edt;
    (void)tap_flags;
    return keep((found_frame){
        .packet = pinfo->num,
        .msg_type = record->type != NULL ? g_str_hash(record->type) : 0,
        .total = record->length,
        .length_error = record->remark != NULL,
        .head_error = (int)record->error,
        .flags = record->message->exchange.flags,
        .upstream = record->message->is_request,
        .has_verdict = record->message->paired,
    });
}

/* The same, and bytes between them, as other plugins get them. */
static tap_packet_status on_talk(void *listener, packet_info *pinfo, epan_dissect_t *edt,
                                 const void *data, tap_flags_t tap_flags)
{
    const plato_tap_message *record = data;
    (void)listener;
    (void)edt;
    (void)tap_flags;
    return keep((found_frame){
        .packet = pinfo->num,
        .msg_type = (uint32_t)record->protocol,
        .total = record->length,
        .captured = record->following,
        .length_error = (int)record->form,
        .head_error = (int)record->error,
        .upstream = record->is_request,
        .has_verdict = record->exchange != NULL,
    });
}

static void listen_to(const char *tap, tap_packet_cb on_record)
{
    /* Wireshark asks for a different pointer for each */
    static char listeners[8];
    static size_t count;
    GString *error = register_tap_listener(tap, &listeners[count++], NULL, TL_REQUIRES_COLUMNS,
                                           NULL, on_record, NULL, NULL);
    if (error == NULL)
        return;
    (void)fprintf(stderr, "%s\n", error->str);
    abort();
}

static void say_nothing(const char *format, va_list arguments)
{
    (void)format;
    (void)arguments;
}

static void new_file(void)
{
    static const struct packet_provider_funcs funcs = {.get_frame_ts = time_of_frame};
    if (session != NULL) {
        epan_dissect_free(dissection);
        epan_free(session);
    }
    session = epan_new(&provider, &funcs);
    dissection = epan_dissect_new(session, TRUE, TRUE);
    number = 0;
    bytes_so_far = 0;
}

/* Other protocols' calls of the dissector, from a TCP port: a table of ports takes one entry of
 * each protocol, so these are protocols. */
static int proto_as_tls, proto_as_websocket;

static int as_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return plato_dissect_tls(tvb, pinfo, tree, NULL);
}

static int as_websocket(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    (void)data;
    return plato_dissect_websocket(tvb, pinfo, tree, NULL);
}

/* As plugin.c does. */
static void register_plato(void)
{
    proto_register_plato();
    plato_register_statistics(proto_plato);
}

static void handoff_plato(void)
{
    proto_reg_handoff_plato();
    plato_handoff_statistics();
}

static void register_doors(void)
{
    proto_as_tls = proto_register_protocol("Plato as in TLS", "as TLS", "fuzz_as_tls");
    proto_as_websocket =
        proto_register_protocol("Plato as in WebSocket", "as WebSocket", "fuzz_as_websocket");
}

/* What bugs other heuristic dissectors have is not asked here. */
static void leave_only_ours(const char *table, struct heur_dtbl_entry *entry, void *data)
{
    (void)table;
    (void)data;
    if (!g_str_has_prefix(entry->short_name, "plato_") &&
        !g_str_has_prefix(entry->short_name, "textcmd_") &&
        !g_str_has_prefix(entry->short_name, "bincmd_"))
        entry->enabled = FALSE;
}

static void handoff_doors(void)
{
    dissector_add_uint("tcp.port", PORT_AS_TLS, create_dissector_handle(as_tls, proto_as_tls));
    dissector_add_uint("tcp.port", PORT_AS_WEBSOCKET,
                       create_dissector_handle(as_websocket, proto_as_websocket));
}

void session_start_library(const char *program)
{
    char name[4096];
    (void)setenv("WIRESHARK_ABORT_ON_DISSECTOR_BUG", "1", 1);
    /* each object its own block of malloc, so that AddressSanitizer knows where it ends */
    (void)setenv("WIRESHARK_DEBUG_WMEM_OVERRIDE", "simple", 0);
    (void)setenv("WIRESHARK_CONFIG_DIR", "/nonexistent", 1);
    (void)snprintf(name, sizeof name, "%s", program);
    ws_log_init("fuzz_plugin", say_nothing);
    init_process_policies();
    g_free(configuration_init(name, NULL));
    wtap_init(FALSE);

    static proto_plugin protocols[] = {
        {register_plato, handoff_plato},
        {proto_register_latency, proto_reg_handoff_latency},
        {proto_register_textcmd, proto_reg_handoff_textcmd},
        {proto_register_bincmd, proto_reg_handoff_bincmd},
        {register_doors, handoff_doors},
    };
    for (size_t i = 0; i < array_length(protocols); i++)
        proto_register_plugin(&protocols[i]);
    if (!epan_init(NULL, NULL, FALSE))
        abort();
    const e_prefs *settings = epan_load_settings();
    heur_dissector_table_foreach("tcp", leave_only_ours, NULL);
    build_column_format_array(&columns, settings->num_cols, TRUE);

    listen_to("plato", on_frame);
    listen_to("latency", on_message);
    listen_to("textcmd", on_message);
    listen_to("bincmd", on_message);
    listen_to("plato_talk", on_talk);
}

static void dissect(kept_packet *packet)
{
    wtap_rec record;
    wtap_rec_init(&record);
    record.rec_type = REC_TYPE_PACKET;
    record.presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN;
    record.ts = packet->fd.abs_ts;
    record.rec_header.packet_header.caplen = packet->captured;
    record.rec_header.packet_header.len = packet->len;
    record.rec_header.packet_header.pkt_encap = WTAP_ENCAP_ETHERNET;
    if (pass == 0) /* without it postdissectors find no fields; tshark does so in the first pass */
        prime_epan_dissect_with_postdissector_wanted_hfids(dissection);
    epan_dissect_run_with_taps(dissection, WTAP_FILE_TYPE_SUBTYPE_UNKNOWN, &record,
                               tvb_new_real_data(packet->bytes, packet->captured, (int)packet->len),
                               &packet->fd, &columns);
    epan_dissect_reset(dissection);
    wtap_rec_cleanup(&record);
}

static uint8_t *put16(uint8_t *p, uint32_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t value)
{
    return put16(put16(p, value >> 16), value);
}

/* Addresses that no input in this file had: one is the number of the input. */
static uint8_t *put_address(uint8_t *p, bool client)
{
    return put32(p, (client ? 0x0a000000u : 0x0b000000u) | (input_count & 0xffffffu));
}

static void put_headers(uint8_t *p, const tcp_packet *packet)
{
    static const uint8_t ethernet[] = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0};
    const bool client = packet->from_client;
    memcpy(p, ethernet, sizeof ethernet);
    p += sizeof ethernet;
    p = put32(p, 0x45000000u | (uint32_t)(40 + packet->len));
    p = put32(p, 0);
    p = put32(p, 0x40060000u); /* time to live, TCP, checksum 0: not looked at */
    p = put_address(p, client);
    p = put_address(p, !client);
    p = put16(p, client ? packet->client_port : packet->server_port);
    p = put16(p, client ? packet->server_port : packet->client_port);
    p = put32(p, packet->seq);
    p = put32(p, packet->ack);
    p = put16(p, 0x5000u | packet->flags);
    p = put16(p, 65535);
    put32(p, 0);
}

/* PLATO_FUZZ_PCAP names a file to put the packets into: a finding can be looked at in Wireshark. */
static void save(const kept_packet *packet)
{
    static FILE *out;
    const char *path = getenv("PLATO_FUZZ_PCAP");
    const uint32_t header[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1};
    const uint32_t record[] = {(uint32_t)packet->fd.abs_ts.secs,
                               (uint32_t)packet->fd.abs_ts.nsecs / 1000, packet->captured,
                               packet->len};
    if (path == NULL)
        return;
    if (out == NULL) {
        out = fopen(path, "wb");
        if (out == NULL || fwrite(header, sizeof header, 1, out) != 1)
            abort();
    }
    if (fwrite(record, sizeof record, 1, out) != 1 ||
        fwrite(packet->bytes, packet->captured, 1, out) != 1 || fflush(out) != 0)
        abort();
}

void session_begin(void)
{
    if (session == NULL || input_count % INPUTS_PER_FILE == 0)
        new_file();
    input_count++;
    packet_count = 0;
    passes[0].count = passes[1].count = 0;
    pass = 0;
}

void session_add(const tcp_packet *packet)
{
    if (packet_count == MAX_PACKETS)
        return;
    kept_packet *kept = &packets[packet_count++];
    kept->len = HEADERS + (uint32_t)packet->len;
    kept->captured = HEADERS + (uint32_t)packet->captured;
    /* exactly as many bytes as were captured, so that a read past them is seen */
    kept->bytes = malloc(kept->captured);
    if (kept->bytes == NULL)
        abort();
    put_headers(kept->bytes, packet);
    if (packet->captured > 0)
        memcpy(kept->bytes + HEADERS, packet->payload, packet->captured);

    now_ms += packet->wait_ms;
    wtap_rec record = {.rec_type = REC_TYPE_PACKET,
                       .presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN,
                       .ts = {(time_t)(1700000000 + now_ms / 1000), (int)(now_ms % 1000) * 1000000},
                       .rec_header.packet_header = {.caplen = kept->captured,
                                                    .len = kept->len,
                                                    .pkt_encap = WTAP_ENCAP_ETHERNET}};
    frame_data_init(&kept->fd, ++number, &record, 0, bytes_so_far);
    provider.time = record.ts;
    save(kept);
    dissect(kept);
    frame_data_set_after_dissect(&kept->fd, &bytes_so_far);
}

/* PLATO_FUZZ_LENIENT: passes may differ, which is said; to look for worse beyond that. */
static void passes_differ(void)
{
    static unsigned times;
    if (getenv("PLATO_FUZZ_LENIENT") == NULL)
        abort();
    times++;
    (void)fprintf(stderr, "passes differed %u times\n", times);
}

static void print_frame(const char *name, const found_frame *f)
{
    (void)fprintf(stderr,
                  "%s: packet %u, type %u, length %ju, captured %d, CRC %d, length error %d, "
                  "head error %d, stream %u, flags %x, gap %d, upstream %d, judged %d\n",
                  name, f->packet, f->msg_type, (uintmax_t)f->total, f->captured, f->crc_status,
                  f->length_error, f->head_error, f->stream, f->flags, f->gap, f->upstream,
                  f->has_verdict);
}

/* But for what later passes may know better. */
static bool is_same(const found_frame *a, const found_frame *b)
{
    return a->packet == b->packet && a->msg_type == b->msg_type && a->total == b->total &&
           a->captured == b->captured && a->crc_status == b->crc_status &&
           a->length_error == b->length_error && a->head_error == b->head_error &&
           a->stream == b->stream && a->flags == b->flags && a->has_verdict == b->has_verdict;
}

/* A frame is given later than its packet where bytes that follow had to decide what it is. */
static void sort_by_packet(found_frames *found)
{
    for (size_t i = 1; i < found->count; i++) {
        const found_frame one = found->frame[i];
        size_t k = i;
        for (; k > 0 && found->frame[k - 1].packet > one.packet; k--)
            found->frame[k] = found->frame[k - 1];
        found->frame[k] = one;
    }
}

static void compare_all(void)
{
    found_frames *first = &passes[0];
    const found_frames *second = &passes[1];
    sort_by_packet(first);
    const size_t n = first->count < second->count ? first->count : second->count;
    for (size_t i = 0; i < n; i++) {
        if (is_same(&first->frame[i], &second->frame[i]) &&
            first->frame[i].gap == second->frame[i].gap &&
            first->frame[i].upstream == second->frame[i].upstream)
            continue;
        print_frame("first pass", &first->frame[i]);
        print_frame("second pass", &second->frame[i]);
        passes_differ();
        return;
    }
    if (first->count != second->count) {
        (void)fprintf(stderr, "%zu frames in the first pass, %zu in the second\n", first->count,
                      second->count);
        passes_differ();
    }
}

/* As COMPARE_LENIENT says; each frame of the second pass stands for one of the first. */
static void compare_leniently(void)
{
    static bool taken[MAX_FOUND];
    memset(taken, 0, sizeof taken);
    for (size_t i = 0; i < passes[0].count; i++) {
        const found_frame *wanted = &passes[0].frame[i];
        size_t k = 0;
        while (k < passes[1].count && (taken[k] || !is_same(wanted, &passes[1].frame[k])))
            k++;
        if (k == passes[1].count) {
            print_frame("first pass only", wanted);
            for (k = 0; k < passes[1].count; k++) {
                if (passes[1].frame[k].packet == wanted->packet)
                    print_frame("second pass", &passes[1].frame[k]);
            }
            passes_differ();
            return;
        }
        taken[k] = true;
    }
}

size_t session_end(session_compare compare)
{
    pass = 1;
    for (uint32_t i = 0; i < packet_count; i++) {
        provider.time = packets[i].fd.abs_ts;
        dissect(&packets[i]);
    }
    for (uint32_t i = 0; i < packet_count; i++) {
        frame_data_destroy(&packets[i].fd);
        free(packets[i].bytes);
    }
    if (compare == COMPARE_ALL)
        compare_all();
    else if (compare == COMPARE_LENIENT)
        compare_leniently();
    return passes[1].count;
}
