/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark's plugin loader looks for. */
#include "check.h"

#define STRING(x) #x
#define DOTTED(major, minor) STRING(major) "." STRING(minor)

/* tools/plato-doctor reads this in the file, without loading it. */
#define MARK                                                                                       \
    "platocheck-plugin " PLATO_PLUGIN_VERSION                                                      \
    " for Wireshark " DOTTED(WIRESHARK_VERSION_MAJOR, WIRESHARK_VERSION_MINOR)
extern const char platocheck_plugin_mark[];
const char platocheck_plugin_mark[] __attribute__((used)) = MARK;

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
    return WS_PLUGIN_DESC_TAP_LISTENER;
}

void plugin_register(void)
{
    static tap_plugin check;
    check.register_tap_listener = check_register;
    tap_register_plugin(&check);
}
