/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The statistics. Each has a file of its own, and listens to the taps alone.
 *
 *   rows.c            -z plato,rows         one row for each message, csv or ndjson
 *   stat_tree.c       -z plato,tree         what there is, how much of it, how fast
 *   stat_srt.c        -z plato,srt          response times by type
 *   stat_delivery.c   -z plato,delivery     from UP to PUSH, by session
 *   stat_sessions.c   -z plato,sessions     counters by session and direction
 *   stat_conns.c      -z plato,conns        connections
 *   stat_endpoints.c  -z conv,plato, -z endpoints,plato
 *   follow.c          -z follow,plato,MODE,STREAM
 *   stat_commands.c   -z latency,tree, -z textcmd,tree, -z bincmd,tree
 *   stat_rtt.c        -z latency,rtt
 *
 * docs/statistics.md shows them.
 */
#ifndef PLATO_REGISTRAR_H
#define PLATO_REGISTRAR_H

/* When protocols register, after Plato, whose id `proto` is; and when all of them are there. */
void plato_register_statistics(int proto);
void plato_handoff_statistics(void);

/* Each one's part of that. */
void plato_register_rows(void);
void plato_register_srt(int proto);
void plato_register_delivery(void);
void plato_register_sessions(void);
void plato_register_conns(void);
void plato_register_endpoints(int proto);
void plato_register_follow(int proto);
void plato_register_rtt(void);
void plato_handoff_tree(void);
void plato_handoff_command_trees(void);

#endif
