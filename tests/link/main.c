/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linking it is the test. */
int main(void)
{
    return 0;
}
