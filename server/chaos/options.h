/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-chaos. */
#ifndef PLATO_CHAOS_OPTIONS_H
#define PLATO_CHAOS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

typedef struct chaos_options {
    char *listen, *server; /* numeric addresses */
    int port, server_port;
    char *scenario; /* a file, or NULL: bytes pass as they are */
    char *log;      /* a file, or NULL: stderr */
    bool json;
    bool seeded; /* --seed was given */
    uint64_t seed;
    bool check; /* read the scenario and exit */
} chaos_options;

/* As server_options_parse(): -1 to go on, else the exit code. */
int chaos_options_parse(int argc, char **argv, chaos_options *options);

void chaos_options_clear(chaos_options *options);

#endif
