/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text commands (docs/commands.md): lines of TYPE "/" params CRLF. The codec reads them; a line
 * that is wrong is shown to its end, and the next one is read as if nothing had been.
 */
#include "commands/packet-textcmd.h"

#include "commands/command_stream.h"
#include "support/flow.h"

#include <plato/textcmd.h>
#include <string.h>

#define EXCERPT_BYTES 60 /* of the parameters, in the info column */

static rr_protocol textcmd = {.id = PLATO_TAP_TEXTCMD, .proto = -1, .column = "TextCmd", .ett = -1};

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
    command_item item;
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
    return l->item.offset + (int)(span.p - l->bytes);
}

static proto_item *add_text(proto_tree *tree, int hf, const line *l, plato_span span)
{
    return proto_tree_add_item(tree, hf, l->tvb, offset_of(l, span), (int)span.n,
                               ENC_UTF_8 | ENC_NA);
}

/* The text of `span` without its escapes. */
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

static void add_error_reply(const line *l, proto_tree *tree)
{
    if (l->item.error == 0)
        return;
    proto_item *item = proto_tree_add_uint(tree, textcmd.hf_code, l->tvb,
                                           offset_of(l, l->command.params), 3, l->item.error);
    add_decoded(tree, textcmd.hf_reason, l, l->item.reason);
    command_add_error_code(&textcmd, &l->item, item);
}

static void dissect_command(const line *l)
{
    const plato_textcmd *c = &l->command;
    proto_item *type = add_text(l->item.tree, hf_type, l, c->type);
    proto_item *params = add_text(l->item.tree, hf_params, l, c->params);
    proto_tree *tree = proto_item_add_subtree(params, ett_params);
    add_decoded(tree, hf_decoded, l, c->params);
    add_error_reply(l, tree);
    if (l->item.is_request && !is_known(c->type))
        expert_add_info(l->pinfo, type, &textcmd.expert.type_unknown);
    if (has_reserved(c->params) || has_reserved(c->type))
        expert_add_info(l->pinfo, params, &ei_reserved);
    if (is_type(c->type, "ECHO") && !plato_textcmd_is_integer(c->params))
        expert_add_info(l->pinfo, params, &ei_echo);
}

static analysis_rr_message exchange_of(const line *l)
{
    const plato_textcmd *c = &l->command;
    const analysis_rr_message claims = {
        .kind = rr_digest(c->type.p, c->type.n),
        .content = rr_digest(c->params.p, c->params.n),
        .is_echo = is_type(c->type, "ECHO"),
        .is_error = l->item.error != 0,
    };
    return claims;
}

static void name_command(line *l, const rr_message *message)
{
    const plato_span params = l->command.params;
    const bool is_long = params.n > EXCERPT_BYTES;
    label_add_bytes(&l->item.text, (const char *)l->command.type.p, l->command.type.n);
    label_add(&l->item.text, "/");
    label_add_bytes(&l->item.text, (const char *)params.p, is_long ? EXCERPT_BYTES : params.n);
    if (is_long)
        label_add(&l->item.text, "...");
    rr_append_time(&l->item.text, message);
}

static void dissect_whole(line *l)
{
    const plato_span type = l->command.type;
    if (!plato_textcmd_read_error(&l->command, &l->item.error, &l->item.reason))
        l->item.error = 0;
    l->item.is_request = rr_is_request(l->pinfo, l->item.segment->rr, l->item.error != 0);
    if (l->item.is_request)
        l->item.error = 0; /* whatever it is called */
    const analysis_rr_message claims = exchange_of(l);
    rr_message *message =
        rr_add_message(l->pinfo, &textcmd, l->item.segment->rr, l->item.is_request, &claims);
    name_command(l, message);
    command_begin_item(&textcmd, &l->item);
    dissect_command(l);
    command_end_item(&textcmd, &l->item, message,
                     wmem_strndup(l->pinfo->pool, (const char *)type.p, type.n), NULL);
}

/* A line with something wrong in it, or as much of one as there is. */
static void dissect_invalid(line *l, plato_err err, int at)
{
    const bool too_long = err == PLATO_ERR_TYPE_TOO_LONG || err == PLATO_ERR_PARAMS_TOO_LONG;
    const char *text = err == PLATO_NEED_MORE ? "cut" : plato_strerror(err);
    l->item.is_request = rr_is_request(l->pinfo, l->item.segment->rr, false);
    const analysis_rr_message claims = {.kind = 0};
    const bool is_answered = l->item.is_request && err != PLATO_NEED_MORE; /* by an error reply */
    rr_message *message = rr_add_message(l->pinfo, &textcmd, l->item.segment->rr,
                                         l->item.is_request, is_answered ? &claims : NULL);
    label_add(&l->item.text, "[");
    label_add(&l->item.text, text);
    label_add(&l->item.text, "]");
    l->item.form = err == PLATO_NEED_MORE ? PLATO_TAP_CUT : PLATO_TAP_WRONG;
    command_begin_item(&textcmd, &l->item);
    proto_item *item =
        proto_tree_add_item(l->item.tree, hf_line, l->tvb, l->item.offset, l->item.length, ENC_NA);
    if (err == PLATO_NEED_MORE)
        expert_add_info(l->pinfo, item, &ei_cut);
    else
        expert_add_info_format(l->pinfo, item, too_long ? &ei_too_long : &ei_malformed,
                               "Malformed: %s (at byte %d)", text, at);
    command_end_item(&textcmd, &l->item, message, NULL,
                     err == PLATO_NEED_MORE ? "Cut" : plato_strerror(err));
}

/* Up to and with the line end, or all there is. */
static int line_length(const uint8_t *p, int n)
{
    const uint8_t *lf = memchr(p, '\n', (size_t)n);
    return lf != NULL ? (int)(lf - p) + 1 : n;
}

/* Whether the bytes from `offset` on are the rest of a line whose start was not captured. */
static bool is_inside(const command_segment *segment, int offset)
{
    plato_textcmd command;
    size_t consumed;
    const int rest = (int)tvb_captured_length(segment->tvb) - offset;
    if (rest <= 0 || segment->after_unseen || !segment->mid_stream)
        return rest > 0 && segment->after_unseen;
    const plato_err err = plato_textcmd_parse(tvb_get_ptr(segment->tvb, offset, rest), (size_t)rest,
                                              NULL, &command, &consumed, NULL);
    return err != PLATO_OK && err != PLATO_NEED_MORE;
}

/* Up to the next line: where in one these bytes are is not known. */
static int dissect_skipped(const command_segment *segment, int offset)
{
    const int rest = (int)tvb_captured_length(segment->tvb) - offset;
    command_item item = {
        .segment = segment,
        .offset = offset,
        .length = line_length(tvb_get_ptr(segment->tvb, offset, rest), rest),
        .is_request = rr_is_request(segment->pinfo, segment->rr, false),
    };
    rr_message *message =
        rr_add_message(segment->pinfo, &textcmd, segment->rr, item.is_request, NULL);
    expert_add_info(segment->pinfo, command_begin_continuation(&textcmd, &item), &ei_skipped);
    command_end_item(&textcmd, &item, message, NULL, NULL);
    return offset + item.length;
}

static int dissect_lines(const command_segment *segment, int offset)
{
    const int captured = (int)tvb_captured_length(segment->tvb);
    if (is_inside(segment, offset))
        offset = dissect_skipped(segment, offset);
    while (offset < captured) {
        line l = {.tvb = segment->tvb,
                  .pinfo = segment->pinfo,
                  .item = {.segment = segment, .offset = offset}};
        plato_error error = {.offset = 0};
        size_t consumed;
        label_begin(&l.item.text);
        l.bytes = tvb_get_ptr(l.tvb, offset, captured - offset);
        const size_t n = (size_t)(captured - offset);
        const plato_err err = plato_textcmd_parse(l.bytes, n, NULL, &l.command, &consumed, &error);
        if (err == PLATO_NEED_MORE && segment->can_desegment) {
            rr_request_more(segment->pinfo, segment->rr, offset, DESEGMENT_ONE_MORE_SEGMENT);
            return offset;
        }
        if (err == PLATO_OK) {
            l.item.length = (int)consumed;
            dissect_whole(&l);
        } else {
            l.item.length = line_length(l.bytes, captured - offset);
            dissect_invalid(&l, err, (int)error.offset);
        }
        offset += l.item.length;
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
typedef enum shape { SHAPE_WRONG, SHAPE_UNFINISHED, SHAPE_WHOLE } shape;

/* Whole lines with an upper-case TYPE and every escape that is due; the last one may go on. */
static shape shape_of(const uint8_t *p, size_t n)
{
    shape found = SHAPE_UNFINISHED;
    while (n > 0) {
        plato_textcmd command;
        size_t consumed;
        const plato_err err = plato_textcmd_parse(p, n, NULL, &command, &consumed, NULL);
        if (err == PLATO_NEED_MORE)
            return found;
        if (err != PLATO_OK || !is_upper_type(command.type) || has_reserved(command.params))
            return SHAPE_WRONG;
        found = SHAPE_WHOLE;
        p += consumed;
        n -= consumed;
    }
    return found;
}

/*
 * A line proves little: base64 has slashes too. So every byte of the conversation that was seen
 * must be of lines, and the line must begin where an earlier segment of its direction ended one.
 */
static bool matches(heuristic_state *state, packet_info *pinfo, const uint8_t *p, size_t n)
{
    bool *mid_line = &state->mid_line[flow_direction(pinfo)];
    if (state->never || PINFO_FD_VISITED(pinfo))
        return false; /* what was claimed does not come here again */
    const shape found = *mid_line ? SHAPE_UNFINISHED : shape_of(p, n);
    *mid_line = p[n - 1] != '\n';
    state->never = found == SHAPE_WRONG;
    return found == SHAPE_WHOLE;
}

static ws_bool heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
static ws_bool heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

static command_stream stream = {
    .protocol = &textcmd,
    .names =
        {
            .dissector = "textcmd",
            .dissector_tls = "textcmd.tls",
            .heuristics = {"textcmd_tcp", "textcmd_tls"},
            .heuristic_titles = {"Text commands over TCP", "Text commands over TLS"},
            .desegment_title = "Reassemble lines over TCP segments",
        },
    .tcp_port = G_STRINGIFY(PLATO_TEXTCMD_PORT),
    .tls_port = G_STRINGIFY(PLATO_TEXTCMD_TLS_PORT),
    .alpn = PLATO_TEXTCMD_ALPN,
    .dissect = dissect_lines,
    .matches = matches,
    .heuristics = {heuristic_tcp, heuristic_tls},
};

static ws_bool heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return command_heuristic_tcp(&stream, tvb, pinfo, tree, data);
}

static ws_bool heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    return command_heuristic_tls(&stream, tvb, pinfo, tree, data);
}

/* ---- registration ---- */

static void reset(void)
{
    rr_reset(&textcmd);
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
        {&textcmd.expert.error_reply,
         {"textcmd.error_reply", PI_RESPONSE_CODE, PI_NOTE, "Error reply", EXPFILL}},
        {&textcmd.expert.type_unknown,
         {"textcmd.type.unknown", PI_UNDECODED, PI_NOTE, "No command of the protocol itself",
          EXPFILL}},
        {&textcmd.expert.mismatch,
         {"textcmd.differs", PI_PROTOCOL, PI_ERROR, "Reply does not fit its request", EXPFILL}},
        {&textcmd.expert.unsolicited,
         {"textcmd.unasked", PI_SEQUENCE, PI_NOTE, "Reply without a request", EXPFILL}},
        {&textcmd.expert.slow,
         {"textcmd.slow", PI_SEQUENCE, PI_WARN, "More than 40 s from the first byte to the last",
          EXPFILL}},
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
        {&textcmd.hf_code,
         {"Error code", "textcmd.error.code", FT_UINT16, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&textcmd.hf_reason,
         {"Error reason", "textcmd.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_line,
         {"Line", "textcmd.line", FT_BYTES, BASE_NONE, NULL, 0x0, "A line that is no command",
          HFILL}},
        {&textcmd.hf_continuation,
         {"Continuation", "textcmd.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no line that could be found", HFILL}},
        {&textcmd.hf_response_in,
         {"Response in", "textcmd.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, NULL, HFILL}},
        {&textcmd.hf_response_to,
         {"Response to", "textcmd.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, NULL, HFILL}},
        {&textcmd.hf_response_time,
         {"Response time", "textcmd.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL,
          HFILL}},
    };
    static int *ett[] = {&textcmd.ett, &ett_params};
    textcmd.proto = proto_register_protocol("Text Command Protocol", "TextCmd", "textcmd");
    proto_register_field_array(textcmd.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_expert();
    register_init_routine(reset);
    command_register(&stream);
}

void proto_reg_handoff_textcmd(void)
{
    command_handoff(&stream);
}
