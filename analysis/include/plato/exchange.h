/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Requests and replies of the latency and command protocols (docs/commands.md): which belong
 * together, and what breaks the rules. Messages of one conversation are fed in the order of time;
 * what is found is written into them.
 *
 * No memory of its own: the messages are the caller's, and must live as long as the conversation.
 */
#ifndef PLATO_EXCHANGE_H
#define PLATO_EXCHANGE_H

#include <plato/export.h>

#include <stdbool.h>
#include <stdint.h>

PLATO_BEGIN

#define PLATO_LATENCY_GIVE_UP_NS 4000000000   /* a probe without a reply has timed out */
#define PLATO_LATENCY_PAUSE_NS 1000000000     /* from a reply to the next probe */
#define PLATO_LATENCY_SILENCE_NS 360000000000 /* between probes of a connection */

/* Most requests that wait for a reply; beyond that the oldest are dropped. */
#define PLATO_EXCHANGES_OPEN_MAX 65536u
#define PLATO_EXCHANGES_SEARCHED_MAX 64u /* where order does not decide it */

/* What was found, as bits of plato_exchange.flags. */
typedef enum plato_exchange_flag {
    PLATO_EXCHANGE_IN_FLIGHT = 1 << 0, /* request: an earlier one was still waiting */
    PLATO_EXCHANGE_TOO_SOON = 1 << 1,  /* request: too soon after the last request or reply */
    PLATO_EXCHANGE_DIFFERS = 1 << 2,   /* reply: not what its request asks for */
    PLATO_EXCHANGE_LATE = 1 << 3,      /* reply: its request had timed out */
    PLATO_EXCHANGE_UNASKED = 1 << 4,   /* reply: no request was waiting */
    PLATO_EXCHANGE_SILENT = 1 << 5,    /* request: too long after the last request */
} plato_exchange_flag;

/* One message. The caller sets the first part and leaves the rest zero. */
typedef struct plato_exchange {
    uint32_t number; /* the caller's name for where it stands (a packet number) */
    int64_t time_ns; /* since any fixed moment */
    uint64_t kind;   /* a reply has its request's, */
    uint64_t content;
    bool is_echo;       /* request: its reply has the same content as well */
    bool is_error;      /* reply: an error reply answers any kind */
    bool on_connection; /* request: over a connection, which NAT forgets when it is idle */

    unsigned flags;
    struct plato_exchange *peer; /* its reply or request; NULL: none so far */
    struct plato_exchange *next; /* the next request that waits */
} plato_exchange;

typedef struct plato_exchange_rules {
    int64_t give_up_ns; /* a request without a reply has timed out; 0: never */
    int64_t pause_ns;   /* between requests, and from a reply to a request; 0: none */
    bool one_at_a_time; /* a second request while one waits is PLATO_EXCHANGE_IN_FLIGHT */
    bool by_content;    /* replies may come in any order: the content says which they answer */
    int64_t silence_ns; /* longest time between two requests on a connection; 0: any */
} plato_exchange_rules;

/* One conversation; all zero at its start. */
typedef struct plato_exchanges {
    plato_exchange *oldest; /* those that wait */
    plato_exchange *newest;
    uint32_t open;
    bool any_request;
    bool any_reply;
    int64_t request_ns;   /* of the latest */
    bool request_missing; /* set by the caller: one may have come since that was not seen */
    int64_t reply_ns;
    bool incomplete; /* set by the caller: messages may be missing, so replies may skip requests */
} plato_exchanges;

/* O(1); with by_content, or if incomplete, a reply costs up to PLATO_EXCHANGES_SEARCHED_MAX
 * comparisons. */
void plato_exchanges_request(plato_exchanges *x, const plato_exchange_rules *rules,
                             plato_exchange *request);
void plato_exchanges_reply(plato_exchanges *x, const plato_exchange_rules *rules,
                           plato_exchange *reply);

/* From request to reply, in ns, of a reply with a peer. */
int64_t plato_exchange_time_ns(const plato_exchange *reply);

/*
 * Whether a request got no reply in time. `known_until_ns` is the time of the latest packet: a
 * request that is younger than the limit may still be answered.
 */
bool plato_exchange_is_unanswered(const plato_exchange *request, const plato_exchange_rules *rules,
                                  int64_t known_until_ns);

PLATO_END

#endif
