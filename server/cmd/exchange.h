/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One command to the server, and its reply. */
#ifndef PLATO_CMD_EXCHANGE_H
#define PLATO_CMD_EXCHANGE_H

#include "cmd/options.h"

#include <stdbool.h>

typedef struct cmd_reply {
    bool is_error;
    uint32_t code;     /* of an error reply */
    GByteArray *bytes; /* the result or the reason, plain */
} cmd_reply;

typedef enum cmd_read {
    CMD_READ_WRONG, /* this is no reply to our command */
    CMD_READ_MORE,  /* it is not whole */
    CMD_READ_DONE
} cmd_read;

/* How a command stands on the wire. */
typedef struct cmd_protocol {
    /* Appends the command. False with one line for people in `*error`, to be freed. */
    bool (*write)(const cmd_options *options, GByteArray *to, char **error);
    /* Reads the reply that begins at p[0]; `*why`, to be freed, says what is wrong. */
    cmd_read (*read)(const cmd_options *options, const uint8_t *p, size_t n, cmd_reply *reply,
                     char **why);
    const char *alpn; /* its name where it goes over TLS */
} cmd_protocol;

extern const cmd_protocol cmd_text, cmd_binary;

/* Sends the command's bytes, reads its reply; over TLS unless `tls` is NULL. False with one line
 * for people in `*why`, to be freed. */
bool cmd_exchange(const cmd_options *options, const cmd_protocol *protocol, tls_client *tls,
                  const GByteArray *command, cmd_reply *reply, char **why);

#endif
