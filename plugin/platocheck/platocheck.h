/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * platocheck.so: feeds the check library from the taps of plato.so, for tshark -z plato,check.
 *
 *   plugin.c   the tap, for Wireshark's plugin loader
 *   run.c      -z plato,check: the taps, the files, the exit code
 *   records.c  from the taps' records to the library's
 *
 * It reads the records of plato.so's taps and calls nothing of that plugin: Wireshark hides each
 * plugin's symbols from the others.
 */
#ifndef PLATOCHECK_PLATOCHECK_H
#define PLATOCHECK_PLATOCHECK_H

/* -z plato,check */
void platocheck_register(void);

#endif
