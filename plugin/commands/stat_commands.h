/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Statistics of the latency and command protocols; they read the records of talk.h. */
#ifndef PLATO_STAT_TALK_H
#define PLATO_STAT_TALK_H

/* -z NAME,tree for the tap of that name, in the menus below `title`. */
void plato_handoff_talk_tree(const char *name, const char *title);

/* -z latency,rtt */
void plato_register_rtt(void);

#endif
