/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finding frames in damaged streams: nothing true is missed, and the work stays bounded. */
#include "plato/resync.h"

#include "bytes_of.h"
#include "guard_page.h"
#include "random.h"
#include "run_tests.h"

#include <stdlib.h>
#include <string.h>

#define UP_HEX "0104 00000002 00000006 155ed83d 08011007182a 6869"
#define UP_LEN 22u

static const plato_crc_kind as_specified = {PLATO_CRC_FRAME, PLATO_CRC_IEEE};

static plato_resync_result look(const uint8_t *p, size_t n)
{
    return plato_resync(p, n, NULL, as_specified, NULL);
}

/* Garbage that no header begins in: never the version's byte. */
static bytes garbage(rng *r, size_t n)
{
    bytes b = {0};
    for (size_t i = 0; i < n; i++) {
        uint8_t byte = (uint8_t)rng_next(r);
        byte = byte == 1 ? 2 : byte;
        bytes_add(&b, &byte, 1);
    }
    return b;
}

START_TEST(found_at_every_offset)
{
    rng r = {41};
    for (size_t before = 0; before < 300; before++) {
        bytes b = garbage(&r, before);
        bytes_add_hex(&b, UP_HEX);
        bytes_add(&b, "\x01\x04\x00", 3);
        uint8_t *p = guarded_copy(b.p, b.n);
        const plato_resync_result got = look(p, b.n);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
        ck_assert_uint_eq(got.skipped, before);
        ck_assert_uint_eq(got.frame_len, UP_LEN);
        guarded_free(p, b.n);
        bytes_free(&b);
    }
}
END_TEST

/* Every prefix: what is skipped holds no part of the frame, and once more is there it is found. */
START_TEST(nothing_true_is_skipped)
{
    rng r = {42};
    static const char *const frames[] = {
        UP_HEX,
        "0101 00000000 00000000 1b33170b",
        "0100 00000000 00000003 df9cbc57 08e907",
    };
    for (int round = 0; round < 90; round++) {
        bytes b = garbage(&r, rng_below(&r, 40));
        const size_t before = b.n;
        bytes_add_hex(&b, frames[round % 3]);
        for (size_t n = 0; n <= b.n; n++) {
            uint8_t *p = guarded_copy(b.p, n);
            const plato_resync_result got = look(p, n);
            guarded_free(p, n);
            ck_assert_uint_le(got.skipped, before < n ? before : n);
            if (got.verdict == PLATO_RESYNC_LIKELY)
                ck_assert_uint_eq(got.skipped, before);
            else
                ck_assert_int_eq(got.verdict, n == b.n ? PLATO_RESYNC_FOUND : PLATO_RESYNC_NOT_YET);
            const plato_resync_result rest = look(b.p + got.skipped, b.n - got.skipped);
            ck_assert_int_eq(rest.verdict, PLATO_RESYNC_FOUND);
            ck_assert_uint_eq(got.skipped + rest.skipped, before);
        }
        bytes_free(&b);
    }
}
END_TEST

/* A frame of a later version, with a field that is not known here, is not skipped while cut. */
START_TEST(unknown_fields_are_no_disproof)
{
    const plato_span head = {(const uint8_t *)"\x08\x01\x50\x07", 4};
    const plato_span body = {(const uint8_t *)"later", 5};
    bytes b = {0};
    bytes_add(&b, "\xff\xff", 2);
    bytes_add_frame(&b, 1, PLATO_UP, head, body);
    for (size_t n = 2; n < b.n; n++) {
        const plato_resync_result got = look(b.p, n);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_NOT_YET);
        ck_assert_uint_eq(got.skipped, 2);
    }
    ck_assert_int_eq(look(b.p, b.n).verdict, PLATO_RESYNC_FOUND);
    bytes_free(&b);
}
END_TEST

/* A cut frame first, likely by its head; a whole one after it proves itself. */
START_TEST(proof_is_preferred)
{
    bytes b = bytes_of_hex("ff 0104 00010000 00000006 00000000 08011007182a");
    plato_resync_result got = look(b.p, b.n);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_LIKELY);
    ck_assert_uint_eq(got.skipped, 1);
    ck_assert_uint_eq(got.frame_len, 14 + 6 + 65536);
    const size_t at = b.n;
    bytes_add_hex(&b, UP_HEX);
    got = look(b.p, b.n);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
    ck_assert_uint_eq(got.skipped, at);
    bytes_free(&b);
}
END_TEST

/* Of several candidates of a kind the first is returned. */
START_TEST(the_first_is_returned)
{
    static const struct {
        const char *twice;
        plato_resync_verdict verdict;
    } rows[] = {
        {"0104 00010000 00000006 00000000 08011007182a", PLATO_RESYNC_LIKELY},
        {"0104 00010000 00000000 00000000", PLATO_RESYNC_NOT_YET},
        {"0104 00000006 00000000 00000000 eeeeeeeeeeee", PLATO_RESYNC_GAVE_UP},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const plato_resync_budget budget = {1000, i == 2 ? 10 : 1000};
        bytes b = bytes_of_hex("ffff");
        bytes_add_hex(&b, rows[i].twice);
        bytes_add_hex(&b, rows[i].twice);
        const plato_resync_result got = plato_resync(b.p, b.n, NULL, as_specified, &budget);
        ck_assert_int_eq(got.verdict, rows[i].verdict);
        ck_assert_uint_eq(got.skipped, 2);
        bytes_free(&b);
    }
}
END_TEST

/* Before giving up over a dear candidate, an earlier one that needs more bytes is kept. */
START_TEST(giving_up_keeps_what_is_undecided)
{
    static const char undecided[] = "0104 00010000 00000000 00000000";
    static const char too_dear[] = "0104 00000006 00000000 00000000 eeeeeeeeeeee";
    const plato_resync_budget budget = {1000, 10};
    for (int undecided_first = 0; undecided_first < 2; undecided_first++) {
        bytes b = bytes_of_hex("ffff");
        bytes_add_hex(&b, undecided_first ? undecided : too_dear);
        bytes_add_hex(&b, undecided_first ? too_dear : undecided);
        const plato_resync_result got = plato_resync(b.p, b.n, NULL, as_specified, &budget);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_GAVE_UP);
        ck_assert_uint_eq(got.skipped, 2);
        bytes_free(&b);
    }
}
END_TEST

/* Without a CRC, a whole frame whose head is no proof will not become one: it is not waited for. */
START_TEST(without_a_crc_nothing_is_waited_for)
{
    static const struct {
        const char *frame;
        bool whole;
    } rows[] = {
        {"0100 00000000 00000000 1b33170b", true},            /* no head */
        {"0104 00000002 00000002 00000000 5007 6869", true},  /* unknown fields only */
        {"0104 00000020 00000002 00000000 5007 6869", false}, /* the same, not all there */
    };
    const plato_crc_kind none = {PLATO_CRC_NONE, PLATO_CRC_IEEE};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bytes b = bytes_of_hex("ffff");
        bytes_add_hex(&b, rows[i].frame);
        bytes_add_hex(&b, "ffffffffffffffffffffffffffff"); /* a header's room at every offset */
        const plato_resync_result got = plato_resync(b.p, b.n, NULL, none, NULL);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_NOT_YET);
        ck_assert_uint_eq(got.skipped, rows[i].whole ? b.n : 2);
        bytes_free(&b);
    }
}
END_TEST

/* What does not begin a frame though it looks like one. */
START_TEST(implausible_headers)
{
    static const char *const rows[] = {
        "0204 00000002 00000006 155ed83d 08011007182a 6869", /* version */
        "0107 00000000 00000000 00000000",                   /* type */
        "0104 02000000 00000000 00000000",                   /* lengths over the limits */
        "0104 00000000 00020000 00000000",
        "0104 00000002 00000006 155ed83e 08011007182a 6869", /* CRC */
        "0104 00000008 00000006 155ed83d 0b011007182a 6869", /* cut, and its head is none */
        "",
        "000000000000000000000000000000000000000000000000000000",
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bytes b = bytes_of_hex(rows[i]);
        bytes_add(&b, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", 14);
        const plato_resync_result got = look(b.p, b.n);
        ck_assert_msg(got.verdict == PLATO_RESYNC_NOT_YET && got.skipped == b.n,
                      "%s: verdict %d, skipped %zu", rows[i], got.verdict, got.skipped);
        bytes_free(&b);
    }
}
END_TEST

START_TEST(limits_are_the_callers)
{
    bytes b = bytes_of_hex(UP_HEX);
    const plato_limits small_head = {5, 100}, small_body = {100, 1}, exact = {6, 2};
    ck_assert_int_eq(plato_resync(b.p, b.n, &exact, as_specified, NULL).verdict,
                     PLATO_RESYNC_FOUND);
    ck_assert_int_eq(plato_resync(b.p, b.n, &small_head, as_specified, NULL).verdict,
                     PLATO_RESYNC_NOT_YET);
    ck_assert_int_eq(plato_resync(b.p, b.n, &small_body, as_specified, NULL).verdict,
                     PLATO_RESYNC_NOT_YET);
    bytes_free(&b);
}
END_TEST

START_TEST(each_kind_of_crc)
{
    const plato_span head = {(const uint8_t *)"\x08\x01", 2};
    const plato_span body = {(const uint8_t *)"hello", 5};
    for (unsigned made = 0; made < 6; made++) {
        for (unsigned tried = 0; tried < 6; tried++) {
            bytes b = {0};
            bytes_add(&b, "\xee\xee", 2);
            bytes_add_frame_kind(&b, 1, PLATO_UP, head, body, (plato_crc_kind){made % 3, made / 3});
            const plato_resync_result got =
                plato_resync(b.p, b.n, NULL, (plato_crc_kind){tried % 3, tried / 3}, NULL);
            ck_assert_int_eq(got.verdict,
                             made == tried ? PLATO_RESYNC_FOUND : PLATO_RESYNC_NOT_YET);
            bytes_free(&b);
        }
    }
    /* without a CRC there is no proof, but a head is still likely */
    bytes b = {0};
    bytes_add(&b, "\xee\xee", 2);
    bytes_add_frame_kind(&b, 1, PLATO_UP, head, body,
                         (plato_crc_kind){PLATO_CRC_NONE, PLATO_CRC_IEEE});
    const plato_resync_result got =
        plato_resync(b.p, b.n, NULL, (plato_crc_kind){PLATO_CRC_NONE, PLATO_CRC_IEEE}, NULL);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_LIKELY);
    ck_assert_uint_eq(got.skipped, 2);
    bytes_free(&b);
}
END_TEST

/* ---- the budget ---- */

/* Headers one after another, each claiming the rest of the bytes: without a budget, quadratic. */
static bytes forged(size_t n, uint32_t var_head_len)
{
    bytes b = {0};
    while (b.n + 14 <= n) {
        bytes_add(&b, "\x01\x04", 2);
        bytes_add_be32(&b, (uint32_t)(n - b.n - 12) / 2);
        bytes_add_be32(&b, var_head_len);
        bytes_add_be32(&b, 0);
    }
    return b;
}

static bytes filled(size_t n, uint8_t with)
{
    bytes b = {0};
    uint8_t block[1000];
    memset(block, with, sizeof block);
    while (b.n < n)
        bytes_add(&b, block, sizeof block);
    return b;
}

START_TEST(work_stays_in_the_budget)
{
    static const plato_resync_budget budgets[] = {
        {1000000, 0}, {1000000, 100000}, {1000, 1000000}, {0, 0}, {UINT64_MAX, 5000000}};
    static const plato_crc_kind kinds[] = {{PLATO_CRC_FRAME, PLATO_CRC_IEEE},
                                           {PLATO_CRC_BODY, PLATO_CRC_32C},
                                           {PLATO_CRC_NONE, PLATO_CRC_IEEE}};
    bytes inputs[] = {forged(200000, 0), forged(200000, 60000), filled(200000, 0),
                      filled(200000, 1)};
    for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
        for (size_t k = 0; k < sizeof budgets / sizeof budgets[0] * 3; k++) {
            const plato_resync_budget *budget = &budgets[k / 3];
            const plato_resync_result got =
                plato_resync(inputs[i].p, inputs[i].n, NULL, kinds[k % 3], budget);
            ck_assert_uint_le(got.crc_bytes, budget->max_crc_bytes);
            ck_assert_uint_le(got.skipped, inputs[i].n);
            ck_assert_int_ne(got.verdict, PLATO_RESYNC_FOUND);
        }
        bytes_free(&inputs[i]);
    }
}
END_TEST

/* Heads that parse for long, one in the other: their parsing is work like a CRC. */
START_TEST(parsing_heads_is_work)
{
    bytes b = filled(60000, 8); /* fields of number 1, over and over */
    const plato_crc_kind none = {PLATO_CRC_NONE, PLATO_CRC_IEEE};
    const plato_resync_budget budget = {UINT64_MAX, 30000};
    for (size_t at = 0; at + 20000 < b.n; at += 100) {
        const uint8_t header[14] = {1, 4, 0, 0, 0, 0, 0, 0, 0x27, 0x10};
        memcpy(b.p + at, header, sizeof header);
    }
    const plato_resync_result got = plato_resync(b.p, b.n, NULL, none, &budget);
    ck_assert_uint_le(got.crc_bytes, budget.max_crc_bytes);
    ck_assert_uint_ge(got.crc_bytes, 10000);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_GAVE_UP);
    bytes_free(&b);
}
END_TEST

START_TEST(gave_up)
{
    rng r = {43};
    bytes b = garbage(&r, 1000);
    bytes_add_hex(&b, UP_HEX);
    const plato_resync_budget few_bytes = {500, 100000}, no_crc = {100000, UP_LEN - 1},
                              enough = {1001, UP_LEN};
    plato_resync_result got = plato_resync(b.p, b.n, NULL, as_specified, &few_bytes);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_GAVE_UP);
    ck_assert_uint_eq(got.skipped, 500);
    got = plato_resync(b.p, b.n, NULL, as_specified, &no_crc);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_GAVE_UP);
    ck_assert_uint_eq(got.skipped, 1000);
    ck_assert_uint_eq(got.crc_bytes, 0);
    got = plato_resync(b.p, b.n, NULL, as_specified, &enough);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
    ck_assert_uint_eq(got.crc_bytes, UP_LEN);
    bytes_free(&b);
}
END_TEST

/* One forged length that would cost the whole budget does not hide the frame after it. */
START_TEST(a_forged_length_is_passed_over)
{
    bytes b = {0};
    bytes_add_hex(&b, "0104 00000800 00000000 00000000");
    bytes_add_hex(&b, UP_HEX);
    while (b.n < 5000)
        bytes_add(&b, "\xff", 1);
    const plato_resync_budget budget = {100000, 1000};
    const plato_resync_result got = plato_resync(b.p, b.n, NULL, as_specified, &budget);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
    ck_assert_uint_eq(got.skipped, 14);
    bytes_free(&b);
}
END_TEST

/* Damage one byte of a stream: all frames but the damaged one are found again. */
START_TEST(damaged_streams)
{
    rng r = {44};
    for (int round = 0; round < 200; round++) {
        bytes b = {0};
        uint8_t noise[60];
        size_t starts[21];
        for (size_t i = 0; i < 20; i++) {
            const plato_span body = {noise, rng_below(&r, sizeof noise)};
            rng_fill(&r, noise, sizeof noise);
            starts[i] = b.n;
            bytes_add_frame(&b, 1, PLATO_UP, (plato_span){(const uint8_t *)"\x08\x01", 2}, body);
        }
        starts[20] = b.n;
        const size_t hit = rng_below(&r, 19);
        b.p[starts[hit] + rng_below(&r, starts[hit + 1] - starts[hit])] ^= 0x55;
        const plato_resync_result got = look(b.p + starts[hit], b.n - starts[hit]);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
        ck_assert_uint_eq(starts[hit] + got.skipped, starts[hit + 1]);
        bytes_free(&b);
    }
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        found_at_every_offset,
        nothing_true_is_skipped,
        unknown_fields_are_no_disproof,
        proof_is_preferred,
        the_first_is_returned,
        giving_up_keeps_what_is_undecided,
        without_a_crc_nothing_is_waited_for,
        implausible_headers,
        limits_are_the_callers,
        each_kind_of_crc,
        work_stays_in_the_budget,
        parsing_heads_is_work,
        gave_up,
        a_forged_length_is_passed_over,
        damaged_streams,
    };
    return RUN_TESTS("resync", tests);
}
