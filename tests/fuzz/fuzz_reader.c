/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any segments, in any order, with frames in them or any bytes: what the reader gives is what was
 * captured, each byte once, with the packets that brought it; and nothing is left when it is freed.
 */
#include "fuzz_input.h"

#include "counting_allocator.h"
#include "stream/reader.h"

#include <string.h>

#define SEGMENTS_MAX 300u
#define LONGEST 255u
#define GIVEN_MAX 16384u
#define GAPS_MAX 256u

static const uint8_t flags[8] = {
    STREAM_ACK, STREAM_ACK, 0, STREAM_SYN, STREAM_SYN | STREAM_ACK, STREAM_FIN | STREAM_ACK,
    STREAM_RST, STREAM_ACK};

/* Bits of a record's first byte; the flags are between them. */
enum { OP_SERVER = 1, OP_FAR = 2, OP_CUT = 32, OP_OWN_BYTES = 64, OP_END = 128 };

typedef struct range {
    uint64_t from, to;
} range;

/* What was given of a direction, by place. */
typedef struct given_ranges {
    range at[GIVEN_MAX];
    size_t count;
} given_ranges;

typedef struct waiting_gap {
    unsigned direction;
    uint64_t offset;
} waiting_gap;

typedef struct capture {
    stream_reader *reader;
    stream_segment segments[SEGMENTS_MAX + 1]; /* by packet number, from 1 */
    uint8_t bytes[SEGMENTS_MAX + 1][LONGEST];
    uint32_t packet; /* the last one */
    uint32_t next[2];
    int64_t now_ns;
    given_ranges given[2];
    waiting_gap gaps[GAPS_MAX];
    size_t gap_count;
} capture;

/* ---- what is sent ---- */

/* Frames of every type, one after the other; the sequence number says which byte it is. */
static uint8_t sent[2][4096];
static size_t sent_len[2];

static void append_frame(unsigned way, unsigned i)
{
    /* UP: Head{ ClientID, ConnID }, and a body */
    static const uint8_t head[] = {0x08, 0x05, 0x10, 0x07};
    static const uint8_t payload[] = {0x0a, 0x06, 0x08, 0x05, 0x1a, 0x02, '4', '2',
                                      0x12, 0x05, 'h',  'e',  'l',  'l',  'o'};
    const bool msgcmd = way == 1;
    uint8_t body[64];
    size_t written = 0;
    memset(body, (int)('a' + i), sizeof body);
    plato_frame frame = {
        .framing = msgcmd ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER,
        .version = 1,
        .msg_type = i % 3 == 0 ? PLATO_HEARTBEAT : PLATO_UP,
    };
    if (i % 3 != 0) {
        frame.var_head = msgcmd ? (plato_span){0} : (plato_span){head, sizeof head};
        frame.body = msgcmd ? (plato_span){payload, sizeof payload} : (plato_span){body, 5 + i};
    }
    REQUIRE(plato_frame_encode(&frame, sent[way] + sent_len[way], sizeof sent[way] - sent_len[way],
                               &written) == PLATO_OK);
    sent_len[way] += written;
}

static void make_frames(void)
{
    for (unsigned i = 0; i < 40; i++) {
        append_frame(0, i);
        append_frame(1, i);
    }
}

/* ---- what is given ---- */

/* Captured bytes are given once. */
static void require_new(given_ranges *given, uint64_t from, uint64_t to)
{
    size_t low = 0, high = given->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (given->at[middle].to <= from)
            low = middle + 1;
        else
            high = middle;
    }
    REQUIRE(low == given->count || given->at[low].from >= to);
    REQUIRE(given->count < GIVEN_MAX);
    memmove(given->at + low + 1, given->at + low, (given->count - low) * sizeof(range));
    given->at[low] = (range){from, to};
    given->count++;
}

/* The bytes are those of the packets that are said to have brought them. */
static void require_captured(const capture *c, const stream_reader_pdu *pdu)
{
    const stream_conn *conn = stream_reader_conn(c->reader);
    const uint64_t end = pdu->offset + pdu->pdu.length;
    stream_piece piece;
    REQUIRE(pdu->bytes != NULL);
    for (uint64_t at = pdu->offset; at < end; at = piece.offset + piece.len) {
        REQUIRE(stream_piece_at(conn, pdu->direction, at, &piece));
        REQUIRE(piece.captured && piece.offset <= at && piece.len > 0);
        REQUIRE(piece.packet > 0 && piece.packet <= c->packet);
        const stream_segment *segment = &c->segments[piece.packet];
        const uint64_t skip = at - piece.offset;
        const uint64_t to = piece.offset + piece.len < end ? piece.offset + piece.len : end;
        REQUIRE(segment->direction == pdu->direction && segment->time_ns == piece.time_ns);
        REQUIRE(piece.payload + piece.len <= segment->captured);
        REQUIRE(memcmp(pdu->bytes + (at - pdu->offset),
                       c->bytes[piece.packet] + piece.payload + skip, (size_t)(to - at)) == 0);
        REQUIRE(pdu->packet >= piece.packet);
        REQUIRE(at != pdu->offset || pdu->first_packet == piece.packet);
    }
    REQUIRE(pdu->packet <= c->packet && pdu->first_packet <= pdu->packet);
}

static void require_kind(const stream_reader_pdu *pdu)
{
    const stream_pdu *p = &pdu->pdu;
    REQUIRE(p->kind != STREAM_PDU_NEED_MORE);
    REQUIRE(p->consume >= p->length);
    if (p->kind == STREAM_PDU_SKIPPED)
        REQUIRE(p->length > 0 && p->total == 0);
    else if (p->kind == STREAM_PDU_FRAME)
        REQUIRE(p->length > 0 && (p->impossible || p->length == p->total));
    else
        REQUIRE(p->length < p->total);
    REQUIRE((!pdu->rest && !pdu->begun) || p->kind == STREAM_PDU_SKIPPED);
    REQUIRE(pdu->framing == PLATO_FRAMING_HEADER || pdu->framing == PLATO_FRAMING_MSGCMD);
}

static void on_pdu(void *user, const stream_reader_pdu *pdu)
{
    capture *c = user;
    require_kind(pdu);
    if (pdu->pdu.length == 0)
        return;
    require_captured(c, pdu);
    require_new(&c->given[pdu->direction], pdu->offset, pdu->offset + pdu->pdu.length);
    if (pdu->gap == STREAM_GAP_NONE || pdu->pdu.kind == STREAM_PDU_SKIPPED)
        return;
    const stream_gap gap = stream_reader_gap(c->reader, pdu->direction, pdu->offset);
    REQUIRE(pdu->gap == STREAM_GAP_WAITING || gap == STREAM_GAP_FINAL);
    if (c->gap_count < GAPS_MAX)
        c->gaps[c->gap_count++] = (waiting_gap){pdu->direction, pdu->offset};
}

static void on_frames_lost(void *user, unsigned direction)
{
    const capture *c = user;
    REQUIRE(direction < 2 && c->packet > 0);
}

static void on_restart(void *user)
{
    capture *c = user;
    c->given[0].count = c->given[1].count = c->gap_count = 0;
}

/* ---- what is asked ---- */

static void require_answers(const capture *c)
{
    for (size_t i = 0; i < c->gap_count; i++)
        (void)stream_reader_gap(c->reader, c->gaps[i].direction, c->gaps[i].offset);
    for (unsigned direction = 0; direction < 2; direction++) {
        stream_info info;
        uint64_t offset;
        stream_conn_info(stream_reader_conn(c->reader), direction, &info);
        if (stream_reader_unfinished(c->reader, direction, &offset))
            REQUIRE(offset >= info.first && offset < info.end);
    }
}

/* ---- segments ---- */

static void take_bytes(input *in, capture *c, const stream_segment *segment, unsigned way,
                       bool own_bytes)
{
    uint8_t *to = c->bytes[segment->packet];
    if (own_bytes) {
        const plato_span span = take_span(in, segment->captured);
        memset(to, 0, segment->captured);
        if (span.n > 0)
            memcpy(to, span.p, span.n);
        return;
    }
    for (uint32_t i = 0; i < segment->captured; i++)
        to[i] = sent[way][(segment->seq + i) % sent_len[way]];
}

static void take_segment(input *in, capture *c, unsigned way)
{
    const uint8_t op = take_byte(in);
    stream_segment *segment = &c->segments[++c->packet];
    *segment = (stream_segment){.direction = op & OP_SERVER, .flags = flags[op >> 2 & 7]};
    segment->seq = c->next[segment->direction];
    segment->ack = c->next[!segment->direction];
    if ((op & OP_FAR) != 0) {
        segment->seq += (uint32_t)take_number(in, 4);
        segment->ack += (uint32_t)take_number(in, 4);
        c->now_ns += (int64_t)take_byte(in) * 5000000 - 300000000;
    } else {
        segment->seq += (uint32_t)take_byte(in) - 128u;
        segment->ack += (uint32_t)take_byte(in) - 128u;
        c->now_ns += 1000000;
    }
    segment->len = take_byte(in);
    segment->captured = segment->len;
    if ((op & OP_CUT) != 0)
        segment->captured = take_byte(in) % (segment->len + 1);
    segment->packet = c->packet;
    segment->time_ns = c->now_ns;
    take_bytes(in, c, segment, way, (op & OP_OWN_BYTES) != 0);
    segment->bytes = c->bytes[c->packet];
    if ((op & OP_FAR) == 0)
        c->next[segment->direction] =
            segment->seq + segment->len + ((segment->flags & STREAM_SYN) != 0 ? 1 : 0);
    /* the reader must not look at the bytes later, and only at those that were captured */
    uint8_t *bytes = malloc(segment->captured + 1u);
    REQUIRE(bytes != NULL);
    memcpy(bytes, segment->bytes, segment->captured);
    stream_segment given = *segment;
    given.bytes = bytes;
    stream_reader_segment(c->reader, &given);
    free(bytes);
    if ((op & OP_END) != 0 && (op & OP_FAR) != 0)
        stream_reader_end(c->reader);
    require_answers(c);
}

static void take_choices(input *in, stream_reader_config *config)
{
    const uint8_t limits = take_byte(in), how = take_byte(in);
    stream_reader_config_init(config);
    config->on_pdu = on_pdu;
    config->on_frames_lost = on_frames_lost;
    config->on_restart = on_restart;
    config->tcp.max_waiting = (limits & 1) != 0 ? 300 : config->tcp.max_waiting;
    config->tcp.max_holes = (limits & 2) != 0 ? 3 : config->tcp.max_holes;
    config->tcp.max_memory = (limits & 4) != 0 ? 3000 : config->tcp.max_memory;
    config->tcp.grace_packets = (limits & 8) != 0 ? 3 : config->tcp.grace_packets;
    config->limits = (limits & 16) != 0 ? (plato_limits){16, 300} : config->limits;
    config->framing = (plato_framing)((how & 3) % 3);
    config->reassemble = (how & 4) == 0;
    config->checksum.verify = (how & 8) == 0;
    config->checksum.coverage = (how & 16) != 0 ? (how >> 5 & 3) : STREAM_CHECKSUM_AUTO;
    config->checksum.polynomial = (how & 128) != 0 ? 0 : STREAM_CHECKSUM_AUTO;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static capture c;
    input in = {data, size};
    counting count = {0};
    const plato_allocator allocator = counting_allocator(&count);
    stream_reader_config config;
    if (sent_len[0] == 0)
        make_frames();
    take_choices(&in, &config);
    const uint8_t choice = take_byte(&in);
    const unsigned way = choice & 1;
    count.fail_at = (choice & 2) != 0 ? 5 + (choice >> 3) * 4u : 0;
    c.packet = 0;
    c.now_ns = 0;
    c.next[0] = 0xffffff00u;
    c.next[1] = 7;
    on_restart(&c);
    stream_budget *budget = stream_budget_new((choice & 4) != 0 ? 8000 : 0, &allocator);
    c.reader = budget != NULL ? stream_reader_new(&config, budget, &allocator, &c) : NULL;
    while (c.reader != NULL && in.n > 0 && c.packet < SEGMENTS_MAX)
        take_segment(&in, &c, way);
    if (c.reader != NULL) {
        stream_reader_end(c.reader);
        require_answers(&c);
    }
    stream_reader_free(c.reader);
    REQUIRE(budget == NULL || stream_budget_used(budget) == 0);
    stream_budget_free(budget);
    REQUIRE(count.blocks == 0);
    return 0;
}
