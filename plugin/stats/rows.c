/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * -z plato,rows[,csv|,ndjson][,FILE]: one row for each message, written while the capture is read.
 * No tree, no columns: that is what makes it cheap.
 */
#include "plato/pdu/pdu_fields.h"
#include "stats/registrar.h"
#include "stats/row_writer.h"
#include "taps/tap.h"

#include <epan/stat_tap_ui.h>
#include <epan/to_str.h>
#include <wsutil/report_message.h>

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTION "plato,rows"
#define LIVE_SECONDS 5 /* a packet no older than this comes from a running capture */
#define NS_PER_SECOND 1000000000

/* One option of the command line. */
typedef struct rows_output {
    row_writer writer;
    char *path; /* NULL: standard output */
    bool started;
    bool failed;
    bool reported;
} rows_output;

typedef struct message {
    packet_info *pinfo;
    const plato_tap_record *record;
    const pdu_info *facts;
    const pdu_analysis *analysis;
} message;

static void put_frame(row_writer *w, const message *m)
{
    row_number(w, m->pinfo->num);
}

static void put_index(row_writer *w, const message *m)
{
    row_number(w, m->record->index);
}

static void put_time(row_writer *w, const message *m)
{
    row_seconds(w, (int64_t)m->pinfo->abs_ts.secs, (uint32_t)m->pinfo->abs_ts.nsecs);
}

static void put_stream(row_writer *w, const message *m)
{
    row_number(w, m->analysis->stream);
}

static void put_direction(row_writer *w, const message *m)
{
    row_name(w, plato_direction_text(m->analysis->upstream));
}

static void put_address(row_writer *w, const address *end)
{
    char text[WS_INET6_ADDRSTRLEN + 32];
    if (end->type == AT_NONE)
        return;
    address_to_str_buf(end, text, sizeof text);
    row_name(w, text);
}

static void put_source(row_writer *w, const message *m)
{
    put_address(w, &m->pinfo->src);
}

static void put_source_port(row_writer *w, const message *m)
{
    row_number(w, m->pinfo->srcport);
}

static void put_destination(row_writer *w, const message *m)
{
    put_address(w, &m->pinfo->dst);
}

static void put_destination_port(row_writer *w, const message *m)
{
    row_number(w, m->pinfo->destport);
}

static void put_framing(row_writer *w, const message *m)
{
    row_number(w, (uint64_t)m->facts->frame.framing);
}

static void put_type(row_writer *w, const message *m)
{
    if (plato_pdu_has_type(m->facts))
        row_name(w, plato_type_text(m->pinfo->pool, m->facts->frame.msg_type));
}

/* The message's own id, or what is known of its connection. */
static void put_id(row_writer *w, const message *m, pdu_id which, uint64_t otherwise)
{
    uint64_t id;
    if (plato_pdu_id(m->facts, which, &id))
        row_number(w, id);
    else if (otherwise != 0)
        row_number(w, otherwise);
}

static void put_device(row_writer *w, const message *m)
{
    put_id(w, m, PDU_DEVICE, m->analysis->device_id);
}

static void put_conn(row_writer *w, const message *m)
{
    put_id(w, m, PDU_CONN, m->analysis->conn_id);
}

static void put_session(row_writer *w, const message *m)
{
    const plato_span name = plato_pdu_session_name(m->facts);
    if (name.n > 0)
        row_text(w, name);
    else
        put_id(w, m, PDU_SESSION, 0);
}

static void put_client(row_writer *w, const message *m)
{
    put_id(w, m, PDU_CLIENT, 0);
}

static void put_msg(row_writer *w, const message *m)
{
    put_id(w, m, PDU_MSG, 0);
}

/* A malformed head may end before them. */
static bool has_ack(const message *m)
{
    return m->facts->decoded && m->facts->complete && m->facts->head.msg_type == PLATO_ACK &&
           m->facts->head_error == PLATO_OK;
}

static void put_ack_type(row_writer *w, const message *m)
{
    if (has_ack(m))
        row_name(w, plato_type_text(m->pinfo->pool, m->facts->head.ack.type));
}

static void put_ack_code(row_writer *w, const message *m)
{
    if (has_ack(m))
        row_number(w, m->facts->head.ack.code);
}

static void put_var_head_len(row_writer *w, const message *m)
{
    row_number(w, m->facts->frame.var_head_len);
}

static void put_msg_len(row_writer *w, const message *m)
{
    row_number(w, m->facts->frame.msg_len);
}

static void put_crc_status(row_writer *w, const message *m)
{
    row_name(w, plato_checksum_text(m->facts));
}

/* The order of the verdicts in their column. The first two are more than a flag. */
static const struct {
    uint32_t flag;
    const char *name;
} verdicts[] = {
    {ANALYSIS_DUPLICATE, "duplicate"},         {ANALYSIS_CONFLICT, "conflict"},
    {ANALYSIS_OUT_OF_ORDER, "out_of_order"},   {ANALYSIS_GAP_FILLED, "gap_filled"},
    {ANALYSIS_SLOW_RESPONSE, "slow_response"}, {ANALYSIS_HEARTBEAT_LATE, "heartbeat.late"},
};

static const char *separator(const char *text)
{
    return text[0] == '\0' ? "" : ";";
}

static void put_verdicts(row_writer *w, const message *m)
{
    char text[256] = "";
    const uint32_t flags = m->analysis->flags;
    if (m->facts->capture_gap)
        g_strlcat(text, "capture_gap", sizeof text);
    if (flags & ANALYSIS_GAP) {
        const analysis_verdict *verdict = m->analysis->verdict;
        const size_t n = strlen(text);
        snprintf(text + n, sizeof text - n, "%sgap:%" PRIu64 "-%" PRIu64, separator(text),
                 verdict->gap_first, verdict->gap_last);
    }
    for (size_t i = 0; i < array_length(verdicts); i++) {
        if ((flags & verdicts[i].flag) == 0)
            continue;
        g_strlcat(text, separator(text), sizeof text);
        g_strlcat(text, verdicts[i].name, sizeof text);
    }
    if (text[0] != '\0')
        row_name(w, text);
}

static void put_ns(row_writer *w, int64_t ns)
{
    int64_t seconds = ns / NS_PER_SECOND;
    int64_t rest = ns % NS_PER_SECOND;
    if (rest < 0) {
        seconds--;
        rest += NS_PER_SECOND;
    }
    row_seconds(w, seconds, (uint32_t)rest);
}

static void put_response_to(row_writer *w, const message *m)
{
    if (m->analysis->flags & ANALYSIS_HAS_RESPONSE_TIME)
        row_number(w, m->analysis->verdict->response_to);
}

static void put_response_time(row_writer *w, const message *m)
{
    if (m->analysis->flags & ANALYSIS_HAS_RESPONSE_TIME)
        put_ns(w, m->analysis->verdict->response_time_ns);
}

/* A PUSH before the ACK that explains it has no flag yet, in no pass. */
static void put_delivery_of(row_writer *w, const message *m)
{
    if (m->analysis->flags & ANALYSIS_HAS_DELIVERY_TIME)
        row_number(w, m->analysis->verdict->delivery_of);
}

static void put_delivery_time(row_writer *w, const message *m)
{
    if (m->analysis->flags & ANALYSIS_HAS_DELIVERY_TIME)
        put_ns(w, m->analysis->verdict->delivery_time_ns);
}

/* The columns, in their order. Names and order are an interface: new ones go to the end. */
static const struct {
    const char *name;
    void (*put)(row_writer *w, const message *m);
} columns[] = {
    {"frame", put_frame},
    {"index", put_index},
    {"time", put_time},
    {"stream", put_stream},
    {"dir", put_direction},
    {"src", put_source},
    {"sport", put_source_port},
    {"dst", put_destination},
    {"dport", put_destination_port},
    {"framing", put_framing},
    {"type", put_type},
    {"device_id", put_device},
    {"conn_id", put_conn},
    {"session_id", put_session},
    {"client_id", put_client},
    {"msg_id", put_msg},
    {"ack_type", put_ack_type},
    {"ack_code", put_ack_code},
    {"var_head_len", put_var_head_len},
    {"msg_len", put_msg_len},
    {"crc_status", put_crc_status},
    {"verdicts", put_verdicts},
    {"response_to", put_response_to},
    {"response_time", put_response_time},
    {"delivery_of", put_delivery_of},
    {"delivery_time", put_delivery_time},
};

/* Also of a capture without a message. */
static bool start(rows_output *out)
{
    if (out->started)
        return true;
    out->started = true;
    if (out->writer.format != ROW_CSV)
        return true;
    for (size_t i = 0; i < array_length(columns); i++) {
        row_column(&out->writer, columns[i].name);
        row_name(&out->writer, columns[i].name);
    }
    return row_end(&out->writer);
}

/* Somebody waits for the rows of a running capture; those of a file may gather in the buffer. */
static bool is_live(const packet_info *pinfo)
{
    return g_get_real_time() / G_USEC_PER_SEC - (int64_t)pinfo->abs_ts.secs <= LIVE_SECONDS;
}

static tap_packet_status rows_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                     const void *data, tap_flags_t flags _U_)
{
    rows_output *out = (rows_output *)tapdata;
    const plato_tap_record *record = (const plato_tap_record *)data;
    const message m = {pinfo, record, record->facts, &record->analysis};
    bool ok = start(out);
    for (size_t i = 0; i < array_length(columns); i++) {
        row_column(&out->writer, columns[i].name);
        columns[i].put(&out->writer, &m);
    }
    ok = row_end(&out->writer) && ok;
    if (ok && is_live(pinfo))
        ok = fflush(out->writer.file) == 0;
    if (ok)
        return TAP_PACKET_DONT_REDRAW;
    out->failed = true;
    return TAP_PACKET_FAILED;
}

static void complain(const rows_output *out, const char *what)
{
    report_failure("%s: %s %s: %s", OPTION, what, out->path != NULL ? out->path : "standard output",
                   g_strerror(errno));
}

static void leave(void)
{
    fflush(NULL);
    _exit(1);
}

/*
 * A tap has no way to set tshark's exit code: it is set when all is over, so that other -z options
 * have their say, and a window stays open. The loader calls the handler when the plugin is closed.
 */
static void fail_at_exit(void)
{
    static bool will_leave;
    if (!will_leave)
        will_leave = atexit(leave) == 0;
}

/* The end of the capture. A disk that is full must not look like success. */
static void rows_draw(void *tapdata)
{
    rows_output *out = (rows_output *)tapdata;
    if (!start(out) || fflush(out->writer.file) != 0)
        out->failed = true;
    if (out->failed && !out->reported) {
        complain(out, "cannot write to");
        out->reported = true;
        fail_at_exit();
    }
}

static void rows_finish(void *tapdata)
{
    rows_output *out = (rows_output *)tapdata;
    if (out->path != NULL)
        fclose(out->writer.file);
    row_writer_clear(&out->writer);
    g_free(out->path);
    g_free(out);
}

/* Takes `word` off the front of `*rest` (",word" or ",word,..."). */
static bool take_word(const char **rest, const char *word)
{
    const size_t n = strlen(word);
    const char *p = *rest;
    if (p[0] != ',' || strncmp(p + 1, word, n) != 0 || (p[1 + n] != ',' && p[1 + n] != '\0'))
        return false;
    *rest = p + 1 + n;
    return true;
}

/* Words that are meant as a format more likely than as a file. */
static bool is_no_file(const char *path)
{
    static const char *const formats[] = {"", "json", "jsonl", "tsv", "xml", "text"};
    for (size_t i = 0; i < array_length(formats); i++) {
        if (strcmp(path, formats[i]) == 0)
            return true;
    }
    return false;
}

/* `rest`: what follows the option's name. NULL, with a message, if it makes no sense. */
static rows_output *open_output(const char *rest)
{
    row_format format = ROW_CSV;
    if (take_word(&rest, "ndjson"))
        format = ROW_NDJSON;
    else
        (void)take_word(&rest, "csv");
    if (rest[0] != '\0' && (rest[0] != ',' || is_no_file(rest + 1))) {
        report_failure("usage: -z %s[,csv|,ndjson][,FILE]", OPTION);
        return NULL;
    }
    rows_output *out = g_new0(rows_output, 1);
    out->path = rest[0] == ',' ? g_strdup(rest + 1) : NULL;
    FILE *file = out->path != NULL ? g_fopen(out->path, "wb") : stdout;
    if (file == NULL) {
        complain(out, "cannot open");
        g_free(out->path);
        g_free(out);
        return NULL;
    }
    row_writer_init(&out->writer, file, format);
    return out;
}

static ws_started rows_init(const char *option, void *user _U_)
{
    rows_output *out = open_output(option + strlen(OPTION));
    if (out != NULL) {
        GString *error = register_tap_listener("plato", out, NULL, TL_REQUIRES_NOTHING, NULL,
                                               rows_packet, rows_draw, rows_finish);
        if (error != NULL) {
            report_failure("%s: %s", OPTION, error->str);
            g_string_free(error, TRUE);
            rows_finish(out);
            out = NULL;
        }
    }
    WS_STARTED(out != NULL);
}

void plato_register_rows(void)
{
    static stat_tap_ui ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .cli_string = OPTION,
        .tap_init_cb = rows_init,
    };
    register_stat_tap_ui(&ui, NULL);
}
