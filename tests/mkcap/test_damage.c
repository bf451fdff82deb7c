/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A scenario damaged at random is read, played or refused with its line, and never more. */
#include "parse.h"
#include "play.h"

#include "random.h"
#include "run_tests.h"

#include <string.h>

#define ROUNDS 4000

static const char *seed_file;

/* One edit: a byte changed, a stretch doubled or taken out, or two lines swapped. */
static void damage(rng *r, GString *text)
{
    const gsize at = rng_below(r, text->len);
    const gsize n = 1 + rng_below(r, MIN(text->len - at, 20));
    static const char alphabet[] = "=:,|/<>\"'#\\ \n0123456789-[]@abcxyz\x01\xff";
    switch (rng_below(r, 4)) {
    case 0:
        text->str[at] = alphabet[rng_below(r, sizeof alphabet - 1)];
        break;
    case 1: {
        char *copy = g_strndup(text->str + at, n);
        g_string_insert_len(text, (gssize)rng_below(r, text->len), copy, (gssize)n);
        g_free(copy);
        break;
    }
    case 2:
        g_string_erase(text, (gssize)at, (gssize)n);
        break;
    default:
        text->str[at] = (char)rng_below(r, 256);
        break;
    }
}

/* Whether it could be played. */
static gboolean run(const char *text, gsize length)
{
    GError *error = NULL;
    scenario *s = parse_scenario(text, length, &error);
    GPtrArray *packets = s != NULL ? play(s, &error) : NULL;
    const gboolean ok = packets != NULL;
    if (ok) {
        ck_assert(error == NULL);
        g_ptr_array_unref(packets);
    } else {
        ck_assert(error != NULL);
        ck_assert_msg(g_str_has_prefix(error->message, "line "), "%s", error->message);
        g_error_free(error);
    }
    scenario_free(s);
    return ok;
}

START_TEST(damaged_scenarios)
{
    char *text = NULL;
    gsize length = 0;
    unsigned played = 0;
    rng r = {1};
    ck_assert(g_file_get_contents(seed_file, &text, &length, NULL));
    ck_assert(run(text, length));
    for (int round = 0; round < ROUNDS; round++) {
        GString *damaged = g_string_new_len(text, (gssize)length);
        for (size_t edits = 1 + rng_below(&r, 4); edits > 0; edits--)
            damage(&r, damaged);
        played += run(damaged->str, damaged->len);
        g_string_free(damaged, TRUE);
    }
    /* both ways out were taken */
    ck_assert_uint_gt(played, ROUNDS / 100);
    ck_assert_uint_lt(played, ROUNDS - ROUNDS / 100);
    g_free(text);
}
END_TEST

START_TEST(random_bytes)
{
    rng r = {2};
    for (int round = 0; round < 500; round++) {
        char bytes[200];
        const size_t n = rng_below(&r, sizeof bytes);
        for (size_t i = 0; i < n; i++)
            bytes[i] = (char)rng_below(&r, 256);
        run(bytes, n);
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc != 2)
        return 2;
    seed_file = argv[1];
    const TTest *const tests[] = {damaged_scenarios, random_bytes};
    return RUN_TESTS("mkcap", tests);
}
