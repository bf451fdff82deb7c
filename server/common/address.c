/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/address.h"

#include <event2/util.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

int address_make(const char *host, int port, struct sockaddr_storage *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)address;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
    memset(address, 0, sizeof *address);
    if (evutil_inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (evutil_inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return sizeof *v6;
    }
    return 0;
}

void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
    char host[INET6_ADDRSTRLEN] = "?";
    if (address->sa_family == AF_INET6) {
        evutil_inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "[%s]:%u", host, (unsigned)ntohs(v6->sin6_port));
    } else {
        if (address->sa_family == AF_INET)
            evutil_inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(text, ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    }
}

bool address_is_loopback(const char *host)
{
    struct sockaddr_storage address;
    if (address_make(host, 0, &address) == 0)
        return false;
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address;
    if (address.ss_family == AF_INET)
        return ntohl(v4->sin_addr.s_addr) >> 24 == 127;
    return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr) ||
           (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr) && v6->sin6_addr.s6_addr[12] == 127);
}
