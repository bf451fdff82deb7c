/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The wire reader on bytes whose fields, or whose fault, follow from protobuf's encoding rules. */
#include "plato/wire.h"

#include "bytes_of.h"
#include "guard_page.h"
#include "random.h"
#include "run_tests.h"

#include <string.h>

typedef struct wire_case {
    const char *hex;
    int fields; /* that come before the end or the error */
    plato_err err;
    size_t error_offset;
} wire_case;

static const wire_case wire_cases[] = {
    {"", 0, PLATO_OK, 0},
    {"0800", 1, PLATO_OK, 0},
    {"08ffffffffffffffffff01", 1, PLATO_OK, 0}, /* 2^64 - 1 */
    {"0880808080808080808000", 1, PLATO_OK, 0}, /* 0, longer than needed */
    {"0980ff000000000001", 1, PLATO_OK, 0},
    {"0a00", 1, PLATO_OK, 0},
    {"0a03616263", 1, PLATO_OK, 0},
    {"0d01020304", 1, PLATO_OK, 0},
    {"090102030405060708", 1, PLATO_OK, 0},
    {"f8ffffff0f00", 1, PLATO_OK, 0},  /* the largest field number */
    {"88808080 0000", 1, PLATO_OK, 0}, /* number 1, tag in 5 bytes */
    {"0801 1001 0801", 3, PLATO_OK, 0},
    /* varints */
    {"08", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0880", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"08ffffffffffffffffff", 0, PLATO_ERR_WIRE_TRUNCATED, 1},  /* nine, and each wants another */
    {"08ffffffffffffffffff02", 0, PLATO_ERR_WIRE_VARINT, 1},   /* bit 64 */
    {"08ffffffffffffffffff8101", 0, PLATO_ERR_WIRE_VARINT, 1}, /* eleven bytes */
    {"0801 80", 1, PLATO_ERR_WIRE_TRUNCATED, 2},
    /* tags */
    {"8880808080 00", 0, PLATO_ERR_WIRE_VARINT, 0}, /* six bytes */
    {"8880808080 0000", 0, PLATO_ERR_WIRE_VARINT, 0},
    {"f8ffffff1f00", 0, PLATO_ERR_WIRE_VARINT, 0}, /* over 32 bits */
    {"0000", 0, PLATO_ERR_WIRE_FIELD_NUMBER, 0},
    {"0801 0200", 1, PLATO_ERR_WIRE_FIELD_NUMBER, 2},
    /* wire types: groups and the two that do not exist */
    {"0b0c", 0, PLATO_ERR_WIRE_TYPE, 0},
    {"0801 0c", 1, PLATO_ERR_WIRE_TYPE, 2},
    {"0e00", 0, PLATO_ERR_WIRE_TYPE, 0},
    {"0f00", 0, PLATO_ERR_WIRE_TYPE, 0},
    /* lengths */
    {"0a", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0a01", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0a046162 63", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0affffffff0f", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0affffffffffffffffff01", 0, PLATO_ERR_WIRE_TRUNCATED, 1}, /* 2^64 - 1: no sum may wrap */
    {"0af6ffffffffffffffff01", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0affffffffffffffffff02", 0, PLATO_ERR_WIRE_VARINT, 1},
    {"0d010203", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
    {"0901020304050607", 0, PLATO_ERR_WIRE_TRUNCATED, 1},
};

static void check_case(const wire_case *c)
{
    bytes message = bytes_of_hex(c->hex);
    uint8_t *p = guarded_copy(message.p, message.n);
    plato_wire r;
    plato_field f;
    int fields = 0, rc;
    plato_wire_init(&r, p, message.n, 0);
    while ((rc = plato_wire_next(&r, &f)) > 0)
        fields++;
    ck_assert_msg(rc == (int)c->err, "%s: %s, expected %s", c->hex, plato_err_name(rc),
                  plato_err_name(c->err));
    ck_assert_msg(fields == c->fields, "%s: %d fields", c->hex, fields);
    ck_assert_int_eq(r.error, c->err);
    ck_assert_msg(r.error_offset == c->error_offset, "%s: error at %zu", c->hex, r.error_offset);
    ck_assert_int_eq(plato_wire_next(&r, &f), rc); /* again and again */
    ck_assert_int_eq(plato_wire_next(&r, &f), rc);
    guarded_free(p, message.n);
    bytes_free(&message);
}

START_TEST(valid_and_invalid)
{
    for (size_t i = 0; i < sizeof wire_cases / sizeof wire_cases[0]; i++)
        check_case(&wire_cases[i]);
}
END_TEST

START_TEST(fields_in_full)
{
    static const struct {
        uint32_t number;
        plato_wire_type type;
        uint64_t value;
        size_t length, offset, value_offset, end;
    } expected[] = {
        {1, PLATO_WIRE_VARINT, 300, 0, 0, 1, 3},
        {2, PLATO_WIRE_BYTES, 3, 3, 3, 5, 8},
        {16, PLATO_WIRE_FIXED32, 0x04030201, 0, 8, 10, 14},
        {3, PLATO_WIRE_FIXED64, 0x0807060504030201, 0, 14, 15, 23},
        {4, PLATO_WIRE_BYTES, 0, 0, 23, 25, 25},
    };
    bytes m = bytes_of_hex("08ac02 1203616263 850101020304 190102030405060708 2200");
    plato_wire r;
    plato_field f;
    plato_wire_init(&r, m.p, m.n, 0);
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        ck_assert_int_eq(plato_wire_next(&r, &f), 1);
        ck_assert_uint_eq(f.number, expected[i].number);
        ck_assert_int_eq(f.wire_type, expected[i].type);
        if (f.wire_type != PLATO_WIRE_BYTES)
            ck_assert_uint_eq(f.value, expected[i].value);
        ck_assert_uint_eq(f.bytes.n, expected[i].length);
        ck_assert(f.wire_type != PLATO_WIRE_BYTES || f.bytes.p == m.p + f.value_offset);
        ck_assert_uint_eq(f.offset, expected[i].offset);
        ck_assert_uint_eq(f.value_offset, expected[i].value_offset);
        ck_assert_uint_eq(f.end, expected[i].end);
    }
    ck_assert_int_eq(plato_wire_next(&r, &f), 0);
    bytes_free(&m);
}
END_TEST

START_TEST(field_limit)
{
    uint8_t m[2 * (PLATO_WIRE_MAX_FIELDS + 1)];
    static const struct {
        size_t fields;
        uint32_t most;
        int rc;
    } rows[] = {
        {3, 3, 0},
        {4, 3, PLATO_ERR_WIRE_FIELDS},
        {PLATO_WIRE_MAX_FIELDS, 0, 0},
        {PLATO_WIRE_MAX_FIELDS + 1, 0, PLATO_ERR_WIRE_FIELDS},
    };
    for (size_t i = 0; i < sizeof m; i++)
        m[i] = i % 2 == 0 ? 0x08 : 0x01;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        plato_wire r;
        plato_field f;
        size_t count = 0;
        int rc;
        plato_wire_init(&r, m, 2 * rows[i].fields, rows[i].most);
        while ((rc = plato_wire_next(&r, &f)) > 0)
            count++;
        ck_assert_int_eq(rc, rows[i].rc);
        ck_assert_uint_eq(count, rc == 0 ? rows[i].fields : rows[i].fields - 1);
        ck_assert_uint_eq(r.error_offset, rc == 0 ? 0 : 2 * count);
    }
}
END_TEST

START_TEST(varints)
{
    rng r = {4};
    for (int round = 0; round < 5000; round++) {
        const uint64_t value = round < 129 ? (round < 65 ? ((uint64_t)1 << (round % 64)) - 1
                                                         : (uint64_t)1 << (round - 65))
                                           : rng_number(&r);
        uint8_t out[10];
        uint64_t back = ~value;
        bytes model = {0};
        bytes_add_varint(&model, value);
        ck_assert_uint_eq(plato_varint_size(value), model.n);
        ck_assert_uint_eq(plato_varint_write(value, out), model.n);
        ck_assert_mem_eq(out, model.p, model.n);
        ck_assert_int_eq(plato_varint_read(out, model.n, &back), (int)model.n);
        ck_assert_uint_eq(back, value);
        for (size_t n = 0; n < model.n; n++)
            ck_assert_int_eq(plato_varint_read(out, n, &back), PLATO_ERR_WIRE_TRUNCATED);
        bytes_free(&model);
    }
}
END_TEST

START_TEST(nothing_may_be_null)
{
    plato_wire r;
    plato_field f;
    plato_wire_init(&r, NULL, 0, 0);
    ck_assert_int_eq(plato_wire_next(&r, &f), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {valid_and_invalid, fields_in_full, field_limit, varints,
                                  nothing_may_be_null};
    return RUN_TESTS("wire", tests);
}
