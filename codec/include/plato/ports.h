/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where Plato and the small protocols beside it are found: default ports, and their names in ALPN
 * and WebSocket (docs/protocol.md, "Transport"; docs/commands.md).
 */
#ifndef PLATO_PORTS_H
#define PLATO_PORTS_H

/* Plato over TCP, and over TLS. */
#define PLATO_PORT 8900
#define PLATO_TLS_PORT 8943
#define PLATO_ALPN "plato/1"
#define PLATO_WEBSOCKET_PROTOCOL "plato" /* Sec-WebSocket-Protocol */

/* The latency protocol's port is for UDP and TCP, the others are for TCP. */
#define PLATO_LATENCY_PORT 8904
#define PLATO_TEXTCMD_PORT 8905
#define PLATO_BINCMD_PORT 8906
/* With TLS, over TCP alone. */
#define PLATO_LATENCY_TLS_PORT 8944
#define PLATO_TEXTCMD_TLS_PORT 8945
#define PLATO_BINCMD_TLS_PORT 8946
#define PLATO_LATENCY_ALPN "latency/1"
#define PLATO_TEXTCMD_ALPN "textcmd/1"
#define PLATO_BINCMD_ALPN "bincmd/1"

#endif
