/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "command_input.h"

#include <assert.h>
#include <string.h>

#define FIRST_BUFFER 64u

bool plato_command_take_config(void *own, size_t own_size, const void *given, size_t given_size)
{
    /* a caller compiled against an older header knows fewer members */
    if (given_size == 0 || given_size > own_size)
        return false;
    memcpy(own, given, given_size);
    return true;
}

void plato_command_input_reset(command_input *c, uint64_t offset)
{
    memset(&c->error, 0, sizeof c->error);
    c->error.name = plato_err_name(PLATO_OK);
    c->error.text = plato_strerror(PLATO_OK);
    plato_command_input_set(c, NULL, 0);
    c->offset = offset;
    c->have = 0;
}

void plato_command_input_set(command_input *c, const uint8_t *p, size_t n)
{
    static const uint8_t nothing[1];
    c->in = n > 0 ? p : nothing;
    c->in_len = n;
    c->in_pos = 0;
}

void plato_command_input_free(command_input *c)
{
    if (c->buf != NULL)
        c->allocator.release(c->allocator.user, c->buf);
}

/* Makes space for `n` more bytes, which have arrived. Doubles: the cost per byte stays constant. */
static bool reserve(command_input *c, size_t n)
{
    size_t cap = c->cap >= FIRST_BUFFER ? c->cap : FIRST_BUFFER;
    if (c->have + n <= c->cap)
        return true;
    while (cap < c->have + n)
        cap *= 2;
    uint8_t *grown = c->buf == NULL ? c->allocator.alloc(c->allocator.user, cap)
                                    : c->allocator.resize(c->allocator.user, c->buf, cap);
    if (grown == NULL)
        return false;
    c->buf = grown;
    c->cap = cap;
    return true;
}

bool plato_command_gather(command_input *c, size_t n)
{
    if (n == 0)
        return true;
    if (!reserve(c, n)) {
        plato_command_fail(c, PLATO_ERR_NO_MEMORY, 0, (uint64_t)c->have + n, c->cap);
        return false;
    }
    memcpy(c->buf + c->have, c->in + c->in_pos, n);
    c->have += n;
    c->in_pos += n;
    assert(c->have <= c->cap && c->in_pos <= c->in_len);
    return true;
}

int plato_command_fail(command_input *c, int code, uint64_t at, uint64_t got, uint64_t limit)
{
    c->error.code = (plato_err)code;
    c->error.name = plato_err_name(code);
    c->error.text = plato_strerror(code);
    c->error.frame_offset = c->offset;
    c->error.offset = c->offset + at;
    c->error.got = got;
    c->error.limit = limit;
    return code;
}
