/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Histories: what was captured, one event a line. The number of an event is its line, from 1.
 *
 *     TIME CONN WHAT ...
 *     0 c1 login 1001                device_id
 *     1 c1 ack login conn=7          ACK of a LOGIN; conn_id
 *     2 c1 reconn 7                  conn_id
 *     3 c1 heartbeat
 *     4 c1 up 42/1 hi conn=7         session_id/client_id, content
 *     5 c1 ack up 42/1 msg=90        session_id/client_id, msg_id
 *     6 c1 push 42/90 hi             session_id/msg_id, content
 *     7 c1 ack push 42/90 code=0     session_id/msg_id
 *     8 c1 sync 42
 *     9 c1 ack sync 42
 *     9 c1 loss up                   bytes missing here: `up` or `down`
 *     9 c1 filled 12                 the bytes of the loss in line 12 came after all
 *
 * TIME is in milliseconds. CONN `c1` is a connection of the fixed-header framing, `m1` of the
 * length-prefixed one. A session that is no number is a name, as in MsgCmd framing. `by=client` or
 * `by=server` at the end says who sent what would come from the other.
 */
#ifndef TESTS_ANALYSIS_HISTORY_H
#define TESTS_ANALYSIS_HISTORY_H

#include "analysis/analysis.h"

#include <stddef.h>

#define HISTORY_MAX 2000u
#define LINE_MAX_LEN 200u

typedef struct event {
    bool is_loss;   /* or what fills one: no frame */
    uint32_t fills; /* the line of the loss; 0: none */
    uint32_t connection;
    analysis_direction direction;
    plato_framing framing;
    int64_t time_ms;
    plato_head head; /* session_name: see session_text */
    char session_text[16];
    char text[16]; /* content */
} event;

typedef struct history {
    size_t count;
    event events[HISTORY_MAX];
} history;

/* Ends the program if the line is no event. */
event event_parse(const char *line);
void event_print(const event *e, char line[LINE_MAX_LEN]);

/* Who sends such a frame by its type alone. */
analysis_direction event_direction(const plato_head *head);

#endif
