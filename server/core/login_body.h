/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reading LoginBody: the sessions and the token. */
#ifndef PLATO_SERVER_LOGIN_BODY_H
#define PLATO_SERVER_LOGIN_BODY_H

#include "plato/error.h"
#include "plato/frame.h"

#include <glib.h>

/*
 * Puts LoginBody.session_ids, packed or not, into `session_ids` (of uint64_t, empty), ascending
 * and each once; more than `most`, repeats included, is PLATO_ERR_WIRE_FIELDS. `*token` is
 * LoginBody.token, borrowed from `body`; empty if it is not there. PLATO_OK or a
 * PLATO_ERR_WIRE_ error.
 */
plato_err login_body_read(plato_span body, unsigned most, GArray *session_ids, plato_span *token);

#endif
