/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Plato instant-messaging protocol: registration. docs/protocol.md describes the protocol. */
#include "packet-plato.h"

#include "body.h"
#include "expert.h"
#include "fields.h"
#include "frame.h"
#include "heuristic.h"
#include "message.h"
#include "stream.h"

#define PLATO_TCP_PORT "8900"

int proto_plato = -1;

plato_prefs plato_pref = {
    .verify_crc = TRUE,
    .desegment = TRUE,
    .crc_coverage = PREF_AUTO,
    .crc_polynomial = PREF_AUTO,
    .max_var_head_len = 65536,
    .max_msg_len = 16777216,
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

static void register_preferences(void)
{
    module_t *module = prefs_register_protocol(proto_plato, NULL);
    prefs_register_bool_preference(module, "desegment", "Reassemble frames over TCP segments",
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &plato_pref.desegment);
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
}

void proto_register_plato(void)
{
    proto_plato = proto_register_protocol("Plato Instant Messaging Protocol", "Plato", "plato");
    plato_register_fields(proto_plato);
    plato_register_frame(proto_plato);
    plato_register_message(proto_plato);
    plato_register_expert(proto_plato);
    plato_register_body(proto_plato);
    register_preferences();
    register_dissector("plato", plato_dissect_tcp, proto_plato);
}

void proto_reg_handoff_plato(void)
{
    dissector_handle_t handle = find_dissector("plato");
    dissector_add_uint_range_with_preference("tcp.port", PLATO_TCP_PORT, handle);
    heur_dissector_add("tcp", plato_heuristic_tcp, "Plato over TCP", "plato_tcp", proto_plato,
                       HEURISTIC_ENABLE);
    plato_handoff_body();
}
