/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rules of stream/tcp.h for segments whose numbers fit, as slowly and as plainly as can be: a
 * map with an entry for each byte, walked from end to end at every step.
 */
#ifndef TESTS_STREAM_MODEL_H
#define TESTS_STREAM_MODEL_H

#include "stream/tcp.h"

#include <stdbool.h>

#define MODEL_SIZE 32768 /* offsets of a direction */
#define MODEL_ROOM 1024  /* of these, below the first byte of a start without SYN */

typedef enum model_kind {
    MODEL_UNSEEN,
    MODEL_DATA,
    MODEL_CUT,
    MODEL_DONE,
    MODEL_HOLE,
} model_kind;

typedef enum model_wait { MODEL_WAITS, MODEL_GRACE, MODEL_GONE } model_wait;

typedef struct model_byte {
    model_kind kind;
    uint8_t value;
    uint32_t packet, payload;
    int64_t time_ns;
    /* of a missing byte */
    unsigned hole; /* those that began to be missing together */
    model_wait wait;
    bool answered;
    uint64_t since;
    int64_t clock;
} model_byte;

typedef struct model_direction {
    model_byte bytes[MODEL_SIZE];
    uint64_t low; /* offset of bytes[0] */
    uint64_t first, end, captured_end, acked;
    bool fin_known;
    uint64_t fin;
    uint64_t repeats, differing;
} model_direction;

typedef struct model {
    const stream_config *config;
    model_direction directions[2];
    uint64_t segments;
    int64_t clock, latest_ns;
    bool started;
    unsigned holes;
} model;

void model_start(model *m, const stream_config *config, bool mid_stream);

/* `at`, `acked`: the offsets that the segment's numbers stand for. */
void model_segment(model *m, const stream_segment *segment, int64_t at, int64_t acked);
void model_consume(model *m, unsigned direction, uint64_t offset, uint64_t len);
void model_end(model *m);

/* NULL outside of what may be known. */
const model_byte *model_at(const model *m, unsigned direction, uint64_t offset);

/* The first run that ends after `from`. */
bool model_run(const model *m, unsigned direction, uint64_t from, stream_run *run);

#endif
