/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What leaves the capture: the contents of messages as files (--export-objects plato,FOLDER), and
 * the frames themselves as packets of their own (Export PDUs to File, layer 7), out of TLS if need
 * be.
 */
#include "taps/export.h"

#include "plato/pdu/pdu_fields.h"

#include <epan/export_object.h>
#include <epan/exported_pdu.h>
#include <epan/tap.h>
#include <plato/schema/plato.pb-c.h>

static int objects_tap = -1;
static int pdus_tap = -1;

/* One message with content, as its tap record. */
typedef struct content_object {
    const pdu_info *facts;
    uint32_t index; /* of the frame in its packet */
} content_object;

typedef struct content_kind {
    const char *mime;
    const char *extension;
} content_kind;

static const content_kind kind_text = {"text/plain", "txt"};
static const content_kind kind_json = {"application/json", "json"};
static const content_kind kind_bytes = {"application/octet-stream", "bin"};

static const content_kind *kind_of(const body_facts *body)
{
    switch (body->kind) {
    case BODY_JSON:
        return &kind_json;
    case BODY_TEXT:
        return &kind_text;
    case BODY_MESSAGE:
        if (body->content_type == PLATO__CONTENT_TYPE__TEXT)
            return &kind_text;
        return body->content_type == PLATO__CONTENT_TYPE__JSON ? &kind_json : &kind_bytes;
    default:
        return &kind_bytes;
    }
}

/* A session's name is the sender's: only what is harmless in a file name is kept. */
static char *session_label(const pdu_info *facts)
{
    const plato_span name = plato_pdu_session_name(facts);
    uint64_t id = 0;
    if (name.n == 0) {
        (void)plato_pdu_id(facts, PDU_SESSION, &id);
        return g_strdup_printf("%" PRIu64, id);
    }
    char *label = g_strndup((const char *)name.p, name.n < 64 ? name.n : 64);
    return g_strcanon(label, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-_", '_');
}

/* Sorted by name, the files of a session are together in the order of the capture. */
static char *file_name(const packet_info *pinfo, const content_object *object, const char *session,
                       const char *extension)
{
    const pdu_info *facts = object->facts;
    const bool up = facts->head.msg_type == PLATO_UP;
    uint64_t id = 0;
    (void)plato_pdu_id(facts, up ? PDU_CLIENT : PDU_MSG, &id);
    return g_strdup_printf("session-%s-frame-%06u-%u-%s-%" PRIu64 ".%s", session, pinfo->num,
                           object->index, up ? "up" : "push", id, extension);
}

static tap_packet_status object_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                       const void *data, tap_flags_t flags _U_)
{
    export_object_list_t *list = (export_object_list_t *)tapdata;
    const content_object *object = (const content_object *)data;
    const body_facts *body = &object->facts->body;
    const content_kind *kind = kind_of(body);
    export_object_entry_t *entry = g_new0(export_object_entry_t, 1);
    char *session = session_label(object->facts);
    entry->pkt_num = pinfo->num;
    entry->hostname = g_strdup_printf("session %s", session);
    entry->content_type = g_strdup(kind->mime);
    entry->filename = file_name(pinfo, object, session, kind->extension);
    entry->payload_len = body->content.n;
    entry->payload_data = g_memdup2(body->content.p, body->content.n);
    list->add_entry(list->gui_data, entry);
    g_free(session);
    return TAP_PACKET_REDRAW;
}

/* Whole messages with something in them; damaged ones are left to those who look at frames. */
static void export_object(packet_info *pinfo, const pdu_info *facts)
{
    const uint32_t type = facts->head.msg_type;
    if (!have_tap_listener(objects_tap) || !plato_pdu_is_sound(facts) ||
        (type != PLATO_UP && type != PLATO_PUSH) || facts->body.content.n == 0)
        return;
    content_object *object = wmem_new(pinfo->pool, content_object);
    object->facts = wmem_memdup(pinfo->pool, facts, sizeof *facts);
    object->index = (uint32_t)facts->position;
    tap_queue_packet(objects_tap, pinfo, object);
}

static void export_pdu(packet_info *pinfo, const pdu_info *facts)
{
    if (!have_tap_listener(pdus_tap))
        return;
    exp_pdu_data_t *pdu = export_pdu_create_common_tags(pinfo, "plato", EXP_PDU_TAG_DISSECTOR_NAME);
    const int n = facts->captured;
    const int claimed = facts->shortened || facts->total > INT_MAX ? n : (int)facts->total;
    pdu->tvb_captured_length = (unsigned)n;
    pdu->tvb_reported_length = (unsigned)(claimed < n ? n : claimed);
    pdu->pdu_tvb = tvb_new_subset_length(facts->tvb, 0, n);
    tap_queue_packet(pdus_tap, pinfo, pdu);
}

void plato_export_frame(packet_info *pinfo, const pdu_info *facts)
{
    export_object(pinfo, facts);
    export_pdu(pinfo, facts);
}

void plato_register_export(int proto)
{
    objects_tap = register_export_object(proto, object_packet, NULL);
    pdus_tap = register_export_pdu_tap(EXPORT_PDU_TAP_NAME_LAYER_7);
}
