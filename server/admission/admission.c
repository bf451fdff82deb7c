/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "admission/admission.h"

#include <glib.h>
#include <netinet/in.h>
#include <string.h>

/* Idle addresses to look at on each admission_enter(): more than the one that a guest can add. */
#define SWEEP 4

typedef struct address_key {
    uint64_t bits;
    unsigned family;
} address_key;

struct place {
    address_key key;
    unsigned guests;
    unsigned unproven;
    bucket pace;
    GList idle_link; /* in admission.idle while there are no guests */
};

struct guest {
    struct place *place;
    bool proven;
    bucket pace;
    bucket patience;
};

struct admission {
    admission_config config;
    admission_stats stats;
    GTree *places; /* address_key -> struct place */
    GQueue idle;   /* struct place without guests, the longest first; not owned */
};

static const struct {
    const char *name, *text;
} answers[] = {
    [ADMISSION_YES] = {"none", "welcome"},
    [ADMISSION_FULL] = {"connections", "the server takes no more connections"},
    [ADMISSION_ADDRESS_FULL] = {"per_address",
                                "the server takes no more connections from this address"},
    [ADMISSION_UNPROVEN_FULL] = {"unauthenticated", "too many connections have not logged in yet"},
};

const char *admission_answer_text(admission_answer answer)
{
    return answers[answer].text;
}

const char *admission_answer_name(admission_answer answer)
{
    return answers[answer].name;
}

void admission_config_init(admission_config *config)
{
    *config = (admission_config){
        .max_guests = 1024,
        .max_per_address = 256,
        .max_unproven = 256,
        .max_unproven_per_address = 128,
        .max_idle_addresses = 16384,
        .guest_rate = {1000, 2000},
        .address_rate = {10000, 20000},
        .patience = {1, 64},
    };
}

static uint64_t big_endian(const uint8_t *p, size_t n)
{
    uint64_t value = 0;
    for (size_t i = 0; i < n; i++)
        value = value << 8 | p[i];
    return value;
}

/* An IPv4 address that has come through an IPv6 socket is still that IPv4 address. */
static address_key key_of(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
        return (address_key){ntohl(v4->sin_addr.s_addr), AF_INET};
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
        const uint8_t *p = v6->sin6_addr.s6_addr;
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            return (address_key){big_endian(p + 12, 4), AF_INET};
        return (address_key){big_endian(p, 8), AF_INET6};
    }
    return (address_key){0, AF_UNSPEC};
}

static gint compare_keys(gconstpointer a, gconstpointer b, gpointer user)
{
    const address_key *x = a, *y = b;
    (void)user;
    if (x->family != y->family)
        return x->family < y->family ? -1 : 1;
    return (x->bits > y->bits) - (x->bits < y->bits);
}

struct admission *admission_new(const admission_config *config)
{
    struct admission *admission = g_new0(struct admission, 1);
    admission->config = *config;
    admission->places = g_tree_new_full(compare_keys, NULL, NULL, g_free);
    g_queue_init(&admission->idle);
    return admission;
}

void admission_free(struct admission *admission)
{
    if (admission == NULL)
        return;
    g_tree_unref(admission->places);
    g_free(admission);
}

static void forget(struct admission *admission, struct place *place)
{
    g_queue_unlink(&admission->idle, &place->idle_link);
    g_tree_remove(admission->places, &place->key);
    admission->stats.addresses--;
}

/* Forgets addresses that do not differ from new ones, and those beyond the limit. */
static void sweep(struct admission *admission, uint64_t now_ms)
{
    struct place *place;
    for (unsigned n = 0; (place = g_queue_peek_head(&admission->idle)) != NULL; n++) {
        const bool over = admission->idle.length > admission->config.max_idle_addresses;
        if (!over &&
            (n == SWEEP || !bucket_is_full(&place->pace, &admission->config.address_rate, now_ms)))
            return;
        forget(admission, place);
    }
}

static struct place *place_for(struct admission *admission, address_key key, uint64_t now_ms)
{
    struct place *place = g_tree_lookup(admission->places, &key);
    if (place == NULL) {
        place = g_new0(struct place, 1);
        place->key = key;
        place->idle_link.data = place;
        bucket_init(&place->pace, &admission->config.address_rate, now_ms);
        g_tree_insert(admission->places, &place->key, place);
        admission->stats.addresses++;
    } else if (place->guests == 0) {
        g_queue_unlink(&admission->idle, &place->idle_link);
    }
    return place;
}

/* Asks without adding the address to the table: a refused peer takes no memory. */
static admission_answer answer_for(struct admission *admission, const address_key *key)
{
    const admission_config *config = &admission->config;
    const struct place *place = g_tree_lookup(admission->places, key);
    if (admission->stats.guests >= config->max_guests)
        return ADMISSION_FULL;
    if ((place != NULL ? place->guests : 0) >= config->max_per_address)
        return ADMISSION_ADDRESS_FULL;
    if (admission->stats.unproven >= config->max_unproven ||
        (place != NULL ? place->unproven : 0) >= config->max_unproven_per_address)
        return ADMISSION_UNPROVEN_FULL;
    return ADMISSION_YES;
}

admission_answer admission_enter(struct admission *admission, const struct sockaddr *address,
                                 uint64_t now_ms, struct guest **guest)
{
    const address_key key = key_of(address);
    *guest = NULL;
    sweep(admission, now_ms);
    const admission_answer answer = answer_for(admission, &key);
    if (answer != ADMISSION_YES) {
        admission->stats.refused[answer]++;
        return answer;
    }
    *guest = g_new0(struct guest, 1);
    (*guest)->place = place_for(admission, key, now_ms);
    (*guest)->place->guests++;
    (*guest)->place->unproven++;
    bucket_init(&(*guest)->pace, &admission->config.guest_rate, now_ms);
    bucket_init(&(*guest)->patience, &admission->config.patience, now_ms);
    admission->stats.guests++;
    admission->stats.unproven++;
    return ADMISSION_YES;
}

void admission_prove(struct admission *admission, struct guest *guest)
{
    if (!guest->proven) {
        admission->stats.unproven--;
        guest->place->unproven--;
    }
    guest->proven = true;
}

admission_verdict admission_pace(struct admission *admission, struct guest *guest, uint64_t now_ms)
{
    const admission_config *config = &admission->config;
    /* the guest's own bucket first: what it refuses does not cost the others at its address */
    if (bucket_take(&guest->pace, &config->guest_rate, now_ms) &&
        bucket_take(&guest->place->pace, &config->address_rate, now_ms))
        return ADMISSION_GO_ON;
    admission->stats.too_fast++;
    return bucket_take(&guest->patience, &config->patience, now_ms) ? ADMISSION_TOO_FAST
                                                                    : ADMISSION_ENOUGH;
}

void admission_leave(struct admission *admission, struct guest *guest, uint64_t now_ms)
{
    struct place *place = guest->place;
    admission_prove(admission, guest);
    admission->stats.guests--;
    if (--place->guests == 0) {
        g_queue_push_tail_link(&admission->idle, &place->idle_link);
        sweep(admission, now_ms);
    }
    g_free(guest);
}

admission_stats admission_get_stats(const struct admission *admission)
{
    return admission->stats;
}
