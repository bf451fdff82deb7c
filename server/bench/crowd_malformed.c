/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sends a piece of nonsense, waits until the server closes, and comes back with another one. */
#include "bench/crowd.h"
#include "common/encode.h"

#include <string.h>

#define PATIENCE_NS UINT64_C(2000000000) /* for the server to close */

/* Each fills `p` (up to 512 bytes) and returns the length. */
typedef size_t nonsense(guest *g, uint8_t *p);

static size_t a_frame(const plato_head *head, const char *body, uint8_t *p)
{
    gsize n;
    GBytes *frame = encode_frame(head, (plato_span){(const uint8_t *)body, strlen(body)});
    const void *bytes = g_bytes_get_data(frame, &n);
    memcpy(p, bytes, n);
    g_bytes_unref(frame);
    return n;
}

static size_t a_login(guest *g, uint8_t *p)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = g->device_id}};
    return a_frame(&head, "", p);
}

static size_t random_bytes(guest *g, uint8_t *p)
{
    const size_t n = PLATO_HEADER_LEN + prng_below(&g->crowd->random, 500);
    for (size_t i = 0; i < n; i++)
        p[i] = (uint8_t)prng_next(&g->crowd->random);
    return n;
}

static size_t wrong_crc(guest *g, uint8_t *p)
{
    const size_t n = a_login(g, p);
    p[prng_below(&g->crowd->random, 4) + PLATO_HEADER_CRC_OFFSET] ^= 0x10;
    return n;
}

static size_t endless_body(guest *g, uint8_t *p)
{
    const size_t n = a_login(g, p);
    memset(p + 2, 0xff, 4);
    return n;
}

static size_t endless_head(guest *g, uint8_t *p)
{
    const size_t n = a_login(g, p);
    memset(p + 6, 0x7f, 4);
    return n;
}

static size_t other_version(guest *g, uint8_t *p)
{
    const size_t n = a_login(g, p);
    p[0] = (uint8_t)(2 + prng_below(&g->crowd->random, 254));
    return n;
}

static size_t no_protobuf(guest *g, uint8_t *p)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {.device_id = g->device_id}};
    return a_frame(&head, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", p);
}

static size_t push_of_a_client(guest *g, uint8_t *p)
{
    const plato_head head = {.msg_type = PLATO_PUSH, .push = {1, 1}};
    const size_t n = a_login(g, p);
    return n + a_frame(&head, "pushed", p + n);
}

static size_t two_logins(guest *g, uint8_t *p)
{
    const size_t n = a_login(g, p);
    return n + a_login(g, p + n);
}

static size_t half_a_frame(guest *g, uint8_t *p)
{
    return 1 + prng_below(&g->crowd->random, a_login(g, p) - 1);
}

static size_t http(guest *g, uint8_t *p)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: plato\r\n\r\n";
    (void)g;
    memcpy(p, request, sizeof request - 1);
    return sizeof request - 1;
}

static nonsense *const kinds[] = {
    random_bytes, wrong_crc,        endless_body, endless_head, other_version,
    no_protobuf,  push_of_a_client, two_logins,   half_a_frame, http,
};

static void up(guest *g)
{
    uint8_t bytes[1024];
    nonsense *const kind = kinds[prng_below(&g->crowd->random, G_N_ELEMENTS(kinds))];
    const size_t n = kind(g, bytes);
    stream_put(g->stream, bytes, n);
    g->crowd->counts[g->kind].sent++;
    g->due_ns = g->opened_ns + (kind == half_a_frame ? 1 : PATIENCE_NS);
}

/* We end half a frame on purpose; after anything else the server should have closed. */
static void due(guest *g, uint64_t now_ns)
{
    g->crowd->counts[g->kind].given_up += now_ns >= g->opened_ns + PATIENCE_NS;
    guest_leave(g);
}

const guest_acts guest_malformed = {"malformed", up, NULL, due, 10};
