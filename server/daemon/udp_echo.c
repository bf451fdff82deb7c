/* SPDX-License-Identifier: GPL-2.0-or-later */
#define _GNU_SOURCE /* struct in_pktinfo and in6_pktinfo */
#include "daemon/udp_echo.h"

#include "admission/admission.h"
#include "common/address.h"

#include <errno.h>
#include <glib.h>
#include <limits.h>
#include <netinet/in.h>
#include <sys/socket.h>

#define AT_ONCE 64    /* datagrams; then others get their turn */
#define LONGEST 65536 /* bytes of a datagram */

struct udp_echo {
    struct event *readable;
    evutil_socket_t fd;
    struct admission *admission;
    udp_echo_stats stats;
    uint16_t port;
};

static uint16_t port_of(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6
                     ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_port
                     : ((const struct sockaddr_in *)(const void *)address)->sin_port);
}

/* A sender is admitted for one datagram only: what is kept is its address's bucket. */
static bool is_too_fast(struct udp_echo *echo, const struct sockaddr_storage *from)
{
    const uint64_t now_ms = (uint64_t)g_get_monotonic_time() / 1000;
    struct guest *guest;
    const struct sockaddr *address = (const struct sockaddr *)(const void *)from;
    if (admission_enter(echo->admission, address, now_ms, &guest) != ADMISSION_YES)
        return true;
    const admission_verdict verdict = admission_pace(echo->admission, guest, now_ms);
    admission_leave(echo->admission, guest, now_ms);
    return verdict != ADMISSION_GO_ON;
}

/*
 * With the control message that says to which of our addresses a datagram came, the reply leaves
 * from that one: a client takes no other. The way is the routing table's to choose, but for an
 * address that means nothing without its interface.
 */
static void free_way_back(struct msghdr *message)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c)) {
        struct in_pktinfo *v4 = (struct in_pktinfo *)(void *)CMSG_DATA(c);
        struct in6_pktinfo *v6 = (struct in6_pktinfo *)(void *)CMSG_DATA(c);
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO)
            v4->ipi_ifindex = 0;
        else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO &&
                 !IN6_IS_ADDR_LINKLOCAL(&v6->ipi6_addr))
            v6->ipi6_ifindex = 0;
    }
}

static void answer(struct udp_echo *echo, struct msghdr *message)
{
    const struct sockaddr_storage *from = message->msg_name;
    free_way_back(message);
    if (message->msg_iov->iov_len == 0 || port_of(from) == echo->port || port_of(from) == 0)
        echo->stats.dropped++;
    else if (is_too_fast(echo, from))
        echo->stats.too_fast++;
    else if (sendmsg(echo->fd, message, 0) < 0)
        echo->stats.dropped++; /* the socket's buffer is full: a datagram may be lost */
    else
        echo->stats.returned++;
}

static void on_readable(evutil_socket_t fd, short what, void *user)
{
    static uint8_t bytes[LONGEST];
    struct udp_echo *echo = user;
    (void)what;
    for (unsigned i = 0; i < AT_ONCE; i++) {
        struct sockaddr_storage from = {0};
        struct iovec span = {bytes, sizeof bytes};
        union {
            uint8_t bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
            struct cmsghdr aligned;
        } to;
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof from,
                                 .msg_iov = &span,
                                 .msg_iovlen = 1,
                                 .msg_control = to.bytes,
                                 .msg_controllen = sizeof to.bytes};
        const ssize_t n = recvmsg(fd, &message, 0);
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (n < 0)
            continue; /* an error is about an earlier reply that nobody wanted */
        span.iov_len = (size_t)n;
        answer(echo, &message);
    }
}

/* Datagrams are to come with the address of ours that they were sent to. */
static bool ask_where_to(evutil_socket_t fd, sa_family_t family)
{
    const int on = 1;
    return family == AF_INET6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on) == 0
                              : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on) == 0;
}

static evutil_socket_t bind_socket(const udp_echo_config *config, char **error)
{
    struct sockaddr_storage address;
    const int length = address_make(config->host, config->port, &address);
    if (length == 0) {
        *error = g_strdup_printf("a numeric address is needed, such as 127.0.0.1 or ::1, not '%s'",
                                 config->host);
        return -1;
    }
    const evutil_socket_t fd =
        socket(address.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0 && ask_where_to(fd, address.ss_family) &&
        bind(fd, (struct sockaddr *)&address, (socklen_t)length) == 0)
        return fd;
    *error = g_strdup_printf("cannot listen on %s UDP port %d: %s%s%s", config->host, config->port,
                             g_strerror(errno), errno == EADDRINUSE ? "; choose another " : "",
                             errno == EADDRINUSE ? config->option : "");
    if (fd >= 0)
        evutil_closesocket(fd);
    return -1;
}

struct udp_echo *udp_echo_new(struct event_base *base, const udp_echo_config *config, char **error)
{
    struct sockaddr_storage bound = {0};
    socklen_t length = sizeof bound;
    admission_config rates;
    const evutil_socket_t fd = bind_socket(config, error);
    if (fd < 0)
        return NULL;
    struct udp_echo *echo = g_new0(struct udp_echo, 1);
    echo->fd = fd;
    admission_config_init(&rates);
    rates.max_guests = rates.max_per_address = rates.max_unproven = UINT_MAX;
    rates.max_unproven_per_address = UINT_MAX;
    rates.max_idle_addresses = config->max_addresses;
    rates.guest_rate = (bucket_rate){0, 1};
    rates.address_rate = config->rate;
    echo->admission = admission_new(&rates);
    getsockname(fd, (struct sockaddr *)&bound, &length);
    echo->port = port_of(&bound);
    echo->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, echo);
    event_add(echo->readable, NULL);
    return echo;
}

void udp_echo_free(struct udp_echo *echo)
{
    if (echo == NULL)
        return;
    event_free(echo->readable);
    evutil_closesocket(echo->fd);
    admission_free(echo->admission);
    g_free(echo);
}

udp_echo_stats udp_echo_get_stats(const struct udp_echo *echo)
{
    return echo->stats;
}
