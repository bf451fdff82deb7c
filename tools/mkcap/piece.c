/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "piece.h"

#include "fields.h"

#include "plato/schema/msgcmd.pb-c.h"
#include "plato/schema/plato.pb-c.h"

#include <string.h>

#define CONTENT_TYPE 3 /* of ChatMessage */
#define CONTENT 4

/* How a type's frame is laid out in either framing. */
typedef struct layout {
    const ProtobufCMessageDescriptor *head, *body; /* fixed header; no body: NULL */
    const ProtobufCMessageDescriptor *variant; /* its head; NULL: the variant has no such type */
    guint32 variant_head; /* field of MsgCmd.Payload that holds the head; 0: the payload is it */
    guint32 variant_body; /* field of MsgCmd.Payload that holds the body; 0: none */
} layout;

static const layout layouts[] = {
    [PLATO_LOGIN] = {&plato__login_head__descriptor, &plato__login_body__descriptor,
                     &plato__msgcmd__login_msg_head__descriptor, 1, 2},
    [PLATO_HEARTBEAT] = {&plato__heartbeat_head__descriptor, NULL,
                         &plato__msgcmd__heartbeat_msg_head__descriptor, 1, 2},
    [PLATO_RECONN] = {&plato__reconn_head__descriptor, NULL,
                      &plato__msgcmd__re_conn_msg_head__descriptor, 1, 2},
    [PLATO_ACK] = {&plato__ack_head__descriptor, NULL, &plato__msgcmd__ackmsg__descriptor, 0, 0},
    [PLATO_UP] = {&plato__up_head__descriptor, &plato__chat_message__descriptor,
                  &plato__msgcmd__upmsg_head__descriptor, 1, 2},
    [PLATO_PUSH] = {&plato__push_head__descriptor, &plato__chat_message__descriptor,
                    &plato__msgcmd__push_msg__descriptor, 0, 3},
    [PLATO_SYNC] = {&plato__sync_head__descriptor, NULL, NULL, 0, 0},
};
static const layout unknown_layout = {NULL, NULL, NULL, 0, 0};

/* A frame as its words ask for it. */
typedef struct plan {
    plato_framing framing;
    guint32 type;
    const layout *layout;
    message *head, *body;
    GByteArray *raw_head, *raw_body; /* head= and body=, or NULL */
    guint64 version;
    const word *crc, *msg_len, *var_head_len, *flip, *from, *to; /* as given, or NULL */
} plan;

static gboolean is_variant(const plan *p)
{
    return p->framing == PLATO_FRAMING_MSGCMD;
}

static gboolean refuse_in_variant(const word *w, GError **error)
{
    return word_refuse(w, error, "the length-prefixed variant has no such thing");
}

static gboolean keep_bytes(GByteArray **kept, const word *w, GError **error)
{
    GByteArray *bytes = word_bytes(w, error);
    if (bytes == NULL)
        return FALSE;
    if (*kept != NULL)
        g_byte_array_unref(*kept);
    *kept = bytes;
    return TRUE;
}

static gboolean set_head(plan *p, const word *w, GError **error)
{
    return keep_bytes(&p->raw_head, w, error);
}

static gboolean set_body(plan *p, const word *w, GError **error)
{
    return keep_bytes(&p->raw_body, w, error);
}

static gboolean set_version(plan *p, const word *w, GError **error)
{
    return is_variant(p) ? refuse_in_variant(w, error) : word_number(w, 255, &p->version, error);
}

static gboolean set_crc(plan *p, const word *w, GError **error)
{
    p->crc = w;
    return !is_variant(p) || refuse_in_variant(w, error);
}

static gboolean set_msg_len(plan *p, const word *w, GError **error)
{
    guint64 number;
    p->msg_len = w;
    return word_number(w, G_MAXUINT32, &number, error);
}

static gboolean set_var_head_len(plan *p, const word *w, GError **error)
{
    guint64 number;
    p->var_head_len = w;
    return is_variant(p) ? refuse_in_variant(w, error)
                         : word_number(w, G_MAXUINT32, &number, error);
}

static gboolean set_flip(plan *p, const word *w, GError **error)
{
    (void)error;
    p->flip = w;
    return TRUE;
}

static gboolean set_from(plan *p, const word *w, GError **error)
{
    guint64 number;
    p->from = w;
    return word_number(w, G_MAXUINT32, &number, error);
}

static gboolean set_to(plan *p, const word *w, GError **error)
{
    guint64 number;
    p->to = w;
    return word_number(w, G_MAXUINT32, &number, error);
}

/* text=, json=, binary=: a ChatMessage's content and its type; in the variant the body itself. */
static gboolean set_content(plan *p, const word *w, guint64 content_type, GError **error)
{
    if (is_variant(p) && p->layout->variant_body != 0)
        return set_body(p, w, error);
    if (p->layout->body != &plato__chat_message__descriptor)
        return word_refuse(w, error, "only UP and PUSH carry a ChatMessage");
    message_add_varint(p->body, CONTENT_TYPE, content_type);
    return message_add(p->body, field_find(p->layout->body, "content"), w, error);
}

static gboolean set_text(plan *p, const word *w, GError **error)
{
    return set_content(p, w, PLATO__CONTENT_TYPE__TEXT, error);
}

static gboolean set_json(plan *p, const word *w, GError **error)
{
    return set_content(p, w, PLATO__CONTENT_TYPE__JSON, error);
}

static gboolean set_binary(plan *p, const word *w, GError **error)
{
    return set_content(p, w, PLATO__CONTENT_TYPE__BINARY, error);
}

static const struct {
    const char *name;
    gboolean (*set)(plan *p, const word *w, GError **error);
} settings[] = {
    {"head", set_head}, {"body", set_body}, {"version", set_version},
    {"crc", set_crc},   {"flip", set_flip}, {"msg_len", set_msg_len},
    {"from", set_from}, {"to", set_to},     {"var_head_len", set_var_head_len},
    {"text", set_text}, {"json", set_json}, {"binary", set_binary},
};

/* @N=VALUE: a field of the head that the schema does not know. */
static gboolean add_unknown(plan *p, const word *w, GError **error)
{
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(w->name + 1, 10, 1, (1u << 29) - 1, &number, NULL))
        return word_refuse(w, error, "a field's number must be from 1 to 536870911");
    return message_add_unknown(p->head, (guint32)number, w, error);
}

static gboolean apply(plan *p, const word *w, GError **error)
{
    if (w->name == NULL)
        return word_refuse(w, error, "NAME=VALUE is wanted here");
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        if (strcmp(settings[i].name, w->name) == 0)
            return settings[i].set(p, w, error);
    }
    if (w->name[0] == '@')
        return add_unknown(p, w, error);
    const ProtobufCMessageDescriptor *head = is_variant(p) ? p->layout->variant : p->layout->head;
    const ProtobufCFieldDescriptor *field = field_find(head, w->name);
    if (field != NULL)
        return message_add(p->head, field, w, error);
    field = is_variant(p) ? NULL : field_find(p->layout->body, w->name);
    if (field != NULL)
        return message_add(p->body, field, w, error);
    return word_refuse(w, error, "frames of this type have no such field");
}

static gboolean has_content(const plan *p)
{
    return p->layout->body == &plato__chat_message__descriptor && !message_is_empty(p->body);
}

static gboolean add_defaults(plan *p, const GPtrArray *defaults, GError **error)
{
    for (guint i = 0; has_content(p) && i < defaults->len; i++) {
        const word *w = g_ptr_array_index(defaults, i);
        const ProtobufCFieldDescriptor *field = field_find(p->layout->body, w->name);
        if (!message_has(p->body, field->id) && !message_add(p->body, field, w, error))
            return FALSE;
    }
    return TRUE;
}

gboolean piece_check_default(const word *w, GError **error)
{
    const ProtobufCFieldDescriptor *field =
        w->name != NULL ? field_find(&plato__chat_message__descriptor, w->name) : NULL;
    if (field == NULL)
        return word_refuse(w, error, "a field of ChatMessage is wanted, as NAME=VALUE");
    message *m = message_new();
    const gboolean ok = message_add(m, field, w, error);
    message_free(m);
    return ok;
}

static plato_span span_of(const GByteArray *bytes)
{
    return (plato_span){bytes->data, bytes->len};
}

static void put_u32(guint8 *at, guint64 value)
{
    const guint32 wire = GUINT32_TO_BE((guint32)value);
    memcpy(at, &wire, sizeof wire);
}

/* crc=: which kind it names; FALSE for the other values. */
static gboolean crc_kind(const char *text, plato_crc_kind *kind)
{
    static const char *const coverages[] = {[PLATO_CRC_FRAME] = "frame",
                                            [PLATO_CRC_PAYLOAD] = "payload",
                                            [PLATO_CRC_BODY] = "body",
                                            [PLATO_CRC_NONE] = "none"};
    for (unsigned i = 0; i < G_N_ELEMENTS(coverages); i++) {
        const size_t n = strlen(coverages[i]);
        if (strncmp(text, coverages[i], n) != 0)
            continue;
        kind->coverage = (plato_crc_coverage)i;
        kind->polynomial = text[n] == '-' ? PLATO_CRC_32C : PLATO_CRC_IEEE;
        return text[n] == '\0' || (strcmp(text + n, "-crc32c") == 0 && i != PLATO_CRC_NONE);
    }
    return FALSE;
}

static gboolean put_crc(const plan *p, const plato_frame *frame, GByteArray *bytes, GError **error)
{
    plato_crc_kind kind = {PLATO_CRC_FRAME, PLATO_CRC_IEEE};
    guint64 crc = plato_frame_crc(frame, kind);
    if (p->crc != NULL && strcmp(word_text(p->crc), "bad") == 0)
        crc ^= G_MAXUINT32;
    else if (p->crc != NULL && crc_kind(word_text(p->crc), &kind))
        crc = plato_frame_crc(frame, kind);
    else if (p->crc != NULL && !word_number(p->crc, G_MAXUINT32, &crc, NULL))
        return word_refuse(p->crc, error,
                           "bad, none, a number, or frame, payload or body, with -crc32c or not");
    put_u32(bytes->data + PLATO_HEADER_CRC_OFFSET, crc);
    return TRUE;
}

static guint32 given_or(const word *w, guint32 otherwise)
{
    guint64 number = otherwise;
    if (w != NULL)
        word_number(w, G_MAXUINT32, &number, NULL);
    return (guint32)number;
}

/* Wrong lengths and sums go over the frame as the codec writes it. */
static gboolean damage_header(const plan *p, plato_frame *frame, GByteArray *bytes, GError **error)
{
    frame->msg_len = given_or(p->msg_len, (guint32)frame->body.n);
    frame->var_head_len = given_or(p->var_head_len, (guint32)frame->var_head.n);
    if (is_variant(p)) {
        if (p->msg_len != NULL)
            put_u32(bytes->data, frame->msg_len);
        return TRUE;
    }
    put_u32(bytes->data + 2, frame->msg_len);
    put_u32(bytes->data + 6, frame->var_head_len);
    return put_crc(p, frame, bytes, error);
}

/* OFFSET[:BIT]; an offset below 0 counts from the end. */
static gboolean flip_bit(GByteArray *bytes, const char *text)
{
    char *end;
    gint64 at = g_ascii_strtoll(text, &end, 10);
    const gint64 bit = *end == ':' ? g_ascii_strtoll(end + 1, &end, 10) : 0;
    if (at < 0)
        at += bytes->len;
    if (*end != '\0' || end == text || at < 0 || at >= bytes->len || bit < 0 || bit > 7)
        return FALSE;
    bytes->data[at] ^= (guint8)(1u << bit);
    return TRUE;
}

static gboolean flip_bits(const word *w, GByteArray *bytes, GError **error)
{
    GPtrArray *list = word_list(w, error);
    gboolean ok = list != NULL;
    for (guint i = 0; ok && i < list->len; i++) {
        ok = flip_bit(bytes, g_ptr_array_index(list, i));
        if (!ok)
            word_refuse(w, error, "not OFFSET:BIT inside the frame");
    }
    if (list != NULL)
        g_ptr_array_unref(list);
    return ok;
}

static gboolean slice(const plan *p, GByteArray *bytes, GError **error)
{
    const guint32 from = given_or(p->from, 0);
    const guint32 to = given_or(p->to, bytes->len);
    if (from >= to || to > bytes->len) {
        char why[64];
        g_snprintf(why, sizeof why, "the frame has bytes 0 to %u", bytes->len);
        return word_refuse(p->from != NULL ? p->from : p->to, error, why);
    }
    g_byte_array_set_size(bytes, to);
    if (from > 0)
        g_byte_array_remove_range(bytes, 0, from);
    return TRUE;
}

static GByteArray *encode(const plan *p, plato_frame *frame, GError **error)
{
    guint64 size = 0;
    size_t written = 0;
    GByteArray *bytes = g_byte_array_new();
    plato_err err = plato_frame_encoded_size(frame, &size);
    if (err == PLATO_OK) {
        g_byte_array_set_size(bytes, (guint)size);
        err = plato_frame_encode(frame, bytes->data, bytes->len, &written);
    }
    if (err != PLATO_OK)
        g_set_error(error, MKCAP_ERROR, 0, "there is no such frame: %s", plato_strerror(err));
    else if (damage_header(p, frame, bytes, error) &&
             (p->flip == NULL || flip_bits(p->flip, bytes, error)) &&
             ((p->from == NULL && p->to == NULL) || slice(p, bytes, error)))
        return bytes;
    g_byte_array_unref(bytes);
    return NULL;
}

/* MsgCmd.Payload: the head itself, or a message that holds head and body. */
static GByteArray *variant_payload(const plan *p, GByteArray *head, const GByteArray *body)
{
    message *m = message_new();
    if (p->layout->variant_head != 0)
        message_add_bytes(m, p->layout->variant_head, head->data, head->len);
    if (body->len > 0 && p->layout->variant_body != 0)
        message_add_bytes(m, p->layout->variant_body, body->data, body->len);
    GByteArray *tail = message_encode(m);
    GByteArray *payload = g_byte_array_new();
    if (p->layout->variant_head == 0)
        g_byte_array_append(payload, head->data, head->len);
    if (tail->len > 0)
        g_byte_array_append(payload, tail->data, tail->len);
    if (p->layout->variant == NULL && body->len > 0)
        g_byte_array_append(payload, body->data, body->len);
    g_byte_array_unref(tail);
    message_free(m);
    return payload;
}

static GByteArray *encode_plan(const plan *p, GError **error)
{
    GByteArray *head =
        p->raw_head != NULL ? g_byte_array_ref(p->raw_head) : message_encode(p->head);
    GByteArray *body =
        p->raw_body != NULL ? g_byte_array_ref(p->raw_body) : message_encode(p->body);
    plato_frame frame = {
        .framing = p->framing, .version = (uint8_t)p->version, .msg_type = p->type};
    if (is_variant(p)) {
        GByteArray *payload = variant_payload(p, head, body);
        g_byte_array_unref(body);
        body = payload;
    } else {
        frame.var_head = span_of(head);
    }
    frame.body = span_of(body);
    GByteArray *bytes = encode(p, &frame, error);
    g_byte_array_unref(head);
    g_byte_array_unref(body);
    return bytes;
}

/* A type by its name or its number. */
static gboolean set_type(plan *p, const word *w, GError **error)
{
    guint64 number = 0;
    const char *text = word_text(w);
    for (guint32 type = 0; type < G_N_ELEMENTS(layouts); type++) {
        if (g_ascii_strcasecmp(plato_msg_type_name(type), text) == 0) {
            p->type = type;
            p->layout = &layouts[type];
            if (is_variant(p) && p->layout->variant == NULL)
                return refuse_in_variant(w, error);
            return TRUE;
        }
    }
    if (!word_number(w, is_variant(p) ? G_MAXUINT32 : 255, &number, NULL))
        return word_refuse(w, error, "neither a type of frame nor quoted, hex: or fill: bytes");
    p->type = (guint32)number;
    p->layout = number < G_N_ELEMENTS(layouts) ? &layouts[number] : &unknown_layout;
    return TRUE;
}

static gboolean make_plan(plan *p, word *const *words, guint n, const GPtrArray *defaults,
                          GError **error)
{
    if (!set_type(p, words[0], error))
        return FALSE;
    for (guint i = 1; i < n; i++) {
        if (!apply(p, words[i], error))
            return FALSE;
    }
    return p->raw_body != NULL || add_defaults(p, defaults, error);
}

static gboolean is_plain(const word *w)
{
    const char *text = word_text(w);
    return w->quoted || g_str_has_prefix(text, "hex:") || g_str_has_prefix(text, "fill:");
}

GByteArray *piece_encode(word *const *words, guint n, plato_framing framing,
                         const GPtrArray *defaults, GError **error)
{
    if (n == 0 || words[0]->name != NULL) {
        g_set_error(error, MKCAP_ERROR, 0, "a type of frame, or bytes, must stand here");
        return NULL;
    }
    if (is_plain(words[0])) {
        if (n == 1)
            return word_bytes(words[0], error);
        word_refuse(words[1], error, "plain bytes stand alone; put | between pieces");
        return NULL;
    }
    plan p = {.framing = framing,
              .head = message_new(),
              .body = message_new(),
              .version = PLATO_VERSION_ON_WIRE};
    GByteArray *bytes = make_plan(&p, words, n, defaults, error) ? encode_plan(&p, error) : NULL;
    message_free(p.head);
    message_free(p.body);
    if (p.raw_head != NULL)
        g_byte_array_unref(p.raw_head);
    if (p.raw_body != NULL)
        g_byte_array_unref(p.raw_body);
    return bytes;
}
