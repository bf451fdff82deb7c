/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A socket for programs that do one thing at a time: each call waits until a deadline, in
 * microseconds of wait_now_us(). errno says what failed: ETIMEDOUT at the deadline, EINTR
 * after a signal.
 */
#ifndef PLATO_SERVER_WAIT_SOCKET_H
#define PLATO_SERVER_WAIT_SOCKET_H

#include "common/address.h"

#include <glib.h>
#include <signal.h>
#include <stdint.h>

/* A clock that never goes back. */
int64_t wait_now_us(void);

/*
 * Connects to a port of a host, by name or address; `type` is SOCK_STREAM (without Nagle's
 * algorithm) or SOCK_DGRAM. Names are looked up without a deadline. Writes to whom into `address`.
 * The socket; -1 with one line for people in `*error`, to be freed.
 */
int wait_open(const char *host, int port, int type, int64_t deadline_us, char address[ADDRESS_TEXT],
              char **error);

/*
 * While `*flag` is not 0, each wait ends at once, as if a signal had come: one that comes between
 * looking at the flag and waiting would be missed otherwise. NULL, as at first: none.
 */
void wait_stop_flag(const volatile sig_atomic_t *flag);

/* Waits until a poll() event comes, or an error is to be reported. False at the deadline. With -1
 * it waits for nothing else. */
bool wait_ready(int fd, short events, int64_t deadline_us);

/* False if not all bytes could be handed to the system. */
bool wait_write(int fd, const void *p, size_t n, int64_t deadline_us);

/* One read of up to `n` bytes; 0 at the end, -1 if it fails. */
ssize_t wait_read(int fd, void *p, size_t n, int64_t deadline_us);

#endif
