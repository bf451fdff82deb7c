/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "memory.h"

#include <stdlib.h>

static void *default_alloc(void *user, size_t size)
{
    (void)user;
    return malloc(size);
}

static void *default_resize(void *user, void *ptr, size_t size)
{
    (void)user;
    return realloc(ptr, size);
}

static void default_release(void *user, void *ptr)
{
    (void)user;
    free(ptr);
}

plato_allocator plato_allocator_or_default(const plato_allocator *given)
{
    const plato_allocator defaults = {NULL, default_alloc, default_resize, default_release};
    return given != NULL ? *given : defaults;
}
