/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/script.h"

#include "client/commands.h"

#include <errno.h>
#include <event2/buffer.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum script_state {
    STARTING,  /* there was no connection yet */
    RUNNING,   /* commands are carried out as they come */
    WAITING,   /* /wait */
    EXPECTING, /* /expect */
    SETTLING,  /* the first message of a session has no answer yet: it may have to be sent again */
    ENDING,    /* no more commands; the last ACKs are to come */
    ENDED,     /* our direction is closed; the server's end is to come */
} script_state;

/* Bytes of input that wait to be carried out; more are left where they come from. */
#define MOST_INPUT 65536u

/* The first asks for a clean end, the second for an immediate one. */
static const int ending_signals[] = {SIGINT, SIGTERM};

struct script {
    struct client *client;
    struct evbuffer *lines;
    struct event *readable; /* standard input */
    struct event *timer;    /* the end of a wait, or the time-out of an /expect */
    struct event *signals[G_N_ELEMENTS(ending_signals)];
    struct event *paced;     /* the next command may come */
    uint64_t paced_us;       /* when the commands so far would be over, at --rate */
    struct event *continued; /* SIGCONT */
    uint64_t line;           /* the number of the last one that was carried out */
    uint64_t skip;           /* those up to this one were, in an earlier run */
    script_state state;
    bool input_ended;
    bool needs_more; /* no whole line is left */
    size_t searched; /* bytes of `lines` in which there is no newline */
    bool running;    /* in script_go_on() */
    uint64_t expected;
};

static void set_timer(struct script *script, unsigned ms)
{
    const struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    event_add(script->timer, &delay);
}

static const char missed_at_the_end[] = "not all that was sent was answered in time";

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    static const char *const missed[] = {
        [EXPECTING] = "what /expect waits for did not come in time",
        [SETTLING] = "the first message of a session was not acknowledged in time",
        [ENDING] = missed_at_the_end,
        [ENDED] = "the server did not close the connection in time",
    };
    struct script *script = user;
    (void)fd;
    (void)what;
    if (script->state != WAITING) {
        client_fail(script->client, EXIT_EXPECTATION, missed[script->state]);
        return;
    }
    script->state = RUNNING;
    script_go_on(script);
}

static void end_of_input(struct script *script)
{
    script->input_ended = true;
    event_del(script->readable);
}

/* Keys of a person become lines by and by. */
static int read_keys(struct script *script, evutil_socket_t fd)
{
    char keys[256];
    const ssize_t n = read(fd, keys, sizeof keys);
    if (n > 0 && !terminal_typed(script->client->printer.terminal, keys, (size_t)n))
        return 0;
    return (int)n;
}

/* In larger pieces than evbuffer_read() takes: a long line comes in few. */
static int read_lines(struct script *script, evutil_socket_t fd)
{
    static char bytes[MOST_INPUT];
    const ssize_t n = read(fd, bytes, sizeof bytes);
    if (n > 0)
        evbuffer_add(script->lines, bytes, (size_t)n);
    return (int)n;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    struct script *script = user;
    (void)what;
    const int n =
        script->client->printer.terminal != NULL ? read_keys(script, fd) : read_lines(script, fd);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0)
        end_of_input(script);
    script->needs_more = script->client->printer.terminal != NULL;
    script_go_on(script);
    if (!script->needs_more && evbuffer_get_length(script->lines) >= MOST_INPUT)
        event_del(script->readable);
}

static void on_line_typed(void *user, const char *line, size_t n)
{
    struct script *script = user;
    evbuffer_add(script->lines, line, n);
    evbuffer_add(script->lines, "\n", 1);
}

static void on_ending_signal(evutil_socket_t fd, short what, void *user)
{
    struct script *script = user;
    (void)fd;
    (void)what;
    if (script->state == ENDING || script->state == ENDED || script->client->online_us == 0) {
        const bool all_answered = client_unanswered(script->client) == 0;
        client_commit(script->client);
        client_fail(script->client, all_answered ? EXIT_OK : EXIT_EXPECTATION,
                    all_answered ? NULL : missed_at_the_end);
        return;
    }
    script_quit(script);
    script_go_on(script);
}

static void on_continued(evutil_socket_t fd, short what, void *user)
{
    struct script *script = user;
    (void)fd;
    (void)what;
    if (script->client->printer.terminal != NULL)
        terminal_continue(script->client->printer.terminal);
}

static void on_paced(evutil_socket_t fd, short what, void *user)
{
    (void)fd;
    (void)what;
    script_go_on(user);
}

static void add_signals(struct script *script)
{
    struct event_base *base = script->client->base;
    for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++) {
        script->signals[i] = evsignal_new(base, ending_signals[i], on_ending_signal, script);
        event_add(script->signals[i], NULL);
    }
    script->continued = evsignal_new(base, SIGCONT, on_continued, script);
    event_add(script->continued, NULL);
}

struct script *script_new(struct client *client)
{
    struct script *script = g_new0(struct script, 1);
    script->client = client;
    script->lines = evbuffer_new();
    script->readable =
        event_new(client->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_readable, script);
    script->timer = evtimer_new(client->base, on_timer, script);
    script->paced = evtimer_new(client->base, on_paced, script);
    add_signals(script);
    if (client->options->terminal)
        client->printer.terminal = terminal_new(STDIN_FILENO, on_line_typed, script);
    if (client->options->resume_input) {
        script->skip = state_get(client->state, STATE_LINES);
        if (script->skip > 0)
            client->session_id = state_get(client->state, STATE_CURRENT);
    }
    return script;
}

void script_free(struct script *script)
{
    for (size_t i = 0; i < G_N_ELEMENTS(ending_signals); i++)
        event_free(script->signals[i]);
    event_free(script->continued);
    event_free(script->paced);
    event_free(script->timer);
    event_free(script->readable);
    evbuffer_free(script->lines);
    g_free(script);
}

void script_start(struct script *script)
{
    if (script->state == ENDING)
        set_timer(script, script->client->options->timeout_ms);
    if (script->state != STARTING)
        return;
    script->state = RUNNING;
    if (event_add(script->readable, NULL) != 0)
        client_fail(script->client, EXIT_USAGE, "standard input cannot be read");
}

/* Until there is a connection again, the time limit is that of --reconnect. */
void script_offline(struct script *script)
{
    if (script->state == ENDING)
        event_del(script->timer);
}

void script_wait(struct script *script, unsigned ms)
{
    script->state = WAITING;
    set_timer(script, ms);
}

void script_expect(struct script *script, uint64_t n, unsigned ms)
{
    script->expected += n;
    script->state = EXPECTING;
    set_timer(script, ms);
}

void script_quit(struct script *script)
{
    if (script->state == ENDED)
        return;
    script->state = ENDING;
    event_del(script->readable);
    set_timer(script, script->client->options->timeout_ms);
}

void script_fail(struct script *script, const char *why)
{
    struct client *client = script->client;
    if (client->printer.terminal != NULL) {
        client_warn(client, why);
    } else if (outbox_is_holding(client->out)) { /* what is held will never be answered */
        client_fail(client, EXIT_USAGE, why);
        script_quit(script);
    } else {
        client_warn(client, why);
        client->exit_code = EXIT_USAGE;
        script_quit(script);
    }
}

/* Commands that may come at once, after a pause as long as they would have taken. */
#define BURST 64u

static uint64_t pace_us(const struct script *script)
{
    const unsigned rate = script->client->options->rate;
    return rate > 0 ? 1000000u / rate : 0;
}

/* True if --rate lets a command pass; else there will be another moment. */
static bool is_paced(struct script *script)
{
    const uint64_t now = (uint64_t)g_get_monotonic_time();
    const uint64_t ahead = BURST * pace_us(script);
    if (script->paced_us <= now + ahead)
        return true;
    const struct timeval delay = {0, (suseconds_t)MIN(script->paced_us - now - ahead, 999999)};
    event_add(script->paced, &delay);
    return false;
}

static void count_command(struct script *script)
{
    const uint64_t now = (uint64_t)g_get_monotonic_time();
    script->paced_us = MAX(script->paced_us, now) + pace_us(script);
}

/* A command may run when what it sends could be sent; what is held waits for no answer. */
static bool is_ready(struct script *script)
{
    const struct client *client = script->client;
    const bool settled = upstream_is_settled(client->up) || outbox_is_holding(client->out);
    if ((script->state == EXPECTING && client->shown >= script->expected) ||
        (script->state == SETTLING && settled)) {
        event_del(script->timer);
        script->state = RUNNING;
    }
    if (script->state == RUNNING && !settled) {
        script->state = SETTLING;
        if (client->options->reconnect_s == 0)
            set_timer(script, client->options->timeout_ms);
    }
    return script->state == RUNNING && client->online_us != 0 && outbox_is_idle(client->out) &&
           !upstream_is_held_back(client->up) &&
           (client_unanswered(client) < MOST_UNACKNOWLEDGED || outbox_is_holding(client->out));
}

/* Each byte is looked at once, however many pieces a long line comes in. */
static bool has_line(struct script *script)
{
    struct evbuffer_ptr from;
    if (evbuffer_ptr_set(script->lines, &from, script->searched, EVBUFFER_PTR_SET) == 0 &&
        evbuffer_search_eol(script->lines, &from, NULL, EVBUFFER_EOL_LF).pos >= 0)
        return true;
    script->searched = evbuffer_get_length(script->lines);
    return false;
}

/* The next line and its length, also a last one without its newline; NULL if there is none yet. */
static char *next_line(struct script *script, size_t *n)
{
    if (has_line(script)) {
        script->searched = 0;
        return evbuffer_readln(script->lines, n, EVBUFFER_EOL_CRLF);
    }
    *n = evbuffer_get_length(script->lines);
    if (!script->input_ended || *n == 0)
        return NULL;
    char *line = malloc(*n + 1); /* as evbuffer_readln() does */
    if (line == NULL)
        g_error("no memory for a line of %" G_GSIZE_FORMAT " bytes", *n);
    evbuffer_remove(script->lines, line, *n);
    line[*n] = '\0';
    return line;
}

/* Frames that are held would never be sent, nor answered. */
static void end_input(struct script *script)
{
    if (outbox_is_holding(script->client->out))
        client_fail(script->client, EXIT_USAGE, "the input ends behind /hold without a /flush");
    script_quit(script);
}

/* Goes on reading, also when there had been enough. */
static void wait_for_input(struct script *script)
{
    script->needs_more = true;
    if (script->input_ended)
        end_input(script);
    else if (evbuffer_get_length(script->lines) > COMMAND_MOST_SIZE)
        script_fail(script, "a line of the input is longer than 64 MiB");
    else
        event_add(script->readable, NULL);
}

/* The line is counted with what it does: both are safe at the same moment. */
static void run_line(struct script *script, char *line, size_t n)
{
    struct client *client = script->client;
    if (++script->line <= script->skip)
        return;
    if (client->state != NULL)
        state_set(client->state, STATE_LINES, script->line);
    count_command(script);
    if (strlen(line) == n)
        command_run(client, script, line);
    else
        script_fail(script, "a line of the input holds a zero byte: it is no text");
}

static void run_lines(struct script *script)
{
    while (is_ready(script) && is_paced(script)) {
        size_t n;
        char *line = next_line(script, &n);
        if (line == NULL) {
            wait_for_input(script);
            return;
        }
        run_line(script, line, n);
        free(line);
    }
}

void script_go_on(struct script *script)
{
    struct client *client = script->client;
    if (script->running) /* a command wrote at once: the loop below goes on by itself */
        return;
    script->running = true;
    run_lines(script);
    if (script->state == ENDING && client_unanswered(client) == 0 && outbox_is_idle(client->out) &&
        !holes_are_open(client->holes)) {
        script->state = ENDED;
        client_leave(client);
    }
    script->running = false;
}
