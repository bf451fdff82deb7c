/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Other dissectors that are given a body. The columns stay Plato's while they run, and an exception
 * of theirs ends where the body does.
 */
#ifndef PLATO_SUBDISSECTOR_H
#define PLATO_SUBDISSECTOR_H

#include "support/compat.h"

/*
 * Offers the body to the dissector that is registered for its type in the table plato.msg_type;
 * false if there is none or it does not want this body.
 */
bool plato_call_subdissector(uint32_t msg_type, tvbuff_t *body, packet_info *pinfo,
                             proto_tree *tree);

/* Wireshark's own dissectors for JSON, and for protobuf with its own search paths. */
void plato_call_json(tvbuff_t *body, packet_info *pinfo, proto_tree *tree);
void plato_call_protobuf(const char *message, tvbuff_t *body, packet_info *pinfo, proto_tree *tree);

/* When all dissectors are registered. */
void plato_handoff_subdissectors(void);

#endif
