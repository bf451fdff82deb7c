/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One TCP connection of a capture: segments in, as they stand in the capture; out come the bytes
 * of each direction in their order, holes, repeats and overlaps. RFC 9293, read from the outside:
 * the capture may lack packets, show them late, twice, cut, or in an order that no end ever saw.
 *
 *     stream_conn *conn = stream_conn_new(NULL, budget, user);
 *     for each segment {
 *         while (stream_conn_segment(conn, &segment) == STREAM_RESTART) {
 *             ... take what is left of the old connection ...
 *             stream_conn_restart(conn);
 *         }
 *         for each direction
 *             while (stream_next_changed(conn, direction, &run))
 *                 ... stream_bytes(), stream_whole(), stream_consume() ...
 *         stream_conn_keep(conn);             (before segment.bytes go away)
 *     }
 *     stream_conn_end(conn);
 *     ... the same loop over stream_next_changed() ...
 *     stream_conn_free(conn);
 *
 * Pure: no clock, no I/O; the same calls give the same results. A call costs O(log n) of the
 * ranges known in a direction, plus its output; in order nothing is searched.
 */
#ifndef STREAM_TCP_H
#define STREAM_TCP_H

#include "stream/budget.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- A segment ---- */

/* The bits of TCP's header that matter here. */
enum {
    STREAM_FIN = 0x01,
    STREAM_SYN = 0x02,
    STREAM_RST = 0x04,
    STREAM_PSH = 0x08,
    STREAM_ACK = 0x10,
};

typedef struct stream_segment {
    unsigned direction;   /* who sends: 0 or 1, the caller's choice */
    uint8_t flags;        /* STREAM_FIN ...; other bits are ignored */
    uint32_t seq, ack;    /* as in the header, not relative */
    uint32_t len;         /* bytes of payload on the wire */
    uint32_t captured;    /* of these in `bytes`; fewer where the snaplen cut; <= len */
    const uint8_t *bytes; /* borrowed until stream_conn_keep() */
    uint32_t packet;      /* number in the capture */
    int64_t time_ns;      /* capture time; may go backwards */
} stream_segment;

/* ---- Limits ---- */

typedef struct stream_conn stream_conn;
typedef struct stream_event stream_event;

/*
 * When a hole is given up: the peer's ACK has passed it and a grace went by (`grace_packets` more
 * segments of the connection, or `grace_ns`); at the sender's FIN or RST, with the same grace;
 * when `max_waiting` bytes wait after it; `silent_peer_ns` after it opened, if the peer sent
 * nothing since; at stream_conn_end(). A segment that fills a hole fills it even if the grace ends
 * with that segment.
 *
 * Time is that of the segments of this connection, and never runs backwards: a segment with an
 * earlier time than the latest one does not move it. After a step back of more than a second it
 * goes on from there.
 *
 * What does not fit into `max_memory` or the budget is as if the snaplen had cut it
 * (STREAM_DROPPED), or, where even that cannot be noted, as if it had not been captured
 * (stream_counters.refused); holes that wait in that direction are given up (STREAM_BY_LIMIT).
 */
typedef struct stream_config {
    uint32_t grace_packets; /* default 32 */
    int64_t grace_ns;       /* default 200 ms */
    int64_t silent_peer_ns; /* default 1 s */
    uint64_t max_waiting;   /* bytes; default 1 MiB */
    size_t max_memory;      /* bytes held for one direction, room to grow included; 64 MiB */
    uint32_t max_holes;     /* in a direction, that wait, and given-up ones remembered; 1,024 */
    uint32_t max_jump;      /* furthest plausible distance of sequence numbers; < 2^31; 16 MiB */
    /* NULL, or called for each event, from within the calls below; must not call them. `user` is
     * that of the connection. */
    void (*on_event)(void *user, const stream_event *event);
} stream_config;

void stream_config_init(stream_config *config);

/*
 * `config` is borrowed and must outlive the connection; NULL: the defaults, without events. NULL
 * without memory, or where the budget is used up.
 */
stream_conn *stream_conn_new(const stream_config *config, stream_budget *budget, void *user);
void stream_conn_free(stream_conn *conn);

/* ---- Segments in ---- */

typedef enum stream_result {
    STREAM_TAKEN,
    /* Its numbers fit neither this connection nor, so far, another: a copy waits until a further
     * segment confirms them. See "Numbers that do not fit". */
    STREAM_HELD,
    /* It opens another connection on the same ports, and was not taken. This one has ended, as by
     * stream_conn_end(): take what is left, call stream_conn_restart(), and give it again. */
    STREAM_RESTART,
    /* No memory to note it, or an RST whose numbers do not fit: as if it had not been captured. */
    STREAM_REFUSED,
} stream_result;

/*
 * Takes one segment. Its bytes may be read until stream_conn_keep(), without being copied. When
 * stream_conn_keep() was not called after the segment before, what that one left is dropped.
 *
 * Offsets. Each direction counts its bytes in 64 bits: 0 is the first byte after the SYN. Where
 * the SYN was not seen the first byte has STREAM_MIDSTREAM, so that earlier ones that come late
 * have offsets as well; they keep these even when the SYN comes later still (stream_info.origin).
 * SYN and FIN take a number each, but no offset.
 *
 * Bytes. The first captured byte at an offset wins. The same again is a repeat; another byte there
 * is reported (STREAM_OVERLAP_DIFFERS) if the first one is still kept, and after it was consumed
 * counts as a repeat that was not checked. One byte just before the end, repeated or acknowledged,
 * is a keep-alive, whatever its value. Bytes before a SYN's first are no bytes of the stream.
 *
 * Missing bytes. Where a segment stands beyond the end there is a hole; if it is empty (an ACK, FIN
 * or RST), or if the peer acknowledges beyond everything seen, a tail hole. Its ACK may
 * precede the data in the capture, so it waits as others do. A tail hole of one number may be a FIN
 * that was not captured (stream_hole.maybe_fin).
 *
 * Numbers that do not fit. A segment whose sequence number is more than max_jump away from its
 * direction's end, or whose ACK is more than that away from the peer's, or with bytes after a
 * FIN or a hole after an RST, is held (at most 4 of a connection, for grace_packets segments). When
 * another one goes on from it, in the same direction or as its answer, both count: as the same
 * connection after a long loss if one of the two numbers fits and the other is ahead, else as a
 * new one without SYN (STREAM_RESTART). Otherwise it is dropped (STREAM_IMPLAUSIBLE). So one
 * bogus segment changes nothing.
 *
 * SYN. Another initial number is another connection, unless a SYN/ACK acknowledges this one's
 * SYN and its direction brought no byte. Where the SYN was missed so far, one up to 64 KiB below
 * the first byte is this connection's. A SYN is believed at once, a bogus one too.
 */
stream_result stream_conn_segment(stream_conn *conn, const stream_segment *segment);

#define STREAM_MIDSTREAM ((uint64_t)1 << 32)

/*
 * Copies what the segment at hand left unconsumed. False without memory for it: these bytes are
 * dropped (STREAM_DROPPED). Does nothing when all was consumed.
 */
bool stream_conn_keep(stream_conn *conn);

/* The capture ends here: all holes are given up. Later segments are still taken. */
void stream_conn_end(stream_conn *conn);

/* Forgets everything, after STREAM_RESTART or when the caller decides so; counters begin at 0.
 */
void stream_conn_restart(stream_conn *conn);

/* ---- Runs: bytes out ---- */

/* What stands before a run, or after it. */
typedef enum stream_edge {
    STREAM_EDGE_NOTHING,   /* before: the SYN, or consumed bytes; after: nothing was seen yet */
    STREAM_EDGE_CONSUMED,  /* after only: bytes consumed earlier */
    STREAM_EDGE_MIDSTREAM, /* before only: the capture begins here, without SYN */
    STREAM_EDGE_WAITING,   /* a hole that may still be filled */
    STREAM_EDGE_GIVEN_UP,  /* a hole for good */
    STREAM_EDGE_CUT,       /* bytes on the wire that the snaplen or a limit took away */
} stream_edge;

/* A maximal range of captured bytes, one after the other, that were not consumed. */
typedef struct stream_run {
    uint64_t offset, len;
    stream_edge before, after;
} stream_run;

/* The first run that ends after `from`. All runs: begin with 0, go on with offset + len. */
bool stream_run_at(const stream_conn *conn, unsigned direction, uint64_t from, stream_run *run);

/*
 * A run that grew, or one of whose edges was given up or filled, since this was last called; one
 * that changed in several places may be given more than once. False: no more. A run that is left
 * unconsumed is not given again until it changes.
 */
bool stream_next_changed(stream_conn *conn, unsigned direction, stream_run *run);

/*
 * `len` bytes at `offset`, in one piece, all in one run; NULL if they are not, or without memory.
 * Valid until the next call that changes the connection, this one included. Not copied where they
 * lie in one segment, or were put together before; growing ranges with the same offset cost
 * linear time in all. For a look at a header: stream_copy().
 */
const uint8_t *stream_bytes(stream_conn *conn, unsigned direction, uint64_t offset, size_t len);

/* Copies `len` bytes into `to`; false, with nothing written, if they are not all in one run. */
bool stream_copy(const stream_conn *conn, unsigned direction, uint64_t offset, uint8_t *to,
                 size_t len);

/*
 * The offset up to which all bytes from `offset` on were on the wire, captured or cut, and not
 * consumed: where a message, whose length is known, is over. `offset` itself if that one is not.
 */
uint64_t stream_reach(const stream_conn *conn, unsigned direction, uint64_t offset);

/*
 * The same the other way: the offset from which all bytes up to `offset` were on the wire and not
 * consumed. `before`: what stands before it, never STREAM_EDGE_CUT. O(log n).
 */
uint64_t stream_reach_back(const stream_conn *conn, unsigned direction, uint64_t offset,
                           stream_edge *before);

/* A part of a range, and the packet that brought it first. */
typedef struct stream_piece {
    uint64_t offset, len;
    uint32_t packet;
    int64_t time_ns;
    uint32_t payload; /* where it begins within that packet's payload */
    bool captured;    /* false: the bytes were cut */
} stream_piece;

/*
 * The first piece of unconsumed bytes that ends after `from`. A piece is what of one segment is
 * left in one place. Go on with offset + len.
 */
bool stream_piece_at(const stream_conn *conn, unsigned direction, uint64_t from,
                     stream_piece *piece);

/*
 * The packet with which the range became whole, that with the highest number of its pieces, and
 * its time. False if bytes of it are missing or consumed. O(number of pieces).
 */
bool stream_whole(const stream_conn *conn, unsigned direction, uint64_t offset, uint64_t len,
                  uint32_t *packet, int64_t *time_ns);

/*
 * The captured and cut bytes of the range are done with: freed, and repeats from now on. Holes in
 * it stay holes. Never fails: without memory to note where the consumed bytes begin or end within
 * a piece, the piece's other bytes go with them (STREAM_DROPPED).
 */
void stream_consume(stream_conn *conn, unsigned direction, uint64_t offset, uint64_t len);

/* ---- Holes ---- */

typedef enum stream_reason {
    STREAM_BY_ACK,         /* the peer acknowledged the bytes, and the grace is over */
    STREAM_BY_FIN,         /* the sender closed, and the grace is over */
    STREAM_BY_RST,         /* the sender reset, and the grace is over */
    STREAM_BY_WAITING,     /* max_waiting bytes waited after it */
    STREAM_BY_SILENT_PEER, /* without packets of the peer, silent_peer_ns */
    STREAM_BY_END,         /* stream_conn_end() */
    STREAM_BY_LIMIT,       /* max_memory, max_holes or the budget */
    STREAM_REASONS,
} stream_reason;

/* Missing bytes. Holes that opened one after the other may adjoin. */
typedef struct stream_hole {
    uint64_t offset, len;
    uint32_t opened; /* packet that showed that bytes are missing */
    bool given_up;
    stream_reason reason; /* where given up; those that adjoin become one, with the first reason */
    bool tail;            /* nothing was captured after it */
    bool maybe_fin;       /* one number at the tail: a byte, or a FIN that was not captured */
} stream_hole;

/* The first hole that ends after `from`, or false. Go on with offset + len. */
bool stream_hole_at(const stream_conn *conn, unsigned direction, uint64_t from, stream_hole *hole);

/* ---- Events ---- */

typedef enum stream_event_kind {
    STREAM_HOLE_OPENED,     /* offset, len; `extends` if the byte before it is missing as well */
    STREAM_HOLE_FILLED,     /* offset, len: the part that came; hole_offset, hole_len: of what */
    STREAM_HOLE_GIVEN_UP,   /* offset, len, reason; tail, maybe_fin */
    STREAM_LATE_BYTES,      /* as FILLED, into a hole that was given up; they make a run */
    STREAM_OVERLAP_DIFFERS, /* offset, len: from the first byte that differs to the last */
    STREAM_SILENT,          /* the peer's ACKs go on after a tail hole was given up; once, until
                               bytes come again. offset: the end of what was captured */
    STREAM_DROPPED,         /* offset, len: bytes given up at a limit */
    STREAM_IMPLAUSIBLE,     /* packet, len: a segment dropped because its numbers do not fit */
    STREAM_RESTARTED,       /* a segment of another connection; before its loss of state */
} stream_event_kind;

struct stream_event {
    stream_event_kind kind;
    unsigned direction;
    uint64_t offset, len;
    uint64_t hole_offset, hole_len;
    stream_reason reason;
    bool extends, tail, maybe_fin;
    uint32_t packet; /* the segment at hand, or the one that the event is about */
    int64_t time_ns;
};

/* ---- Counters and state ---- */

/* Bytes unless said otherwise. */
typedef struct stream_counters {
    uint64_t segments;    /* number of segments taken, empty ones too */
    uint64_t bytes;       /* captured, each offset once */
    uint64_t cut;         /* cut by the snaplen or dropped at a limit, and captured nowhere else */
    uint64_t repeats;     /* came again */
    uint64_t unchecked;   /* of these, that could not be compared */
    uint64_t differing;   /* came again with another value; not among `repeats` */
    uint64_t keep_alives; /* number of keep-alives with a byte */
    uint64_t reordered;   /* number of segments with new bytes below the end */
    uint64_t late;        /* came into a hole that was given up */
    uint64_t dropped;     /* at a limit, or without memory */
    uint64_t missing;     /* in holes that are given up now */
    uint64_t maybe_fin;   /* number of holes that may be a FIN; not among `missing` */
    uint64_t holes;       /* number of holes opened; those that extend another are not counted */
    uint64_t filled;      /* came into a hole that waited */
    uint64_t given_up[STREAM_REASONS]; /* number of holes by their end */
    uint64_t implausible;              /* number of segments dropped: their numbers do not fit */
    uint64_t refused;                  /* number of segments not noted for want of memory */
} stream_counters;

const stream_counters *stream_conn_counters(const stream_conn *conn, unsigned direction);

typedef struct stream_info {
    bool seen;            /* a segment of this direction was taken */
    bool origin_known;    /* the SYN was captured, or the peer's SYN/ACK told it */
    uint64_t origin;      /* offset of the first byte after the SYN */
    uint64_t first, end;  /* offsets known: [first, end), holes included */
    uint64_t acked;       /* acknowledged by the peer up to here; `first` if it said nothing */
    bool fin, rst;        /* the sender closed, reset */
    uint64_t fin_offset;  /* where it closed; 0 unless `fin` */
    uint32_t last_packet; /* that brought new bytes; 0: none */
    int64_t last_time_ns;
    uint64_t pending; /* captured bytes that were not consumed */
    size_t memory;    /* bytes held for this direction */
} stream_info;

void stream_conn_info(const stream_conn *conn, unsigned direction, stream_info *info);

#endif
