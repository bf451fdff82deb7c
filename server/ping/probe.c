/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ping/probe.h"

#include <errno.h>
#include <string.h>

#define PROBE_LEN 4

static void put_clock(uint8_t bytes[PROBE_LEN])
{
    const uint32_t ms = (uint32_t)(wait_now_us() / 1000);
    for (unsigned i = 0; i < PROBE_LEN; i++)
        bytes[i] = (uint8_t)(ms >> (24 - 8 * i));
}

static char *why_not(const prober *p)
{
    if (errno == ETIMEDOUT)
        return g_strdup_printf("no reply within %g s", (double)p->timeout_us / G_USEC_PER_SEC);
    return g_strdup(g_strerror(errno));
}

/* A datagram with other bytes is a late reply to a probe that was given up. However many of them
 * come, the deadline stays. */
static bool read_datagram(prober *p, const uint8_t *probe, int64_t deadline_us, char **why)
{
    uint8_t got[PROBE_LEN + 1];
    ssize_t n;
    do {
        n = wait_stream_read(&p->stream, got, sizeof got, deadline_us);
        if (n == PROBE_LEN && memcmp(got, probe, PROBE_LEN) == 0)
            return true;
    } while (n >= 0 && wait_now_us() < deadline_us);
    if (n >= 0)
        errno = ETIMEDOUT;
    *why = why_not(p);
    return false;
}

static bool read_stream(prober *p, const uint8_t *probe, int64_t deadline_us, char **why)
{
    uint8_t got[PROBE_LEN];
    size_t have = 0;
    while (have < sizeof got) {
        const ssize_t n = wait_stream_read(&p->stream, got + have, sizeof got - have, deadline_us);
        if (n <= 0) {
            *why = n == 0 ? g_strdup("the server has closed the connection") : why_not(p);
            return false;
        }
        have += (size_t)n;
    }
    if (memcmp(got, probe, PROBE_LEN) == 0)
        return true;
    *why = g_strdup("the reply differs from the probe");
    return false;
}

static bool exchange(prober *p, const uint8_t *probe, int64_t deadline_us, char **why)
{
    if (!wait_stream_write(&p->stream, probe, PROBE_LEN, deadline_us)) {
        *why = why_not(p);
        return false;
    }
    return p->transport == PROBE_UDP ? read_datagram(p, probe, deadline_us, why)
                                     : read_stream(p, probe, deadline_us, why);
}

int64_t probe_once(prober *p, char **why)
{
    uint8_t probe[PROBE_LEN];
    int64_t begun = wait_now_us();
    const int64_t deadline_us = begun + p->timeout_us;
    if (p->stream.fd < 0 && !wait_stream_open(&p->stream, &p->peer, deadline_us, p->address, why))
        return -1;
    if (p->transport != PROBE_SHORT)
        begun = wait_now_us();
    put_clock(probe);
    const bool ok = exchange(p, probe, deadline_us, why);
    const int64_t took_us = wait_now_us() - begun;
    /* on a stream, the reply to a probe that was given up would be taken for the next one's */
    if (p->transport == PROBE_SHORT || (p->transport == PROBE_LONG && !ok))
        prober_close(p);
    return ok ? took_us : -1;
}

void prober_close(prober *p)
{
    wait_stream_close(&p->stream);
}
