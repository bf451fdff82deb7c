/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "plato/bincmd.h"

#include "bytes.h"

#include <string.h>

#define MAGIC_LEN 4
#define LENGTH_OFFSET 4
#define TYPE_OFFSET 6

static const struct {
    unsigned bit;
    uint32_t magic;
} magics[] = {
    {PLATO_BINCMD_ALLOW_MAGIC, PLATO_BINCMD_MAGIC},
    {PLATO_BINCMD_ALLOW_ALT, PLATO_BINCMD_MAGIC_ALT},
};
#define MAGICS (sizeof magics / sizeof magics[0])

static const plato_bincmd_limits *or_default(const plato_bincmd_limits *limits)
{
    static const plato_bincmd_limits defaults = PLATO_BINCMD_LIMITS_DEFAULT;
    return limits != NULL ? limits : &defaults;
}

const char *plato_bincmd_type_name(uint32_t type)
{
    static const char *const names[] = {"ECHO", "TIME", "VERSION", "STATS", "PING"};
    if (type == PLATO_BINCMD_ERROR)
        return "ERROR";
    return type < sizeof names / sizeof names[0] ? names[type] : NULL;
}

/* How many of the `n` bytes agree with a magic that is allowed; at most MAGIC_LEN. */
static size_t magic_bytes(const uint8_t *p, size_t n, unsigned allowed)
{
    size_t best = 0;
    for (size_t m = 0; m < MAGICS; m++) {
        size_t agree = 0;
        if ((allowed & magics[m].bit) == 0)
            continue;
        while (agree < MAGIC_LEN && agree < n &&
               p[agree] == (uint8_t)(magics[m].magic >> (24 - 8 * agree)))
            agree++;
        best = agree > best ? agree : best;
    }
    return best;
}

plato_err plato_bincmd_length(const uint8_t *p, size_t n, const plato_bincmd_limits *limits,
                              uint64_t *total)
{
    limits = or_default(limits);
    *total = magic_bytes(p, n, limits->magics);
    if (*total < MAGIC_LEN && *total < n)
        return PLATO_ERR_MAGIC;
    if (n >= TYPE_OFFSET) {
        const uint32_t len = get_be16(p + LENGTH_OFFSET);
        *total = (uint64_t)PLATO_BINCMD_HEADER_LEN + len;
        if (len > limits->max_params_len)
            return PLATO_ERR_PARAMS_TOO_LONG;
    }
    if (n >= PLATO_BINCMD_HEADER_LEN)
        return PLATO_OK;
    *total = PLATO_BINCMD_HEADER_LEN;
    return PLATO_NEED_MORE;
}

plato_err plato_bincmd_parse(const uint8_t *p, size_t n, const plato_bincmd_limits *limits,
                             plato_bincmd *command)
{
    uint64_t total;
    const plato_err err = plato_bincmd_length(p, n, limits, &total);
    if (err != PLATO_OK)
        return err;
    if (total > n)
        return PLATO_NEED_MORE;
    command->magic = get_be32(p);
    command->type = get_be16(p + TYPE_OFFSET);
    command->params =
        (plato_span){p + PLATO_BINCMD_HEADER_LEN, (size_t)total - PLATO_BINCMD_HEADER_LEN};
    return PLATO_OK;
}

static bool is_magic(uint32_t magic)
{
    return magic == PLATO_BINCMD_MAGIC || magic == PLATO_BINCMD_MAGIC_ALT;
}

plato_err plato_bincmd_encode(const plato_bincmd *command, uint8_t *buf, size_t cap,
                              size_t *written)
{
    const plato_span params = command->params;
    if (!is_magic(command->magic))
        return PLATO_ERR_ARGUMENT;
    if (params.n > PLATO_COMMAND_PARAMS_MAX)
        return PLATO_ERR_PARAMS_TOO_LONG;
    if (PLATO_BINCMD_HEADER_LEN + params.n > cap)
        return PLATO_ERR_BUFFER_TOO_SMALL;
    put_be32(buf, command->magic);
    put_be16(buf + LENGTH_OFFSET, (uint16_t)params.n);
    put_be16(buf + TYPE_OFFSET, command->type);
    if (params.n > 0)
        memcpy(buf + PLATO_BINCMD_HEADER_LEN, params.p, params.n);
    *written = PLATO_BINCMD_HEADER_LEN + params.n;
    return PLATO_OK;
}

/* A whole number of characters: no half of one is sent. */
static size_t cut_utf8(const char *text, size_t n, size_t most)
{
    if (n <= most)
        return n;
    while (most > 0 && ((uint8_t)text[most] & 0xc0) == 0x80)
        most--;
    return most;
}

plato_err plato_bincmd_encode_error(uint32_t magic, uint32_t code, const char *reason, uint8_t *buf,
                                    size_t cap, size_t *written)
{
    uint8_t params[PLATO_COMMAND_PARAMS_MAX];
    if (code > UINT16_MAX)
        return PLATO_ERR_ARGUMENT;
    if (reason == NULL)
        reason = plato_command_code_text(code);
    if (reason == NULL)
        reason = "";
    const size_t n = cut_utf8(reason, strlen(reason), sizeof params - 2);
    put_be16(params, (uint16_t)code);
    memcpy(params + 2, reason, n);
    const plato_bincmd command = {magic, PLATO_BINCMD_ERROR, {params, n + 2}};
    return plato_bincmd_encode(&command, buf, cap, written);
}

bool plato_bincmd_read_error(const plato_bincmd *command, uint32_t *code, plato_span *reason)
{
    if (command->type != PLATO_BINCMD_ERROR || command->params.n < 2)
        return false;
    *code = get_be16(command->params.p);
    *reason = (plato_span){command->params.p + 2, command->params.n - 2};
    return true;
}

plato_resync_result plato_bincmd_find(const uint8_t *p, size_t n, const plato_bincmd_limits *limits)
{
    plato_resync_result result = {PLATO_RESYNC_NOT_YET, n, 0, 0};
    for (size_t at = 0; at < n; at++) {
        uint64_t total;
        const plato_err err = plato_bincmd_length(p + at, n - at, limits, &total);
        if (err < 0)
            continue;
        result.skipped = at;
        if (err == PLATO_OK) {
            result.verdict = total <= n - at ? PLATO_RESYNC_FOUND : PLATO_RESYNC_LIKELY;
            result.frame_len = total;
        }
        break;
    }
    return result;
}
