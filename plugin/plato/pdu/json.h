/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PLUGIN_JSON_H
#define PLATO_PLUGIN_JSON_H

#include <plato/frame.h>

#include <stdbool.h>

/*
 * Whether `text` begins with '{' or '[' and is one JSON value by RFC 8259 from end to end. White
 * space may follow. Bytes from 0x80 on are taken as they are. O(n), no allocation, no recursion;
 * deeper than JSON_DEEPEST it is not JSON.
 */
#define JSON_DEEPEST 256u
bool plato_is_json(plato_span text);

#endif
