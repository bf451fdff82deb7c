/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Numbers that nobody can guess. */
#ifndef PLATO_SERVER_RANDOM_ID_H
#define PLATO_SERVER_RANDOM_ID_H

#include <stdint.h>

/* 63 random bits, 1 or more: fits into a signed integer. Ends the program if there are none. */
uint64_t random_id(void);

#endif
