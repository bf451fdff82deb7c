/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PACKET_LATENCY_H
#define PLATO_PACKET_LATENCY_H

void proto_register_latency(void);
void proto_reg_handoff_latency(void);

#endif
