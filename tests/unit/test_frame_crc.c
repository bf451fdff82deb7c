/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The CRC of a frame: what it covers, and finding out under which kind it is right. */
#include "plato/frame.h"

#include "bytes_of.h"
#include "run_tests.h"

#include <string.h>

static const uint8_t head_bytes[] = {0x08, 0x07, 0x18, 0x2a};
static const uint8_t body_bytes[] = {'h', 'e', 'l', 'l', 'o'};
static const plato_span head = {head_bytes, sizeof head_bytes};
static const plato_span body = {body_bytes, sizeof body_bytes};

static plato_frame parsed(const bytes *wire)
{
    plato_frame f;
    ck_assert_int_eq(plato_frame_parse(PLATO_FRAMING_HEADER, wire->p, wire->n, NULL, &f), PLATO_OK);
    return f;
}

typedef struct kind_case {
    bool has_head, has_body;
    plato_crc_kind made;
    plato_crc_kind as; /* what it is found to be */
} kind_case;

static const kind_case kind_cases[] = {
    {true, true, {PLATO_CRC_FRAME, PLATO_CRC_IEEE}, {PLATO_CRC_FRAME, PLATO_CRC_IEEE}},
    {true, true, {PLATO_CRC_PAYLOAD, PLATO_CRC_IEEE}, {PLATO_CRC_PAYLOAD, PLATO_CRC_IEEE}},
    {true, true, {PLATO_CRC_BODY, PLATO_CRC_IEEE}, {PLATO_CRC_BODY, PLATO_CRC_IEEE}},
    {true, true, {PLATO_CRC_FRAME, PLATO_CRC_32C}, {PLATO_CRC_FRAME, PLATO_CRC_32C}},
    {true, true, {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}, {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}},
    {true, true, {PLATO_CRC_BODY, PLATO_CRC_32C}, {PLATO_CRC_BODY, PLATO_CRC_32C}},
    {true, true, {PLATO_CRC_NONE, PLATO_CRC_IEEE}, {PLATO_CRC_NONE, PLATO_CRC_IEEE}},
    /* without a head the two are the same bytes, and the first is named */
    {false, true, {PLATO_CRC_BODY, PLATO_CRC_IEEE}, {PLATO_CRC_PAYLOAD, PLATO_CRC_IEEE}},
    {true, false, {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}, {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}},
    /* the CRC of nothing is 0: that is "none" and no proof of a payload or a body */
    {true, false, {PLATO_CRC_BODY, PLATO_CRC_IEEE}, {PLATO_CRC_NONE, PLATO_CRC_IEEE}},
    {false, false, {PLATO_CRC_PAYLOAD, PLATO_CRC_32C}, {PLATO_CRC_NONE, PLATO_CRC_IEEE}},
    {false, false, {PLATO_CRC_FRAME, PLATO_CRC_32C}, {PLATO_CRC_FRAME, PLATO_CRC_32C}},
};

START_TEST(kinds_are_found)
{
    for (size_t i = 0; i < sizeof kind_cases / sizeof kind_cases[0]; i++) {
        const kind_case *c = &kind_cases[i];
        bytes wire = {0};
        plato_crc_kind found = {PLATO_CRC_NONE, PLATO_CRC_32C};
        bytes_add_frame_kind(&wire, 1, PLATO_UP, c->has_head ? head : (plato_span){NULL, 0},
                             c->has_body ? body : (plato_span){NULL, 0}, c->made);
        plato_frame f = parsed(&wire);
        ck_assert(plato_frame_check_crc(&f, c->made));
        ck_assert(plato_frame_find_crc(&f, &found));
        ck_assert_int_eq(found.coverage, c->as.coverage);
        ck_assert_int_eq(found.polynomial, c->as.polynomial);
        f.crc32 ^= 0x00010000;
        ck_assert(!plato_frame_check_crc(&f, c->made));
        ck_assert(!plato_frame_find_crc(&f, &found));
        bytes_free(&wire);
    }
}
END_TEST

/* Searching among fewer kinds: a kind is found if and only if it is among them. */
START_TEST(kinds_are_found_among)
{
    for (unsigned made = 0; made < 6; made++) {
        const plato_crc_kind kind = {made % 3, made / 3};
        bytes wire = {0};
        bytes_add_frame_kind(&wire, 1, PLATO_UP, head, body, kind);
        const plato_frame f = parsed(&wire);
        for (unsigned coverages = 0; coverages < 16; coverages++) {
            for (unsigned polynomials = 0; polynomials < 4; polynomials++) {
                const bool among = (coverages == 0 || (coverages >> kind.coverage & 1)) &&
                                   (polynomials == 0 || (polynomials >> kind.polynomial & 1));
                plato_crc_kind found = {PLATO_CRC_NONE, PLATO_CRC_IEEE};
                ck_assert_int_eq(plato_frame_find_crc_among(&f, coverages, polynomials, &found),
                                 among);
                ck_assert(!among ||
                          (found.coverage == kind.coverage && found.polynomial == kind.polynomial));
            }
        }
        bytes_free(&wire);
    }
}
END_TEST

/* Under each coverage, which bytes of the frame make a difference when they change. */
START_TEST(coverage_is_exact)
{
    static const size_t from[] = {0, 14, 14 + 4}; /* first byte that is covered */
    for (unsigned made = 0; made < 6; made++) {
        const plato_crc_kind kind = {made % 3, made / 3};
        bytes wire = {0};
        bytes_add_frame_kind(&wire, 1, PLATO_UP, head, body, kind);
        for (size_t i = 0; i < wire.n; i++) {
            if (i >= 2 && i < 14)
                continue; /* lengths move the payload, and 10..13 is the CRC itself */
            wire.p[i] ^= 0x40;
            const plato_frame f = parsed(&wire);
            ck_assert_int_eq(plato_frame_check_crc(&f, kind), i < from[made % 3]);
            wire.p[i] ^= 0x40;
        }
        bytes_free(&wire);
    }
}
END_TEST

/* The lengths are covered too: the header's ten bytes count, not only version and type. */
START_TEST(lengths_are_covered)
{
    bytes wire = {0};
    bytes_add_frame(&wire, 1, PLATO_UP, head, body);
    wire.p[5] = 4; /* head and body share nine bytes, cut elsewhere */
    wire.p[9] = 5;
    const plato_frame f = parsed(&wire);
    ck_assert_uint_eq(f.body.n, 4);
    ck_assert(!plato_frame_check_crc(&f, (plato_crc_kind){0}));
    bytes_free(&wire);
}
END_TEST

/* Spans that are not adjacent, as in a frame yet to be written. */
START_TEST(spans_apart)
{
    bytes wire = {0};
    bytes_add_frame(&wire, 1, PLATO_UP, head, body);
    plato_frame f = parsed(&wire);
    f.var_head = head;
    f.body = body;
    ck_assert(plato_frame_check_crc(&f, (plato_crc_kind){0}));
    bytes_free(&wire);
}
END_TEST

START_TEST(the_variant_has_none)
{
    const plato_frame f = {.framing = PLATO_FRAMING_MSGCMD, .msg_type = 1, .body = body};
    ck_assert(plato_frame_check_crc(&f, (plato_crc_kind){0}));
    const plato_frame up = {.framing = PLATO_FRAMING_HEADER, .crc32 = 5, .body = body};
    ck_assert_uint_eq(plato_frame_crc(&up, (plato_crc_kind){PLATO_CRC_NONE, PLATO_CRC_IEEE}), 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        kinds_are_found,     kinds_are_found_among, coverage_is_exact,
        lengths_are_covered, spans_apart,           the_variant_has_none,
    };
    return RUN_TESTS("frame_crc", tests);
}
