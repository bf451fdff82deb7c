/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One source for Wireshark 4.0 to 4.6. Every difference between the versions is here; no other file
 * depends on the version that it is compiled for. The code is written the way 4.4 and later want
 * it.
 */
#ifndef PLATO_PLUGIN_COMPAT_H
#define PLATO_PLUGIN_COMPAT_H

#include <wireshark.h>

#include <epan/expert.h>
#include <epan/packet.h>
#include <epan/prefs.h>
#include <epan/proto_data.h>
#include <epan/tfs.h>

#define WS_AT_LEAST(major, minor)                                                                  \
    (WIRESHARK_VERSION_MAJOR > (major) ||                                                          \
     (WIRESHARK_VERSION_MAJOR == (major) && WIRESHARK_VERSION_MINOR >= (minor)))

#if WS_AT_LEAST(4, 4)
#include <wsutil/plugins.h>
#include <wsutil/str_util.h>
/* what callbacks return and boolean preferences are stored in: the sizes differ */
typedef bool ws_bool;
#define ws_format_text(scope, text, n) format_text((scope), (const char *)(text), (n))
#else
#include <epan/strutil.h>
typedef gboolean ws_bool;
#define ws_format_text(scope, text, n) format_text((scope), (const unsigned char *)(text), (n))
#define tvb_get_uint8(tvb, offset) tvb_get_guint8((tvb), (offset))
/* 4.0 has no use for it; later versions show what kind of plugin it is */
#define WS_PLUGIN_DESC_DISSECTOR (1U << 0)
#define WS_PLUGIN_DESC_TAP_LISTENER (1U << 4)
#endif

/* What a TLS heuristic is handed: a place for the handle, or since 4.4 a struct that has one. */
#if WS_AT_LEAST(4, 4)
#include <epan/dissectors/packet-tls.h>
#define ws_set_tls_app_handle(data, handle)                                                        \
    do {                                                                                           \
        if ((data) != NULL)                                                                        \
            *((struct tlsinfo *)(data))->app_handle = (handle);                                    \
    } while (0)
#else
#define ws_set_tls_app_handle(data, handle)                                                        \
    do {                                                                                           \
        if ((data) != NULL)                                                                        \
            *(dissector_handle_t *)(data) = (handle);                                              \
    } while (0)
#endif

/* The value of an unsigned field of a tree. */
#if WS_AT_LEAST(4, 2)
#define ws_finfo_uint(finfo) fvalue_get_uinteger((finfo)->value)
#else
#define ws_finfo_uint(finfo) fvalue_get_uinteger((fvalue_t *)&(finfo)->value)
#endif

/* Since 4.4 columns are fields, which are filled before the postdissectors run. */
#if WS_AT_LEAST(4, 4)
#define WS_COLUMNS_ARE_FIELDS 1
#else
#define WS_COLUMNS_ARE_FIELDS 0
#endif

/* Between the levels of a statistic's name in the menus. */
#include <epan/stats_tree.h>
#ifndef STATS_TREE_MENU_SEPARATOR
#define STATS_TREE_MENU_SEPARATOR "/"
#endif

/* A "-z" option that cannot be served: 4.6 takes that as a result, earlier versions have to exit.
 */
#if WS_AT_LEAST(4, 6)
typedef bool ws_started;
#define WS_STARTED(ok) return (ok)
#else
typedef void ws_started;
#define WS_STARTED(ok)                                                                             \
    do {                                                                                           \
        if (!(ok))                                                                                 \
            exit(1);                                                                               \
    } while (0)
#endif

/* Since 4.2 the dialog needs the number of streams. */
#if WS_AT_LEAST(4, 2)
#define ws_register_follow_stream(proto, tap, conv, index, address, port, handler, count)          \
    register_follow_stream((proto), (tap), (conv), (index), (address), (port), (handler), (count), \
                           NULL)
#else
#define ws_register_follow_stream(proto, tap, conv, index, address, port, handler, count)          \
    ((void)(count),                                                                                \
     register_follow_stream((proto), (tap), (conv), (index), (address), (port), (handler)))
#endif

#endif
