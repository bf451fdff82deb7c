/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which CRC the frames of a connection carry, and whether one is right. Plato covers header,
 * variable header and body; other implementations cover less (docs/protocol.md, "CRC").
 */
#ifndef STREAM_CHECKSUM_H
#define STREAM_CHECKSUM_H

#include <plato/frame.h>

/* stream_checksum.coverage and .polynomial: found out from the frames. */
#define STREAM_CHECKSUM_AUTO (-1)

/*
 * What is known of a connection. Zeroed but for the first three, which are the user's preferences,
 * it is that of a connection of which nothing was seen. Copied freely: it owns nothing.
 */
typedef struct stream_checksum {
    bool verify;    /* false: the status of every frame is unverified */
    int coverage;   /* plato_crc_coverage, or STREAM_CHECKSUM_AUTO */
    int polynomial; /* plato_crc_polynomial, or STREAM_CHECKSUM_AUTO */
    bool fixed;     /* `kind` is set: a frame matched it, and what differs later is bad */
    plato_crc_kind kind;
} stream_checksum;

typedef enum stream_checksum_status {
    STREAM_CHECKSUM_UNVERIFIED, /* not computed, or not to be computed */
    STREAM_CHECKSUM_GOOD,
    STREAM_CHECKSUM_BAD,
} stream_checksum_status;

/* What the CRC field of a frame came to. */
typedef struct stream_checksum_result {
    stream_checksum_status status;
    bool computed;       /* `calculated` is set */
    bool known_kind;     /* `kind` is set */
    uint32_t calculated; /* what the field should hold under `kind` */
    plato_crc_kind kind;
} stream_checksum_result;

/*
 * Verifies a frame all of whose bytes are there. Where the preferences leave the kind open, the
 * first frame of the connection that matches one fixes it in `*checksum`. O(bytes of the frame), at
 * most six times over while the kind is not known.
 */
stream_checksum_result stream_checksum_verify(stream_checksum *checksum, const plato_frame *frame);

/*
 * The kinds that can prove that bytes are a frame, as sets for plato_frame_find_crc_among() and
 * plato_resync_among(). Coverage "none" proves nothing and is in the set only where the user chose
 * it.
 */
typedef struct stream_checksum_kinds {
    unsigned coverages;
    unsigned polynomials;
} stream_checksum_kinds;

stream_checksum_kinds stream_checksum_proving(const stream_checksum *checksum);

/* Whether the CRC of a frame all of whose bytes are there proves that it is one. */
bool stream_checksum_proves(const stream_checksum *checksum, const plato_frame *frame);

#endif
