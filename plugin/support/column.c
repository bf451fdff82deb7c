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

#if WS_COLUMNS_ARE_FIELDS
static void update_field(packet_info *pinfo, proto_tree *tree, const char *name, int column)
{
    const char *text = col_get_text(pinfo->cinfo, column);
    const int field = proto_registrar_get_id_byname(name);
    GPtrArray *items = field >= 0 ? proto_get_finfo_ptr_array(tree, field) : NULL;
    for (unsigned i = 0; text != NULL && items != NULL && i < items->len; i++)
        fvalue_set_string(((field_info *)g_ptr_array_index(items, i))->value, text);
}

void column_update_fields(packet_info *pinfo, proto_tree *tree)
{
    update_field(pinfo, tree, "_ws.col.protocol", COL_PROTOCOL);
    update_field(pinfo, tree, "_ws.col.info", COL_INFO);
}
#else
void column_update_fields(packet_info *pinfo _U_, proto_tree *tree _U_)
{
}
#endif
