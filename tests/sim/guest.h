/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device that comes and goes: each time it joins other sessions, among them those of the clients,
 * says a few things once, and leaves. What it says and the server accepts is for the clients to
 * get.
 */
#ifndef PLATO_TEST_SIM_GUEST_H
#define PLATO_TEST_SIM_GUEST_H

#include "world.h"

struct guest *guest_new(world *w, uint64_t device_id);
void guest_free(struct guest *guest);

#endif
