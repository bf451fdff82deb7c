/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known of connections of the latency and command protocols (docs/commands.md). As with
 * frames, a rule sees a message before the model takes it in.
 */
#ifndef CHECK_COMMAND_CONN_H
#define CHECK_COMMAND_CONN_H

#include "capture.h"

/* A length of time, and the packet before it. */
typedef struct time_span {
    int64_t ns;
    uint32_t packet;
} time_span;

/* A connection; all datagrams together are one as well. */
struct command_conn {
    check_protocol protocol;
    uint32_t tcp_stream; /* CHECK_NO_STREAM: datagrams */
    uint16_t client_port;
    bool over_tls; /* its bytes are not those of commands */
    bool start_captured;
    bool lossy; /* bytes are missing from the capture */
    uint32_t first_packet;

    int64_t last_bytes_ns; /* of the latest new byte of either side, or of its SYN */
    uint32_t last_bytes_packet;
    time_span silence; /* the longest while it was open */
    bool in_command;   /* a command has begun and not ended, */
    int64_t in_command_ns;
    uint32_t in_command_packet;
    time_span unfinished; /* the longest that one took while the connection was open */
    int64_t closed_ns[2]; /* by each side, DIR_UP and DIR_DOWN; NEVER */

    GQueue unanswered; /* of pending_request: without a reply, as far as is known */
    bool forgot;       /* there were too many of them */
    uint64_t replies;
    uint32_t last_code; /* of the latest reply; 0: it is no error */
    int64_t last_reply_ns;
    uint32_t last_reply_packet;

    const analysis_rr_message *wrong; /* the first request that cannot be read; NULL */
    uint32_t wrong_packet;            /* 0: there is none */
    int64_t wrong_ns;
    bool wrong_answered;
    uint32_t fatal_packet; /* the reply after which the server has to close; 0: none */
    uint32_t fatal_code;
    int64_t fatal_ns;
};

typedef struct pending_request {
    const analysis_rr_message *exchange;
    uint32_t packet;
    int64_t time_ns;
} pending_request;

#define COMMAND_REQUESTS_MAX 65536u /* of a connection; the plugin pairs no more */

/* One message as rules see it, or bytes that are none. */
struct check_message {
    const check_message_record *record;
    uint32_t packet;
    int64_t time_ns;
    command_conn *conn;
};

/* Once, before any of the others: a capture without connections of these protocols. */
void check_commands_init(check_capture *capture);

/* A TCP segment: opens a connection whose port is known, or goes on with one. */
void check_command_tcp(check_capture *capture, const tcp_segment *segment);

/* A message, in two steps as a frame: what the rules are to see, and what it adds after that. */
check_message check_command_enter(check_capture *capture, const check_message_record *record);
void check_command_add(const check_message *message);

/* The end of the capture. */
void check_commands_end(check_capture *capture);

/* Connection `i` of those that the rule speaks of; NULL for others. */
command_conn *check_command_conn_at(const check_capture *capture, const check_instance *rule,
                                    guint i);

/*
 * Notes where the rule is broken, or where it cannot be told, since the capture lacks bytes of this
 * connection. `packet` 0: no packet in particular.
 */
void check_command_broken(check_instance *rule, const command_conn *conn, uint32_t packet,
                          const char *format, ...) G_GNUC_PRINTF(4, 5);
/* Where the capture does not show enough, whatever it holds. */
void check_command_unsure(check_instance *rule, const command_conn *conn, uint32_t packet,
                          const char *format, ...) G_GNUC_PRINTF(4, 5);

/* Whether the client's bytes, as TCP has them, are those of commands. */
bool check_sees_command_bytes(const command_conn *conn);

/* Whether the rule's parameters let it speak of this protocol. */
bool check_speaks_of(const check_instance *rule, check_protocol protocol);

#endif
