/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/exchange.h"

#include "common/wait_stream.h"

#include <errno.h>

#define READ_AT_ONCE 4096 /* bytes; a reply is shorter */

static bool read_reply(const cmd_options *options, const cmd_protocol *protocol,
                       wait_stream *stream, int64_t deadline_us, cmd_reply *reply, char **why)
{
    uint8_t got[READ_AT_ONCE];
    size_t have = 0;
    cmd_read state = CMD_READ_MORE;
    while (state == CMD_READ_MORE && have < sizeof got) {
        const ssize_t n = wait_stream_read(stream, got + have, sizeof got - have, deadline_us);
        if (n < 0)
            *why = g_strdup_printf("no reply: %s",
                                   errno == ETIMEDOUT ? "it took too long" : g_strerror(errno));
        else if (n == 0)
            *why = g_strdup(have == 0 ? "no reply: the server has closed the connection"
                                      : "the reply breaks off");
        if (n <= 0)
            return false;
        have += (size_t)n;
        state = protocol->read(options, got, have, reply, why);
    }
    return state == CMD_READ_DONE;
}

bool cmd_exchange(const cmd_options *options, const cmd_protocol *protocol, tls_client *tls,
                  const GByteArray *command, cmd_reply *reply, char **why)
{
    char address[ADDRESS_TEXT];
    wait_stream stream;
    const wait_peer peer = {options->host, options->port, SOCK_STREAM, tls,
                            options->tls.server_name};
    const int64_t deadline_us = wait_now_us() + (int64_t)(options->timeout_s * G_USEC_PER_SEC);
    if (!wait_stream_open(&stream, &peer, deadline_us, address, why))
        return false;
    /* what cannot be written may have been refused: there is something to read then */
    (void)wait_stream_write(&stream, command->data, command->len, deadline_us);
    const bool ok = read_reply(options, protocol, &stream, deadline_us, reply, why);
    wait_stream_close(&stream);
    return ok;
}
