/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text commands (docs/commands.md): lines of TYPE "/" params CRLF. The codec reads them; a line
 * that is wrong is shown to its end, and the next one is read as if nothing had been.
 */
#include "commands/packet-textcmd.h"

#include "commands/command_stream.h"
#include "plato/pdu/conversation.h"
#include "plato/tree/col_info.h"

#include <plato/textcmd.h>
#include <string.h>

#define EXCERPT_BYTES 60 /* of the parameters, in the info column */

static talk_protocol textcmd = {
    .id = PLATO_TAP_TEXTCMD, .proto = -1, .column = "TextCmd", .ett = -1};

static int hf_type = -1;
static int hf_params = -1;
static int hf_decoded = -1;
static int hf_line = -1;
static int ett_params = -1;
static expert_field ei_malformed;
static expert_field ei_too_long;
static expert_field ei_reserved;
static expert_field ei_echo;
static expert_field ei_cut;
static expert_field ei_skipped;

/* One line in the packet at hand; its length is that with its end. */
typedef struct line {
    talk_piece piece;
    tvbuff_t *tvb;
    packet_info *pinfo;
    const uint8_t *bytes;
    plato_textcmd command;
} line;

static const char *const known_types[] = {"ECHO", "TIME", "VERSION", "STATS", "PING"};

static bool is_type(plato_span type, const char *name)
{
    return type.n == strlen(name) && memcmp(type.p, name, type.n) == 0;
}

static bool is_known(plato_span type)
{
    for (size_t i = 0; i < array_length(known_types); i++) {
        if (is_type(type, known_types[i]))
            return true;
    }
    return false;
}

/* What should have been escaped, although a reader takes it as it is. */
static bool has_reserved(plato_span text)
{
    for (size_t i = 0; i < text.n; i++) {
        if (text.p[i] != '%' && !plato_textcmd_is_unreserved(text.p[i]))
            return true;
    }
    return false;
}

static int offset_of(const line *l, plato_span span)
{
    return l->piece.offset + (int)(span.p - l->bytes);
}

static proto_item *add_text(proto_tree *tree, int hf, const line *l, plato_span span)
{
    return proto_tree_add_item(tree, hf, l->tvb, offset_of(l, span), (int)span.n,
                               ENC_UTF_8 | ENC_NA);
}

/* The text behind the escapes of `span`. */
static void add_decoded(proto_tree *tree, int hf, const line *l, plato_span span)
{
    proto_item *item;
    if (span.n == 0 || memchr(span.p, '%', span.n) == NULL) {
        item = add_text(tree, hf, l, span);
    } else {
        uint8_t *plain = wmem_alloc(l->pinfo->pool, span.n);
        const ptrdiff_t n = plato_textcmd_unescape(span.p, span.n, plain);
        tvbuff_t *tvb = tvb_new_child_real_data(l->tvb, plain, (unsigned)n, (int)n);
        add_new_data_source(l->pinfo, tvb, "Decoded parameters");
        item = proto_tree_add_item(tree, hf, tvb, 0, (int)n, ENC_UTF_8 | ENC_NA);
    }
    proto_item_set_generated(item);
}

static void show_error_reply(const line *l, proto_tree *tree)
{
    if (l->piece.error == 0)
        return;
    proto_item *item = proto_tree_add_uint(tree, textcmd.hf_code, l->tvb,
                                           offset_of(l, l->command.params), 3, l->piece.error);
    add_decoded(tree, textcmd.hf_reason, l, l->piece.reason);
    talk_show_error(&textcmd, &l->piece, item);
}

static void show_command(const line *l)
{
    const plato_textcmd *c = &l->command;
    proto_item *type = add_text(l->piece.tree, hf_type, l, c->type);
    proto_item *params = add_text(l->piece.tree, hf_params, l, c->params);
    proto_tree *tree = proto_item_add_subtree(params, ett_params);
    add_decoded(tree, hf_decoded, l, c->params);
    show_error_reply(l, tree);
    if (l->piece.is_request && !is_known(c->type))
        expert_add_info(l->pinfo, type, &textcmd.expert.type_unknown);
    if (has_reserved(c->params) || has_reserved(c->type))
        expert_add_info(l->pinfo, params, &ei_reserved);
    if (is_type(c->type, "ECHO") && !plato_textcmd_is_integer(c->params))
        expert_add_info(l->pinfo, params, &ei_echo);
}

static plato_exchange exchange_of(const line *l)
{
    const plato_textcmd *c = &l->command;
    const plato_exchange given = {
        .kind = talk_digest(c->type.p, c->type.n),
        .content = talk_digest(c->params.p, c->params.n),
        .is_echo = is_type(c->type, "ECHO"),
        .is_error = l->piece.error != 0,
    };
    return given;
}

static void name_command(line *l, const talk_message *message)
{
    const plato_span params = l->command.params;
    const bool is_long = params.n > EXCERPT_BYTES;
    label_add_bytes(&l->piece.text, (const char *)l->command.type.p, l->command.type.n);
    label_add(&l->piece.text, "/");
    label_add_bytes(&l->piece.text, (const char *)params.p, is_long ? EXCERPT_BYTES : params.n);
    if (is_long)
        label_add(&l->piece.text, "...");
    talk_add_time(&l->piece.text, message);
}

static void take_command(line *l)
{
    const plato_span type = l->command.type;
    if (!plato_textcmd_read_error(&l->command, &l->piece.error, &l->piece.reason))
        l->piece.error = 0;
    l->piece.is_request = talk_is_request(l->pinfo, l->piece.call->talk, l->piece.error != 0);
    if (l->piece.is_request)
        l->piece.error = 0; /* whatever it is called */
    const plato_exchange given = exchange_of(l);
    talk_message *message =
        talk_enter(l->pinfo, &textcmd, l->piece.call->talk, l->piece.is_request, &given);
    name_command(l, message);
    talk_begin_piece(&textcmd, &l->piece);
    show_command(l);
    talk_end_piece(&textcmd, &l->piece, message,
                   wmem_strndup(l->pinfo->pool, (const char *)type.p, type.n), NULL);
}

/* A line with something wrong in it, or as much of one as there is. */
static void take_wrong(line *l, plato_err err, int at)
{
    const bool too_long = err == PLATO_ERR_TYPE_TOO_LONG || err == PLATO_ERR_PARAMS_TOO_LONG;
    const char *text = err == PLATO_NEED_MORE ? "cut" : plato_strerror(err);
    l->piece.is_request = talk_is_request(l->pinfo, l->piece.call->talk, false);
    const plato_exchange given = {.kind = 0};
    const bool is_answered = l->piece.is_request && err != PLATO_NEED_MORE; /* by an error reply */
    talk_message *message = talk_enter(l->pinfo, &textcmd, l->piece.call->talk, l->piece.is_request,
                                       is_answered ? &given : NULL);
    label_add(&l->piece.text, "[");
    label_add(&l->piece.text, text);
    label_add(&l->piece.text, "]");
    l->piece.form = err == PLATO_NEED_MORE ? PLATO_TAP_CUT : PLATO_TAP_WRONG;
    talk_begin_piece(&textcmd, &l->piece);
    proto_item *item = proto_tree_add_item(l->piece.tree, hf_line, l->tvb, l->piece.offset,
                                           l->piece.length, ENC_NA);
    if (err == PLATO_NEED_MORE)
        expert_add_info(l->pinfo, item, &ei_cut);
    else
        expert_add_info_format(l->pinfo, item, too_long ? &ei_too_long : &ei_malformed,
                               "Malformed: %s (at byte %d)", text, at);
    talk_end_piece(&textcmd, &l->piece, message, NULL,
                   err == PLATO_NEED_MORE ? "Cut" : plato_strerror(err));
}

/* Up to and with the line end, or all there is. */
static int wrong_length(const uint8_t *p, int n)
{
    const uint8_t *lf = memchr(p, '\n', (size_t)n);
    return lf != NULL ? (int)(lf - p) + 1 : n;
}

/* Whether the bytes from `offset` on are the rest of a line whose start was not captured. */
static bool is_inside(const talk_call *call, int offset)
{
    plato_textcmd command;
    size_t used;
    const int rest = (int)tvb_captured_length(call->tvb) - offset;
    if (rest <= 0 || call->gap || !call->middle)
        return rest > 0 && call->gap;
    const plato_err err = plato_textcmd_parse(tvb_get_ptr(call->tvb, offset, rest), (size_t)rest,
                                              NULL, &command, &used, NULL);
    return err != PLATO_OK && err != PLATO_NEED_MORE;
}

/* Up to the next line: nobody knows where in one these bytes are. */
static int skip(const talk_call *call, int offset)
{
    const int rest = (int)tvb_captured_length(call->tvb) - offset;
    talk_piece piece = {
        .call = call,
        .offset = offset,
        .length = wrong_length(tvb_get_ptr(call->tvb, offset, rest), rest),
        .is_request = talk_is_request(call->pinfo, call->talk, false),
    };
    talk_message *message = talk_enter(call->pinfo, &textcmd, call->talk, piece.is_request, NULL);
    expert_add_info(call->pinfo, talk_begin_outside(&textcmd, &piece), &ei_skipped);
    talk_end_piece(&textcmd, &piece, message, NULL, NULL);
    return offset + piece.length;
}

static int walk(const talk_call *call, int offset)
{
    const int captured = (int)tvb_captured_length(call->tvb);
    if (is_inside(call, offset))
        offset = skip(call, offset);
    while (offset < captured) {
        line l = {
            .tvb = call->tvb, .pinfo = call->pinfo, .piece = {.call = call, .offset = offset}};
        plato_error error = {.offset = 0};
        size_t used;
        label_begin(&l.piece.text);
        l.bytes = tvb_get_ptr(l.tvb, offset, captured - offset);
        const size_t n = (size_t)(captured - offset);
        const plato_err err = plato_textcmd_parse(l.bytes, n, NULL, &l.command, &used, &error);
        if (err == PLATO_NEED_MORE && call->may_ask) {
            talk_ask(call->pinfo, call->talk, offset, DESEGMENT_ONE_MORE_SEGMENT);
            return offset;
        }
        if (err == PLATO_OK) {
            l.piece.length = (int)used;
            take_command(&l);
        } else {
            l.piece.length = wrong_length(l.bytes, captured - offset);
            take_wrong(&l, err, (int)error.offset);
        }
        offset += l.piece.length;
    }
    return offset;
}

/* ---- heuristic ---- */

static bool is_upper_type(plato_span type)
{
    if (type.n < 2 || type.p[0] < 'A' || type.p[0] > 'Z')
        return false;
    for (size_t i = 1; i < type.n; i++) {
        const uint8_t c = type.p[i];
        if ((c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_')
            return false;
    }
    return true;
}

/* How the bytes of a segment look. */
typedef enum look { LOOKS_WRONG, LOOKS_BEGUN, LOOKS_WHOLE } look;

/* Whole lines with an upper-case TYPE and every escape that is due; the last one may go on. */
static look look_at(const uint8_t *p, size_t n)
{
    look found = LOOKS_BEGUN;
    while (n > 0) {
        plato_textcmd command;
        size_t used;
        const plato_err err = plato_textcmd_parse(p, n, NULL, &command, &used, NULL);
        if (err == PLATO_NEED_MORE)
            return found;
        if (err != PLATO_OK || !is_upper_type(command.type) || has_reserved(command.params))
            return LOOKS_WRONG;
        found = LOOKS_WHOLE;
        p += used;
        n -= used;
    }
    return found;
}

/*
 * A line proves little: base64 has slashes too. So every byte of the conversation that was seen
 * must be of lines, and the line must begin where an earlier segment of its direction ended one.
 */
static bool looks_right(talk_looks *looks, packet_info *pinfo, const uint8_t *p, size_t n)
{
    bool *mid_line = &looks->mid_line[plato_side_of(pinfo)];
    if (looks->never || PINFO_FD_VISITED(pinfo))
        return false; /* what was claimed does not come here again */
    const look found = *mid_line ? LOOKS_BEGUN : look_at(p, n);
    *mid_line = p[n - 1] != '\n';
    looks->never = found == LOOKS_WRONG;
    return found == LOOKS_WHOLE;
}

static ws_bool claim_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
static ws_bool claim_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

static talk_stream stream = {
    .protocol = &textcmd,
    .names = TALK_NAMES("textcmd", "Text commands", "lines"),
    .tcp_port = G_STRINGIFY(PLATO_TEXTCMD_PORT),
    .tls_port = G_STRINGIFY(PLATO_TEXTCMD_TLS_PORT),
    .alpn = PLATO_TEXTCMD_ALPN,
    .walk = walk,
    .looks_right = looks_right,
    .heuristics = {claim_tcp, claim_tls},
};

static ws_bool claim_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return talk_claim_tcp(&stream, tvb, pinfo, tree, data);
}

static ws_bool claim_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return talk_claim_tls(&stream, tvb, pinfo, tree, data);
}

/* ---- registration ---- */

static void forget(void)
{
    talk_forget(&textcmd);
}

static void register_expert(void)
{
    static ei_register_info ei[] = {
        {&ei_malformed, {"textcmd.malformed", PI_MALFORMED, PI_ERROR, "Malformed line", EXPFILL}},
        {&ei_too_long, {"textcmd.too_long", PI_MALFORMED, PI_ERROR, "Line over a limit", EXPFILL}},
        {&ei_reserved,
         {"textcmd.reserved", PI_PROTOCOL, PI_NOTE, "A reserved character without its escape",
          EXPFILL}},
        {&ei_echo,
         {"textcmd.echo.no_integer", PI_PROTOCOL, PI_WARN, "ECHO asks for a decimal integer",
          EXPFILL}},
        {&ei_cut, {"textcmd.cut", PI_REASSEMBLE, PI_NOTE, "The line's end is not here", EXPFILL}},
        {&ei_skipped,
         {"textcmd.continuation.skipped", PI_REASSEMBLE, PI_NOTE,
          "Bytes are missing in front: where a line begins is not known", EXPFILL}},
        TALK_COMMAND_EXPERTS(textcmd, "textcmd"),
    };
    expert_register_field_array(expert_register_protocol(textcmd.proto), ei, array_length(ei));
}

void proto_register_textcmd(void)
{
    static hf_register_info hf[] = {
        {&hf_type, {"Type", "textcmd.type", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_params,
         {"Parameters", "textcmd.params", FT_STRING, BASE_NONE, NULL, 0x0, "As sent", HFILL}},
        {&hf_decoded,
         {"Decoded", "textcmd.params.decoded", FT_STRING, BASE_NONE, NULL, 0x0,
          "The parameters without their escapes", HFILL}},
        TALK_ERROR_FIELDS(textcmd, "textcmd"),
        {&hf_line,
         {"Line", "textcmd.line", FT_BYTES, BASE_NONE, NULL, 0x0, "A line that is no command",
          HFILL}},
        {&textcmd.hf_continuation,
         {"Continuation", "textcmd.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no line that could be found", HFILL}},
        TALK_FIELDS(textcmd, "textcmd", "response_time", "Response time"),
    };
    static int *ett[] = {&textcmd.ett, &ett_params};
    textcmd.proto = proto_register_protocol("Text Command Protocol", "TextCmd", "textcmd");
    proto_register_field_array(textcmd.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_expert();
    register_init_routine(forget);
    talk_register_stream(&stream);
}

void proto_reg_handoff_textcmd(void)
{
    talk_handoff_stream(&stream);
}
