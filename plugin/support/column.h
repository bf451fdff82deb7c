/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The columns of a packet that may hold several PDUs, of several protocols. */
#ifndef PLATO_COLUMN_H
#define PLATO_COLUMN_H

#include "support/compat.h"

/*
 * Sets the protocol column, appends `text` to the info column after what earlier PDUs of the packet
 * put there, and fences it off: neither the next PDU nor an exception can wipe it.
 */
void column_append_pdu(packet_info *pinfo, const char *protocol, const char *text);

/*
 * For a postdissector that changed the columns: the fields _ws.col.protocol and _ws.col.info of
 * `tree` get the text of the columns, where they are fields.
 */
void column_update_fields(packet_info *pinfo, proto_tree *tree);

#endif
