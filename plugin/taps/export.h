/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Wireshark's own taps for what leaves a capture: export objects and exported PDUs. */
#ifndef PLATO_TAPS_EXPORT_H
#define PLATO_TAPS_EXPORT_H

#include "plato/pdu/pdu_info.h"

/* Hands a frame to whoever exports objects or PDUs. Cheap when nobody does. */
void plato_export_frame(packet_info *pinfo, const pdu_info *facts);

void plato_register_export(int proto);

#endif
