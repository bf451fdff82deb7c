/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/program_options.h"

#include <stdio.h>

gboolean program_options_nothing_left(int argc, char **argv, GError **error)
{
    if (argc > 1)
        g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "unexpected argument '%s'",
                    argv[1]);
    return argc <= 1;
}

gboolean program_options_parse(GOptionContext *context, int argc, char **argv, GError **error)
{
    const gboolean ok = g_option_context_parse(context, &argc, &argv, error);
    g_option_context_free(context);
    return ok && program_options_nothing_left(argc, argv, error);
}

int program_options_version(const char *program)
{
    printf("%s %s\n", program, PLATO_PROGRAM_VERSION);
    return 0;
}

int program_options_wrong(const char *program, const char *text)
{
    fprintf(stderr, "%s: %s; see %s --help\n", program, text, program);
    return 2;
}
