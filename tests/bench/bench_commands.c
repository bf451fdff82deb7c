/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a text and a binary command cost, next to copying their bytes. All figures of a size are
 * taken in turn, many times over, and the best of each counts.
 */
#define _POSIX_C_SOURCE 200809L
#include "plato/bincmd.h"
#include "plato/textcmd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define REPETITIONS 40
#define COMMANDS_PER_REPETITION 10000

typedef struct subject {
    plato_span params; /* plain */
    uint8_t line[PLATO_TEXTCMD_LINE_MAX];
    size_t line_len;
    uint8_t wire[PLATO_BINCMD_MAX];
    size_t wire_len;
    uint8_t out[PLATO_TEXTCMD_LINE_MAX];
    plato_textcmd_decoder *text;
    plato_bincmd_decoder *binary;
} subject;

/* Results go here, so that no work can be left out. */
static volatile uint64_t sink;

static void die(const char *why)
{
    (void)fprintf(stderr, "bench_commands: %s\n", why);
    exit(EXIT_FAILURE);
}

static const plato_span ping = {(const uint8_t *)"PING", 4};

static void do_memcpy(subject *s)
{
    memcpy(s->out, s->line, s->line_len);
    sink += s->out[s->line_len - 1];
}

static void do_encode_text(subject *s)
{
    size_t n = 0;
    if (plato_textcmd_encode(ping, s->params, s->out, sizeof s->out, &n) != PLATO_OK)
        die("encode text");
    sink += n;
}

static void do_decode_text(subject *s)
{
    plato_textcmd_event event;
    plato_textcmd_decoder_input(s->text, s->line, s->line_len);
    if (plato_textcmd_decoder_next(s->text, &event) != 1)
        die("decode text");
    sink += event.command.params.n;
    if (plato_textcmd_decoder_next(s->text, &event) != 0)
        die("decode text: the end");
}

static void do_unescape(subject *s)
{
    plato_textcmd_event event;
    plato_textcmd_decoder_input(s->text, s->line, s->line_len);
    if (plato_textcmd_decoder_next(s->text, &event) != 1)
        die("decode text");
    const plato_span params = event.command.params;
    sink += (uint64_t)plato_textcmd_unescape(params.p, params.n, s->out);
    if (plato_textcmd_decoder_next(s->text, &event) != 0)
        die("decode text: the end");
}

/* The worst cut: a byte at a time. */
static void do_decode_text_bytes(subject *s)
{
    for (size_t i = 0; i < s->line_len; i++) {
        if (plato_textcmd_decoder_feed(s->text, s->line + i, 1) != 1)
            die("decode text, byte by byte");
    }
    sink += plato_textcmd_decoder_offset(s->text);
}

static void do_encode_binary(subject *s)
{
    const plato_bincmd command = {PLATO_BINCMD_MAGIC, PLATO_BINCMD_PING, s->params};
    size_t n = 0;
    if (plato_bincmd_encode(&command, s->out, sizeof s->out, &n) != PLATO_OK)
        die("encode binary");
    sink += n;
}

static void do_decode_binary(subject *s)
{
    plato_bincmd_event event;
    plato_bincmd_decoder_input(s->binary, s->wire, s->wire_len);
    if (plato_bincmd_decoder_next(s->binary, &event) != 1)
        die("decode binary");
    sink += event.command.params.n;
    if (plato_bincmd_decoder_next(s->binary, &event) != 0)
        die("decode binary: the end");
}

static const struct {
    const char *name;
    void (*run)(subject *);
} figures[] = {
    {"memcpy of the line", do_memcpy},
    {"text, encode", do_encode_text},
    {"text, decode", do_decode_text},
    {"text, decode, unescape", do_unescape},
    {"text, byte by byte", do_decode_text_bytes},
    {"binary, encode", do_encode_binary},
    {"binary, decode", do_decode_binary},
};
#define FIGURES (sizeof figures / sizeof figures[0])

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void measure(subject *s, double best[FIGURES])
{
    for (size_t f = 0; f < FIGURES; f++)
        best[f] = 1e300;
    for (int round = 0; round < REPETITIONS; round++) {
        for (size_t f = 0; f < FIGURES; f++) {
            const int count = COMMANDS_PER_REPETITION / (s->line_len > 200 ? 20 : 1);
            const double start = now_ns();
            for (int i = 0; i < count; i++)
                figures[f].run(s);
            const double ns = (now_ns() - start) / count;
            best[f] = ns < best[f] ? ns : best[f];
        }
    }
}

static void set_up(subject *s, const uint8_t *params, size_t n)
{
    memset(s, 0, sizeof *s);
    s->params = (plato_span){params, n};
    const plato_bincmd command = {PLATO_BINCMD_MAGIC, PLATO_BINCMD_PING, s->params};
    if (plato_textcmd_encode(ping, s->params, s->line, sizeof s->line, &s->line_len) != PLATO_OK ||
        plato_bincmd_encode(&command, s->wire, sizeof s->wire, &s->wire_len) != PLATO_OK ||
        plato_textcmd_decoder_new(NULL, NULL, &s->text) != PLATO_OK ||
        plato_bincmd_decoder_new(NULL, NULL, &s->binary) != PLATO_OK)
        die("set-up");
}

int main(void)
{
    static const size_t lengths[] = {4, 100, 1500};
    uint8_t params[1500];
    for (size_t i = 0; i < sizeof params; i++) /* every tenth byte needs an escape */
        params[i] = i % 10 == 9 ? ' ' : (uint8_t)('a' + i % 26);
    printf("text and binary commands, best of %d repetitions\n", REPETITIONS);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        subject s;
        double best[FIGURES];
        set_up(&s, params, lengths[i]);
        measure(&s, best);
        printf("\nparameters of %zu bytes (line %zu, binary %zu)\n", lengths[i], s.line_len,
               s.wire_len);
        printf("  %-24s %12s %10s\n", "", "ns", "ns/byte");
        for (size_t f = 0; f < FIGURES; f++)
            printf("  %-24s %12.1f %10.2f\n", figures[f].name, best[f],
                   best[f] / (double)s.line_len);
        plato_textcmd_decoder_free(s.text);
        plato_bincmd_decoder_free(s.binary);
    }
    return EXIT_SUCCESS;
}
