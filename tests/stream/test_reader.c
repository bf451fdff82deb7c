/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The frames of captures that lack, repeat and reorder segments, against what was sent: seeded, and
 * the truth is known because the test made the capture.
 */
#include "stream/reader.h"

#include "random.h"
#include "run_tests.h"

#include <inttypes.h>
#include <plato/plato.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FRAMES 400
#define MAX_PACKETS 8000
#define NEVER UINT32_MAX

typedef struct sent_frame {
    uint64_t offset, len;
    bool bad_crc;
    bool cut;  /* given by the reader as far as the snaplen left it */
    bool seen; /* given by the reader, */
    bool late; /* and not with the packet to which it belongs */
    uint32_t packet;
    stream_gap gap;
} sent_frame;

typedef struct capture_packet {
    unsigned direction; /* 0: data, 1: an ACK */
    uint64_t from, to;  /* data */
    uint64_t acked;
    uint8_t flags;
} capture_packet;

typedef struct world {
    rng r;
    plato_framing framing;
    uint32_t isn;
    uint8_t *bytes;
    uint32_t *arrived; /* packet that brought the byte first; NEVER */
    uint8_t *given;    /* how often the byte was given */
    uint8_t *skipped;  /* the byte was given as one of no frame */
    uint64_t len;
    sent_frame frames[MAX_FRAMES];
    unsigned frame_count;
    capture_packet packets[MAX_PACKETS];
    unsigned packet_count;
    unsigned lost, delayed, repeated; /* segments of a hundred */
    unsigned ended;   /* per cent of the packets after which the capture seems to end */
    uint32_t snaplen; /* bytes of each segment; 0: all of them */
    bool damaged;     /* some frames are */
    bool syn;
    uint64_t start; /* where the capture begins: with the first packet, or 0 with its SYN */
    uint64_t seed;
    uint32_t at_hand; /* packet */
    stream_reader *reader;
} world;

static void make_frame(world *w, bool bad)
{
    uint8_t content[3000];
    const size_t n = rng_below(&w->r, rng_below(&w->r, 8) == 0 ? sizeof content : 120);
    uint8_t head[64];
    size_t head_len = 0, written = 0;
    plato_head up = {.msg_type = PLATO_UP};
    plato_frame frame = {.framing = PLATO_FRAMING_HEADER, .version = 1, .msg_type = PLATO_UP};
    uint64_t size;
    for (size_t i = 0; i < n; i++)
        content[i] = (uint8_t)('a' + rng_below(&w->r, 26));
    up.up.client_id = w->frame_count + 1;
    up.up.conn_id = 7;
    up.up.session_id = 42;
    ck_assert_int_eq(plato_head_write(&up, head, sizeof head, &head_len), PLATO_OK);
    frame.var_head = (plato_span){head, head_len};
    frame.body = (plato_span){content, n};
    ck_assert_int_eq(plato_frame_encoded_size(&frame, &size), PLATO_OK);
    w->bytes = realloc(w->bytes, w->len + size);
    ck_assert_int_eq(plato_frame_encode(&frame, w->bytes + w->len, size, &written), PLATO_OK);
    if (bad)
        w->bytes[w->len + 12] ^= 0x55;
    w->frames[w->frame_count++] =
        (sent_frame){.offset = w->len, .len = size, .bad_crc = bad, .packet = NEVER};
    w->len += size;
}

static size_t put_varint(uint8_t *p, size_t value)
{
    size_t n = 0;
    for (; value > 127; value >>= 7)
        p[n++] = (uint8_t)(value | 0x80);
    p[n++] = (uint8_t)value;
    return n;
}

static size_t varint_size(size_t value)
{
    uint8_t bytes[10];
    return put_varint(bytes, value);
}

/* MsgCmd{ Type = 4 (UP), Payload = UPMsg{ Head{ ClientID, SessionID }, Body } } */
static void make_msgcmd(world *w)
{
    uint8_t p[4096] = {0};
    const size_t body = 1 + rng_below(&w->r, rng_below(&w->r, 8) == 0 ? 3000 : 100);
    const uint8_t head[] = {0x08, (uint8_t)(1 + w->frame_count % 100), 0x1a, 0x02, 's', '1'};
    const size_t inner = 2 + sizeof head + 1 + varint_size(body) + body;
    const size_t outer = 2 + 1 + varint_size(inner) + inner;
    size_t n = 4;
    p[2] = (uint8_t)(outer >> 8);
    p[3] = (uint8_t)outer;
    p[n++] = 0x08;
    p[n++] = 0x04;
    p[n++] = 0x12;
    n += put_varint(p + n, inner);
    p[n++] = 0x0a;
    p[n++] = sizeof head;
    memcpy(p + n, head, sizeof head);
    n += sizeof head;
    p[n++] = 0x12;
    n += put_varint(p + n, body);
    for (size_t i = 0; i < body; i++)
        p[n++] = (uint8_t)('a' + rng_below(&w->r, 26));
    w->bytes = realloc(w->bytes, w->len + n);
    memcpy(w->bytes + w->len, p, n);
    w->frames[w->frame_count++] = (sent_frame){.offset = w->len, .len = n, .packet = NEVER};
    w->len += n;
}

static void add_packet(world *w, const capture_packet *p)
{
    ck_assert_uint_lt(w->packet_count, MAX_PACKETS);
    w->packets[w->packet_count++] = *p;
}

/* The packets of the data in the order in which they were sent, and what becomes of each. */
typedef struct sent_packets {
    capture_packet sent[MAX_PACKETS / 4];
    unsigned when[MAX_PACKETS / 4]; /* the slot in which it is captured */
    bool lost[MAX_PACKETS / 4];     /* not captured */
    bool moved[MAX_PACKETS / 4];    /* its slot has come */
    unsigned count;
} sent_packets;

static void send_data(world *w, sent_packets *s)
{
    for (uint64_t at = 0; at < w->len;) {
        const uint64_t left = w->len - at;
        const uint64_t len = 1 + rng_below(&w->r, rng_below(&w->r, 3) == 0 ? 1400 : 300);
        s->sent[s->count] = (capture_packet){0, at, at + (len < left ? len : left), 0, STREAM_ACK};
        at = s->sent[s->count++].to;
    }
    for (unsigned i = 0; i < s->count; i++) {
        s->lost[i] = rng_below(&w->r, 100) < w->lost;
        s->when[i] = i;
        if (rng_below(&w->r, 100) < w->delayed)
            s->when[i] += 1 + (unsigned)rng_below(&w->r, 8);
    }
}

static void capture_slot(world *w, sent_packets *s, unsigned slot)
{
    for (unsigned i = slot > 10 ? slot - 10 : 0; i <= slot && i < s->count; i++) {
        if (s->when[i] != slot)
            continue;
        s->moved[i] = true;
        if (s->lost[i])
            continue;
        add_packet(w, &s->sent[i]);
        if (rng_below(&w->r, 100) < w->repeated)
            add_packet(w, &s->sent[i]);
    }
}

/* All that moved in order. */
static uint64_t acknowledged(const world *w, const sent_packets *s)
{
    unsigned i = 0;
    while (i < s->count && s->moved[i])
        i++;
    return i < s->count ? s->sent[i].from : w->len;
}

/*
 * The packets as they were sent; then some data packets move back by up to ten, some come twice,
 * some were not captured. The ACKs stay where they are: they acknowledge what the peer has, which
 * is all.
 */
static void make_packets(world *w)
{
    sent_packets s = {.count = 0};
    send_data(w, &s);
    for (unsigned slot = 0; slot < s.count + 10; slot++) {
        capture_slot(w, &s, slot);
        const capture_packet ack = {1, 0, 0, acknowledged(w, &s), STREAM_ACK};
        if (rng_below(&w->r, 2) == 0)
            add_packet(w, &ack);
    }
}

/* Nothing is made up: what is given as a frame is one, and has its length. */
static void take_frame(world *w, const stream_reader_pdu *given, uint64_t offset)
{
    for (unsigned i = 0; i < w->frame_count; i++) {
        sent_frame *f = &w->frames[i];
        if (f->offset != offset || f->len != given->pdu.total)
            continue;
        ck_assert(!f->seen && !f->cut);
        f->cut = given->pdu.kind == STREAM_PDU_CUT;
        f->seen = !f->cut && f->len == given->pdu.length;
        f->late = given->packet != w->at_hand;
        f->packet = given->packet;
        f->gap = given->gap;
        return;
    }
    ck_assert_msg(w->damaged, "seed %" PRIu64 ": no frame of %" PRIu64 " bytes begins at %" PRIu64,
                  w->seed, given->pdu.total, offset);
}

static void on_pdu(void *user, const stream_reader_pdu *given)
{
    world *w = user;
    ck_assert_uint_eq(given->direction, 0);
    const uint64_t offset = given->offset >= STREAM_MIDSTREAM
                                ? given->offset - STREAM_MIDSTREAM + w->start
                                : given->offset;
    ck_assert_uint_le(offset + given->pdu.length, w->len);
    ck_assert_msg(memcmp(given->bytes, w->bytes + offset, given->pdu.length) == 0,
                  "seed %" PRIu64 ": other bytes at %" PRIu64, w->seed, offset);
    for (uint64_t i = offset; i < offset + given->pdu.length; i++) {
        if (w->arrived[i] == NEVER)
            ck_abort_msg("byte %" PRIu64 " never came", i);
        w->given[i]++;
        w->skipped[i] = given->pdu.kind == STREAM_PDU_SKIPPED && !given->rest;
    }
    if (given->pdu.kind != STREAM_PDU_SKIPPED)
        take_frame(w, given, offset);
}

static void feed(world *w)
{
    const capture_packet *first = &w->packets[0];
    if (!w->syn)
        w->start = first->direction == 0 ? first->from : first->acked;
    if (w->syn) {
        const stream_segment syn = {.flags = STREAM_SYN, .seq = w->isn - 1, .time_ns = 1};
        stream_reader_segment(w->reader, &syn);
    }
    for (unsigned i = 0; i < w->packet_count; i++) {
        const capture_packet *p = &w->packets[i];
        const uint32_t len = (uint32_t)(p->to - p->from);
        const uint32_t n = w->snaplen != 0 && w->snaplen < len ? w->snaplen : len;
        /* a copy of its own size, so that a read beyond it is found */
        uint8_t *bytes = malloc(n > 0 ? n : 1);
        if (n > 0)
            memcpy(bytes, w->bytes + p->from, n);
        const stream_segment segment = {
            .direction = p->direction,
            .flags = p->flags,
            .seq = p->direction == 0 ? w->isn + (uint32_t)p->from : 5000,
            .ack = p->direction == 0 ? 5000 : w->isn + (uint32_t)p->acked,
            .len = len,
            .captured = n,
            .bytes = bytes,
            .packet = i + 1,
            .time_ns = (int64_t)(i + 1) * 1000000,
        };
        for (uint64_t at = p->from; at < p->from + n; at++)
            if (w->arrived[at] == NEVER)
                w->arrived[at] = i + 1;
        w->at_hand = i + 1;
        stream_reader_segment(w->reader, &segment);
        free(bytes);
        if (rng_below(&w->r, 100) < w->ended)
            stream_reader_end(w->reader);
    }
    stream_reader_end(w->reader);
}

/* The packet that completes a frame; NEVER if bytes of it were not captured. */
static uint32_t completed_by(const world *w, const sent_frame *f)
{
    uint32_t packet = 0;
    for (uint64_t at = f->offset; at < f->offset + f->len; at++) {
        if (w->arrived[at] == NEVER)
            return NEVER;
        if (w->arrived[at] > packet)
            packet = w->arrived[at];
    }
    return packet;
}

static bool all_arrived(const world *w, uint64_t from, uint64_t to)
{
    for (uint64_t at = from; at < to; at++)
        if (w->arrived[at] == NEVER)
            return false;
    return true;
}

static bool ends_segment(const world *w, uint64_t offset)
{
    for (unsigned i = 0; i < w->packet_count; i++) {
        if (w->packets[i].direction == 0 && w->packets[i].to == offset)
            return true;
    }
    return false;
}

/*
 * Whether frame `index`, all of which was captured, can be told from chance: by its CRC, or by the
 * frame before it; without a CRC also by a chain of three, or of frames to the end of a segment.
 */
static bool is_provable(const world *w, unsigned index)
{
    unsigned first = index, last = index;
    while (first > 0 && completed_by(w, &w->frames[first - 1]) != NEVER)
        first--;
    while (last + 1 < w->frame_count && completed_by(w, &w->frames[last + 1]) != NEVER)
        last++;
    if (w->framing == PLATO_FRAMING_HEADER || (w->syn && first == 0))
        return true;
    for (unsigned i = first; i <= last; i++) {
        const sent_frame *f = &w->frames[i];
        if (i <= index && last - i + 1 >= 3)
            return true;
        /* a chain that began at or before this frame */
        if (i >= index && ends_segment(w, f->offset + f->len))
            return true;
    }
    return false;
}

static stream_gap expected_gap(const world *w, uint64_t before, const sent_frame *f)
{
    const bool first = !w->syn && before == w->start; /* no frame of the capture is before it */
    return first || all_arrived(w, before, f->offset) ? STREAM_GAP_NONE : STREAM_GAP_FINAL;
}

static stream_gap final_gap(const world *w, const sent_frame *f)
{
    const uint64_t at = w->syn ? f->offset : f->offset - w->start + STREAM_MIDSTREAM;
    return f->gap == STREAM_GAP_NONE ? f->gap : stream_reader_gap(w->reader, 0, at);
}

static void check_frame(const world *w, unsigned i)
{
    const sent_frame *f = &w->frames[i];
    const uint32_t packet = completed_by(w, f);
    ck_assert_msg(f->seen == (packet != NEVER) || (!f->seen && !is_provable(w, i)),
                  "seed %" PRIu64 ", frame %u at %" PRIu64 ": %s, packet %u", w->seed, i, f->offset,
                  f->seen ? "given" : "not given", packet);
    if (!f->seen)
        return;
    ck_assert_msg(f->packet == packet, "seed %" PRIu64 ", frame %u: packet %u, not %u", w->seed, i,
                  f->packet, packet);
    if (w->framing == PLATO_FRAMING_HEADER) /* its CRC proves it at once */
        ck_assert_msg(!f->late, "seed %" PRIu64 ", frame %u at %" PRIu64 ", packet %u: late",
                      w->seed, i, f->offset, packet);
}

static void check_frames(const world *w)
{
    uint64_t before = w->start;
    for (unsigned i = 0; i < w->frame_count; i++) {
        const sent_frame *f = &w->frames[i];
        if (!w->syn && f->offset < w->start)
            continue;
        /* after a hole a damaged one may be taken for a frame, or for bytes that belong to none */
        if (!f->bad_crc)
            check_frame(w, i);
        if (!f->seen)
            continue;
        if (!f->bad_crc && w->snaplen == 0) {
            const stream_gap gap = final_gap(w, f), expected = expected_gap(w, before, f);
            ck_assert_msg(gap == expected,
                          "seed %" PRIu64 ", frame %u at %" PRIu64 ": gap %d, not %d", w->seed, i,
                          f->offset, gap, expected);
        }
        before = f->offset + f->len;
    }
}

/*
 * With a snaplen, and nothing lost: from the SYN on the lengths lead from frame to frame up to one
 * whose header was cut. The next frame that is found then comes after lost ones. Bytes of a frame
 * whose beginning was given are its bytes.
 */
static void check_cut_frames(const world *w)
{
    const size_t header = stream_pdu_header_len(w->framing);
    bool led = true, lost = false;
    for (unsigned i = 0; i < w->frame_count; i++) {
        const sent_frame *f = &w->frames[i];
        led = led && f->len >= header && all_arrived(w, f->offset, f->offset + header);
        ck_assert_msg(!led || f->seen || f->cut, "seed %" PRIu64 ", frame %u at %" PRIu64 ": lost",
                      w->seed, i, f->offset);
        for (uint64_t at = f->offset; f->cut && at < f->offset + f->len; at++)
            if (w->skipped[at])
                ck_abort_msg("seed %" PRIu64 ", frame %u: byte %" PRIu64 " is said to be of none",
                             w->seed, i, at);
        const bool given = f->seen || f->cut;
        if (given && w->delayed == 0)
            ck_assert_msg(f->gap == (lost ? STREAM_GAP_FINAL : STREAM_GAP_NONE),
                          "seed %" PRIu64 ", frame %u: gap %d", w->seed, i, f->gap);
        lost = !given;
    }
}

/* Each byte that was captured is given once; but for the beginning of what never ends. */
static void check_bytes(const world *w)
{
    uint64_t offset;
    uint64_t end = w->len;
    if (stream_reader_unfinished(w->reader, 0, &offset) && offset < STREAM_MIDSTREAM)
        end = offset;
    for (uint64_t at = 0; at < end; at++)
        if (w->given[at] != (w->arrived[at] != NEVER))
            ck_abort_msg("byte %" PRIu64 " given %u times", at, w->given[at]);
}

static void run(uint64_t seed, const world *like, unsigned frames, unsigned bad)
{
    world *w = malloc(sizeof *w);
    *w = *like;
    w->r.state = w->seed = seed;
    w->isn = (uint32_t)rng_next(&w->r);
    stream_reader_config config;
    stream_reader_config_init(&config);
    config.on_pdu = on_pdu;
    stream_budget *budget = stream_budget_new(0, NULL);
    w->reader = stream_reader_new(&config, budget, NULL, w);
    for (unsigned i = 0; i < frames; i++) {
        if (w->framing == PLATO_FRAMING_HEADER)
            make_frame(w, rng_below(&w->r, 100) < bad);
        else
            make_msgcmd(w);
    }
    w->arrived = malloc(w->len * sizeof *w->arrived);
    memset(w->arrived, 0xff, w->len * sizeof *w->arrived);
    w->given = calloc(w->len, 1);
    w->skipped = calloc(w->len, 1);
    w->damaged = bad > 0;
    make_packets(w);
    feed(w);
    check_frames(w);
    if (w->syn)
        check_bytes(w);
    if (w->snaplen != 0 && w->lost == 0)
        check_cut_frames(w);
    stream_reader_free(w->reader);
    stream_budget_free(budget);
    free(w->arrived);
    free(w->given);
    free(w->skipped);
    free(w->bytes);
    free(w);
}

#define RUNS 2000

static void run_many(const world *like, unsigned frames, unsigned bad)
{
    for (uint64_t seed = 1; seed <= RUNS; seed++)
        run(seed, like, frames, bad);
}

static void run_snaplens(const world *like)
{
    world with = *like;
    for (with.snaplen = 10; with.snaplen < 400; with.snaplen += 37)
        for (uint64_t seed = 1; seed <= RUNS / 20; seed++)
            run(seed, &with, 60, 0);
}

START_TEST(clean)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(reordered)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true, .delayed = 20};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(repeated)
{
    const world like = {
        .framing = PLATO_FRAMING_HEADER, .syn = true, .delayed = 10, .repeated = 20};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(lost)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true, .lost = 8};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(lost_and_reordered)
{
    const world like = {
        .framing = PLATO_FRAMING_HEADER, .syn = true, .lost = 8, .delayed = 20, .repeated = 5};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(damaged)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true, .lost = 4, .delayed = 10};
    run_many(&like, 60, 5);
}
END_TEST

START_TEST(msgcmd)
{
    const world like = {.framing = PLATO_FRAMING_MSGCMD, .syn = true, .delayed = 20, .repeated = 5};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(midstream)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .lost = 4, .delayed = 0};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(msgcmd_lost)
{
    const world like = {.framing = PLATO_FRAMING_MSGCMD, .syn = true, .lost = 8, .delayed = 20};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(msgcmd_midstream)
{
    const world like = {.framing = PLATO_FRAMING_MSGCMD, .lost = 4};
    run_many(&like, 60, 0);
}
END_TEST

START_TEST(snaplen)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true};
    run_snaplens(&like);
}
END_TEST

START_TEST(snaplen_reordered)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true, .delayed = 20, .repeated = 5};
    run_snaplens(&like);
}
END_TEST

START_TEST(snaplen_lost)
{
    const world like = {.framing = PLATO_FRAMING_HEADER, .syn = true, .delayed = 20, .lost = 4};
    run_snaplens(&like);
}
END_TEST

START_TEST(snaplen_msgcmd)
{
    const world like = {.framing = PLATO_FRAMING_MSGCMD, .syn = true};
    run_snaplens(&like);
}
END_TEST

START_TEST(live)
{
    const world with_header = {
        .framing = PLATO_FRAMING_HEADER, .syn = true, .repeated = 5, .ended = 20};
    const world without = {
        .framing = PLATO_FRAMING_MSGCMD, .syn = true, .repeated = 5, .ended = 20};
    for (uint64_t seed = 1; seed <= RUNS / 4; seed++) {
        run(seed, &with_header, 60, 0);
        run(seed, &without, 60, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {clean,
                                  reordered,
                                  repeated,
                                  lost,
                                  lost_and_reordered,
                                  damaged,
                                  msgcmd,
                                  midstream,
                                  msgcmd_lost,
                                  msgcmd_midstream,
                                  snaplen,
                                  snaplen_reordered,
                                  snaplen_lost,
                                  snaplen_msgcmd,
                                  live};
    return RUN_TESTS("reader", tests);
}
