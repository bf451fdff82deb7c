/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/token_hash.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define SCHEME "hmac-sha256$"

static bool digest_of(const uint8_t salt[TOKEN_SALT_LEN], const uint8_t *token, size_t n,
                      uint8_t digest[TOKEN_DIGEST_LEN])
{
    return HMAC(EVP_sha256(), salt, TOKEN_SALT_LEN, token, n, digest, NULL) != NULL;
}

bool token_hash_make(token_hash *hash, const uint8_t *token, size_t n)
{
    return RAND_bytes(hash->salt, TOKEN_SALT_LEN) == 1 &&
           digest_of(hash->salt, token, n, hash->digest);
}

bool token_hash_matches(const token_hash *hash, const uint8_t *token, size_t n)
{
    uint8_t digest[TOKEN_DIGEST_LEN];
    return digest_of(hash->salt, token, n, digest) &&
           CRYPTO_memcmp(digest, hash->digest, TOKEN_DIGEST_LEN) == 0;
}

static void append_hex(GString *text, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g_string_append_printf(text, "%02x", p[i]);
}

char *token_hash_format(const token_hash *hash)
{
    GString *text = g_string_new(SCHEME);
    append_hex(text, hash->salt, TOKEN_SALT_LEN);
    g_string_append_c(text, '$');
    append_hex(text, hash->digest, TOKEN_DIGEST_LEN);
    return g_string_free(text, FALSE);
}

static bool read_hex(const char **text, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const int high = g_ascii_xdigit_value((*text)[0]);
        const int low = high < 0 ? -1 : g_ascii_xdigit_value((*text)[1]);
        if (low < 0)
            return false;
        p[i] = (uint8_t)(high << 4 | low);
        *text += 2;
    }
    return true;
}

bool token_hash_parse(const char *text, token_hash *hash)
{
    if (!g_str_has_prefix(text, SCHEME))
        return false;
    text += strlen(SCHEME);
    return read_hex(&text, hash->salt, TOKEN_SALT_LEN) && *text++ == '$' &&
           read_hex(&text, hash->digest, TOKEN_DIGEST_LEN) && *text == '\0';
}
