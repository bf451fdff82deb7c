/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/pdu/prefs.h"

plato_prefs plato_pref = {
    .verify_crc = TRUE,
    .desegment = TRUE,
    .analyze = TRUE,
    .slow_response_ms = 1000,
    .heartbeat_interval_s = 30,
    .crc_coverage = PREF_AUTO,
    .crc_polynomial = PREF_AUTO,
    .framing = PREF_AUTO,
    .max_var_head_len = 65536,
    .max_msg_len = 16777216,
    .descriptor_set = "",
};

plato_limits plato_pref_limits(void)
{
    const plato_limits limits = {plato_pref.max_var_head_len, plato_pref.max_msg_len};
    return limits;
}

static const enum_val_t coverages[] = {
    {"auto", "Find out", PREF_AUTO},
    {"frame", "Header, variable header and body", PLATO_CRC_FRAME},
    {"payload", "Variable header and body", PLATO_CRC_PAYLOAD},
    {"body", "Body only", PLATO_CRC_BODY},
    {"none", "No CRC", PLATO_CRC_NONE},
    {NULL, NULL, 0},
};

static const enum_val_t polynomials[] = {
    {"auto", "Find out", PREF_AUTO},
    {"ieee", "CRC-32 (IEEE)", PLATO_CRC_IEEE},
    {"crc32c", "CRC-32C (Castagnoli)", PLATO_CRC_32C},
    {NULL, NULL, 0},
};

static const enum_val_t framings[] = {
    {"auto", "Find out", PREF_AUTO},
    {"header", "Fixed header", PLATO_FRAMING_HEADER},
    {"msgcmd", "Length-prefixed (MsgCmd)", PLATO_FRAMING_MSGCMD},
    {NULL, NULL, 0},
};

void plato_register_prefs(module_t *module)
{
    prefs_register_bool_preference(module, "desegment", "Reassemble frames over TCP segments",
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &plato_pref.desegment);
    prefs_register_enum_preference(module, "framing", "Framing",
                                   "The fixed header of 14 bytes, or a length in front of each "
                                   "message",
                                   &plato_pref.framing, framings, FALSE);
    prefs_register_bool_preference(module, "verify_crc", "Verify the CRC of each frame", NULL,
                                   &plato_pref.verify_crc);
    prefs_register_enum_preference(module, "crc_coverage", "What the CRC covers",
                                   "Plato covers header, variable header and body; other "
                                   "implementations cover less",
                                   &plato_pref.crc_coverage, coverages, FALSE);
    prefs_register_enum_preference(module, "crc_polynomial", "CRC polynomial", NULL,
                                   &plato_pref.crc_polynomial, polynomials, FALSE);
    prefs_register_uint_preference(module, "max_var_head_len", "Longest variable header (bytes)",
                                   "A frame that claims more is not reassembled", 10,
                                   &plato_pref.max_var_head_len);
    prefs_register_uint_preference(module, "max_msg_len", "Longest body (bytes)",
                                   "A frame that claims more is not reassembled", 10,
                                   &plato_pref.max_msg_len);
    prefs_register_bool_preference(module, "analyze", "Judge the traffic",
                                   "Pairs, gaps, repeats, delivery, over the whole file",
                                   &plato_pref.analyze);
    prefs_register_uint_preference(module, "slow_response_ms", "Slow response (ms)",
                                   "An ACK that comes later than this is slow", 10,
                                   &plato_pref.slow_response_ms);
    prefs_register_uint_preference(module, "heartbeat_interval_s", "Heartbeat interval (s)",
                                   "A HEARTBEAT after more than 1.5 times this is late", 10,
                                   &plato_pref.heartbeat_interval_s);
}
