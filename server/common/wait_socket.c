/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wait_socket.h"

#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <time.h>
#include <unistd.h>

/* With a flag: a signal that comes just before a wait is seen so late at most. */
#define SLICE_MS 200

int64_t wait_now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static const volatile sig_atomic_t *stop_flag;

void wait_stop_flag(const volatile sig_atomic_t *flag)
{
    stop_flag = flag;
}

bool wait_ready(int fd, short events, int64_t deadline_us)
{
    const int64_t most_ms = stop_flag != NULL ? SLICE_MS : INT_MAX;
    struct pollfd one = {.fd = fd, .events = events};
    int64_t left_ms;
    do {
        const int64_t left_us = deadline_us - wait_now_us();
        left_ms = left_us > 0 ? (left_us + 999) / 1000 : 0;
        if (stop_flag != NULL && *stop_flag != 0) {
            errno = EINTR;
            return false;
        }
        const int ready = poll(&one, 1, (int)(left_ms < most_ms ? left_ms : most_ms));
        if (ready != 0)
            return ready > 0;
    } while (left_ms > most_ms);
    errno = ETIMEDOUT;
    return false;
}

static bool connect_to(int fd, const struct addrinfo *to, int64_t deadline_us)
{
    int error = 0;
    socklen_t length = sizeof error;
    if (connect(fd, to->ai_addr, to->ai_addrlen) == 0)
        return true;
    if (errno != EINPROGRESS || !wait_ready(fd, POLLOUT, deadline_us))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 && error != 0)
        errno = error;
    return error == 0;
}

/* The first address that answers; errno is that of the last one. */
static int open_any(const struct addrinfo *each, int64_t deadline_us, char address[ADDRESS_TEXT])
{
    const int on = 1;
    for (; each != NULL; each = each->ai_next) {
        const int fd = socket(each->ai_family, each->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        address_format(each->ai_addr, address);
        if (fd < 0)
            continue;
        if (connect_to(fd, each, deadline_us)) {
            if (each->ai_socktype == SOCK_STREAM)
                setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
            return fd;
        }
        const int why = errno;
        close(fd);
        errno = why;
    }
    return -1;
}

int wait_open(const char *host, int port, int type, int64_t deadline_us, char address[ADDRESS_TEXT],
              char **error)
{
    const struct addrinfo hints = {.ai_socktype = type};
    struct addrinfo *found;
    char service[16];
    g_snprintf(service, sizeof service, "%d", port);
    const int code = getaddrinfo(host, service, &hints, &found);
    if (code != 0) {
        *error = g_strdup_printf("%s: %s", host, gai_strerror(code));
        errno = EHOSTUNREACH;
        return -1;
    }
    const int fd = open_any(found, deadline_us, address);
    const int why = errno;
    freeaddrinfo(found);
    if (fd < 0)
        *error = g_strdup_printf("cannot connect to %s: %s", address, g_strerror(why));
    errno = why;
    return fd;
}

bool wait_write(int fd, const void *p, size_t n, int64_t deadline_us)
{
    const uint8_t *at = p;
    while (n > 0) {
        const ssize_t written = send(fd, at, n, MSG_NOSIGNAL);
        if (written > 0) {
            at += written;
            n -= (size_t)written;
        } else if (errno != EAGAIN || !wait_ready(fd, POLLOUT, deadline_us)) {
            return false;
        }
    }
    return true;
}

ssize_t wait_read(int fd, void *p, size_t n, int64_t deadline_us)
{
    for (;;) {
        const ssize_t got = recv(fd, p, n, 0);
        if (got >= 0 || errno != EAGAIN || !wait_ready(fd, POLLIN, deadline_us))
            return got >= 0 ? got : -1;
    }
}
