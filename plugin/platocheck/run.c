/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,check[,WORD]...: listens to the taps, writes the report, and sets the exit code. */
#include "platocheck/platocheck.h"
#include "platocheck/records.h"

#include <check/check.h>

#include <epan/stat_tap_ui.h>
#include <epan/tap.h>

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTION "plato,check"

enum { EXIT_BROKEN = 1, EXIT_UNJUDGED = 2 };

/* One option of the command line. */
typedef struct listener {
    check_run *run;
    const plato_tap_lookups *lookups; /* plato.so; NULL until there was a frame */
    bool drawn;
} listener;

/*
 * The code is set at the end, so that other -z options have their say first. The loader calls the
 * handler when tshark closes the plugin.
 */
static int exit_code;

static void leave(void)
{
    if (exit_code == 0)
        return;
    fflush(NULL);
    _exit(exit_code);
}

/* ---- what the library asks for; of frames alone, so that `ask` is there ---- */

static analysis_verdict verdict_now(const analysis_record *handle, void *user)
{
    return ((const listener *)user)->lookups->verdict(handle);
}

static bool is_unacked(const analysis_record *handle, void *user)
{
    return ((const listener *)user)->lookups->unacked(handle);
}

typedef struct each_unfinished {
    check_unfinished_fn each;
    void *context;
} each_unfinished;

static void pass_unfinished(const plato_unfinished *frame, void *user)
{
    const each_unfinished *to = (const each_unfinished *)user;
    const check_unfinished unfinished = platocheck_unfinished(frame);
    to->each(&unfinished, to->context);
}

static void unfinished_frames(check_unfinished_fn each, void *context, void *user)
{
    each_unfinished to = {each, context};
    ((const listener *)user)->lookups->unfinished(pass_unfinished, &to);
}

static bool protocol_of_port(uint16_t port, check_protocol *protocol, bool *over_tls,
                             void *user _U_)
{
    return platocheck_protocol_of_port(port, protocol, over_tls);
}

static const check_lookups lookups = {verdict_now, is_unacked, unfinished_frames, protocol_of_port};

/* ---- taps ---- */

/* Whether plato.so lays out its records as we do. */
static bool same_layout(const listener *l, const plato_tap_layout *layout)
{
    const plato_tap_layout mine = PLATO_TAP_LAYOUT;
    if (layout->version == mine.version && layout->size == mine.size)
        return true;
    check_run_other_build(l->run);
    return false;
}

static tap_packet_status on_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                   const void *data _U_, tap_flags_t flags _U_)
{
    const listener *l = (const listener *)tapdata;
    check_run_packet(l->run, platocheck_time_of(pinfo));
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_tcp(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                const void *data, tap_flags_t flags _U_)
{
    const listener *l = (const listener *)tapdata;
    const check_tcp_record segment = platocheck_tcp(pinfo, (const tcp_info_t *)data);
    check_run_tcp(l->run, &segment);
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_frame(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                  const void *data, tap_flags_t flags _U_)
{
    listener *l = (listener *)tapdata;
    const plato_tap_record *record = (const plato_tap_record *)data;
    if (same_layout(l, &record->layout)) {
        const check_frame_record frame = platocheck_frame(pinfo, record);
        l->lookups = record->lookups;
        check_run_frame(l->run, &frame);
    }
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_skipped(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    const listener *l = (const listener *)tapdata;
    const plato_tap_skipped *record = (const plato_tap_skipped *)data;
    if (same_layout(l, &record->layout)) {
        const check_skipped_record skipped = platocheck_skipped(pinfo, record);
        check_run_skipped(l->run, &skipped);
    }
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_message(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    const listener *l = (const listener *)tapdata;
    const plato_tap_message *record = (const plato_tap_message *)data;
    if (same_layout(l, &record->layout)) {
        const check_message_record message = platocheck_message(pinfo, record);
        check_run_message(l->run, &message);
    }
    return TAP_PACKET_DONT_REDRAW;
}

/* ---- the end ---- */

static void complain(const char *what, const char *path)
{
    fprintf(stderr, "%s: cannot write %s: %s\n", what, path != NULL ? path : "to standard output",
            g_strerror(errno));
}

static bool write_report(const check_run *run)
{
    const char *path = check_run_report_path(run);
    FILE *file = path != NULL ? g_fopen(path, "wb") : stdout;
    bool ok = file != NULL && check_run_report(run, file);
    if (file == stdout)
        ok = fflush(stdout) == 0 && ok;
    else if (file != NULL)
        ok = fclose(file) == 0 && ok;
    if (!ok)
        complain(OPTION, path);
    return ok;
}

/* One word, and how many tests the report has. */
static bool write_status(const check_run *run, check_outcome outcome)
{
    const char *path = check_run_status_path(run);
    if (path == NULL)
        return true;
    FILE *file = g_fopen(path, "wb");
    bool ok = file != NULL;
    if (ok) {
        ok = fprintf(file, "%s %u\n", check_outcome_name(outcome), check_run_test_count(run)) > 0;
        ok = fclose(file) == 0 && ok;
    }
    if (!ok)
        complain(OPTION, path);
    return ok;
}

static void raise_exit_code(check_outcome outcome)
{
    if (outcome == CHECK_OUTCOME_BROKEN)
        exit_code = EXIT_BROKEN;
    else if (outcome == CHECK_OUTCOME_UNJUDGED && exit_code == 0)
        exit_code = EXIT_UNJUDGED;
}

/* The end of the capture. */
static void draw(void *tapdata)
{
    listener *l = (listener *)tapdata;
    if (l->drawn)
        return;
    l->drawn = true;
    check_run_end(l->run);
    const check_outcome outcome = check_run_outcome(l->run);
    const bool written = write_report(l->run) && write_status(l->run, outcome);
    raise_exit_code(written ? outcome : CHECK_OUTCOME_UNJUDGED);
}

static void finish(void *tapdata)
{
    listener *l = (listener *)tapdata;
    check_run_free(l->run);
    g_free(l);
}

/* ---- the start ---- */

/* All taps share one listener, which goes with the last that was registered. */
static bool listen(listener *l)
{
    static const struct {
        const char *tap;
        tap_packet_cb packet;
    } taps[] = {{"frame", on_packet},
                {"tcp", on_tcp},
                {"plato_skipped", on_skipped},
                {"plato_talk", on_message}};
    GString *error =
        register_tap_listener("plato", l, NULL, TL_REQUIRES_NOTHING, NULL, on_frame, draw, finish);
    for (size_t i = 0; error == NULL && i < array_length(taps); i++)
        error = register_tap_listener(taps[i].tap, l, NULL, TL_REQUIRES_NOTHING, NULL,
                                      taps[i].packet, NULL, NULL);
    if (error == NULL)
        return true;
    fprintf(stderr,
            OPTION ": %s. Is plato.so loaded, and from the same build as platocheck.so? "
                   "plato-doctor tells.\n",
            error->str);
    g_string_free(error, TRUE);
    return false;
}

static ws_started start(const char *option, void *user _U_)
{
    static bool will_leave;
    char *error = NULL;
    const char *words = option + strlen(OPTION);
    if (strcmp(words, ",list") == 0) {
        exit(check_write_rules(stdout) && fflush(stdout) == 0 ? 0 : EXIT_UNJUDGED);
    }
    check_settings *settings = check_settings_read(words, &error);
    if (settings == NULL) {
        fprintf(stderr, OPTION ": %s\n", error);
        g_free(error);
        exit(EXIT_UNJUDGED);
    }
    listener *l = g_new0(listener, 1);
    l->run = check_run_new(settings, &lookups, l);
    if (!will_leave)
        will_leave = atexit(leave) == 0;
    if (!listen(l))
        exit(EXIT_UNJUDGED);
    WS_STARTED(true);
}

void platocheck_register(void)
{
    static stat_tap_ui ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .cli_string = OPTION,
        .tap_init_cb = start,
    };
    register_stat_tap_ui(&ui, NULL);
}
