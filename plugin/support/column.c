/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "support/column.h"

#include <string.h>

/* TCP's own words before ours, such as "[TCP Retransmission] ", bring their separator along. */
static bool ends_with_space(const char *text)
{
    const size_t n = text != NULL ? strlen(text) : 0;
    return n > 0 && text[n - 1] == ' ';
}

void column_append_pdu(packet_info *pinfo, const char *protocol, const char *text)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, protocol);
    col_clear(pinfo->cinfo, COL_INFO); /* only what stands after the last fence */
    if (ends_with_space(col_get_text(pinfo->cinfo, COL_INFO)))
        col_append_str(pinfo->cinfo, COL_INFO, text);
    else
        col_append_sep_str(pinfo->cinfo, COL_INFO, " | ", text);
    col_set_fence(pinfo->cinfo, COL_INFO);
}
