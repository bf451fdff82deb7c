/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/script.h"

#include "client/commands.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef enum script_state {
    LOGGING_IN,
    RUNNING,   /* commands are carried out as they come */
    WAITING,   /* /wait */
    EXPECTING, /* /expect */
    SETTLING,  /* the first message of a session has no answer yet: it may have to be sent again */
    ENDING,    /* no more commands; the last ACKs are to come */
    ENDED,     /* our direction is closed; the server's end is to come */
} script_state;

struct script {
    struct client *client;
    struct evbuffer *lines;
    struct event *readable; /* standard input */
    struct event *timer;    /* the end of a wait, or the patience with something expected */
    script_state state;
    bool input_ended;
    bool running; /* in script_go_on() */
    uint64_t expected;
};

static void set_timer(struct script *script, unsigned ms)
{
    const struct timeval delay = {ms / 1000, (suseconds_t)(ms % 1000) * 1000};
    event_add(script->timer, &delay);
}

static void on_timer(evutil_socket_t fd, short what, void *user)
{
    static const char *const missed[] = {
        [LOGGING_IN] = "the login was not acknowledged in time",
        [EXPECTING] = "what /expect waits for did not come in time",
        [SETTLING] = "the first message of a session was not acknowledged in time",
        [ENDING] = "not all that was sent was answered in time",
        [ENDED] = "the server did not close the connection in time",
    };
    struct script *script = user;
    (void)fd;
    (void)what;
    if (script->state != WAITING) {
        client_fail(script->client,
                    script->state == LOGGING_IN ? EXIT_NO_CONNECTION : EXIT_EXPECTATION,
                    missed[script->state]);
        return;
    }
    script->state = RUNNING;
    script_go_on(script);
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    struct script *script = user;
    (void)what;
    const int n = evbuffer_read(script->lines, fd, 4096);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        script->input_ended = true;
        event_del(script->readable);
    }
    script_go_on(script);
}

struct script *script_new(struct client *client)
{
    struct script *script = g_new0(struct script, 1);
    script->client = client;
    script->lines = evbuffer_new();
    script->readable =
        event_new(client->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_readable, script);
    script->timer = evtimer_new(client->base, on_timer, script);
    set_timer(script, client->options->timeout_ms);
    return script;
}

void script_free(struct script *script)
{
    event_free(script->timer);
    event_free(script->readable);
    evbuffer_free(script->lines);
    g_free(script);
}

void script_start(struct script *script)
{
    event_del(script->timer);
    script->state = RUNNING;
    if (event_add(script->readable, NULL) != 0)
        client_fail(script->client, EXIT_USAGE, "standard input cannot be read");
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
    script->state = ENDING;
    event_del(script->readable);
    set_timer(script, script->client->options->timeout_ms);
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
        set_timer(script, client->options->timeout_ms);
    }
    return script->state == RUNNING && outbox_is_idle(client->out) &&
           (client->unacknowledged < MOST_UNACKNOWLEDGED || outbox_is_holding(client->out));
}

/* The next line, also a last one without its newline; NULL if there is none yet. */
static char *next_line(struct script *script)
{
    char *line = evbuffer_readln(script->lines, NULL, EVBUFFER_EOL_CRLF);
    const size_t rest = evbuffer_get_length(script->lines);
    if (line != NULL || !script->input_ended || rest == 0)
        return line;
    line = malloc(rest + 1); /* as evbuffer_readln() does */
    if (line == NULL)
        g_error("no memory for a line of %" G_GSIZE_FORMAT " bytes", rest);
    evbuffer_remove(script->lines, line, rest);
    line[rest] = '\0';
    return line;
}

/* Frames that are held would never be sent, nor answered. */
static void end_input(struct script *script)
{
    if (outbox_is_holding(script->client->out))
        client_fail(script->client, EXIT_USAGE, "the input ends behind /hold without a /flush");
    script_quit(script);
}

static void run_lines(struct script *script)
{
    while (is_ready(script)) {
        char *line = next_line(script);
        if (line == NULL) {
            if (script->input_ended)
                end_input(script);
            return;
        }
        command_run(script->client, script, line);
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
    if (script->state == ENDING && client->unacknowledged == 0 && outbox_is_idle(client->out) &&
        !holes_are_open(client->holes)) {
        script->state = ENDED;
        client_leave(client);
    }
    script->running = false;
}
