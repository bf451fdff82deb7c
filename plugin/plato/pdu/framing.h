/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_FRAMING_H
#define PLATO_FRAMING_H

#include "plato/pdu/conversation.h"

/*
 * The framing of a conversation; detects it, on the first pass, if that has not been done. `p` is
 * where a frame begins if `in_sync`, else anywhere. PLATO_FRAMING_HEADER while it is not known.
 */
plato_framing plato_find_framing(packet_info *pinfo, plato_conversation *conversation,
                                 const uint8_t *p, size_t n, bool in_sync);

#endif
