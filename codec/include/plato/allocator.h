/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory for libplato, as the caller provides it. */
#ifndef PLATO_ALLOCATOR_H
#define PLATO_ALLOCATOR_H

#include "plato/export.h"

#include <stddef.h>

PLATO_BEGIN

/*
 * Three functions with the contracts of malloc, realloc and free, each with the caller's `user`
 * pointer as the first argument. The object that takes it makes a copy; `user` must outlive that
 * object. Where a function takes a `const plato_allocator *`, NULL means malloc, realloc and free.
 */
typedef struct plato_allocator {
    void *user;
    void *(*alloc)(void *user, size_t size);
    void *(*resize)(void *user, void *ptr, size_t size);
    void (*release)(void *user, void *ptr);
} plato_allocator;

PLATO_END

#endif
