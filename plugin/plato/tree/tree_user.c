/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One message of a user's descriptor set, with the bytes of every field. */
#include "plato/tree/tree_user.h"

#include "plato/tree/expert.h"
#include "plato/tree/protobuf.h"

#include <plato/plato.h>
#include <string.h>

#define DEEPEST 16u /* messages in messages */
/* Fields and packed numbers of a body. Wireshark takes a million items for an endless loop, and one
 * that fits nothing makes eight. */
#define MOST_ITEMS 65536u

static int ett_message = -1;

/* One body on its way into the tree. */
typedef struct user_body {
    tvbuff_t *tvb;
    packet_info *pinfo;
    int body; /* its offset in tvb */
    unsigned items_left;
} user_body;

/* A place in the tree, and the message whose fields go there. */
typedef struct place {
    const user_message *message;
    proto_tree *tree;
    proto_item *item;
    int offset; /* of the message in tvb */
    unsigned depth;
} place;

/* Where a value goes: its hf, and its bytes in tvb. */
typedef struct cell {
    const user_body *to;
    proto_tree *tree;
    int hf;
    int at;
    int length;
} cell;

/* --- scalars: what the 64 bits that the wire reader gives are --- */

static void add_uint32(const cell *c, uint64_t value)
{
    proto_tree_add_uint(c->tree, c->hf, c->to->tvb, c->at, c->length, (uint32_t)value);
}

static void add_uint64(const cell *c, uint64_t value)
{
    proto_tree_add_uint64(c->tree, c->hf, c->to->tvb, c->at, c->length, value);
}

static void add_int32(const cell *c, uint64_t value)
{
    proto_tree_add_int(c->tree, c->hf, c->to->tvb, c->at, c->length, (int32_t)(uint32_t)value);
}

static void add_int64(const cell *c, uint64_t value)
{
    proto_tree_add_int64(c->tree, c->hf, c->to->tvb, c->at, c->length, (int64_t)value);
}

/* 0, -1, 1, -2, 2, ... are written as 0, 1, 2, 3, 4, ... */
static uint64_t unzigzag(uint64_t value)
{
    return value >> 1 ^ (0 - (value & 1));
}

static void add_sint32(const cell *c, uint64_t value)
{
    add_int32(c, unzigzag((uint32_t)value));
}

static void add_sint64(const cell *c, uint64_t value)
{
    add_int64(c, unzigzag(value));
}

static void add_bool(const cell *c, uint64_t value)
{
    proto_tree_add_boolean(c->tree, c->hf, c->to->tvb, c->at, c->length, value != 0);
}

static void add_float(const cell *c, uint64_t value)
{
    const uint32_t bits = (uint32_t)value;
    float number;
    memcpy(&number, &bits, sizeof number);
    proto_tree_add_float(c->tree, c->hf, c->to->tvb, c->at, c->length, number);
}

static void add_double(const cell *c, uint64_t value)
{
    double number;
    memcpy(&number, &value, sizeof number);
    proto_tree_add_double(c->tree, c->hf, c->to->tvb, c->at, c->length, number);
}

/* How each type is written on the wire. What is length-delimited has no `add`. */
typedef struct wire_form {
    plato_wire_type wire_type;
    void (*add)(const cell *c, uint64_t value);
} wire_form;

static const wire_form wire_forms[USER_TYPE_COUNT] = {
    [USER_DOUBLE] = {PLATO_WIRE_FIXED64, add_double},
    [USER_FLOAT] = {PLATO_WIRE_FIXED32, add_float},
    [USER_INT64] = {PLATO_WIRE_VARINT, add_int64},
    [USER_UINT64] = {PLATO_WIRE_VARINT, add_uint64},
    [USER_INT32] = {PLATO_WIRE_VARINT, add_int32},
    [USER_FIXED64] = {PLATO_WIRE_FIXED64, add_uint64},
    [USER_FIXED32] = {PLATO_WIRE_FIXED32, add_uint32},
    [USER_BOOL] = {PLATO_WIRE_VARINT, add_bool},
    [USER_STRING] = {PLATO_WIRE_BYTES, NULL},
    [USER_MESSAGE] = {PLATO_WIRE_BYTES, NULL},
    [USER_BYTES] = {PLATO_WIRE_BYTES, NULL},
    [USER_UINT32] = {PLATO_WIRE_VARINT, add_uint32},
    [USER_ENUM] = {PLATO_WIRE_VARINT, add_int32},
    [USER_SFIXED32] = {PLATO_WIRE_FIXED32, add_int32},
    [USER_SFIXED64] = {PLATO_WIRE_FIXED64, add_int64},
    [USER_SINT32] = {PLATO_WIRE_VARINT, add_sint32},
    [USER_SINT64] = {PLATO_WIRE_VARINT, add_sint64},
    [USER_GROUP] = {(plato_wire_type)-1, NULL}, /* the wire reader knows no groups */
};

/* --- fields --- */

static void add_mismatch(const user_body *to, const place *where, const char *text, int at)
{
    expert_add_info_format(to->pinfo, where->item, plato_expert(EXPERT_USER_MISMATCH),
                           "Not a %s: %s (at byte %d of the body)", where->message->full_name, text,
                           at - to->body);
}

static bool count_item(user_body *to, const place *where, int at)
{
    if (to->items_left > 0) {
        to->items_left--;
        return true;
    }
    add_mismatch(to, where, "more than 65536 values, the rest is not shown", at);
    return false;
}

/* The value at the start of `left` bytes: its length, or an error. */
static int read_packed(plato_wire_type type, const uint8_t *p, size_t left, uint64_t *value)
{
    const size_t n = type == PLATO_WIRE_FIXED64 ? 8 : 4;
    if (type == PLATO_WIRE_VARINT)
        return plato_varint_read(p, left, value);
    if (left < n)
        return PLATO_ERR_WIRE_TRUNCATED;
    *value = 0;
    for (size_t i = 0; i < n; i++)
        *value |= (uint64_t)p[i] << (8 * i);
    return (int)n;
}

/* Several numbers in one field. The first item covers tag and length as well. */
static bool add_packed(user_body *to, const place *where, const user_field *known,
                       const plato_field *field)
{
    const wire_form *how = &wire_forms[known->type];
    const int content = where->offset + (int)field->value_offset;
    cell c = {to, where->tree, known->hf, where->offset + (int)field->offset, 0};
    size_t done = 0;
    while (done < field->bytes.n) {
        uint64_t value;
        const int n =
            read_packed(how->wire_type, field->bytes.p + done, field->bytes.n - done, &value);
        if (n < 0) {
            add_mismatch(to, where, plato_strerror((plato_err)n), content + (int)done);
            return true; /* the fields after it can be read */
        }
        if (!count_item(to, where, content + (int)done))
            return false;
        done += (size_t)n;
        c.length = content + (int)done - c.at;
        how->add(&c, value);
        c.at += c.length;
    }
    return true;
}

static void add_string(const user_body *to, const cell *c, const place *where,
                       const plato_field *field)
{
    const char *text = (const char *)tvb_get_string_enc(to->pinfo->pool, to->tvb,
                                                        where->offset + (int)field->value_offset,
                                                        (int)field->bytes.n, ENC_UTF_8 | ENC_NA);
    proto_item *item = proto_tree_add_string(c->tree, c->hf, to->tvb, c->at, c->length, text);
    if (!plato_is_utf8(field->bytes))
        expert_add_info(to->pinfo, item, plato_expert(EXPERT_UTF8));
}

static bool dissect_message(user_body *to, const place *where, plato_span bytes);

static bool add_message(user_body *to, const cell *c, const place *where, const user_field *known,
                        const plato_field *field)
{
    proto_item *item = proto_tree_add_bytes_with_length(c->tree, c->hf, to->tvb, c->at, c->length,
                                                        field->bytes.p, (int)field->bytes.n);
    proto_item_set_text(item, "%s: %s (%zu bytes)", known->name, known->type_name + 1,
                        field->bytes.n);
    if (known->message == NULL) {
        proto_item_append_text(item, ", not in the descriptor set");
        return true;
    }
    const place inside = {known->message, proto_item_add_subtree(item, ett_message), item,
                          where->offset + (int)field->value_offset, where->depth + 1};
    if (inside.depth > DEEPEST) {
        add_mismatch(to, &inside, "nested more than 16 deep, not shown", inside.offset);
        return true;
    }
    return dissect_message(to, &inside, field->bytes);
}

static bool add_known(user_body *to, const place *where, const user_field *known,
                      const plato_field *field)
{
    const wire_form *how = &wire_forms[known->type];
    const cell c = {to, where->tree, known->hf, where->offset + (int)field->offset,
                    (int)(field->end - field->offset)};
    if (known->repeated && how->add != NULL && field->wire_type == PLATO_WIRE_BYTES)
        return add_packed(to, where, known, field);
    if (how->wire_type != field->wire_type) {
        plato_dissect_unknown_field(to->tvb, to->pinfo, where->tree, where->offset, field);
        add_mismatch(to, where,
                     wmem_strdup_printf(to->pinfo->pool, "field %u (%s) has another wire type",
                                        known->number, known->name),
                     c.at);
    } else if (how->add != NULL) {
        how->add(&c, field->value);
    } else if (known->type == USER_MESSAGE && known->type_name != NULL) {
        return add_message(to, &c, where, known, field);
    } else if (known->type == USER_STRING) {
        add_string(to, &c, where, field);
    } else {
        proto_tree_add_bytes_with_length(c.tree, c.hf, to->tvb, c.at, c.length, field->bytes.p,
                                         (int)field->bytes.n);
    }
    return true;
}

/* False when no more items may be added. */
static bool dissect_message(user_body *to, const place *where, plato_span bytes)
{
    plato_wire reader;
    plato_field field;
    int rc;
    plato_wire_init(&reader, bytes.p, bytes.n, UINT32_MAX); /* items_left is the limit */
    while ((rc = plato_wire_next(&reader, &field)) > 0) {
        const user_field *known = plato_user_field(where->message, field.number);
        if (!count_item(to, where, where->offset + (int)field.offset))
            return false;
        if (known == NULL)
            plato_dissect_unknown_field(to->tvb, to->pinfo, where->tree, where->offset, &field);
        else if (!add_known(to, where, known, &field))
            return false;
    }
    if (rc < 0)
        add_mismatch(to, where, plato_strerror((plato_err)rc),
                     where->offset + (int)reader.error_offset);
    return true;
}

void plato_dissect_user_message(const user_message *message, tvbuff_t *tvb, packet_info *pinfo,
                                proto_tree *tree, proto_item *item, int offset, int length)
{
    user_body to = {tvb, pinfo, offset, MOST_ITEMS};
    const place top = {message, tree, item, offset, 0};
    dissect_message(&to, &top, (plato_span){tvb_get_ptr(tvb, offset, length), (size_t)length});
}

void plato_register_tree_user(void)
{
    static int *ett[] = {&ett_message};
    proto_register_subtree_array(ett, array_length(ett));
}
