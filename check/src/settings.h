/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef PLATO_CHECK_SETTINGS_H
#define PLATO_CHECK_SETTINGS_H

#include "check.h"

check_settings *check_settings_new(void);

/* When everything was named: adds the rules that are on by default, takes out those that are off.
 */
void check_settings_complete(check_settings *settings);

#endif
