/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The binary command protocol: commands of one direction of one connection (docs/commands.md; all
 * integers unsigned and big-endian).
 *
 *     offset  size  field
 *          0     4  magic    5c 28 5c 29; where it is allowed also 24 24 24 24
 *          4     2  length   bytes of the parameters, 0..2048
 *          6     2  type
 *          8     length      parameters
 *
 * Pure functions for a command that is there, and a decoder for commands that come in pieces. Tools
 * find the next command in damaged bytes by its magic; a live server closes the connection instead.
 */
#ifndef PLATO_BINCMD_H
#define PLATO_BINCMD_H

#include "plato/allocator.h"
#include "plato/command.h"
#include "plato/decoder.h"
#include "plato/error.h"
#include "plato/export.h"
#include "plato/frame.h"
#include "plato/resync.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

#define PLATO_BINCMD_HEADER_LEN 8
#define PLATO_BINCMD_MAGIC 0x5c285c29u     /* `\(\)` */
#define PLATO_BINCMD_MAGIC_ALT 0x24242424u /* `$$$$` */
/* Bytes of the longest command. */
#define PLATO_BINCMD_MAX (PLATO_BINCMD_HEADER_LEN + PLATO_COMMAND_PARAMS_MAX)

/* Which magics are allowed, as bits. */
#define PLATO_BINCMD_ALLOW_MAGIC 1u
#define PLATO_BINCMD_ALLOW_ALT 2u

typedef enum plato_bincmd_type {
    PLATO_BINCMD_ECHO = 0, /* four bytes, returned as they are */
    PLATO_BINCMD_TIME = 1,
    PLATO_BINCMD_VERSION = 2,
    PLATO_BINCMD_STATS = 3,
    PLATO_BINCMD_PING = 4,
    PLATO_BINCMD_ERROR = 0xffff, /* replies only: u16 code, UTF-8 reason */
} plato_bincmd_type;

/* "ECHO" for PLATO_BINCMD_ECHO; NULL for a number that is no type. Constant, not to be freed. */
PLATO_API const char *plato_bincmd_type_name(uint32_t type);

/* One command. The span borrows. */
typedef struct plato_bincmd {
    uint32_t magic;    /* a reply has its request's */
    uint16_t type;     /* plato_bincmd_type or a number unknown to this version */
    plato_span params; /* its length is the field `length` */
} plato_bincmd;

/* What a command may be. NULL means PLATO_BINCMD_LIMITS_DEFAULT. */
typedef struct plato_bincmd_limits {
    unsigned magics;         /* default PLATO_BINCMD_ALLOW_MAGIC */
    uint32_t max_params_len; /* bytes; default 2048 */
} plato_bincmd_limits;

#define PLATO_BINCMD_LIMITS_DEFAULT                                                                \
    {                                                                                              \
        PLATO_BINCMD_ALLOW_MAGIC, PLATO_COMMAND_PARAMS_MAX                                         \
    }

/*
 * How long is the command that begins at p[0]? PLATO_OK with `*total`, the bytes from its first to
 * its last; PLATO_NEED_MORE while its header is not there, with `*total` the bytes that must be;
 * or, as soon as the byte at fault is there,
 *
 *     PLATO_ERR_MAGIC            `*total` is how many bytes of a magic came first (0..3)
 *     PLATO_ERR_PARAMS_TOO_LONG  `*total` is what the header claims
 */
PLATO_API plato_err plato_bincmd_length(const uint8_t *p, size_t n,
                                        const plato_bincmd_limits *limits, uint64_t *total);

/* Reads the whole command that begins at p[0]; bytes after it are ignored. Errors as above. */
PLATO_API plato_err plato_bincmd_parse(const uint8_t *p, size_t n,
                                       const plato_bincmd_limits *limits, plato_bincmd *command);

/*
 * Writes the command. The span must not overlap `buf`. PLATO_ERR_ARGUMENT if `magic` is none;
 * PLATO_ERR_PARAMS_TOO_LONG over 2048 bytes; PLATO_ERR_BUFFER_TOO_SMALL, with nothing written.
 */
PLATO_API plato_err plato_bincmd_encode(const plato_bincmd *command, uint8_t *buf, size_t cap,
                                        size_t *written);

/*
 * Writes an error reply. `reason` NULL: plato_command_code_text(). Cut where it would be too long.
 * PLATO_ERR_ARGUMENT if `magic` is none or `code` is over 65535; PLATO_ERR_BUFFER_TOO_SMALL.
 */
PLATO_API plato_err plato_bincmd_encode_error(uint32_t magic, uint32_t code, const char *reason,
                                              uint8_t *buf, size_t cap, size_t *written);

/* Whether `command` is an error reply with a code. */
PLATO_API bool plato_bincmd_read_error(const plato_bincmd *command, uint32_t *code,
                                       plato_span *reason);

/*
 * Looks for the first command in `n` bytes at `p`, by its magic and a length within the limit; p[0]
 * itself is a candidate. PLATO_RESYNC_FOUND: a complete one after `skipped` bytes, `frame_len`
 * long. PLATO_RESYNC_LIKELY: the same, its end is not there. PLATO_RESYNC_NOT_YET: none; from
 * `skipped` on (at most seven bytes) there may be the start of one. O(n), no allocation.
 */
PLATO_API plato_resync_result plato_bincmd_find(const uint8_t *p, size_t n,
                                                const plato_bincmd_limits *limits);

/* ---- commands that come in pieces ---- */

typedef struct plato_bincmd_decoder plato_bincmd_decoder;

typedef enum plato_bincmd_event_kind {
    PLATO_BINCMD_COMMAND = 1,
    PLATO_BINCMD_SKIPPED = 2, /* only with `resync`: bytes before the command that was found */
} plato_bincmd_event_kind;

/* The span lives until the next call of _input(), _next(), _feed(), _reset() or _free(). */
typedef struct plato_bincmd_event {
    plato_bincmd_event_kind kind;
    uint64_t offset; /* stream offset of the first byte of the command, or of those skipped */
    uint64_t length; /* bytes of the command, or skipped */
    plato_bincmd command;
} plato_bincmd_event;

/* Returns PLATO_CONTINUE or PLATO_PAUSE. */
typedef int (*plato_bincmd_handler)(void *user, const plato_bincmd_event *event);

typedef struct plato_bincmd_config {
    size_t size; /* of this struct, so that later versions may add members at its end */
    plato_bincmd_limits limits;
    bool resync; /* default false: what is no command is an error. True: it is skipped */
    plato_bincmd_handler handler; /* for plato_bincmd_decoder_feed() */
    void *user;
} plato_bincmd_config;

PLATO_API void plato_bincmd_config_init(plato_bincmd_config *config);

/*
 * The functions of plato/decoder.h, for commands: what they return, who owns what, and what a pause
 * is, stands there. A command that lies whole inside one piece is not copied; of any other, what
 * has arrived is. Errors are those of plato_bincmd_length(), sticky; the offset of PLATO_ERR_MAGIC
 * is that of the first wrong byte, and `got` is that byte.
 */
PLATO_API plato_err plato_bincmd_decoder_new(const plato_bincmd_config *config,
                                             const plato_allocator *allocator,
                                             plato_bincmd_decoder **decoder);
PLATO_API void plato_bincmd_decoder_free(plato_bincmd_decoder *decoder);
PLATO_API void plato_bincmd_decoder_input(plato_bincmd_decoder *decoder, const uint8_t *p,
                                          size_t n);
PLATO_API int plato_bincmd_decoder_next(plato_bincmd_decoder *decoder, plato_bincmd_event *event);
PLATO_API ptrdiff_t plato_bincmd_decoder_feed(plato_bincmd_decoder *decoder, const uint8_t *p,
                                              size_t n);
PLATO_API plato_err plato_bincmd_decoder_finish(plato_bincmd_decoder *decoder);

/* Bytes (1 or more) that complete the next command, if they are right. 0 after an error. */
PLATO_API uint64_t plato_bincmd_decoder_hint(const plato_bincmd_decoder *decoder);

/* Bytes skipped in all, also those that no command has followed yet. */
PLATO_API uint64_t plato_bincmd_decoder_skipped(const plato_bincmd_decoder *decoder);
PLATO_API uint64_t plato_bincmd_decoder_offset(const plato_bincmd_decoder *decoder);
PLATO_API const plato_error *plato_bincmd_decoder_error(const plato_bincmd_decoder *decoder);
PLATO_API void plato_bincmd_decoder_reset(plato_bincmd_decoder *decoder, uint64_t offset);

PLATO_END

#endif
