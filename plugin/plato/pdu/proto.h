/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PROTO_H
#define PLATO_PROTO_H

/* Wireshark's id of the protocol; -1 before it is registered. */
extern int proto_plato;

#endif
