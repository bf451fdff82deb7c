/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/bincmd.h"

#include "command_trace.h"
#include "counting_allocator.h"
#include "guard_page.h"
#include "random.h"
#include "run_tests.h"

#include <string.h>

#define BOTH (PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT)

static bytes trace(const void *config, plato_span stream, command_cuts cuts)
{
    return trace_bincmd(config, stream, cuts);
}

static plato_bincmd_config config_of(unsigned magics, bool resync)
{
    plato_bincmd_config config;
    plato_bincmd_config_init(&config);
    config.limits.magics = magics;
    config.resync = resync;
    return config;
}

static const char echo[] = "5c285c29 0004 0000 00000539";

/* Each wrong command follows a right one; `at` is the byte at fault in the wrong one. */
static const struct {
    const char *hex;
    plato_err code;
    size_t at;
    uint64_t got, limit;
} wrong[] = {
    {"5d285c29 0000 0001", PLATO_ERR_MAGIC, 0, 0x5d, 0},
    {"5c285c28 0000 0001", PLATO_ERR_MAGIC, 3, 0x28, 0},
    {"24242424 0000 0001", PLATO_ERR_MAGIC, 0, 0x24, 0}, /* not asked for */
    {"5c28 24", PLATO_ERR_MAGIC, 2, 0x24, 0},
    {"00", PLATO_ERR_MAGIC, 0, 0, 0},
    {"5c285c29 0801 0000", PLATO_ERR_PARAMS_TOO_LONG, 4, 2049, 2048},
    {"5c285c29 ffff", PLATO_ERR_PARAMS_TOO_LONG, 4, 65535, 2048},
    {"5c285c29 0005 0000 00000539", PLATO_ERR_TRUNCATED, 12, 12, 13},
    {"5c285c29 0800 0000", PLATO_ERR_TRUNCATED, 8, 8, 2056},
    {"5c285c", PLATO_ERR_TRUNCATED, 3, 3, 8},
};
#define WRONG (sizeof wrong / sizeof wrong[0])

START_TEST(errors_and_their_places)
{
    for (size_t i = 0; i < WRONG; i++) {
        plato_bincmd_decoder *d;
        plato_bincmd_event e;
        bytes stream = bytes_of_hex(echo);
        bytes_add_hex(&stream, wrong[i].hex);
        ck_assert_int_eq(plato_bincmd_decoder_new(NULL, NULL, &d), PLATO_OK);
        plato_bincmd_decoder_input(d, stream.p, stream.n);
        ck_assert_int_eq(plato_bincmd_decoder_next(d, &e), 1);
        const int rc = plato_bincmd_decoder_next(d, &e);
        ck_assert_int_eq(rc, wrong[i].code == PLATO_ERR_TRUNCATED ? 0 : wrong[i].code);
        ck_assert_int_eq(plato_bincmd_decoder_finish(d), wrong[i].code);
        const plato_error *error = plato_bincmd_decoder_error(d);
        ck_assert_msg(error->offset == 12 + wrong[i].at, "case %zu: at %zu", i,
                      (size_t)error->offset);
        ck_assert_uint_eq(error->frame_offset, 12);
        ck_assert_uint_eq(error->got, wrong[i].got);
        ck_assert_uint_eq(error->limit, wrong[i].limit);
        ck_assert_int_eq(plato_bincmd_decoder_feed(d, stream.p, 12), wrong[i].code);
        ck_assert_uint_eq(plato_bincmd_decoder_hint(d), 0);
        plato_bincmd_decoder_reset(d, 100);
        ck_assert_int_eq(plato_bincmd_decoder_feed(d, stream.p, 12), 12);
        ck_assert_uint_eq(plato_bincmd_decoder_offset(d), 112);
        plato_bincmd_decoder_free(d);
        bytes_free(&stream);
    }
}
END_TEST

START_TEST(pure_functions_say_the_same)
{
    for (size_t i = 0; i < WRONG; i++) {
        bytes b = bytes_of_hex(wrong[i].hex);
        uint8_t *copy = guarded_copy(b.p, b.n);
        plato_bincmd command;
        uint64_t total;
        const plato_err rc = plato_bincmd_parse(copy, b.n, NULL, &command);
        const plato_err length = plato_bincmd_length(copy, b.n, NULL, &total);
        if (wrong[i].code == PLATO_ERR_TRUNCATED) {
            ck_assert_int_eq(rc, PLATO_NEED_MORE);
            ck_assert_uint_eq(total, wrong[i].limit);
        } else {
            ck_assert_int_eq(rc, wrong[i].code);
            ck_assert_int_eq(length, wrong[i].code);
            ck_assert_uint_eq(total,
                              wrong[i].code == PLATO_ERR_MAGIC ? wrong[i].at : 8 + wrong[i].got);
        }
        guarded_free(copy, b.n);
        bytes_free(&b);
    }
}
END_TEST

static const char *const streams[] = {
    "5c285c29 0004 0000 00000539",
    "5c285c29 0000 0001 5c285c29 0003 0004 616263 5c285c29 0000 ffff",
    "24242424 0002 0004 6162 5c285c29 0000 0001",
    "5c285c28 5c285c29 0000 0001",                 /* a magic begins inside what is none */
    "5c28 5c28 5c28 5c29 0001 0004 61 2424",       /* and another one after it */
    "5c285c29 0801 0000 5c285c29 0000 0001 00",    /* a length over the limit */
    "0000 24242424 24 0000 0001 5c 5c285c29 0000", /* five dollars */
    "616263",
    "",
};

START_TEST(every_cut)
{
    for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++) {
        for (int way = 0; way < 4; way++) {
            const plato_bincmd_config config =
                config_of(way & 1 ? BOTH : PLATO_BINCMD_ALLOW_MAGIC, way & 2);
            bytes b = bytes_of_hex(streams[i]);
            check_all_cuts(streams[i], trace, &config, (plato_span){b.p, b.n});
            bytes_free(&b);
        }
    }
    for (size_t i = 0; i < WRONG; i++) {
        const plato_bincmd_config config = config_of(PLATO_BINCMD_ALLOW_MAGIC, false);
        bytes b = bytes_of_hex(wrong[i].hex);
        check_all_cuts(wrong[i].hex, trace, &config, (plato_span){b.p, b.n});
        bytes_free(&b);
    }
}
END_TEST

static void check_trace(const plato_bincmd_config *config, const char *hex, const char *expected)
{
    bytes b = bytes_of_hex(hex);
    bytes text = trace(config, (plato_span){b.p, b.n}, (command_cuts){0});
    ck_assert_str_eq((char *)text.p, expected);
    bytes_free(&text);
    bytes_free(&b);
}

/* The texts of whole traces, once: equal traces may both be wrong. */
START_TEST(skips_to_the_next_magic)
{
    const plato_bincmd_config config = config_of(BOTH, true);
    check_trace(&config, streams[4],
                "\nskipped at 0 length 4"
                "\ncommand at 4 length 9 magic 5c285c29 type 4 params 61"
                "\nend PLATO_ERR_TRUNCATED at 13 field 15 got 2 limit 8, next at 13\n");
    check_trace(&config, streams[5],
                "\nskipped at 0 length 8"
                "\ncommand at 8 length 8 magic 5c285c29 type 1 params "
                "\nend PLATO_OK at 0 field 0 got 0 limit 0, next at 17\n");
    /* a fifth dollar makes too long a length of it, one byte later it is a good one */
    check_trace(&config, streams[6],
                "\nskipped at 0 length 3"
                "\ncommand at 3 length 8 magic 24242424 type 1 params "
                "\nend PLATO_ERR_TRUNCATED at 12 field 18 got 6 limit 8, next at 12\n");
}
END_TEST

START_TEST(counts_what_nothing_follows)
{
    const plato_bincmd_config config = config_of(PLATO_BINCMD_ALLOW_MAGIC, true);
    plato_bincmd_decoder *d;
    ck_assert_int_eq(plato_bincmd_decoder_new(&config, NULL, &d), PLATO_OK);
    ck_assert_int_eq(plato_bincmd_decoder_feed(d, (const uint8_t *)"abcdef", 6), 6);
    ck_assert_uint_eq(plato_bincmd_decoder_skipped(d), 6);
    ck_assert_uint_eq(plato_bincmd_decoder_offset(d), 6);
    ck_assert_int_eq(plato_bincmd_decoder_finish(d), PLATO_OK);
    /* another stream begins with nothing skipped */
    plato_bincmd_event event;
    plato_bincmd_decoder_reset(d, 50);
    plato_bincmd_decoder_input(d, (const uint8_t *)"\\(\\)\0\0\0\1", 8);
    ck_assert_int_eq(plato_bincmd_decoder_next(d, &event), 1);
    ck_assert_int_eq(event.kind, PLATO_BINCMD_COMMAND);
    ck_assert_uint_eq(event.offset, 50);
    ck_assert_uint_eq(plato_bincmd_decoder_offset(d), 58);
    ck_assert_uint_eq(plato_bincmd_decoder_skipped(d), 0);
    plato_bincmd_decoder_free(d);
}
END_TEST

START_TEST(find)
{
    static const struct {
        const char *hex;
        plato_resync_verdict verdict;
        size_t skipped;
        uint64_t frame_len;
    } rows[] = {
        {"5c285c29 0000 0001", PLATO_RESYNC_FOUND, 0, 8},
        {"0102 5c285c29 0001 0001 ff", PLATO_RESYNC_FOUND, 2, 9},
        {"0102 5c285c29 0002 0001 ff", PLATO_RESYNC_LIKELY, 2, 10},
        {"0102 5c285c29 0801 0001 ff", PLATO_RESYNC_NOT_YET, 11, 0},
        {"0102 5c285c29 0000 00", PLATO_RESYNC_NOT_YET, 2, 0},
        {"0102 5c", PLATO_RESYNC_NOT_YET, 2, 0},
        {"0102 24", PLATO_RESYNC_NOT_YET, 3, 0},
        {"", PLATO_RESYNC_NOT_YET, 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bytes b = bytes_of_hex(rows[i].hex);
        uint8_t *copy = guarded_copy(b.p, b.n);
        const plato_resync_result r = plato_bincmd_find(copy, b.n, NULL);
        ck_assert_int_eq(r.verdict, rows[i].verdict);
        ck_assert_uint_eq(r.skipped, rows[i].skipped);
        ck_assert_uint_eq(r.frame_len, rows[i].frame_len);
        guarded_free(copy, b.n);
        bytes_free(&b);
    }
}
END_TEST

START_TEST(round_trip)
{
    rng r = {3};
    for (int round = 0; round < 2000; round++) {
        uint8_t params[PLATO_COMMAND_PARAMS_MAX], wire[PLATO_BINCMD_MAX];
        const uint32_t magic = round % 2 ? PLATO_BINCMD_MAGIC : PLATO_BINCMD_MAGIC_ALT;
        const plato_bincmd sent = {
            magic, (uint16_t)rng_next(&r), {params, rng_below(&r, sizeof params + 1)}};
        const plato_bincmd_limits limits = {BOTH, PLATO_COMMAND_PARAMS_MAX};
        plato_bincmd got;
        size_t n = 0;
        rng_fill(&r, params, sizeof params);
        ck_assert_int_eq(plato_bincmd_encode(&sent, wire, sizeof wire, &n), PLATO_OK);
        ck_assert_uint_eq(n, 8 + sent.params.n);
        ck_assert_int_eq(plato_bincmd_parse(wire, n, &limits, &got), PLATO_OK);
        ck_assert_int_eq(plato_bincmd_parse(wire, n - 1, &limits, &got), PLATO_NEED_MORE);
        ck_assert_uint_eq(got.magic, sent.magic);
        ck_assert_uint_eq(got.type, sent.type);
        ck_assert_uint_eq(got.params.n, sent.params.n);
        ck_assert(memcmp(got.params.p, params, sent.params.n) == 0);
        ck_assert_int_eq(plato_bincmd_encode(&sent, wire, n - 1, &n), PLATO_ERR_BUFFER_TOO_SMALL);
    }
}
END_TEST

START_TEST(encode_as_specified)
{
    static const uint8_t params[PLATO_COMMAND_PARAMS_MAX + 1] = {0, 0, 5, 0x39};
    plato_bincmd command = {PLATO_BINCMD_MAGIC, PLATO_BINCMD_ECHO, {params, 4}};
    uint8_t wire[PLATO_BINCMD_MAX];
    bytes expected = bytes_of_hex(echo);
    size_t n;
    ck_assert_int_eq(plato_bincmd_encode(&command, wire, sizeof wire, &n), PLATO_OK);
    ck_assert_uint_eq(n, expected.n);
    ck_assert_mem_eq(wire, expected.p, n);
    bytes_free(&expected);
    command.magic = 1;
    ck_assert_int_eq(plato_bincmd_encode(&command, wire, sizeof wire, &n), PLATO_ERR_ARGUMENT);
    command.magic = PLATO_BINCMD_MAGIC;
    command.params.n = sizeof params;
    ck_assert_int_eq(plato_bincmd_encode(&command, wire, sizeof wire, &n),
                     PLATO_ERR_PARAMS_TOO_LONG);
}
END_TEST

START_TEST(error_replies)
{
    static char long_reason[3000];
    uint8_t wire[PLATO_BINCMD_MAX];
    plato_bincmd command;
    plato_span reason;
    uint32_t code;
    size_t n;
    ck_assert_int_eq(
        plato_bincmd_encode_error(PLATO_BINCMD_MAGIC, 429, NULL, wire, sizeof wire, &n), PLATO_OK);
    ck_assert_int_eq(plato_bincmd_parse(wire, n, NULL, &command), PLATO_OK);
    ck_assert(plato_bincmd_read_error(&command, &code, &reason));
    ck_assert_uint_eq(code, 429);
    ck_assert_uint_eq(reason.n, strlen("too fast"));
    ck_assert_mem_eq(reason.p, "too fast", reason.n);
    command.params.n = 1;
    ck_assert(!plato_bincmd_read_error(&command, &code, &reason));
    command.params.n = 2;
    command.type = PLATO_BINCMD_PING;
    ck_assert(!plato_bincmd_read_error(&command, &code, &reason));
    ck_assert_int_eq(
        plato_bincmd_encode_error(PLATO_BINCMD_MAGIC, 65536, NULL, wire, sizeof wire, &n),
        PLATO_ERR_ARGUMENT);
    /* no half of a character: 2046 bytes have room for 1023 of two bytes after one of one */
    memset(long_reason, 'x', 1);
    for (size_t i = 1; i + 1 < sizeof long_reason; i += 2)
        memcpy(long_reason + i, "\xc3\xa4", i + 2 < sizeof long_reason ? 2 : 0);
    ck_assert_int_eq(
        plato_bincmd_encode_error(PLATO_BINCMD_MAGIC, 400, long_reason, wire, sizeof wire, &n),
        PLATO_OK);
    ck_assert_uint_eq(n, 8 + 2 + 2045);
}
END_TEST

START_TEST(names)
{
    ck_assert_str_eq(plato_bincmd_type_name(PLATO_BINCMD_ECHO), "ECHO");
    ck_assert_str_eq(plato_bincmd_type_name(PLATO_BINCMD_PING), "PING");
    ck_assert_str_eq(plato_bincmd_type_name(PLATO_BINCMD_ERROR), "ERROR");
    ck_assert_ptr_null(plato_bincmd_type_name(5));
    ck_assert_ptr_null(plato_bincmd_type_name(0x10000));
    ck_assert_str_eq(plato_command_code_text(503), "overloaded");
    ck_assert_ptr_null(plato_command_code_text(200));
    ck_assert_int_eq(plato_command_code_of(PLATO_ERR_PARAMS_TOO_LONG), PLATO_COMMAND_TOO_LONG);
    ck_assert_int_eq(plato_command_code_of(PLATO_ERR_TEXT_ESCAPE), PLATO_COMMAND_MALFORMED);
    ck_assert_int_eq(plato_command_code_of(PLATO_ERR_NO_MEMORY), PLATO_COMMAND_OVERLOADED);
}
END_TEST

/* Memory follows what arrives: a length that lies costs nothing. */
START_TEST(memory_follows_the_bytes)
{
    counting memory = {0};
    const plato_allocator allocator = counting_allocator(&memory);
    plato_bincmd_decoder *d;
    bytes b = bytes_of_hex("5c285c29 0800 0001");
    ck_assert_int_eq(plato_bincmd_decoder_new(NULL, &allocator, &d), PLATO_OK);
    const size_t before = memory.peak;
    ck_assert_uint_eq(plato_bincmd_decoder_hint(d), 8);
    ck_assert_int_eq(plato_bincmd_decoder_feed(d, b.p, b.n), 8);
    ck_assert_uint_eq(plato_bincmd_decoder_hint(d), 2048);
    ck_assert_uint_le(memory.peak, before + 64);
    plato_bincmd_decoder_free(d);
    ck_assert_uint_eq(memory.blocks, 0);
    bytes_free(&b);
}
END_TEST

/* Without memory for a piece: the error sticks, and nothing is lost on the way. */
START_TEST(no_memory)
{
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        counting memory = {.fail_at = fail_at};
        const plato_allocator allocator = counting_allocator(&memory);
        const plato_span stream = {(const uint8_t *)"\x5c\x28\x5c\x29\0\0\0\1", 8};
        plato_bincmd_decoder *d;
        const plato_err err = plato_bincmd_decoder_new(NULL, &allocator, &d);
        ck_assert_int_eq(err, fail_at == 1 ? PLATO_ERR_NO_MEMORY : PLATO_OK);
        if (err != PLATO_OK)
            continue;
        ck_assert_int_eq(plato_bincmd_decoder_feed(d, stream.p, 3), PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_bincmd_decoder_feed(d, stream.p, 8), PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_bincmd_decoder_finish(d), PLATO_ERR_NO_MEMORY);
        plato_bincmd_decoder_reset(d, 0);
        ck_assert_int_eq(plato_bincmd_decoder_feed(d, stream.p, 8), 8);
        plato_bincmd_decoder_free(d);
        ck_assert_uint_eq(memory.blocks, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        errors_and_their_places,
        pure_functions_say_the_same,
        every_cut,
        skips_to_the_next_magic,
        counts_what_nothing_follows,
        find,
        round_trip,
        encode_as_specified,
        error_replies,
        names,
        memory_follows_the_bytes,
        no_memory,
    };
    return RUN_TESTS("bincmd", tests);
}
