/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/transport.h"

#include "common/address.h"
#include "plato/decoder.h"
#include "plato/ports.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

struct transport {
    struct event_base *base;
    transport_address address;
    transport_handler handler;
    void *user;
    struct bufferevent *stream; /* NULL = no connection */
    SSL *ssl;                   /* the stream's; NULL = plain */
    plato_decoder *decoder;
};

transport *transport_new(struct event_base *base, const transport_address *address,
                         const transport_handler *handler, void *user)
{
    transport *t = g_new0(transport, 1);
    t->base = base;
    t->address = *address;
    t->handler = *handler;
    t->user = user;
    if (plato_decoder_new(NULL, NULL, &t->decoder) != PLATO_OK)
        g_error("a decoder cannot be made");
    return t;
}

void transport_free(transport *t)
{
    transport_close(t);
    plato_decoder_free(t->decoder);
    g_free(t);
}

void transport_close(transport *t)
{
    if (t->stream != NULL)
        bufferevent_free(t->stream); /* and the SSL, and the socket */
    t->stream = NULL;
    t->ssl = NULL;
}

struct bufferevent *transport_stream(transport *t)
{
    return t->stream;
}

static void fall(transport *t, bool clean, bool hopeless, const char *why)
{
    transport_close(t);
    t->handler.down(t->user, clean, hopeless, why);
}

/* Hands out the frames in a piece of input; false when the decoder has found an error. */
static bool decode(transport *t, const struct evbuffer_iovec *piece)
{
    plato_event event;
    int rc = 0;
    plato_decoder_input(t->decoder, piece->iov_base, piece->iov_len);
    while (t->stream != NULL && (rc = plato_decoder_next(t->decoder, &event)) > 0) {
        if (event.kind == PLATO_EVENT_FRAME)
            t->handler.frame(t->user, event.frame);
    }
    return rc >= 0;
}

static void on_read(struct bufferevent *stream, void *user)
{
    transport *t = user;
    struct evbuffer *input = bufferevent_get_input(stream);
    struct evbuffer_iovec piece;
    bool good = true;
    while (good && t->stream != NULL && evbuffer_get_length(input) > 0 &&
           evbuffer_peek(input, -1, NULL, &piece, 1) > 0) {
        good = decode(t, &piece);
        if (t->stream != NULL)
            evbuffer_drain(input, piece.iov_len);
    }
    if (t->stream != NULL && !good) {
        char why[160];
        plato_error_format(plato_decoder_error(t->decoder), why, sizeof why);
        fall(t, false, false, why);
    } else if (t->stream != NULL) {
        t->handler.read(t->user);
    }
}

static void on_written(struct bufferevent *stream, void *user)
{
    transport *t = user;
    (void)stream;
    t->handler.written(t->user);
}

static void on_connected(transport *t)
{
    const int on = 1;
    setsockopt(bufferevent_getfd(t->stream), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (t->ssl != NULL && !tls_client_protocol_fits(t->ssl))
        fall(t, false, true, "the server speaks another protocol than " PLATO_ALPN);
    else
        t->handler.up(t->user);
}

/* A certificate that is not accepted will not be accepted the next time either. */
static bool is_distrusted(const transport *t)
{
    return t->ssl != NULL && SSL_get_verify_mode(t->ssl) != SSL_VERIFY_NONE &&
           SSL_get_verify_result(t->ssl) != X509_V_OK;
}

static void on_event(struct bufferevent *stream, short what, void *user)
{
    transport *t = user;
    if (what & BEV_EVENT_CONNECTED) {
        on_connected(t);
        return;
    }
    const int error = EVUTIL_SOCKET_ERROR();
    const unsigned long code = t->ssl != NULL ? bufferevent_get_openssl_error(stream) : 0;
    if (what & BEV_EVENT_EOF) {
        fall(t, true, false, "the server closed it");
    } else if (t->ssl != NULL && (code != 0 || error == 0)) {
        char *why = tls_client_error(t->ssl, code);
        fall(t, false, is_distrusted(t), why);
        g_free(why);
    } else {
        fall(t, false, false, evutil_socket_error_to_string(error));
    }
}

static struct bufferevent *new_stream(transport *t)
{
    if (t->address.tls == NULL)
        return bufferevent_socket_new(t->base, -1, BEV_OPT_CLOSE_ON_FREE);
    t->ssl = tls_client_connection(t->address.tls, t->address.server_name);
    if (t->ssl == NULL)
        return NULL;
    return bufferevent_openssl_socket_new(t->base, -1, t->ssl, BUFFEREVENT_SSL_CONNECTING,
                                          BEV_OPT_CLOSE_ON_FREE);
}

bool transport_connect(transport *t)
{
    struct sockaddr_storage address;
    const int length = address_make(t->address.host, t->address.port, &address);
    if (length == 0)
        return false;
    plato_decoder_reset(t->decoder, 0);
    t->stream = new_stream(t);
    if (t->stream == NULL) {
        fall(t, false, true, "TLS cannot be set up for this server");
        return true;
    }
    bufferevent_setcb(t->stream, on_read, on_written, on_event, t);
    bufferevent_enable(t->stream, EV_READ | EV_WRITE);
    if (bufferevent_socket_connect(t->stream, (struct sockaddr *)&address, length) != 0)
        fall(t, false, false, evutil_socket_error_to_string(EVUTIL_SOCKET_ERROR()));
    return true;
}

void transport_leave(transport *t)
{
    if (t->stream == NULL)
        return;
    if (t->ssl != NULL)
        SSL_shutdown(t->ssl);
    shutdown(bufferevent_getfd(t->stream), SHUT_WR);
}
