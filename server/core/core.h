/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The session core of the Plato server (docs/protocol.md, "Delivery").
 *
 * Events go in, each with the time; actions come out. The core has no socket, no clock, no thread
 * and no event loop: the server drives it with libevent, a test with an array of bytes.
 *
 *     conn_key key = core_connected(core, now_ms);
 *     core_received(core, now_ms, key, bytes, n);
 *     while (core_take_action(core, &action))
 *         carry_out(&action);
 *
 * With a store (core_config.reader), what has changed comes out as CORE_COMMIT, and everything sent
 * that would betray the change waits for core_committed(). Without one, nothing waits.
 *
 * Times are milliseconds of a clock that never goes back. After each event the driver takes all
 * actions, and it calls core_tick() when core_deadline() has come.
 */
#ifndef PLATO_SERVER_CORE_H
#define PLATO_SERVER_CORE_H

#include "core/records.h"
#include "plato/frame.h"
#include "plato/head.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct core;

/* The core's name for a connection, for as long as the driver has it. Never 0, never reused. */
typedef uint64_t conn_key;

/* What the driver says of one frame; see core_hooks. */
typedef enum core_pace {
    CORE_PACE_GO_ON,
    CORE_PACE_TOO_FAST, /* it is answered with RATE_LIMITED */
    CORE_PACE_ENOUGH,   /* and the connection is closed */
} core_pace;

/*
 * What the core asks of and reports to its driver while it handles an event; each may be NULL, and
 * must not call the core.
 */
typedef struct core_hooks {
    void *user;
    /* May this device log in with this token (borrowed, may be empty)? NULL: everybody may. */
    bool (*may_log_in)(void *user, uint64_t device_id, const uint8_t *token, size_t n);
    /* The connection has logged in, by LOGIN or RECONN. */
    void (*logged_in)(void *user, conn_key key);
    /* A frame has come; ACKs of a connection that has logged in are not asked about. */
    core_pace (*pace)(void *user, conn_key key, uint64_t now_ms);
    /* A conn_id that nobody can guess; NULL: they count up from first_conn_id. */
    uint64_t (*make_conn_id)(void *user);
} core_hooks;

/* Limits and times. core_config_init() sets the defaults. */
typedef struct core_config {
    plato_limits limits;             /* of a frame; bytes; defaults of the protocol */
    uint32_t max_login_len;          /* bytes of a frame before the login; default 65,536 */
    unsigned max_connections;        /* default 1,024 */
    unsigned max_closing;            /* connections that wait for their end; default 1,024 */
    unsigned max_devices;            /* devices with state, connected or not; default 65,536 */
    unsigned max_sessions;           /* chat sessions; default 65,536 */
    unsigned max_sessions_per_login; /* default 256 */
    unsigned max_memberships;        /* of devices in chat sessions; default 262,144 */
    unsigned dedup_window;           /* msg_ids remembered per device and session; default 256 */
    size_t max_output;               /* bytes that wait for one reader; default 4 MiB */
    size_t max_input;                /* bytes of unfinished frames of all peers; 256 MiB */
    size_t log_bytes;                /* PUSH frames kept for all sessions; default 64 MiB */
    unsigned log_messages;           /* and of one session; default 1,024 */
    uint32_t login_timeout_ms;       /* from connecting to being logged in; default 10,000 */
    uint32_t frame_timeout_ms;       /* from a frame's first byte to its last; default 40,000 */
    uint32_t idle_timeout_ms;        /* silence after the login; default 90,000 */
    uint32_t linger_ms;              /* to flush what a closing connection waits for; 5,000 */
    uint32_t state_ttl_ms;           /* a device's state without a connection; default 600,000 */
    uint64_t first_conn_id;          /* others count up from it; never 0; default 1 */
    unsigned up_window;              /* UPs of a connection that wait to be committed; when there
                                        are more it is no longer read from; default 64 */
    unsigned push_window;            /* PUSHes not acknowledged, per membership; default 64 */
    uint32_t resend_first_ms;        /* until a PUSH is sent again: then twice that ... */
    uint32_t resend_most_ms;         /* ... up to this; default 1,000 and 30,000 */
    unsigned commit_messages;        /* a batch is handed out with this many messages ... */
    uint32_t commit_wait_ms;         /* ... or this long after its first; default 256 and 2 */
    uint32_t lazy_commit_ms;         /* until what nobody waits for is committed; 1,000 */
    size_t max_uncommitted;          /* bytes of messages that wait for the store; 64 MiB */
    const core_reader *reader;       /* the store; NULL: nothing is durable. Borrowed */
    uint64_t hash_seed[2];           /* secret that peers' ids are hashed with: random numbers;
                                        default 0, for tests */
    core_hooks hooks;                /* default: none */
} core_config;

typedef enum core_log_level {
    CORE_LOG_ERROR,
    CORE_LOG_WARNING,
    CORE_LOG_INFO,
    CORE_LOG_DEBUG,
} core_log_level;

typedef enum core_action_kind {
    CORE_SEND,        /* write `bytes` on `conn`, after what was sent before */
    CORE_CLOSE_FLUSH, /* end `conn` once everything sent is written; read on and throw away */
    CORE_CLOSE_NOW,   /* end `conn`; what is not written is lost */
    CORE_LOG,         /* report `text` to the operator */
    CORE_COMMIT,      /* make `batch` durable, then call core_committed(); if that fails, stop */
    CORE_PAUSE,       /* do not read from `conn` for now: too much waits to be committed */
    CORE_RESUME,      /* read from `conn` again */
    CORE_FAIL,        /* stop: the store cannot be read, as `text` says */
} core_action_kind;

/* What the driver has to do. `bytes` and `text` are the taker's, see core_action_clear(). */
typedef struct core_action {
    core_action_kind kind;
    core_log_level level; /* CORE_LOG */
    conn_key conn;        /* CORE_SEND, CORE_CLOSE_*; 0 for a log line about no connection */
    GBytes *bytes;        /* CORE_SEND: one frame, shared by all who receive the same PUSH */
    char *text;           /* CORE_LOG, CORE_FAIL: one line, no newline */
    records *batch;       /* CORE_COMMIT */
} core_action;

/* Why a connection ended. */
typedef enum core_close_reason {
    CORE_CLOSED_BY_PEER,     /* it ended its direction */
    CORE_CLOSED_LOST,        /* it broke off */
    CORE_CLOSED_REFUSED,     /* a frame that ends a connection */
    CORE_CLOSED_TURNED_AWAY, /* not let in */
    CORE_CLOSED_RATE,        /* went on sending too fast */
    CORE_CLOSED_SLOW_READER, /* more than max_output waits */
    CORE_CLOSED_NO_LOGIN,    /* login_timeout_ms */
    CORE_CLOSED_FRAME_TIME,  /* frame_timeout_ms */
    CORE_CLOSED_IDLE,        /* idle_timeout_ms */
    CORE_CLOSED_REPLACED,    /* its device has a newer connection */
    CORE_CLOSED_SHUTDOWN,    /* core_stop() */
    CORE_CLOSE_REASONS
} core_close_reason;

/* "idle" and so on, constant: a word for metrics. */
const char *core_close_reason_name(core_close_reason reason);

/* The message types that are counted: those of the protocol, and all others together. */
#define CORE_COUNTED_TYPES (PLATO_SYNC + 2)

/* Figures of the moment, and counts since the start. */
typedef struct core_stats {
    unsigned connections; /* without those that are closing */
    unsigned closing;
    unsigned devices;
    unsigned sessions; /* that have members */
    unsigned memberships;
    size_t log_bytes;
    size_t input_bytes;       /* of unfinished frames */
    uint64_t accepted;        /* UPs that got a new msg_id */
    uint64_t repeated;        /* UPs acknowledged again */
    uint64_t pushed;          /* PUSH frames sent, repeats included */
    uint64_t resent;          /* of these, on the same connection as before */
    uint64_t commits;         /* batches handed out */
    size_t uncommitted_bytes; /* of messages that are not in the store yet */
    bool uncommitted;         /* somebody waits for a commit; after core_stop(): something does */
    uint64_t refused;         /* ACKs with a code other than OK */
    uint64_t refused_with[PLATO_ACK_INTERNAL + 1]; /* the same, by code */
    uint64_t frames_received[CORE_COUNTED_TYPES];  /* whole and undamaged, by type */
    uint64_t frames_sent[CORE_COUNTED_TYPES];      /* given to the driver, by type */
    uint64_t closed[CORE_CLOSE_REASONS];           /* connections, when they begin to close */
    size_t output_bytes;                           /* given to the driver and not drained */
} core_stats;

void core_config_init(core_config *config);

/* NULL, or the first thing that is wrong with the configuration, as a constant text for people. */
const char *core_config_check(const core_config *config);

/* A core without connections. `config` is copied and must pass core_config_check(). */
struct core *core_new(const core_config *config);

/* NULL is allowed. Actions that were not taken are dropped. */
void core_free(struct core *core);

/*
 * Takes over what the store has kept, before anything else happens; every device counts as away
 * from now on. NULL, or what is wrong with it, as a constant text for people; the core is then
 * only good for core_free().
 */
const char *core_restore(struct core *core, uint64_t now_ms, const records *kept);

/* The batch is durable. Batches are committed in the order in which they came out. */
void core_committed(struct core *core, uint64_t now_ms, uint64_t batch_no);

/*
 * A peer has connected. Over max_connections it gets OVERLOADED and is closed; over max_closing it
 * is closed at once.
 */
conn_key core_connected(struct core *core, uint64_t now_ms);

/*
 * A peer has connected that the driver will not have: it gets OVERLOADED with `why`, and is closed.
 */
conn_key core_turned_away(struct core *core, uint64_t now_ms, const char *why);

/* `n` bytes have come. Borrowed for the call only. */
void core_received(struct core *core, uint64_t now_ms, conn_key key, const uint8_t *p, size_t n);

/* `n` bytes of what CORE_SEND asked for have left for the peer. */
void core_drained(struct core *core, uint64_t now_ms, conn_key key, size_t n);

/* The peer will send no more; it may still read. */
void core_ended(struct core *core, uint64_t now_ms, conn_key key);

/* The connection is gone, whoever ended it. The key is invalid afterwards. */
void core_disconnected(struct core *core, uint64_t now_ms, conn_key key);

/* Does what is due at `now_ms`. */
void core_tick(struct core *core, uint64_t now_ms);

/* When core_tick() is to be called; UINT64_MAX when nothing is due ever. May be early. */
uint64_t core_deadline(const struct core *core);

/* Ends all connections, flushed, within a second; new ones are refused. */
void core_stop(struct core *core, uint64_t now_ms);

/* Takes the oldest action; false if there is none. */
bool core_take_action(struct core *core, core_action *action);

/* Releases what the action holds. */
void core_action_clear(core_action *action);

core_stats core_get_stats(const struct core *core);

#endif
