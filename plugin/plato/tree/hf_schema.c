/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields registered from the protobuf descriptors. */
#include "plato/tree/hf_schema.h"

#include <plato/plato.h>
#include <plato/schema/plato.pb-c.h>
#include <string.h>

enum { LOGIN_HEAD, HEARTBEAT_HEAD, RECONN_HEAD, ACK_HEAD, UP_HEAD, PUSH_HEAD, SYNC_HEAD };
enum { LOGIN_BODY = SYNC_HEAD + 1, CHAT_MESSAGE, VIEW_COUNT };

#define UP_SESSION 3 /* number of UpHead.session_id */

static int hf_session_name = -1;

static message_view views[VIEW_COUNT] = {
    [LOGIN_HEAD] = {&plato__login_head__descriptor, "Login head", NULL, -1},
    [HEARTBEAT_HEAD] = {&plato__heartbeat_head__descriptor, "Heartbeat head", NULL, -1},
    [RECONN_HEAD] = {&plato__reconn_head__descriptor, "Reconnect head", NULL, -1},
    [ACK_HEAD] = {&plato__ack_head__descriptor, "Acknowledgement head", NULL, -1},
    [UP_HEAD] = {&plato__up_head__descriptor, "Up head", NULL, -1},
    [PUSH_HEAD] = {&plato__push_head__descriptor, "Push head", NULL, -1},
    [SYNC_HEAD] = {&plato__sync_head__descriptor, "Sync head", NULL, -1},
    [LOGIN_BODY] = {&plato__login_body__descriptor, "Login body", NULL, -1},
    [CHAT_MESSAGE] = {&plato__chat_message__descriptor, "Chat message", NULL, -1},
};

/* What the descriptors cannot say. */
typedef struct special_field {
    const char *filter;
    const char *name;
    enum ftenum type;
    int display;
    const ProtobufCEnumDescriptor *values;
} special_field;

static const special_field specials[] = {
    {"plato.ack.code", "Code", FT_UINT32, BASE_DEC, &plato__ack_code__descriptor},
    {"plato.chat.sent_at_us", "Sent at", FT_ABSOLUTE_TIME, ABSOLUTE_TIME_UTC, NULL},
};

const message_view *plato_head_view(uint32_t msg_type)
{
    return msg_type <= PLATO_SYNC ? &views[LOGIN_HEAD + msg_type] : NULL;
}

const message_view *plato_body_view(uint32_t msg_type)
{
    if (msg_type == PLATO_LOGIN)
        return &views[LOGIN_BODY];
    return msg_type == PLATO_UP || msg_type == PLATO_PUSH ? plato_chat_view() : NULL;
}

const message_view *plato_chat_view(void)
{
    return &views[CHAT_MESSAGE];
}

int plato_field_hf(const message_view *view, uint32_t number)
{
    const ProtobufCFieldDescriptor *field = plato_schema_field(view->descriptor, number);
    return field != NULL ? view->hf[field - view->descriptor->fields] : -1;
}

int plato_field_text_hf(const message_view *view, uint32_t number)
{
    return view == &views[UP_HEAD] && number == UP_SESSION ? hf_session_name : -1;
}

/* An enumeration as Wireshark wants it; lives as long as the program. */
static const value_string *value_strings(const ProtobufCEnumDescriptor *values)
{
    value_string *strings =
        wmem_alloc0_array(wmem_epan_scope(), value_string, values->n_values + 1);
    for (unsigned i = 0; i < values->n_values; i++) {
        strings[i].value = (uint32_t)values->values[i].value;
        strings[i].strptr = values->values[i].name;
    }
    return strings;
}

const value_string *plato_msg_type_values(void)
{
    static const value_string *strings;
    if (strings == NULL)
        strings = value_strings(&plato__msg_type__descriptor);
    return strings;
}

const value_string *plato_ack_code_values(void)
{
    static const value_string *strings;
    if (strings == NULL)
        strings = value_strings(&plato__ack_code__descriptor);
    return strings;
}

/* "LoginHead" and "LoginBody" give "login", "ChatMessage" gives "chat". */
static char *filter_prefix(const ProtobufCMessageDescriptor *descriptor)
{
    static const char *const endings[] = {"Head", "Body", "Message"};
    char *name = wmem_strdup(wmem_epan_scope(), descriptor->short_name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (g_str_has_suffix(name, endings[i]))
            name[strlen(name) - strlen(endings[i])] = '\0';
    }
    return wmem_ascii_strdown(wmem_epan_scope(), name, -1);
}

/* "client_id" gives "Client ID", "msg" gives "Msg". */
static char *title_case(const char *field)
{
    char *title = wmem_strdup(wmem_epan_scope(), field);
    bool at_start = true;
    for (char *c = title; *c != '\0'; c++) {
        if (*c == '_')
            *c = ' ';
        else if (at_start)
            *c = g_ascii_toupper(*c);
        at_start = *c == ' ';
    }
    if (g_str_has_suffix(title, " Id"))
        title[strlen(title) - 1] = 'D';
    else if (g_str_has_suffix(title, " Ids"))
        title[strlen(title) - 2] = 'D';
    return title;
}

static void set_type(header_field_info *info, const ProtobufCFieldDescriptor *field)
{
    info->display = BASE_NONE;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        info->type = FT_STRING;
        break;
    case PROTOBUF_C_TYPE_BYTES:
        info->type = FT_BYTES;
        break;
    case PROTOBUF_C_TYPE_ENUM:
        info->type = FT_UINT32;
        info->display = BASE_DEC;
        info->strings = VALS(value_strings(field->descriptor));
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_FIXED32:
        info->type = FT_UINT32;
        info->display = BASE_DEC;
        break;
    default: /* every other scalar of the schema is an unsigned 64-bit number */
        info->type = FT_UINT64;
        info->display = BASE_DEC;
    }
}

static void set_special(header_field_info *info)
{
    for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
        if (strcmp(specials[i].filter, info->abbrev) != 0)
            continue;
        info->name = specials[i].name;
        info->type = specials[i].type;
        info->display = specials[i].display;
        if (specials[i].values != NULL)
            info->strings = VALS(value_strings(specials[i].values));
    }
}

static void register_view(int proto, message_view *view)
{
    const ProtobufCMessageDescriptor *descriptor = view->descriptor;
    const char *prefix = filter_prefix(descriptor);
    int *ett[] = {&view->ett};
    if (descriptor->n_fields > 0) {
        hf_register_info *rows =
            wmem_alloc0_array(wmem_epan_scope(), hf_register_info, descriptor->n_fields);
        view->hf = wmem_alloc_array(wmem_epan_scope(), int, descriptor->n_fields);
        for (unsigned i = 0; i < descriptor->n_fields; i++) {
            const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
            const hf_register_info empty = {&view->hf[i],
                                            {NULL, NULL, FT_NONE, 0, NULL, 0, NULL, HFILL}};
            view->hf[i] = -1;
            rows[i] = empty;
            rows[i].hfinfo.name = title_case(field->name);
            rows[i].hfinfo.abbrev =
                wmem_strdup_printf(wmem_epan_scope(), "plato.%s.%s", prefix, field->name);
            set_type(&rows[i].hfinfo, field);
            set_special(&rows[i].hfinfo);
        }
        proto_register_field_array(proto, rows, (int)descriptor->n_fields);
    }
    proto_register_subtree_array(ett, 1);
}

void plato_register_hf_schema(int proto)
{
    static hf_register_info hf[] = {
        {&hf_session_name,
         {"Session name", "plato.up.session_name", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
    };
    proto_register_field_array(proto, hf, array_length(hf));
    for (int i = 0; i < VIEW_COUNT; i++)
        register_view(proto, &views[i]);
}
