/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a rule is, what it sees, and what comes of it. */
#ifndef CHECK_RULE_H
#define CHECK_RULE_H

#include <check/check.h>

#include <glib.h>
#include <inttypes.h>

#define CHECK_NS_PER_SECOND INT64_C(1000000000)

typedef struct check_rule check_rule;
typedef struct check_capture check_capture;
typedef struct check_conn check_conn;
typedef struct check_client check_client;
typedef struct command_conn command_conn;
typedef struct check_message check_message;
typedef struct expect_script expect_script;

/* ---- parameters ---- */

typedef enum check_kind {
    KIND_NONE,
    KIND_COUNT,     /* a number */
    KIND_TIME,      /* ns; written 250ms, 1.5s, 2min */
    KIND_PERCENT,   /* thousandths of a percent */
    KIND_TYPES,     /* bits of message types, or "any" */
    KIND_CODES,     /* bits of ACK codes, or "any" */
    KIND_VERSIONS,  /* bits of versions */
    KIND_PROTOCOLS, /* bits of check_protocol, or "any" */
    KIND_BOOL,
} check_kind;

#define CHECK_PARAMS 4 /* most that a rule has */

typedef struct check_param {
    const char *name;
    check_kind kind;
    const char *default_value; /* as it would be written */
    const char *description;
} check_param;

/* Reads `text` as a value; false, with *error (g_free) set, if it is none. */
bool check_read_value(check_kind kind, const char *text, uint64_t *value, char **error);

/* "250 ms", "1.5 s": for people. To be freed with g_free(). */
char *check_time_text(int64_t ns);

/* "latency", "textcmd", "bincmd"; NULL for a number that is no check_protocol. */
const char *check_protocol_name(uint32_t protocol);

/* ---- rules and what came of them ---- */

typedef struct check_finding {
    uint32_t packet; /* 0: the capture as a whole */
    uint32_t index;  /* of the frame within it; UINT32_MAX: not known */
    uint32_t stream; /* the connection; CHECK_NO_STREAM: none */
    char *text;
} check_finding;

/* A bounded list, and how many there were. */
typedef struct check_findings {
    GArray *list;
    uint64_t count;
} check_findings;

/* One rule at work, under a label if it is there more than once. */
typedef struct check_instance {
    const check_rule *rule;
    char *label; /* NULL: none */
    bool named;  /* somebody asked for it */
    bool off;
    uint64_t param[CHECK_PARAMS];
    uint64_t judged; /* things that it looked at */
    check_findings broken;
    check_findings unsure;       /* where the capture does not show enough */
    char *summary;               /* a figure worth saying whatever the status; NULL: none */
    uint64_t tally[2];           /* the rule's own counts */
    int64_t extreme;             /* the rule's own: the worst value */
    GHashTable *table;           /* the rule's own; NULL until it makes one */
    const expect_script *script; /* of an expectation */
    struct expect_run *expect;
} check_instance;

/* What a rule comes to. */
typedef enum check_status {
    STATUS_OK,
    STATUS_BROKEN,
    STATUS_UNSURE, /* not broken as far as the capture shows, but it does not show all */
    STATUS_IDLE,   /* the capture holds nothing that the rule speaks of */
} check_status;

check_status check_status_of(const check_instance *rule);

/* "ok", "broken", "unsure", "idle" */
const char *check_status_name(check_status status);

/* One frame as rules see it. */
typedef struct check_frame {
    const check_frame_record *record;
    const plato_head *head; /* NULL: it cannot be used (damaged, cut, of another version) */
    uint32_t packet;
    int64_t time_ns;
    uint32_t flags; /* analysis_verdict_flag */
    bool upstream;  /* from the client */
    bool late;      /* sent before others that were captured earlier: when is not known */
    check_conn *conn;
    check_client *client; /* the device, or the connection while that is not known */
} check_frame;

/* Bytes that belong to no frame. */
typedef struct check_bytes {
    uint32_t packet;
    uint32_t stream; /* CHECK_NO_STREAM: no frame of this connection was seen so far */
    uint32_t count;
    bool excused; /* the capture lacks bytes before them */
} check_bytes;

struct check_rule {
    const char *name;
    const char *description; /* one sentence */
    const char *reference;   /* page and section */
    bool on_by_default;
    bool header_only; /* says nothing of the length-prefixed variant */
    check_param params[CHECK_PARAMS];
    void (*frame)(check_capture *capture, check_instance *rule, const check_frame *frame);
    void (*skipped)(check_instance *rule, const check_bytes *bytes);
    void (*end)(check_capture *capture, check_instance *rule); /* the capture is over */
    uint64_t detail; /* for functions that serve several rules */
    /* Of a rule about the latency and command protocols, which has neither `frame` nor `skipped`.
     */
    void (*message)(check_capture *capture, check_instance *rule, const check_message *message);
};

/* Notes where the rule is broken, or where it cannot be told. `frame` NULL: no frame in
 * particular. */
void check_broken(check_instance *rule, const check_frame *frame, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void check_unsure(check_instance *rule, const check_frame *frame, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same of an earlier frame. */
void check_broken_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);
void check_unsure_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);

/* Takes back what was noted as broken. */
void check_forget_broken(check_instance *rule);

/* Frees the findings, and leaves none. */
void check_findings_clear(check_findings *findings);

extern const check_rule check_plato_rules[];
extern const size_t check_plato_rule_count;
extern const check_rule check_command_rules[]; /* of the latency and command protocols */
extern const size_t check_command_rule_count;
/* The rules of both tables, 0, 1, ...; NULL after the last. */
const check_rule *check_rule_at(size_t i);
const check_rule *check_find_rule(const char *name);

#endif
