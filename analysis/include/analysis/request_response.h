/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and replies of the latency and command protocols (docs/commands.md): which belong
 * together, and what breaks the rules. Messages of one conversation are fed in the order of time;
 * what is found is written into them.
 *
 * No memory of its own: the messages are the caller's, and must live as long as the conversation.
 */
#ifndef ANALYSIS_REQUEST_RESPONSE_H
#define ANALYSIS_REQUEST_RESPONSE_H

#include <plato/export.h>

#include <stdbool.h>
#include <stdint.h>

PLATO_BEGIN

#define ANALYSIS_LATENCY_TIMEOUT_NS 4000000000      /* a probe without a reply has timed out */
#define ANALYSIS_LATENCY_MIN_INTERVAL_NS 1000000000 /* from a reply to the next probe */
#define ANALYSIS_LATENCY_MAX_IDLE_NS 360000000000   /* between probes of a connection */

/* Most requests that wait for a reply; beyond that the oldest are dropped. */
#define ANALYSIS_RR_OPEN_MAX 65536u
#define ANALYSIS_RR_SEARCHED_MAX 64u /* where order does not decide it */

/* What was found, as bits of analysis_rr_message.flags. */
typedef enum analysis_rr_flag {
    ANALYSIS_RR_IN_FLIGHT = 1 << 0,     /* request: an earlier one was still waiting */
    ANALYSIS_RR_TOO_SOON = 1 << 1,      /* request: too soon after the last request or reply */
    ANALYSIS_RR_MISMATCH = 1 << 2,      /* reply: not what its request asks for */
    ANALYSIS_RR_LATE = 1 << 3,          /* reply: its request had timed out */
    ANALYSIS_RR_UNSOLICITED = 1 << 4,   /* reply: no request was waiting */
    ANALYSIS_RR_IDLE_TOO_LONG = 1 << 5, /* request: too long after the last request */
} analysis_rr_flag;

/* One message. The caller sets the first part and leaves the rest zero. */
typedef struct analysis_rr_message {
    uint32_t number; /* the caller's name for where it stands (a packet number) */
    int64_t time_ns; /* since any fixed moment */
    uint64_t kind;   /* a reply has its request's, */
    uint64_t content;
    bool is_echo;       /* request: its reply has the same content as well */
    bool is_error;      /* reply: an error reply answers any kind */
    bool on_connection; /* request: over a connection, which NAT forgets when it is idle */

    unsigned flags;
    struct analysis_rr_message *peer; /* its reply or request; NULL: none so far */
    struct analysis_rr_message *next; /* the next request that waits */
} analysis_rr_message;

typedef struct analysis_rr_rules {
    int64_t timeout_ns;      /* a request without a reply has timed out; 0: never */
    int64_t min_interval_ns; /* between requests, and from a reply to a request; 0: none */
    bool one_at_a_time;      /* a second request while one waits is ANALYSIS_RR_IN_FLIGHT */
    bool by_content;         /* replies may come in any order: the content says which they answer */
    int64_t max_idle_ns;     /* longest time between two requests on a connection; 0: any */
} analysis_rr_rules;

/* One conversation; all zero at its start. */
typedef struct analysis_rr_conversation {
    analysis_rr_message *oldest; /* those that wait */
    analysis_rr_message *newest;
    uint32_t open;
    bool any_request;
    bool any_reply;
    int64_t request_ns;   /* of the latest */
    bool request_missing; /* set by the caller: one may have come since that was not seen */
    int64_t reply_ns;
    bool incomplete; /* set by the caller: messages may be missing, so replies may skip requests */
} analysis_rr_conversation;

/* O(1); with by_content, or if incomplete, a reply costs up to ANALYSIS_RR_SEARCHED_MAX
 * comparisons. */
void analysis_rr_request(analysis_rr_conversation *x, const analysis_rr_rules *rules,
                         analysis_rr_message *request);
void analysis_rr_reply(analysis_rr_conversation *x, const analysis_rr_rules *rules,
                       analysis_rr_message *reply);

/* From request to reply, in ns, of a reply with a peer. */
int64_t analysis_rr_time_ns(const analysis_rr_message *reply);

/*
 * Whether a request got no reply in time. `known_until_ns` is the time of the latest packet: a
 * request that is younger than the limit may still be answered.
 */
bool analysis_rr_is_unanswered(const analysis_rr_message *request, const analysis_rr_rules *rules,
                               int64_t known_until_ns);

PLATO_END

#endif
