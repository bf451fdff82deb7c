/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The smallest plugin that Wireshark loads, for the tests of tools/: it registers one empty
 * protocol. TINY_MAJOR and TINY_MINOR say which Wireshark it claims to be built for.
 */
#include <wireshark.h>

#include <epan/packet.h>

#define TEXT(x) #x
#define VALUE(x) TEXT(x)

WS_DLL_PUBLIC_DEF const char plugin_version[] = "0.0.1";
WS_DLL_PUBLIC_DEF const int plugin_want_major = TINY_MAJOR;
WS_DLL_PUBLIC_DEF const int plugin_want_minor = TINY_MINOR;
WS_DLL_PUBLIC_DEF const char tiny_built_for[] =
    "plato-plugin 0.0.1 for Wireshark " VALUE(TINY_MAJOR) "." VALUE(TINY_MINOR);
WS_DLL_PUBLIC void plugin_register(void);

static void register_tiny(void)
{
    (void)proto_register_protocol("Tiny", "Tiny", "tiny");
}

void plugin_register(void)
{
    static proto_plugin plugin;
    plugin.register_protoinfo = register_tiny;
    proto_register_plugin(&plugin);
}
