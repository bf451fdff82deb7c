/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Variable headers as C structs (docs/protocol.md, "Message types"), read through the wire reader
 * and written through protobuf-c. Both framings give the same structs.
 *
 * Reading follows proto3: an absent field is 0, of a repeated one the last counts, an unknown
 * field, or a known one with another wire type, is counted and passed over.
 */
#ifndef PLATO_HEAD_H
#define PLATO_HEAD_H

#include "plato/error.h"
#include "plato/export.h"
#include "plato/frame.h"

#include <stddef.h>
#include <stdint.h>

PLATO_BEGIN

/* Meaning of plato_head_ack.code (docs/protocol.md, "ACK codes"). */
typedef enum plato_ack_code {
    PLATO_ACK_OK = 0,
    PLATO_ACK_MALFORMED = 1,
    PLATO_ACK_UNKNOWN_TYPE = 2,
    PLATO_ACK_UNSUPPORTED_VERSION = 3,
    PLATO_ACK_BAD_CRC = 4,
    PLATO_ACK_TOO_LARGE = 5,
    PLATO_ACK_NOT_LOGGED_IN = 6,
    PLATO_ACK_AUTH_FAILED = 7,
    PLATO_ACK_UNKNOWN_CONN = 8,
    PLATO_ACK_UNKNOWN_SESSION = 9,
    PLATO_ACK_OUT_OF_ORDER = 10, /* client_id holds the id expected next */
    PLATO_ACK_RATE_LIMITED = 11,
    PLATO_ACK_OVERLOADED = 12,
    PLATO_ACK_INTERNAL = 13,
} plato_ack_code;

/* "BAD_CRC" for PLATO_ACK_BAD_CRC; NULL for a number that is no code. Constant. */
PLATO_API const char *plato_ack_code_name(uint32_t code);

typedef struct plato_head_login {
    uint64_t device_id;
} plato_head_login;

typedef struct plato_head_reconn {
    uint64_t conn_id; /* the connection that was lost */
} plato_head_reconn;

typedef struct plato_head_ack {
    uint32_t code;  /* plato_ack_code, or a number unknown to this version */
    uint32_t type;  /* plato_msg_type of what is acknowledged */
    plato_span msg; /* text for people; not checked to be UTF-8 */
    uint64_t conn_id;
    uint64_t client_id;
    uint64_t session_id;
    uint64_t msg_id;
} plato_head_ack;

typedef struct plato_head_up {
    uint64_t client_id;
    uint64_t conn_id;
    uint64_t session_id;
    plato_span session_name; /* the variant's session, where it sends text */
} plato_head_up;

typedef struct plato_head_push {
    uint64_t msg_id;
    uint64_t session_id;
} plato_head_push;

typedef struct plato_head_sync {
    uint64_t session_id;
    uint64_t from_msg_id; /* both ends belong to the range */
    uint64_t to_msg_id;
} plato_head_sync;

/* One head of any type; `msg_type` says which member is set (HEARTBEAT has none). */
typedef struct plato_head {
    uint32_t msg_type;
    uint32_t present;        /* bit (1 << number) is set for every known field that was there */
    uint32_t unknown_fields; /* fields that the schema does not know */
    size_t error_offset;     /* after a PLATO_ERR_WIRE_ error: its offset in the head, or, in the
                                variant, in MsgCmd.Payload */
    union {
        plato_head_login login;
        plato_head_reconn reconn;
        plato_head_ack ack;
        plato_head_up up;
        plato_head_push push;
        plato_head_sync sync;
    };
} plato_head;

/*
 * Reads `n` bytes at `p` as the head of `msg_type`. Spans in `*head` borrow from `p`. An unknown
 * type has no known fields: they are only counted. PLATO_OK or a PLATO_ERR_WIRE_ error; then the
 * fields before the error are set. O(n), at most PLATO_WIRE_MAX_FIELDS fields.
 */
PLATO_API plato_err plato_head_read(uint32_t msg_type, const uint8_t *p, size_t n,
                                    plato_head *head);

/*
 * Reads the head of a whole frame, of either framing, and says where the application's body is:
 * frame->body, or in the variant the member of MsgCmd.Payload that holds it. Of a type that the
 * variant does not know the payload is not looked into: no head, and all of it is the body. `body`
 * may be NULL. Results as plato_head_read(); in the variant an error of the payload around the head
 * counts as one of the head.
 */
PLATO_API plato_err plato_head_read_frame(const plato_frame *frame, plato_head *head,
                                          plato_span *body);

/*
 * Whether these bytes are good evidence for a frame of `msg_type` whose end is not there yet: they
 * parse exactly to their end, hold at least one field, and only known ones.
 */
PLATO_API bool plato_head_is_proof(uint32_t msg_type, const uint8_t *p, size_t n);

/* Bytes that plato_head_write() needs for `head`; 0 for HEARTBEAT and for unknown types. */
PLATO_API size_t plato_head_size(const plato_head *head);

/*
 * Writes the fixed-header form of `head` into `buf` of `cap` bytes. PLATO_ERR_BUFFER_TOO_SMALL, or
 * PLATO_ERR_NO_MEMORY (an ACK's msg is copied on the heap when longer than 256 bytes).
 */
PLATO_API plato_err plato_head_write(const plato_head *head, uint8_t *buf, size_t cap,
                                     size_t *written);

PLATO_END

#endif
