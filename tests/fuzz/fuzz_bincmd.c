/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binary commands: however the bytes are cut the decoder says the same of them; the search for a
 * magic finds what it skips to; a command that was read can be written again.
 */
#include "fuzz_command.h"

#include "plato/bincmd.h"

static bytes trace(const void *config, plato_span stream, command_cuts cuts)
{
    return trace_bincmd(config, stream, cuts);
}

static void require_round_trip(plato_span stream, const plato_bincmd *command)
{
    uint8_t wire[PLATO_BINCMD_MAX];
    size_t n;
    REQUIRE(plato_bincmd_encode(command, wire, sizeof wire, &n) == PLATO_OK);
    REQUIRE(n <= stream.n && memcmp(wire, stream.p, n) == 0);
}

/* What the decoder skips to is what the search finds. */
static void require_find_agrees(const plato_bincmd_config *given, plato_span stream)
{
    plato_bincmd_config config = *given;
    plato_bincmd_decoder *d;
    plato_bincmd_event event;
    uint64_t end = 0;
    config.resync = true;
    REQUIRE(plato_bincmd_decoder_new(&config, NULL, &d) == PLATO_OK);
    plato_bincmd_decoder_input(d, stream.p, stream.n);
    while (plato_bincmd_decoder_next(d, &event) > 0) {
        const plato_span rest = {stream.p + event.offset, stream.n - (size_t)event.offset};
        const plato_resync_result found = plato_bincmd_find(rest.p, rest.n, &config.limits);
        REQUIRE(event.offset == end && event.length > 0);
        end += event.length;
        if (event.kind == PLATO_BINCMD_SKIPPED) {
            REQUIRE(found.skipped == event.length && found.verdict != PLATO_RESYNC_NOT_YET);
            continue;
        }
        REQUIRE(found.verdict == PLATO_RESYNC_FOUND && found.skipped == 0);
        REQUIRE(found.frame_len == event.length);
        require_round_trip(rest, &event.command);
    }
    REQUIRE(plato_bincmd_decoder_offset(d) >= end);
    plato_bincmd_decoder_free(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    plato_bincmd_config config;
    plato_bincmd_config_init(&config);
    const uint8_t choice = take_byte(&in);
    if (choice & 1)
        config.limits.magics |= PLATO_BINCMD_ALLOW_ALT;
    config.resync = (choice & 2) != 0;
    if (choice & 4)
        config.limits.max_params_len = 7;
    const input_cuts cuts = take_cuts(&in, take_byte(&in));
    const plato_span stream = {in.p, in.n};
    require_same_however_cut(trace, &config, stream, &cuts);
    require_find_agrees(&config, stream);
    return 0;
}
