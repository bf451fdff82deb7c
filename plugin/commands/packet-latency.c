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
#include "support/column.h"

#include <plato/command.h>
#include <string.h>

#define PORT G_STRINGIFY(PLATO_LATENCY_PORT)
#define TLS_PORT G_STRINGIFY(PLATO_LATENCY_TLS_PORT)
#define VALUE_LEN 4

static rr_protocol latency = {
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
    rr_conversation *rr;
    bool on_connection; /* TCP */
    bool is_request;
    label text;
} values;

static void add_number(values *v, uint32_t number)
{
    label_add(&v->text, " ");
    label_add_number(&v->text, number);
}

static void tap(const values *v, rr_message *message, int at, int n)
{
    const rr_record record = {
        .protocol = &latency,
        .message = message,
        .type = v->is_request ? "Probe" : "Reply",
        .remark = n % VALUE_LEN != 0 ? "Size no multiple of 4" : NULL,
        .length = (uint32_t)n,
        .following = tvb_captured_length(v->tvb) - (uint32_t)(at + n),
    };
    rr_tap(v->pinfo, &record);
}

static void name_size(values *v, int n)
{
    label_add(&v->text, " [");
    label_add_number(&v->text, (uint64_t)n);
    label_add(&v->text, " bytes]");
}

/* One message of `n` bytes: a value, or a datagram of any size. */
static void add_message(values *v, int offset, int n)
{
    analysis_rr_message claims = {.is_echo = true, .on_connection = v->on_connection};
    claims.content = rr_digest(tvb_get_ptr(v->tvb, offset, n), (size_t)n);
    rr_message *message = rr_add_message(v->pinfo, &latency, v->rr, v->is_request, &claims);
    if (n == VALUE_LEN)
        add_number(v, tvb_get_ntohl(v->tvb, offset));
    else if (n % VALUE_LEN == 0)
        name_size(v, n);
    rr_append_time(&v->text, message);
    rr_add_items(&latency, message, v->tvb, offset, v->pinfo, v->tree);
    tap(v, message, offset, n);
}

static void add_values(values *v, int offset, int n)
{
    const int whole = n - n % VALUE_LEN;
    for (int at = 0; at < whole; at += VALUE_LEN)
        proto_tree_add_item(v->tree, hf_value, v->tvb, offset + at, VALUE_LEN, ENC_BIG_ENDIAN);
    if (n > whole)
        proto_tree_add_item(v->tree, hf_rest, v->tvb, offset + whole, n - whole, ENC_NA);
}

static void begin(values *v, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree,
                  rr_conversation *rr)
{
    v->tvb = tvb;
    v->pinfo = pinfo;
    v->rr = rr;
    v->is_request = rr_is_request(pinfo, rr, false);
    v->item = proto_tree_add_item(tree, latency.proto, tvb, 0, -1, ENC_NA);
    v->tree = proto_item_add_subtree(v->item, latency.ett);
    label_begin(&v->text);
    label_add(&v->text, v->is_request ? "Probe" : "Reply");
}

static void add_size_remark(values *v, int n)
{
    if (n % VALUE_LEN == 0)
        return;
    expert_add_info_format(v->pinfo, v->item, &ei_size, "%d bytes: no multiple of 4", n);
    name_size(v, n);
}

static void end(values *v)
{
    proto_item_append_text(v->item, ", %s", v->text.text);
    column_append_pdu(v->pinfo, latency.column, v->text.text);
}

static int dissect_udp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    const int n = (int)tvb_captured_length(tvb);
    values v = {.on_connection = false};
    if (n == 0)
        return 0;
    begin(&v, tvb, pinfo, tree, rr_conversation_of(pinfo, &latency));
    add_values(&v, 0, n);
    add_message(&v, 0, n);
    add_size_remark(&v, (int)tvb_reported_length(tvb));
    end(&v);
    return n;
}

/* The bytes that an earlier segment left over, and those of this one. */
static tvbuff_t *join_rest(tvbuff_t *tvb, packet_info *pinfo, const rr_start *start, int n)
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
static void keep_rest(packet_info *pinfo, rr_conversation *rr, tvbuff_t *bytes, int offset, int n)
{
    rr_flow *flow = rr_flow_of(pinfo, rr);
    if (PINFO_FD_VISITED(pinfo))
        return;
    flow->rest_len = (unsigned)(n % VALUE_LEN);
    if (flow->rest_len > 0)
        tvb_memcpy(bytes, flow->rest, offset + n - (int)flow->rest_len, flow->rest_len);
}

/* A segment whose own size is right begins with a value, whatever was left over. */
static tvbuff_t *with_rest(tvbuff_t *tvb, packet_info *pinfo, const rr_start *start, int n)
{
    if (start->rest_len == 0 || n % VALUE_LEN == 0)
        return tvb_new_subset_length(tvb, (int)start->skip, n);
    return join_rest(tvb, pinfo, start, n);
}

/* `data` is what TCP handed over, or NULL. */
static int dissect_tcp(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    const uint32_t reported = tvb_reported_length(tvb);
    const int captured = (int)tvb_captured_length(tvb);
    rr_conversation *rr = rr_conversation_of(pinfo, &latency);
    const rr_start start = rr_begin_segment(pinfo, &latency, rr, data, reported);
    const int n = captured - (int)start.skip;
    values v;

    rr_end_segment(pinfo, rr, data, reported);
    if (n <= 0)
        return captured;
    tvbuff_t *bytes = with_rest(tvb, pinfo, &start, n);
    const int len = (int)tvb_captured_length(bytes);
    begin(&v, bytes, pinfo, tree, rr);
    v.on_connection = true;
    add_values(&v, 0, len);
    for (int at = 0; at + VALUE_LEN <= len; at += VALUE_LEN)
        add_message(&v, at, VALUE_LEN);
    if (len < VALUE_LEN)
        tap(&v, rr_add_message(pinfo, &latency, rr, v.is_request, NULL), 0, len);
    keep_rest(pinfo, rr, bytes, 0, len);
    add_size_remark(&v, (int)reported - (int)start.skip);
    end(&v);
    return captured;
}

/* TLS hands over nothing that is the same in all versions: a value that two records share is cut.
 */
static int dissect_tls(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data _U_)
{
    return dissect_tcp(tvb, pinfo, tree, NULL);
}

static void reset(void)
{
    rr_reset(&latency);
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
        {&latency.expert.mismatch,
         {"latency.expert.differs", PI_PROTOCOL, PI_ERROR, "Reply differs from its probe",
          EXPFILL}},
        {&latency.expert.in_flight,
         {"latency.expert.in_flight", PI_SEQUENCE, PI_WARN,
          "Two probes in flight: an earlier one still waits for its reply", EXPFILL}},
        {&latency.expert.too_soon,
         {"latency.expert.too_soon", PI_SEQUENCE, PI_NOTE,
          "Less than 1 s behind the last probe or reply", EXPFILL}},
        {&latency.expert.idle_too_long,
         {"latency.expert.silent", PI_SEQUENCE, PI_WARN,
          "More than 6 min behind the connection's last probe: what is on the way may have "
          "forgotten the connection",
          EXPFILL}},
        {&latency.expert.unsolicited,
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
        {&latency.hf_response_in,
         {"Response in", "latency.response_in", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0x0, NULL, HFILL}},
        {&latency.hf_response_to,
         {"Response to", "latency.response_to", FT_FRAMENUM, BASE_NONE,
          FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0x0, NULL, HFILL}},
        {&latency.hf_response_time,
         {"Round trip", "latency.rtt", FT_RELATIVE_TIME, BASE_NONE, NULL, 0x0, NULL, HFILL}},
    };
    static int *ett[] = {&latency.ett};
    latency.proto = proto_register_protocol("Latency Echo Protocol", "Latency", "latency");
    proto_register_field_array(latency.proto, hf, array_length(hf));
    proto_register_subtree_array(ett, array_length(ett));
    rr_register(&latency, "latency");
    register_expert();
    register_init_routine(reset);
    prefs_register_protocol(latency.proto, NULL);
    register_dissector("latency", dissect_udp, latency.proto);
    register_dissector("latency.tcp", dissect_tcp, latency.proto);
    register_dissector("latency.tls", dissect_tls, latency.proto);
}

void proto_reg_handoff_latency(void)
{
    dissector_handle_t tls = find_dissector("latency.tls");
    dissector_add_uint_range_with_preference("udp.port", PORT, find_dissector("latency"));
    dissector_add_uint_range_with_preference("tcp.port", PORT, find_dissector("latency.tcp"));
    dissector_add_uint_range_with_preference("tls.port", TLS_PORT, tls);
    dissector_add_string("tls.alpn", PLATO_LATENCY_ALPN, tls);
}
