/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text commands: however the bytes are cut the decoder says the same of them; the pure function
 * agrees with it; a line that was read can be written again and read to the same.
 */
#include "fuzz_command.h"

#include "plato/textcmd.h"

static bytes trace(const void *config, plato_span stream, command_cuts cuts)
{
    return trace_textcmd(config, stream, cuts);
}

static bool is_plain(plato_span type)
{
    for (size_t i = 0; i < type.n; i++) {
        if (!plato_textcmd_is_unreserved(type.p[i]))
            return false;
    }
    return true;
}

static void require_round_trip(const plato_textcmd *command)
{
    uint8_t params[PLATO_COMMAND_PARAMS_MAX], line[PLATO_TEXTCMD_LINE_MAX];
    uint8_t again[PLATO_COMMAND_PARAMS_MAX];
    plato_textcmd read;
    size_t n, used;
    const ptrdiff_t len = plato_textcmd_unescape(command->params.p, command->params.n, params);
    REQUIRE(len >= 0 && (size_t)len <= command->params.n);
    if (!is_plain(command->type))
        return;
    const plato_err err = plato_textcmd_encode(command->type, (plato_span){params, (size_t)len},
                                               line, sizeof line, &n);
    /* a reserved character that came as it is takes three bytes in its escape */
    REQUIRE(err == PLATO_OK || err == PLATO_ERR_PARAMS_TOO_LONG);
    if (err != PLATO_OK)
        return;
    REQUIRE(plato_textcmd_parse(line, n, NULL, &read, &used, NULL) == PLATO_OK && used == n);
    REQUIRE(plato_textcmd_unescape(read.params.p, read.params.n, again) == len);
    REQUIRE(memcmp(again, params, (size_t)len) == 0);
}

static void require_parse_agrees(const plato_textcmd_config *config, plato_span stream)
{
    plato_textcmd_decoder *d;
    plato_textcmd_event event;
    REQUIRE(plato_textcmd_decoder_new(config, NULL, &d) == PLATO_OK);
    plato_textcmd_decoder_input(d, stream.p, stream.n);
    for (;;) {
        plato_textcmd command;
        plato_error error;
        size_t used = 0;
        const plato_err err =
            plato_textcmd_parse(stream.p, stream.n, &config->limits, &command, &used, &error);
        const int rc = plato_textcmd_decoder_next(d, &event);
        REQUIRE(rc == (err == PLATO_OK ? 1 : err == PLATO_NEED_MORE ? 0 : (int)err));
        if (err != PLATO_OK)
            break;
        REQUIRE(event.length == used && event.command.params.n == command.params.n);
        require_round_trip(&command);
        stream.p += used;
        stream.n -= used;
    }
    plato_textcmd_decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    plato_textcmd_config config;
    plato_textcmd_config_init(&config);
    if (take_byte(&in) & 1)
        config.limits = (plato_textcmd_limits){3, 9};
    const input_cuts cuts = take_cuts(&in, take_byte(&in));
    const plato_span stream = {in.p, in.n};
    require_same_however_cut(trace, &config, stream, &cuts);
    require_parse_agrees(&config, stream);
    return 0;
}
