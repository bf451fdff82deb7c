/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One protobuf message, read by the codec's wire reader and guided by its descriptor. */
#include "plato/tree/protobuf.h"

#include "plato/tree/expert.h"
#include "support/label.h"

#include <plato/plato.h>
#include <string.h>

static int hf_unknown_field = -1;
static int hf_unknown_number = -1;
static int hf_unknown_wire_type = -1;
static int ett_unknown = -1;

static const value_string wire_types[] = {
    {PLATO_WIRE_VARINT, "varint"},
    {PLATO_WIRE_FIXED64, "64-bit"},
    {PLATO_WIRE_BYTES, "length-delimited"},
    {PLATO_WIRE_FIXED32, "32-bit"},
    {0, NULL},
};

/* Where the fields of one message go. */
typedef struct message_place {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    int offset; /* of the message in tvb */
} message_place;

static void add_unknown(const message_place *to, const plato_field *field)
{
    const int at = to->offset + (int)field->offset;
    const int length = (int)(field->end - field->offset);
    proto_item *item = proto_tree_add_item(to->tree, hf_unknown_field, to->tvb, at, length, ENC_NA);
    const char *kind = val_to_str_const(field->wire_type, wire_types, "?");
    proto_item_set_text(item, "Unknown field %u (%s)", field->number, kind);
    if (field->wire_type != PLATO_WIRE_BYTES)
        proto_item_append_text(item, ": %" PRIu64, field->value);
    proto_tree *tree = proto_item_add_subtree(item, ett_unknown);
    const int tag = (int)plato_varint_size((uint64_t)field->number << 3);
    item = proto_tree_add_uint(tree, hf_unknown_number, to->tvb, at, tag, field->number);
    proto_item_set_generated(item);
    item = proto_tree_add_uint(tree, hf_unknown_wire_type, to->tvb, at, tag, field->wire_type);
    proto_item_set_generated(item);
}

/* GLib stops at NUL. */
bool plato_is_utf8(plato_span text)
{
    const char *p = (const char *)text.p;
    const char *end = p + text.n;
    while (p < end) {
        const char *nul = memchr(p, 0, (size_t)(end - p));
        const char *part_end = nul != NULL ? nul : end;
        if (!g_utf8_validate_len(p, (size_t)(part_end - p), NULL))
            return false;
        p = part_end + 1;
    }
    return true;
}

/* What is valid needs no look at every character. */
const char *plato_text_of(packet_info *pinfo, tvbuff_t *tvb, int offset, int length)
{
    const char *text = (const char *)tvb_get_ptr(tvb, offset, length);
    if (g_utf8_validate_len(text, (gsize)length, NULL))
        return wmem_strndup(pinfo->pool, text, (gsize)length);
    return (const char *)tvb_get_string_enc(pinfo->pool, tvb, offset, length, ENC_UTF_8 | ENC_NA);
}

static void add_string(const message_place *to, int hf, const plato_field *field, int at,
                       int length)
{
    const bool valid = plato_is_utf8(field->bytes);
    const char *text = plato_text_of(to->pinfo, to->tvb, to->offset + (int)field->value_offset,
                                     (int)field->bytes.n);
    proto_item *item = proto_tree_add_string(to->tree, hf, to->tvb, at, length, text);
    if (!valid)
        expert_add_info(to->pinfo, item, plato_expert(EXPERT_UTF8));
}

static void add_time_us(const message_place *to, int hf, uint64_t us, int at, int length)
{
    const nstime_t value = {(time_t)(us / 1000000), (int)(us % 1000000) * 1000};
    proto_tree_add_time(to->tree, hf, to->tvb, at, length, &value);
}

/* A number, at its own bytes. */
static void add_number(const message_place *to, int hf, uint64_t value, int at, int length)
{
    switch (proto_registrar_get_ftype(hf)) {
    case FT_ABSOLUTE_TIME:
        add_time_us(to, hf, value, at, length);
        break;
    case FT_UINT32:
        proto_tree_add_uint(to->tree, hf, to->tvb, at, length, (uint32_t)value);
        break;
    default:
        proto_tree_add_uint64(to->tree, hf, to->tvb, at, length, value);
    }
}

/* What is not shown value by value of a packed field. */
static void add_rest(const message_place *to, int hf, int at, int length, const char *text)
{
    proto_item *item = proto_tree_add_item(to->tree, hf_unknown_field, to->tvb, at, length, ENC_NA);
    proto_item_set_text(item, "%s: %s", proto_registrar_get_name(hf), text);
}

/*
 * A packed repeated number: one length-delimited field with one varint after the other. The first
 * item also covers tag and length, so that the items still tile the message. No more values are
 * shown than a message may have fields: Wireshark drops a packet with a million items.
 */
static int add_packed(const message_place *to, int hf, const plato_field *field)
{
    size_t done = 0;
    int at = to->offset + (int)field->offset;
    const int end_of_field = to->offset + (int)field->end;
    if (field->bytes.n == 0)
        add_rest(to, hf, at, end_of_field - at, "none");
    for (unsigned count = 0; done < field->bytes.n; count++) {
        uint64_t value;
        if (count == PLATO_WIRE_MAX_FIELDS) {
            add_rest(to, hf, at, end_of_field - at, "more");
            break;
        }
        int n = plato_varint_read(field->bytes.p + done, field->bytes.n - done, &value);
        if (n < 0)
            return n;
        done += (size_t)n;
        const int end = to->offset + (int)(field->value_offset + done);
        add_number(to, hf, value, at, end - at);
        at = end;
    }
    return PLATO_OK;
}

static int add_known(const message_place *to, const message_view *view,
                     const ProtobufCFieldDescriptor *known, const plato_field *field)
{
    const int at = to->offset + (int)field->offset;
    const int length = (int)(field->end - field->offset);
    const int hf = view->hf[known - view->descriptor->fields];
    const int as_text = plato_field_text_hf(view, field->number);
    if (plato_is_packed(known, field))
        return add_packed(to, hf, field);
    if (field->wire_type == PLATO_WIRE_BYTES && as_text >= 0)
        add_string(to, as_text, field, at, length);
    else if (field->wire_type != plato_schema_wire_type(known))
        add_unknown(to, field);
    else if (known->type == PROTOBUF_C_TYPE_STRING)
        add_string(to, hf, field, at, length);
    else if (known->type == PROTOBUF_C_TYPE_BYTES)
        proto_tree_add_bytes_with_length(to->tree, hf, to->tvb, at, length, field->bytes.p,
                                         (int)field->bytes.n);
    else
        add_number(to, hf, field->value, at, length);
    return PLATO_OK;
}

void plato_item_set_title(proto_item *item, const char *place, const char *name, int length)
{
    label title;
    label_begin(&title);
    label_add(&title, place);
    label_add(&title, name);
    label_add(&title, " (");
    label_add_number(&title, (uint64_t)length);
    label_add(&title, " bytes)");
    proto_item_set_text(item, "%s", title.text);
}

int plato_dissect_field(const message_view *view, tvbuff_t *tvb, packet_info *pinfo,
                        proto_tree *tree, int offset, const plato_field *field)
{
    const message_place to = {tvb, pinfo, tree, offset};
    const ProtobufCFieldDescriptor *known =
        view == NULL ? NULL : plato_schema_field(view->descriptor, field->number);
    if (known != NULL)
        return add_known(&to, view, known, field);
    add_unknown(&to, field);
    return PLATO_OK;
}

void plato_dissect_unknown_field(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset,
                                 const plato_field *field)
{
    plato_dissect_field(NULL, tvb, pinfo, tree, offset, field);
}

int plato_dissect_message(const message_view *view, tvbuff_t *tvb, packet_info *pinfo,
                          proto_tree *tree, int offset, int length, int *error_offset)
{
    plato_wire reader;
    plato_field field;
    int rc;
    *error_offset = 0;
    if (length == 0)
        return PLATO_OK;
    plato_wire_init(&reader, tvb_get_ptr(tvb, offset, length), (size_t)length, 0);
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        rc = plato_dissect_field(view, tvb, pinfo, tree, offset, &field);
        if (rc < 0) {
            *error_offset = (int)field.value_offset;
            return rc;
        }
    }
    *error_offset = (int)reader.error_offset;
    return rc;
}

void plato_register_protobuf(int proto)
{
    static hf_register_info hf[] = {
        {&hf_unknown_field,
         {"Unknown field", "plato.unknown_field", FT_BYTES, BASE_NONE, NULL, 0x0,
          "A field that the schema does not know", HFILL}},
        {&hf_unknown_number,
         {"Number", "plato.unknown_field.number", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_unknown_wire_type,
         {"Wire type", "plato.unknown_field.wire_type", FT_UINT8, BASE_DEC, VALS(wire_types), 0x0,
          NULL, HFILL}},
    };
    static int *ett[] = {&ett_unknown};
    proto_register_field_array(proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
}
