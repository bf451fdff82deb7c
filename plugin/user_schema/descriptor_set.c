/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reads a FileDescriptorSet. The numbers in the tables below are those of
 * google/protobuf/descriptor.proto. Names are checked to be identifiers, because filter names are
 * made of them and Wireshark ends itself over a bad one.
 */
#include "user_schema/descriptor_set.h"

#include <plato/wire.h>
#include <stdlib.h>
#include <string.h>

#define MAX_MESSAGES 20000u
#define MAX_FIELDS 100000u
#define MAX_VALUES 200000u       /* of all enums */
#define MAX_ENUM_VALUES 10000u   /* Wireshark looks through all of them for each value shown */
#define MAX_FIELD_VALUES 500000u /* Wireshark wants a list of its own for each field */
#define MAX_NESTING 32u          /* of messages declared inside messages */
#define MAX_NAME 255u
#define MAX_FULL_NAME 512u   /* it is part of the filter name of each field */
#define MAX_PARTS UINT32_MAX /* of one descriptor; the file's size bounds it */

#define LARGEST_FIELD_NUMBER 536870911u

typedef struct loader {
    user_set *set;
    wmem_map_t *files; /* names of the files that were read */
    const uint8_t *start;
    user_set_error *error;
} loader;

/* What a declaration is inside of. */
typedef struct scope {
    const char *name;     /* full name of the package or message, "" for none */
    size_t package_len;   /* bytes of a full name before its path: package and dot */
    unsigned depth;       /* of messages */
    wmem_array_t *fields; /* of the message; of user_field */
} scope;

static bool fail(const loader *l, const uint8_t *at, const char *text)
{
    l->error->text = text;
    l->error->offset = (size_t)(at - l->start);
    return false;
}

/* One field of a descriptor that is of interest. */
typedef struct known_part {
    uint32_t number;
    plato_wire_type wire_type;
    bool (*read)(loader *l, const plato_field *part, void *into);
} known_part;

/* Reads the descriptor in `bytes`; what `known` does not name is skipped. */
static bool read_parts(loader *l, plato_span bytes, const known_part *known, void *into)
{
    plato_wire reader;
    plato_field part;
    int rc;
    plato_wire_init(&reader, bytes.p, bytes.n, MAX_PARTS);
    while ((rc = plato_wire_next(&reader, &part)) > 0) {
        const known_part *match = known;
        while (match->read != NULL && match->number != part.number)
            match++;
        if (match->read == NULL)
            continue;
        if (match->wire_type != part.wire_type)
            return fail(l, bytes.p + part.offset, "this is no FileDescriptorSet");
        if (!match->read(l, &part, into))
            return false;
    }
    return rc == 0 || fail(l, bytes.p + reader.error_offset, plato_strerror((plato_err)rc));
}

static bool is_identifier(const uint8_t *p, size_t n)
{
    if (n == 0 || n > MAX_NAME || g_ascii_isdigit(p[0]))
        return false;
    for (size_t i = 0; i < n; i++) {
        if (!g_ascii_isalnum(p[i]) && p[i] != '_')
            return false;
    }
    return true;
}

static bool is_dotted_name(plato_span s)
{
    size_t from = 0;
    for (size_t i = 0; i <= s.n; i++) {
        if (i < s.n && s.p[i] != '.')
            continue;
        if (!is_identifier(s.p + from, i - from))
            return false;
        from = i + 1;
    }
    return s.n <= MAX_FULL_NAME;
}

static const char *keep(const loader *l, plato_span s)
{
    return wmem_strndup(l->set->pool, (const char *)s.p, s.n);
}

static bool read_identifier(loader *l, const plato_field *part, void *into)
{
    const char **name = (const char **)into;
    if (!is_identifier(part->bytes.p, part->bytes.n))
        return fail(l, part->bytes.p, "a name is not an identifier");
    *name = keep(l, part->bytes);
    return true;
}

/* The name of a descriptor is its field 1, which need not come first. */
static bool read_name(loader *l, plato_span bytes, const scope *where, const char **full_name)
{
    static const known_part parts[] = {{1, PLATO_WIRE_BYTES, read_identifier}, {0, 0, NULL}};
    const char *name = NULL;
    if (!read_parts(l, bytes, parts, &name))
        return false;
    if (name == NULL)
        return fail(l, bytes.p, "a declaration has no name");
    *full_name =
        wmem_strconcat(l->set->pool, where->name, *where->name != '\0' ? "." : "", name, NULL);
    if (strlen(*full_name) > MAX_FULL_NAME)
        return fail(l, bytes.p, "a full name is too long");
    if (wmem_map_contains(l->set->by_name, *full_name) ||
        wmem_map_contains(l->set->enums, *full_name))
        return fail(l, bytes.p, "a name is declared twice");
    return true;
}

/* --- enums --- */

static bool read_value_name(loader *l, const plato_field *part, void *into)
{
    return read_identifier(l, part, &((user_enum_value *)into)->name);
}

static bool read_value_number(loader *l _U_, const plato_field *part, void *into)
{
    ((user_enum_value *)into)->number = (int32_t)(uint32_t)part->value;
    return true;
}

static bool read_value(loader *l, const plato_field *part, void *into)
{
    static const known_part parts[] = {
        {1, PLATO_WIRE_BYTES, read_value_name},
        {2, PLATO_WIRE_VARINT, read_value_number},
        {0, 0, NULL},
    };
    user_enum_value value = {NULL, 0};
    wmem_array_t *values = ((user_enum *)into)->values;
    if (++l->set->n_values > MAX_VALUES || wmem_array_get_count(values) == MAX_ENUM_VALUES)
        return fail(l, part->bytes.p, "too many enum values");
    if (!read_parts(l, part->bytes, parts, &value))
        return false;
    if (value.name == NULL)
        return fail(l, part->bytes.p, "an enum value has no name");
    wmem_array_append_one(values, value);
    return true;
}

static bool read_enum(loader *l, const plato_field *part, void *into)
{
    static const known_part parts[] = {{2, PLATO_WIRE_BYTES, read_value}, {0, 0, NULL}};
    user_enum *values = wmem_new0(l->set->pool, user_enum);
    values->values = wmem_array_new(l->set->pool, sizeof(user_enum_value));
    if (!read_name(l, part->bytes, (const scope *)into, &values->full_name))
        return false;
    wmem_map_insert(l->set->enums, values->full_name, values);
    return read_parts(l, part->bytes, parts, values);
}

/* --- fields --- */

enum { LABEL_REPEATED = 3 };

static bool read_field_name(loader *l, const plato_field *part, void *into)
{
    return read_identifier(l, part, &((user_field *)into)->name);
}

/* Numbers and types that cannot be are left 0, which read_field() refuses. */
static bool read_field_number(loader *l _U_, const plato_field *part, void *into)
{
    ((user_field *)into)->number = part->value <= LARGEST_FIELD_NUMBER ? (uint32_t)part->value : 0;
    return true;
}

static bool read_field_label(loader *l _U_, const plato_field *part, void *into)
{
    ((user_field *)into)->repeated = part->value == LABEL_REPEATED;
    return true;
}

static bool read_field_type(loader *l _U_, const plato_field *part, void *into)
{
    ((user_field *)into)->type = part->value < USER_TYPE_COUNT ? (user_type)part->value : 0;
    return true;
}

static bool read_field_type_name(loader *l, const plato_field *part, void *into)
{
    const plato_span name = part->bytes;
    if (name.n < 2 || name.p[0] != '.' || !is_dotted_name((plato_span){name.p + 1, name.n - 1}))
        return fail(l, name.p, "a type is not given by its full name");
    ((user_field *)into)->type_name = keep(l, name);
    return true;
}

static bool read_field(loader *l, const plato_field *part, void *into)
{
    static const known_part parts[] = {
        {1, PLATO_WIRE_BYTES, read_field_name},      {3, PLATO_WIRE_VARINT, read_field_number},
        {4, PLATO_WIRE_VARINT, read_field_label},    {5, PLATO_WIRE_VARINT, read_field_type},
        {6, PLATO_WIRE_BYTES, read_field_type_name}, {0, 0, NULL},
    };
    user_field field = {.hf = -1};
    if (++l->set->n_fields > MAX_FIELDS)
        return fail(l, part->bytes.p, "too many fields");
    if (!read_parts(l, part->bytes, parts, &field))
        return false;
    if (field.name == NULL || field.number == 0 || field.type == 0)
        return fail(l, part->bytes.p, "a field has no name, or no possible number or type");
    wmem_array_append_one(((scope *)into)->fields, field);
    return true;
}

static int by_number(const void *a, const void *b)
{
    const uint32_t x = ((const user_field *)a)->number;
    const uint32_t y = ((const user_field *)b)->number;
    return (x > y) - (x < y);
}

/* --- messages and files --- */

static bool read_message(loader *l, const plato_field *part, void *into);

static bool add_fields(loader *l, plato_span bytes, user_message *message, wmem_array_t *fields)
{
    message->n_fields = wmem_array_get_count(fields);
    message->fields = (user_field *)wmem_array_get_raw(fields);
    if (message->n_fields > 1)
        qsort(message->fields, message->n_fields, sizeof *message->fields, by_number);
    for (unsigned i = 1; i < message->n_fields; i++) {
        if (message->fields[i].number == message->fields[i - 1].number)
            return fail(l, bytes.p, "a message has two fields of one number");
    }
    return true;
}

static bool read_message(loader *l, const plato_field *part, void *into)
{
    static const known_part parts[] = {
        {2, PLATO_WIRE_BYTES, read_field},
        {3, PLATO_WIRE_BYTES, read_message},
        {4, PLATO_WIRE_BYTES, read_enum},
        {0, 0, NULL},
    };
    const scope *where = (const scope *)into;
    user_message *message = wmem_new0(l->set->pool, user_message);
    if (where->depth == MAX_NESTING)
        return fail(l, part->bytes.p, "messages are nested too deeply");
    if (wmem_array_get_count(l->set->messages) == MAX_MESSAGES)
        return fail(l, part->bytes.p, "too many messages");
    if (!read_name(l, part->bytes, where, &message->full_name))
        return false;
    message->path = message->full_name + where->package_len;
    wmem_array_append_one(l->set->messages, message);
    wmem_map_insert(l->set->by_name, message->full_name, message);
    scope inside = {message->full_name, where->package_len, where->depth + 1,
                    wmem_array_new(l->set->pool, sizeof(user_field))};
    return read_parts(l, part->bytes, parts, &inside) &&
           add_fields(l, part->bytes, message, inside.fields);
}

typedef struct file_head {
    plato_span name;
    const char *package;
} file_head;

static bool read_file_name(loader *l _U_, const plato_field *part, void *into)
{
    ((file_head *)into)->name = part->bytes;
    return true;
}

static bool read_package(loader *l, const plato_field *part, void *into)
{
    if (!is_dotted_name(part->bytes))
        return fail(l, part->bytes.p, "a package is not made of identifiers");
    ((file_head *)into)->package = keep(l, part->bytes);
    return true;
}

static bool read_file(loader *l, const plato_field *part, void *into _U_)
{
    static const known_part head_parts[] = {
        {1, PLATO_WIRE_BYTES, read_file_name},
        {2, PLATO_WIRE_BYTES, read_package},
        {0, 0, NULL},
    };
    static const known_part parts[] = {
        {4, PLATO_WIRE_BYTES, read_message},
        {5, PLATO_WIRE_BYTES, read_enum},
        {0, 0, NULL},
    };
    file_head head = {{NULL, 0}, ""};
    if (!read_parts(l, part->bytes, head_parts, &head))
        return false;
    if (head.name.n > 0) {
        /* sets that were put together with cat may have their imports in common */
        const char *name = keep(l, head.name);
        if (wmem_map_contains(l->files, name))
            return true;
        wmem_map_insert(l->files, name, l);
    }
    const size_t package = strlen(head.package);
    scope where = {head.package, package > 0 ? package + 1 : 0, 0, NULL};
    return read_parts(l, part->bytes, parts, &where);
}

/* Types may be declared after their use, and in another file. */
static bool find_types(const loader *l)
{
    const user_set *set = l->set;
    for (unsigned i = 0; i < wmem_array_get_count(set->messages); i++) {
        user_message *message = *(user_message **)wmem_array_index(set->messages, i);
        for (unsigned k = 0; k < message->n_fields; k++) {
            user_field *field = &message->fields[k];
            if (field->type_name == NULL)
                continue;
            if (field->type == USER_MESSAGE)
                field->message = wmem_map_lookup(set->by_name, field->type_name + 1);
            if (field->type == USER_ENUM)
                field->values = wmem_map_lookup(set->enums, field->type_name + 1);
            if (field->values != NULL)
                l->set->n_field_values += wmem_array_get_count(field->values->values);
            if (set->n_field_values > MAX_FIELD_VALUES)
                return fail(l, l->start, "too many enum values over all fields");
        }
    }
    return true;
}

user_set *plato_user_set_read(plato_span bytes, user_set_error *error)
{
    static const known_part parts[] = {{1, PLATO_WIRE_BYTES, read_file}, {0, 0, NULL}};
    wmem_allocator_t *pool = wmem_allocator_new(WMEM_ALLOCATOR_BLOCK);
    user_set *set = wmem_new0(pool, user_set);
    set->pool = pool;
    set->messages = wmem_array_new(pool, sizeof(user_message *));
    set->by_name = wmem_map_new(pool, wmem_str_hash, g_str_equal);
    set->enums = wmem_map_new(pool, wmem_str_hash, g_str_equal);
    loader l = {set, wmem_map_new(pool, wmem_str_hash, g_str_equal), bytes.p, error};
    if (!read_parts(&l, bytes, parts, NULL) || !find_types(&l)) {
        plato_user_set_free(set);
        return NULL;
    }
    if (wmem_array_get_count(set->messages) == 0) {
        fail(&l, l.start, "it holds no message");
        plato_user_set_free(set);
        return NULL;
    }
    return set;
}

void plato_user_set_free(user_set *set)
{
    if (set != NULL)
        wmem_destroy_allocator(set->pool);
}

const user_message *plato_user_set_find(const user_set *set, const char *full_name)
{
    return wmem_map_lookup(set->by_name, full_name);
}

const user_field *plato_user_field(const user_message *message, uint32_t number)
{
    const user_field key = {.number = number};
    if (message->n_fields == 0)
        return NULL;
    return bsearch(&key, message->fields, message->n_fields, sizeof key, by_number);
}
