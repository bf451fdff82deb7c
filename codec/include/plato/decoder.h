/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The incremental decoder: bytes of one direction of one connection go in, in any pieces; events
 * come out. No I/O, no clock, no threads: one decoder belongs to one thread at a time.
 *
 * What comes out does not depend on how the bytes were cut. A frame that lies whole inside one
 * piece is never copied; of any other, what has arrived is. Memory follows the bytes received: a
 * header that claims 4 GiB costs its 14 bytes. In the steady state no frame costs an allocation.
 *
 * Two forms over the same machine. Pull:
 *
 *     plato_decoder_input(d, bytes, n);
 *     while ((rc = plato_decoder_next(d, &event)) > 0)
 *         handle(&event);
 *     if (rc < 0)
 *         complain(plato_decoder_error(d));
 *
 * Push: plato_decoder_feed() calls the handler of the configuration for each event.
 */
#ifndef PLATO_DECODER_H
#define PLATO_DECODER_H

#include "plato/allocator.h"
#include "plato/crc.h"
#include "plato/error.h"
#include "plato/export.h"
#include "plato/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

typedef struct plato_decoder plato_decoder;

/* Kinds of events, as bits; they come in this order for each frame. */
typedef enum plato_event_kind {
    PLATO_EVENT_HEADER = 1,   /* the lengths are known and within the limits */
    PLATO_EVENT_VAR_HEAD = 2, /* the variable header is there, whole; fixed header only */
    PLATO_EVENT_BODY = 4,     /* the body, or with stream_body its next bytes */
    PLATO_EVENT_FRAME = 8,    /* the frame is complete and its CRC was looked at */
} plato_event_kind;

#define PLATO_EVENT_ALL 15u

typedef enum plato_crc_status {
    PLATO_CRC_UNCHECKED = 0, /* coverage PLATO_CRC_NONE, the variant, or a frame not yet complete */
    PLATO_CRC_GOOD = 1,
    PLATO_CRC_BAD = 2, /* only with accept_bad_crc */
} plato_crc_status;

/*
 * One event. The spans in it point into the caller's input or into the decoder, and live until the
 * next call of plato_decoder_input(), _next(), _feed(), _reset() or _free().
 */
typedef struct plato_event {
    plato_event_kind kind;
    uint64_t offset;          /* stream offset of the frame's first byte */
    uint64_t body_offset;     /* PLATO_EVENT_BODY: where `body` begins within the frame's body */
    plato_crc_status crc;     /* PLATO_EVENT_FRAME */
    plato_span body;          /* PLATO_EVENT_BODY */
    const plato_frame *frame; /* what is known so far. PLATO_EVENT_HEADER: no spans;
                                 PLATO_EVENT_VAR_HEAD: var_head; PLATO_EVENT_FRAME: both, but no
                                 body if stream_body handed it out in pieces */
} plato_event;

/* Return of an event handler. */
#define PLATO_CONTINUE 0
#define PLATO_PAUSE 1

typedef int (*plato_event_handler)(void *user, const plato_event *event);

/* How to decode. Set up by plato_decoder_config_init(), then changed by the caller. */
typedef struct plato_decoder_config {
    size_t size;           /* of this struct, so that later versions may add members at its end */
    plato_framing framing; /* default PLATO_FRAMING_HEADER */
    plato_limits limits;   /* default PLATO_LIMITS_DEFAULT; bytes */
    plato_crc_kind crc;    /* default: as specified */
    bool accept_bad_crc;   /* default false: a wrong CRC is PLATO_ERR_CRC. True: the frame is
                              handed out with PLATO_CRC_BAD, and decoding goes on after it */
    bool stream_body;      /* default false. True: the body of a frame that does not lie whole in
                              one piece is handed out as it arrives and not kept. The
                              length-prefixed framing needs its payload whole and ignores this */
    unsigned events;       /* which kinds are wanted; default PLATO_EVENT_FRAME */
    size_t keep_buffer;    /* bytes of buffer kept between frames when larger frames have become
                              rare; default 65,536 */
    plato_event_handler handler; /* for plato_decoder_feed() */
    void *user;
} plato_decoder_config;

PLATO_API void plato_decoder_config_init(plato_decoder_config *config);

/*
 * A decoder at offset 0 of a stream. `config` NULL means the defaults; it is copied. `allocator`
 * NULL means malloc. `*decoder` is the caller's, to be given to plato_decoder_free(). One
 * allocation. PLATO_ERR_NO_MEMORY or PLATO_ERR_ARGUMENT.
 */
PLATO_API plato_err plato_decoder_new(const plato_decoder_config *config,
                                      const plato_allocator *allocator, plato_decoder **decoder);

/* NULL is allowed. */
PLATO_API void plato_decoder_free(plato_decoder *decoder);

/*
 * Pull form: gives the decoder the next `n` bytes of the stream. It borrows them until
 * plato_decoder_next() has returned 0 or an error. Bytes of an earlier input that were not yet
 * decoded are dropped: call it only after plato_decoder_next() has returned 0. `p` may be NULL when
 * n is 0.
 */
PLATO_API void plato_decoder_input(plato_decoder *decoder, const uint8_t *p, size_t n);

/*
 * Pull form: 1 = `*event` is set; 0 = the input is used up and nothing of it is needed any more; or
 * the sticky error, which plato_decoder_error() describes in full.
 */
PLATO_API int plato_decoder_next(plato_decoder *decoder, plato_event *event);

/*
 * Push form: decodes `n` bytes at `p` and calls the handler for each wanted event. Returns the
 * number of bytes used, n if all of them, or the sticky error. When the handler returns PLATO_PAUSE
 * it returns at once; give it the rest (from p + returned value on, perhaps with more bytes after
 * it) to go on, or n = 0 to get events that need no further bytes.
 */
PLATO_API ptrdiff_t plato_decoder_feed(plato_decoder *decoder, const uint8_t *p, size_t n);

/*
 * The stream has ended. Call it when plato_decoder_next() has returned 0, or plato_decoder_feed()
 * without a pause: it takes nothing from the input and hands out no event. PLATO_OK between frames,
 * else PLATO_ERR_TRUNCATED (sticky; `got` and `limit` are the bytes of the frame that came and that
 * were needed). Inside a frame whose bytes were all used up, as in a pause, it is PLATO_OK, and the
 * events still due, or a wrong CRC, come as before.
 */
PLATO_API plato_err plato_decoder_finish(plato_decoder *decoder);

/*
 * The least number of bytes (1 or more) that must still come before the next wanted event or error:
 * a low-watermark for reading. 0 after an error.
 */
PLATO_API uint64_t plato_decoder_hint(const plato_decoder *decoder);

/* Bytes that belong to complete frames: the stream offset of the frame being decoded. */
PLATO_API uint64_t plato_decoder_offset(const plato_decoder *decoder);

/* The sticky error; its code is PLATO_OK while there is none. Lives as long as the decoder. */
PLATO_API const plato_error *plato_decoder_error(const plato_decoder *decoder);

/*
 * Forgets the frame being decoded, the input and the error; the next byte is a frame's first, at
 * stream offset `offset`. Keeps its buffer.
 */
PLATO_API void plato_decoder_reset(plato_decoder *decoder, uint64_t offset);

PLATO_END

#endif
