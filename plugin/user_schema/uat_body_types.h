/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_UAT_BODY_TYPES_H
#define PLATO_UAT_BODY_TYPES_H

#include "support/compat.h"

#include <epan/uat.h>

/*
 * The table "Plato body types": which protobuf message the bodies of a message type are. The full
 * name of the message, or NULL for a type without a row; valid until the user changes the table.
 */
const char *plato_user_type_of(uint32_t msg_type);

/* The table, to be registered as a preference. Once. */
uat_t *plato_user_types_table(void);

#endif
