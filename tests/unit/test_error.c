/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/error.h"

#include "run_tests.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

typedef struct code_row {
    int value;
    const char *name;
} code_row;

/* The numbers are pinned: this table is written once and only added to. */
static const code_row codes[] = {
    {0, "PLATO_OK"},
    {1, "PLATO_NEED_MORE"},
    {-1, "PLATO_ERR_ARGUMENT"},
    {-2, "PLATO_ERR_BUFFER_TOO_SMALL"},
    {-100, "PLATO_ERR_VAR_HEAD_TOO_LONG"},
    {-101, "PLATO_ERR_BODY_TOO_LONG"},
    {-102, "PLATO_ERR_CRC"},
    {-103, "PLATO_ERR_EMPTY_FRAME"},
    {-104, "PLATO_ERR_TRUNCATED"},
    {-110, "PLATO_ERR_WIRE_VARINT"},
    {-111, "PLATO_ERR_WIRE_TYPE"},
    {-112, "PLATO_ERR_WIRE_FIELD_NUMBER"},
    {-113, "PLATO_ERR_WIRE_TRUNCATED"},
    {-114, "PLATO_ERR_WIRE_FIELDS"},
    {-120, "PLATO_ERR_TEXT_BYTE"},
    {-121, "PLATO_ERR_TEXT_ESCAPE"},
    {-122, "PLATO_ERR_TEXT_LINE_END"},
    {-123, "PLATO_ERR_TEXT_NO_SLASH"},
    {-124, "PLATO_ERR_TEXT_EMPTY_TYPE"},
    {-125, "PLATO_ERR_TYPE_TOO_LONG"},
    {-126, "PLATO_ERR_PARAMS_TOO_LONG"},
    {-127, "PLATO_ERR_MAGIC"},
    {-200, "PLATO_ERR_NO_MEMORY"},
};
#define CODES (sizeof codes / sizeof codes[0])

static bool is_code(int value)
{
    for (size_t i = 0; i < CODES; i++) {
        if (codes[i].value == value)
            return true;
    }
    return false;
}

START_TEST(names_and_texts)
{
    for (size_t i = 0; i < CODES; i++) {
        const char *text = plato_strerror(codes[i].value);
        ck_assert_str_eq(plato_err_name(codes[i].value), codes[i].name);
        ck_assert_uint_gt(strlen(text), 0);
        ck_assert_int_ne(text[strlen(text) - 1], '.');
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(text, plato_strerror(codes[k].value));
    }
}
END_TEST

/* Caller, peer, resources: -1..-99, -100..-199, -200..-299, and nothing else below 0. */
START_TEST(bands)
{
    for (int value = -5000; value <= 5000; value++) {
        if (!is_code(value)) {
            ck_assert_str_eq(plato_err_name(value), "PLATO_ERR_UNKNOWN");
            ck_assert_str_eq(plato_strerror(value), plato_strerror(INT_MIN));
        }
        ck_assert(!is_code(value) || value >= -299);
    }
    ck_assert_str_eq(plato_err_name(INT_MIN), "PLATO_ERR_UNKNOWN");
    ck_assert_str_eq(plato_err_name(INT_MAX), "PLATO_ERR_UNKNOWN");
    ck_assert_ptr_nonnull(plato_strerror(INT_MAX));
}
END_TEST

static const plato_error body_too_long = {PLATO_ERR_BODY_TOO_LONG,
                                          "PLATO_ERR_BODY_TOO_LONG",
                                          "body over the limit",
                                          120,
                                          122,
                                          33554432,
                                          16777216};

START_TEST(the_whole_story)
{
    char buf[200];
    ck_assert_ptr_eq(plato_error_format(&body_too_long, buf, sizeof buf), buf);
    ck_assert_str_eq(buf,
                     "body over the limit: 33554432, limit 16777216 (frame at 120, field at 122)");
    /* a CRC is written as the hexadecimal number that it is */
    const plato_error crc = {PLATO_ERR_CRC, "PLATO_ERR_CRC", "wrong CRC", 0, 10, 0xab, 0x1b33170b};
    plato_error_format(&crc, buf, sizeof buf);
    ck_assert_ptr_nonnull(strstr(buf, "000000ab"));
    ck_assert_ptr_nonnull(strstr(buf, "1b33170b"));
}
END_TEST

/* Not every code has numbers, and without an error there is no place either. */
START_TEST(numbers_where_there_are_some)
{
    static const struct {
        plato_err code;
        const char *behind; /* after the text */
    } rows[] = {
        {PLATO_OK, ""},
        {PLATO_NEED_MORE, ""},
        {PLATO_ERR_ARGUMENT, " (frame at 3, field at 5)"},
        {PLATO_ERR_BUFFER_TOO_SMALL, " (frame at 3, field at 5)"},
        {PLATO_ERR_VAR_HEAD_TOO_LONG, ": 7, limit 9 (frame at 3, field at 5)"},
        {PLATO_ERR_BODY_TOO_LONG, ": 7, limit 9 (frame at 3, field at 5)"},
        {PLATO_ERR_CRC, ": 00000007, computed 00000009 (frame at 3, field at 5)"},
        {PLATO_ERR_EMPTY_FRAME, " (frame at 3, field at 5)"},
        {PLATO_ERR_TRUNCATED, ": 7, limit 9 (frame at 3, field at 5)"},
        {PLATO_ERR_WIRE_VARINT, " (frame at 3, field at 5)"},
        {PLATO_ERR_WIRE_TYPE, " (frame at 3, field at 5)"},
        {PLATO_ERR_WIRE_FIELD_NUMBER, " (frame at 3, field at 5)"},
        {PLATO_ERR_WIRE_TRUNCATED, " (frame at 3, field at 5)"},
        {PLATO_ERR_WIRE_FIELDS, " (frame at 3, field at 5)"},
        {PLATO_ERR_TEXT_BYTE, " (frame at 3, field at 5)"},
        {PLATO_ERR_TEXT_ESCAPE, " (frame at 3, field at 5)"},
        {PLATO_ERR_TEXT_LINE_END, " (frame at 3, field at 5)"},
        {PLATO_ERR_TEXT_NO_SLASH, " (frame at 3, field at 5)"},
        {PLATO_ERR_TEXT_EMPTY_TYPE, " (frame at 3, field at 5)"},
        {PLATO_ERR_TYPE_TOO_LONG, ": 7, limit 9 (frame at 3, field at 5)"},
        {PLATO_ERR_PARAMS_TOO_LONG, ": 7, limit 9 (frame at 3, field at 5)"},
        {PLATO_ERR_MAGIC, " (frame at 3, field at 5)"},
        {PLATO_ERR_NO_MEMORY, ": 7, limit 9 (frame at 3, field at 5)"},
        {(plato_err)-77, " (frame at 3, field at 5)"},
    };
    ck_assert_uint_eq(sizeof rows / sizeof rows[0], CODES + 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char buf[200], expected[200];
        const char *text = plato_strerror(rows[i].code);
        const plato_error e = {rows[i].code, plato_err_name(rows[i].code), text, 3, 5, 7, 9};
        (void)snprintf(expected, sizeof expected, "%s%s", text, rows[i].behind);
        ck_assert_str_eq(plato_error_format(&e, buf, sizeof buf), expected);
    }
}
END_TEST

START_TEST(cut_to_the_buffer)
{
    char whole[200], buf[200];
    plato_error_format(&body_too_long, whole, sizeof whole);
    for (size_t cap = 0; cap <= strlen(whole) + 5; cap++) {
        memset(buf, '#', sizeof buf);
        ck_assert_ptr_eq(plato_error_format(&body_too_long, buf, cap), buf);
        ck_assert_int_eq(buf[cap], '#');
        if (cap == 0)
            continue;
        ck_assert_uint_eq(strlen(buf), cap - 1 < strlen(whole) ? cap - 1 : strlen(whole));
        ck_assert_int_eq(strncmp(buf, whole, strlen(buf)), 0);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {names_and_texts, bands, the_whole_story,
                                  numbers_where_there_are_some, cut_to_the_buffer};
    return RUN_TESTS("error", tests);
}
