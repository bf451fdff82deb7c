/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The default allocator, and whichever was given. */
#ifndef PLATO_SRC_MEMORY_H
#define PLATO_SRC_MEMORY_H

#include "plato/allocator.h"

/* `*given`, or malloc and its family for NULL. */
plato_allocator plato_allocator_or_default(const plato_allocator *given);

#endif
