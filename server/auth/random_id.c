/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "auth/random_id.h"

#include <glib.h>
#include <openssl/rand.h>

uint64_t random_id(void)
{
    uint64_t id;
    do {
        if (RAND_bytes((unsigned char *)&id, sizeof id) != 1)
            g_error("the system gives no random numbers");
        id >>= 1;
    } while (id == 0);
    return id;
}
