/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "capture_file.h"
#include "play.h"

#include <errno.h>
#include <pcap/pcap.h>
#include <unistd.h>

static void dump(pcap_dumper_t *dumper, const captured_packet *packet)
{
    /* with this precision the field of microseconds holds nanoseconds */
    const struct pcap_pkthdr header = {
        .ts = {(time_t)(packet->ns / 1000000000), (suseconds_t)(packet->ns % 1000000000)},
        .caplen = packet->captured,
        .len = packet->bytes->len};
    pcap_dump((u_char *)dumper, &header, packet->bytes->data);
}

/* libpcap closes the stream that it writes to, so it gets one of its own. */
static pcap_dumper_t *open_dumper(pcap_t *pcap, FILE *out)
{
    const int fd = dup(fileno(out));
    FILE *stream = fd >= 0 ? fdopen(fd, "wb") : NULL;
    pcap_dumper_t *dumper = stream != NULL ? pcap_dump_fopen(pcap, stream) : NULL;
    if (dumper == NULL && stream != NULL)
        fclose(stream);
    else if (stream == NULL && fd >= 0)
        close(fd);
    return dumper;
}

gboolean pcap_write(FILE *out, const GPtrArray *packets, guint32 snaplen)
{
    pcap_t *pcap =
        pcap_open_dead_with_tstamp_precision(DLT_EN10MB, (int)snaplen, PCAP_TSTAMP_PRECISION_NANO);
    pcap_dumper_t *dumper = pcap != NULL ? open_dumper(pcap, out) : NULL;
    gboolean ok = dumper != NULL;
    for (guint i = 0; ok && i < packets->len; i++)
        dump(dumper, g_ptr_array_index(packets, i));
    if (dumper != NULL) {
        ok = pcap_dump_flush(dumper) == 0 && ferror(pcap_dump_file(dumper)) == 0;
        pcap_dump_close(dumper);
    } else if (errno == 0) {
        errno = EIO;
    }
    if (pcap != NULL)
        pcap_close(pcap);
    return ok;
}
