/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The Plato frames (PDUs) of one TCP connection of a capture, whatever the capture lacks: segments
 * in, frames and bytes between them out. tcp.h puts the bytes in order, pdu.h says what they are;
 * this decides what may be believed at the edges of a hole.
 *
 * - A frame is given with the packet that brought the last of its own bytes.
 * - After a hole that may still be filled, and where the capture starts in mid-stream, a frame is
 *   given as soon as it proves itself: by its CRC; without one (length-prefixed framing, or a
 *   connection that computes none) by a chain of three frames, or frames that fill their segment to
 *   its end. What cannot be proved waits until the hole is filled or given up.
 * - When a hole is given up, the bytes before the next frame belong to no frame.
 * - Bytes that come even later are given as frames if they complete some.
 *
 * Pure: no clock, no I/O. Work per segment is bounded, see pdu.h. Not for use by several threads.
 */
#ifndef STREAM_READER_H
#define STREAM_READER_H

#include "stream/pdu.h"
#include "stream/tcp.h"

/* Where the first frame after missing bytes stands. */
typedef enum stream_gap {
    STREAM_GAP_NONE,    /* nothing is missing before the frame; or what was missing came */
    STREAM_GAP_WAITING, /* bytes before it are missing so far */
    STREAM_GAP_FINAL,   /* they are missing for good */
} stream_gap;

/* A frame, or bytes that belong to none. Valid during the call that gives it. */
typedef struct stream_reader_pdu {
    unsigned direction;
    plato_framing framing;
    stream_pdu pdu;  /* what it is; never STREAM_PDU_NEED_MORE */
    bool rest;       /* SKIPPED: the rest of a frame that was given as CUT */
    bool begun;      /* SKIPPED: a frame begins with them, whose end is missing from the capture */
    uint64_t offset; /* of its first byte in the direction */
    const uint8_t *bytes;  /* pdu.length of them */
    uint32_t packet;       /* that brought its last byte: earlier than the segment at hand where
                              it had to wait */
    int64_t time_ns;       /* of that packet */
    uint32_t first_packet; /* that brought its first byte */
    int64_t first_time_ns;
    stream_gap gap; /* of a frame: it is the first one after missing bytes; of SKIPPED: they are
                       beside them */
} stream_reader_pdu;

typedef struct stream_reader_config {
    stream_config tcp; /* its on_event is called with the reader's user pointer */
    plato_limits limits;
    plato_framing framing;    /* 0: found out */
    stream_checksum checksum; /* the preferences */
    bool reassemble;          /* false: a frame that a segment does not finish is cut there */
    /* Called for each PDU, in the order in which they can be told. Pieces of a PDU can be asked for
       with stream_piece_at(stream_reader_conn(reader), ...); nothing may be changed. */
    void (*on_pdu)(void *user, const stream_reader_pdu *pdu);
    /* Frames that nothing is known of are among bytes that the snaplen cut off, after all that was
       given of the direction so far. NULL: nobody wants to know. */
    void (*on_frames_lost)(void *user, unsigned direction);
    /* The segment at hand opens another connection on the same ports although none of its SYNs
       was captured. What was given so far was the old connection's. NULL: nobody wants to know. */
    void (*on_restart)(void *user);
} stream_reader_config;

/* The specification's defaults; on_pdu is to be set. */
void stream_reader_config_init(stream_reader_config *config);

typedef struct stream_reader stream_reader;

/*
 * `config` is borrowed and must outlive the reader. NULL without memory. The bytes that
 * wait come from the budget; the rest, about 3 KB and some bytes for each hole, from `allocator`.
 */
stream_reader *stream_reader_new(const stream_reader_config *config, stream_budget *budget,
                                 const plato_allocator *allocator, void *user);
void stream_reader_free(stream_reader *reader);

/* Takes a segment; its bytes are no longer needed when this returns. */
void stream_reader_segment(stream_reader *reader, const stream_segment *segment);

/* The capture ends, as far as is known: what still waits is given. Later segments are still taken.
 */
void stream_reader_end(stream_reader *reader);

/* The connection's bytes: to ask, not to change. */
const stream_conn *stream_reader_conn(const stream_reader *reader);

/* How the connection frames its messages, 0 while that is not known; which CRC it uses. */
plato_framing stream_reader_framing(const stream_reader *reader);
const stream_checksum *stream_reader_checksum(const stream_reader *reader);

/*
 * What has become of the missing bytes before the frame at `offset`, which was given with
 * STREAM_GAP_WAITING or STREAM_GAP_FINAL. O(log n).
 */
stream_gap stream_reader_gap(const stream_reader *reader, unsigned direction, uint64_t offset);

/*
 * Whether the direction's next bytes are in the middle of a frame: one has begun and not ended.
 * `offset` is where it begins.
 */
bool stream_reader_unfinished(const stream_reader *reader, unsigned direction, uint64_t *offset);

#endif
