/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The least that a user of libplato does: write a frame, read it back. */
#include <plato/plato.h>
#include <plato/schema/plato.pb-c.h>
#include <stdio.h>

int main(void)
{
    const plato_frame up = {.framing = PLATO_FRAMING_HEADER,
                            .version = PLATO_VERSION_ON_WIRE,
                            .msg_type = PLATO_UP,
                            .body = {(const uint8_t *)"hi", 2}};
    uint8_t wire[64];
    size_t n;
    plato_frame back;
    if (plato_frame_encode(&up, wire, sizeof wire, &n) != PLATO_OK ||
        plato_frame_parse(PLATO_FRAMING_HEADER, wire, n, NULL, &back) != PLATO_OK ||
        !plato_frame_check_crc(&back, (plato_crc_kind){PLATO_CRC_FRAME, PLATO_CRC_IEEE}))
        return 1;
    return printf("%s of %zu bytes, libplato %s, %s\n", plato_msg_type_name(back.msg_type), n,
                  plato_version(), plato__up_head__descriptor.name) < 0;
}
