/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark's plugin loader looks for. */
#include "compat.h"

#include "packet-bincmd.h"
#include "packet-latency.h"
#include "packet-plato.h"
#include "packet-textcmd.h"

#define STRING(x) #x
#define DOTTED(major, minor) STRING(major) "." STRING(minor)

/* tools/plato-doctor reads this in the file, without loading it. */
#define MARK                                                                                       \
    "plato-plugin " PLATO_PLUGIN_VERSION                                                           \
    " for Wireshark " DOTTED(WIRESHARK_VERSION_MAJOR, WIRESHARK_VERSION_MINOR)
extern const char plato_plugin_mark[];
const char plato_plugin_mark[] __attribute__((used)) = MARK;

#define EXPORTED __attribute__((visibility("default")))

/* Declared here because 4.0 has no header for them. */
EXPORTED extern const char plugin_version[];
EXPORTED extern const int plugin_want_major;
EXPORTED extern const int plugin_want_minor;
EXPORTED void plugin_register(void);
EXPORTED uint32_t plugin_describe(void);

const char plugin_version[] = PLATO_PLUGIN_VERSION;
const int plugin_want_major = WIRESHARK_VERSION_MAJOR;
const int plugin_want_minor = WIRESHARK_VERSION_MINOR;

uint32_t plugin_describe(void)
{
    return WS_PLUGIN_DESC_DISSECTOR;
}

void plugin_register(void)
{
    static proto_plugin protocols[] = {
        {proto_register_plato, proto_reg_handoff_plato},
        {proto_register_latency, proto_reg_handoff_latency},
        {proto_register_textcmd, proto_reg_handoff_textcmd},
        {proto_register_bincmd, proto_reg_handoff_bincmd},
    };
    for (size_t i = 0; i < array_length(protocols); i++)
        proto_register_plugin(&protocols[i]);
}
