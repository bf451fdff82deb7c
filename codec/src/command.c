/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/command.h"

#include <stddef.h>

static const struct {
    plato_command_code code;
    const char *text;
} rows[] = {
    {PLATO_COMMAND_MALFORMED, "malformed"},   {PLATO_COMMAND_UNKNOWN, "no such command"},
    {PLATO_COMMAND_TOO_LONG, "too long"},     {PLATO_COMMAND_TOO_FAST, "too fast"},
    {PLATO_COMMAND_OVERLOADED, "overloaded"},
};

const char *plato_command_code_text(uint32_t code)
{
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((uint32_t)rows[i].code == code)
            return rows[i].text;
    }
    return NULL;
}

plato_command_code plato_command_code_of(plato_err error)
{
    if (error == PLATO_ERR_TYPE_TOO_LONG || error == PLATO_ERR_PARAMS_TOO_LONG)
        return PLATO_COMMAND_TOO_LONG;
    return error == PLATO_ERR_NO_MEMORY ? PLATO_COMMAND_OVERLOADED : PLATO_COMMAND_MALFORMED;
}
