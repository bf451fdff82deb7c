/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How long to wait before the next attempt: 1, 2, 4 ... 30 times the first wait. */
#ifndef PLATO_CLIENT_BACKOFF_H
#define PLATO_CLIENT_BACKOFF_H

typedef struct backoff {
    unsigned first_ms;
    unsigned wait_ms; /* the next one; 0 = the first */
} backoff;

/* The wait that is due now, in milliseconds; the one after it will be twice as long. */
unsigned backoff_next(backoff *b);

/* Something went well: the next wait is the first one again. */
void backoff_reset(backoff *b);

/* Between a half and the whole of `ms`, so that clients that were cut off together do not return
 * together. */
unsigned backoff_jitter(unsigned ms);

#endif
