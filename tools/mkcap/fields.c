/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "fields.h"

#include "plato/schema/plato.pb-c.h"
#include "plato/wire.h"

#include <string.h>

/* A field as it will stand on the wire. */
typedef struct entry {
    guint32 number;
    plato_wire_type wire_type;
    guint64 value;
    GByteArray *bytes; /* PLATO_WIRE_BYTES */
} entry;

struct message {
    GArray *entries; /* in the order of their numbers, equal ones as they came */
};

static void entry_clear(gpointer data)
{
    entry *e = data;
    if (e->bytes != NULL)
        g_byte_array_unref(e->bytes);
}

message *message_new(void)
{
    message *m = g_new0(message, 1);
    m->entries = g_array_new(FALSE, TRUE, sizeof(entry));
    g_array_set_clear_func(m->entries, entry_clear);
    return m;
}

void message_free(message *m)
{
    if (m == NULL)
        return;
    g_array_unref(m->entries);
    g_free(m);
}

gboolean message_is_empty(const message *m)
{
    return m->entries->len == 0;
}

gboolean message_has(const message *m, guint32 number)
{
    for (guint i = 0; i < m->entries->len; i++) {
        if (g_array_index(m->entries, entry, i).number == number)
            return TRUE;
    }
    return FALSE;
}

static gboolean same_name(const char *a, const char *b)
{
    for (;;) {
        while (*a == '_')
            a++;
        while (*b == '_')
            b++;
        if (g_ascii_tolower(*a) != g_ascii_tolower(*b))
            return FALSE;
        if (*a == '\0')
            return TRUE;
        a++;
        b++;
    }
}

const ProtobufCFieldDescriptor *field_find(const ProtobufCMessageDescriptor *descriptor,
                                           const char *name)
{
    for (unsigned i = 0; descriptor != NULL && i < descriptor->n_fields; i++) {
        if (same_name(descriptor->fields[i].name, name))
            return &descriptor->fields[i];
    }
    return NULL;
}

static void insert(message *m, entry e)
{
    guint at = m->entries->len;
    while (at > 0 && g_array_index(m->entries, entry, at - 1).number > e.number)
        at--;
    g_array_insert_val(m->entries, at, e);
}

void message_add_varint(message *m, guint32 number, guint64 value)
{
    if (value != 0)
        insert(m, (entry){number, PLATO_WIRE_VARINT, value, NULL});
}

static void add_array(message *m, guint32 number, GByteArray *bytes)
{
    insert(m, (entry){number, PLATO_WIRE_BYTES, 0, bytes});
}

void message_add_bytes(message *m, guint32 number, const guint8 *p, gsize n)
{
    GByteArray *bytes = g_byte_array_sized_new((guint)n);
    g_byte_array_append(bytes, p, (guint)n);
    add_array(m, number, bytes);
}

static gboolean enum_value(const ProtobufCEnumDescriptor *names, const char *text, guint64 *value)
{
    for (unsigned i = 0; names != NULL && i < names->n_values; i++) {
        if (same_name(names->values[i].name, text)) {
            *value = (guint64)names->values[i].value;
            return TRUE;
        }
    }
    return FALSE;
}

/* Names that the value may have: those of its enum, or, for the number in AckHead, the codes'. */
static const ProtobufCEnumDescriptor *value_names(const ProtobufCFieldDescriptor *field)
{
    if (field->type == PROTOBUF_C_TYPE_ENUM)
        return field->descriptor;
    return same_name(field->name, "code") ? &plato__ack_code__descriptor : NULL;
}

static void append_varint(GByteArray *out, guint64 value)
{
    guint8 bytes[10];
    g_byte_array_append(out, bytes, (guint)plato_varint_write(value, bytes));
}

static gboolean add_packed(message *m, guint32 number, const word *w, GError **error)
{
    GArray *numbers = word_numbers(w, G_MAXUINT64, error);
    if (numbers == NULL)
        return FALSE;
    GByteArray *packed = g_byte_array_new();
    for (guint i = 0; i < numbers->len; i++)
        append_varint(packed, g_array_index(numbers, guint64, i));
    add_array(m, number, packed);
    g_array_unref(numbers);
    return TRUE;
}

static gboolean add_text(message *m, guint32 number, const word *w, GError **error)
{
    GByteArray *bytes = word_bytes(w, error);
    if (bytes == NULL)
        return FALSE;
    if (bytes->len > 0)
        add_array(m, number, bytes);
    else
        g_byte_array_unref(bytes);
    return TRUE;
}

gboolean message_add(message *m, const ProtobufCFieldDescriptor *field, const word *w,
                     GError **error)
{
    guint64 value = 0;
    if (field->type == PROTOBUF_C_TYPE_BYTES || field->type == PROTOBUF_C_TYPE_STRING)
        return add_text(m, field->id, w, error);
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return add_packed(m, field->id, w, error);
    const guint64 max = field->type == PROTOBUF_C_TYPE_UINT32 ? G_MAXUINT32
                        : field->type == PROTOBUF_C_TYPE_ENUM ? G_MAXINT32
                                                              : G_MAXUINT64;
    if (!enum_value(value_names(field), word_text(w), &value) &&
        !word_number(w, max, &value, error))
        return FALSE;
    if (field->type != PROTOBUF_C_TYPE_FIXED64)
        message_add_varint(m, field->id, value);
    else if (value != 0)
        insert(m, (entry){field->id, PLATO_WIRE_FIXED64, value, NULL});
    return TRUE;
}

gboolean message_add_unknown(message *m, guint32 number, const word *w, GError **error)
{
    guint64 value = 0;
    if (w->quoted || g_str_has_prefix(word_text(w), "hex:") ||
        g_str_has_prefix(word_text(w), "fill:"))
        return add_text(m, number, w, error);
    if (!word_number(w, G_MAXUINT64, &value, error))
        return FALSE;
    message_add_varint(m, number, value);
    return TRUE;
}

GByteArray *message_encode(const message *m)
{
    GByteArray *out = g_byte_array_new();
    for (guint i = 0; i < m->entries->len; i++) {
        const entry *e = &g_array_index(m->entries, entry, i);
        append_varint(out, (guint64)e->number << 3 | e->wire_type);
        if (e->wire_type == PLATO_WIRE_VARINT) {
            append_varint(out, e->value);
        } else if (e->wire_type == PLATO_WIRE_FIXED64) {
            const guint64 value = GUINT64_TO_LE(e->value);
            g_byte_array_append(out, (const guint8 *)&value, sizeof value);
        } else {
            append_varint(out, e->bytes->len);
            g_byte_array_append(out, e->bytes->data, e->bytes->len);
        }
    }
    return out;
}
