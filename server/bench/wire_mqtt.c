/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The load speaks MQTT 3.1.1, as much of it as comparing a broker needs: a sender publishes to its
 * session's topic with QoS 1 or 2, the receivers subscribe to it. No session is resumed. A packet:
 *
 *     offset  bytes
 *          0      1  type in the upper half, flags in the lower
 *          1   1..4  length of the rest, 7 bits in a byte, the lowest first
 *          .      .  the rest; 16-bit numbers are big-endian
 */
#include "bench/load.h"
#include "bench/message.h"

#include <glib.h>
#include <string.h>

enum {
    CONNECT = 0x10,
    CONNACK = 0x20,
    PUBLISH = 0x30, /* | QoS << 1 */
    PUBACK = 0x40,
    PUBREC = 0x50,
    PUBREL = 0x62,
    PUBCOMP = 0x70,
    SUBSCRIBE = 0x82,
    SUBACK = 0x90,
    PINGREQ = 0xc0,
};

#define KEEP_ALIVE_S 120
#define PACKET_IDS 65535u /* 1 ... 65535 */
#define LONGEST_PACKET (1u << 20)

typedef struct mqtt_state {
    GByteArray *input; /* a packet that is not yet whole */
    uint8_t *message;  /* room for one, as it is sent */
} mqtt_state;

static void init(device *d)
{
    mqtt_state *state = g_new0(mqtt_state, 1);
    state->input = g_byte_array_new();
    state->message = g_malloc((gsize)d->load->options->size);
    d->wire = state;
}

static void clear(device *d)
{
    mqtt_state *state = d->wire;
    g_byte_array_unref(state->input);
    g_free(state->message);
    g_free(state);
}

static void put_begin(device *d, uint8_t type, size_t length)
{
    uint8_t head[5] = {type};
    size_t n = 1;
    do {
        head[n] = (uint8_t)(length % 128 + (length >= 128 ? 128 : 0));
        length /= 128;
        n++;
    } while (length > 0);
    stream_put(d->stream, head, n);
}

static void put_number(device *d, unsigned number)
{
    const uint8_t bytes[2] = {(uint8_t)(number >> 8), (uint8_t)number};
    stream_put(d->stream, bytes, 2);
}

static void put_text(device *d, const char *text)
{
    put_number(d, (unsigned)strlen(text));
    stream_put(d->stream, text, strlen(text));
}

static void put_receipt(device *d, uint8_t type, unsigned packet_id)
{
    put_begin(d, type, 2);
    put_number(d, packet_id);
}

static size_t topic(const device *d, char text[40])
{
    return (size_t)g_snprintf(text, 40, "plato-bench/%" G_GUINT64_FORMAT, d->session_id);
}

static void greet(device *d)
{
    char client[32];
    const uint8_t version_and_flags[] = {4, 2}; /* 3.1.1, clean session */
    g_snprintf(client, sizeof client, "b%" G_GUINT64_FORMAT, d->device_id);
    put_begin(d, CONNECT, 6 + 2 + 2 + 2 + strlen(client));
    put_text(d, "MQTT");
    stream_put(d->stream, version_and_flags, 2);
    put_number(d, KEEP_ALIVE_S);
    put_text(d, client);
}

static void subscribe(device *d)
{
    char text[40];
    const uint8_t qos = (uint8_t)d->load->options->mqtt_qos;
    put_begin(d, SUBSCRIBE, 2 + 2 + topic(d, text) + 1);
    put_number(d, 1);
    put_text(d, text);
    stream_put(d->stream, &qos, 1);
}

static unsigned packet_id_of(uint64_t number)
{
    return (unsigned)((number - 1) % PACKET_IDS) + 1;
}

static void say(device *d, uint64_t number, uint64_t due_ns)
{
    char text[40];
    const mqtt_state *state = d->wire;
    const size_t n = (size_t)d->load->options->size;
    const stamp s = {number, due_ns, d->place};
    message_write(state->message, n, &s);
    put_begin(d, (uint8_t)(PUBLISH | d->load->options->mqtt_qos << 1), 2 + topic(d, text) + 2 + n);
    put_text(d, text);
    put_number(d, packet_id_of(number));
    stream_put(d->stream, state->message, n);
}

/* The message under way that has this packet id; 0 if there is none. */
static uint64_t number_of(const device *d, unsigned packet_id)
{
    for (uint64_t number = d->first; number < d->next; number++)
        if (packet_id_of(number) == packet_id)
            return number;
    return 0;
}

static bool on_publish(device *d, uint8_t type, const uint8_t *p, size_t n)
{
    const size_t topic_length = n >= 2 ? (size_t)p[0] << 8 | p[1] : 0;
    const unsigned qos = type >> 1 & 3;
    const size_t skip = 2 + topic_length + (qos > 0 ? 2 : 0);
    if (n < skip)
        return false;
    device_got(d, 0, (plato_span){p + skip, n - skip});
    if (qos > 0)
        put_receipt(d, qos == 1 ? PUBACK : PUBREC, (unsigned)p[skip - 2] << 8 | p[skip - 1]);
    return true;
}

static bool on_receipt(device *d, uint8_t type, const uint8_t *p, size_t n)
{
    const unsigned packet_id = n >= 2 ? (unsigned)p[0] << 8 | p[1] : 0;
    const uint64_t number = number_of(d, packet_id);
    if (type == PUBREC)
        put_receipt(d, PUBREL, packet_id);
    else if (type == PUBREL)
        put_receipt(d, PUBCOMP, packet_id);
    else if (number != 0)
        device_acknowledged(d, number, 0);
    return packet_id != 0;
}

/* False if it makes no sense. */
static bool on_packet(device *d, uint8_t type, const uint8_t *p, size_t n)
{
    if ((type & 0xf0) == PUBLISH)
        return on_publish(d, type, p, n);
    switch (type) {
    case CONNACK:
        if (n < 2 || p[1] != 0)
            return false;
        if (d->sends)
            device_logged_in(d, true);
        else
            subscribe(d);
        return true;
    case SUBACK:
        if (n < 3 || p[2] > 2)
            return false;
        device_logged_in(d, true);
        return true;
    case PUBACK:
    case PUBREC:
    case PUBREL:
    case PUBCOMP:
        return on_receipt(d, type, p, n);
    default:
        return true;
    }
}

/* Bytes of the packet at `p`; 0 = not yet known; more than LONGEST_PACKET if it is none. */
static size_t packet_length(const uint8_t *p, size_t n, size_t *head)
{
    size_t rest = 0;
    for (size_t i = 1; i < n && i < 5; i++) {
        rest |= (size_t)(p[i] & 127) << (7 * (i - 1));
        if (p[i] < 128) {
            *head = i + 1;
            return *head + rest;
        }
    }
    return n >= 5 ? SIZE_MAX : 0;
}

static void bytes(device *d, const uint8_t *p, size_t n)
{
    GByteArray *input = ((mqtt_state *)d->wire)->input;
    size_t at = 0, head = 0;
    bool ok = true;
    g_byte_array_append(input, p, (guint)n);
    while (ok && d->stream != NULL) {
        const uint8_t *packet = input->data + at;
        const size_t length = packet_length(packet, input->len - at, &head);
        if (length == 0 || (length <= LONGEST_PACKET && length > input->len - at))
            break;
        ok = length <= LONGEST_PACKET && on_packet(d, packet[0], packet + head, length - head);
        at += length;
    }
    if (d->stream == NULL)
        return;
    if (ok) {
        g_byte_array_remove_range(input, 0, (guint)at);
    } else {
        d->load->counts.broken++;
        device_drop(d);
    }
}

static void confirm(device *d)
{
    (void)d; /* each message has its receipt */
}

static void ask(device *d, uint64_t first_id, uint64_t last_id)
{
    (void)d;
    (void)first_id;
    (void)last_id;
}

static void heartbeat(device *d)
{
    put_begin(d, PINGREQ, 0);
}

static void lost(device *d)
{
    g_byte_array_set_size(((mqtt_state *)d->wire)->input, 0);
}

const wire wire_mqtt = {.name = "mqtt",
                        .init = init,
                        .clear = clear,
                        .greet = greet,
                        .bytes = bytes,
                        .say = say,
                        .confirm = confirm,
                        .ask = ask,
                        .heartbeat = heartbeat,
                        .lost = lost};
