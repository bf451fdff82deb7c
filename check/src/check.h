/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platocheck.so: judges a capture by rules, for tests and continuous integration (docs/check.md).
 *
 *   plugin.c    the tap, for Wireshark's plugin loader
 *   run.c       -z plato,check: the taps, and the exit code
 *   option.c    the option's words
 *   rulefile.c  files of rules
 *   params.c    values of parameters
 *   settings.c  which rules are at work
 *   rules.c     the table of rules for Plato; rule-*.c: what each does
 *   findings.c  where one is broken
 *   world.c     what the rules know of connections, devices and sessions; world-head.c: from the
 *               heads of frames; world-tcp.c: from TCP
 *   talk.c, rules-talk.c, rule-talk.c, rule-safety.c: the same for the latency and command
 *               protocols
 *   intervals.c, recent.c: bounded sets and tables
 *   expect.c, expect-parse.c: expected exchanges
 *   report.c    verdicts as text, TAP, JUnit XML and JSON
 *
 * It reads the records of plato.so's taps and calls nothing of that plugin: Wireshark hides each
 * plugin's symbols from the others.
 */
#ifndef PLATO_CHECK_H
#define PLATO_CHECK_H

#include "taps/tap.h"

#include <epan/tap.h>

#define CHECK_NS_PER_SECOND INT64_C(1000000000)
#define CHECK_FINDINGS_MAX 1000 /* kept of one rule; the others are counted */

typedef struct check_rule check_rule;
typedef struct check_world check_world;
typedef struct check_conn check_conn;
typedef struct check_owner check_owner;
typedef struct check_talk check_talk;
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
    KIND_PROTOCOLS, /* bits of plato_tap_protocol, or "any" */
    KIND_BOOL,
} check_kind;

#define CHECK_PARAMS 4 /* most that a rule has */

typedef struct check_param {
    const char *name;
    check_kind kind;
    const char *standard; /* its default, as it would be written */
    const char *meaning;
} check_param;

/* Reads `text` as a value; false, with *error (g_free) set, if it is none. */
bool check_read_value(check_kind kind, const char *text, uint64_t *value, char **error);

/* "250 ms", "1.5 s": for people. To be freed with g_free(). */
char *check_time_text(int64_t ns);

/* ---- rules and what came of them ---- */

typedef struct check_finding {
    uint32_t packet; /* 0: the capture as a whole */
    uint32_t index;  /* of the frame within it; UINT32_MAX: not known */
    uint32_t stream; /* UINT32_MAX: none */
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
    char *summary;               /* a figure worth saying whatever the verdict; NULL: none */
    uint64_t tally[2];           /* the rule's own counts */
    int64_t extreme;             /* the rule's own: the worst value */
    GHashTable *table;           /* the rule's own; NULL until it makes one */
    const expect_script *script; /* of an expectation */
    struct expect_run *expect;
} check_instance;

/* One frame as rules see it. */
typedef struct check_frame {
    const plato_tap_record *record;
    const frame_facts *facts;
    const plato_head *head; /* NULL: it cannot be used (damaged, cut, of another version) */
    uint32_t packet;
    uint32_t index;
    int64_t time_ns;
    uint32_t flags; /* analysis_verdict_flag */
    bool upstream;  /* from the client */
    check_conn *conn;
    check_owner *owner; /* the device, or the connection while that is not known */
} check_frame;

/* Bytes that belong to no frame. */
typedef struct check_bytes {
    uint32_t packet;
    uint32_t stream; /* UINT32_MAX: no frame of this connection was seen so far */
    uint32_t count;
    bool excused; /* the capture lacks bytes in front of them */
} check_bytes;

struct check_rule {
    const char *name;
    const char *meaning;   /* one sentence */
    const char *reference; /* page and section */
    bool standard;         /* on unless switched off */
    bool header_only;      /* says nothing of the length-prefixed variant */
    check_param params[CHECK_PARAMS];
    void (*frame)(check_world *world, check_instance *rule, const check_frame *frame);
    void (*skipped)(check_instance *rule, const check_bytes *bytes);
    void (*end)(check_world *world, check_instance *rule); /* the capture is over */
    uint64_t detail; /* for functions that serve several rules */
    /* Of a rule about the latency and command protocols, which has neither `frame` nor `skipped`.
     */
    void (*message)(check_world *world, check_instance *rule, const check_message *message);
};

/* Notes where the rule is broken, or where it cannot be told. `frame` NULL: no frame in
 * particular. */
void check_broken(check_instance *rule, const check_frame *frame, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
void check_unsure(check_instance *rule, const check_frame *frame, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
/* The same of a frame that has gone. */
void check_broken_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);
void check_unsure_at(check_instance *rule, uint32_t packet, uint32_t stream, const char *format,
                     ...) G_GNUC_PRINTF(4, 5);

extern const check_rule check_rules[];
extern const size_t check_rule_count;
extern const check_rule check_talk_rules[]; /* of the latency and command protocols */
extern const size_t check_talk_rule_count;
/* The rules of both tables; NULL behind the last. */
const check_rule *check_rule_at(size_t i);
const check_rule *check_find_rule(const char *name);

/* ---- settings ---- */

typedef enum check_format { FORMAT_TEXT, FORMAT_TAP, FORMAT_JUNIT, FORMAT_JSON } check_format;

typedef struct check_settings {
    GPtrArray *rules;   /* of check_instance *: those that were named, later all that are on */
    GPtrArray *scripts; /* of expect_script * */
    bool only;          /* the rules that are on by default are not, unless named */
    bool strict;        /* what cannot be told is a failure */
    bool part;          /* one of several reports in one document */
    unsigned first;     /* number of the first test, for TAP */
    unsigned show;      /* frames that are listed of each rule */
    check_format format;
    char *out;    /* file; NULL: standard output */
    char *status; /* file for the outcome in one word; NULL: none */
    char *name;   /* of the capture; NULL: not known */
} check_settings;

/*
 * Reads what stands behind "plato,check". NULL, with *error (g_free) set, if it makes no sense.
 */
check_settings *check_read_option(const char *text, char **error);
void check_settings_free(check_settings *settings);

/* Adds what a file of rules says. False, with *error set ("FILE:LINE: ..."). */
bool check_read_file(check_settings *settings, const char *path, char **error);

/* Adds a rule, or finds it if it is there under this label. NULL, with *error set. */
check_instance *check_name_rule(check_settings *settings, const char *name, const char *label,
                                char **error);
/* Sets a parameter. */
bool check_set_param(check_instance *rule, const char *name, const char *value, char **error);

/* ---- the run ---- */

typedef enum check_outcome { OUTCOME_OK, OUTCOME_BROKEN, OUTCOME_UNJUDGED } check_outcome;

/* Writes the report. False if the file did not take it. */
bool check_report(const check_settings *settings, const check_world *world, FILE *file);

/* What the report comes to. */
check_outcome check_outcome_of(const check_settings *settings, const check_world *world);

void check_register(void);

#endif
