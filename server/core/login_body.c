/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/login_body.h"

#include "core/ids.h"
#include "plato/wire.h"

/* Numbers of fields in LoginBody. */
#define TOKEN 1
#define SESSION_IDS 3

static plato_err add(uint64_t session_id, unsigned most, GArray *session_ids)
{
    if (session_ids->len >= most)
        return PLATO_ERR_WIRE_FIELDS;
    g_array_append_val(session_ids, session_id);
    return PLATO_OK;
}

static plato_err add_packed(plato_span packed, unsigned most, GArray *session_ids)
{
    plato_err err = PLATO_OK;
    for (size_t at = 0; err == PLATO_OK && at < packed.n;) {
        uint64_t session_id;
        int n = plato_varint_read(packed.p + at, packed.n - at, &session_id);
        if (n < 0)
            return (plato_err)n;
        at += (size_t)n;
        err = add(session_id, most, session_ids);
    }
    return err;
}

/* Sorts, and leaves out what was named before. */
static void make_a_set(GArray *session_ids)
{
    uint64_t *ids = (uint64_t *)(void *)session_ids->data;
    guint n = 0;
    g_array_sort(session_ids, id_compare);
    for (guint i = 0; i < session_ids->len; i++) {
        if (n == 0 || ids[i] != ids[n - 1])
            ids[n++] = ids[i];
    }
    g_array_set_size(session_ids, n);
}

plato_err login_body_read(plato_span body, unsigned most, GArray *session_ids, plato_span *token)
{
    plato_wire reader;
    plato_field field;
    plato_err err = PLATO_OK;
    int rc = 0;
    *token = (plato_span){NULL, 0};
    plato_wire_init(&reader, body.p, body.n, 0);
    while (err == PLATO_OK && (rc = plato_wire_next(&reader, &field)) > 0) {
        if (field.number == TOKEN && field.wire_type == PLATO_WIRE_BYTES)
            *token = field.bytes;
        if (field.number != SESSION_IDS)
            continue;
        if (field.wire_type == PLATO_WIRE_BYTES)
            err = add_packed(field.bytes, most, session_ids);
        else if (field.wire_type == PLATO_WIRE_VARINT)
            err = add(field.value, most, session_ids);
    }
    make_a_set(session_ids);
    return err != PLATO_OK ? err : (plato_err)rc;
}
