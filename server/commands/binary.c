/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Binary commands on the wire; plato/bincmd.h has the layout. */
#include "commands/syntax.h"

#include "plato/bincmd.h"

#include <string.h>

#define MAGIC_LEN 4 /* bytes */
#define ECHO_LEN 4

typedef struct frames {
    plato_bincmd_decoder *decoder;
    request_handler handle;
    void *user;
    uint64_t fed;            /* bytes */
    uint8_t head[MAGIC_LEN]; /* the first bytes of the command that came last */
    uint32_t magic;          /* of the last command that began with one: errors have it too */
} frames;

static int on_frame(void *user, const plato_bincmd_event *event)
{
    frames *f = user;
    const plato_bincmd *command = &event->command;
    const char *name = plato_bincmd_type_name(command->type);
    command_request one = {
        .params = command->params, .magic = command->magic, .number = command->type};
    if (name != NULL)
        one.row = answer_find((plato_span){(const uint8_t *)name, strlen(name)});
    one.wrong = one.row != NULL && (!answer_takes(one.row, one.params) ||
                                    (one.number == PLATO_BINCMD_ECHO && one.params.n != ECHO_LEN));
    f->magic = command->magic;
    return f->handle(f->user, &one);
}

static void *frames_open(request_handler handle, void *user)
{
    frames *f = g_new0(frames, 1);
    plato_bincmd_config config;
    plato_bincmd_config_init(&config);
    config.limits.magics = PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT;
    config.handler = on_frame;
    config.user = f;
    f->handle = handle;
    f->user = user;
    f->magic = PLATO_BINCMD_MAGIC;
    if (plato_bincmd_decoder_new(&config, NULL, &f->decoder) != PLATO_OK)
        g_clear_pointer(&f, g_free);
    return f;
}

static void frames_close(void *state)
{
    frames *f = state;
    plato_bincmd_decoder_free(f->decoder);
    g_free(f);
}

/* Keeps the first bytes of the command at `start`, of which some may have come before p[0]. */
static void note_magic(frames *f, uint64_t start, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < MAGIC_LEN; i++) {
        const uint64_t at = start + i;
        if (at >= f->fed && at - f->fed < n)
            f->head[i] = p[at - f->fed];
    }
    if (start + MAGIC_LEN > f->fed + n)
        return;
    const uint32_t magic = (uint32_t)f->head[0] << 24 | (uint32_t)f->head[1] << 16 |
                           (uint32_t)f->head[2] << 8 | f->head[3];
    if (magic == PLATO_BINCMD_MAGIC || magic == PLATO_BINCMD_MAGIC_ALT)
        f->magic = magic;
}

static ptrdiff_t frames_feed(void *state, const uint8_t *p, size_t n)
{
    frames *f = state;
    const ptrdiff_t used = plato_bincmd_decoder_feed(f->decoder, p, n);
    if (used < 0) {
        note_magic(f, plato_bincmd_decoder_error(f->decoder)->frame_offset, p, n);
        return used;
    }
    note_magic(f, plato_bincmd_decoder_offset(f->decoder), p, (size_t)used);
    f->fed += (uint64_t)used;
    return used;
}

static bool frames_inside(const void *state, uint64_t *start)
{
    const frames *f = state;
    *start = plato_bincmd_decoder_offset(f->decoder);
    return f->fed > *start;
}

static void append(const command_request *request, plato_span params, GByteArray *out)
{
    uint8_t frame[PLATO_BINCMD_MAX];
    size_t n = 0;
    const plato_bincmd reply = {request->magic, request->number, params};
    if (plato_bincmd_encode(&reply, frame, sizeof frame, &n) == PLATO_OK)
        g_byte_array_append(out, frame, (guint)n);
}

static void frames_write_same(const command_request *request, GByteArray *out)
{
    append(request, request->params, out);
}

static void frames_write_result(const command_request *request, const GString *result,
                                GByteArray *out)
{
    append(request, (plato_span){(const uint8_t *)result->str, result->len}, out);
}

static void frames_write_error(const void *state, const command_request *request, uint32_t code,
                               const char *reason, GByteArray *out)
{
    const frames *f = state;
    uint8_t frame[PLATO_BINCMD_MAX];
    size_t n = 0;
    const uint32_t magic = request != NULL ? request->magic : f->magic;
    if (plato_bincmd_encode_error(magic, code, reason, frame, sizeof frame, &n) == PLATO_OK)
        g_byte_array_append(out, frame, (guint)n);
}

const command_syntax binary_syntax = {.name = "binary",
                                      .open = frames_open,
                                      .close = frames_close,
                                      .feed = frames_feed,
                                      .inside = frames_inside,
                                      .write_same = frames_write_same,
                                      .write_result = frames_write_result,
                                      .write_error = frames_write_error};
