/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other dissectors that are given a body. */
#include "plato/tree/subdissector.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

static dissector_table_t table; /* plato.msg_type */
static dissector_handle_t json_handle;
static dissector_handle_t protobuf_handle;

/* Calls `handle`, or without one the dissector that is registered for `msg_type`. True if it took
 * the body. */
static bool call(dissector_handle_t handle, void *data, uint32_t msg_type, tvbuff_t *body,
                 packet_info *pinfo, proto_tree *tree)
{
    const char *proto = pinfo->current_proto;
    const bool writable = col_get_writable(pinfo->cinfo, -1);
    volatile int consumed = 0;
    col_set_writable(pinfo->cinfo, -1, FALSE);
    TRY
    {
        consumed = handle != NULL ? call_dissector_only(handle, body, pinfo, tree, data)
                                  : dissector_try_uint(table, msg_type, body, pinfo, tree);
    }
    CATCH_NONFATAL_ERRORS
    {
        show_exception(body, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
        pinfo->current_proto = proto;
        consumed = 1;
    }
    ENDTRY;
    col_set_writable(pinfo->cinfo, -1, writable);
    return consumed != 0;
}

bool plato_call_subdissector(uint32_t msg_type, tvbuff_t *body, packet_info *pinfo,
                             proto_tree *tree)
{
    return call(NULL, NULL, msg_type, body, pinfo, tree);
}

void plato_call_json(tvbuff_t *body, packet_info *pinfo, proto_tree *tree)
{
    if (json_handle != NULL)
        call(json_handle, NULL, 0, body, pinfo, tree);
}

void plato_call_protobuf(const char *message, tvbuff_t *body, packet_info *pinfo, proto_tree *tree)
{
    if (protobuf_handle != NULL)
        call(protobuf_handle, wmem_strconcat(pinfo->pool, "message,", message, NULL), 0, body,
             pinfo, tree);
}

void plato_handoff_subdissectors(void)
{
    table = find_dissector_table("plato.msg_type");
    json_handle = find_dissector("json");
    protobuf_handle = find_dissector("protobuf");
}
