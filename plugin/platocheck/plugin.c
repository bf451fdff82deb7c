/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tap of platocheck.so. */
#include "platocheck/platocheck.h"
#include "support/entry.h"

#include <epan/tap.h>

PLATO_PLUGIN_ENTRY("platocheck", WS_PLUGIN_DESC_TAP_LISTENER)

void plugin_register(void)
{
    static tap_plugin check;
    check.register_tap_listener = platocheck_register;
    tap_register_plugin(&check);
}
