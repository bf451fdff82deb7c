/* SPDX-License-Identifier: GPL-2.0-or-later */
/* plato-bench: load for a Plato server, and an account of it. --help lists options and exit codes.
 */
#include "bench/bench.h"

#include <locale.h>
#include <signal.h>
#include <sys/resource.h>

/* A socket for each connection. */
static void raise_file_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int main(int argc, char **argv)
{
    bench_options options;
    setlocale(LC_ALL, "");
    int code = bench_options_parse(argc, argv, &options);
    if (code < 0) {
        signal(SIGPIPE, SIG_IGN);
        raise_file_limit();
        code = bench_run(&options);
    }
    bench_options_clear(&options);
    libevent_global_shutdown();
    return code;
}
