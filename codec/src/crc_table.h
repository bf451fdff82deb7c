/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Slice-by-8: the CRC without any library, for both polynomials. */
#ifndef PLATO_SRC_CRC_TABLE_H
#define PLATO_SRC_CRC_TABLE_H

#include "plato/crc.h"

/* As plato_crc32(), always computed here. */
uint32_t plato_crc32_table(plato_crc_polynomial polynomial, uint32_t crc, const void *p, size_t n);

/* The definition, bit by bit: what the tables are made from and tested against. */
uint32_t plato_crc32_bitwise(plato_crc_polynomial polynomial, uint32_t crc, const void *p,
                             size_t n);

#endif
