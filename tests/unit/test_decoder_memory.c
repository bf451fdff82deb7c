/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoder allocates: nothing in the steady state, little at most, and it may be refused.
 */
#include "plato/decoder.h"

#include "counting_allocator.h"
#include "random.h"
#include "run_tests.h"
#include "sample_streams.h"

#include <stdlib.h>
#include <string.h>

/* The decoder itself and the first buffer. */
#define CONSTANT 2048u

static plato_decoder *new_counted(counting *c, plato_decoder_config *config)
{
    plato_decoder *d;
    const plato_allocator allocator = counting_allocator(c);
    ck_assert_int_eq(plato_decoder_new(config, &allocator, &d), PLATO_OK);
    ck_assert_uint_eq(c->calls, 1);
    ck_assert_uint_le(c->live, CONSTANT);
    return d;
}

static bytes frame_of_body(size_t n)
{
    bytes b = {0};
    uint8_t *body = calloc(n + 1, 1);
    ck_assert_ptr_nonnull(body);
    bytes_add_frame(&b, 1, PLATO_UP, (plato_span){(const uint8_t *)"\x08\x01", 2},
                    (plato_span){body, n});
    free(body);
    return b;
}

static void feed(plato_decoder *d, const uint8_t *p, size_t n, size_t piece)
{
    for (size_t at = 0; at < n; at += piece) {
        const size_t now = n - at < piece ? n - at : piece;
        ck_assert_int_eq(plato_decoder_feed(d, p + at, now), (ptrdiff_t)now);
    }
}

START_TEST(whole_frames_cost_no_allocation)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_ALL);
    plato_decoder *d = new_counted(&c, &config);
    bytes frame = frame_of_body(5000);
    for (int i = 0; i < 2000; i++)
        feed(d, frame.p, frame.n, frame.n);
    ck_assert_uint_eq(c.calls, 1);
    ck_assert_uint_eq(plato_decoder_offset(d), 2000 * frame.n);
    plato_decoder_free(d);
    ck_assert_uint_eq(c.blocks, 0);
    bytes_free(&frame);
}
END_TEST

START_TEST(straddling_frames_cost_none_in_the_steady_state)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_ALL);
    plato_decoder *d = new_counted(&c, &config);
    bytes frame = frame_of_body(3000);
    feed(d, frame.p, frame.n, 7);
    const size_t warm = c.calls;
    for (int i = 0; i < 3000; i++)
        feed(d, frame.p, frame.n, 1 + (size_t)i % 1000);
    ck_assert_uint_eq(c.calls, warm);
    plato_decoder_free(d);
    bytes_free(&frame);
}
END_TEST

START_TEST(memory_follows_the_bytes_received)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
    plato_decoder *d = new_counted(&c, &config);
    bytes claim = bytes_of_hex("0104 01000000 00010000 00000000");
    uint8_t zeros[1000] = {0};
    feed(d, claim.p, claim.n, claim.n);
    ck_assert_uint_le(c.peak, CONSTANT);
    for (size_t received = 1000; received <= 2000000; received += 1000) {
        feed(d, zeros, sizeof zeros, sizeof zeros);
        ck_assert_uint_le(c.peak, 2 * received + CONSTANT);
    }
    plato_decoder_free(d);
    ck_assert_uint_eq(c.live, 0);
    bytes_free(&claim);
}
END_TEST

START_TEST(a_streamed_body_is_not_kept)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_ALL);
    config.stream_body = true;
    plato_decoder *d = new_counted(&c, &config);
    bytes frame = frame_of_body(1000000);
    feed(d, frame.p, frame.n, 999);
    ck_assert_uint_le(c.peak, CONSTANT);
    plato_decoder_free(d);
    bytes_free(&frame);
}
END_TEST

/* One large frame, then small ones: the buffer goes back to what may be kept. */
START_TEST(buffer_shrinks)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
    config.keep_buffer = 4096;
    plato_decoder *d = new_counted(&c, &config);
    bytes large = frame_of_body(100000), small = frame_of_body(100);
    feed(d, large.p, large.n, 1000);
    ck_assert_uint_gt(c.live, 100000);
    for (int i = 0; i < 200; i++)
        feed(d, small.p, small.n, 50);
    ck_assert_uint_le(c.live, 4096 + CONSTANT);
    plato_decoder_free(d);
    bytes_free(&large);
    bytes_free(&small);
}
END_TEST

/* Large frames that keep coming keep their buffer. */
START_TEST(buffer_stays_for_large_frames)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
    config.keep_buffer = 4096;
    plato_decoder *d = new_counted(&c, &config);
    bytes large = frame_of_body(10000), small = frame_of_body(100);
    feed(d, large.p, large.n, 1000);
    const size_t warm = c.calls;
    for (int i = 0; i < 500; i++) {
        feed(d, small.p, small.n, 50);
        if (i % 10 == 0)
            feed(d, large.p, large.n, 1000);
    }
    ck_assert_uint_eq(c.calls, warm);
    plato_decoder_free(d);
    bytes_free(&large);
    bytes_free(&small);
}
END_TEST

/* A decode with the allocator failing from its call number `fail_at` on. True if all went well. */
static bool decode_with_failure(const bytes *stream, size_t fail_at, counting *c)
{
    plato_decoder *d = NULL;
    ptrdiff_t rc = 0;
    *c = (counting){.fail_at = fail_at};
    const plato_allocator allocator = counting_allocator(c);
    const plato_err err = plato_decoder_new(NULL, &allocator, &d);
    if (err != PLATO_OK) {
        ck_assert_int_eq(err, PLATO_ERR_NO_MEMORY);
        ck_assert_uint_eq(c->blocks, 0);
        return false;
    }
    for (size_t at = 0; at < stream->n && rc >= 0; at += 100)
        rc = plato_decoder_feed(d, stream->p + at, stream->n - at < 100 ? stream->n - at : 100);
    if (rc < 0) {
        ck_assert_int_eq(rc, PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_decoder_error(d)->code, PLATO_ERR_NO_MEMORY);
        ck_assert_int_eq(plato_decoder_feed(d, stream->p, 1), PLATO_ERR_NO_MEMORY);
    }
    plato_decoder_free(d);
    ck_assert_uint_eq(c->blocks, 0);
    ck_assert_uint_eq(c->live, 0);
    return rc >= 0;
}

START_TEST(each_allocation_may_fail)
{
    counting c;
    bytes stream = frame_of_body(20000);
    ck_assert(decode_with_failure(&stream, 0, &c));
    const size_t calls = c.calls;
    ck_assert_uint_ge(calls, 3);
    for (size_t i = 1; i <= calls; i++)
        ck_assert(!decode_with_failure(&stream, i, &c));
    bytes_free(&stream);
}
END_TEST

/* After a refusal and a reset the decoder works again. */
START_TEST(reset_after_no_memory)
{
    counting c = {0};
    plato_decoder_config config = sample_config(PLATO_FRAMING_HEADER, PLATO_EVENT_FRAME);
    plato_decoder *d = new_counted(&c, &config);
    bytes frame = frame_of_body(500);
    c.fail_at = 2;
    ck_assert_int_eq(plato_decoder_feed(d, frame.p, 100), PLATO_ERR_NO_MEMORY);
    c.fail_at = 0;
    plato_decoder_reset(d, 0);
    feed(d, frame.p, frame.n, 100);
    ck_assert_uint_eq(plato_decoder_offset(d), frame.n);
    plato_decoder_free(d);
    bytes_free(&frame);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        whole_frames_cost_no_allocation,
        straddling_frames_cost_none_in_the_steady_state,
        memory_follows_the_bytes_received,
        a_streamed_body_is_not_kept,
        buffer_shrinks,
        buffer_stays_for_large_frames,
        each_allocation_may_fail,
        reset_after_no_memory,
    };
    return RUN_TESTS("decoder_memory", tests);
}
