/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _DEFAULT_SOURCE /* mkstemp(), fmemopen(), open_memstream() */
/* Tokens: their hashes, the file, and what makes its lines. */
#include "auth/random_id.h"
#include "auth/token_file.h"
#include "run_tests.h"

#include <glib.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOKEN "correct-horse-battery-staple-123"
#define OTHER "another-token-of-the-same-length"

static char path[] = "/tmp/plato-tokens-XXXXXX";
static char *error;

static void setup(void)
{
    strcpy(path + strlen(path) - 6, "XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    error = NULL;
}

static void teardown(void)
{
    g_free(error);
    g_unlink(path);
}

static bool matches(const token_hash *hash, const char *token)
{
    return token_hash_matches(hash, (const uint8_t *)token, strlen(token));
}

static bool allows(const struct token_file *tokens, uint64_t device, const char *token)
{
    return token_file_allows(tokens, device, (const uint8_t *)token, strlen(token));
}

static char *hash_text(const char *token)
{
    token_hash hash;
    ck_assert(token_hash_make(&hash, (const uint8_t *)token, strlen(token)));
    return token_hash_format(&hash);
}

static struct token_file *read_text(const char *text, gssize n)
{
    ck_assert(g_file_set_contents(path, text, n, NULL));
    return token_file_read(path, &error);
}

/* Made with: openssl dgst -sha256 -mac HMAC -macopt hexkey:000102030405060708090a0b0c0d0e0f */
START_TEST(hash_is_the_one_that_is_documented)
{
    token_hash hash;
    ck_assert(token_hash_parse("hmac-sha256$000102030405060708090a0b0c0d0e0f$"
                               "d3da8d1099f21ef7938e943c4662da510e38dd734c0f54b0b54c5cb21d61341f",
                               &hash));
    ck_assert(matches(&hash, TOKEN));
    ck_assert(!matches(&hash, OTHER));
    ck_assert(!matches(&hash, TOKEN " "));
    ck_assert(!matches(&hash, ""));
}
END_TEST

START_TEST(hash_goes_through_its_text)
{
    char *one = hash_text(TOKEN), *two = hash_text(TOKEN);
    token_hash hash;
    ck_assert_str_ne(one, two); /* salted */
    ck_assert(token_hash_parse(one, &hash) && matches(&hash, TOKEN) && !matches(&hash, OTHER));
    ck_assert(token_hash_parse(two, &hash) && matches(&hash, TOKEN));
    for (size_t cut = 0; one[cut] != '\0'; cut++) {
        char *part = g_strndup(one, cut);
        ck_assert(!token_hash_parse(part, &hash));
        g_free(part);
    }
    char *more = g_strconcat(one, "0", NULL);
    ck_assert(!token_hash_parse(more, &hash));
    g_free(more);
    g_free(one);
    g_free(two);
}
END_TEST

START_TEST(file_says_who_may)
{
    char *one = hash_text(TOKEN), *two = hash_text(OTHER),
         *any = hash_text("for-any-device-whatever");
    char *text =
        g_strdup_printf("# tokens\n\n1001 %s\n1001\t%s\r\n 1002 %s \n* %s", one, two, two, any);
    struct token_file *tokens = read_text(text, -1);
    ck_assert_msg(tokens != NULL, "%s", error);
    ck_assert_uint_eq(token_file_count(tokens), 4);
    ck_assert(allows(tokens, 1001, TOKEN) && allows(tokens, 1001, OTHER));
    ck_assert(!allows(tokens, 1002, TOKEN) && allows(tokens, 1002, OTHER));
    ck_assert(!allows(tokens, 1003, TOKEN) && !allows(tokens, 0, TOKEN));
    ck_assert(allows(tokens, 1003, "for-any-device-whatever"));
    ck_assert(allows(tokens, 1001, "for-any-device-whatever"));
    ck_assert(!allows(tokens, 1001, ""));
    token_file_free(tokens);
    g_free(text);
    g_free(one);
    g_free(two);
    g_free(any);
}
END_TEST

START_TEST(file_that_is_wrong_names_the_line)
{
    static const struct {
        const char *text, *line, *why;
    } rows[] = {
        {"1001", "line 1:", "needs a device"},
        {"# fine\n\n1001 secret\n", "line 3:", "hmac-sha256$"},
        {"x hmac-sha256$", "line 1:", "neither a device_id"},
        {"0 hmac-sha256$", "line 1:", "neither a device_id"},
        {"-1 hmac-sha256$", "line 1:", "neither a device_id"},
        {"99999999999999999999 hmac-sha256$", "line 1:", "neither a device_id"},
        {"** hmac-sha256$", "line 1:", "neither a device_id"},
        {"1001 hmac-sha256$00$00", "line 1:", "does not end in"},
    };
    ck_assert_ptr_null(read_text(rows[_i].text, -1));
    ck_assert_ptr_nonnull(strstr(error, path));
    ck_assert_ptr_nonnull(strstr(error, rows[_i].line));
    ck_assert_ptr_nonnull(strstr(error, rows[_i].why));
}
END_TEST

START_TEST(file_bounds)
{
    char *hash = hash_text(TOKEN);
    GString *text = g_string_new(NULL);
    for (int i = 0; i <= TOKENS_PER_DEVICE; i++)
        g_string_append_printf(text, "7 %s\n", hash);
    ck_assert_ptr_null(read_text(text->str, -1));
    ck_assert_ptr_nonnull(strstr(error, "line 9:"));
    g_clear_pointer(&error, g_free);
    ck_assert_ptr_null(read_text("a\0b", 3));
    ck_assert_ptr_nonnull(strstr(error, "zero byte"));
    g_clear_pointer(&error, g_free);
    ck_assert_ptr_null(token_file_read("/nonexistent/tokens", &error));
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/tokens"));
    g_string_free(text, TRUE);
    g_free(hash);
}
END_TEST

static bool make_lines(const char *input, char **output)
{
    size_t n;
    FILE *in = fmemopen((void *)(uintptr_t)input, strlen(input), "r");
    FILE *out = open_memstream(output, &n);
    const bool ok = token_file_make_lines(in, out, &error);
    fclose(in);
    fclose(out);
    return ok;
}

START_TEST(lines_that_are_made_can_be_read)
{
    char *output;
    ck_assert(make_lines("1001 " TOKEN "\n# not this\n*  " OTHER, &output));
    ck_assert_ptr_null(strstr(output, TOKEN));
    struct token_file *tokens = read_text(output, -1);
    ck_assert_msg(tokens != NULL, "%s", error);
    ck_assert(allows(tokens, 1001, TOKEN) && allows(tokens, 5, OTHER) && !allows(tokens, 5, TOKEN));
    token_file_free(tokens);
    free(output);
}
END_TEST

START_TEST(lines_that_cannot_be_made)
{
    static const char *const rows[] = {"1001 short", "1001", "x " TOKEN};
    char *output;
    ck_assert(!make_lines(rows[_i], &output));
    ck_assert_ptr_nonnull(strstr(error, "line 1:"));
    ck_assert_ptr_null(strstr(error, "short\n"));
    ck_assert_str_eq(output, "");
    free(output);
}
END_TEST

START_TEST(random_ids_differ)
{
    uint64_t before = 0, all = 0;
    for (int i = 0; i < 1000; i++) {
        const uint64_t id = random_id();
        ck_assert(id != 0 && id <= INT64_MAX && id != before);
        before = id;
        all |= id;
    }
    ck_assert_uint_eq(all, INT64_MAX); /* every bit is used */
}
END_TEST

static Suite *auth_suite(void)
{
    Suite *suite = suite_create("auth");
    TCase *tcase = tcase_create("tokens");
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, hash_is_the_one_that_is_documented);
    tcase_add_test(tcase, hash_goes_through_its_text);
    tcase_add_test(tcase, file_says_who_may);
    tcase_add_loop_test(tcase, file_that_is_wrong_names_the_line, 0, 8);
    tcase_add_test(tcase, file_bounds);
    tcase_add_test(tcase, lines_that_are_made_can_be_read);
    tcase_add_loop_test(tcase, lines_that_cannot_be_made, 0, 3);
    tcase_add_test(tcase, random_ids_differ);
    suite_add_tcase(suite, tcase);
    return suite;
}

int main(void)
{
    Suite *const suites[] = {auth_suite()};
    return run_suites(TESTS_OF(suites));
}
