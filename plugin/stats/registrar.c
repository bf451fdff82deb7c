/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "stats/registrar.h"

void plato_register_statistics(int proto)
{
    plato_register_rows();
    plato_register_srt(proto);
    plato_register_delivery();
    plato_register_sessions();
    plato_register_conns();
    plato_register_endpoints(proto);
    plato_register_follow(proto);
    plato_register_rtt();
}

void plato_handoff_statistics(void)
{
    plato_handoff_tree();
    plato_handoff_command_trees();
}
