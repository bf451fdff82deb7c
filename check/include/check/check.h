/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Judges a capture by rules: records go in, findings and a report come out. docs/check.md describes
 * the rules, the option's grammar, files of rules and the formats of reports.
 *
 *     char *error = NULL;
 *     check_settings *settings = check_settings_read(",only,crc,heartbeat(max=30s)", &error);
 *     check_run *run = check_run_new(settings, &lookups, user);         takes the settings over
 *     for each packet of the capture, in its order:
 *         check_run_packet(run, time_ns);
 *         check_run_tcp(run, &segment);                                 then what the segment ends:
 *         check_run_frame(run, &frame); check_run_skipped(...); check_run_message(...);
 *     check_run_end(run);
 *     check_run_report(run, file);
 *     switch (check_run_outcome(run)) ...
 *     check_run_free(run);
 *
 * No I/O but reading the files of rules that the settings name, and writing to the FILE that a
 * report goes to. No clock, no threads: one run belongs to one thread at a time. GLib ends the
 * program when its memory is out.
 *
 * Memory: grows with the connections, devices and sessions of the capture, and with what waits for
 * an answer, which is bounded (docs/check.md, Bounds); of each rule CHECK_FINDINGS_MAX findings.
 */
#ifndef CHECK_CHECK_H
#define CHECK_CHECK_H

#include <check/record.h>

#include <stdio.h>

PLATO_BEGIN

#define CHECK_FINDINGS_MAX 1000 /* kept of one rule; the others are counted */

/* ---- settings ---- */

/* Which rules are at work, with which parameters, and how the report is to be written. */
typedef struct check_settings check_settings;

/*
 * Reads the words of an option, each after a comma or semicolon (docs/check.md, In tshark); "" asks
 * for the rules that are on by default. NULL, with *error set to a text for people (to be freed
 * with g_free()), if they make no sense or a file that they name cannot be read.
 */
check_settings *check_settings_read(const char *words, char **error);

/* Only of settings that no run has taken over. NULL is allowed. */
void check_settings_free(check_settings *settings);

/* ---- what is asked of the caller ---- */

typedef void (*check_unfinished_fn)(const check_unfinished *frame, void *context);

/* Each may be NULL: then nothing is known of it. `user` is check_run_new()'s. */
typedef struct check_lookups {
    /* The verdict on a frame and whether it lacks its ACK, with what the frames so far can tell. */
    analysis_verdict (*verdict)(const analysis_record *judged, void *user);
    bool (*unacked)(const analysis_record *judged, void *user);
    /* Calls `each` with every frame that never ended. Asked at the end of the capture. */
    void (*unfinished)(check_unfinished_fn each, void *context, void *user);
    /* Which protocol a server at this TCP port speaks, if it is known; asked when a connection is
     * opened, for those on which nothing is said. */
    bool (*protocol_of_port)(uint16_t port, check_protocol *protocol, bool *over_tls, void *user);
} check_lookups;

/* ---- a run ---- */

typedef struct check_run check_run;

/* Takes `settings` over. `lookups` is copied; `user` is handed to each of them. Never NULL. */
check_run *check_run_new(check_settings *settings, const check_lookups *lookups, void *user);

/* Frees the run and its settings. NULL is allowed. */
void check_run_free(check_run *run);

/* Feeding, in the order of the capture. What comes after check_run_end() is ignored. */
void check_run_packet(check_run *run, int64_t time_ns);
void check_run_tcp(check_run *run, const check_tcp_record *record);
void check_run_frame(check_run *run, const check_frame_record *record);
void check_run_skipped(check_run *run, const check_skipped_record *record);
void check_run_message(check_run *run, const check_message_record *record);

/* Says that there are records which cannot be read, because who made them is of another build: the
 * run is then "unjudged", and says why. */
void check_run_other_build(check_run *run);

/* The capture is over: judges what is still open. What is called a second time does nothing. */
void check_run_end(check_run *run);

/* ---- results, after check_run_end() ---- */

typedef enum check_outcome {
    CHECK_OUTCOME_OK,
    CHECK_OUTCOME_BROKEN,   /* a rule is broken */
    CHECK_OUTCOME_UNJUDGED, /* there was nothing to judge, or, if the settings are strict, a rule
                               could not be told */
} check_outcome;

check_outcome check_run_outcome(const check_run *run);

/* Writes the report, in the format of the settings. False if the file did not take it. */
bool check_run_report(const check_run *run, FILE *file);

/* How many tests the report has: a rule each, and one for the evidence. */
unsigned check_run_test_count(const check_run *run);

/* Where the settings want the report and the outcome to be written: paths that live as long as the
 * run; NULL: standard output, or nowhere. */
const char *check_run_report_path(const check_run *run);
const char *check_run_status_path(const check_run *run);

/* "ok", "broken", "unjudged". A constant. */
const char *check_outcome_name(check_outcome outcome);

/* Explains every rule and its parameters. False if the file did not take it. */
bool check_write_rules(FILE *file);

PLATO_END

#endif
