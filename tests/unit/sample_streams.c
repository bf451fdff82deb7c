/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sample_streams.h"

const sample samples[] = {
    {"the examples of the specification", PLATO_FRAMING_HEADER, LOGIN_HEX HEARTBEAT_HEX UP_HEX},
    {"wrong CRC in the middle", PLATO_FRAMING_HEADER,
     HEARTBEAT_HEX "0104 00000002 00000006 155ed83e 08011007182a 6869" HEARTBEAT_HEX},
    {"unknown version and type, CRC wrong", PLATO_FRAMING_HEADER,
     "ff63 00000002 00000001 00000000 aa bbcc" HEARTBEAT_HEX},
    {"variable header without a body", PLATO_FRAMING_HEADER,
     LOGIN_HEX "0100 00000000 00000003 00000000 08e907" HEARTBEAT_HEX},
    {"body without a variable header", PLATO_FRAMING_HEADER,
     "0104 00000004 00000000 00000000 01020304" HEARTBEAT_HEX},
    {"body over the limit", PLATO_FRAMING_HEADER, LOGIN_HEX "0104 01000001 00000000 00000000 00"},
    {"variable header over the limit", PLATO_FRAMING_HEADER,
     UP_HEX "0104 00000000 00010001 00000000 0000"},
    {"ends inside the fixed header", PLATO_FRAMING_HEADER, UP_HEX "0104 00000002"},
    {"ends inside the variable header", PLATO_FRAMING_HEADER,
     LOGIN_HEX "0104 00000002 00000006 155ed83d 080110"},
    {"ends inside the body", PLATO_FRAMING_HEADER,
     LOGIN_HEX "0104 00000002 00000006 155ed83d 08011007182a 68"},
    {"ends behind a header that claims 16 MiB", PLATO_FRAMING_HEADER,
     HEARTBEAT_HEX "0104 01000000 00000000 00000000 0102"},
    {"nothing", PLATO_FRAMING_HEADER, ""},
    {"variant", PLATO_FRAMING_MSGCMD,
     MSGCMD_LOGIN_HEX MSGCMD_HEARTBEAT_HEX "00000009 0804 1205 0a03080110"
                                           "00000002 0805"},
    {"variant: unknown field, last type wins", PLATO_FRAMING_MSGCMD,
     "0000000a 0801 0804 1a01ff 120141" MSGCMD_HEARTBEAT_HEX},
    {"variant: no MsgCmd", PLATO_FRAMING_MSGCMD, MSGCMD_LOGIN_HEX "00000004 0801 1205 00000000"},
    {"variant: length 0", PLATO_FRAMING_MSGCMD, MSGCMD_HEARTBEAT_HEX "00000000 00000000"},
    {"variant: over the limit", PLATO_FRAMING_MSGCMD, MSGCMD_HEARTBEAT_HEX "01000001 0801"},
    {"variant: ends inside the length", PLATO_FRAMING_MSGCMD, MSGCMD_HEARTBEAT_HEX "0000"},
};

const size_t sample_count = sizeof samples / sizeof samples[0];

plato_decoder_config sample_config(plato_framing framing, unsigned i)
{
    plato_decoder_config config;
    plato_decoder_config_init(&config);
    config.framing = framing;
    config.events = i & PLATO_EVENT_ALL;
    config.stream_body = (i & 16) != 0;
    config.accept_bad_crc = (i & 32) != 0;
    return config;
}
