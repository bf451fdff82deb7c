/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets of text and of binary commands share. */
#ifndef TESTS_FUZZ_FUZZ_COMMAND_H
#define TESTS_FUZZ_FUZZ_COMMAND_H

#include "fuzz_input.h"

#include "command_trace.h"

#include <string.h>

/* `trace` gives the same for the stream at once and in pieces, however they are taken. */
static inline void require_same_however_cut(command_tracer trace, const void *config,
                                            plato_span stream, const input_cuts *cuts)
{
    bytes expected = trace(config, stream, (command_cuts){0});
    for (int way = 0; way < 3; way++) {
        bytes found =
            trace(config, stream, (command_cuts){cuts->at, cuts->count, way > 0, way == 2});
        REQUIRE(found.n == expected.n && memcmp(found.p, expected.p, found.n) == 0);
        bytes_free(&found);
    }
    bytes_free(&expected);
}

#endif
