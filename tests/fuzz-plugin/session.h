/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file of packets in memory, dissected by the stock libwireshark in two passes, as tshark -2 and
 * the desktop program do it. Written for the library of 4.0 to 4.4.
 */
#ifndef TESTS_FUZZ_PLUGIN_SESSION_H
#define TESTS_FUZZ_PLUGIN_SESSION_H

#include "plato/ports.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the dissectors are reached: by their ports, by the heuristics, and as if TLS or WebSocket
 * had called. */
enum {
    PORT_PLATO = PLATO_PORT,
    PORT_LATENCY = PLATO_LATENCY_PORT,
    PORT_TEXTCMD = PLATO_TEXTCMD_PORT,
    PORT_BINCMD = PLATO_BINCMD_PORT,
    PORT_UNKNOWN = 47123,
    PORT_AS_TLS = 47124,
    PORT_AS_WEBSOCKET = 47125,
};

#define TCP_FIN 1u
#define TCP_SYN 2u
#define TCP_PSH 8u
#define TCP_ACK 16u

typedef struct tcp_packet {
    bool from_client;
    uint16_t client_port;
    uint16_t server_port;
    uint32_t seq;
    uint32_t ack;
    uint8_t flags;
    const uint8_t *payload;
    size_t len;
    size_t captured;  /* of the payload; less than len: a snaplen */
    uint32_t wait_ms; /* since the packet before */
} tcp_packet;

/* Once for the process. */
void session_start_library(const char *program);

/* A new conversation pair of addresses for the packets that follow; now and then a new file. */
void session_begin(void);

/* First pass over one more packet. */
void session_add(const tcp_packet *packet);

/* What the second pass must find. */
typedef enum session_compare {
    COMPARE_NOTHING,
    /*
     * After missing bytes: all that the first pass found, each in its packet. More, where a frame
     * waited to the end of the capture; that bytes are missing before a frame may have been
     * withdrawn, and who is the client may be known better.
     */
    COMPARE_LENIENT,
    COMPARE_ALL, /* the same, in the order of the packets, and nothing else */
} session_compare;

/* Second pass over the packets since session_begin(). Returns the number of frames and messages
 * that it found. */
size_t session_end(session_compare compare);

#endif
