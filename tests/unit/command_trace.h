/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the decoders of text and binary commands say of a stream, as one text, a line per event and
 * then the error. Two ways of cutting the same stream must give the same text.
 */
#ifndef TESTS_UNIT_COMMAND_TRACE_H
#define TESTS_UNIT_COMMAND_TRACE_H

#include "bytes_of.h"
#include "plato/bincmd.h"
#include "plato/textcmd.h"

#include <stdbool.h>

/* How the stream is given to the decoder. All zero: at once, pull form. */
typedef struct command_cuts {
    const size_t *at; /* ascending offsets at which a new piece begins */
    size_t count;
    bool push;  /* _feed() instead of _next() */
    bool pause; /* push: pause at every event and go on with the rest moved elsewhere */
} command_cuts;

/* The text, NUL-terminated, to be given to bytes_free(). Each piece lies in memory of its
 * own, which is gone as soon as the decoder may no longer use it. */
bytes trace_textcmd(const plato_textcmd_config *config, plato_span stream, command_cuts cuts);
bytes trace_bincmd(const plato_bincmd_config *config, plato_span stream, command_cuts cuts);

/* Checks that every piece, every pair of cuts (of short streams), single bytes and random cuts give
 * what `trace` gives at once; ends the program with a message where not. */
typedef bytes (*command_tracer)(const void *config, plato_span stream, command_cuts cuts);
void check_all_cuts(const char *name, command_tracer trace, const void *config, plato_span stream);

#endif
