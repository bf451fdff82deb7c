/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short texts put together by hand: for every frame, printf costs more than all the rest. */
#ifndef PLATO_LABEL_H
#define PLATO_LABEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define LABEL_MAX 512u /* bytes, NUL included; what is longer is cut */

/* Begin with `label l; label_begin(&l);`. The text is terminated at all times. */
typedef struct label {
    size_t n;
    char text[LABEL_MAX];
} label;

static inline void label_begin(label *to)
{
    to->n = 0;
    to->text[0] = '\0';
}

static inline void label_add_bytes(label *to, const char *p, size_t n)
{
    const size_t room = sizeof to->text - 1 - to->n;
    if (n > room)
        n = room;
    if (n > 0) /* an empty span may point nowhere */
        memcpy(to->text + to->n, p, n);
    to->n += n;
    to->text[to->n] = '\0';
}

static inline void label_add(label *to, const char *text)
{
    label_add_bytes(to, text, strlen(text));
}

static inline void label_add_number(label *to, uint64_t number)
{
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    label_add_bytes(to, digits + at, sizeof digits - at);
}

#endif
