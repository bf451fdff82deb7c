/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Any bytes in any segments, both ways: no crash, no bug that Wireshark finds, and the second pass
 * finds the frames of the first.
 *
 * An input is one byte of settings and then records of [1 byte: bit 7 the direction, bits 0-6 the
 * length][that many bytes of the stream]. A length of 0 is followed by two bytes: something that
 * happens to the stream, and how much of it. make_corpus.py writes the same.
 */
#include "session.h"

#include "plato/pdu/prefs.h"

#include <epan/packet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum event {
    EVENT_LOSE, /* this many bytes are sent and not captured */
    EVENT_BACK, /* this many bytes are sent again */
    EVENT_CUT,  /* the next chunk is captured up to that length */
    EVENT_LATE, /* the next chunk comes after the one that follows it */
    LAST_TCP_EVENT = EVENT_LATE,
    EVENT_OPEN, /* the handshake */
    EVENT_NEXT, /* another connection; 1..3 on the port of another protocol */
    EVENT_JOIN, /* this many chunks more in the segment of the next one */
    EVENT_WAIT, /* seconds */
    EVENT_COUNT
} event;

/* Chunks that are joined to one segment, of up to 127 bytes each. */
#define MOST_JOINED 16u
#define LONGEST_SEGMENT (MOST_JOINED * 127u)

typedef struct stream {
    uint16_t client_port;
    uint16_t server_port;
    uint32_t seq[2]; /* of server and client: what they send next */
    uint32_t wait_ms;
    bool opened;  /* this connection's handshake was captured */
    bool missing; /* bytes of any connection are, or were for a while */
    bool cut;
    uint8_t cut_to;
    bool late;
    uint8_t join;
    uint8_t joined[LONGEST_SEGMENT];
    size_t joined_len;
    tcp_packet held; /* len 0: none */
    uint8_t held_bytes[LONGEST_SEGMENT];
} stream;

static uint16_t ports[] = {PORT_PLATO, PORT_UNKNOWN, PORT_AS_TLS, PORT_AS_WEBSOCKET};

static void settle(uint8_t byte)
{
    static heur_dtbl_entry_t *msgcmd;
    if (msgcmd == NULL)
        msgcmd = find_heur_dissector_by_unique_short_name("plato_mc_tcp");
    plato_pref.desegment = (byte & 4) == 0;
    plato_pref.verify_crc = (byte & 8) == 0;
    plato_pref.analyze = (byte & 16) == 0;
    plato_pref.framing = (byte & 32) == 0 ? PREF_AUTO : PLATO_FRAMING_MSGCMD;
    plato_pref.max_msg_len = (byte & 64) == 0 ? 16777216 : 100;
    msgcmd->enabled = (byte & 128) != 0;
}

static void send_held(stream *s)
{
    if (s->held.len > 0)
        session_add(&s->held);
    s->held.len = 0;
}

static void send_packet(stream *s, bool from_client, uint8_t flags, const uint8_t *payload,
                        size_t len)
{
    tcp_packet packet = {
        .from_client = from_client,
        .client_port = s->client_port,
        .server_port = s->server_port,
        .seq = s->seq[from_client],
        .ack = s->seq[!from_client],
        .flags = flags,
        .payload = payload,
        .len = len,
        .captured = s->cut && s->cut_to < len ? s->cut_to : len,
        .wait_ms = s->wait_ms,
    };
    s->seq[from_client] += (uint32_t)len + ((flags & (TCP_SYN | TCP_FIN)) != 0 ? 1 : 0);
    s->wait_ms = 1;
    s->cut = false;
    if (s->late && len > 0 && s->held.len == 0) {
        memcpy(s->held_bytes, payload, len);
        packet.payload = s->held_bytes;
        s->held = packet;
        s->late = false;
        return;
    }
    session_add(&packet);
    send_held(s);
}

static void send_chunk(stream *s, bool from_client, const uint8_t *chunk, size_t len)
{
    if (len > sizeof s->joined - s->joined_len)
        s->join = 0;
    else {
        memcpy(s->joined + s->joined_len, chunk, len);
        s->joined_len += len;
    }
    if (s->join > 0) {
        s->join--;
        return;
    }
    /* what came before a heuristic claimed the connection is missing for Plato */
    s->missing |= !s->opened || s->server_port == PORT_UNKNOWN;
    send_packet(s, from_client, TCP_PSH | TCP_ACK, s->joined, s->joined_len);
    s->joined_len = 0;
}

static void open_connection(stream *s)
{
    s->opened = true;
    send_packet(s, true, TCP_SYN, NULL, 0);
    send_packet(s, false, TCP_SYN | TCP_ACK, NULL, 0);
    send_packet(s, true, TCP_ACK, NULL, 0);
}

static void next_connection(stream *s, uint8_t amount)
{
    static const uint16_t other_ports[] = {PORT_LATENCY, PORT_TEXTCMD, PORT_BINCMD};
    if (amount >= 1 && amount <= array_length(other_ports))
        s->server_port = other_ports[amount - 1];
    s->client_port++;
    s->opened = false;
    s->seq[0] = 0xfffffff0; /* so that the numbers begin again at 0 soon */
    s->seq[1] = 1000;
}

static void happen(stream *s, bool from_client, event what, uint8_t amount)
{
    /* TLS and WebSocket hand over what was sent, all of it and in order */
    const bool over_tcp = s->server_port != PORT_AS_TLS && s->server_port != PORT_AS_WEBSOCKET;
    if (!over_tcp && what <= LAST_TCP_EVENT)
        return;
    s->missing |= what <= LAST_TCP_EVENT || (what == EVENT_OPEN && s->opened);
    switch (what) {
    case EVENT_LOSE:
        s->seq[from_client] += amount;
        break;
    case EVENT_BACK:
        s->seq[from_client] -= amount;
        break;
    case EVENT_CUT:
        s->cut = true;
        s->cut_to = amount;
        break;
    case EVENT_LATE:
        s->late = true;
        break;
    case EVENT_OPEN:
        open_connection(s);
        break;
    case EVENT_NEXT:
        next_connection(s, amount);
        break;
    case EVENT_JOIN:
        s->join = amount % MOST_JOINED;
        break;
    case EVENT_WAIT:
        s->wait_ms = amount * 1000u;
        break;
    case EVENT_COUNT:
        break;
    }
}

static session_compare comparison(const stream *s, uint16_t port)
{
    /* not as TLS: with more bytes wanted, TCP's second pass is another than that of TLS */
    if (port == PORT_AS_TLS)
        return COMPARE_NOTHING;
    return s->missing ? COMPARE_LENIENT : COMPARE_ALL;
}

/* Returns the number of frames and messages found. */
static size_t dissect_input(const uint8_t *data, size_t size)
{
    static stream s;
    if (size < 2)
        return 0;
    memset(&s, 0, sizeof s);
    s.client_port = 20000;
    s.server_port = ports[data[0] & 3];
    next_connection(&s, 0);
    settle(data[0]);
    session_begin();
    for (size_t at = 1; at < size;) {
        const bool from_client = (data[at] & 128) == 0;
        size_t len = data[at] & 127;
        at++;
        if (len == 0 && size - at >= 2) {
            happen(&s, from_client, (event)(data[at] % EVENT_COUNT), data[at + 1]);
            at += 2;
            continue;
        }
        if (len > size - at)
            len = size - at;
        send_chunk(&s, from_client, data + at, len);
        at += len;
    }
    send_held(&s);
    return session_end(comparison(&s, ports[data[0] & 3]));
}

/* Without this nobody would see that no input reaches the dissector. */
static void require_frame_found(uint8_t port)
{
    const uint8_t heartbeat[] = {port, 0, EVENT_OPEN, 0, 14, 1,  1,  0,  0, 0,
                                 0,    0, 0,          0, 0,  27, 51, 23, 11};
    if (dissect_input(heartbeat, sizeof heartbeat) == 1)
        return;
    (void)fprintf(stderr, "the dissector does not find a frame to port %u\n", ports[port]);
    abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    session_start_library((*argv)[0]);
    for (uint8_t port = 0; port < array_length(ports); port++)
        require_frame_found(port);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    (void)dissect_input(data, size);
    return 0;
}
