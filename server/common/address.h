/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numeric addresses: no name is looked up. */
#ifndef PLATO_SERVER_ADDRESS_H
#define PLATO_SERVER_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>

/* Enough for any address with its port, and the zero after it. */
#define ADDRESS_TEXT 80

/* Puts an IPv4 or IPv6 address and a port into `*address`. Its length; 0 if `host` is neither. */
int address_make(const char *host, int port, struct sockaddr_storage *address);

/* Writes "127.0.0.1:8900" or "[::1]:8900". */
void address_format(const struct sockaddr *address, char text[ADDRESS_TEXT]);

/* True if only this machine can reach the address. False if `host` is no numeric address. */
bool address_is_loopback(const char *host);

#endif
