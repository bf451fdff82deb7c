/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Segments as text, and what a reader of the connection sees, as text.
 *
 * A script is segments with blanks between them:
 *
 *     c|s [S][F][R][P][A] SEQ [/ACK] ['PAYLOAD'] [#LEN] [^CAPTURED] [@MS] [*COUNT]
 *
 * c is direction 0, s direction 1; S F R P A the flags (A is set where there is an ACK); SEQ and
 * ACK are relative to the script's initial numbers, so that a SYN is 0 and the first byte 1.
 * #LEN: a payload of LEN bytes "x". @MS: milliseconds since the segment before (default 1; may
 * be negative). *COUNT: that many times. `!` ends the connection.
 */
#ifndef TESTS_STREAM_SCRIPT_H
#define TESTS_STREAM_SCRIPT_H

#include "stream/tcp.h"

#include <stdbool.h>

#define SCRIPT_LOG_MAX 4096

typedef struct script {
    const stream_config *config; /* NULL: the defaults; on_event is set for it */
    uint32_t isn[2];
    bool lazy;      /* the reader consumes nothing */
    bool forgetful; /* nobody calls stream_conn_keep() */
} script;

/*
 * Runs it with a reader that takes each run at once, unless a hole before it waits. The log:
 *
 *     4:c0"hello"     with packet 4 bytes were taken at offset 0 of direction 0 (first byte seen of
 *                     a start without SYN: m0, before it m-3)
 *     4:c|            ... a run was taken, before which a hole was given up; c~ cut, c^ mid-stream
 *     4:open c5+3     the event; "+" before it: it extends another
 *     5:fill c5+3 5:late c5+3 5:gone(ack) c5+3 tail fin? 5:differs c0+1 5:silent c5 5:drop c0+4
 *     5:odd s+10 5:restart c
 *
 * and at the end, after " =", all that was not consumed: runs, cut bytes and holes.
 */
void script_run(const script *how, const char *text, char log[SCRIPT_LOG_MAX]);

/* The same, with the connection left to the caller, who frees it and its budget. */
stream_conn *script_open(const script *how, stream_budget *budget, const char *text,
                         char log[SCRIPT_LOG_MAX]);

#endif
