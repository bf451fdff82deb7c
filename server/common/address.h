/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numeric addresses: no name is looked up. */
#ifndef PLATO_SERVER_ADDRESS_H
#define PLATO_SERVER_ADDRESS_H

#include <sys/socket.h>

/* Puts an IPv4 or IPv6 address and a port into `*address`. Its length; 0 if `host` is neither. */
int address_make(const char *host, int port, struct sockaddr_storage *address);

#endif
