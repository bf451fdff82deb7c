/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest.h"

#include "common/encode.h"
#include "plato/wire.h"

#include <string.h>

#define SESSIONS 6 /* 100 and 101 are the clients' */

struct guest {
    world *world;
    uint64_t device_id;
    struct wire *wire;
    GByteArray *input;
    uint64_t next_client_id[SESSIONS]; /* as far as it knows */
    bool in[SESSIONS];
    bool logged_in;
    unsigned said;
};

static void wake(world *w, void *what, uint64_t number, GBytes *bytes);

struct guest *guest_new(world *w, uint64_t device_id)
{
    struct guest *guest = g_new0(struct guest, 1);
    guest->world = w;
    guest->device_id = device_id;
    guest->input = g_byte_array_new();
    world_at(w, w->now_ms + 5000, wake, guest, 0, NULL);
    return guest;
}

void guest_free(struct guest *guest)
{
    g_byte_array_unref(guest->input);
    g_free(guest);
}

/* Only the ids that are expected are of interest. */
static void on_ack(struct guest *guest, const plato_head_ack *ack)
{
    const uint64_t i = ack->session_id - 100;
    if (ack->type == PLATO_LOGIN && ack->code == PLATO_ACK_OK)
        guest->logged_in = true;
    if (ack->type != PLATO_UP || i >= SESSIONS)
        return;
    if (ack->code == PLATO_ACK_OUT_OF_ORDER)
        guest->next_client_id[i] = ack->client_id;
    else if (ack->code != PLATO_ACK_OK)
        world_fail(guest->world, "an UP of a guest is answered with code %u", ack->code);
}

static void on_received(void *user, GBytes *bytes)
{
    struct guest *guest = user;
    gsize n;
    plato_frame frame;
    plato_head head;
    const uint8_t *p = g_bytes_get_data(bytes, &n);
    size_t used = 0;
    g_byte_array_append(guest->input, p, (guint)n);
    while (plato_frame_parse(PLATO_FRAMING_HEADER, guest->input->data + used,
                             guest->input->len - used, NULL, &frame) == PLATO_OK) {
        if (plato_head_read_frame(&frame, &head, NULL) == PLATO_OK && head.msg_type == PLATO_ACK)
            on_ack(guest, &head.ack);
        used += (size_t)plato_frame_total(&frame);
    }
    if (used > 0)
        g_byte_array_remove_range(guest->input, 0, (guint)used);
}

static void on_cut_off(void *user)
{
    struct guest *guest = user;
    guest->wire = NULL;
    guest->logged_in = false;
    g_byte_array_set_size(guest->input, 0);
}

static const holder ends = {on_received, on_cut_off};

static void log_in(struct guest *guest)
{
    const plato_head head = {.msg_type = PLATO_LOGIN, .login = {guest->device_id}};
    uint8_t body[2 * SESSIONS];
    size_t n = 0;
    for (unsigned i = 0; i < SESSIONS; i++) {
        const bool was_in = guest->in[i];
        guest->in[i] = world_below(guest->world, 3) == 0;
        if (guest->in[i]) {
            body[n++] = 3 << 3;
            n += plato_varint_write(100 + i, body + n);
        }
        if (!guest->in[i] || !was_in)
            guest->next_client_id[i] = 1;
    }
    guest->wire = wire_new(guest->world, &ends, guest);
    if (guest->wire != NULL)
        wire_to_server(guest->wire, encode_frame(&head, (plato_span){body, n}));
}

/* Each text once: whether it was accepted is for others to find out. */
static void say(struct guest *guest, unsigned i)
{
    const plato_head head = {
        .msg_type = PLATO_UP,
        .up = {.client_id = guest->next_client_id[i]++, .session_id = 100 + i}};
    char *text = g_strdup_printf("guest %" G_GUINT64_FORMAT " session %u says %u", guest->device_id,
                                 100 + i, ++guest->said);
    wire_to_server(guest->wire,
                   encode_frame(&head, (plato_span){(const uint8_t *)text, strlen(text)}));
    g_free(text);
}

static void wake(world *w, void *what, uint64_t number, GBytes *bytes)
{
    struct guest *guest = what;
    (void)number;
    (void)bytes;
    if (w->now_ms >= w->quiet_ms)
        return;
    const unsigned i = (unsigned)world_below(w, SESSIONS);
    if (guest->wire == NULL)
        log_in(guest);
    else if (world_below(w, 10) == 0)
        wire_drop(guest->wire);
    else if (guest->logged_in && guest->in[i])
        say(guest, i);
    world_at(w, w->now_ms + 1 + world_below(w, 1000), wake, guest, 0, NULL);
}
