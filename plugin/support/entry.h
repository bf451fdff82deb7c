/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Wireshark's plugin loader looks for in both plugins. */
#ifndef PLATO_PLUGIN_ENTRY_H
#define PLATO_PLUGIN_ENTRY_H

#include "support/compat.h"

#define PLATO_STRING(x) #x
#define PLATO_DOTTED(major, minor) PLATO_STRING(major) "." PLATO_STRING(minor)
#ifdef _WIN32
#define PLATO_EXPORTED __declspec(dllexport)
#else
#define PLATO_EXPORTED __attribute__((visibility("default")))
#endif

/* Declared here because 4.0 has no header for them. */
PLATO_EXPORTED extern const char plugin_version[];
PLATO_EXPORTED extern const int plugin_want_major;
PLATO_EXPORTED extern const int plugin_want_minor;
PLATO_EXPORTED void plugin_register(void);
PLATO_EXPORTED uint32_t plugin_describe(void);

/*
 * Once in each plugin. `name` is a string; `kind` one of WS_PLUGIN_DESC_*. tools/plato-doctor reads
 * the mark in the file, without loading it.
 */
#define PLATO_PLUGIN_ENTRY(name, kind)                                                             \
    extern const char plato_plugin_mark[];                                                         \
    const char plato_plugin_mark[] __attribute__((used)) =                                         \
        name "-plugin " PLATO_PLUGIN_VERSION                                                       \
             " for Wireshark " PLATO_DOTTED(WIRESHARK_VERSION_MAJOR, WIRESHARK_VERSION_MINOR);     \
    const char plugin_version[] = PLATO_PLUGIN_VERSION;                                            \
    const int plugin_want_major = WIRESHARK_VERSION_MAJOR;                                         \
    const int plugin_want_minor = WIRESHARK_VERSION_MINOR;                                         \
    uint32_t plugin_describe(void)                                                                 \
    {                                                                                              \
        return (kind);                                                                             \
    }

#endif
