/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binary commands (docs/commands.md): a magic, a length, a type, parameters. What does not begin
 * with a magic, or claims too much, is skipped up to the next magic.
 */
#include "commands/packet-bincmd.h"

#include "commands/command_stream.h"

#include <plato/bincmd.h>
#include <string.h>

#define MAGIC_LEN 4
#define ECHO_LEN 4
#define NO_KIND UINT64_MAX /* of what only an error reply can answer */
#define EXCERPT_BYTES 40   /* of the parameters, in the info column */

static rr_protocol bincmd = {.id = PLATO_TAP_BINCMD, .proto = -1, .column = "BinCmd", .ett = -1};

static int hf_magic = -1;
static int hf_len = -1;
static int hf_type = -1;
static int hf_params = -1;
static int hf_value = -1;
static int hf_text = -1;
static int ett_params = -1;
static expert_field ei_too_long;
static expert_field ei_error_short;
static expert_field ei_echo;
static expert_field ei_cut;
static expert_field ei_skipped;

static int pref_magics = PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT;

static const enum_val_t magics[] = {
    {"both", "Both", PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT},
    {"backslash", "5c285c29", PLATO_BINCMD_ALLOW_MAGIC},
    {"dollar", "24242424", PLATO_BINCMD_ALLOW_ALT},
    {NULL, NULL, 0},
};

static const value_string types[] = {
    {PLATO_BINCMD_ECHO, "ECHO"},
    {PLATO_BINCMD_TIME, "TIME"},
    {PLATO_BINCMD_VERSION, "VERSION"},
    {PLATO_BINCMD_STATS, "STATS"},
    {PLATO_BINCMD_PING, "PING"},
    {PLATO_BINCMD_ERROR, "ERROR"},
    {0, NULL},
};

/* One command in the packet at hand. */
typedef struct command {
    command_item item;
    tvbuff_t *tvb;
    packet_info *pinfo;
    uint32_t claimed;
    plato_bincmd fields; /* params: as much as is here */
} command;

static plato_bincmd_limits limits(void)
{
    const plato_bincmd_limits l = {(unsigned)pref_magics, PLATO_COMMAND_PARAMS_MAX};
    return l;
}

static bool is_printable(plato_span text)
{
    for (size_t i = 0; i < text.n; i++) {
        const uint8_t c = text.p[i];
        if ((c < ' ' && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            return false;
    }
    return text.n > 0 && g_utf8_validate((const char *)text.p, (gssize)text.n, NULL);
}

/* ---- the tree ---- */

static void add_error_reply(const command *c, proto_tree *tree, proto_item *params, int at)
{
    if (c->item.error == 0) {
        expert_add_info(c->pinfo, params, &ei_error_short);
        return;
    }
    proto_item *item = proto_tree_add_item(tree, bincmd.hf_code, c->tvb, at, 2, ENC_BIG_ENDIAN);
    proto_tree_add_item(tree, bincmd.hf_reason, c->tvb, at + 2, (int)c->item.reason.n,
                        ENC_UTF_8 | ENC_NA);
    command_add_error_code(&bincmd, &c->item, item);
}

/* Below an item of its own, if there are any. */
static void dissect_params(const command *c, bool whole)
{
    const int at = c->item.offset + PLATO_BINCMD_HEADER_LEN;
    const int n = (int)c->fields.params.n;
    proto_item *item = c->item.item;
    proto_tree *tree = c->item.tree;
    if (n > 0) {
        item = proto_tree_add_item(c->item.tree, hf_params, c->tvb, at, n, ENC_NA);
        tree = proto_item_add_subtree(item, ett_params);
    }
    if (!whole)
        expert_add_info(c->pinfo, item, &ei_cut);
    else if (c->fields.type == PLATO_BINCMD_ERROR && !c->item.is_request)
        add_error_reply(c, tree, item, at);
    else if (c->fields.type == PLATO_BINCMD_ECHO && n == ECHO_LEN)
        proto_tree_add_item(tree, hf_value, c->tvb, at, n, ENC_BIG_ENDIAN);
    else if (c->fields.type == PLATO_BINCMD_ECHO)
        expert_add_info(c->pinfo, item, &ei_echo);
    else if (is_printable(c->fields.params))
        proto_tree_add_item(tree, hf_text, c->tvb, at, n, ENC_UTF_8 | ENC_NA);
}

/* The fields of the header, as many as are here. Returns the item of the length. */
static proto_item *dissect_header(const command *c)
{
    const struct {
        int hf;
        int at;
        int n;
    } rows[] = {{hf_magic, 0, MAGIC_LEN}, {hf_len, 4, 2}, {hf_type, 6, 2}};
    proto_item *items[array_length(rows)] = {NULL};
    for (size_t i = 0; i < array_length(rows) && rows[i].at + rows[i].n <= c->item.length; i++)
        items[i] = proto_tree_add_item(c->item.tree, rows[i].hf, c->tvb,
                                       c->item.offset + rows[i].at, rows[i].n, ENC_BIG_ENDIAN);
    const bool is_known = plato_bincmd_type_name(c->fields.type) != NULL &&
                          !(c->item.is_request && c->fields.type == PLATO_BINCMD_ERROR);
    if (items[2] != NULL && !is_known)
        expert_add_info(c->pinfo, items[2], &bincmd.expert.type_unknown);
    return items[1];
}

static const char *type_of(const command *c)
{
    const char *name = plato_bincmd_type_name(c->fields.type);
    return name != NULL ? name : wmem_strdup_printf(c->pinfo->pool, "%u", c->fields.type);
}

/* A message that takes part in requests and replies if `given` says what it is. */
static rr_message *add_message(const command *c, const analysis_rr_message *claims)
{
    return rr_add_message(c->pinfo, &bincmd, c->item.segment->rr, c->item.is_request, claims);
}

static void name_type(command *c)
{
    const char *name = plato_bincmd_type_name(c->fields.type);
    if (name != NULL) {
        label_add(&c->item.text, name);
        return;
    }
    label_add(&c->item.text, "Type ");
    label_add_number(&c->item.text, c->fields.type);
}

static void name_params(command *c)
{
    const plato_span params = c->fields.params;
    if (c->item.error != 0) {
        label_add(&c->item.text, " ");
        label_add_number(&c->item.text, c->item.error);
    } else if (c->fields.type == PLATO_BINCMD_ECHO && params.n == ECHO_LEN) {
        label_add(&c->item.text, " ");
        label_add_number(&c->item.text, (uint32_t)params.p[0] << 24 | (uint32_t)params.p[1] << 16 |
                                            (uint32_t)params.p[2] << 8 | params.p[3]);
    } else if (params.n <= EXCERPT_BYTES && is_printable(params)) {
        label_add(&c->item.text, " \"");
        label_add(&c->item.text, ws_format_text(c->pinfo->pool, params.p, params.n));
        label_add(&c->item.text, "\"");
    } else if (params.n > 0) {
        label_add(&c->item.text, " (");
        label_add_number(&c->item.text, params.n);
        label_add(&c->item.text, " bytes)");
    }
}

/* ---- items of the stream ---- */

static void dissect_whole(command *c)
{
    if (!plato_bincmd_read_error(&c->fields, &c->item.error, &c->item.reason))
        c->item.error = 0;
    c->item.is_request =
        rr_is_request(c->pinfo, c->item.segment->rr, c->fields.type == PLATO_BINCMD_ERROR);
    if (c->item.is_request)
        c->item.error = 0; /* whatever it is called */
    const analysis_rr_message claims = {
        .kind = c->fields.type,
        .content = rr_digest(c->fields.params.p, c->fields.params.n),
        .is_echo = c->fields.type == PLATO_BINCMD_ECHO,
        .is_error = !c->item.is_request && c->fields.type == PLATO_BINCMD_ERROR,
    };
    rr_message *message = add_message(c, &claims);
    name_type(c);
    name_params(c);
    rr_append_time(&c->item.text, message);
    command_begin_item(&bincmd, &c->item);
    dissect_header(c);
    dissect_params(c, true);
    command_end_item(&bincmd, &c->item, message, type_of(c), NULL);
}

/* The start of a command whose end is not here and cannot be requested. */
static void dissect_truncated(command *c)
{
    c->item.is_request = rr_is_request(c->pinfo, c->item.segment->rr, false);
    rr_message *message = add_message(c, NULL);
    if (c->item.length >= PLATO_BINCMD_HEADER_LEN)
        name_type(c);
    label_add(&c->item.text, " [cut]");
    c->item.form = PLATO_TAP_CUT;
    command_begin_item(&bincmd, &c->item);
    dissect_header(c);
    if (c->item.length >= PLATO_BINCMD_HEADER_LEN)
        dissect_params(c, false);
    else
        proto_tree_add_expert(c->item.tree, c->pinfo, &ei_cut, c->tvb, c->item.offset,
                              c->item.length);
    command_end_item(&bincmd, &c->item, message, type_of(c), "Cut");
}

/* A header that claims more than is allowed; its bytes end before the next magic. */
static void dissect_too_long(command *c)
{
    c->item.is_request = rr_is_request(c->pinfo, c->item.segment->rr, false);
    const analysis_rr_message claims = {.kind = NO_KIND};
    rr_message *message =
        add_message(c, c->item.is_request ? &claims : NULL); /* it gets an error reply */
    if (c->item.length >= PLATO_BINCMD_HEADER_LEN)
        name_type(c);
    label_add(&c->item.text, " [too long: ");
    label_add_number(&c->item.text, c->claimed);
    label_add(&c->item.text, " bytes]");
    c->item.form = PLATO_TAP_WRONG;
    command_begin_item(&bincmd, &c->item);
    proto_item *len = dissect_header(c); /* another magic may be in its place */
    expert_add_info_format(c->pinfo, len != NULL ? len : c->item.item, &ei_too_long,
                           "%u bytes of parameters are over the limit of %u", c->claimed,
                           PLATO_COMMAND_PARAMS_MAX);
    if (c->item.length > PLATO_BINCMD_HEADER_LEN)
        proto_tree_add_item(c->item.tree, bincmd.hf_continuation, c->tvb,
                            c->item.offset + PLATO_BINCMD_HEADER_LEN,
                            c->item.length - PLATO_BINCMD_HEADER_LEN, ENC_NA);
    command_end_item(&bincmd, &c->item, message, type_of(c), "Too long");
}

static void dissect_skipped(command *c)
{
    c->item.is_request = rr_is_request(c->pinfo, c->item.segment->rr, false);
    const analysis_rr_message claims = {.kind = NO_KIND};
    const bool is_answered = rr_is_first_invalid(c->pinfo, c->item.segment->rr, c->item.is_request);
    rr_message *message = add_message(c, is_answered ? &claims : NULL);
    proto_item *item = command_begin_continuation(&bincmd, &c->item);
    expert_add_info_format(c->pinfo, item, &ei_skipped, "%d bytes skipped", c->item.length);
    command_end_item(&bincmd, &c->item, message, NULL, NULL);
}

/* Bytes from `p` on that begin no command, up to what may begin one; at least `least`. */
static int up_to_magic(const uint8_t *p, int n, int least)
{
    const plato_bincmd_limits l = limits();
    if (n <= least)
        return n;
    return least + (int)plato_bincmd_find(p + least, (size_t)(n - least), &l).skipped;
}

/* ---- the stream ---- */

/* How many bytes are missing of a command that has begun; 0: it cannot be waited for. */
static uint32_t desegment_length(plato_err err, uint64_t total, int n, bool can_desegment)
{
    if (!can_desegment)
        return 0;
    if (err == PLATO_NEED_MORE)
        return DESEGMENT_ONE_MORE_SEGMENT;
    return err == PLATO_OK && total > (uint64_t)n ? (uint32_t)(total - (uint64_t)n) : 0;
}

/* How many of the `n` bytes belong to what begins here. */
static int length_of(plato_err err, uint64_t total, const uint8_t *p, int n)
{
    if (err == PLATO_ERR_MAGIC)
        return up_to_magic(p, n, 1);
    if (err == PLATO_ERR_PARAMS_TOO_LONG)
        return up_to_magic(p, n, MAGIC_LEN);
    return total < (uint64_t)n ? (int)total : n;
}

static void dissect_item(command *c, plato_err err, uint64_t total, int n)
{
    const plato_bincmd_limits l = limits();
    const uint8_t *p = tvb_get_ptr(c->tvb, c->item.offset, n);
    c->item.length = length_of(err, total, p, n);
    /* not what follows: a later pass may be given less of it */
    if (c->item.length >= PLATO_BINCMD_HEADER_LEN)
        c->fields.type = tvb_get_ntohs(c->tvb, c->item.offset + 6);
    if (err == PLATO_ERR_MAGIC) {
        dissect_skipped(c);
    } else if (err == PLATO_ERR_PARAMS_TOO_LONG) {
        c->claimed = (uint32_t)total - PLATO_BINCMD_HEADER_LEN;
        dissect_too_long(c);
    } else if (plato_bincmd_parse(p, (size_t)n, &l, &c->fields) == PLATO_OK) {
        dissect_whole(c);
    } else {
        if (n > PLATO_BINCMD_HEADER_LEN)
            c->fields.params =
                (plato_span){p + PLATO_BINCMD_HEADER_LEN, (size_t)n - PLATO_BINCMD_HEADER_LEN};
        dissect_truncated(c);
    }
}

/*
 * Where TCP put the bytes together and some were skipped, nothing is requested: TCP would hand over
 * fewer of them on a later pass.
 */
static int dissect_commands(const command_segment *segment, int offset)
{
    const plato_bincmd_limits l = limits();
    const int captured = (int)tvb_captured_length(segment->tvb);
    bool can_desegment = segment->can_desegment;
    while (offset < captured) {
        command c = {.tvb = segment->tvb,
                     .pinfo = segment->pinfo,
                     .item = {.segment = segment, .offset = offset}};
        const int n = captured - offset;
        uint64_t total;
        const plato_err err =
            plato_bincmd_length(tvb_get_ptr(c.tvb, offset, n), (size_t)n, &l, &total);
        const uint32_t more = desegment_length(err, total, n, can_desegment);
        if (more != 0) {
            rr_request_more(segment->pinfo, segment->rr, offset, more);
            return offset;
        }
        label_begin(&c.item.text);
        dissect_item(&c, err, total, n);
        offset += c.item.length;
        can_desegment = can_desegment && !(segment->reassembled && err < 0);
    }
    return offset;
}

/* ---- heuristic ---- */

/* Whole commands one after the other, of which the last may be unfinished. */
static bool matches(heuristic_state *state _U_, packet_info *pinfo _U_, const uint8_t *p, size_t n)
{
    const plato_bincmd_limits l = limits();
    bool found = false;
    while (n > 0) {
        uint64_t total;
        const plato_err err = plato_bincmd_length(p, n, &l, &total);
        if (err == PLATO_NEED_MORE)
            return found;
        if (err != PLATO_OK)
            return false;
        found = true;
        if (total >= n)
            return true;
        p += total;
        n -= (size_t)total;
    }
    return found;
}

static ws_bool heuristic_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);
static ws_bool heuristic_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

static command_stream stream = {
    .protocol = &bincmd,
    .names =
        {
            .dissector = "bincmd",
            .dissector_tls = "bincmd.tls",
            .heuristics = {"bincmd_tcp", "bincmd_tls"},
            .heuristic_titles = {"Binary commands over TCP", "Binary commands over TLS"},
            .desegment_title = "Reassemble commands over TCP segments",
        },
    .tcp_port = G_STRINGIFY(PLATO_BINCMD_PORT),
    .tls_port = G_STRINGIFY(PLATO_BINCMD_TLS_PORT),
    .alpn = PLATO_BINCMD_ALPN,
    .dissect = dissect_commands,
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
    rr_reset(&bincmd);
}

static void register_expert(void)
{
    static ei_register_info ei[] = {
        {&ei_too_long,
         {"bincmd.too_long", PI_MALFORMED, PI_ERROR, "Length over the limit", EXPFILL}},
        {&ei_error_short,
         {"bincmd.error_reply.no_code", PI_MALFORMED, PI_ERROR, "Error reply without a code",
          EXPFILL}},
        {&ei_echo, {"bincmd.echo.length", PI_PROTOCOL, PI_WARN, "An echo has four bytes", EXPFILL}},
        {&ei_cut, {"bincmd.cut", PI_REASSEMBLE, PI_NOTE, "The command's end is not here", EXPFILL}},
        {&ei_skipped,
         {"bincmd.continuation.skipped", PI_REASSEMBLE, PI_NOTE, "Bytes outside any command",
          EXPFILL}},
        {&bincmd.expert.error_reply,
         {"bincmd.error_reply", PI_RESPONSE_CODE, PI_NOTE, "Error reply", EXPFILL}},
        {&bincmd.expert.type_unknown,
         {"bincmd.type.unknown", PI_UNDECODED, PI_NOTE, "No command of the protocol itself",
          EXPFILL}},
        {&bincmd.expert.mismatch,
         {"bincmd.differs", PI_PROTOCOL, PI_ERROR, "Reply does not fit its request", EXPFILL}},
        {&bincmd.expert.unsolicited,
         {"bincmd.unasked", PI_SEQUENCE, PI_NOTE, "Reply without a request", EXPFILL}},
        {&bincmd.expert.slow,
         {"bincmd.slow", PI_SEQUENCE, PI_WARN, "More than 40 s from the first byte to the last",
          EXPFILL}},
    };
    expert_register_field_array(expert_register_protocol(bincmd.proto), ei, array_length(ei));
}

void proto_register_bincmd(void)
{
    static hf_register_info hf[] = {
        {&hf_magic, {"Magic", "bincmd.magic", FT_UINT32, BASE_HEX, NULL, 0x0, NULL, HFILL}},
        {&hf_len,
         {"Length", "bincmd.len", FT_UINT16, BASE_DEC, NULL, 0x0, "Bytes of the parameters",
          HFILL}},
        {&hf_type, {"Type", "bincmd.type", FT_UINT16, BASE_DEC, VALS(types), 0x0, NULL, HFILL}},
        {&hf_params, {"Parameters", "bincmd.params", FT_BYTES, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_value, {"Value", "bincmd.value", FT_UINT32, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_text, {"Text", "bincmd.text", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&bincmd.hf_code,
         {"Error code", "bincmd.error.code", FT_UINT16, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&bincmd.hf_reason,
         {"Error reason", "bincmd.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&bincmd.hf_continuation,
         {"Continuation", "bincmd.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no command that could be found", HFILL}},
        {&bincmd.hf_response_in,
         {"Response in", "bincmd.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, NULL, HFILL}},
        {&bincmd.hf_response_to,
         {"Response to", "bincmd.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, NULL, HFILL}},
        {&bincmd.hf_response_time,
         {"Response time", "bincmd.response_time", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL,
          HFILL}},
    };
    static int *ett[] = {&bincmd.ett, &ett_params};
    bincmd.proto = proto_register_protocol("Binary Command Protocol", "BinCmd", "bincmd");
    proto_register_field_array(bincmd.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    register_expert();
    register_init_routine(reset);
    prefs_register_enum_preference(command_register(&stream), "magics", "Magics",
                                   "What a command may begin with, in hexadecimal", &pref_magics,
                                   magics, FALSE);
}

void proto_reg_handoff_bincmd(void)
{
    command_handoff(&stream);
}
