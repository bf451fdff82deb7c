/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "guard_page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

/* Bytes before the guard page. */
static size_t readable(size_t n)
{
    const size_t page = page_size();
    return (n + page - 1) / page * page;
}

uint8_t *guarded_copy(const uint8_t *p, size_t n)
{
    const size_t size = readable(n);
    uint8_t *base =
        mmap(NULL, size + page_size(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED || mprotect(base + size, page_size(), PROT_NONE) != 0)
        abort();
    if (n > 0)
        memcpy(base + size - n, p, n);
    return base + size - n;
}

void guarded_free(uint8_t *copy, size_t n)
{
    const size_t size = readable(n);
    (void)munmap(copy + n - size, size + page_size());
}
