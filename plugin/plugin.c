/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The protocols of plato.so. */
#include "support/entry.h"

#include "commands/packet-bincmd.h"
#include "commands/packet-latency.h"
#include "commands/packet-textcmd.h"
#include "plato/packet-plato.h"
#include "plato/pdu/proto.h"
#include "stats/registrar.h"

PLATO_PLUGIN_ENTRY("plato", WS_PLUGIN_DESC_DISSECTOR)

static void register_plato(void)
{
    proto_register_plato();
    plato_register_statistics(proto_plato);
}

static void handoff_plato(void)
{
    proto_reg_handoff_plato();
    plato_handoff_statistics();
}

void plugin_register(void)
{
    static proto_plugin protocols[] = {
        {register_plato, handoff_plato},
        {proto_register_latency, proto_reg_handoff_latency},
        {proto_register_textcmd, proto_reg_handoff_textcmd},
        {proto_register_bincmd, proto_reg_handoff_bincmd},
    };
    for (size_t i = 0; i < array_length(protocols); i++)
        proto_register_plugin(&protocols[i]);
}
