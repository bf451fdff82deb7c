/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_COL_INFO_H
#define PLATO_COL_INFO_H

#include "plato/pdu/pdu_info.h"
#include "support/label.h"

/* One frame in a few words, `UP sess=42 client=7 "hi"`. */
void plato_info_text(packet_info *pinfo, const pdu_info *facts, label *out);

/*
 * Appends the words of one frame to the info column, as column_append_pdu() does.
 */
void plato_info_column(packet_info *pinfo, const char *text);

#endif
