/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the codec costs per frame, next to copying the frame, its CRC alone, and protobuf-c. All
 * figures of a size are taken in turn, many times over, and the best of each counts: what disturbs
 * one disturbs the others.
 */
#define _POSIX_C_SOURCE 200809L
#include "plato/arena.h"
#include "plato/plato.h"
#include "plato/schema/plato.pb-c.h"

#include "counting_allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPETITIONS 40
#define BYTES_PER_REPETITION 4000000u /* per figure, at most */
#define FRAMES_PER_REPETITION 10000u

/* One frame and everything that is done with it. */
typedef struct subject {
    size_t body_len;
    uint8_t *wire; /* the frame */
    size_t wire_len;
    uint8_t *out;
    uint8_t *chat; /* a ChatMessage of about the body's size */
    size_t chat_len;
    plato_frame frame;
    plato_decoder *decoder;
    plato_arena *arena;
    counting memory;
} subject;

/* Results go here, so that no work can be left out. */
static volatile uint64_t sink;

static void die(const char *why)
{
    (void)fprintf(stderr, "bench_codec: %s\n", why);
    exit(EXIT_FAILURE);
}

static void *must_alloc(size_t n)
{
    void *p = calloc(1, n + 1);
    if (p == NULL)
        die("out of memory");
    return p;
}

/* ---- what is measured: one call is one frame ---- */

static void do_memcpy(subject *s)
{
    memcpy(s->out, s->wire, s->wire_len);
    sink += s->out[s->wire_len - 1];
}

static void do_crc(subject *s)
{
    sink += plato_crc32(PLATO_CRC_IEEE, 0, s->wire, s->wire_len);
}

static void do_encode(subject *s)
{
    size_t written = 0;
    if (plato_frame_encode(&s->frame, s->out, s->wire_len, &written) != PLATO_OK)
        die("encode");
    sink += written;
}

static void do_gather(subject *s)
{
    uint8_t prefix[PLATO_PREFIX_MAX];
    plato_span pieces[3];
    size_t count = 0;
    if (plato_frame_encode_gather(&s->frame, prefix, pieces, &count) != PLATO_OK)
        die("gather");
    sink += prefix[13] + count;
}

static void do_decode(subject *s)
{
    plato_event event;
    plato_decoder_input(s->decoder, s->wire, s->wire_len);
    if (plato_decoder_next(s->decoder, &event) != 1)
        die("decode");
    sink += event.frame->body.n;
    if (plato_decoder_next(s->decoder, &event) != 0)
        die("decode: the end");
}

static void do_decode_head(subject *s)
{
    plato_event event;
    plato_head head;
    plato_decoder_input(s->decoder, s->wire, s->wire_len);
    if (plato_decoder_next(s->decoder, &event) != 1 ||
        plato_head_read_frame(event.frame, &head, NULL) != PLATO_OK)
        die("decode and head");
    sink += head.up.session_id;
    if (plato_decoder_next(s->decoder, &event) != 0)
        die("decode: the end");
}

/* The same frame in two pieces: what has arrived is copied. */
static void do_decode_cut(subject *s)
{
    const size_t cut = s->wire_len / 2;
    plato_event event;
    plato_decoder_input(s->decoder, s->wire, cut);
    if (plato_decoder_next(s->decoder, &event) != 0)
        die("decode cut");
    plato_decoder_input(s->decoder, s->wire + cut, s->wire_len - cut);
    if (plato_decoder_next(s->decoder, &event) != 1)
        die("decode cut");
    sink += event.frame->body.n;
    if (plato_decoder_next(s->decoder, &event) != 0)
        die("decode cut: the end");
}

static void do_unpack(subject *s)
{
    Plato__ChatMessage *m = plato__chat_message__unpack(NULL, s->chat_len, s->chat);
    if (m == NULL)
        die("unpack");
    sink += m->content.len;
    plato__chat_message__free_unpacked(m, NULL);
}

static void do_unpack_arena(subject *s)
{
    const Plato__ChatMessage *m =
        plato__chat_message__unpack(plato_arena_allocator(s->arena), s->chat_len, s->chat);
    if (m == NULL)
        die("unpack into the arena");
    sink += m->content.len;
    plato_arena_reset(s->arena);
}

typedef struct figure {
    const char *name;
    void (*run)(subject *);
} figure;

enum {
    MEMCPY,
    CRC,
    ENCODE,
    GATHER,
    DECODE,
    DECODE_HEAD,
    DECODE_CUT,
    UNPACK,
    UNPACK_ARENA,
    FIGURES
};

static const figure figures[FIGURES] = {
    [MEMCPY] = {"memcpy of the frame", do_memcpy},
    [CRC] = {"CRC alone", do_crc},
    [ENCODE] = {"encode", do_encode},
    [GATHER] = {"encode, gathered", do_gather},
    [DECODE] = {"decode", do_decode},
    [DECODE_HEAD] = {"decode, head read", do_decode_head},
    [DECODE_CUT] = {"decode, in two pieces", do_decode_cut},
    [UNPACK] = {"protobuf-c unpack", do_unpack},
    [UNPACK_ARENA] = {"protobuf-c, arena", do_unpack_arena},
};

/* ---- set-up ---- */

static void pack_chat(subject *s)
{
    Plato__ChatMessage m = PLATO__CHAT_MESSAGE__INIT;
    m.sender_id = 1001;
    m.sent_at_us = 1700000000000000;
    m.content.data = must_alloc(s->body_len);
    m.content.len = s->body_len;
    s->chat = must_alloc(plato__chat_message__get_packed_size(&m));
    s->chat_len = plato__chat_message__pack(&m, s->chat);
    free(m.content.data);
}

static void set_up(subject *s, size_t body_len)
{
    /* an UP as a server sees it: the head is 18 bytes long */
    static const plato_head up = {.msg_type = PLATO_UP,
                                  .up = {123456, 0x1a2b3c4d5e6f, 0x0123456789, {NULL, 0}}};
    plato_decoder_config config;
    uint8_t *head = must_alloc(64);
    size_t head_len = 0;
    memset(s, 0, sizeof *s);
    s->body_len = body_len;
    uint8_t *body = must_alloc(body_len);
    for (size_t i = 0; i < body_len; i++)
        body[i] = (uint8_t)(i * 31);
    if (plato_head_write(&up, head, 64, &head_len) != PLATO_OK)
        die("head");
    s->frame = (plato_frame){.framing = PLATO_FRAMING_HEADER,
                             .version = PLATO_VERSION_ON_WIRE,
                             .msg_type = PLATO_UP,
                             .var_head = {head, head_len},
                             .body = {body, body_len}};
    s->wire_len = PLATO_HEADER_LEN + head_len + body_len;
    s->wire = must_alloc(s->wire_len);
    s->out = must_alloc(s->wire_len);
    if (plato_frame_encode(&s->frame, s->wire, s->wire_len, &s->wire_len) != PLATO_OK)
        die("encode");
    plato_decoder_config_init(&config);
    config.keep_buffer = 4u << 20;
    const plato_allocator allocator = counting_allocator(&s->memory);
    if (plato_decoder_new(&config, &allocator, &s->decoder) != PLATO_OK ||
        plato_arena_new(16u << 20, NULL, &s->arena) != PLATO_OK)
        die("out of memory");
    pack_chat(s);
}

static void tear_down(subject *s)
{
    plato_decoder_free(s->decoder);
    plato_arena_free(s->arena);
    free((void *)s->frame.var_head.p);
    free((void *)s->frame.body.p);
    free(s->wire);
    free(s->out);
    free(s->chat);
}

/* ---- measuring ---- */

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double time_once(const figure *f, subject *s, size_t frames)
{
    const double start = now_ns();
    for (size_t i = 0; i < frames; i++)
        f->run(s);
    return (now_ns() - start) / (double)frames;
}

static void measure(subject *s, double best[FIGURES], double allocations[FIGURES])
{
    size_t frames = BYTES_PER_REPETITION / s->wire_len;
    frames = frames < 4 ? 4 : frames > FRAMES_PER_REPETITION ? FRAMES_PER_REPETITION : frames;
    for (int f = 0; f < FIGURES; f++) {
        best[f] = 1e300;
        figures[f].run(s); /* warm: the first buffer is there */
    }
    for (int f = 0; f < FIGURES; f++)
        allocations[f] = 0;
    for (int round = 0; round < REPETITIONS; round++) {
        for (int f = 0; f < FIGURES; f++) {
            const size_t calls = s->memory.calls;
            const double ns = time_once(&figures[f], s, frames);
            best[f] = ns < best[f] ? ns : best[f];
            allocations[f] += (double)(s->memory.calls - calls) / (double)frames / REPETITIONS;
        }
    }
}

static const char *verdict(int met)
{
    return met ? "met" : "MISSED";
}

static void report(const subject *s, const double best[FIGURES], const double allocations[FIGURES])
{
    printf("\nframe of %zu bytes (14 + %zu + %zu)\n", s->wire_len, s->frame.var_head.n,
           s->body_len);
    printf("  %-24s %12s %10s %12s\n", "", "ns/frame", "GB/s", "alloc/frame");
    for (int f = 0; f < FIGURES; f++) {
        const int ours = f >= DECODE && f <= DECODE_CUT;
        const size_t n = f >= UNPACK ? s->chat_len : s->wire_len;
        printf("  %-24s %12.1f %10.2f", figures[f].name, best[f], (double)n / best[f]);
        if (ours)
            printf(" %12.2f", allocations[f]);
        printf("\n");
    }
}

static void report_targets(const subject *s, const double best[FIGURES],
                           const double allocations[FIGURES])
{
    const double over = (best[DECODE] / best[CRC] - 1) * 100;
    if (s->wire_len == 118)
        printf("  target: decode with head at most 80 ns: %.1f ns, %s\n", best[DECODE_HEAD],
               verdict(best[DECODE_HEAD] <= 80));
    if (s->body_len >= 4096)
        printf("  target: decode at most 10 %% above the CRC: %+.1f %%, %s\n", over,
               verdict(over <= 10));
    const double sum = allocations[DECODE] + allocations[DECODE_HEAD] + allocations[DECODE_CUT];
    printf("  target: no allocation per frame: %s\n", verdict(sum == 0));
}

int main(void)
{
    /* 86 makes the frame 118 bytes long */
    static const size_t body_lens[] = {0, 64, 86, 1024, 4096, 16384, 1048576};
    printf("best of %d repetitions; libplato %s\n", REPETITIONS, plato_version());
    for (size_t i = 0; i < sizeof body_lens / sizeof body_lens[0]; i++) {
        subject s;
        double best[FIGURES], allocations[FIGURES];
        set_up(&s, body_lens[i]);
        measure(&s, best, allocations);
        report(&s, best, allocations);
        report_targets(&s, best, allocations);
        tear_down(&s);
    }
    return EXIT_SUCCESS;
}
