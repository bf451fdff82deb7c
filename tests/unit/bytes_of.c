/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bytes_of.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bytes_free(bytes *b)
{
    free(b->p);
    memset(b, 0, sizeof *b);
}

void bytes_add(bytes *b, const void *p, size_t n)
{
    if (b->n + n > b->cap) {
        b->cap = (b->n + n) * 2;
        b->p = realloc(b->p, b->cap);
        if (b->p == NULL)
            abort();
    }
    if (n > 0)
        memcpy(b->p + b->n, p, n);
    b->n += n;
}

void bytes_print(bytes *b, const char *format, ...)
{
    char line[256];
    va_list args;
    va_start(args, format);
    const int n = vsnprintf(line, sizeof line, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line)
        abort();
    bytes_add(b, line, (size_t)n);
}

void bytes_add_hex(bytes *b, const char *hex)
{
    unsigned value;
    int used;
    while (sscanf(hex, " %2x%n", &value, &used) == 1) {
        const uint8_t byte = (uint8_t)value;
        bytes_add(b, &byte, 1);
        hex += used;
    }
}

bytes bytes_of_hex(const char *hex)
{
    bytes b = {0};
    bytes_add_hex(&b, hex);
    return b;
}

void bytes_add_be32(bytes *b, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8) {
        const uint8_t byte = (uint8_t)(value >> shift);
        bytes_add(b, &byte, 1);
    }
}

void bytes_add_varint(bytes *b, uint64_t value)
{
    uint8_t byte;
    do {
        byte = (uint8_t)((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
        bytes_add(b, &byte, 1);
        value >>= 7;
    } while (byte & 0x80);
}

uint32_t model_crc32(plato_crc_polynomial polynomial, uint32_t crc, const uint8_t *p, size_t n)
{
    const uint32_t reversed = polynomial == PLATO_CRC_32C ? 0x82f63b78u : 0xedb88320u;
    crc ^= 0xffffffffu;
    for (size_t bit = 0; bit < n * 8; bit++) {
        const uint32_t in = (uint32_t)(p[bit / 8] >> (bit % 8)) & 1u;
        const uint32_t out = (crc ^ in) & 1u;
        crc >>= 1;
        if (out)
            crc ^= reversed;
    }
    return crc ^ 0xffffffffu;
}

void bytes_add_frame_kind(bytes *b, uint8_t version, uint8_t type, plato_span head, plato_span body,
                          plato_crc_kind kind)
{
    bytes covered = {0};
    bytes start = {0};
    bytes_add(&start, &version, 1);
    bytes_add(&start, &type, 1);
    bytes_add_be32(&start, (uint32_t)body.n);
    bytes_add_be32(&start, (uint32_t)head.n);
    if (kind.coverage == PLATO_CRC_FRAME)
        bytes_add(&covered, start.p, start.n);
    if (kind.coverage == PLATO_CRC_FRAME || kind.coverage == PLATO_CRC_PAYLOAD)
        bytes_add(&covered, head.p, head.n);
    bytes_add(&covered, body.p, body.n);
    const uint32_t crc =
        kind.coverage == PLATO_CRC_NONE ? 0 : model_crc32(kind.polynomial, 0, covered.p, covered.n);
    bytes_add(b, start.p, start.n);
    bytes_add_be32(b, crc);
    bytes_add(b, head.p, head.n);
    bytes_add(b, body.p, body.n);
    bytes_free(&covered);
    bytes_free(&start);
}

void bytes_add_frame(bytes *b, uint8_t version, uint8_t type, plato_span head, plato_span body)
{
    bytes_add_frame_kind(b, version, type, head, body, (plato_crc_kind){0});
}

void bytes_add_msgcmd(bytes *b, uint32_t type, plato_span payload)
{
    bytes inner = {0};
    if (type != 0) {
        bytes_add_varint(&inner, 1 << 3 | 0);
        bytes_add_varint(&inner, type);
    }
    if (payload.n != 0) {
        bytes_add_varint(&inner, 2 << 3 | 2);
        bytes_add_varint(&inner, payload.n);
        bytes_add(&inner, payload.p, payload.n);
    }
    bytes_add_be32(b, (uint32_t)inner.n);
    bytes_add(b, inner.p, inner.n);
    bytes_free(&inner);
}
