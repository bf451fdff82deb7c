/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How commands stand on the wire: what a dialogue needs of each of the three protocols. Bytes go
 * in, requests come out, and replies are written; who is answered what, and when it is enough, is
 * the dialogue's business.
 */
#ifndef PLATO_SERVER_SYNTAX_H
#define PLATO_SERVER_SYNTAX_H

#include "commands/answers.h"
#include "plato/command.h"

/* One command. The spans are valid during the call. */
typedef struct command_request {
    const answer_row *row; /* NULL: there is no such command */
    bool wrong;            /* the command is known, and these are no parameters for it */
    bool part;             /* more of it is to come; only of the latency protocol */
    plato_span type;       /* text: TYPE as sent */
    plato_span params;     /* as sent */
    uint32_t magic;        /* binary */
    uint16_t number;       /* binary: its type */
} command_request;

/* Returns PLATO_CONTINUE or PLATO_PAUSE. */
typedef int (*request_handler)(void *user, const command_request *request);

typedef struct command_syntax {
    const char *name; /* "text": in the log and in metrics */
    /* State for one connection; requests are passed to `handle`. NULL without memory. */
    void *(*open)(request_handler handle, void *user);
    void (*close)(void *state);
    /* As plato_decoder_feed(): the bytes that were used, or a plato_err. */
    ptrdiff_t (*feed)(void *state, const uint8_t *p, size_t n);
    /* True inside a command; `*start` is the stream offset of its first byte. */
    bool (*inside)(const void *state, uint64_t *start);
    /* Append the reply: the parameters as they were sent, or a result, of which what answer_source
     * says fits into the longest reply. */
    void (*write_same)(const command_request *request, GByteArray *out);
    void (*write_result)(const command_request *request, const GString *result, GByteArray *out);
    /*
     * Appends an error reply. `request` NULL: to bytes that are no command. `reason` NULL: the
     * code's own text. The whole function is NULL in a protocol that has none.
     */
    void (*write_error)(const void *state, const command_request *request, uint32_t code,
                        const char *reason, GByteArray *out);
} command_syntax;

/* The three protocols; that of latency over TCP. */
extern const command_syntax latency_syntax, text_syntax, binary_syntax;

#endif
