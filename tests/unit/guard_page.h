/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Memory that ends where a page begins which cannot be read: one byte too far ends the program. */
#ifndef TESTS_UNIT_GUARD_PAGE_H
#define TESTS_UNIT_GUARD_PAGE_H

#include <stddef.h>
#include <stdint.h>

/* A copy of `n` bytes at `p`, flush against a page that cannot be read. */
uint8_t *guarded_copy(const uint8_t *p, size_t n);

void guarded_free(uint8_t *copy, size_t n);

#endif
