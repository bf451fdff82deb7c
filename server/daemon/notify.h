/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tells the service manager how the server is: systemd's sd_notify(3), which is one datagram. */
#ifndef PLATO_SERVER_NOTIFY_H
#define PLATO_SERVER_NOTIFY_H

/* `state` is "READY=1" and the like. Does nothing when nobody has asked ($NOTIFY_SOCKET). */
void notify(const char *state);

#endif
