/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words after the slash of a sending: how it is put into TCP segments. */
#ifndef PLATO_MKCAP_TREATMENT_H
#define PLATO_MKCAP_TREATMENT_H

#include "scenario.h"
#include "words.h"

/* Adds what the word says; FALSE with `error` set. `how` keeps what it got, also then. */
gboolean treatment_add(treatment *how, const word *w, GError **error);

#endif
