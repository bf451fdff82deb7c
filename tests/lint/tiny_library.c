/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A library that tiny_library.so needs and that is in no folder where libraries are looked for. */
int tiny_library_answer(void);

int tiny_library_answer(void)
{
    return 42;
}
