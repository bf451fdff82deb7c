/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/tls_options.h"

void tls_options_add(GOptionContext *context, tls_options *options)
{
    const GOptionEntry entries[] = {
        {"tls", 0, 0, G_OPTION_ARG_NONE, &options->tls, "Connect with TLS 1.3", NULL},
        {"ca", 0, 0, G_OPTION_ARG_FILENAME, &options->ca_file,
         "Certificates to trust, PEM (default: those of the system)", "FILE"},
        {"server-name", 0, 0, G_OPTION_ARG_STRING, &options->server_name,
         "What the server's certificate must be for (default: the host)", "NAME"},
        {"insecure", 0, 0, G_OPTION_ARG_NONE, &options->insecure, "Accept any certificate", NULL},
        {"key-log", 0, 0, G_OPTION_ARG_FILENAME, &options->key_log,
         "Append the keys of TLS to FILE, for Wireshark; anyone who has it can read the connection",
         "FILE"},
        G_OPTION_ENTRY_NULL};
    g_option_context_add_main_entries(context, entries, NULL);
}

const char *tls_options_wrong(const tls_options *options)
{
    const struct {
        gboolean wrong;
        const char *text;
    } rules[] = {
        {options->ca_file != NULL && !options->tls, "--ca needs --tls"},
        {options->key_log != NULL && !options->tls, "--key-log needs --tls"},
        {options->insecure && !options->tls, "--insecure needs --tls"},
        {options->ca_file != NULL && options->insecure, "--ca and --insecure exclude each other"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        if (rules[i].wrong)
            return rules[i].text;
    }
    return NULL;
}

tls_client *tls_options_client(const tls_options *options, const char *protocol, char **error)
{
    const tls_client_options made = {options->ca_file, options->key_log, protocol,
                                     options->insecure};
    *error = NULL;
    return options->tls ? tls_client_new(&made, error) : NULL;
}

void tls_options_clear(tls_options *options)
{
    g_clear_pointer(&options->ca_file, g_free);
    g_clear_pointer(&options->key_log, g_free);
    g_clear_pointer(&options->server_name, g_free);
}
