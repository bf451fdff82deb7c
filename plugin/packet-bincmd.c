/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Binary commands (docs/commands.md): a magic, a length, a type, parameters. What does not begin
 * with a magic, or claims too much, is skipped up to the next magic.
 */
#include "packet-bincmd.h"

#include "heuristic.h"
#include "info.h"
#include "stat-talk.h"
#include "talk.h"

#include <plato/bincmd.h>
#include <string.h>

#define PORT G_STRINGIFY(PLATO_BINCMD_PORT)
#define MAGIC_LEN 4
#define ECHO_LEN 4
#define EXCERPT_BYTES 40 /* of the parameters, in the info column */

static talk_protocol bincmd = {.proto = -1, .column = "BinCmd"};

static int hf_magic = -1;
static int hf_len = -1;
static int hf_type = -1;
static int hf_params = -1;
static int hf_value = -1;
static int hf_text = -1;
static int hf_code = -1;
static int hf_reason = -1;
static int hf_continuation = -1;
static int ett_bincmd = -1;
static int ett_params = -1;
static expert_field ei_too_long;
static expert_field ei_error_reply;
static expert_field ei_error_short;
static expert_field ei_type_unknown;
static expert_field ei_echo;
static expert_field ei_cut;
static expert_field ei_skipped;

static ws_bool pref_desegment = TRUE;
static int pref_magics = PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT;

static const enum_val_t magics[] = {
    {"both", "5c285c29 and 24242424", PLATO_BINCMD_ALLOW_MAGIC | PLATO_BINCMD_ALLOW_ALT},
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
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;
    talk *talk;
    int offset;
    int length; /* bytes that are shown */
    uint32_t claimed;
    plato_bincmd fields; /* params: as much as is here */
    bool is_request;
    uint32_t error; /* code of an error reply; 0: it is none */
    plato_span reason;
    label text;
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

static void show_error_reply(const command *c, proto_tree *tree, proto_item *params, int at)
{
    if (c->error == 0) {
        expert_add_info(c->pinfo, params, &ei_error_short);
        return;
    }
    const char *text = plato_command_code_text(c->error);
    proto_item *item = proto_tree_add_item(tree, hf_code, c->tvb, at, 2, ENC_BIG_ENDIAN);
    proto_item_append_text(item, " (%s)", text != NULL ? text : "unknown");
    proto_tree_add_item(tree, hf_reason, c->tvb, at + 2, (int)c->reason.n, ENC_UTF_8 | ENC_NA);
    expert_add_info_format(c->pinfo, item, &ei_error_reply, "Error reply: %u", c->error);
}

/* Below an item of its own, if there are any. */
static void show_params(const command *c, bool whole)
{
    const int at = c->offset + PLATO_BINCMD_HEADER_LEN;
    const int n = (int)c->fields.params.n;
    proto_item *item = c->item;
    proto_tree *tree = c->tree;
    if (n > 0) {
        item = proto_tree_add_item(c->tree, hf_params, c->tvb, at, n, ENC_NA);
        tree = proto_item_add_subtree(item, ett_params);
    }
    if (!whole)
        expert_add_info(c->pinfo, item, &ei_cut);
    else if (c->fields.type == PLATO_BINCMD_ERROR)
        show_error_reply(c, tree, item, at);
    else if (c->fields.type == PLATO_BINCMD_ECHO && n == ECHO_LEN)
        proto_tree_add_item(tree, hf_value, c->tvb, at, n, ENC_BIG_ENDIAN);
    else if (c->fields.type == PLATO_BINCMD_ECHO)
        expert_add_info(c->pinfo, item, &ei_echo);
    else if (is_printable(c->fields.params))
        proto_tree_add_item(tree, hf_text, c->tvb, at, n, ENC_UTF_8 | ENC_NA);
}

/* The fields of the header, as many as are here. Returns the item of the length. */
static proto_item *show_header(const command *c)
{
    const struct {
        int hf;
        int at;
        int n;
    } rows[] = {{hf_magic, 0, MAGIC_LEN}, {hf_len, 4, 2}, {hf_type, 6, 2}};
    proto_item *items[array_length(rows)] = {NULL};
    for (size_t i = 0; i < array_length(rows) && rows[i].at + rows[i].n <= c->length; i++)
        items[i] = proto_tree_add_item(c->tree, rows[i].hf, c->tvb, c->offset + rows[i].at,
                                       rows[i].n, ENC_BIG_ENDIAN);
    if (items[2] != NULL && plato_bincmd_type_name(c->fields.type) == NULL)
        expert_add_info(c->pinfo, items[2], &ei_type_unknown);
    return items[1];
}

static void begin_item(command *c, proto_tree *tree)
{
    plato_info_add(c->pinfo, bincmd.column, c->text.text);
    c->item = proto_tree_add_item(tree, bincmd.proto, c->tvb, c->offset, c->length, ENC_NA);
    proto_item_append_text(c->item, ", %s", c->text.text);
    c->tree = proto_item_add_subtree(c->item, ett_bincmd);
}

static void tap(const command *c, const talk_message *message, const char *remark)
{
    const char *name = plato_bincmd_type_name(c->fields.type);
    const talk_record record = {
        .protocol = &bincmd,
        .message = message,
        .type = name != NULL ? name : wmem_strdup_printf(c->pinfo->pool, "%u", c->fields.type),
        .remark = remark,
        .error = c->error,
        .length = (uint32_t)c->length,
    };
    talk_tap(c->pinfo, &record);
}

static void name_type(command *c)
{
    const char *name = plato_bincmd_type_name(c->fields.type);
    if (name != NULL) {
        label_add(&c->text, name);
        return;
    }
    label_add(&c->text, "Type ");
    label_add_number(&c->text, c->fields.type);
}

static void name_params(command *c)
{
    const plato_span params = c->fields.params;
    if (c->error != 0) {
        label_add(&c->text, " ");
        label_add_number(&c->text, c->error);
    } else if (c->fields.type == PLATO_BINCMD_ECHO && params.n == ECHO_LEN) {
        label_add(&c->text, " ");
        label_add_number(&c->text, (uint32_t)params.p[0] << 24 | (uint32_t)params.p[1] << 16 |
                                       (uint32_t)params.p[2] << 8 | params.p[3]);
    } else if (params.n <= EXCERPT_BYTES && is_printable(params)) {
        label_add(&c->text, " \"");
        label_add(&c->text, ws_format_text(c->pinfo->pool, params.p, params.n));
        label_add(&c->text, "\"");
    } else if (params.n > 0) {
        label_add(&c->text, " (");
        label_add_number(&c->text, params.n);
        label_add(&c->text, " bytes)");
    }
}

/* ---- pieces of the stream ---- */

static void take_command(command *c, proto_tree *tree)
{
    if (!plato_bincmd_read_error(&c->fields, &c->error, &c->reason))
        c->error = 0;
    c->is_request = talk_is_request(c->pinfo, c->talk, c->fields.type == PLATO_BINCMD_ERROR);
    const plato_exchange given = {
        .kind = c->fields.type,
        .content = talk_digest(c->fields.params.p, c->fields.params.n),
        .is_echo = c->fields.type == PLATO_BINCMD_ECHO,
        .is_error = c->fields.type == PLATO_BINCMD_ERROR,
    };
    talk_message *message = talk_enter(c->pinfo, &bincmd, c->talk, c->is_request, &given);
    name_type(c);
    name_params(c);
    talk_add_time(&c->text, message);
    begin_item(c, tree);
    show_header(c);
    show_params(c, true);
    talk_show(&bincmd, message, c->tvb, c->pinfo, c->tree);
    tap(c, message, NULL);
}

/* The start of a command whose end is not here and cannot be asked for. */
static void take_cut(command *c, proto_tree *tree)
{
    c->is_request = talk_is_request(c->pinfo, c->talk, false);
    talk_message *message = talk_enter(c->pinfo, &bincmd, c->talk, c->is_request, NULL);
    if (c->length >= PLATO_BINCMD_HEADER_LEN)
        name_type(c);
    label_add(&c->text, " [cut]");
    begin_item(c, tree);
    show_header(c);
    if (c->length >= PLATO_BINCMD_HEADER_LEN)
        show_params(c, false);
    else
        proto_tree_add_expert(c->tree, c->pinfo, &ei_cut, c->tvb, c->offset, c->length);
    talk_show(&bincmd, message, c->tvb, c->pinfo, c->tree);
    tap(c, message, "Cut");
}

/* A header that claims more than is allowed; its bytes end where the next magic stands. */
static void take_too_long(command *c, proto_tree *tree)
{
    c->is_request = talk_is_request(c->pinfo, c->talk, false);
    const plato_exchange given = {.kind = c->fields.type};
    talk_message *message = talk_enter(c->pinfo, &bincmd, c->talk, c->is_request,
                                       c->is_request ? &given : NULL); /* it gets an error reply */
    if (c->length >= PLATO_BINCMD_HEADER_LEN)
        name_type(c);
    label_add(&c->text, " [too long: ");
    label_add_number(&c->text, c->claimed);
    label_add(&c->text, " bytes]");
    begin_item(c, tree);
    proto_item *len = show_header(c); /* another magic may stand in its place */
    expert_add_info_format(c->pinfo, len != NULL ? len : c->item, &ei_too_long,
                           "%u bytes of parameters are over the limit of %u", c->claimed,
                           PLATO_COMMAND_PARAMS_MAX);
    if (c->length > PLATO_BINCMD_HEADER_LEN)
        proto_tree_add_item(c->tree, hf_continuation, c->tvb, c->offset + PLATO_BINCMD_HEADER_LEN,
                            c->length - PLATO_BINCMD_HEADER_LEN, ENC_NA);
    talk_show(&bincmd, message, c->tvb, c->pinfo, c->tree);
    tap(c, message, "Too long");
}

static void skip(command *c, proto_tree *tree)
{
    label_add(&c->text, "Continuation (");
    label_add_number(&c->text, (uint64_t)c->length);
    label_add(&c->text, " bytes)");
    begin_item(c, tree);
    proto_item *item =
        proto_tree_add_item(c->tree, hf_continuation, c->tvb, c->offset, c->length, ENC_NA);
    expert_add_info_format(c->pinfo, item, &ei_skipped, "%d bytes skipped", c->length);
}

/* Bytes from `p` on that begin no command, up to what may begin one; at least `least`. */
static int up_to_magic(const uint8_t *p, int n, int least)
{
    const plato_bincmd_limits l = limits();
    if (n <= least)
        return n;
    return least + (int)plato_bincmd_find(p + least, (size_t)(n - least), &l).skipped;
}

/* ---- the walk ---- */

/* How many bytes are missing of a command that has begun; 0: it cannot be waited for. */
static uint32_t wanted(plato_err err, uint64_t total, int n, bool may_ask)
{
    if (!may_ask)
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

static void take(command *c, proto_tree *tree, plato_err err, uint64_t total, int n)
{
    const plato_bincmd_limits l = limits();
    const uint8_t *p = tvb_get_ptr(c->tvb, c->offset, n);
    c->length = length_of(err, total, p, n);
    /* not what stands behind: a later pass may be given less of it */
    if (c->length >= PLATO_BINCMD_HEADER_LEN)
        c->fields.type = tvb_get_ntohs(c->tvb, c->offset + 6);
    if (err == PLATO_ERR_MAGIC) {
        skip(c, tree);
    } else if (err == PLATO_ERR_PARAMS_TOO_LONG) {
        c->claimed = (uint32_t)total - PLATO_BINCMD_HEADER_LEN;
        take_too_long(c, tree);
    } else if (plato_bincmd_parse(p, (size_t)n, &l, &c->fields) == PLATO_OK) {
        take_command(c, tree);
    } else {
        if (n > PLATO_BINCMD_HEADER_LEN)
            c->fields.params =
                (plato_span){p + PLATO_BINCMD_HEADER_LEN, (size_t)n - PLATO_BINCMD_HEADER_LEN};
        take_cut(c, tree);
    }
}

/*
 * Shows the commands from `offset` on; returns where it stopped to ask for more, or the end. Where
 * TCP put the bytes together (`reassembled`) and some were skipped, nothing is asked for: TCP would
 * hand over fewer of them on a later pass.
 */
static int walk(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, talk *t, int offset,
                bool may_ask, bool reassembled)
{
    const plato_bincmd_limits l = limits();
    const int captured = (int)tvb_captured_length(tvb);
    while (offset < captured) {
        command c = {.tvb = tvb, .pinfo = pinfo, .talk = t, .offset = offset};
        const int n = captured - offset;
        uint64_t total;
        const plato_err err =
            plato_bincmd_length(tvb_get_ptr(tvb, offset, n), (size_t)n, &l, &total);
        const uint32_t more = wanted(err, total, n, may_ask);
        if (more != 0) {
            talk_ask(pinfo, t, offset, more);
            return offset;
        }
        label_begin(&c.text);
        take(&c, tree, err, total, n);
        offset += c.length;
        may_ask = may_ask && !(reassembled && err < 0);
    }
    return offset;
}

static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    const bool may_ask =
        pref_desegment && pinfo->can_desegment > 0 && (uint32_t)captured == reported;
    talk *t = talk_of(pinfo, &bincmd);
    const talk_start start = talk_begin(pinfo, &bincmd, t, data, reported);
    const int offset = (int)start.skip < captured ? (int)start.skip : captured;
    const int stopped = walk(tvb, pinfo, tree, t, offset, may_ask, talk_is_reassembled(data));
    talk_end(pinfo, t, data, stopped < captured ? (uint32_t)stopped : reported);
    return captured;
}

/* ---- heuristic ---- */

/* Whole commands one behind the other, the last one perhaps not at its end yet. */
static bool looks_right(const uint8_t *p, size_t n)
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

static ws_bool heuristic(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const unsigned n = tvb_captured_length(tvb);
    if (n < PLATO_BINCMD_HEADER_LEN || !looks_right(tvb_get_ptr(tvb, 0, (int)n), n))
        return FALSE;
    plato_claim(pinfo, "bincmd");
    dissect_tcp(tvb, pinfo, tree, data);
    return TRUE;
}

/* ---- registration ---- */

static void forget(void)
{
    talk_forget(&bincmd);
}

static void register_expert(void)
{
    static ei_register_info ei[] = {
        {&ei_too_long,
         {"bincmd.too_long", PI_MALFORMED, PI_ERROR, "Length over the limit", EXPFILL}},
        {&ei_error_reply,
         {"bincmd.error_reply", PI_RESPONSE_CODE, PI_NOTE, "Error reply", EXPFILL}},
        {&ei_error_short,
         {"bincmd.error_reply.no_code", PI_MALFORMED, PI_ERROR, "Error reply without a code",
          EXPFILL}},
        {&ei_type_unknown,
         {"bincmd.type.unknown", PI_UNDECODED, PI_NOTE, "No command of the protocol itself",
          EXPFILL}},
        {&ei_echo, {"bincmd.echo.length", PI_PROTOCOL, PI_WARN, "An echo has four bytes", EXPFILL}},
        {&ei_cut, {"bincmd.cut", PI_REASSEMBLE, PI_NOTE, "The command's end is not here", EXPFILL}},
        {&ei_skipped,
         {"bincmd.continuation.skipped", PI_REASSEMBLE, PI_NOTE, "Bytes outside any command",
          EXPFILL}},
        {&bincmd.expert.differs,
         {"bincmd.differs", PI_PROTOCOL, PI_ERROR, "Reply does not fit its request", EXPFILL}},
        {&bincmd.expert.unasked,
         {"bincmd.unasked", PI_SEQUENCE, PI_NOTE, "Reply without a request", EXPFILL}},
        {&bincmd.expert.slow,
         {"bincmd.slow", PI_SEQUENCE, PI_WARN, "More than 40 s from the first byte to the last",
          EXPFILL}},
    };
    expert_register_field_array(expert_register_protocol(bincmd.proto), ei, array_length(ei));
}

static void register_preferences(void)
{
    module_t *module = prefs_register_protocol(bincmd.proto, NULL);
    prefs_register_bool_preference(module, "desegment", "Reassemble commands over TCP segments",
                                   "Needs TCP's own \"Allow subdissector to reassemble TCP "
                                   "streams\" as well",
                                   &pref_desegment);
    prefs_register_enum_preference(module, "magics", "Magics",
                                   "What a command may begin with, in hexadecimal", &pref_magics,
                                   magics, FALSE);
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
        {&hf_code,
         {"Error code", "bincmd.error.code", FT_UINT16, BASE_DEC, NULL, 0x0, NULL, HFILL}},
        {&hf_reason,
         {"Error reason", "bincmd.error.reason", FT_STRING, BASE_NONE, NULL, 0x0, NULL, HFILL}},
        {&hf_continuation,
         {"Continuation", "bincmd.continuation", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes that belong to no command that could be found", HFILL}},
        TALK_FIELDS(bincmd, "bincmd", "response_time", "Response time"),
    };
    static int *ett[] = {&ett_bincmd, &ett_params};
    bincmd.proto = proto_register_protocol("Binary Command Protocol", "BinCmd", "bincmd");
    proto_register_field_array(bincmd.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    talk_register(&bincmd, "bincmd");
    register_expert();
    register_init_routine(forget);
    register_preferences();
    register_dissector("bincmd", dissect_tcp, bincmd.proto);
}

void proto_reg_handoff_bincmd(void)
{
    dissector_add_uint_range_with_preference("tcp.port", PORT, find_dissector("bincmd"));
    heur_dissector_add("tcp", heuristic, "Binary commands over TCP", "bincmd_tcp", bincmd.proto,
                       HEURISTIC_ENABLE);
    plato_handoff_talk_tree("bincmd", "Binary commands");
}
