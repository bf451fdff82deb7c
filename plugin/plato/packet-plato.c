/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Plato instant-messaging protocol: registration. docs/protocol.md describes the protocol. */
#include "plato/packet-plato.h"

#include "plato/heuristic.h"
#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/body.h"
#include "plato/pdu/conversation.h"
#include "plato/pdu/pdu_fragment.h"
#include "plato/subdissector.h"
#include "plato/transport.h"
#include "plato/tree/expert.h"
#include "plato/tree/hf_schema.h"
#include "plato/tree/protobuf.h"
#include "plato/tree/tree_analysis.h"
#include "plato/tree/tree_frame.h"
#include "plato/tree/tree_msgcmd.h"
#include "taps/stat.h"
#include "taps/tap.h"
#include "user_schema/dissect_user.h"
#include "user_schema/hf_user.h"
#include "user_schema/uat_body_types.h"

#include <plato/ports.h>

int proto_plato = -1;

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

static void apply_preferences(void)
{
    plato_user_use_file(plato_pref.descriptor_set);
}

static void register_user_schema(module_t *module)
{
    register_init_routine(apply_preferences); /* sharkd sets preferences and does not apply them */
    prefs_register_uat_preference(module, "body_types", "Body types",
                                  "Which protobuf message the bodies of a message type are",
                                  plato_user_types_table());
    prefs_register_filename_preference(module, "descriptor_set", "Descriptor set",
                                       "A file written by protoc --descriptor_set_out. Bodies of "
                                       "the messages named in the body types are shown by it",
                                       &plato_pref.descriptor_set, FALSE);
    prefs_set_preference_effect_fields(module, "descriptor_set");
}

static void register_preferences(void)
{
    module_t *module = prefs_register_protocol(proto_plato, apply_preferences);
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
    register_user_schema(module);
}

void proto_register_plato(void)
{
    proto_plato = proto_register_protocol("Plato Instant Messaging Protocol", "Plato", "plato");
    plato_register_fields(proto_plato);
    plato_register_conversation();
    plato_register_begun();
    plato_register_judge();
    plato_register_verdict(proto_plato);
    plato_register_tap();
    plato_register_statistics(proto_plato);
    plato_register_show(proto_plato);
    plato_register_msgcmd(proto_plato);
    plato_register_message(proto_plato);
    plato_register_expert(proto_plato);
    plato_register_body(proto_plato);
    plato_register_user_body();
    plato_register_guest(proto_plato);
    register_preferences();
    register_dissector("plato", plato_dissect_tcp, proto_plato);
    register_dissector("plato.tls", plato_dissect_tls, proto_plato);
    register_dissector("plato.ws", plato_dissect_websocket, proto_plato);
}

void proto_reg_handoff_plato(void)
{
    dissector_handle_t tls = find_dissector("plato.tls");
    dissector_add_uint_range_with_preference("tcp.port", G_STRINGIFY(PLATO_PORT),
                                             find_dissector("plato"));
    dissector_add_uint_range_with_preference("tls.port", G_STRINGIFY(PLATO_TLS_PORT), tls);
    dissector_add_string("tls.alpn", PLATO_ALPN, tls);
    dissector_add_string("ws.protocol", PLATO_WEBSOCKET_PROTOCOL, find_dissector("plato.ws"));
    heur_dissector_add("tcp", plato_heuristic_tcp, "Plato over TCP", "plato_tcp", proto_plato,
                       HEURISTIC_ENABLE);
    heur_dissector_add("tcp", plato_heuristic_msgcmd, "Plato MsgCmd over TCP", "plato_mc_tcp",
                       proto_plato, HEURISTIC_DISABLE);
    heur_dissector_add("tls", plato_heuristic_tls, "Plato over TLS", "plato_tls", proto_plato,
                       HEURISTIC_ENABLE);
    heur_dissector_add("ws", plato_heuristic_websocket, "Plato over WebSocket", "plato_ws",
                       proto_plato, HEURISTIC_ENABLE);
    plato_handoff_guest();
    plato_handoff_statistics();
}
