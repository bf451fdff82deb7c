/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other dissectors that are given a body. The columns stay Plato's while they run, and an exception
 * of theirs ends where the body does.
 */
#ifndef PLATO_GUEST_H
#define PLATO_GUEST_H

#include "support/compat.h"

/* Whether a dissector is registered in the table plato.msg_type for bodies of this type. */
bool plato_has_guest(uint32_t msg_type);

/* Offers the body to the one that there is; false if it does not want this body. */
bool plato_call_guest(uint32_t msg_type, tvbuff_t *body, packet_info *pinfo, proto_tree *tree);

/* Wireshark's own dissectors for JSON, and for protobuf with its own search paths. */
void plato_call_json(tvbuff_t *body, packet_info *pinfo, proto_tree *tree);
void plato_call_protobuf(const char *message, tvbuff_t *body, packet_info *pinfo, proto_tree *tree);

void plato_register_guest(int proto);
void plato_handoff_guest(void);

#endif
