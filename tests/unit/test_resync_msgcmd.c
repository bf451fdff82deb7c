/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames of the length-prefixed variant: what proves one, finding one, and which framing it is. */
#include "bytes_of.h"
#include "guard_page.h"
#include "plato/head.h"
#include "plato/resync.h"
#include "random.h"
#include "run_tests.h"

#include <string.h>

#define LOGIN_HEX "00000006 12040a02087b"     /* docs/protocol.md; Type 0 is left out */
#define HEARTBEAT_HEX "00000006 080112020a00" /* docs/protocol.md */
#define UP_HEX "0000000c 0804 1208 0a04080110021200"
#define FIXED_UP_HEX "0104 00000002 00000006 155ed83d 08011007182a 6869"

static bool proves(const char *hex)
{
    bytes b = bytes_of_hex(hex);
    uint8_t *p = guarded_copy(b.p, b.n);
    const bool is = plato_msgcmd_is_proof(p, b.n, NULL);
    guarded_free(p, b.n);
    bytes_free(&b);
    return is;
}

START_TEST(proofs)
{
    ck_assert(proves(LOGIN_HEX));
    ck_assert(proves(HEARTBEAT_HEX));
    ck_assert(proves(UP_HEX));
    ck_assert(proves(UP_HEX "ff"));              /* what comes after it does not matter */
    ck_assert(proves("00000006 12020801 0803")); /* an ACK, its fields in another order */
}
END_TEST

static const char *const no_proofs[] = {
    "",
    "00000000",                    /* a length of 0 */
    "00000002 0801",               /* no payload */
    "00000004 0801 1200",          /* an empty one */
    "00000006 0806 12020a00",      /* a type that there is not */
    "00000008 0801 12020a00 1801", /* an unknown field of MsgCmd */
    "00000008 0801 0801 12020a00", /* Type twice */
    "00000008 12020a00 12020a00",  /* Payload twice */
    "00000008 0801 1204 0a020805", /* the head of the type has no such field */
    "00000006 0801 12020a01",      /* nor does it end there */
    "00000007 0801 12020a00",      /* one byte is missing */
    "00000005 0801 12020a00",      /* it ends inside a field */
    "00000006 0901 12020a00",      /* Type with another wire type */
    "01000006 0801 12020a00",      /* over the limit */
};

START_TEST(nothing_less_is_proof)
{
    ck_assert_msg(!proves(no_proofs[_i]), "%s", no_proofs[_i]);
}
END_TEST

/* Each frame cut anywhere, at the end of memory. */
START_TEST(cut_frames)
{
    static const char *const frames[] = {LOGIN_HEX, HEARTBEAT_HEX, UP_HEX};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        bytes b = bytes_of_hex(frames[i]);
        for (size_t n = 0; n < b.n; n++) {
            uint8_t *p = guarded_copy(b.p, n);
            ck_assert(!plato_msgcmd_is_proof(p, n, NULL));
            const plato_resync_result got = plato_msgcmd_resync(p, n, NULL, NULL);
            ck_assert_int_eq(got.verdict, PLATO_RESYNC_NOT_YET);
            ck_assert_uint_eq(got.skipped, n);
            guarded_free(p, n);
        }
        bytes_free(&b);
    }
}
END_TEST

START_TEST(limits_are_the_callers)
{
    bytes b = bytes_of_hex(UP_HEX);
    plato_limits limits = {0, 12};
    ck_assert(plato_msgcmd_is_proof(b.p, b.n, &limits));
    limits.max_msg_len = 11;
    ck_assert(!plato_msgcmd_is_proof(b.p, b.n, &limits));
    ck_assert_int_eq(plato_msgcmd_resync(b.p, b.n, &limits, NULL).verdict, PLATO_RESYNC_NOT_YET);
    bytes_free(&b);
}
END_TEST

START_TEST(found_at_every_offset)
{
    rng r = {51};
    for (size_t before = 0; before < 300; before++) {
        bytes b = {0};
        for (size_t i = 0; i < before; i++) {
            const uint8_t byte = (uint8_t)(1 + rng_below(&r, 255));
            bytes_add(&b, &byte, 1);
        }
        bytes_add_hex(&b, UP_HEX);
        bytes_add(&b, "\x00\x00", 2);
        uint8_t *p = guarded_copy(b.p, b.n);
        const plato_resync_result got = plato_msgcmd_resync(p, b.n, NULL, NULL);
        ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
        ck_assert_uint_eq(got.skipped, before);
        ck_assert_uint_eq(got.frame_len, 16);
        guarded_free(p, b.n);
        bytes_free(&b);
    }
}
END_TEST

/* Candidates that cost all there is: the work stays in the budget, and what follows is found. */
START_TEST(work_stays_in_the_budget)
{
    bytes b = {0};
    for (int i = 0; i < 64; i++)
        bytes_add_hex(&b, "00000320 08");
    bytes_add_hex(&b, UP_HEX);
    const size_t at = b.n - 16;
    while (b.n < 4000)
        bytes_add(&b, "\xff", 1);
    plato_resync_budget budget = {100000, 804 * 5 + 16};
    plato_resync_result got = plato_msgcmd_resync(b.p, b.n, NULL, &budget);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_FOUND);
    ck_assert_uint_eq(got.skipped, at);
    ck_assert_uint_eq(got.crc_bytes, budget.max_crc_bytes);
    budget.max_crc_bytes--;
    got = plato_msgcmd_resync(b.p, b.n, NULL, &budget);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_NOT_YET);
    ck_assert_uint_le(got.crc_bytes, budget.max_crc_bytes);
    bytes_free(&b);
}
END_TEST

START_TEST(gave_up)
{
    bytes b = {0};
    while (b.n < 100)
        bytes_add(&b, "\xff", 1);
    bytes_add_hex(&b, UP_HEX);
    plato_resync_budget budget = {104, 4096};
    const plato_resync_result got = plato_msgcmd_resync(b.p, b.n, NULL, &budget);
    ck_assert_int_eq(got.verdict, PLATO_RESYNC_GAVE_UP);
    ck_assert_uint_eq(got.skipped, 100); /* where the frame begins, of which too little was seen */
    budget.max_bytes = 105;
    ck_assert_int_eq(plato_msgcmd_resync(b.p, b.n, NULL, &budget).verdict, PLATO_RESYNC_FOUND);
    bytes_free(&b);
}
END_TEST

static int by_start(const char *hex)
{
    bytes b = bytes_of_hex(hex);
    uint8_t *p = guarded_copy(b.p, b.n);
    const plato_framing framing = plato_framing_by_start(p, b.n);
    guarded_free(p, b.n);
    bytes_free(&b);
    return (int)framing;
}

START_TEST(framing_by_start)
{
    ck_assert_int_eq(by_start(""), 0);
    ck_assert_int_eq(by_start("01"), PLATO_FRAMING_HEADER);
    ck_assert_int_eq(by_start(FIXED_UP_HEX), PLATO_FRAMING_HEADER);
    ck_assert_int_eq(by_start("00000006"), 0);
    ck_assert_int_eq(by_start("0000000608"), PLATO_FRAMING_MSGCMD);
    ck_assert_int_eq(by_start("0000000612"), PLATO_FRAMING_MSGCMD);
    ck_assert_int_eq(by_start("0000000613"), PLATO_FRAMING_HEADER);
}
END_TEST

static int by_search(const char *hex)
{
    bytes b = bytes_of_hex(hex);
    const plato_framing framing = plato_framing_by_search(b.p, b.n, NULL, NULL);
    bytes_free(&b);
    return (int)framing;
}

START_TEST(framing_by_search)
{
    ck_assert_int_eq(by_search("ffff" FIXED_UP_HEX), PLATO_FRAMING_HEADER);
    ck_assert_int_eq(by_search("ffff" UP_HEX), PLATO_FRAMING_MSGCMD);
    ck_assert_int_eq(by_search("ff" UP_HEX FIXED_UP_HEX), PLATO_FRAMING_MSGCMD);
    ck_assert_int_eq(by_search("ff" FIXED_UP_HEX UP_HEX), PLATO_FRAMING_HEADER);
    ck_assert_int_eq(by_search("ffffffffffffff"), 0);
    /* a fixed header that is likely by its head, its body missing */
    ck_assert_int_eq(by_search("ff 0104 00010000 00000006 00000000 08011007182a"),
                     PLATO_FRAMING_HEADER);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("resync_msgcmd");
    TCase *all = tcase_create("resync_msgcmd");
    tcase_add_test(all, proofs);
    tcase_add_loop_test(all, nothing_less_is_proof, 0,
                        (int)(sizeof no_proofs / sizeof no_proofs[0]));
    tcase_add_test(all, cut_frames);
    tcase_add_test(all, limits_are_the_callers);
    tcase_add_test(all, found_at_every_offset);
    tcase_add_test(all, work_stays_in_the_budget);
    tcase_add_test(all, gave_up);
    tcase_add_test(all, framing_by_start);
    tcase_add_test(all, framing_by_search);
    suite_add_tcase(suite, all);
    return run_suites(&suite, 1);
}
