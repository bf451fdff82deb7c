/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The latency protocol (docs/commands.md): 32-bit values, big-endian, each sent back as it is. It
 * has no magic, so it is chosen by port or Decode As.
 *
 * Over UDP a datagram is a message; over TCP each value is one, and a segment that ends inside a
 * value leaves its bytes to the next.
 */
#include "commands/packet-latency.h"

#include "commands/request_response.h"
#include "commands/stat_commands.h"
#include "plato/tree/col_info.h"

#include <plato/command.h>
#include <string.h>

#define PORT G_STRINGIFY(PLATO_LATENCY_PORT)
#define TLS_PORT G_STRINGIFY(PLATO_LATENCY_TLS_PORT)
#define VALUE_LEN 4

static talk_protocol latency = {
    .id = PLATO_TAP_LATENCY,
    .proto = -1,
    .column = "Latency",
    .ett = -1,
    .rules = {.timeout_ns = ANALYSIS_LATENCY_TIMEOUT_NS,
              .min_interval_ns = ANALYSIS_LATENCY_MIN_INTERVAL_NS,
              .one_at_a_time = true,
              .by_content = true,
              .max_idle_ns = ANALYSIS_LATENCY_MAX_IDLE_NS},
};

static int hf_value = -1;
static int hf_rest = -1;
static expert_field ei_size;

/* The values of one call, as one line of the info column. */
typedef struct values {
    tvbuff_t *tvb;
    packet_info *pinfo;
    proto_tree *tree;
    proto_item *item;
    talk *talk;
    bool on_connection; /* TCP */
    bool is_request;
    label text;
} values;

static void add_number(values *v, uint32_t number)
{
    label_add(&v->text, " ");
    label_add_number(&v->text, number);
}

static void tap(const values *v, talk_message *message, int at, int n)
{
    const talk_record record = {
        .protocol = &latency,
        .message = message,
        .type = v->is_request ? "Probe" : "Reply",
        .remark = n % VALUE_LEN != 0 ? "Size no multiple of 4" : NULL,
        .length = (uint32_t)n,
        .behind = tvb_captured_length(v->tvb) - (uint32_t)(at + n),
    };
    talk_tap(v->pinfo, &record);
}

static void name_size(values *v, int n)
{
    label_add(&v->text, " [");
    label_add_number(&v->text, (uint64_t)n);
    label_add(&v->text, " bytes]");
}

/* One message of `n` bytes: a value, or a datagram of any size. */
static void take_message(values *v, int offset, int n)
{
    analysis_rr_message given = {.is_echo = true, .on_connection = v->on_connection};
    given.content = talk_digest(tvb_get_ptr(v->tvb, offset, n), (size_t)n);
    talk_message *message = talk_enter(v->pinfo, &latency, v->talk, v->is_request, &given);
    if (n == VALUE_LEN)
        add_number(v, tvb_get_ntohl(v->tvb, offset));
    else if (n % VALUE_LEN == 0)
        name_size(v, n);
    talk_add_time(&v->text, message);
    talk_show(&latency, message, v->tvb, offset, v->pinfo, v->tree);
    tap(v, message, offset, n);
}

static void show_values(values *v, int offset, int n)
{
    const int whole = n - n % VALUE_LEN;
    for (int at = 0; at < whole; at += VALUE_LEN)
        proto_tree_add_item(v->tree, hf_value, v->tvb, offset + at, VALUE_LEN, ENC_BIG_ENDIAN);
    if (n > whole)
        proto_tree_add_item(v->tree, hf_rest, v->tvb, offset + whole, n - whole, ENC_NA);
}

static void begin(values *v, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, talk *t)
{
    v->tvb = tvb;
    v->pinfo = pinfo;
    v->talk = t;
    v->is_request = talk_is_request(pinfo, t, false);
    v->item = proto_tree_add_item(tree, latency.proto, tvb, 0, -1, ENC_NA);
    v->tree = proto_item_add_subtree(v->item, latency.ett);
    label_begin(&v->text);
    label_add(&v->text, v->is_request ? "Probe" : "Reply");
}

static void remark_size(values *v, int n)
{
    if (n % VALUE_LEN == 0)
        return;
    expert_add_info_format(v->pinfo, v->item, &ei_size, "%d bytes: no multiple of 4", n);
    name_size(v, n);
}

static void end(values *v)
{
    proto_item_append_text(v->item, ", %s", v->text.text);
    plato_info_add(v->pinfo, latency.column, v->text.text);
}

static int dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const int n = (int)tvb_captured_length(tvb);
    values v = {.on_connection = false};
    if (n == 0)
        return 0;
    begin(&v, tvb, pinfo, tree, talk_of(pinfo, &latency));
    show_values(&v, 0, n);
    take_message(&v, 0, n);
    remark_size(&v, (int)tvb_reported_length(tvb));
    end(&v);
    return n;
}

/* The bytes that an earlier segment left over, and those of this one. */
static tvbuff_t *joined(tvbuff_t *tvb, packet_info *pinfo, const talk_start *start, int n)
{
    const int len = (int)start->rest_len + n;
    uint8_t *bytes = wmem_alloc(pinfo->pool, (size_t)len);
    memcpy(bytes, start->rest, start->rest_len);
    tvb_memcpy(tvb, bytes + start->rest_len, (int)start->skip, (size_t)n);
    tvbuff_t *made = tvb_new_child_real_data(tvb, bytes, (unsigned)len, len);
    add_new_data_source(pinfo, made, "Joined value");
    return made;
}

/* What is left over of a segment for the next: nothing, if this one cannot go on there. */
static void keep_rest(packet_info *pinfo, talk *t, tvbuff_t *bytes, int offset, int n)
{
    talk_side *side = talk_side_of(pinfo, t);
    if (PINFO_FD_VISITED(pinfo))
        return;
    side->rest_len = (unsigned)(n % VALUE_LEN);
    if (side->rest_len > 0)
        tvb_memcpy(bytes, side->rest, offset + n - (int)side->rest_len, side->rest_len);
}

/* A segment whose own size is right begins with a value, whatever was left over. */
static tvbuff_t *with_rest(tvbuff_t *tvb, packet_info *pinfo, const talk_start *start, int n)
{
    if (start->rest_len == 0 || n % VALUE_LEN == 0)
        return tvb_new_subset_length(tvb, (int)start->skip, n);
    return joined(tvb, pinfo, start, n);
}

/* `data` is what TCP handed over, or NULL. */
static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    talk *t = talk_of(pinfo, &latency);
    const talk_start start = talk_begin(pinfo, &latency, t, data, reported);
    const int n = captured - (int)start.skip;
    values v;

    talk_end(pinfo, t, data, reported);
    if (n <= 0)
        return captured;
    tvbuff_t *bytes = with_rest(tvb, pinfo, &start, n);
    const int len = (int)tvb_captured_length(bytes);
    begin(&v, bytes, pinfo, tree, t);
    v.on_connection = true;
    show_values(&v, 0, len);
    for (int at = 0; at + VALUE_LEN <= len; at += VALUE_LEN)
        take_message(&v, at, VALUE_LEN);
    if (len < VALUE_LEN)
        tap(&v, talk_enter(pinfo, &latency, t, v.is_request, NULL), 0, len);
    keep_rest(pinfo, t, bytes, 0, len);
    remark_size(&v, (int)reported - (int)start.skip);
    end(&v);
    return captured;
}

/* TLS hands over nothing that is the same in all versions: a value that two records share is cut.
 */
static int dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_tcp(tvb, pinfo, tree, NULL);
}

static void forget(void)
{
    talk_forget(&latency);
}

static void register_expert(void)
{
    static ei_register_info ei[] = {
        {&ei_size,
         {"latency.expert.size", PI_PROTOCOL, PI_WARN, "Size is no multiple of 4", EXPFILL}},
        {&latency.expert.no_reply,
         {"latency.expert.no_reply", PI_SEQUENCE, PI_WARN, "No reply within 4 s", EXPFILL}},
        {&latency.expert.late,
         {"latency.expert.late", PI_SEQUENCE, PI_WARN,
          "Reply after more than 4 s: the probe had been given up", EXPFILL}},
        {&latency.expert.differs,
         {"latency.expert.differs", PI_PROTOCOL, PI_ERROR, "Reply differs from its probe",
          EXPFILL}},
        {&latency.expert.in_flight,
         {"latency.expert.in_flight", PI_SEQUENCE, PI_WARN,
          "Two probes in flight: an earlier one still waits for its reply", EXPFILL}},
        {&latency.expert.too_soon,
         {"latency.expert.too_soon", PI_SEQUENCE, PI_NOTE,
          "Less than 1 s behind the last probe or reply", EXPFILL}},
        {&latency.expert.silent,
         {"latency.expert.silent", PI_SEQUENCE, PI_WARN,
          "More than 6 min behind the connection's last probe: what is on the way may have "
          "forgotten the connection",
          EXPFILL}},
        {&latency.expert.unasked,
         {"latency.expert.unasked", PI_SEQUENCE, PI_NOTE, "Reply without a probe", EXPFILL}},
    };
    expert_register_field_array(expert_register_protocol(latency.proto), ei, array_length(ei));
}

void proto_register_latency(void)
{
    static hf_register_info hf[] = {
        {&hf_value,
         {"Value", "latency.value", FT_UINT32, BASE_DEC, NULL, 0x0,
          "Milliseconds of the sender's clock", HFILL}},
        {&hf_rest,
         {"Part of a value", "latency.rest", FT_BYTES, BASE_NONE, NULL, 0x0,
          "Bytes behind the last whole value", HFILL}},
        TALK_FIELDS(latency, "latency", "rtt", "Round trip"),
    };
    static int *ett[] = {&latency.ett};
    latency.proto = proto_register_protocol("Latency Echo Protocol", "Latency", "latency");
    proto_register_field_array(latency.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    talk_register(&latency, "latency");
    register_expert();
    register_init_routine(forget);
    prefs_register_protocol(latency.proto, NULL);
    register_dissector("latency", dissect_udp, latency.proto);
    register_dissector("latency.tcp", dissect_tcp, latency.proto);
    register_dissector("latency.tls", dissect_tls, latency.proto);
    plato_register_rtt();
}

void proto_reg_handoff_latency(void)
{
    dissector_handle_t tls = find_dissector("latency.tls");
    dissector_add_uint_range_with_preference("udp.port", PORT, find_dissector("latency"));
    dissector_add_uint_range_with_preference("tcp.port", PORT, find_dissector("latency.tcp"));
    dissector_add_uint_range_with_preference("tls.port", TLS_PORT, tls);
    dissector_add_string("tls.alpn", PLATO_LATENCY_ALPN, tls);
    plato_handoff_talk_tree("latency", "Latency");
}
