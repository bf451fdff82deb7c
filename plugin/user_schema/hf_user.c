/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields registered from a user's FileDescriptorSet. */
#include "user_schema/hf_user.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <wsutil/report_message.h>

#define LARGEST_FILE (16u * 1024 * 1024)

/* How a field of each type is registered. */
typedef struct field_kind {
    const char *name;
    enum ftenum type;
    int display;
} field_kind;

static const field_kind kinds[USER_TYPE_COUNT] = {
    [USER_DOUBLE] = {"double", FT_DOUBLE, BASE_NONE},
    [USER_FLOAT] = {"float", FT_FLOAT, BASE_NONE},
    [USER_INT64] = {"int64", FT_INT64, BASE_DEC},
    [USER_UINT64] = {"uint64", FT_UINT64, BASE_DEC},
    [USER_INT32] = {"int32", FT_INT32, BASE_DEC},
    [USER_FIXED64] = {"fixed64", FT_UINT64, BASE_DEC},
    [USER_FIXED32] = {"fixed32", FT_UINT32, BASE_DEC},
    [USER_BOOL] = {"bool", FT_BOOLEAN, BASE_NONE},
    [USER_STRING] = {"string", FT_STRING, BASE_NONE},
    [USER_GROUP] = {"group", FT_BYTES, BASE_NONE},
    [USER_MESSAGE] = {"message", FT_BYTES, BASE_NONE},
    [USER_BYTES] = {"bytes", FT_BYTES, BASE_NONE},
    [USER_UINT32] = {"uint32", FT_UINT32, BASE_DEC},
    [USER_ENUM] = {"enum", FT_INT32, BASE_DEC},
    [USER_SFIXED32] = {"sfixed32", FT_INT32, BASE_DEC},
    [USER_SFIXED64] = {"sfixed64", FT_INT64, BASE_DEC},
    [USER_SINT32] = {"sint32", FT_INT32, BASE_DEC},
    [USER_SINT64] = {"sint64", FT_INT64, BASE_DEC},
};

static int owner; /* protocol that the fields belong to */
static user_set *current;
static hf_register_info *rows; /* one per field of the set */
static char *used_filename;

/* --- names --- */

/* Full name -> how many messages of the set would have the filter name `path`, in lower case. */
static wmem_map_t *count_paths(const user_set *set)
{
    wmem_map_t *counts = wmem_map_new(set->pool, wmem_str_hash, g_str_equal);
    for (unsigned i = 0; i < wmem_array_get_count(set->messages); i++) {
        const user_message *message = *(user_message **)wmem_array_index(set->messages, i);
        char *path = wmem_ascii_strdown(set->pool, message->path, -1);
        const unsigned before = GPOINTER_TO_UINT(wmem_map_lookup(counts, path));
        wmem_map_insert(counts, path, GUINT_TO_POINTER(before + 1));
    }
    return counts;
}

/* Without the package where that names one message only. */
static const char *message_segment(const user_set *set, wmem_map_t *counts,
                                   const user_message *message)
{
    const char *path = wmem_ascii_strdown(set->pool, message->path, -1);
    if (GPOINTER_TO_UINT(wmem_map_lookup(counts, path)) == 1)
        return path;
    return wmem_ascii_strdown(set->pool, message->full_name, -1);
}

/*
 * Two fields may have one filter name if their types are the same. The name of the type is appended
 * for as long as the name belongs to a field of another type.
 */
static char *filter_name(const user_set *set, wmem_map_t *types, const char *segment,
                         const user_field *field)
{
    const field_kind *kind = &kinds[field->type];
    const char *lower = wmem_ascii_strdown(set->pool, field->name, -1);
    char *name = g_strdup_printf("plato.user.%s.%s", segment, lower);
    for (;;) {
        const unsigned taken = GPOINTER_TO_UINT(wmem_map_lookup(types, name));
        if (taken == 0)
            wmem_map_insert(types, wmem_strdup(set->pool, name), GUINT_TO_POINTER(kind->type));
        if (taken == 0 || taken == (unsigned)kind->type)
            return name;
        char *longer = g_strconcat(name, "_", kind->name, NULL);
        g_free(name);
        name = longer;
    }
}

/* --- registration. Wireshark frees the strings of a deregistered field with g_free(). --- */

static const value_string *enum_strings(const user_enum *values)
{
    const unsigned n = wmem_array_get_count(values->values);
    value_string *strings = g_new0(value_string, n + 1);
    for (unsigned i = 0; i < n; i++) {
        const user_enum_value *value = wmem_array_index(values->values, i);
        strings[i].value = (uint32_t)value->number;
        strings[i].strptr = g_strdup(value->name);
    }
    return strings;
}

static void fill_row(const user_set *set, wmem_map_t *types, const char *segment,
                     const user_message *message, user_field *field, hf_register_info *row)
{
    const field_kind *kind = &kinds[field->type];
    const hf_register_info empty = {&field->hf, {NULL, NULL, FT_NONE, 0, NULL, 0, NULL, HFILL}};
    *row = empty;
    row->hfinfo.name = g_strdup(field->name);
    row->hfinfo.abbrev = filter_name(set, types, segment, field);
    row->hfinfo.type = kind->type;
    row->hfinfo.display = kind->display;
    row->hfinfo.blurb = g_strdup_printf("%s.%s = %u (%s)", message->full_name, field->name,
                                        field->number, kind->name);
    if (field->values != NULL)
        row->hfinfo.strings = VALS(enum_strings(field->values));
}

static void register_fields(user_set *set)
{
    wmem_map_t *counts = count_paths(set);
    wmem_map_t *types = wmem_map_new(set->pool, wmem_str_hash, g_str_equal);
    unsigned n = 0;
    rows = g_new0(hf_register_info, set->n_fields + 1);
    for (unsigned i = 0; i < wmem_array_get_count(set->messages); i++) {
        const user_message *message = *(user_message **)wmem_array_index(set->messages, i);
        const char *segment = message_segment(set, counts, message);
        for (unsigned k = 0; k < message->n_fields; k++)
            fill_row(set, types, segment, message, &message->fields[k], &rows[n++]);
    }
    proto_register_field_array(owner, rows, (int)n);
    current = set;
}

static void deregister_fields(void)
{
    if (current == NULL)
        return;
    for (unsigned i = 0; i < current->n_fields; i++)
        proto_deregister_field(owner, *rows[i].p_id);
    proto_add_deregistered_data(rows);
    plato_user_set_free(current);
    rows = NULL;
    current = NULL;
}

/* --- the file --- */

static void complain(const char *filename, const char *what)
{
    report_failure("plato.descriptor_set: \"%s\": %s.", filename, what);
}

/* The whole file, which the caller frees; NULL if it was complained about. */
static uint8_t *read_file(const char *filename, size_t *length)
{
    GStatBuf info;
    if (g_stat(filename, &info) != 0) {
        complain(filename, g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(info.st_mode) || info.st_size > LARGEST_FILE) {
        complain(filename, S_ISREG(info.st_mode) ? "larger than 16 MiB" : "not a regular file");
        return NULL;
    }
    FILE *file = g_fopen(filename, "rb");
    uint8_t *bytes = g_malloc((size_t)info.st_size + 1);
    if (file == NULL) {
        complain(filename, g_strerror(errno));
        g_free(bytes);
        return NULL;
    }
    *length = fread(bytes, 1, (size_t)info.st_size, file);
    fclose(file);
    return bytes;
}

static void load(const char *filename)
{
    size_t length;
    user_set_error error = {NULL, 0};
    uint8_t *bytes = read_file(filename, &length);
    if (bytes == NULL)
        return;
    user_set *set = plato_user_set_read((plato_span){bytes, length}, &error);
    g_free(bytes);
    if (set != NULL)
        register_fields(set);
    else
        report_failure("plato.descriptor_set: \"%s\" cannot be used: %s (at byte %zu). It has to "
                       "be a file that protoc --descriptor_set_out wrote.",
                       filename, error.text, error.offset);
}

void plato_user_use_file(int proto, const char *filename)
{
    if (g_strcmp0(filename, used_filename != NULL ? used_filename : "") == 0)
        return;
    g_free(used_filename);
    used_filename = g_strdup(filename);
    deregister_fields();
    owner = proto;
    if (*filename != '\0')
        load(filename);
}

const user_message *plato_user_find_message(const char *full_name)
{
    return current != NULL ? plato_user_set_find(current, full_name) : NULL;
}
