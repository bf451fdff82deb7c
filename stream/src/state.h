/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A connection, and what its parts do with it.
 *
 * A direction's offsets from `done` to `end` are tiled by the ranges of its tree, without a space
 * between them; [first, done) is consumed and has no range, so that a connection that lost nothing
 * has none when all its bytes are consumed.
 *
 *     segment.c    the entry: checks, order of steps      put.c     bytes into the tiling
 *     handshake.c  where offset 0 is; SYN, FIN, RST, ACK  ranges.c  the tiling itself
 *     held.c       numbers that do not fit                holes.c   when a hole is given up
 *     hand.c       bytes of the segment at hand           block.c   bytes that wait
 *     runs.c       what the caller reads
 */
#ifndef STREAM_STATE_H
#define STREAM_STATE_H

#include "budget_parts.h"
#include "stream/tcp.h"

#define STREAM_HELD_MAX 4u /* segments whose numbers do not fit, of a connection */

typedef struct stream_direction {
    stream_tree tree;
    uint32_t seq0; /* sequence number of offset 0 */
    bool known;    /* seq0 and the offsets are set */
    bool seen;     /* by a segment of its own */
    bool origin_known;
    bool soft; /* the first byte may still be another one: see handshake.c */
    bool fin_known, rst, silent;
    uint64_t first, done, end;
    uint64_t captured_end;    /* end of the bytes that were on the wire */
    uint64_t acked, fin;      /* acked: 0 if the peer acknowledged nothing */
    stream_list fresh;        /* captured ranges whose runs have changed */
    stream_list waiting;      /* holes without grace, in the order in which they opened */
    stream_list grace;        /* holes in grace, in the order in which it began */
    stream_list gone;         /* holes that were given up, in that order */
    stream_range *unanswered; /* in `waiting`: the first since whose opening the peer was silent */
    uint32_t open_count, gone_count, borrowed; /* ranges; borrowed: in the segment at hand */
    uint32_t last_packet;
    int64_t last_time_ns;
    size_t memory;
    stream_counters n;
} stream_direction;

/* A copy of a segment whose numbers do not fit. */
typedef struct stream_held {
    stream_segment segment; /* its bytes: `bytes` */
    uint64_t since;         /* number of segments of the connection */
    bool confirmed;
    uint8_t bytes[];
} stream_held;

struct stream_conn {
    const stream_config *config;
    stream_budget *budget;
    void *user;
    stream_direction directions[2];
    uint64_t segments;
    int64_t clock, latest_ns; /* time that went by; and the capture time it stands for */
    bool started, must_restart;
    unsigned held_count;
    stream_held *held[STREAM_HELD_MAX];
    stream_segment at_hand; /* while `borrowed` counts something, and for events */
};

/* A segment and the offset of its first byte, which may lie before offset 0. */
typedef struct stream_part {
    const stream_segment *segment;
    int64_t at;
} stream_part;

static inline stream_direction *stream_peer(stream_conn *conn, const stream_direction *d)
{
    return &conn->directions[d == &conn->directions[0]];
}

static inline unsigned stream_index(const stream_conn *conn, const stream_direction *d)
{
    return d == &conn->directions[1];
}

static inline uint32_t stream_seq_of(const stream_direction *d, uint64_t offset)
{
    return d->seq0 + (uint32_t)offset;
}

/* Signed distance of two sequence numbers (RFC 9293 3.4), without a cast out of range. */
static inline int64_t stream_seq_diff(uint32_t a, uint32_t b)
{
    const uint32_t diff = a - b;
    return diff < 0x80000000u ? (int64_t)diff : (int64_t)diff - ((int64_t)1 << 32);
}

/* The offset of a number near the end; negative before the SYN. */
static inline int64_t stream_offset_of(const stream_direction *d, uint32_t seq)
{
    return (int64_t)d->end + stream_seq_diff(seq, stream_seq_of(d, d->end));
}

/* conn.c: fills in direction, packet and time, and calls. */
void stream_emit(const stream_conn *conn, const stream_direction *d, stream_event event);
/* conn.c: whether `size` more bytes may be held for this direction; if so they count. */
bool stream_charge(stream_conn *conn, stream_direction *d, size_t size);
void stream_discharge(stream_conn *conn, stream_direction *d, size_t size);

/* ---- ranges.c ---- */

/* Not in the tree yet; NULL without memory. */
stream_range *stream_range_new(stream_conn *conn, stream_direction *d, stream_kind kind,
                               uint64_t from, uint64_t to);
void stream_range_free(stream_conn *conn, stream_direction *d, stream_range *range);
/* What is left of [from, to) of `range` as a range of its own; NULL without memory. */
stream_range *stream_range_carve(stream_conn *conn, stream_direction *d, stream_range *range,
                                 uint64_t from, uint64_t to);
/* Turns a range into consumed bytes and joins it with those beside it; frees its bytes. */
void stream_range_done(stream_conn *conn, stream_direction *d, stream_range *range);
/* The first bytes of a captured or cut range up to `to`, the range staying for the others. False
 * if that takes a range and there is no memory. */
bool stream_range_shift(stream_conn *conn, stream_direction *d, stream_range *range, uint64_t to);
/* The run of a captured range has changed. */
void stream_mark(stream_direction *d, stream_range *range);
/* So have those beside this range. */
void stream_mark_beside(stream_direction *d, const stream_range *range);
/* Makes the consumed bytes below `done` a range, so that something may precede them. */
bool stream_ranges_unfold(stream_conn *conn, stream_direction *d);
void stream_ranges_clear(stream_conn *conn, stream_direction *d);

/* ---- put.c ---- */

/* Bytes of a segment into the tiling. False if some could not be noted. */
bool stream_put(stream_conn *conn, stream_direction *d, const stream_part *part);

/* ---- holes.c ---- */

/* [from, to) as a hole after `prev` (NULL: before all). False without memory. */
bool stream_hole_open(stream_conn *conn, stream_direction *d, stream_range *prev, uint64_t from,
                      uint64_t to);
/* A hole is about to become something else: leaves its list and the counts. */
void stream_hole_detach(stream_direction *d, stream_range *hole);
void stream_hole_give_up(stream_conn *conn, stream_direction *d, stream_range *hole,
                         stream_reason reason);
void stream_holes_give_up_all(stream_conn *conn, stream_direction *d, stream_reason reason);
/* The grace of what the peer has acknowledged, and, when the sender closed, of all. */
void stream_holes_acked(const stream_conn *conn, stream_direction *d);
void stream_holes_closed(const stream_conn *conn, stream_direction *d);
/* Gives up what the rules say, at the end of each segment. */
void stream_holes_expire(stream_conn *conn, stream_direction *d);
/* Whether its grace went by. */
bool stream_hole_is_over(const stream_conn *conn, const stream_range *hole);
/* Whether it may stand for a FIN that was not captured. */
bool stream_hole_maybe_fin(const stream_range *hole);
/* What is known now shows that it does not. Any range, or NULL. */
void stream_hole_is_data(stream_direction *d, stream_range *range);

/* ---- handshake.c ---- */

void stream_start(stream_direction *d, uint32_t seq, uint64_t offset);
/* The SYN of a segment. False: it opens another connection. */
bool stream_take_syn(stream_conn *conn, stream_direction *d, const stream_segment *segment);
/* The segment's own number, before its bytes; the offset of its first byte. */
int64_t stream_take_seq(stream_conn *conn, stream_direction *d, const stream_segment *segment);
/* The sender is at this offset: what is missing before it is a hole. */
void stream_take_position(stream_conn *conn, stream_direction *d, int64_t at);
void stream_take_ack(stream_conn *conn, stream_direction *d, const stream_segment *segment);
void stream_take_close(stream_conn *conn, stream_direction *d, const stream_part *part);

/* ---- held.c ---- */

bool stream_is_plausible(const stream_conn *conn, const stream_segment *segment);
typedef enum stream_verdict {
    STREAM_VERDICT_HOLD,    /* nothing confirms it so far */
    STREAM_VERDICT_SAME,    /* confirmed: of this connection; the others are marked */
    STREAM_VERDICT_ANOTHER, /* confirmed: of another */
} stream_verdict;
stream_verdict stream_judge_held(stream_conn *conn, const stream_segment *segment);
/* Confirms those that a SYN may have come late for. */
void stream_confirm_by_syn(stream_conn *conn, const stream_segment *segment);
/* STREAM_HELD, or STREAM_REFUSED without memory. */
stream_result stream_hold(stream_conn *conn, const stream_segment *segment);
/* The first one that was confirmed leaves the list; the caller frees it. NULL: no more. */
stream_held *stream_held_pop(stream_conn *conn);
void stream_held_free(stream_conn *conn, stream_held *held);
/* Drops those that waited too long without being confirmed; all of these, with `all`. */
void stream_held_expire(stream_conn *conn, bool all);

/* ---- hand.c, block.c ---- */

/* The bytes of a captured range; valid as stream_bytes(). */
const uint8_t *stream_range_bytes(const stream_conn *conn, const stream_range *range);
/* The caller did not keep what the segment at hand left. */
void stream_hand_drop(stream_conn *conn);

/* The range's bytes are no longer its own. */
void stream_block_leave(stream_conn *conn, stream_direction *d, stream_range *range);
/* A new block with the bytes of the range; false without memory. `room`: bytes to expect. */
bool stream_block_begin(stream_conn *conn, stream_direction *d, stream_range *range, size_t room);
/* Adds the range's bytes to the block, at whose end it begins. */
bool stream_block_append(stream_conn *conn, stream_direction *d, stream_block *block,
                         stream_range *range);

#endif
