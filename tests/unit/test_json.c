/* SPDX-License-Identifier: GPL-2.0-or-later */
/* JSON or not: RFC 8259 construct by construct, and nesting up to its bound. */
#include "plato/json.h"

#include "guard_page.h"
#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

/* Read from memory whose end cannot be passed. */
static bool is_json(const char *text, size_t n)
{
    uint8_t *p = guarded_copy((const uint8_t *)text, n);
    const bool is = plato_is_json((plato_span){p, n});
    guarded_free(p, n);
    return is;
}

static const char *const right[] = {
    "{}",
    "[]",
    "[ ]",
    "{ }",
    "{} \t\r\n",
    "{\"a\":1}",
    "{\"a\" : 1 , \"b\" : [ ] }",
    "[1,-1,0,-0,10,1.5,-0.5,1e9,1E+9,1e-9,1.25e10]",
    "[true,false,null]",
    "[\"\",\"a\",\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\uABCD\"]",
    "[\"\x7f\xc3\xa9\xff\"]", /* from 0x80 on, bytes are not looked at */
    "[[[{\"a\":{\"b\":[{}]}}]]]",
    "{\"a\":1,\"a\":2}",
    "{\"\":null}",
};

static const char *const wrong[] = {
    "",           " {}",         "1",
    "\"a\"",      "null",        "{",
    "[",          "}",           "]",
    "[}",         "{]",          "[]]",
    "{}{}",       "[] x",        "[,]",
    "[1,]",       "[1 2]",       "[1,,2]",
    "{,}",        "{\"a\"}",     "{\"a\":}",
    "{\"a\":1,}", "{\"a\" 1}",   "{a:1}",
    "{1:1}",      "['a']",       "[01]",
    "[-]",        "[+1]",        "[.5]",
    "[1.]",       "[1.e5]",      "[1e]",
    "[1e+]",      "[0x10]",      "[NaN]",
    "[tru]",      "[truex]",     "[True]",
    "[\"a]",      "[\"a\n\"]",   "[\"\\x\"]",
    "[\"\\",      "[\"\\u12\"]", "[\"\\u12g4\"]",
    "[\"\\u",     "[// no\n]",   "\xef\xbb\xbf{}",
    "\v[]",       "[]\f",
};

START_TEST(json)
{
    ck_assert_msg(is_json(right[_i], strlen(right[_i])), "%s", right[_i]);
}
END_TEST

/* No proper prefix of a value that ends with its bracket is a value. */
START_TEST(cut_json)
{
    size_t end = strlen(right[_i]);
    while (right[_i][end - 1] != '}' && right[_i][end - 1] != ']')
        end--;
    for (size_t n = 0; n < end; n++)
        ck_assert_msg(!is_json(right[_i], n), "%.*s", (int)n, right[_i]);
}
END_TEST

START_TEST(not_json)
{
    ck_assert_msg(!is_json(wrong[_i], strlen(wrong[_i])), "%s", wrong[_i]);
}
END_TEST

START_TEST(nul_is_no_end)
{
    ck_assert(!is_json("{}\0", 3));
    ck_assert(!is_json("[\"\\\0\"]", 6));
    ck_assert(!is_json("[\"\0\"]", 5));
}
END_TEST

/* `depth` lists within one another, or objects whose only key is "a". */
static bool nested(size_t depth, bool objects)
{
    const char *open = objects ? "{\"a\":" : "[";
    const size_t open_len = strlen(open);
    char *text = malloc(depth * (open_len + 1) + 1);
    size_t n = 0;
    ck_assert_ptr_nonnull(text);
    for (size_t i = 0; i < depth; i++, n += open_len)
        memcpy(text + n, open, open_len);
    if (objects)
        text[n++] = '0';
    for (size_t i = 0; i < depth; i++)
        text[n++] = objects ? '}' : ']';
    const bool is = is_json(text, n);
    free(text);
    return is;
}

START_TEST(depth_is_bounded)
{
    ck_assert(nested(PLATO_JSON_DEPTH_MAX, false));
    ck_assert(!nested(PLATO_JSON_DEPTH_MAX + 1, false));
    ck_assert(nested(PLATO_JSON_DEPTH_MAX, true));
    ck_assert(!nested(PLATO_JSON_DEPTH_MAX + 1, true));
    ck_assert(!nested(1000000, false));
}
END_TEST

/* It is nesting that is bounded, not the number of values. */
START_TEST(long_lists)
{
    enum { VALUES = 100000 };
    char *text = malloc(3 * VALUES + 2);
    size_t n = 0;
    ck_assert_ptr_nonnull(text);
    text[n++] = '[';
    for (size_t i = 0; i < VALUES; i++) {
        memcpy(text + n, "[],", 3);
        n += 3;
    }
    text[n - 1] = ']';
    ck_assert(is_json(text, n));
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json");
    TCase *values = tcase_create("json");
    tcase_add_loop_test(values, json, 0, (int)(sizeof right / sizeof right[0]));
    tcase_add_loop_test(values, cut_json, 0, (int)(sizeof right / sizeof right[0]));
    tcase_add_loop_test(values, not_json, 0, (int)(sizeof wrong / sizeof wrong[0]));
    tcase_add_test(values, nul_is_no_end);
    tcase_add_test(values, depth_is_bounded);
    tcase_add_test(values, long_lists);
    suite_add_tcase(suite, values);
    return run_suites(&suite, 1);
}
