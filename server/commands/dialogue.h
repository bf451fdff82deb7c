/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection of the latency, text command or binary command protocol, without its socket: bytes
 * and times in, bytes and "close" out. What it makes sure of:
 *
 *     wrong format      one error reply, then the end
 *     no such command   an error reply, and on
 *     too fast          an error reply for each; the end when patience runs out (admission.h)
 *     silence           the end after `idle_ms`; also `command_ms` after the first byte of a
 *                       command that is not whole by then
 *
 * No more than `max_output` bytes and one reply are made for a peer that does not read; until it
 * does, what it has sent waits, and dialogue_is_full() asks for no more of it.
 *
 * Times are milliseconds of a clock that never goes back.
 */
#ifndef PLATO_SERVER_DIALOGUE_H
#define PLATO_SERVER_DIALOGUE_H

#include "admission/admission.h"
#include "commands/syntax.h"

typedef enum dialogue_end {
    DIALOGUE_PEER,        /* it has ended its direction */
    DIALOGUE_LOST,        /* the connection broke off */
    DIALOGUE_DONE,        /* the one reply of a short connection */
    DIALOGUE_FORMAT,      /* wrong format */
    DIALOGUE_RATE,        /* too fast for too long */
    DIALOGUE_IDLE,        /* silence */
    DIALOGUE_SLOW,        /* a command took too long to come */
    DIALOGUE_TURNED_AWAY, /* by a limit of connections */
    DIALOGUE_SHUTDOWN,    /* the server stops */
    DIALOGUE_ENDS         /* how many there are */
} dialogue_end;

/* Codes of error replies, in the order of plato_command_code. */
#define DIALOGUE_CODES 5

/* What all dialogues of a protocol have counted. */
typedef struct dialogue_stats {
    uint64_t answered; /* commands that got a reply other than an error */
    uint64_t errors[DIALOGUE_CODES];
    uint64_t ended[DIALOGUE_ENDS];
} dialogue_stats;

typedef struct dialogue_config {
    const command_syntax *syntax;
    bool one_reply;      /* short connections: the end after the first reply */
    uint32_t idle_ms;    /* default 420,000 */
    uint32_t command_ms; /* default 40,000 */
    uint32_t closing_ms; /* how long the peer has to end its own direction; default 5,000 */
    size_t max_output;   /* bytes; default 65,536 */
    answer_source source;
    dialogue_stats *stats;
} dialogue_config;

struct dialogue;

/* The defaults; the caller sets `syntax`, `source` and `stats`. */
void dialogue_config_init(dialogue_config *config);

/* For metrics: the code of row `i` of `errors`, and the word for a row of `ended`. */
uint32_t dialogue_code(unsigned i);
const char *dialogue_end_name(dialogue_end end);

/*
 * `config` must outlive it. Takes the guest over, who leaves when the end begins; without one
 * (NULL) nothing is limited.
 */
struct dialogue *dialogue_new(const dialogue_config *config, struct admission *admission,
                              struct guest *guest, uint64_t now_ms);

/* NULL is allowed. Counts as lost if it has not ended. */
void dialogue_free(struct dialogue *d, uint64_t now_ms);

/* The peer may not stay: says so where the protocol can, and ends. */
void dialogue_turn_away(struct dialogue *d, uint64_t now_ms, const char *why);

/* Bytes came; borrowed for the call. */
void dialogue_received(struct dialogue *d, uint64_t now_ms, const uint8_t *p, size_t n);

/* `n` bytes of its output have been sent. */
void dialogue_drained(struct dialogue *d, uint64_t now_ms, size_t n);

/* The peer will send no more. */
void dialogue_peer_ended(struct dialogue *d, uint64_t now_ms);

/* Ends it; `closing_ms` is as much as the peer then has. */
void dialogue_stop(struct dialogue *d, uint64_t now_ms, uint32_t closing_ms);

/* To be called at dialogue_deadline(); at other times it does nothing. */
void dialogue_tick(struct dialogue *d, uint64_t now_ms);
uint64_t dialogue_deadline(const struct dialogue *d);

/* What is to be sent, the caller's; NULL if there is nothing. */
GBytes *dialogue_take_output(struct dialogue *d);

/* True: nothing more is to be read from the peer. */
bool dialogue_is_full(const struct dialogue *d);

/* True: write what is there, end our direction, and wait for the peer to end its own. */
bool dialogue_is_closing(const struct dialogue *d);

/* True: it has not ended its own in time; drop the connection. */
bool dialogue_is_over(const struct dialogue *d);

#endif
