/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the files of the reader share: the state of a connection and its directions. */
#ifndef STREAM_READER_INTERNAL_H
#define STREAM_READER_INTERNAL_H

#include "stream/reader.h"

/* A place that was reached out of sync, or without a frame since bytes went missing. */
typedef struct stream_mark {
    uint64_t offset;
    bool out_of_sync;
    bool after_cut; /* because frames began among bytes that the snaplen cut off */
    stream_gap gap;
} stream_mark;

#define STREAM_MARKS 16 /* of a direction; with more, one is forgotten, as if it were in sync */

/* A frame that was given as cut: bytes in [from, to) are its own, whenever they come. */
typedef struct stream_cut_frame {
    uint64_t from, to;
} stream_cut_frame;

#define STREAM_CUT_FRAMES 16 /* of a direction, as marks */

/* How far the bytes after a hole were searched for a frame. */
typedef struct stream_search {
    uint64_t offset;    /* where the run begins */
    uint64_t from;      /* no frame that could be proved begins before this */
    uint64_t candidate; /* a likely frame whose end is missing; 0 bytes long: none */
    uint64_t candidate_len;
} stream_search;

/* Frames that follow each other without a byte between them: [from, to). */
typedef struct stream_chain {
    uint64_t from, to;
} stream_chain;

#define STREAM_CHAINS 4096 /* of a direction; more, and the first half is forgotten */

/* The first frame after missing bytes: a verdict that may have to be withdrawn. */
typedef struct stream_gap_entry {
    uint64_t offset; /* of the frame */
    uint64_t from;   /* bytes missing in [from, offset) are those before it */
    bool final;      /* they were given up */
} stream_gap_entry;

/* A growing array. */
typedef struct stream_array {
    void *items;
    size_t count, room;
} stream_array;

typedef struct stream_flow {
    stream_pdu_reader pdu;
    uint64_t need_at;    /* nothing new can be said of the bytes at this offset */
    uint64_t need_until; /* before the bytes reach up to this one */
    stream_mark marks[STREAM_MARKS];
    unsigned marks_lost; /* that had to be overwritten */
    stream_cut_frame cut_frames[STREAM_CUT_FRAMES];
    unsigned cut_count;    /* in all; the newest overwrite the oldest */
    stream_array searches; /* stream_search, by offset */
    stream_array chains;   /* stream_chain, by offset */
    stream_array gaps;     /* stream_gap_entry, by offset */
    bool midstream;        /* it began without SYN, and what may precede is waited for */
    bool midstream_over;   /* no longer */
    uint64_t midstream_segments;
    int64_t midstream_ns;
} stream_flow;

struct stream_reader {
    const stream_reader_config *config;
    stream_config tcp; /* config->tcp, with the reader's own on_event */
    plato_allocator allocator;
    void *user;
    stream_conn *conn;
    plato_framing framing;
    stream_checksum checksum;
    stream_flow flows[2];
    uint64_t segments;
    bool ended;
};

/* ---- reader_gaps.c ---- */

/*
 * A frame in [offset, end) was given. `waiting`: bytes before it are missing so far. Without memory
 * that is not noted, and stays as it was said.
 */
void stream_gaps_frame(stream_reader *reader, unsigned direction, uint64_t offset, uint64_t end,
                       bool waiting);
/*
 * Whether no frame was given before `offset` and the capture starts in mid-stream: nothing is known
 * to be missing before its first frame.
 */
bool stream_gaps_none_before(const stream_reader *reader, unsigned direction, uint64_t offset);
/* Bytes [offset, end) are missing for good. */
void stream_gaps_given_up(stream_reader *reader, unsigned direction, uint64_t offset, uint64_t end);

/* ---- reader_search.c ---- */

/*
 * Looks for a frame that proves itself in a run whose beginning may be the middle of one. True:
 * one begins at *found.
 */
bool stream_search_run(stream_reader *reader, unsigned direction, const stream_run *run,
                       uint64_t *found);
/* The run at `offset` is no more, or is read otherwise. */
void stream_search_forget(stream_reader *reader, unsigned direction, uint64_t offset);
void stream_searches_clear(stream_reader *reader, unsigned direction);

/* Finds out the framing if it is not known: `in_sync`, a frame begins at p. */
plato_framing stream_find_framing(stream_reader *reader, const uint8_t *p, size_t n, bool in_sync);

/* ---- arrays ---- */

/* Room for one more item of `size` bytes at `index`, the later ones moved up; NULL without memory.
 */
void *stream_array_insert(stream_reader *reader, stream_array *array, size_t index, size_t size);
void stream_array_remove(stream_array *array, size_t index, size_t size);
void stream_array_free(stream_reader *reader, stream_array *array);

/* Index of the first item whose uint64_t at `key` bytes is `offset` or more; O(log n). */
size_t stream_array_find(const stream_array *array, size_t size, size_t key, uint64_t offset);

#endif
