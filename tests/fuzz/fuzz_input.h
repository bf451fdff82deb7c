/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the fuzz targets share. A target takes its choices from the first bytes of the input and
 * its data from the rest. REQUIRE() is a property: where it does not hold, the program ends.
 */
#ifndef TESTS_FUZZ_FUZZ_INPUT_H
#define TESTS_FUZZ_FUZZ_INPUT_H

#include "plato/decoder.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define REQUIRE(property)                                                                          \
    do {                                                                                           \
        if (!(property)) {                                                                         \
            (void)fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #property);    \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* The input, used up from its front; what is not there is 0. */
typedef struct input {
    const uint8_t *p;
    size_t n;
} input;

static inline uint8_t take_byte(input *in)
{
    if (in->n == 0)
        return 0;
    in->n--;
    return *in->p++;
}

static inline uint64_t take_number(input *in, unsigned bytes)
{
    uint64_t value = 0;
    while (bytes-- > 0)
        value = value << 8 | take_byte(in);
    return value;
}

static inline plato_span take_span(input *in, size_t n)
{
    const plato_span span = {in->p, n < in->n ? n : in->n};
    in->p += span.n;
    in->n -= span.n;
    return span;
}

/* Ascending offsets at which a stream is cut. */
#define CUTS_MAX 32u
typedef struct input_cuts {
    size_t at[CUTS_MAX];
    size_t count;
} input_cuts;

/* For each the distance from the one before it; `number` is cut down to what there may be. */
static inline input_cuts take_cuts(input *in, uint8_t number)
{
    input_cuts cuts = {.count = number % CUTS_MAX};
    size_t at = 0;
    for (size_t i = 0; i < cuts.count; i++) {
        at += (size_t)take_byte(in) + 1;
        cuts.at[i] = at;
    }
    return cuts;
}

/* Two bytes choose how to decode. Small limits are among the choices, so that they are met. */
static inline plato_decoder_config take_config(input *in)
{
    plato_decoder_config config;
    const uint8_t a = take_byte(in), b = take_byte(in);
    plato_decoder_config_init(&config);
    config.events = a & PLATO_EVENT_ALL;
    config.stream_body = (a & 16) != 0;
    config.accept_bad_crc = (a & 32) != 0;
    config.framing = (a & 64) != 0 ? PLATO_FRAMING_MSGCMD : PLATO_FRAMING_HEADER;
    config.keep_buffer = (a & 128) != 0 ? 0 : 65536;
    config.crc.coverage = (plato_crc_coverage)(b & 3);
    config.crc.polynomial = (plato_crc_polynomial)(b >> 2 & 1);
    if ((b & 8) != 0)
        config.limits = (plato_limits){16, 300};
    return config;
}

#endif
