/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the model's files share: the events, and what was concluded about each. */
#ifndef TESTS_ANALYSIS_MODEL_FACTS_H
#define TESTS_ANALYSIS_MODEL_FACTS_H

#include "model.h"

#define NOBODY SIZE_MAX
#define CONNECTIONS 16u

/* What ids are unique within: a device by its id, or a connection by its index. */
typedef struct id_scope {
    bool is_device;
    uint64_t id;
} id_scope;

/* What an ACK waits for that was captured before its request. */
typedef enum waits_for { WAITS_NOT, WAITS_UP, WAITS_PUSH, WAITS_MSGCMD_UP, WAITS_TYPE } waits_for;

typedef struct awaited {
    waits_for what;
    uint32_t type; /* WAITS_TYPE: of the request */
    id_scope scope;
    uint64_t session, id;
} awaited;

/* One event with everything that was concluded about it. */
typedef struct fact {
    const event *e;
    analysis_direction direction;
    bool msgcmd;
    id_scope scope;      /* of the ids on its connection */
    size_t first;        /* message: the first transmission, which this repeats, or itself;
                            NOBODY: a conflict */
    bool counted;        /* its id counts in a sequence */
    bool filled;         /* a loss that is no more */
    bool joined[2];      /* LOGIN, RECONN: by direction: bytes of its connection are missing, which
                            concern the scope that it joins */
    bool late;           /* LOGIN, RECONN: it may have been among them, and ids came before it */
    size_t excuse;       /* of the ids before it: the frame that skipped them, after a loss */
    awaited awaits;      /* ACK */
    bool answered_early; /* its ACK came before it */
    bool highest;        /* its id was the highest so far */
    size_t judged_at;    /* when nothing was left of that excuse; NOBODY: so far something is */
    analysis_verdict v;  /* delivered_in is kept apart */
} fact;

/* An ACK has tied a content under (session, msg_id) to an UP. */
typedef struct tie {
    uint64_t session, msg;
    size_t up;
} tie;

/* A PUSH was found to be of an UP. */
typedef struct delivered {
    size_t up, push;
} delivered;

typedef struct naming {
    uint64_t conn_id;
    uint32_t connection;
    size_t opener;
} naming;

typedef struct model {
    size_t n; /* events seen, the current one not included */
    fact *facts;
    tie *ties;
    size_t tie_count;
    delivered *deliveries; /* in the order in which they became known */
    size_t delivery_count;
    naming *names;
    size_t name_count;
    id_scope scope_now[CONNECTIONS];
    uint64_t conn_id_now[CONNECTIONS];
} model;

/* ---- model_ids.c ---- */

bool same_scope(id_scope a, id_scope b);

/* The scope of a connection without a device. */
id_scope own(uint32_t connection_index);
bool is_frame(const fact *f, uint32_t type);
bool is_ack_of(const fact *f, uint32_t type);

/* Number of an event. */
uint32_t number(size_t i);

/* A loss that is not filled. */
bool is_missing(const fact *f);

/* Whether bytes were lost, from one event to another, that concern the scope. */
bool loss_between(const model *m, size_t from, size_t to, id_scope scope,
                  analysis_direction direction);

/* The id and the session that a message or an ACK shows. */
uint64_t id_of(const fact *f);
uint64_t session_of(const fact *f);

/* The ids of both count in one sequence. */
bool same_counter(const fact *a, const fact *b);

/* An UP or PUSH. */
bool is_message(const fact *f);

/* The verdicts of an id, and of a whole message. */
void judge_place(model *m, size_t at);
void repeat_of(model *m, size_t at, size_t first);
void judge_message(model *m, size_t at);

/* A loss was filled, in the current event: holes that no other explains are the sender's. */
void judge_holes_again(model *m);

/* ---- model_transactions.c ---- */

/* An ACK answers a request; the request, and its repeats, have their answer. */
void respond(model *m, size_t ack, size_t request);
void settle(model *m, size_t request, size_t ack);

/* LOGIN, HEARTBEAT, RECONN, SYNC: what was answered, or NOBODY. */
size_t ack_of_request(model *m, size_t at);

/* What an ACK of an UP answers, in either framing. */
size_t first_up(const model *m, size_t ack, id_scope scope);
size_t msgcmd_up(const model *m, size_t ack);

/* The ACK found no request. */
void wait_for(model *m, size_t ack, awaited wanted);

/* The latest ACK that waits for this, if it came at most `within_ms` ago, answers the request. */
size_t answered_early(model *m, size_t request, awaited by, int64_t within_ms);

/* LOGIN, HEARTBEAT, RECONN, SYNC: by what it was answered before it came, or NOBODY. */
size_t request_answered_early(model *m, size_t at);

/* What an ACK without ids answers. */
size_t latest_push(const model *m, size_t ack);

/* An ACK of PUSHes by msg_id. */
void ack_pushes(model *m, size_t at);

/* Which ACK this is. */
bool is_push_ack(const fact *f);
bool acks_latest(const fact *f);

/* An ACK had covered this PUSH before it came. */
bool covered_before(const model *m, size_t at);

#endif
