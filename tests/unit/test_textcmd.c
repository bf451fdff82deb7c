/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/textcmd.h"

#include "command_trace.h"
#include "counting_allocator.h"
#include "guard_page.h"
#include "random.h"
#include "run_tests.h"

#include <string.h>

#define X8 "xxxxxxxx"
#define X32 X8 X8 X8 X8
#define X256 X32 X32 X32 X32 X32 X32 X32 X32
#define X2048 X256 X256 X256 X256 X256 X256 X256 X256

static plato_span span_of(const char *text)
{
    return (plato_span){(const uint8_t *)text, strlen(text)};
}

static bytes trace(const void *config, plato_span stream, command_cuts cuts)
{
    return trace_textcmd(config, stream, cuts);
}

/* Each wrong line follows a right one; `at` is the byte at fault in the wrong line. */
static const struct {
    const char *line;
    size_t n; /* 0: up to the NUL */
    plato_err code;
    size_t at;
    uint64_t got, limit;
} wrong[] = {
    {"PING/%4\r\n", 0, PLATO_ERR_TEXT_ESCAPE, 5, 0, 0},
    {"PING/a%zz\r\n", 0, PLATO_ERR_TEXT_ESCAPE, 6, 0, 0},
    {"PING/%\r\n", 0, PLATO_ERR_TEXT_ESCAPE, 5, 0, 0},
    {"PING/%%41\r\n", 0, PLATO_ERR_TEXT_ESCAPE, 5, 0, 0},
    {"P%4/x\r\n", 0, PLATO_ERR_TEXT_ESCAPE, 1, 0, 0},
    {"PING/a\rb\r\n", 0, PLATO_ERR_TEXT_LINE_END, 6, 0, 0},
    {"PING/a\r\r\n", 0, PLATO_ERR_TEXT_LINE_END, 6, 0, 0},
    {"PI\rNG/a\r\n", 0, PLATO_ERR_TEXT_LINE_END, 2, 0, 0},
    {"PING/a\n", 0, PLATO_ERR_TEXT_LINE_END, 6, 0, 0},
    {"\n", 0, PLATO_ERR_TEXT_LINE_END, 0, 0, 0},
    {"PING\r\n", 0, PLATO_ERR_TEXT_NO_SLASH, 4, 0, 0},
    {"\r\n", 0, PLATO_ERR_TEXT_NO_SLASH, 0, 0, 0},
    {"/a\r\n", 0, PLATO_ERR_TEXT_EMPTY_TYPE, 0, 0, 0},
    {"PING/a b\r\n", 0, PLATO_ERR_TEXT_BYTE, 6, ' ', 0},
    {"PI NG/a\r\n", 0, PLATO_ERR_TEXT_BYTE, 2, ' ', 0},
    {"PING/a\tb\r\n", 0, PLATO_ERR_TEXT_BYTE, 6, '\t', 0},
    {"PING/\0\r\n", 8, PLATO_ERR_TEXT_BYTE, 5, 0, 0},
    {"PING/\x7f\r\n", 0, PLATO_ERR_TEXT_BYTE, 5, 0x7f, 0},
    {"PING/\xc3\xa4\r\n", 0, PLATO_ERR_TEXT_BYTE, 5, 0xc3, 0},
    {X32 "x/\r\n", 0, PLATO_ERR_TYPE_TOO_LONG, 32, 33, 32},
    {"A/" X2048 "x\r\n", 0, PLATO_ERR_PARAMS_TOO_LONG, 2050, 2049, 2048},
    {"A/" X2048 "%41\r\n", 0, PLATO_ERR_PARAMS_TOO_LONG, 2050, 2049, 2048},
    {"PING/a", 0, PLATO_ERR_TRUNCATED, 6, 6, 8},
    {"PING/a%", 0, PLATO_ERR_TRUNCATED, 7, 7, 11},
    {"PING/a\r", 0, PLATO_ERR_TRUNCATED, 7, 7, 8},
    {"P", 0, PLATO_ERR_TRUNCATED, 1, 1, 4},
};
#define WRONG (sizeof wrong / sizeof wrong[0])

static plato_span wrong_span(size_t i)
{
    const size_t n = wrong[i].n != 0 ? wrong[i].n : strlen(wrong[i].line);
    return (plato_span){(const uint8_t *)wrong[i].line, n};
}

START_TEST(errors_and_their_places)
{
    for (size_t i = 0; i < WRONG; i++) {
        plato_textcmd_decoder *d;
        plato_textcmd_event e;
        bytes stream = {0};
        bytes_add(&stream, "ECHO/1\r\n", 8);
        bytes_add(&stream, wrong_span(i).p, wrong_span(i).n);
        ck_assert_int_eq(plato_textcmd_decoder_new(NULL, NULL, &d), PLATO_OK);
        plato_textcmd_decoder_input(d, stream.p, stream.n);
        ck_assert_int_eq(plato_textcmd_decoder_next(d, &e), 1);
        const int rc = plato_textcmd_decoder_next(d, &e);
        const plato_error *error = plato_textcmd_decoder_error(d);
        ck_assert_int_eq(rc, wrong[i].code == PLATO_ERR_TRUNCATED ? 0 : wrong[i].code);
        ck_assert_int_eq(plato_textcmd_decoder_finish(d), wrong[i].code);
        ck_assert_msg(error->offset == 8 + wrong[i].at, "case %zu: at %zu", i,
                      (size_t)error->offset);
        ck_assert_uint_eq(error->frame_offset, 8);
        ck_assert_uint_eq(error->got, wrong[i].got);
        ck_assert_uint_eq(error->limit, wrong[i].limit);
        /* sticky, until the reset */
        ck_assert_int_eq(plato_textcmd_decoder_next(d, &e), wrong[i].code);
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, stream.p, 8), wrong[i].code);
        plato_textcmd_decoder_reset(d, 100);
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, stream.p, 8), 8);
        ck_assert_uint_eq(plato_textcmd_decoder_offset(d), 108);
        plato_textcmd_decoder_free(d);
        bytes_free(&stream);
    }
}
END_TEST

START_TEST(parse_says_the_same)
{
    for (size_t i = 0; i < WRONG; i++) {
        plato_textcmd command;
        plato_error error;
        size_t used;
        const plato_span line = wrong_span(i);
        uint8_t *copy = guarded_copy(line.p, line.n);
        const plato_err rc = plato_textcmd_parse(copy, line.n, NULL, &command, &used, &error);
        if (wrong[i].code == PLATO_ERR_TRUNCATED) {
            ck_assert_int_eq(rc, PLATO_NEED_MORE);
        } else {
            ck_assert_int_eq(rc, wrong[i].code);
            ck_assert_int_eq(error.code, wrong[i].code);
            ck_assert_uint_eq(error.offset, wrong[i].at);
            ck_assert_uint_eq(used, wrong[i].at);
        }
        guarded_free(copy, line.n);
    }
}
END_TEST

static const char *const right[] = {
    "A/\r\n",
    "ECHO/-17\r\n",
    "PING/a%20b%0D%0A%c3%A4\r\n",
    "PING/a/b?c=d&e\r\n", /* reserved characters as they are */
    X32 "/\r\n",
    "A/" X2048 "\r\n",
    "A%41/x\r\nECHO/1\r\nTIME/\r\nVERSION/\r\n",
    "ECHO/1\r\n\r\nECHO/2\r\n",
    "ECHO/1\r\nPING/%4\r\nECHO/2\r\n",
    "ECHO/1\r\nECHO",
};

START_TEST(every_cut)
{
    plato_textcmd_config config;
    plato_textcmd_config_init(&config);
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        check_all_cuts(right[i], trace, &config, span_of(right[i]));
    for (size_t i = 0; i < WRONG; i++)
        check_all_cuts(wrong[i].line, trace, &config, wrong_span(i));
    config.limits = (plato_textcmd_limits){2, 3};
    for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
        check_all_cuts(right[i], trace, &config, span_of(right[i]));
}
END_TEST

/* The text of a whole trace, once: equal traces may both be wrong. */
START_TEST(trace_of_three_lines)
{
    plato_textcmd_config config;
    plato_textcmd_config_init(&config);
    bytes text = trace(&config, span_of("ECHO/12\r\nA/%20\r\nTIME/\r\n\r\n"), (command_cuts){0});
    ck_assert_str_eq((char *)text.p,
                     "\nline at 0 length 9 type 4543484f params 3132"
                     "\nline at 9 length 7 type 41 params 253230"
                     "\nline at 16 length 7 type 54494d45 params "
                     "\nend PLATO_ERR_TEXT_NO_SLASH at 23 field 23 got 0 limit 0, next at 23\n");
    bytes_free(&text);
}
END_TEST

START_TEST(round_trip)
{
    rng r = {7};
    for (int round = 0; round < 2000; round++) {
        static const char unreserved[] = "ABCXYZabcxyz0189-._~";
        uint8_t type[32], params[900], line[PLATO_TEXTCMD_LINE_MAX];
        const size_t type_len = 1 + rng_below(&r, 32), len = rng_below(&r, 680);
        size_t n = 0, used = 0;
        plato_textcmd command;
        for (size_t i = 0; i < type_len; i++)
            type[i] = (uint8_t)unreserved[rng_below(&r, sizeof unreserved - 1)];
        rng_fill(&r, params, len);
        ck_assert_int_eq(plato_textcmd_encode((plato_span){type, type_len},
                                              (plato_span){params, len}, line, sizeof line, &n),
                         PLATO_OK);
        ck_assert_int_eq(plato_textcmd_parse(line, n, NULL, &command, &used, NULL), PLATO_OK);
        ck_assert_uint_eq(used, n);
        ck_assert_uint_eq(command.type.n, type_len);
        ck_assert_mem_eq(command.type.p, type, type_len);
        /* in place */
        uint8_t *in_place = line + (command.params.p - line);
        ck_assert_int_eq(plato_textcmd_unescape(in_place, command.params.n, in_place),
                         (ptrdiff_t)len);
        ck_assert(memcmp(in_place, params, len) == 0);
        /* one byte less is not enough */
        ck_assert_int_eq(plato_textcmd_encode((plato_span){type, type_len},
                                              (plato_span){params, len}, line, n - 1, &n),
                         PLATO_ERR_BUFFER_TOO_SMALL);
    }
}
END_TEST

START_TEST(integers)
{
    static const char *const are[] = {"0",   "7",  "-1",
                                      "007", "-0", "123456789012345678901234567890"};
    static const char *const are_not[] = {"",   "-",  "+1",  "1.5", "1e3", "0x1", " 1",
                                          "1 ", "1-", "--1", "%31", "/",   ":"};
    for (size_t i = 0; i < sizeof are / sizeof are[0]; i++)
        ck_assert_msg(plato_textcmd_is_integer(span_of(are[i])), "%s", are[i]);
    for (size_t i = 0; i < sizeof are_not / sizeof are_not[0]; i++)
        ck_assert_msg(!plato_textcmd_is_integer(span_of(are_not[i])), "%s", are_not[i]);
    ck_assert(!plato_textcmd_is_integer((plato_span){NULL, 0}));
}
END_TEST

START_TEST(what_is_escaped)
{
    uint8_t line[64];
    size_t n;
    ck_assert_int_eq(plato_textcmd_encode(span_of("PING"), span_of("a-Z_0.~ /:%\r\n\xc3"), line,
                                          sizeof line, &n),
                     PLATO_OK);
    line[n] = '\0';
    ck_assert_str_eq((char *)line, "PING/a-Z_0.~%20%2F%3A%25%0D%0A%C3\r\n");
    ck_assert_int_eq(plato_textcmd_unescape((const uint8_t *)"a%2", 3, line),
                     PLATO_ERR_TEXT_ESCAPE);
    ck_assert_int_eq(plato_textcmd_unescape((const uint8_t *)"%g0", 3, line),
                     PLATO_ERR_TEXT_ESCAPE);
}
END_TEST

START_TEST(encode_refuses)
{
    static uint8_t line[PLATO_TEXTCMD_LINE_MAX], zeros[PLATO_COMMAND_PARAMS_MAX];
    const plato_span type = span_of("A");
    size_t n = 77;
    ck_assert_int_eq(plato_textcmd_encode(span_of(""), type, line, sizeof line, &n),
                     PLATO_ERR_ARGUMENT);
    ck_assert_int_eq(plato_textcmd_encode(span_of("A/B"), type, line, sizeof line, &n),
                     PLATO_ERR_ARGUMENT);
    ck_assert_int_eq(plato_textcmd_encode(span_of(X32 "x"), type, line, sizeof line, &n),
                     PLATO_ERR_TYPE_TOO_LONG);
    ck_assert_int_eq(plato_textcmd_encode(type, span_of(X2048 "x"), line, sizeof line, &n),
                     PLATO_ERR_PARAMS_TOO_LONG);
    /* 682 escapes fit, 683 do not */
    ck_assert_int_eq(plato_textcmd_encode(type, (plato_span){zeros, 683}, line, sizeof line, &n),
                     PLATO_ERR_PARAMS_TOO_LONG);
    ck_assert_uint_eq(n, 77);
    ck_assert_int_eq(plato_textcmd_encode(type, (plato_span){zeros, 682}, line, sizeof line, &n),
                     PLATO_OK);
    ck_assert_int_eq(plato_textcmd_encode(span_of(X32), span_of(X2048), line, sizeof line, &n),
                     PLATO_OK);
    ck_assert_uint_eq(n, PLATO_TEXTCMD_LINE_MAX);
}
END_TEST

static bool read_error(const char *line, uint32_t *code, plato_span *reason)
{
    plato_textcmd command;
    size_t used;
    ck_assert_int_eq(
        plato_textcmd_parse((const uint8_t *)line, strlen(line), NULL, &command, &used, NULL),
        PLATO_OK);
    return plato_textcmd_read_error(&command, code, reason);
}

START_TEST(error_replies)
{
    uint8_t line[PLATO_TEXTCMD_LINE_MAX + 1];
    plato_span reason;
    uint32_t code;
    size_t n;
    ck_assert_int_eq(plato_textcmd_encode_error(404, NULL, line, sizeof line, &n), PLATO_OK);
    line[n] = '\0';
    ck_assert_str_eq((char *)line, "ERROR/404%20no%20such%20command\r\n");
    ck_assert(read_error((char *)line, &code, &reason));
    ck_assert_uint_eq(code, 404);
    ck_assert_uint_eq(reason.n, strlen("no%20such%20command"));
    ck_assert_int_eq(plato_textcmd_encode_error(413, X2048 " ", line, sizeof line, &n), PLATO_OK);
    ck_assert_uint_eq(n, 6 + 2048 + 2);
    ck_assert_int_eq(plato_textcmd_encode_error(7, "", line, sizeof line, &n), PLATO_OK);
    line[n] = '\0';
    ck_assert_str_eq((char *)line, "ERROR/007\r\n");
    ck_assert(read_error("ERROR/007\r\n", &code, &reason) && code == 7 && reason.n == 0);
    ck_assert_int_eq(plato_textcmd_encode_error(1000, NULL, line, sizeof line, &n),
                     PLATO_ERR_ARGUMENT);
    ck_assert(!read_error("ERROR/40\r\n", &code, &reason));
    ck_assert(!read_error("ERROR/404x\r\n", &code, &reason));
    ck_assert(!read_error("ERROR/404%2Fno\r\n", &code, &reason));
    ck_assert(!read_error("ERROR/404no\r\n", &code, &reason));
    ck_assert(!read_error("ERRORS/404\r\n", &code, &reason));
    ck_assert(!read_error("ERROR/4%30\r\n", &code, &reason));
}
END_TEST

/* How many bytes a line that breaks off needs at least, whatever stands last; and before its first
 * byte, right after another, none. */
START_TEST(lines_that_break_off)
{
    static const struct {
        const char *line;
        uint64_t needs; /* bytes in all; 0: it does not break off */
    } rows[] = {
        {"", 0},         {"A/\r\n", 0},    {"A", 1 + 3},    {"A%", 2 + 5},
        {"A%4", 3 + 4},  {"A/", 2 + 2},    {"A/b", 3 + 2},  {"A/%", 3 + 4},
        {"A/%4", 4 + 3}, {"A/%41", 5 + 2}, {"A/\r", 3 + 1}, {"A/b%4a\r", 7 + 1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plato_textcmd_decoder *d;
        const plato_span line = span_of(rows[i].line);
        ck_assert_int_eq(plato_textcmd_decoder_new(NULL, NULL, &d), PLATO_OK);
        plato_textcmd_decoder_reset(d, 100);
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, line.p, line.n), (ptrdiff_t)line.n);
        ck_assert_uint_eq(plato_textcmd_decoder_offset(d), rows[i].needs == 0 ? 100 + line.n : 100);
        ck_assert_int_eq(plato_textcmd_decoder_finish(d),
                         rows[i].needs == 0 ? PLATO_OK : PLATO_ERR_TRUNCATED);
        if (rows[i].needs != 0) {
            ck_assert_uint_eq(plato_textcmd_decoder_error(d)->got, line.n);
            ck_assert_uint_eq(plato_textcmd_decoder_error(d)->limit, rows[i].needs);
        }
        plato_textcmd_decoder_free(d);
    }
}
END_TEST

/* The offset says what has been handed out: in a pause, that is the line. */
START_TEST(offset_in_a_pause)
{
    plato_textcmd_event event;
    plato_textcmd_decoder *d;
    const plato_span stream = span_of("A/1\r\nB/2\r\nC");
    ck_assert_int_eq(plato_textcmd_decoder_new(NULL, NULL, &d), PLATO_OK);
    plato_textcmd_decoder_input(d, stream.p, stream.n);
    for (uint64_t end = 5; end <= 10; end += 5) {
        ck_assert_int_eq(plato_textcmd_decoder_next(d, &event), 1);
        ck_assert_uint_eq(plato_textcmd_decoder_offset(d), end);
    }
    ck_assert_int_eq(plato_textcmd_decoder_next(d, &event), 0);
    ck_assert_uint_eq(plato_textcmd_decoder_offset(d), 10);
    plato_textcmd_decoder_free(d);
}
END_TEST

/* Memory follows what arrives, each byte is copied once, and no line in one piece costs any. */
START_TEST(memory_follows_the_bytes)
{
    counting memory = {0};
    const plato_allocator allocator = counting_allocator(&memory);
    const plato_span line = span_of("A/" X2048 "\r\n");
    plato_textcmd_decoder *d;
    ck_assert_int_eq(plato_textcmd_decoder_new(NULL, &allocator, &d), PLATO_OK);
    ck_assert_int_eq(plato_textcmd_decoder_feed(d, line.p, line.n), (ptrdiff_t)line.n);
    ck_assert_uint_eq(memory.calls, 1);
    const size_t before = memory.peak;
    for (size_t i = 0; i < line.n; i++)
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, line.p + i, 1), 1);
    ck_assert_uint_le(memory.peak, before + 2 * line.n);
    ck_assert_uint_le(memory.calls, 1 + 7);
    plato_textcmd_decoder_free(d);
    ck_assert_uint_eq(memory.blocks, 0);
}
END_TEST

START_TEST(configuration)
{
    plato_textcmd_config config;
    plato_textcmd_decoder *d;
    plato_textcmd_config_init(&config);
    config.size = 0;
    ck_assert_int_eq(plato_textcmd_decoder_new(&config, NULL, &d), PLATO_ERR_ARGUMENT);
    config.size = sizeof config + 1;
    ck_assert_int_eq(plato_textcmd_decoder_new(&config, NULL, &d), PLATO_ERR_ARGUMENT);
    plato_textcmd_decoder_free(NULL);
}
END_TEST

/* Without memory for a piece: the error sticks, and nothing is lost on the way. */
START_TEST(no_memory)
{
    for (size_t fail_at = 1; fail_at <= 2; fail_at++) {
        counting memory = {.fail_at = fail_at};
        const plato_allocator allocator = counting_allocator(&memory);
        const plato_span stream = {(const uint8_t *)"ECHO/1\r\n", 8};
        plato_textcmd_decoder *d;
        const plato_err err = plato_textcmd_decoder_new(NULL, &allocator, &d);
        ck_assert_int_eq(err, fail_at == 1 ? PLATO_ERR_NO_MEMORY : PLATO_OK);
        if (err != PLATO_OK)
            continue;
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, stream.p, 3), PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, stream.p, 8), PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_textcmd_decoder_finish(d), PLATO_ERR_NO_MEMORY);
        plato_textcmd_decoder_reset(d, 0);
        ck_assert_int_eq(plato_textcmd_decoder_feed(d, stream.p, 8), 8);
        plato_textcmd_decoder_free(d);
        ck_assert_uint_eq(memory.blocks, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        errors_and_their_places,
        parse_says_the_same,
        every_cut,
        trace_of_three_lines,
        round_trip,
        integers,
        what_is_escaped,
        encode_refuses,
        error_replies,
        lines_that_break_off,
        offset_in_a_pause,
        memory_follows_the_bytes,
        no_memory,
        configuration,
    };
    return RUN_TESTS("textcmd", tests);
}
