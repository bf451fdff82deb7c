/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judging traffic: frames in the order of time go in, a verdict per frame comes out. No I/O, no
 * epan, no clock. docs/analysis.md says what each verdict means.
 *
 *     plato_analysis *a = plato_analysis_new(&config, NULL);
 *     for each frame, in the order in which its last byte was captured:
 *         const plato_verdict *v = plato_analysis_frame(a, &frame);      keep v with the frame
 *     at any later time:
 *         look at *v again: what only later frames could tell has been filled in
 *     plato_analysis_free(a);                                            all verdicts are gone
 *
 * What must not be fed: frames with a bad CRC or a malformed head, and what TCP sent again.
 *
 * Cost: O(log n) for each frame, whatever its ids (an ACK that answers many PUSHes or repeats pays
 * for each of them, once). Memory: a verdict and 48 bytes for each frame; for each counter the last
 * PLATO_ANALYSIS_WINDOW ids, up to 65,536 older requests that wait for an answer, and up to 1,024
 * holes; for each session its last PLATO_ANALYSIS_WINDOW messages. What is answered is released.
 *
 * One analysis belongs to one thread at a time. GLib ends the program when its memory is out.
 */
#ifndef PLATO_ANALYSIS_H
#define PLATO_ANALYSIS_H

#include <plato/plato.h>

PLATO_BEGIN

/* Repeats and conflicts are recognised over at least so many ids of a counter. */
#define PLATO_ANALYSIS_WINDOW 1024u

typedef struct plato_analysis plato_analysis;

typedef enum plato_direction {
    PLATO_UPSTREAM = 0,   /* client to server */
    PLATO_DOWNSTREAM = 1, /* server to client */
} plato_direction;

typedef struct plato_analysis_config {
    int64_t slow_response_ns;      /* a response that takes longer is slow; default 1 s; 0: none */
    int64_t heartbeat_interval_ns; /* default 30 s; late is more than 1.5 times that; 0: none */
} plato_analysis_config;

#define PLATO_ANALYSIS_CONFIG_DEFAULT                                                              \
    {                                                                                              \
        1000000000, 30000000000                                                                    \
    }

/* One frame as it is fed. */
typedef struct plato_observation {
    uint32_t number;           /* the caller's name for where the frame stands (a packet number);
                                  never 0, never falling from call to call, the same for frames that
                                  end in one packet. Verdicts refer to frames by it */
    uint32_t connection;       /* the caller's index of the transport connection */
    plato_direction direction; /* counts where the type does not tell who sent the frame: ACKs of
                                  the variant, and unknown types */
    plato_framing framing;
    int64_t time_ns;         /* since any fixed moment */
    const plato_head *head;  /* borrowed for the call */
    uint64_t content_digest; /* of the body's bytes; equal digest and length = equal content */
    uint64_t content_len;    /* bytes of the body */
} plato_observation;

/* What was found, as bits of plato_verdict.flags. */
typedef enum plato_verdict_flag {
    PLATO_VERDICT_GAP = 1 << 0,            /* ids gap_first..gap_last were skipped by the sender */
    PLATO_VERDICT_CAPTURE_GAP = 1 << 1,    /* bytes in front of this frame are not in the capture */
    PLATO_VERDICT_DUPLICATE = 1 << 2,      /* same id, same content as frame duplicate_of */
    PLATO_VERDICT_CONFLICT = 1 << 3,       /* same id, other content */
    PLATO_VERDICT_OUT_OF_ORDER = 1 << 4,   /* below the highest id seen, and not seen before */
    PLATO_VERDICT_GAP_FILLED = 1 << 5,     /* closes part of the hole reported in frame gap_in */
    PLATO_VERDICT_SLOW_RESPONSE = 1 << 6,  /* response_time_ns over the configured limit */
    PLATO_VERDICT_HEARTBEAT_LATE = 1 << 7, /* a HEARTBEAT that comes late */
    PLATO_VERDICT_HAS_RESPONSE_TIME = 1 << 8, /* response_to and response_time_ns are set */
    PLATO_VERDICT_HAS_DELIVERY_TIME = 1 << 9, /* delivery_of and delivery_time_ns are set; LATER
                                                 where the PUSH came before the ACK */
} plato_verdict_flag;

/*
 * One PUSH of an UP. The list is in the order in which its members became known: that of the
 * capture, unless an UP was acknowledged under several msg_ids.
 */
typedef struct plato_delivery {
    struct plato_delivery *next;
    uint32_t number; /* frame of the PUSH */
} plato_delivery;

/*
 * The verdict on one frame. Frame numbers are plato_observation.number, 0 = none. Members marked
 * LATER may be filled in by later frames; all others are final when plato_analysis_frame() returns.
 * What was filled in once does not change any more.
 */
typedef struct plato_verdict {
    uint32_t flags; /* plato_verdict_flag */
    uint32_t duplicate_of;
    uint32_t gap_in;
    uint32_t response_to;
    uint32_t response_in; /* LATER; in a repeat, where its first sending was answered, which may be
                             an earlier frame */
    uint32_t delivery_of; /* LATER, where the PUSH precedes the ACK that explains it */
    uint32_t prev_conn;   /* RECONN: the frame that opened the connection being resumed */
    uint32_t next_conn;   /* LATER: the first RECONN that resumed the connection which this frame
                             opened */
    uint64_t gap_first;   /* with PLATO_VERDICT_GAP; both ends belong to the hole */
    uint64_t gap_last;
    int64_t response_time_ns;
    int64_t delivery_time_ns;     /* LATER, with delivery_of */
    plato_delivery *delivered_in; /* LATER: UP: every PUSH of it */
} plato_verdict;

/*
 * `config` NULL means the defaults. `allocator` is used for verdicts and deliveries only (NULL:
 * malloc); they live until plato_analysis_free().
 */
plato_analysis *plato_analysis_new(const plato_analysis_config *config,
                                   const plato_allocator *allocator);

/*
 * Frees the analysis; verdicts and deliveries are released through the allocator. NULL is allowed.
 */
void plato_analysis_free(plato_analysis *analysis);

/*
 * Says that bytes of `connection` in `direction` are missing from the capture between the last
 * frame that was fed and whatever comes next. `number` is where that was noticed.
 */
void plato_analysis_loss(plato_analysis *analysis, uint32_t connection, plato_direction direction,
                         uint32_t number);

/*
 * Feeds one frame. The verdict is owned by the analysis. NULL only when memory is out: then the
 * frame has not been fed.
 */
const plato_verdict *plato_analysis_frame(plato_analysis *analysis,
                                          const plato_observation *observation);

/*
 * Whether `verdict` is of an UP or PUSH (its first sending) that was never acknowledged, as far as
 * the frames fed so far can tell, with no bytes missing that could hold the answer. Meant to be
 * asked when all frames have been fed. O(1).
 */
bool plato_analysis_unacked(const plato_analysis *analysis, const plato_verdict *verdict);

/*
 * What is known of the device and the Plato connection behind a transport connection: 0 = not
 * (yet) known. For rows and tables.
 */
uint64_t plato_analysis_device(const plato_analysis *analysis, uint32_t connection);
uint64_t plato_analysis_conn_id(const plato_analysis *analysis, uint32_t connection);

PLATO_END

#endif
