/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/version.h"

const char *plato_version(void)
{
    return PLATO_VERSION_STRING;
}
