/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core_fixture.h"

const uint64_t sessions[2] = {42, 43};
core_config config;
driver d;

void setup_core(void)
{
    core_config_init(&config);
    driver_start(&d, &config);
}

void teardown_core(void)
{
    driver_stop(&d);
}

void disconnect(conn_key key)
{
    core_disconnected(d.core, d.now_ms, key);
    driver_pump(&d);
}
