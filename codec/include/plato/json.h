/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whether bytes are JSON, as a body of a frame or of a chat message may be (docs/bodies.md). */
#ifndef PLATO_JSON_H
#define PLATO_JSON_H

#include "plato/export.h"
#include "plato/frame.h"

#include <stdbool.h>

PLATO_BEGIN

#define PLATO_JSON_DEPTH_MAX 256u /* most objects and lists within one another */

/*
 * Whether `text` begins with '{' or '[' and is one JSON value by RFC 8259 from its first byte to
 * its last. White space may follow. Bytes from 0x80 on are not checked to be UTF-8. A text nested
 * deeper than PLATO_JSON_DEPTH_MAX counts as no JSON. O(n), no allocation, no recursion.
 */
PLATO_API bool plato_is_json(plato_span text);

PLATO_END

#endif
