/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which peers may connect, and how fast they may send. Takes addresses and times, answers yes or
 * no; knows neither sockets nor protocols, so that every server here can ask it the same questions:
 *
 *     admission_enter()    a peer has connected: may it stay?
 *     admission_prove()    it has shown who it is (a login), if that is asked for
 *     admission_pace()     it wants something done: is it too fast?
 *     admission_leave()    it is gone, or on its way out
 *
 * An address is what one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 address,
 * as whoever has one /64 has 2^64 addresses. The table of addresses is bounded: it holds those
 * with guests, and max_idle_addresses of those that were here a moment ago and whose bucket is not
 * full again; beyond that the one that left first is forgotten. It is a balanced tree, so no
 * choice of addresses makes a look-up slow.
 *
 * Times are milliseconds of a clock that never goes back.
 */
#ifndef PLATO_SERVER_ADMISSION_H
#define PLATO_SERVER_ADMISSION_H

#include "admission/bucket.h"

struct admission;
struct guest;
struct sockaddr;

typedef struct admission_config {
    unsigned max_guests;               /* in all; default 1,024 */
    unsigned max_per_address;          /* default 256 */
    unsigned max_unproven;             /* before admission_prove(); default 256 */
    unsigned max_unproven_per_address; /* default 128: nobody can shut the others out alone */
    unsigned max_idle_addresses;       /* default 16,384 */
    bucket_rate guest_rate;            /* default 1,000 a second, 2,000 at once */
    bucket_rate address_rate;          /* default 10,000 a second, 20,000 at once */
    bucket_rate patience; /* refusals until it is enough; default 1 a second, 64 at once */
} admission_config;

typedef enum admission_answer {
    ADMISSION_YES,
    ADMISSION_FULL,          /* max_guests */
    ADMISSION_ADDRESS_FULL,  /* max_per_address */
    ADMISSION_UNPROVEN_FULL, /* max_unproven */
    ADMISSION_ANSWERS        /* how many answers there are */
} admission_answer;

typedef enum admission_verdict {
    ADMISSION_GO_ON,
    ADMISSION_TOO_FAST, /* refuse this one */
    ADMISSION_ENOUGH,   /* refuse it, and end the connection: it has been refused often enough */
} admission_verdict;

typedef struct admission_stats {
    unsigned guests;
    unsigned unproven;
    unsigned addresses; /* in the table */
    uint64_t refused[ADMISSION_ANSWERS];
    uint64_t too_fast; /* verdicts other than ADMISSION_GO_ON */
} admission_stats;

void admission_config_init(admission_config *config);

/* `config` is copied. */
struct admission *admission_new(const admission_config *config);

/* NULL is allowed. All guests must have left. */
void admission_free(struct admission *admission);

/* A text for people, constant: why the answer is no. */
const char *admission_answer_text(admission_answer answer);

/* "max_guests" and so on, constant: the limit that said no, as a word for metrics. */
const char *admission_answer_name(admission_answer answer);

/*
 * A peer from `address` (AF_INET or AF_INET6; others share one place) wants to stay. With
 * ADMISSION_YES `*guest` is its name, until admission_leave(); else it is NULL.
 */
admission_answer admission_enter(struct admission *admission, const struct sockaddr *address,
                                 uint64_t now_ms, struct guest **guest);

/* It no longer counts as unproven. A second call changes nothing. */
void admission_prove(struct admission *admission, struct guest *guest);

/* One request of the guest: takes it out of the guest's bucket and of its address's. */
admission_verdict admission_pace(struct admission *admission, struct guest *guest, uint64_t now_ms);

/* Frees the guest's places, and the guest. */
void admission_leave(struct admission *admission, struct guest *guest, uint64_t now_ms);

admission_stats admission_get_stats(const struct admission *admission);

#endif
