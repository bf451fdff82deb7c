/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/crc.h"

#include "crc_table.h"

#ifdef PLATO_WITH_LIBDEFLATE
#include <libdeflate.h>

#define FEW_BYTES 16u /* below, as for a header's ten, the tables are faster: see tests/bench */
#endif

uint32_t plato_crc32(plato_crc_polynomial polynomial, uint32_t crc, const void *p, size_t n)
{
    if (n == 0)
        return crc;
#ifdef PLATO_WITH_LIBDEFLATE
    if (polynomial == PLATO_CRC_IEEE && n >= FEW_BYTES)
        return libdeflate_crc32(crc, p, n);
#endif
    return plato_crc32_table(polynomial, crc, p, n);
}
