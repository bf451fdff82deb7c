/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Streams that are worth cutting, and the configurations to decode them with. */
#ifndef TESTS_UNIT_SAMPLE_STREAMS_H
#define TESTS_UNIT_SAMPLE_STREAMS_H

#include "bytes_of.h"
#include "plato/decoder.h"

#define LOGIN_HEX "0100 00000000 00000003 df9cbc57 08e907"
#define HEARTBEAT_HEX "0101 00000000 00000000 1b33170b"
#define UP_HEX "0104 00000002 00000006 155ed83d 08011007182a 6869"
#define MSGCMD_LOGIN_HEX "00000006 1204 0a02 087b"
#define MSGCMD_HEARTBEAT_HEX "00000006 0801 1202 0a00"

typedef struct sample {
    const char *name;
    plato_framing framing;
    const char *hex;
} sample;

extern const sample samples[];
extern const size_t sample_count;

/* Configuration number `i` of SAMPLE_CONFIGS: every set of events, streamed or not, strict or not.
 */
#define SAMPLE_CONFIGS (16u * 2 * 2)
plato_decoder_config sample_config(plato_framing framing, unsigned i);

#endif
