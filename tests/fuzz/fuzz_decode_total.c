/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The decoder is total: whatever the bytes are, it uses them all or names an error, in memory that
 * follows the bytes received; every span that it hands out can be read.
 */
#include "fuzz_input.h"

#include "counting_allocator.h"
#include "plato/head.h"
#include "plato/wire.h"

typedef struct watcher {
    uint64_t frames;
    uint64_t last_offset;
    unsigned sum; /* of all bytes that were handed out */
} watcher;

static void read_span(watcher *w, plato_span span)
{
    for (size_t i = 0; i < span.n; i++)
        w->sum += span.p[i];
}

static void read_fields(watcher *w, plato_span message)
{
    plato_wire reader;
    plato_field field;
    plato_wire_init(&reader, message.p, message.n, 0);
    while (plato_wire_next(&reader, &field) > 0)
        read_span(w, field.bytes);
}

static void read_head(watcher *w, const plato_frame *frame)
{
    plato_head head;
    plato_span body = {NULL, 0};
    if (plato_head_read_frame(frame, &head, &body) == PLATO_OK && head.msg_type == PLATO_ACK)
        read_span(w, head.ack.msg);
    read_fields(w, body);
}

static int on_event(void *user, const plato_event *event)
{
    watcher *w = user;
    REQUIRE(event->offset >= w->last_offset);
    w->last_offset = event->offset;
    read_span(w, event->body);
    if (event->kind == PLATO_EVENT_VAR_HEAD || event->kind == PLATO_EVENT_FRAME)
        read_span(w, event->frame->var_head);
    if (event->kind == PLATO_EVENT_FRAME) {
        read_span(w, event->frame->body);
        read_head(w, event->frame);
        w->frames++;
    }
    return PLATO_CONTINUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    watcher w = {0};
    counting memory = {0};
    const plato_allocator allocator = counting_allocator(&memory);
    plato_decoder_config config = take_config(&in);
    const size_t piece = (size_t)take_byte(&in) + 1;
    const size_t stream = in.n;
    plato_decoder *d;
    ptrdiff_t used = 0;
    config.handler = on_event;
    config.user = &w;
    REQUIRE(plato_decoder_new(&config, &allocator, &d) == PLATO_OK);
    while (in.n > 0 && used >= 0) {
        const plato_span now = take_span(&in, piece);
        const uint64_t hint = plato_decoder_hint(d);
        REQUIRE(hint > 0);
        used = plato_decoder_feed(d, now.p, now.n);
        REQUIRE(used == (ptrdiff_t)now.n || (used < 0 && used == plato_decoder_error(d)->code));
        REQUIRE(memory.peak <= 2 * stream + 2048);
    }
    const plato_err end = plato_decoder_finish(d);
    REQUIRE(used >= 0 || end == used);
    REQUIRE(end == PLATO_OK || end == PLATO_ERR_TRUNCATED || used < 0);
    REQUIRE(plato_decoder_offset(d) <= stream);
    REQUIRE((end != PLATO_OK) == (plato_decoder_hint(d) == 0));
    plato_decoder_free(d);
    REQUIRE(memory.blocks == 0);
    (void)w.sum;
    return 0;
}
