/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "packet.h"

#define PROTOCOL_TCP 6
#define TCP_LENGTH 20
#define HOPS 64
#define WINDOW 65535

static void put_u8(GByteArray *out, guint value)
{
    const guint8 byte = (guint8)value;
    g_byte_array_append(out, &byte, 1);
}

static void put_u16(GByteArray *out, guint value)
{
    put_u8(out, value >> 8);
    put_u8(out, value & 0xff);
}

static void put_u32(GByteArray *out, guint32 value)
{
    put_u16(out, value >> 16);
    put_u16(out, value & 0xffff);
}

static void put_address(GByteArray *out, const connection_plan *connection, const endpoint *end)
{
    g_byte_array_append(out, end->address, connection->ipv6 ? 16 : 4);
}

/* The sum of RFC 1071 over what follows `from`, going on from `sum`. */
static guint32 add_up(const GByteArray *bytes, guint from, guint32 sum)
{
    for (guint i = from; i < bytes->len; i++) {
        sum += (i - from) % 2 == 0 ? (guint32)bytes->data[i] << 8 : bytes->data[i];
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return sum;
}

static void store_sum(GByteArray *bytes, guint at, guint32 sum)
{
    bytes->data[at] = (guint8)(~sum >> 8);
    bytes->data[at + 1] = (guint8)~sum;
}

/* Both hosts have an address of the locally administered kind. */
static void put_ethernet(GByteArray *out, const connection_plan *connection, gboolean up)
{
    static const guint8 client[] = {2, 0, 0, 0, 0, 1};
    static const guint8 server[] = {2, 0, 0, 0, 0, 2};
    g_byte_array_append(out, up ? server : client, sizeof server);
    g_byte_array_append(out, up ? client : server, sizeof client);
    for (guint i = 0; i < connection->vlan_count; i++) {
        const gboolean outer = i + 1 < connection->vlan_count;
        put_u16(out, outer ? 0x88a8 : 0x8100);
        put_u16(out, connection->vlans[i]);
    }
    put_u16(out, connection->ipv6 ? 0x86dd : 0x0800);
}

static void put_ipv4(GByteArray *out, guint payload)
{
    const guint8 header[] = {0x45, 0, 0, 0, 0, 0, 0, 0, HOPS, PROTOCOL_TCP, 0, 0};
    const guint start = out->len;
    g_byte_array_append(out, header, sizeof header);
    out->data[start + 2] = (guint8)((payload + 20) >> 8);
    out->data[start + 3] = (guint8)(payload + 20);
}

static void put_ip(GByteArray *out, const connection_plan *connection, gboolean up, guint payload)
{
    const guint start = out->len;
    if (connection->ipv6) {
        put_u32(out, (guint32)6 << 28);
        put_u16(out, payload);
        put_u8(out, PROTOCOL_TCP);
        put_u8(out, HOPS);
    } else {
        put_ipv4(out, payload);
    }
    put_address(out, connection, up ? &connection->client : &connection->server);
    put_address(out, connection, up ? &connection->server : &connection->client);
    if (!connection->ipv6)
        store_sum(out, start + 10, add_up(out, start, 0));
}

/* The sum over the pseudo-header, which both versions of IP make of the same numbers. */
static guint32 pseudo_sum(const connection_plan *connection, guint length)
{
    GByteArray *pseudo = g_byte_array_new();
    put_address(pseudo, connection, &connection->client);
    put_address(pseudo, connection, &connection->server);
    put_u32(pseudo, length);
    put_u32(pseudo, PROTOCOL_TCP);
    const guint32 sum = add_up(pseudo, 0, 0);
    g_byte_array_unref(pseudo);
    return sum;
}

GByteArray *packet_build(const connection_plan *connection, gboolean up, const tcp_header *tcp,
                         const guint8 *p, gsize n)
{
    const guint length = TCP_LENGTH + (guint)n;
    GByteArray *out = g_byte_array_sized_new(length + 62);
    put_ethernet(out, connection, up);
    put_ip(out, connection, up, length);
    const guint start = out->len;
    put_u16(out, up ? connection->client.port : connection->server.port);
    put_u16(out, up ? connection->server.port : connection->client.port);
    put_u32(out, tcp->seq);
    put_u32(out, tcp->ack);
    put_u8(out, TCP_LENGTH / 4 << 4);
    put_u8(out, tcp->flags);
    put_u16(out, WINDOW);
    put_u32(out, 0); /* checksum, urgent pointer */
    g_byte_array_append(out, p, (guint)n);
    const guint32 sum = add_up(out, start, pseudo_sum(connection, length));
    store_sum(out, start + 16, tcp->bad_checksum ? ~sum : sum);
    return out;
}
