/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PACKET_BINCMD_H
#define PLATO_PACKET_BINCMD_H

void proto_register_bincmd(void);
void proto_reg_handoff_bincmd(void);

#endif
