/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command line of plato-server. */
#ifndef PLATO_SERVER_OPTIONS_H
#define PLATO_SERVER_OPTIONS_H

#include "admission/admission.h"
#include "core/core.h"
#include "daemon/services.h"
#include "store/store.h"

typedef struct server_options {
    char *listen; /* numeric address */
    int port;     /* 0 = any free one */
    gboolean no_plain;
    int tls_port;   /* 0 = any free one */
    char *tls_cert; /* PEM; NULL: none */
    char *tls_key;  /* PEM; NULL: none */
    gboolean tls_self_signed;
    char *keylog;         /* NULL: none */
    char *token_file;     /* NULL: no authentication */
    gboolean no_auth;     /* the user knows that there is none */
    gboolean hash_tokens; /* do only that */
    int metrics_port;     /* 0 = any free one; -1: none */
    uint32_t drain_ms;    /* most that it takes to answer what had come before a signal */
    admission_config admission;
    core_config config;
    store_options store; /* but its path */
    char *store_path;    /* as given; NULL for the default */
    char *state_dir;     /* as given, or NULL */
    services_options services;
} server_options;

/*
 * Reads the command line. Returns -1 to go on, else the exit code: 0 after --help and --version, 2
 * after an error, which has been reported on stderr. `options` is to be cleared in each case.
 */
int server_options_parse(int argc, char **argv, server_options *options);

/* True if there is to be a listener with TLS. */
bool server_options_tls(const server_options *options);

void server_options_clear(server_options *options);

/* Whether there is to be no store. */
bool options_keep_nothing(const server_options *options);

#endif
