/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "trace.h"

#include "random.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

typedef struct tracer {
    bytes text;
    bool stream_body;
    bool in_body; /* the last event was a body piece, of the frame at body_frame */
    uint64_t body_frame;
    uint64_t body_have; /* body bytes of this frame that were in the trace already */
    bool pause;
    bool paused;
} tracer;

static void say_hex(tracer *t, plato_span span)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < span.n; i++) {
        const char pair[2] = {digits[span.p[i] >> 4], digits[span.p[i] & 15]};
        bytes_add(&t->text, pair, 2);
    }
}

static void say_body(tracer *t, const plato_event *e)
{
    if (!t->in_body || t->body_frame != e->offset) {
        bytes_print(&t->text, "\nBODY at %" PRIu64 " of type %" PRIu32 " ", e->offset,
                    e->frame->msg_type);
        t->body_have = 0;
    }
    if (e->body_offset != t->body_have)
        bytes_print(&t->text, "<wrong offset %" PRIu64 ">", e->body_offset);
    t->in_body = true;
    t->body_frame = e->offset;
    t->body_have += e->body.n;
    say_hex(t, e->body);
}

static void say_event(tracer *t, const plato_event *e)
{
    const plato_frame *f = e->frame;
    if (e->kind == PLATO_EVENT_BODY) {
        say_body(t, e);
        return;
    }
    t->in_body = false;
    bytes_print(&t->text,
                "\n%s at %" PRIu64 " crc %d: version %u length %" PRIu32 " head %" PRIu32
                " crc %08" PRIx32,
                e->kind == PLATO_EVENT_HEADER     ? "HEADER"
                : e->kind == PLATO_EVENT_VAR_HEAD ? "VAR_HEAD"
                                                  : "FRAME",
                e->offset, (int)e->crc, f->version, f->msg_len, f->var_head_len, f->crc32);
    /* the variant's type is inside the payload and not known with the header */
    if (f->framing == PLATO_FRAMING_HEADER || e->kind == PLATO_EVENT_FRAME)
        bytes_print(&t->text, " type %" PRIu32, f->msg_type);
    if (e->kind == PLATO_EVENT_HEADER)
        return;
    bytes_print(&t->text, " var_head ");
    say_hex(t, f->var_head);
    if (e->kind == PLATO_EVENT_FRAME && !t->stream_body) {
        bytes_print(&t->text, " body ");
        say_hex(t, f->body);
    }
}

static int on_event(void *user, const plato_event *event)
{
    tracer *t = user;
    say_event(t, event);
    t->paused = t->pause;
    return t->pause ? PLATO_PAUSE : PLATO_CONTINUE;
}

/* Memory of the piece's own, of exactly its size, so that a read past its end is seen. */
static uint8_t *piece_copy(const uint8_t *p, size_t n)
{
    uint8_t *copy = n > 0 ? malloc(n) : NULL;
    if (n > 0 && copy == NULL)
        abort();
    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

static int pull(tracer *t, plato_decoder *d, const uint8_t *p, size_t n)
{
    plato_event event;
    int rc;
    uint8_t *copy = piece_copy(p, n);
    plato_decoder_input(d, copy, n);
    while ((rc = plato_decoder_next(d, &event)) > 0)
        say_event(t, &event);
    free(copy);
    return rc;
}

static size_t next_cut(const trace_plan *plan, size_t at, size_t n)
{
    for (size_t i = 0; i < plan->cut_count; i++) {
        if (plan->cuts[i] > at && plan->cuts[i] < n)
            return plan->cuts[i];
    }
    return n;
}

static void run_pull(tracer *t, plato_decoder *d, const uint8_t *p, size_t n,
                     const trace_plan *plan)
{
    size_t at = 0;
    int rc = 0;
    while (at < n && rc == 0) {
        size_t end = next_cut(plan, at, n);
        if (plan->by_hint) {
            const uint64_t hint = plato_decoder_hint(d);
            end = hint < n - at ? at + (size_t)hint : n;
        }
        if (end == at) {
            bytes_print(&t->text, "\n<hint 0 without an error>");
            return;
        }
        rc = pull(t, d, p + at, end - at);
        at = end;
    }
}

static void run_push(tracer *t, plato_decoder *d, const uint8_t *p, size_t n,
                     const trace_plan *plan)
{
    rng random = {plan->cut_rest};
    size_t at = 0;
    do {
        size_t piece = next_cut(plan, at, n) - at;
        if (t->paused && plan->cut_rest != 0)
            piece = rng_below(&random, piece + 1);
        uint8_t *copy = piece_copy(p + at, piece);
        t->paused = false;
        const ptrdiff_t used = plato_decoder_feed(d, copy, piece);
        free(copy);
        if (used < 0)
            return;
        if (!t->paused && (size_t)used != piece)
            bytes_print(&t->text, "\n<feed left bytes over>");
        at += (size_t)used;
    } while (at < n || t->paused);
}

static void say_end(tracer *t, plato_decoder *d)
{
    const plato_err finish = plato_decoder_finish(d);
    const plato_error *e = plato_decoder_error(d);
    bytes_print(&t->text,
                "\nend %s at frame %" PRIu64 " field %" PRIu64 " got %" PRIu64 " limit %" PRIu64,
                plato_err_name(finish), e->frame_offset, e->offset, e->got, e->limit);
    bytes_print(&t->text, ", next frame at %" PRIu64 "\n", plato_decoder_offset(d));
    bytes_add(&t->text, "", 1);
}

bytes trace_of(const plato_decoder_config *config, const uint8_t *p, size_t n,
               const trace_plan *plan)
{
    tracer t = {.stream_body = config->stream_body, .pause = plan->pause};
    plato_decoder_config own = *config;
    plato_decoder *d;
    own.handler = on_event;
    own.user = &t;
    if (plato_decoder_new(&own, NULL, &d) != PLATO_OK)
        abort();
    if (plan->push)
        run_push(&t, d, p, n, plan);
    else
        run_pull(&t, d, p, n, plan);
    say_end(&t, d);
    plato_decoder_free(d);
    return t.text;
}
