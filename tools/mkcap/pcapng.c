/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng, as draft-ietf-opsawg-pcapng has it: one section, one Ethernet interface, a block for each
 * packet. libpcap does not write this format; nothing that differs from run to run is in it.
 */
#include "capture_file.h"
#include "play.h"

#include <string.h>

enum {
    BLOCK_INTERFACE = 1,
    BLOCK_PACKET = 6,
    OPTION_END = 0,
    OPTION_COMMENT = 1,
    OPTION_TIME_RESOLUTION = 9,
    LINK_ETHERNET = 1,
    NANOSECONDS = 9, /* the resolution 10^-9 s */
};
#define BLOCK_SECTION 0x0a0d0d0au
#define BYTE_ORDER_MAGIC 0x1a2b3c4du
#define COMMENT_MAX 65535u

static void put_u16(GByteArray *block, guint value)
{
    const guint8 bytes[] = {(guint8)value, (guint8)(value >> 8)};
    g_byte_array_append(block, bytes, sizeof bytes);
}

static void put_u32(GByteArray *block, guint32 value)
{
    put_u16(block, value & 0xffff);
    put_u16(block, value >> 16);
}

static void put_padded(GByteArray *block, const guint8 *p, guint n)
{
    static const guint8 zeros[4] = {0};
    g_byte_array_append(block, p, n);
    g_byte_array_append(block, zeros, (4 - n % 4) % 4);
}

static void put_option(GByteArray *block, guint code, const guint8 *p, guint n)
{
    put_u16(block, code);
    put_u16(block, n);
    put_padded(block, p, n);
}

static void put_comment(GByteArray *block, const char *comment)
{
    if (comment == NULL)
        return;
    put_option(block, OPTION_COMMENT, (const guint8 *)comment,
               (guint)MIN(strlen(comment), COMMENT_MAX));
    put_option(block, OPTION_END, NULL, 0);
}

/* A block is its type, its length, what is in it, and its length again. Empties `body`. */
static gboolean write_block(FILE *out, guint32 type, GByteArray *body)
{
    GByteArray *frame = g_byte_array_new();
    put_u32(frame, type);
    put_u32(frame, body->len + 12);
    gboolean ok = fwrite(frame->data, 1, frame->len, out) == frame->len &&
                  fwrite(body->data, 1, body->len, out) == body->len;
    g_byte_array_set_size(frame, 0);
    put_u32(frame, body->len + 12);
    ok = fwrite(frame->data, 1, frame->len, out) == frame->len && ok;
    g_byte_array_unref(frame);
    g_byte_array_set_size(body, 0);
    return ok;
}

static gboolean write_section(FILE *out, GByteArray *block, const char *comment)
{
    put_u32(block, BYTE_ORDER_MAGIC);
    put_u16(block, 1); /* version 1.0 */
    put_u16(block, 0);
    put_u32(block, G_MAXUINT32); /* the section's length is not given */
    put_u32(block, G_MAXUINT32);
    put_comment(block, comment);
    return write_block(out, BLOCK_SECTION, block);
}

static gboolean write_interface(FILE *out, GByteArray *block, guint32 snaplen)
{
    const guint8 resolution = NANOSECONDS;
    put_u16(block, LINK_ETHERNET);
    put_u16(block, 0);
    put_u32(block, snaplen);
    put_option(block, OPTION_TIME_RESOLUTION, &resolution, 1);
    put_option(block, OPTION_END, NULL, 0);
    return write_block(out, BLOCK_INTERFACE, block);
}

static gboolean write_packet(FILE *out, GByteArray *block, const captured_packet *packet)
{
    put_u32(block, 0); /* the interface */
    put_u32(block, (guint32)(packet->ns >> 32));
    put_u32(block, (guint32)packet->ns);
    put_u32(block, packet->captured);
    put_u32(block, packet->bytes->len);
    put_padded(block, packet->bytes->data, packet->captured);
    put_comment(block, packet->comment);
    return write_block(out, BLOCK_PACKET, block);
}

gboolean pcapng_write(FILE *out, const GPtrArray *packets, guint32 snaplen, const char *comment)
{
    GByteArray *block = g_byte_array_new();
    gboolean ok = write_section(out, block, comment) && write_interface(out, block, snaplen);
    for (guint i = 0; ok && i < packets->len; i++)
        ok = write_packet(out, block, g_ptr_array_index(packets, i));
    g_byte_array_unref(block);
    return ok;
}
