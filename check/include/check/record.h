/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a check is fed: plain records of a capture, in the order of the capture.
 *
 * Times are in ns since any fixed moment, the same for all records of a run. Packets are numbered
 * from 1 and never fall from record to record. Records and what they point to are borrowed for the
 * call, but for `judged` and `exchange`, which live until the run is freed.
 */
#ifndef CHECK_RECORD_H
#define CHECK_RECORD_H

#include <analysis/analysis.h>
#include <analysis/request_response.h>

PLATO_BEGIN

#define CHECK_NO_STREAM                                                                            \
    UINT32_MAX /* the number of a connection, or TCP stream, that there is not */

/* ---- Plato ---- */

typedef enum check_checksum {
    CHECK_CHECKSUM_UNVERIFIED, /* not all of it was captured, or the sender computed none */
    CHECK_CHECKSUM_GOOD,
    CHECK_CHECKSUM_BAD,
} check_checksum;

/* Where the first byte of a frame came, if that was an earlier packet than its last. */
typedef struct check_first_byte {
    uint32_t packet; /* 0: the same packet */
    int64_t time_ns; /* of that packet */
} check_first_byte;

/* One frame, with the packet that has its last byte. */
typedef struct check_frame_record {
    uint32_t packet;
    uint32_t index; /* 0, 1, ... within the packet */
    int64_t time_ns;

    uint32_t connection;  /* 0, 1, ... in the order of their first frames: memory grows with it */
    uint32_t tcp_stream;  /* as in check_tcp_record; CHECK_NO_STREAM where it is not TCP */
    uint16_t client_port; /* of the connection */
    uint64_t server;      /* the same for the same address and port of a server, whatever it is */
    bool start_captured;  /* of the connection: nothing can have come before its frames */
    bool upstream;        /* the client sent it */
    uint64_t device_id;   /* of the connection, at the time of this frame; 0: not known */

    plato_frame frame;
    plato_err length_error; /* a length is over its limit; then nothing below is known */
    bool complete;          /* all of its bytes were captured */
    bool shortened;         /* its length is damaged: another frame was found inside */
    bool capture_gap;       /* bytes before it are missing from the capture */
    check_checksum checksum;
    check_first_byte first_byte;
    bool decoded;         /* of a version that is known: head and body were read */
    plato_head head;      /* with `decoded` */
    plato_err head_error; /* PLATO_OK, or why the head cannot be read */
    plato_err body_error; /* the same of a body that has to be a protobuf message */
    plato_span content;   /* of the body: what a person would read */

    const analysis_record *judged;   /* what the analysis keeps of it; NULL: it was not fed */
    const analysis_verdict *verdict; /* NULL with it */
    uint32_t flags;                  /* analysis_verdict_flag, as far as they are known by now */
} check_frame_record;

/* Bytes that belong to no frame. */
typedef struct check_skipped_record {
    uint32_t packet;
    uint32_t tcp_stream;  /* CHECK_NO_STREAM where it is not TCP */
    uint16_t sender_port; /* of who sent them */
    uint32_t bytes;
    bool start_captured;
    bool after_gap; /* bytes of this direction, before these, are missing from the capture */
} check_skipped_record;

/* A frame of which the capture has the first byte and not the last. */
typedef struct check_unfinished {
    check_first_byte first_byte;
    uint32_t tcp_stream;
    uint16_t sender_port;
    uint32_t connection; /* CHECK_NO_STREAM: no frame of this connection was found */
    plato_framing framing;
} check_unfinished;

/* ---- the latency and command protocols (docs/commands.md) ---- */

typedef enum check_protocol { CHECK_LATENCY, CHECK_TEXTCMD, CHECK_BINCMD } check_protocol;

typedef enum check_form {
    CHECK_FORM_WHOLE,
    CHECK_FORM_WRONG,   /* not what the protocol allows: it is to be refused */
    CHECK_FORM_CUT,     /* its end was not captured */
    CHECK_FORM_OUTSIDE, /* bytes that belong to no message that could be found */
} check_form;

/* One message, or bytes between messages. */
typedef struct check_message_record {
    uint32_t packet;
    int64_t time_ns;

    uint32_t tcp_stream; /* CHECK_NO_STREAM: datagrams, which count as one connection */
    uint16_t client_port;
    bool start_captured; /* of the connection */
    bool over_tls;       /* TCP's bytes are not those of messages */

    check_protocol protocol;
    check_form form;
    bool is_request;                     /* the client sent it */
    const analysis_rr_message *exchange; /* its peer may be set later; NULL: no request, no reply */
    const char *remark;                  /* what is wrong with its form; NULL: nothing */
    uint32_t error;                      /* code of an error reply; 0: it is none */
    uint32_t length;                     /* bytes */
    uint32_t following;                  /* bytes after it that came with it */
} check_message_record;

/* ---- packets and TCP ---- */

typedef enum check_tcp_flag {
    CHECK_TCP_FIN = 1 << 0,
    CHECK_TCP_SYN = 1 << 1,
    CHECK_TCP_RST = 1 << 2,
    CHECK_TCP_ACK = 1 << 4,
} check_tcp_flag; /* the bits of the TCP header */

/* One TCP segment. */
typedef struct check_tcp_record {
    uint32_t packet;
    int64_t time_ns;
    uint32_t tcp_stream; /* the caller's number of the TCP connection */
    uint16_t source_port;
    uint16_t destination_port;
    unsigned flags;  /* check_tcp_flag; others are ignored */
    uint32_t seq;    /* raw sequence number */
    uint32_t ack;    /* raw acknowledgement number; counts with CHECK_TCP_ACK */
    uint32_t length; /* bytes of payload; 0 where that is not known */
    uint32_t cut;    /* of these, bytes at the end that the snaplen cut */
} check_tcp_record;

PLATO_END

#endif
