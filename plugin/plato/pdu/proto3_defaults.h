/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_PROTO3_DEFAULTS_H
#define PLATO_PROTO3_DEFAULTS_H

#include <plato/head.h>

/*
 * proto3 leaves zeros out, so absence is meaning. The fields by which people look for frames, of a
 * whole head, that are absent and mean zero: bits as in plato_head.present, 1 << number.
 */
uint32_t plato_default_fields(const plato_head *head);

#endif
