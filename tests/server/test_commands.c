/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dialogues of the latency and command protocols: bytes and times in, bytes and ends out. */
#include "commands/dialogue.h"
#include "run_tests.h"

#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static dialogue_config config;
static dialogue_stats stats;
static admission_config limits;
static struct admission *admission;
static struct dialogue *d;
static uint64_t now_ms;

static int64_t wall_us(void *user)
{
    (void)user;
    return INT64_C(1777629600123456); /* 2026-05-01T10:00:00.123456Z */
}

static void write_stats(void *user, GString *json)
{
    (void)user;
    g_string_append(json, "{\"a\":1}");
}

static void setup(void)
{
    dialogue_config_init(&config);
    stats = (dialogue_stats){0};
    config.syntax = &text_syntax;
    config.source = (answer_source){NULL, wall_us, write_stats, "1.2"};
    config.stats = &stats;
    admission_config_init(&limits);
    admission = NULL;
    d = NULL;
    now_ms = 1000;
}

static void teardown(void)
{
    dialogue_free(d, now_ms);
    admission_free(admission);
}

static void start(const command_syntax *syntax)
{
    const struct sockaddr_in peer = {.sin_family = AF_INET};
    struct guest *guest;
    config.syntax = syntax;
    admission = admission_new(&limits);
    ck_assert_int_eq(
        admission_enter(admission, (const struct sockaddr *)(const void *)&peer, now_ms, &guest),
        ADMISSION_YES);
    d = dialogue_new(&config, admission, guest, now_ms);
}

static void say(const void *p, size_t n)
{
    dialogue_received(d, now_ms, p, n);
}

static void say_text(const char *text)
{
    say(text, strlen(text));
}

/* Everything that is to be sent, which leaves at once if `drain`. */
static GByteArray *output(bool drain)
{
    GByteArray *all = g_byte_array_new();
    GBytes *bytes;
    while ((bytes = dialogue_take_output(d)) != NULL) {
        gsize n;
        const void *p = g_bytes_get_data(bytes, &n);
        g_byte_array_append(all, p, (guint)n);
        g_bytes_unref(bytes);
        if (drain)
            dialogue_drained(d, now_ms, n);
    }
    return all;
}

static void hear(const void *p, size_t n)
{
    GByteArray *got = output(true);
    ck_assert_uint_eq(got->len, n);
    ck_assert_int_eq(n > 0 ? memcmp(got->data, p, n) : 0, 0);
    g_byte_array_unref(got);
}

static void hear_text(const char *text)
{
    hear(text, strlen(text));
}

START_TEST(results)
{
    start(&text_syntax);
    say_text("TIME/\r\nVERSION/\r\nSTATS/\r\n");
    hear_text("TIME/2026-05-01T10%3A00%3A00.123Z\r\nVERSION/plato-server%201.2\r\n"
              "STATS/%7B%22a%22%3A1%7D\r\n");
    ck_assert_uint_eq(stats.answered, 3);
    ck_assert_uint_eq(dialogue_deadline(d), now_ms + config.idle_ms);
}
END_TEST

/* One byte a second never is silence: the command's own limit ends it, 40 s after its first. */
START_TEST(one_byte_a_second)
{
    start(&text_syntax);
    say_text("PING/");
    const uint64_t first = now_ms;
    while (!dialogue_is_closing(d) && now_ms < first + 100000) {
        ck_assert_uint_eq(dialogue_deadline(d), first + 40000);
        now_ms += 1000;
        dialogue_tick(d, now_ms);
        if (!dialogue_is_closing(d))
            say_text("a");
    }
    ck_assert_uint_eq(now_ms, first + 40000);
    ck_assert_uint_eq(stats.ended[DIALOGUE_SLOW], 1);
    hear("", 0);
    ck_assert_uint_eq(admission_get_stats(admission).guests, 0);
}
END_TEST

/* The clock of a command begins with its own first byte, not with that of the one before. */
START_TEST(each_command_has_its_time)
{
    start(&binary_syntax);
    say("\\(\\)\0\1", 6);
    for (unsigned i = 0; i < 4; i++) {
        now_ms += 39000;
        dialogue_tick(d, now_ms);
        ck_assert(!dialogue_is_closing(d));
        say("\0\4a\\(\\)\0\1", 9);
        hear("\\(\\)\0\1\0\4a", 9);
    }
    now_ms += 39999;
    dialogue_tick(d, now_ms);
    ck_assert(!dialogue_is_closing(d));
    now_ms += 1;
    dialogue_tick(d, now_ms);
    ck_assert(dialogue_is_closing(d));
}
END_TEST

START_TEST(silence)
{
    start(&latency_syntax);
    now_ms += 419999;
    dialogue_tick(d, now_ms);
    say("abcd", 4);
    hear("abcd", 4);
    now_ms += 419999;
    dialogue_tick(d, now_ms);
    ck_assert(!dialogue_is_closing(d));
    now_ms += 1;
    dialogue_tick(d, now_ms);
    ck_assert(dialogue_is_closing(d));
    ck_assert(!dialogue_is_over(d));
    ck_assert_uint_eq(stats.ended[DIALOGUE_IDLE], 1);
    now_ms = dialogue_deadline(d);
    dialogue_tick(d, now_ms);
    ck_assert(dialogue_is_over(d));
}
END_TEST

/* A peer that still reads what was sent is not silent. */
START_TEST(reading_is_no_silence)
{
    start(&text_syntax);
    say_text("ECHO/1\r\n");
    g_byte_array_unref(output(false));
    now_ms += 419999;
    dialogue_drained(d, now_ms, 4);
    now_ms += 419999;
    dialogue_tick(d, now_ms);
    ck_assert(!dialogue_is_closing(d));
    ck_assert_uint_eq(dialogue_deadline(d), now_ms + 1);
    dialogue_tick(d, now_ms + 1);
    ck_assert(dialogue_is_closing(d));
}
END_TEST

START_TEST(too_fast)
{
    limits.guest_rate = (bucket_rate){1, 2};
    limits.patience = (bucket_rate){1, 2};
    start(&text_syntax);
    say_text("ECHO/1\r\nECHO/2\r\nECHO/3\r\n");
    hear_text("ECHO/1\r\nECHO/2\r\nERROR/429%20too%20fast\r\n");
    ck_assert(!dialogue_is_closing(d));
    now_ms += 1000;
    say_text("ECHO/4\r\n");
    hear_text("ECHO/4\r\n");
    say_text("ECHO/5\r\nECHO/6\r\nECHO/7\r\nECHO/8\r\n");
    hear_text("ERROR/429%20too%20fast\r\nERROR/429%20too%20fast\r\nERROR/429%20too%20fast\r\n");
    ck_assert(dialogue_is_closing(d));
    ck_assert_uint_eq(stats.ended[DIALOGUE_RATE], 1);
    ck_assert_uint_eq(stats.answered, 3);
}
END_TEST

/* The latency protocol has no error reply: what is a little too fast is returned all the same. */
START_TEST(too_fast_for_an_echo)
{
    limits.guest_rate = (bucket_rate){1, 2};
    limits.patience = (bucket_rate){1, 1};
    start(&latency_syntax);
    for (unsigned i = 0; i < 3; i++)
        say("abcd", 4);
    hear("abcdabcdabcd", 12);
    ck_assert(!dialogue_is_closing(d));
    say("abcd", 4);
    hear("", 0);
    ck_assert(dialogue_is_closing(d));
}
END_TEST

START_TEST(turned_away)
{
    config.syntax = &binary_syntax;
    d = dialogue_new(&config, NULL, NULL, now_ms);
    dialogue_turn_away(d, now_ms, "full");
    hear("\\(\\)\0\6\xff\xff\1\xf7"
         "full",
         14);
    ck_assert(dialogue_is_closing(d));
    say("\\(\\)\0\0\0\1", 8);
    hear("", 0);
}
END_TEST

START_TEST(turned_away_from_an_echo)
{
    config.syntax = &latency_syntax;
    d = dialogue_new(&config, NULL, NULL, now_ms);
    dialogue_turn_away(d, now_ms, "full");
    hear("", 0);
    ck_assert(dialogue_is_closing(d));
}
END_TEST

/* 10,000 commands from a peer that does not read cost max_output and a reply, and wait. */
START_TEST(who_does_not_read)
{
    limits.guest_rate = (bucket_rate){0, 1};
    config.max_output = 1000;
    start(&text_syntax);
    GString *all = g_string_new(NULL);
    for (unsigned i = 0; i < 10000; i++)
        g_string_append_printf(all, "ECHO/%u\r\n", i);
    say(all->str, all->len);
    ck_assert(dialogue_is_full(d));
    GByteArray *got = output(false);
    ck_assert_uint_ge(got->len, 1000);
    ck_assert_uint_le(got->len, 1000 + sizeof "ECHO/10000\r\n");
    say_text("ECHO/"); /* what still comes waits after it */
    dialogue_peer_ended(d, now_ms);
    ck_assert(!dialogue_is_closing(d));
    for (guint before = 0; before < got->len;) {
        const guint step = got->len - before;
        before = got->len;
        dialogue_drained(d, now_ms, step);
        GByteArray *more = output(false);
        g_byte_array_append(got, more->data, more->len);
        g_byte_array_unref(more);
    }
    ck_assert_uint_eq(got->len, all->len);
    ck_assert_int_eq(memcmp(got->data, all->str, all->len), 0);
    ck_assert(dialogue_is_closing(d));
    ck_assert_uint_eq(stats.ended[DIALOGUE_PEER], 1);
    g_byte_array_unref(got);
    g_string_free(all, TRUE);
}
END_TEST

/* However the bytes are cut, the error has the magic that the command began with; if that is none,
 * the one of the command before it. */
START_TEST(magic_of_an_error)
{
#define PING_A "\\(\\)\0\1\0\4a"
#define PING_B "$$$$\0\1\0\4b"
    static const struct {
        const char *bytes;
        size_t n;
        const char *replies; /* up to the error's length */
        const char *rest;    /* from its type on */
    } rows[] = {
        {PING_A "$$$$\xff\xff\0\4", 17, PING_A "$$$$", "\xff\xff\1\x9d"},
        {PING_A PING_B "\0", 19, PING_A PING_B "$$$$", "\xff\xff\1\x90"},
        {PING_B PING_A "$$$!", 22, PING_B PING_A "\\(\\)", "\xff\xff\1\x90"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        const size_t front = i == 0 ? 13 : 22;
        for (size_t cut = 0; cut <= rows[i].n; cut++) {
            setup();
            start(&binary_syntax);
            say(rows[i].bytes, cut);
            say(rows[i].bytes + cut, rows[i].n - cut);
            GByteArray *got = output(true);
            ck_assert_uint_ge(got->len, front + 6);
            ck_assert_int_eq(memcmp(got->data, rows[i].replies, front), 0);
            ck_assert_int_eq(memcmp(got->data + front + 2, rows[i].rest, 4), 0);
            ck_assert(dialogue_is_closing(d));
            g_byte_array_unref(got);
            teardown();
            d = NULL;
            admission = NULL;
        }
    }
}
END_TEST

/* Bytes without sense never crash it, and end it or leave it open, whatever the protocol. */
START_TEST(rubbish)
{
    const command_syntax *const all[] = {&latency_syntax, &text_syntax, &binary_syntax};
    GRand *rand = g_rand_new_with_seed((guint32)_i);
    for (unsigned round = 0; round < 200; round++) {
        uint8_t bytes[300];
        setup();
        start(all[round % 3]);
        for (unsigned piece = 0; piece < 20; piece++) {
            const size_t n = (size_t)g_rand_int_range(rand, 0, sizeof bytes);
            static const char likely[] = "\\()$/%\r\n0Aa\0\1\4";
            for (size_t i = 0; i < n; i++)
                bytes[i] = g_rand_boolean(rand)
                               ? (uint8_t)likely[g_rand_int_range(rand, 0, sizeof likely)]
                               : (uint8_t)g_rand_int_range(rand, 0, 256);
            say(bytes, n);
            GByteArray *got = output(g_rand_boolean(rand));
            ck_assert_uint_le(got->len, config.max_output + 4096);
            g_byte_array_unref(got);
            now_ms += (uint64_t)g_rand_int_range(rand, 0, 10000);
            dialogue_tick(d, now_ms);
        }
        teardown();
        d = NULL;
        admission = NULL;
    }
    g_rand_free(rand);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("commands");
    TCase *tcase = tcase_create("dialogue");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, results);
    tcase_add_test(tcase, one_byte_a_second);
    tcase_add_test(tcase, each_command_has_its_time);
    tcase_add_test(tcase, silence);
    tcase_add_test(tcase, reading_is_no_silence);
    tcase_add_test(tcase, too_fast);
    tcase_add_test(tcase, too_fast_for_an_echo);
    tcase_add_test(tcase, turned_away);
    tcase_add_test(tcase, turned_away_from_an_echo);
    tcase_add_test(tcase, who_does_not_read);
    tcase_add_test(tcase, magic_of_an_error);
    tcase_add_loop_test(tcase, rubbish, 0, 4);
    suite_add_tcase(suite, tcase);
    Suite *const suites[] = {suite};
    return run_suites(TESTS_OF(suites));
}
