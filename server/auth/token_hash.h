/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tokens as the server keeps them: HMAC-SHA-256 of the token, keyed with 16 random bytes.
 *
 * That is fast on purpose. A slow hash protects passwords, which people choose and attackers can
 * try; a token is made by a machine from 128 random bits or more, and no number of tries finds it.
 * A slow hash would run in the loop that serves everybody, once for every LOGIN of anybody.
 */
#ifndef PLATO_SERVER_TOKEN_HASH_H
#define PLATO_SERVER_TOKEN_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TOKEN_SALT_LEN 16
#define TOKEN_DIGEST_LEN 32
#define TOKEN_LEAST_LEN 22  /* bytes: 128 bits in base64 */
#define TOKEN_MOST_LEN 4096 /* bytes */

typedef struct token_hash {
    uint8_t salt[TOKEN_SALT_LEN];
    uint8_t digest[TOKEN_DIGEST_LEN];
} token_hash;

/* Hashes a token with a new random salt. False if the system gives no random bytes. */
bool token_hash_make(token_hash *hash, const uint8_t *token, size_t n);

/* Takes the same time whether and where they differ. */
bool token_hash_matches(const token_hash *hash, const uint8_t *token, size_t n);

/* "hmac-sha256$SALT$DIGEST", in lower-case hex; the caller's to g_free(). */
char *token_hash_format(const token_hash *hash);

/* False if `text` is no such line. */
bool token_hash_parse(const char *text, token_hash *hash);

#endif
