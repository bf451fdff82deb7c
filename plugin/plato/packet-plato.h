/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PACKET_PLATO_H
#define PLATO_PACKET_PLATO_H

void proto_register_plato(void);
void proto_reg_handoff_plato(void);

#endif
