/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Frames: pure functions from bytes to frames and back. No state, no allocation, any thread.
 *
 * Fixed-header framing (docs/protocol.md, "Frame"; all integers unsigned and big-endian):
 *
 *     offset  size  field
 *          0     1  version
 *          1     1  msg_type
 *          2     4  msg_len        bytes of the body
 *          6     4  var_head_len   bytes of the variable header
 *         10     4  crc32
 *         14     var_head_len      variable header
 *          .     msg_len           body
 *
 * Length-prefixed framing (docs/protocol.md, "The length-prefixed variant"):
 *
 *          0     4  length         bytes that follow, never 0
 *          4     length            protobuf MsgCmd{ Type = 1, Payload = 2 }
 *
 * The decoder, the server and the dissector all call these functions, so they cannot disagree on
 * what a frame is.
 */
#ifndef PLATO_FRAME_H
#define PLATO_FRAME_H

#include "plato/crc.h"
#include "plato/error.h"
#include "plato/export.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

#define PLATO_VERSION_ON_WIRE 1    /* the only version there is */
#define PLATO_HEADER_LEN 14        /* bytes of the fixed header */
#define PLATO_HEADER_CRC_OFFSET 10 /* the CRC field; the bytes before it are covered by it */
#define PLATO_LENGTH_PREFIX_LEN 4  /* bytes of the variant's length */
#define PLATO_PREFIX_MAX 16        /* most bytes that plato_frame_encode_gather() writes */

typedef enum plato_framing {
    PLATO_FRAMING_HEADER = 1, /* 14-byte header */
    PLATO_FRAMING_MSGCMD = 2, /* length-prefixed MsgCmd */
} plato_framing;

typedef enum plato_msg_type {
    PLATO_LOGIN = 0,
    PLATO_HEARTBEAT = 1,
    PLATO_RECONN = 2,
    PLATO_ACK = 3,
    PLATO_UP = 4,
    PLATO_PUSH = 5,
    PLATO_SYNC = 6,
} plato_msg_type;

/* "UP" for PLATO_UP; NULL for a number that is no type. Constant, not to be freed. */
PLATO_API const char *plato_msg_type_name(uint32_t msg_type);

/* `n` bytes at `p`, owned by the caller. `p` may be NULL when n is 0. */
typedef struct plato_span {
    const uint8_t *p;
    size_t n;
} plato_span;

/*
 * What a frame may claim, in bytes. A frame over a limit is an error, never an allocation. In the
 * length-prefixed variant the whole length is held to max_msg_len. PLATO_LIMITS_DEFAULT has the
 * defaults of the protocol; wherever a `const plato_limits *` is taken, NULL means these.
 */
typedef struct plato_limits {
    uint32_t max_var_head_len; /* default 65,536 */
    uint32_t max_msg_len;      /* default 16,777,216 */
} plato_limits;

#define PLATO_LIMITS_DEFAULT                                                                       \
    {                                                                                              \
        65536u, 16777216u                                                                          \
    }

/*
 * One frame. The spans borrow: they point into the bytes that were parsed (or, for encoding, at
 * what the caller wants sent) and live as long as those do.
 */
typedef struct plato_frame {
    plato_framing framing;
    uint8_t version;       /* fixed header only */
    uint32_t msg_type;     /* plato_msg_type or a number unknown to this version */
    uint32_t msg_len;      /* as on the wire; bytes of the body, or the variant's length */
    uint32_t var_head_len; /* as on the wire; 0 in the variant */
    uint32_t crc32;        /* as on the wire; 0 in the variant */
    plato_span var_head;   /* variable header; empty in the variant */
    plato_span body;       /* body; in the variant MsgCmd.Payload, which holds head and body */
} plato_frame;

/* Bytes from the frame's first to its last, in 64 bits: three 32-bit lengths do not fit 32. */
PLATO_API uint64_t plato_frame_total(const plato_frame *frame);

/*
 * How long is the frame that begins at p[0]?
 *
 * Needs PLATO_HEADER_LEN (or PLATO_LENGTH_PREFIX_LEN) bytes; looks at lengths only, not at version,
 * type or CRC. `*total` is the frame's length in bytes, or, for PLATO_NEED_MORE, the number of
 * bytes that are needed to know it.
 *
 * PLATO_OK, PLATO_NEED_MORE, or an error with `*total` still set to what the header claims:
 * PLATO_ERR_VAR_HEAD_TOO_LONG, PLATO_ERR_BODY_TOO_LONG, PLATO_ERR_EMPTY_FRAME.
 */
PLATO_API plato_err plato_frame_length(plato_framing framing, const uint8_t *p, size_t n,
                                       const plato_limits *limits, uint64_t *total);

/*
 * Reads the fields before the payload: all of plato_frame but the spans (and, in the variant,
 * but the type). Same needs and errors as plato_frame_length(), with the fields set in either case
 * once the header's bytes are there.
 */
PLATO_API plato_err plato_frame_parse_header(plato_framing framing, const uint8_t *p, size_t n,
                                             const plato_limits *limits, plato_frame *frame);

/*
 * Reads the whole frame that begins at p[0]. Bytes after it are ignored. Does not check the CRC
 * (plato_frame_check_crc()) and accepts every version and type: what is unknown is skipped by its
 * lengths.
 *
 * PLATO_OK, PLATO_NEED_MORE (the frame is longer than n), the errors of plato_frame_length(), and
 * in the variant the PLATO_ERR_WIRE_ errors of a payload that is no MsgCmd.
 */
PLATO_API plato_err plato_frame_parse(plato_framing framing, const uint8_t *p, size_t n,
                                      const plato_limits *limits, plato_frame *frame);

/*
 * The CRC that belongs into a fixed-header frame: computed from its version, type, the lengths
 * msg_len and var_head_len, and the spans. 0 for PLATO_CRC_NONE. O(length of the spans).
 */
PLATO_API uint32_t plato_frame_crc(const plato_frame *frame, plato_crc_kind kind);

/* Whether the frame's CRC field is right under `kind`. A frame of the variant has none: true. */
PLATO_API bool plato_frame_check_crc(const plato_frame *frame, plato_crc_kind kind);

/*
 * Finds the kind under which the CRC field is right. Tries Plato's own kind, then payload and body,
 * then the three coverages with CRC-32C, then PLATO_CRC_NONE. An empty span proves nothing, so
 * "payload" and "body" never match one. False if no kind fits. O(length of the spans), at most six
 * times over.
 */
PLATO_API bool plato_frame_find_crc(const plato_frame *frame, plato_crc_kind *found);

/*
 * The same among fewer kinds: those whose coverage is in `coverages` and whose polynomial is in
 * `polynomials`, both sets of bits (1 << value) with 0 meaning all. PLATO_CRC_NONE has no
 * polynomial.
 */
PLATO_API bool plato_frame_find_crc_among(const plato_frame *frame, unsigned coverages,
                                          unsigned polynomials, plato_crc_kind *found);

/*
 * Bytes that plato_frame_encode() will write for `frame`. The lengths come from the spans; msg_len,
 * var_head_len and crc32 of `frame` are ignored. PLATO_ERR_ARGUMENT if the framing is unknown; if a
 * length does not fit its 32-bit field; in the fixed header, if msg_type is over 255; in the
 * variant, if there is a var_head, or if type is 0 and the body empty, since proto3 leaves both out
 * and the length must not be 0.
 */
PLATO_API plato_err plato_frame_encoded_size(const plato_frame *frame, uint64_t *size);

/*
 * Writes the frame, with its CRC as specified, into the caller's `buf` of `cap` bytes. `*written`
 * is the number of bytes. The spans must not overlap `buf`. PLATO_ERR_BUFFER_TOO_SMALL, with
 * nothing written, or the error of plato_frame_encoded_size().
 */
PLATO_API plato_err plato_frame_encode(const plato_frame *frame, uint8_t *buf, size_t cap,
                                       size_t *written);

/*
 * The same without copying the payload, for writev() or evbuffer_add_reference(): writes the bytes
 * before the payload into `prefix` and points `pieces` at them, at the variable header and at
 * the body, in wire order. `*count` pieces are not empty (1..3). The pieces live as long as
 * `prefix` and the frame's spans. Errors as plato_frame_encoded_size().
 */
PLATO_API plato_err plato_frame_encode_gather(const plato_frame *frame,
                                              uint8_t prefix[PLATO_PREFIX_MAX],
                                              plato_span pieces[3], size_t *count);

PLATO_END

#endif
