/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the rules know of the latency and command protocols (docs/commands.md). As with frames, a
 * rule is told of a message before this is.
 */
#ifndef PLATO_CHECK_TALK_H
#define PLATO_CHECK_TALK_H

#include "world.h"

/* A length of time, and the packet in front of it. */
typedef struct talk_span {
    int64_t ns;
    uint32_t packet;
} talk_span;

/* A connection; all datagrams together are one as well. */
struct check_talk {
    plato_tap_protocol protocol;
    uint32_t tcp_stream; /* UINT32_MAX: datagrams */
    uint16_t client_port;
    bool over_tls; /* its bytes are not those of commands */
    bool start_captured;
    bool lossy; /* bytes are missing from the capture */
    uint32_t first_packet;

    int64_t heard_ns; /* of the latest new byte of either side, or of its SYN */
    uint32_t heard_packet;
    talk_span silence; /* the longest while it was open */
    bool inside;       /* a command has begun and not ended, */
    int64_t inside_ns;
    uint32_t inside_packet;
    talk_span unfinished; /* the longest that one took while the connection was open */
    int64_t closed_ns[2]; /* by each side, DIR_UP and DIR_DOWN; NEVER */

    GQueue asked; /* of talk_request: without a reply, as far as is known */
    bool forgot;  /* there were too many of them */
    uint64_t replies;
    uint32_t last_code; /* of the latest reply; 0: it is no error */
    int64_t last_reply_ns;
    uint32_t last_reply_packet;

    const analysis_rr_message *wrong; /* the first request that cannot be read; NULL */
    uint32_t wrong_packet;            /* 0: there is none */
    int64_t wrong_ns;
    bool wrong_answered;
    uint32_t fatal_packet; /* the reply behind which the server has to close; 0: none */
    uint32_t fatal_code;
    int64_t fatal_ns;
};

typedef struct talk_request {
    const analysis_rr_message *exchange;
    uint32_t packet;
    int64_t time_ns;
} talk_request;

#define TALK_ASKED_MAX 65536u /* of a connection; the plugin pairs no more */

/* One message as rules see it, or bytes that are none. */
struct check_message {
    const plato_tap_message *record;
    uint32_t packet;
    int64_t time_ns;
    check_talk *conn;
};

/* What a packet says: each kind of record. */
void check_talk_tcp(check_world *world, const packet_info *pinfo, const talk_segment *segment);
void check_talk_message(check_world *world, const packet_info *pinfo,
                        const plato_tap_message *record);

/* The end of the capture. */
void check_talk_end(check_world *world);

void check_talk_free(gpointer conn);

/* "latency", "textcmd", "bincmd" */
const char *talk_protocol_name(uint32_t protocol);

/* Connection `i` of those that the rule speaks of; NULL for others. */
check_talk *talk_at(const check_world *world, const check_instance *rule, guint i);

/*
 * Notes where the rule is broken, or where it cannot be told, since the capture lacks bytes of this
 * connection. `packet` 0: no packet in particular.
 */
void talk_broken(check_instance *rule, const check_talk *conn, uint32_t packet, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);
/* Where the capture does not show enough, whatever it holds. */
void talk_unsure(check_instance *rule, const check_talk *conn, uint32_t packet, const char *format,
                 ...) G_GNUC_PRINTF(4, 5);

/* Whether the client's bytes, as TCP has them, are those of commands. */
bool talk_has_commands_in_bytes(const check_talk *conn);

/* Whether the rule's parameters let it speak of this protocol. */
bool talk_is_of(const check_instance *rule, plato_tap_protocol protocol);

#endif
