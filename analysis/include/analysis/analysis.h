/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Analysis of traffic: frames are fed in the order of time, and each gets a verdict. No I/O, no
 * epan, no clock. docs/analysis.md explains each verdict.
 *
 *     analysis_state *a = analysis_new(&config, NULL);
 *     for each frame, in the order in which its last byte was captured:
 *         const analysis_record *r = analysis_frame(a, &frame);    keep r with the frame
 *     now, and at any later time:
 *         analysis_verdict v = analysis_get_verdict(a, r);    with all that is known by then
 *     analysis_free(a);                                            r is dead
 *
 * Must not be fed: frames with a bad CRC or a malformed head, and TCP retransmissions.
 *
 * Cost: O(log n) for each frame, whatever its ids (an ACK that answers many PUSHes or repeats pays
 * for each of them, once). Memory: 24 bytes for each ACK and 56 for each UP and PUSH, more only for
 * what is wrong with them; for each sequence of ids the last ANALYSIS_WINDOW, up to 65,536
 * older requests that wait for an answer, and up to 1,024 holes; for each session its last
 * ANALYSIS_WINDOW messages; up to 4,096 ACKs that wait for their request. What is answered is
 * released.
 *
 * One analysis belongs to one thread at a time. GLib ends the program when its memory is out.
 */
#ifndef ANALYSIS_ANALYSIS_H
#define ANALYSIS_ANALYSIS_H

#include <plato/plato.h>

PLATO_BEGIN

/* Repeats and conflicts are recognised over at least this many ids of a sequence. */
#define ANALYSIS_WINDOW 1024u

typedef struct analysis_state analysis_state;

/* One frame that was fed, as it is kept: see analysis_get_verdict(). */
typedef struct analysis_record analysis_record;

typedef enum analysis_direction {
    ANALYSIS_UPSTREAM = 0,   /* client to server */
    ANALYSIS_DOWNSTREAM = 1, /* server to client */
} analysis_direction;

typedef struct analysis_config {
    int64_t slow_response_ns;      /* a response that takes longer is slow; default 1 s; 0: none */
    int64_t heartbeat_interval_ns; /* default 30 s; late is more than 1.5 times that; 0: none */
} analysis_config;

#define ANALYSIS_CONFIG_DEFAULT                                                                    \
    {                                                                                              \
        1000000000, 30000000000                                                                    \
    }

/* One frame as it is fed. */
typedef struct analysis_observation {
    uint32_t number;              /* of the packet in which the frame ends: never 0, never lower
                                     than in the call before. Verdicts refer to frames by it */
    uint32_t connection;          /* the caller's index of the transport connection */
    analysis_direction direction; /* counts where the type does not decide who sent the frame: ACKs
                                  in MsgCmd framing, and unknown types */
    plato_framing framing;
    int64_t time_ns;         /* since any fixed moment */
    const plato_head *head;  /* borrowed for the call */
    uint64_t content_digest; /* of the body's bytes; equal digest and length = equal content */
    uint32_t content_len;    /* bytes of the body */
} analysis_observation;

/* What was found, as bits of analysis_verdict.flags. */
typedef enum analysis_verdict_flag {
    ANALYSIS_GAP = 1 << 0,               /* ids gap_first..gap_last were skipped by the sender */
    ANALYSIS_CAPTURE_GAP = 1 << 1,       /* bytes before this frame are not in the capture */
    ANALYSIS_DUPLICATE = 1 << 2,         /* same id, same content as frame duplicate_of */
    ANALYSIS_CONFLICT = 1 << 3,          /* same id, other content */
    ANALYSIS_OUT_OF_ORDER = 1 << 4,      /* below the highest id seen, and not seen before */
    ANALYSIS_GAP_FILLED = 1 << 5,        /* closes part of the hole reported in frame gap_in */
    ANALYSIS_SLOW_RESPONSE = 1 << 6,     /* response_time_ns over the configured limit */
    ANALYSIS_HEARTBEAT_LATE = 1 << 7,    /* a HEARTBEAT that comes late */
    ANALYSIS_HAS_RESPONSE_TIME = 1 << 8, /* response_to and response_time_ns are set; LATER */
    ANALYSIS_HAS_DELIVERY_TIME = 1 << 9, /* delivery_of and delivery_time_ns are set; LATER */
} analysis_verdict_flag;

/*
 * The verdict on one frame. Frame numbers are analysis_observation.number, 0 = none. Members marked
 * LATER may be set by later frames, or by analysis_loss_filled(); all others are final when
 * analysis_frame() returns. What is set once does not change any more. gap_first and
 * gap_last are LATER where ANALYSIS_GAP is.
 */
typedef struct analysis_verdict {
    uint32_t flags;           /* analysis_verdict_flag */
    uint32_t later_flags;     /* those of them that later frames set, or analysis_loss_filled() */
    uint32_t withdrawn_flags; /* LATER: those of them that no longer hold: ANALYSIS_CAPTURE_GAP,
                                 where the bytes came after all */
    uint32_t duplicate_of;
    uint32_t gap_in;
    uint32_t response_to; /* LATER, with its time, where the request was fed after the ACK although
                             it is of no later packet. Never a later frame */
    uint32_t response_in; /* LATER; in a repeat, where its first transmission was answered, which
                             may be an earlier frame */
    uint32_t delivery_of; /* LATER, where the PUSH precedes the ACK that explains it */
    uint32_t prev_conn;   /* RECONN: the frame that opened the connection being resumed */
    uint32_t next_conn;   /* LATER: the first RECONN that resumed the connection which this frame
                             opened */
    uint64_t gap_first;   /* with ANALYSIS_GAP; both ends belong to the hole */
    uint64_t gap_last;
    int64_t response_time_ns;
    int64_t delivery_time_ns;            /* LATER, with delivery_of */
    const analysis_record *delivered_in; /* LATER: UP: the first PUSH of it; the others with
                                         analysis_record_next_delivery() */
} analysis_verdict;

/*
 * `config` NULL means the defaults. `allocator` is used for what is kept of each frame only (NULL:
 * malloc); that lives until analysis_free().
 */
analysis_state *analysis_new(const analysis_config *config, const plato_allocator *allocator);

/*
 * Frees the analysis, and all that was kept of its frames. NULL is allowed.
 */
void analysis_free(analysis_state *analysis);

/*
 * Bytes of `connection` in `direction` are missing from the capture after the last frame that was
 * fed, if there was any, and before the next one, if there will be any. `number` is the packet
 * where that was noticed. Until they come, what they may hide is held against nobody: the next hole
 * in the ids of each session in that direction, and requests so far that wait for an answer from
 * there. Returns the loss for analysis_loss_filled(), never 0.
 *
 * A LOGIN or RECONN that comes while bytes of its connection are missing may have been among them.
 * The ids before it are not brought together with those of its device: repeats across it are not
 * recognised, and for the device that loss stays, whether it is filled or not.
 */
uint32_t analysis_loss(analysis_state *analysis, uint32_t connection, analysis_direction direction,
                       uint32_t number);

/*
 * The bytes of `loss` came late, in a segment that was reordered or sent again: nothing is missing
 * after all. To be called when the frames that they completed have been fed: the ids of these get
 * no verdict for coming late. From now on the loss withholds nothing. Ids that it excused and that
 * have not come are gaps, LATER, of the frames after them.
 *
 * 0, what is no loss, and a loss that was filled already are ignored; so is one that is older than
 * the last 65,536 that were reported: it stays. Amortised O(log n). 12 bytes are kept of each loss,
 * and 48 of each of the last 65,536.
 */
void analysis_loss_filled(analysis_state *analysis, uint32_t loss);

/*
 * Feeds one frame. What is returned is owned by the analysis. NULL only when memory is out: then
 * the frame has not been fed.
 */
const analysis_record *analysis_frame(analysis_state *analysis,
                                      const analysis_observation *observation);

/*
 * The verdict on a frame, with what is known from the frames fed so far. O(1); for a frame after
 * missing bytes amortised O(log n) of the losses.
 */
analysis_verdict analysis_get_verdict(const analysis_state *analysis,
                                      const analysis_record *record);

/* analysis_observation.number of the frame. */
uint32_t analysis_record_number(const analysis_record *record);

/*
 * From one PUSH of an UP to the next, NULL after the last. They are in the order in which they
 * became known: that of the capture, unless an UP was acknowledged under several msg_ids.
 */
const analysis_record *analysis_record_next_delivery(const analysis_record *push);

/*
 * Whether the frame is an UP or PUSH (its first transmission) that was never acknowledged, as far
 * as is known from the frames fed so far, with no bytes missing that could hold the answer. Meant
 * to be asked when all frames have been fed. O(1).
 */
bool analysis_is_unacked(const analysis_state *analysis, const analysis_record *record);

/* The client of a transport connection, as far as it is known so far: 0 = not known. */
typedef struct analysis_identity {
    uint64_t device_id;
    uint64_t conn_id;
} analysis_identity;

analysis_identity analysis_get_identity(const analysis_state *analysis, uint32_t connection);

/*
 * The digest of a frame's content, for analysis_observation: it compares contents, and is no
 * protection against collisions made on purpose. It depends on the machine's byte order. O(n).
 */
uint64_t analysis_digest(plato_span content);

PLATO_END

#endif
