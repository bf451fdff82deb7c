/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The Plato instant-messaging protocol: registration. docs/protocol.md describes the protocol. */
#include "plato/packet-plato.h"

#include "plato/carrier_watch.h"
#include "plato/heuristic.h"
#include "plato/pdu/analysis_feed.h"
#include "plato/pdu/body.h"
#include "plato/pdu/conversation.h"
#include "plato/pdu/pdu_fragment.h"
#include "plato/pdu/prefs.h"
#include "plato/pdu/proto.h"
#include "plato/tcp_reader.h"
#include "plato/transport.h"
#include "plato/tree/expert.h"
#include "plato/tree/hf_schema.h"
#include "plato/tree/protobuf.h"
#include "plato/tree/subdissector.h"
#include "plato/tree/tree_analysis.h"
#include "plato/tree/tree_body.h"
#include "plato/tree/tree_frame.h"
#include "plato/tree/tree_head.h"
#include "plato/tree/tree_msgcmd.h"
#include "plato/tree/tree_segments.h"
#include "plato/tree/tree_user.h"
#include "taps/export.h"
#include "taps/tap.h"
#include "user_schema/hf_user.h"
#include "user_schema/uat_body_types.h"

#include <plato/ports.h>

static void apply_preferences(void)
{
    plato_user_use_file(proto_plato, plato_pref.descriptor_set);
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
    plato_register_prefs(module);
    register_user_schema(module);
}

void proto_register_plato(void)
{
    proto_plato = proto_register_protocol("Plato Instant Messaging Protocol", "Plato", "plato");
    plato_register_hf_schema(proto_plato);
    plato_register_conversation();
    plato_register_fragments();
    plato_register_analysis_feed();
    plato_register_tree_analysis(proto_plato);
    plato_register_tap();
    tcp_reader_register();
    carrier_watch_register();
    plato_register_export(proto_plato);
    plato_register_tree_frame(proto_plato);
    plato_register_tree_head(proto_plato);
    plato_register_tree_segments(proto_plato);
    plato_register_tree_msgcmd(proto_plato);
    plato_register_protobuf(proto_plato);
    plato_register_expert(proto_plato);
    plato_register_body_types(proto_plato);
    plato_register_tree_body(proto_plato);
    plato_register_tree_user();
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
    plato_handoff_subdissectors();
    tcp_reader_handoff(proto_plato);
}
