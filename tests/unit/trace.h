/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a decoder says of a stream, as one text: a line per event, body bytes that follow one
 * another joined, then the error, and what plato_decoder_finish() says. Two ways of cutting the
 * same stream must give the same text.
 */
#ifndef TESTS_UNIT_TRACE_H
#define TESTS_UNIT_TRACE_H

#include "bytes_of.h"
#include "plato/decoder.h"

#include <stdbool.h>

/* How the stream is given to the decoder. All zero: at once, pull form. */
typedef struct trace_plan {
    const size_t *cuts; /* ascending offsets in the stream at which a new piece begins */
    size_t cut_count;
    bool push;         /* plato_decoder_feed() instead of plato_decoder_next() */
    bool pause;        /* push: pause at every event and go on with the rest moved elsewhere */
    uint64_t cut_rest; /* pause: not 0 seeds cutting that rest shorter */
    bool by_hint;      /* pull: pieces are as long as plato_decoder_hint() says; no cuts */
} trace_plan;

/* The text, NUL-terminated, to be given to bytes_free(). Each piece lies in memory of its
 * own, which is gone as soon as the decoder may no longer use it. */
bytes trace_of(const plato_decoder_config *config, const uint8_t *p, size_t n,
               const trace_plan *plan);

#endif
