/* SPDX-License-Identifier: GPL-2.0-or-later */
/* However the bytes are cut, pulled, pushed or paused, the decoder says the same of them. */
#include "fuzz_input.h"

#include "trace.h"

#include <string.h>

static void require_same(const plato_decoder_config *config, plato_span stream,
                         const trace_plan *plan, const bytes *expected)
{
    bytes trace = trace_of(config, stream.p, stream.n, plan);
    if (trace.n != expected->n || memcmp(trace.p, expected->p, trace.n) != 0)
        (void)fprintf(stderr, "%s\nat once:\n%s\n", (char *)trace.p, (char *)expected->p);
    REQUIRE(trace.n == expected->n && memcmp(trace.p, expected->p, trace.n) == 0);
    bytes_free(&trace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {data, size};
    const plato_decoder_config config = take_config(&in);
    const uint8_t choice = take_byte(&in);
    const input_cuts cuts = take_cuts(&in, choice);
    const plato_span stream = {in.p, in.n};
    bytes expected = trace_of(&config, stream.p, stream.n, &(trace_plan){0});
    const trace_plan plans[] = {
        {.cuts = cuts.at, .cut_count = cuts.count},
        {.cuts = cuts.at, .cut_count = cuts.count, .push = true},
        {.cuts = cuts.at, .cut_count = cuts.count, .push = true, .pause = true, .cut_rest = choice},
        {.by_hint = true},
    };
    for (size_t i = 0; i < sizeof plans / sizeof plans[0]; i++)
        require_same(&config, stream, &plans[i], &expected);
    bytes_free(&expected);
    return 0;
}
