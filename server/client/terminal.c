/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/terminal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define MOST_DRAWN 60 /* characters */

enum {
    CTRL_D = 4,
    BACKSPACE = 8,
    CTRL_L = 12,
    CTRL_U = 21,
    CTRL_W = 23,
    ESCAPE = 27,
    DELETE = 127,
};

struct terminal {
    int fd;
    terminal_line line;
    void *user;
    char *prompt;
    GString *typed;
    enum { TEXT, AFTER_ESCAPE, IN_SEQUENCE } state; /* keys that send sequences are ignored */
    bool shown;
};

/* For atexit(), which has no argument: there is one terminal. */
static struct termios before;
static int taken = -1;

static void give_back(void)
{
    if (taken >= 0)
        tcsetattr(taken, TCSADRAIN, &before);
    taken = -1;
}

static void take(int fd)
{
    struct termios mode = before;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* ISIG stays: Ctrl-C and Ctrl-Z are signals */
    mode.c_cc[VMIN] = 1;
    mode.c_cc[VTIME] = 0;
    tcsetattr(fd, TCSADRAIN, &mode);
}

terminal *terminal_new(int fd, terminal_line line, void *user)
{
    if (!isatty(fd) || tcgetattr(fd, &before) != 0)
        return NULL;
    terminal *t = g_new0(terminal, 1);
    t->fd = taken = fd;
    t->line = line;
    t->user = user;
    t->prompt = g_strdup("");
    t->typed = g_string_new(NULL);
    atexit(give_back);
    take(fd);
    return t;
}

void terminal_free(terminal *t)
{
    if (t == NULL)
        return;
    terminal_hide(t);
    give_back();
    g_free(t->prompt);
    g_string_free(t->typed, TRUE);
    g_free(t);
}

void terminal_hide(terminal *t)
{
    if (t->shown)
        fputs("\r\033[K", stdout);
    t->shown = false;
    fflush(stdout);
}

static bool goes_on(char c)
{
    return ((guchar)c & 0xc0) == 0x80; /* a later byte of a character in UTF-8 */
}

/* As much of the end as fits on one line is for the user's eyes; the whole is sent. */
void terminal_show(terminal *t)
{
    gsize from = t->typed->len;
    for (unsigned n = 0; from > 0 && n < MOST_DRAWN; n++) {
        do
            from--;
        while (from > 0 && goes_on(t->typed->str[from]));
    }
    printf("\r\033[K%s%s", t->prompt, t->typed->str + from);
    t->shown = true;
    fflush(stdout);
}

void terminal_set_prompt(terminal *t, const char *prompt)
{
    g_free(t->prompt);
    t->prompt = g_strdup(prompt);
    if (t->shown)
        terminal_show(t);
}

void terminal_continue(terminal *t)
{
    take(t->fd);
    terminal_show(t);
}

/* Takes away the last character, all its bytes. */
static void rub_out(GString *typed)
{
    gsize n = typed->len;
    while (n > 0 && goes_on(typed->str[n - 1]))
        n--;
    g_string_truncate(typed, n > 0 ? n - 1 : 0);
}

static void rub_out_word(GString *typed)
{
    while (typed->len > 0 && typed->str[typed->len - 1] == ' ')
        rub_out(typed);
    while (typed->len > 0 && typed->str[typed->len - 1] != ' ')
        rub_out(typed);
}

static void enter(terminal *t)
{
    GString *line = t->typed;
    t->typed = g_string_new(NULL);
    putchar('\n');
    t->shown = false;
    t->line(t->user, line->str, line->len);
    g_string_free(line, TRUE);
}

static void type(terminal *t, char c)
{
    switch (c) {
    case '\r':
    case '\n':
        enter(t);
        break;
    case BACKSPACE:
    case DELETE:
        rub_out(t->typed);
        break;
    case CTRL_U:
        g_string_truncate(t->typed, 0);
        break;
    case CTRL_W:
        rub_out_word(t->typed);
        break;
    case ESCAPE:
        t->state = AFTER_ESCAPE;
        break;
    default:
        if ((guchar)c >= ' ')
            g_string_append_c(t->typed, c);
    }
}

/* ESC [ parameters final, or ESC and one byte. */
static void skip_sequence(terminal *t, char c)
{
    if (t->state == AFTER_ESCAPE && (c == '[' || c == 'O'))
        t->state = IN_SEQUENCE;
    else if (t->state == AFTER_ESCAPE || (c >= '@' && c <= '~'))
        t->state = TEXT;
}

bool terminal_typed(terminal *t, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (t->state != TEXT)
            skip_sequence(t, p[i]);
        else if (p[i] == CTRL_D && t->typed->len == 0)
            return false;
        else
            type(t, p[i]);
    }
    terminal_show(t);
    return true;
}
