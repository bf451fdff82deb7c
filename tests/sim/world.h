/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A simulated environment that follows from a seed: its clock, the order of events, and the wires
 * between clients and the server. Nothing in it is real but the core and the store.
 */
#ifndef PLATO_TEST_SIM_WORLD_H
#define PLATO_TEST_SIM_WORLD_H

#include "core/core.h"
#include "unit/random.h"

struct server;

/* Who holds the client's end of a wire. */
typedef struct holder {
    void (*received)(void *user, GBytes *bytes);
    void (*cut_off)(void *user);
} holder;

/* What was said, as nobody but the test knows; ledger.c. */
typedef struct ledger {
    GHashTable *chats;    /* session_id -> GPtrArray of texts by msg_id */
    GHashTable *msg_ids;  /* text -> msg_id */
    GHashTable *conn_ids; /* every one that was given out */
} ledger;

/* A TCP connection: two directions, each with its order and its own pace. */
struct wire {
    struct world *world;
    const holder *holder;    /* NULL once it has let go */
    void *user;              /* the holder's */
    conn_key key;            /* of the server's end; 0 once that is gone */
    unsigned life;           /* of the server */
    bool paused;             /* the server does not read */
    GQueue waiting;          /* GBytes for the server, meanwhile */
    uint64_t up_ms, down_ms; /* when the last piece arrives */
};

typedef struct world {
    uint64_t seed;
    rng random;
    uint64_t now_ms;
    unsigned cut_at;
    uint64_t quiet_ms; /* from then on nothing goes wrong any more */
    bool verbose;
    GSequence *events;
    uint64_t event_no;
    struct server *server;
    GPtrArray *clients;
    GPtrArray *guests;
    GPtrArray *wires;
    ledger ledger;
    char *failure; /* the first thing that must not be; NULL so far */
    unsigned from_guests, crashes, cuts, faults, reconnects, resent;
} world;

typedef void (*event_fn)(world *w, void *what, uint64_t number, GBytes *bytes);

/*
 * With `cut_at`, the only mishap that befalls the disk is that it is cut off at that write or sync,
 * counted from 1; with 0 it is what the seed says.
 */
world *world_new(uint64_t seed, unsigned cut_at, bool verbose);
void world_free(world *w);

/* Runs it once; NULL, or what was wrong, which `w` owns. */
const char *world_run(world *w);

/* Does something at a later time; `bytes` are taken over, NULL is allowed. */
void world_at(world *w, uint64_t at_ms, event_fn fn, void *what, uint64_t number, GBytes *bytes);

void world_fail(world *w, const char *format, ...) G_GNUC_PRINTF(2, 3);
void world_say(const world *w, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* True in `percent` of 100 cases, and never when it is quiet. */
bool world_mishap(world *w, unsigned percent);
uint64_t world_below(world *w, uint64_t n);

/* wires; wire_new() is NULL when nobody listens. */
struct wire *wire_new(world *w, const holder *end, void *user);
void wire_to_server(struct wire *wire, GBytes *bytes);
void wire_to_client(struct wire *wire, GBytes *bytes);
void wire_pause(struct wire *wire, bool pause);
void wire_drop(struct wire *wire); /* the client's end, or chance: both ends, or one, get notice */
void wire_end(struct wire *wire);  /* the server closes it, after what it has sent */
void wire_server_gone(struct wire *wire); /* what is under way may still arrive */

/* The text became message msg_id: it must be the only one, and the only time. */
void ledger_message(world *w, uint64_t session_id, uint64_t msg_id, const char *text);
void ledger_conn_id(world *w, uint64_t conn_id);
uint64_t ledger_last(const world *w, uint64_t session_id);

#endif
