/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Byte strings for tests: from hexadecimal, and frames built straight from the specification. The
 * builder shares nothing with the codec, not even its CRC, so that the two can be held against one
 * another.
 */
#ifndef TESTS_UNIT_BYTES_OF_H
#define TESTS_UNIT_BYTES_OF_H

#include "plato/crc.h"
#include "plato/frame.h"

#include <stddef.h>
#include <stdint.h>

/* A growing string of bytes; all zero is empty. Ended by bytes_free(). */
typedef struct bytes {
    uint8_t *p;
    size_t n;
    size_t cap;
} bytes;

void bytes_free(bytes *b);
void bytes_add(bytes *b, const void *p, size_t n);
/* As printf(), 255 characters at most. */
void bytes_print(bytes *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
void bytes_add_hex(bytes *b, const char *hex); /* blanks are skipped */
void bytes_add_be32(bytes *b, uint32_t value);
void bytes_add_varint(bytes *b, uint64_t value);
bytes bytes_of_hex(const char *hex);

/* CRC of the specification, bit by bit. */
uint32_t model_crc32(plato_crc_polynomial polynomial, uint32_t crc, const uint8_t *p, size_t n);

/* Adds a fixed-header frame whose CRC is that of `kind`. */
void bytes_add_frame_kind(bytes *b, uint8_t version, uint8_t type, plato_span head, plato_span body,
                          plato_crc_kind kind);

/* The same with the CRC as specified. */
void bytes_add_frame(bytes *b, uint8_t version, uint8_t type, plato_span head, plato_span body);

/* Adds a frame of the variant; a type or payload that is 0 or empty is left out, as proto3 has it.
 */
void bytes_add_msgcmd(bytes *b, uint32_t type, plato_span payload);

#endif
