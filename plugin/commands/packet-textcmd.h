/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PACKET_TEXTCMD_H
#define PLATO_PACKET_TEXTCMD_H

void proto_register_textcmd(void);
void proto_reg_handoff_textcmd(void);

#endif
