/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text commands (docs/commands.md): lines of TYPE "/" params CRLF. The codec reads them; a line
 * that is wrong is shown to its end, and the next one is read as if nothing had been.
 */
#include "packet-textcmd.h"

#include "heuristic.h"
#include "info.h"
#include "stat-talk.h"
#include "talk.h"

#include <plato/textcmd.h>
#include <string.h>

#define PORT G_STRINGIFY(PLATO_TEXTCMD_PORT)
#define EXCERPT_BYTES 60 /* of the parameters, in the info column */

static talk_protocol textcmd = {.proto = -1, .column = "TextCmd"};

static int hf_type = -1;
static int hf_params = -1;
static int hf_decoded = -1;
static int hf_code = -1;
static int hf_reason = -1;
static int hf_line = -1;
static int hf_continuation = -1;
static int ett_textcmd = -1;
static int ett_params = -1;
static expert_field ei_malformed;
static expert_field ei_too_long;
static expert_field ei_error_reply;
static expert_field ei_type_unknown;
static expert_field ei_reserved;
static expert_field ei_echo;
static expert_field ei_cut;
static expert_field ei_skipped;

static ws_bool pref_desegment = TRUE;

/* One line in the packet at hand. */
typedef struct line {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;
    talk *talk;
    int offset;
    int length; /* with its line end */
    const uint8_t *bytes;
    plato_textcmd command;
    bool is_request;
    uint32_t error; /* code of an error reply; 0: it is none */
    plato_span reason;
    label text;
} line;

static const char *const known_types[] = {"ECHO", "TIME", "VERSION", "STATS", "PING", "ERROR"};

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

static bool is_integer(plato_span text)
{
    const size_t sign = text.n > 0 && text.p[0] == '-';
    for (size_t i = sign; i < text.n; i++) {
        if (text.p[i] < '0' || text.p[i] > '9')
            return false;
    }
    return text.n > sign;
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
    return l->offset + (int)(span.p - l->bytes);
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
    if (l->error == 0)
        return;
    const char *text = plato_command_code_text(l->error);
    proto_item *item =
        proto_tree_add_uint(tree, hf_code, l->tvb, offset_of(l, l->command.params), 3, l->error);
    proto_item_append_text(item, " (%s)", text != NULL ? text : "unknown");
    add_decoded(tree, hf_reason, l, l->reason);
    expert_add_info_format(l->pinfo, item, &ei_error_reply, "Error reply: %u", l->error);
}

static void show_command(const line *l)
{
    const plato_textcmd *c = &l->command;
    proto_item *type = add_text(l->tree, hf_type, l, c->type);
    proto_item *params = add_text(l->tree, hf_params, l, c->params);
    proto_tree *tree = proto_item_add_subtree(params, ett_params);
    add_decoded(tree, hf_decoded, l, c->params);
    show_error_reply(l, tree);
    if (l->is_request && !is_known(c->type))
        expert_add_info(l->pinfo, type, &ei_type_unknown);
    if (has_reserved(c->params) || has_reserved(c->type))
        expert_add_info(l->pinfo, params, &ei_reserved);
    if (is_type(c->type, "ECHO") && !is_integer(c->params))
        expert_add_info(l->pinfo, params, &ei_echo);
}

static plato_exchange exchange_of(const line *l)
{
    const plato_textcmd *c = &l->command;
    const plato_exchange given = {
        .kind = talk_digest(c->type.p, c->type.n),
        .content = talk_digest(c->params.p, c->params.n),
        .is_echo = is_type(c->type, "ECHO"),
        .is_error = l->error != 0,
    };
    return given;
}

static void begin_item(line *l, proto_tree *tree)
{
    l->item = proto_tree_add_item(tree, textcmd.proto, l->tvb, l->offset, l->length, ENC_NA);
    l->tree = proto_item_add_subtree(l->item, ett_textcmd);
}

static void end_item(line *l, const talk_message *message, const char *type, const char *remark)
{
    const talk_record record = {
        .protocol = &textcmd,
        .message = message,
        .type = type,
        .remark = remark,
        .error = l->error,
        .length = (uint32_t)l->length,
    };
    proto_item_append_text(l->item, ", %s", l->text.text);
    talk_tap(l->pinfo, &record);
}

static void name_command(line *l, const talk_message *message)
{
    const plato_span params = l->command.params;
    const bool is_long = params.n > EXCERPT_BYTES;
    label_add_bytes(&l->text, (const char *)l->command.type.p, l->command.type.n);
    label_add(&l->text, "/");
    label_add_bytes(&l->text, (const char *)params.p, is_long ? EXCERPT_BYTES : params.n);
    if (is_long)
        label_add(&l->text, "...");
    talk_add_time(&l->text, message);
}

static void take_command(line *l, proto_tree *tree)
{
    const plato_span type = l->command.type;
    if (!plato_textcmd_read_error(&l->command, &l->error, &l->reason))
        l->error = 0;
    l->is_request = talk_is_request(l->pinfo, l->talk, l->error != 0);
    const plato_exchange given = exchange_of(l);
    talk_message *message = talk_enter(l->pinfo, &textcmd, l->talk, l->is_request, &given);
    name_command(l, message);
    plato_info_add(l->pinfo, textcmd.column, l->text.text);
    begin_item(l, tree);
    show_command(l);
    talk_show(&textcmd, message, l->tvb, l->pinfo, l->tree);
    end_item(l, message, wmem_strndup(l->pinfo->pool, (const char *)type.p, type.n), NULL);
}

/* A line with something wrong in it, or as much of one as there is. */
static void take_wrong(line *l, proto_tree *tree, plato_err err, int at)
{
    const bool too_long = err == PLATO_ERR_TYPE_TOO_LONG || err == PLATO_ERR_PARAMS_TOO_LONG;
    const char *text = err == PLATO_NEED_MORE ? "cut" : plato_strerror(err);
    l->is_request = talk_is_request(l->pinfo, l->talk, false);
    const plato_exchange given = {.kind = 0};
    const bool is_answered = l->is_request && err != PLATO_NEED_MORE; /* by an error reply */
    talk_message *message =
        talk_enter(l->pinfo, &textcmd, l->talk, l->is_request, is_answered ? &given : NULL);
    label_add(&l->text, "[");
    label_add(&l->text, text);
    label_add(&l->text, "]");
    plato_info_add(l->pinfo, textcmd.column, l->text.text);
    begin_item(l, tree);
    proto_item *item = proto_tree_add_item(l->tree, hf_line, l->tvb, l->offset, l->length, ENC_NA);
    if (err == PLATO_NEED_MORE)
        expert_add_info(l->pinfo, item, &ei_cut);
    else
        expert_add_info_format(l->pinfo, item, too_long ? &ei_too_long : &ei_malformed,
                               "Malformed: %s (at byte %d)", text, at);
    talk_show(&textcmd, message, l->tvb, l->pinfo, l->tree);
    end_item(l, message, NULL, err == PLATO_NEED_MORE ? "Cut" : plato_strerror(err));
}

/* Up to and with the line end, or all there is. */
static int wrong_length(const uint8_t *p, int n)
{
    const uint8_t *lf = memchr(p, '\n', (size_t)n);
    return lf != NULL ? (int)(lf - p) + 1 : n;
}

static void skip(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, int offset, int length)
{
    proto_item *item = proto_tree_add_item(tree, textcmd.proto, tvb, offset, length, ENC_NA);
    proto_tree *below = proto_item_add_subtree(item, ett_textcmd);
    plato_info_add(pinfo, textcmd.column, "Continuation");
    item = proto_tree_add_item(below, hf_continuation, tvb, offset, length, ENC_NA);
    expert_add_info(pinfo, item, &ei_skipped);
}

/* Shows the lines from `offset` on; returns where it stopped to ask for more, or the end. */
static int walk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, talk *t, int offset,
                bool may_ask)
{
    const int captured = (int)tvb_captured_length(tvb);
    while (offset < captured) {
        line l = {.tvb = tvb, .pinfo = pinfo, .talk = t, .offset = offset};
        plato_error error = {.offset = 0};
        size_t used;
        label_begin(&l.text);
        l.bytes = tvb_get_ptr(tvb, offset, captured - offset);
        const size_t n = (size_t)(captured - offset);
        const plato_err err = plato_textcmd_parse(l.bytes, n, NULL, &l.command, &used, &error);
        if (err == PLATO_NEED_MORE && may_ask) {
            talk_ask(pinfo, t, offset, DESEGMENT_ONE_MORE_SEGMENT);
            return offset;
        }
        if (err == PLATO_OK) {
            l.length = (int)used;
            take_command(&l, tree);
        } else {
            l.length = wrong_length(l.bytes, captured - offset);
            take_wrong(&l, tree, err, (int)error.offset);
        }
        offset += l.length;
    }
    return offset;
}

static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    const bool may_ask =
        pref_desegment && pinfo->can_desegment > 0 && (uint32_t)captured == reported;
    talk *t = talk_of(pinfo, &textcmd);
    const talk_start start = talk_begin(pinfo, &textcmd, t, data, reported);
    int offset = (int)start.skip < captured ? (int)start.skip : captured;
    if (start.gap && captured > offset) { /* nobody knows where in a line */
        const int length =
            wrong_length(tvb_get_ptr(tvb, offset, captured - offset), captured - offset);
        skip(tvb, pinfo, tree, offset, length);
        offset += length;
    }
    const int stopped = walk(tvb, pinfo, tree, t, offset, may_ask);
    talk_end(pinfo, t, data, stopped < captured ? (uint32_t)stopped : reported);
    return captured;
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
static bool is_claimed(tvbuff_t *tvb, packet_info *pinfo)
{
    const size_t n = tvb_captured_length(tvb);
    if (n == 0)
        return false;
    talk *t = talk_of(pinfo, &textcmd);
    talk_side *side = talk_side_of(pinfo, t);
    if (t->never || PINFO_FD_VISITED(pinfo))
        return false; /* what was claimed does not come here again */
    const uint8_t *p = tvb_get_ptr(tvb, 0, (int)n);
    const look found = side->mid_line ? LOOKS_BEGUN : look_at(p, n);
    side->mid_line = p[n - 1] != '\n';
    t->never = found == LOOKS_WRONG;
    return found == LOOKS_WHOLE;
}

static ws_bool heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    if (!is_claimed(tvb, pinfo))
        return FALSE;
    plato_claim(pinfo, "textcmd");
    dissect_tcp(tvb, pinfo, tree, data);
    return TRUE;
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
        {&ei_error_reply,
         {"textcmd.error_reply", PI_RESPONSE_CODE, PI_NOTE, "Error reply", EXPFILL}},
        {&ei_type_unknown,
         {"textcmd.type.unknown", PI_UNDECODED, PI_NOTE, "No command of the protocol itself",
          EXPFILL}},
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
        {&textcmd.expert.differs,
         {"textcmd.differs", PI_PROTOCOL, PI_ERROR, "Reply does not fit its request", EXPFILL}},
        {&textcmd.expert.unasked,
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
        {&hf_code,
         {"Error code", "textcmd.error.code", FT_UINT16, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_reason,
         {"Error reason", "textcmd.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_line,
         {"Line", "textcmd.line", FT_BYTES, BASE_NONE, NULL, 0x0, "A line that is no command",
          HFILL}},
        {&hf_continuation,
         {"Continuation", "textcmd.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no line that could be found", HFILL}},
        TALK_FIELDS(textcmd, "textcmd", "response_time", "Response time"),
    };
    static int *ett[] = {&ett_textcmd, &ett_params};
    textcmd.proto = proto_register_protocol("Text Command Protocol", "TextCmd", "textcmd");
    proto_register_field_array(textcmd.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    talk_register(&textcmd, "textcmd");
    register_expert();
    register_init_routine(forget);
    module_t *module = prefs_register_protocol(textcmd.proto, NULL);
    prefs_register_bool_preference(module, "desegment", "Reassemble lines over TCP segments",
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &pref_desegment);
    register_dissector("textcmd", dissect_tcp, textcmd.proto);
}

void proto_reg_handoff_textcmd(void)
{
    dissector_add_uint_range_with_preference("tcp.port", PORT, find_dissector("textcmd"));
    heur_dissector_add("tcp", heuristic, "Text commands over TCP", "textcmd_tcp", textcmd.proto,
                       HEURISTIC_ENABLE);
    plato_handoff_talk_tree("textcmd", "Text commands");
}
