/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The table of body types. */
#include "user_schema/uat_body_types.h"

#include <plato/frame.h>

typedef struct type_row {
    char *msg_type; /* a name, or a number */
    char *message;
    uint8_t number; /* that msg_type stands for */
} type_row;

static type_row *type_rows;
static unsigned n_type_rows;

/* "up" and "UP" are names; "4" and "0x04" are numbers. */
static bool read_msg_type(const char *text, uint8_t *number)
{
    char *end;
    const char *name;
    for (uint8_t type = 0; (name = plato_msg_type_name(type)) != NULL; type++) {
        if (g_ascii_strcasecmp(text, name) == 0) {
            *number = type;
            return true;
        }
    }
    if (!g_ascii_isdigit(*text))
        return false;
    const uint64_t value = g_ascii_strtoull(text, &end, 0);
    *number = (uint8_t)value;
    return *end == '\0' && value <= UINT8_MAX;
}

/* Identifiers with dots between them. */
static bool is_message_name(const char *text)
{
    bool at_start = true;
    for (; *text != '\0'; text++) {
        const bool digit = g_ascii_isdigit(*text);
        if (*text == '.' ? at_start : !(g_ascii_isalpha(*text) || *text == '_' || digit))
            return false;
        if (digit && at_start)
            return false;
        at_start = *text == '.';
    }
    return !at_start;
}

static char *names_of_types(void)
{
    GString *names = g_string_new(NULL);
    const char *name;
    for (uint32_t type = 0; (name = plato_msg_type_name(type)) != NULL; type++)
        g_string_append_printf(names, "%s, ", name);
    return g_string_free(names, FALSE);
}

static ws_bool check_row(void *record, char **error)
{
    type_row *row = record;
    const char *type = row->msg_type != NULL ? row->msg_type : "";
    const char *message = row->message != NULL ? row->message : "";
    *error = NULL;
    if (!read_msg_type(type, &row->number)) {
        char *names = names_of_types();
        *error = g_strdup_printf("\"%s\" is no message type of Plato: %sor a number from 0 to 255",
                                 type, names);
        g_free(names);
    } else if (!is_message_name(message)) {
        *error = g_strdup_printf("\"%s\" is not the full name of a protobuf message, like "
                                 "my.package.Message",
                                 message);
    }
    return *error == NULL;
}

static void *copy_row(void *to, const void *from, size_t size _U_)
{
    const type_row *source = from;
    type_row *row = to;
    row->msg_type = g_strdup(source->msg_type);
    row->message = g_strdup(source->message);
    row->number = source->number;
    return to;
}

static void free_row(void *record)
{
    type_row *row = record;
    g_free(row->msg_type);
    g_free(row->message);
}

UAT_CSTRING_CB_DEF(type_rows, msg_type, type_row)
UAT_CSTRING_CB_DEF(type_rows, message, type_row)

const char *plato_user_type_of(uint32_t msg_type)
{
    for (unsigned i = 0; i < n_type_rows; i++) {
        if (type_rows[i].number == msg_type)
            return type_rows[i].message;
    }
    return NULL;
}

uat_t *plato_user_types_table(void)
{
    static uat_field_t columns[] = {
        UAT_FLD_CSTRING(type_rows, msg_type, "Message type", "UP, PUSH, ..., or a number"),
        UAT_FLD_CSTRING(type_rows, message, "Protobuf message",
                        "Full name of the message, like my.package.Message"),
        UAT_END_FIELDS,
    };
    return uat_new("Plato body types", sizeof(type_row), "plato_body_types", TRUE, &type_rows,
                   &n_type_rows, UAT_AFFECTS_DISSECTION, NULL, copy_row, check_row, free_row, NULL,
                   NULL, columns);
}
