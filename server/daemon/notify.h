/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports the server's state to the service manager: sd_notify(3) of systemd, one datagram. */
#ifndef PLATO_SERVER_NOTIFY_H
#define PLATO_SERVER_NOTIFY_H

/* `state` is "READY=1" and the like. Does nothing when nobody has asked ($NOTIFY_SOCKET). */
void notify(const char *state);

#endif
