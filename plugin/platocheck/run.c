/* SPDX-License-Identifier: GPL-2.0-or-later */
/* -z plato,check[,WORD]...: listens to the taps, writes the report, and sets the exit code. */
#include "settings.h"
#include "talk.h"
#include "world.h"

#include <epan/stat_tap_ui.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OPTION "plato,check"

enum { EXIT_BROKEN = 1, EXIT_UNJUDGED = 2 };

/* One option of the command line. */
typedef struct check_run {
    check_settings *settings;
    check_world *world;
    bool drawn;
} check_run;

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

static tap_packet_status on_packet(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                   const void *data _U_, tap_flags_t flags _U_)
{
    check_world_packet(((check_run *)tapdata)->world, pinfo);
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_tcp(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                const void *data, tap_flags_t flags _U_)
{
    check_world_tcp(((check_run *)tapdata)->world, pinfo, data);
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_frame(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                  const void *data, tap_flags_t flags _U_)
{
    check_world_frame(((check_run *)tapdata)->world, pinfo, (const plato_tap_record *)data);
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_skipped(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    check_world_skipped(((check_run *)tapdata)->world, pinfo, (const plato_tap_skipped *)data);
    return TAP_PACKET_DONT_REDRAW;
}

static tap_packet_status on_message(void *tapdata, packet_info *pinfo, epan_dissect_t *edt _U_,
                                    const void *data, tap_flags_t flags _U_)
{
    check_talk_message(((check_run *)tapdata)->world, pinfo, (const plato_tap_message *)data);
    return TAP_PACKET_DONT_REDRAW;
}

static void complain(const char *what, const char *path)
{
    fprintf(stderr, "%s: cannot write %s: %s\n", what, path != NULL ? path : "to standard output",
            g_strerror(errno));
}

static bool write_report(const check_run *run)
{
    const char *path = run->settings->out;
    FILE *file = path != NULL ? fopen(path, "wb") : stdout;
    bool ok = file != NULL && check_report(run->settings, run->world, file);
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
    static const char *const words[] = {"ok", "broken", "unjudged"};
    const char *path = run->settings->status;
    if (path == NULL)
        return true;
    FILE *file = fopen(path, "wb");
    bool ok = file != NULL;
    if (ok) {
        ok = fprintf(file, "%s %u\n", words[outcome], run->settings->rules->len + 1) > 0;
        ok = fclose(file) == 0 && ok;
    }
    if (!ok)
        complain(OPTION, path);
    return ok;
}

static void raise_exit_code(check_outcome outcome)
{
    if (outcome == OUTCOME_BROKEN)
        exit_code = EXIT_BROKEN;
    else if (outcome == OUTCOME_UNJUDGED && exit_code == 0)
        exit_code = EXIT_UNJUDGED;
}

/* The end of the capture. */
static void draw(void *tapdata)
{
    check_run *run = (check_run *)tapdata;
    if (run->drawn)
        return;
    run->drawn = true;
    check_world_end(run->world);
    const check_outcome outcome = check_outcome_of(run->settings, run->world);
    const bool written = write_report(run) && write_status(run, outcome);
    raise_exit_code(written ? outcome : OUTCOME_UNJUDGED);
}

static void finish(void *tapdata)
{
    check_run *run = (check_run *)tapdata;
    check_world_free(run->world);
    check_settings_free(run->settings);
    g_free(run);
}

/* The listeners share one run, which goes with the last that was registered. */
static bool listen(check_run *run)
{
    static const struct {
        const char *tap;
        tap_packet_cb packet;
    } taps[] = {{"frame", on_packet},
                {"tcp", on_tcp},
                {"plato_skipped", on_skipped},
                {"plato_talk", on_message}};
    GString *error = register_tap_listener("plato", run, NULL, TL_REQUIRES_NOTHING, NULL, on_frame,
                                           draw, finish);
    for (size_t i = 0; error == NULL && i < array_length(taps); i++)
        error = register_tap_listener(taps[i].tap, run, NULL, TL_REQUIRES_NOTHING, NULL,
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

static void list_rules(void)
{
    const check_rule *rule;
    for (size_t i = 0; (rule = check_rule_at(i)) != NULL; i++) {
        printf("%s%s\n    %s\n    see %s\n", rule->name, rule->standard ? "" : "  (off by default)",
               rule->meaning, rule->reference);
        for (size_t p = 0; p < CHECK_PARAMS && rule->params[p].name != NULL; p++)
            printf("    %s=%s: %s\n", rule->params[p].name, rule->params[p].standard,
                   rule->params[p].meaning);
    }
}

static ws_started start(const char *option, void *user _U_)
{
    static bool will_leave;
    char *error = NULL;
    const char *words = option + strlen(OPTION);
    if (strcmp(words, ",list") == 0) {
        list_rules();
        exit(0);
    }
    check_settings *settings = check_read_option(words, &error);
    if (settings == NULL) {
        fprintf(stderr, OPTION ": %s\n", error);
        g_free(error);
        exit(EXIT_UNJUDGED);
    }
    check_run *run = g_new0(check_run, 1);
    run->settings = settings;
    run->world = check_world_new(settings);
    if (!will_leave)
        will_leave = atexit(leave) == 0;
    if (!listen(run))
        exit(EXIT_UNJUDGED);
    WS_STARTED(true);
}

void check_register(void)
{
    static stat_tap_ui ui = {
        .group = REGISTER_STAT_GROUP_GENERIC,
        .cli_string = OPTION,
        .tap_init_cb = start,
    };
    register_stat_tap_ui(&ui, NULL);
}
