/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the decoders of text and of binary commands share: input, gathered bytes, the error. */
#ifndef PLATO_SRC_COMMAND_INPUT_H
#define PLATO_SRC_COMMAND_INPUT_H

#include "plato/allocator.h"
#include "plato/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct command_input {
    plato_allocator allocator;
    plato_error error;
    const uint8_t *in; /* borrowed input; in[in_pos] is the next byte not yet used */
    size_t in_len;
    size_t in_pos;
    uint64_t offset; /* stream offset of the current command */
    uint8_t *buf;    /* what has arrived of a command that does not lie whole in the input */
    size_t have;
    size_t cap;
} command_input;

/* Copies a caller's config of `given_size` bytes over the defaults; false if it cannot be one. */
bool plato_command_take_config(void *own, size_t own_size, const void *given, size_t given_size);

void plato_command_input_reset(command_input *c, uint64_t offset);
void plato_command_input_set(command_input *c, const uint8_t *p, size_t n);
void plato_command_input_free(command_input *c);

static inline size_t command_available(const command_input *c)
{
    return c->in_len - c->in_pos;
}

/* Appends `n` bytes of the input to those gathered; false without memory for them. */
bool plato_command_gather(command_input *c, size_t n);

/* Sets the sticky error and returns its code. `at` counts from the command's first byte. */
int plato_command_fail(command_input *c, int code, uint64_t at, uint64_t got, uint64_t limit);

#endif
