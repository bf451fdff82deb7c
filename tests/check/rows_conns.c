/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How a connection begins, what is answered on it, how it ends. */
#include "rows.h"

#define LOGIN "0 c1 login 1001; 1 c1 ack login conn=7;"

static const row table[] = {
    {"login_first", "ok", "", "0 c1 login 1; 1 c2 reconn 7; 2 c2 heartbeat"},
    {"login_first", "broken", "1", "0 c1 heartbeat"},
    {"login_first", "unsure", "1", "0 C1 heartbeat"},
    {"login_first", "unsure", "1", "0 c1 login 1 bad"},
    {"login_first", "unsure", "1", "0 c1 heartbeat gap"},
    {"login_first", "idle", "", "0 c1 push 4/1 a; 1 m1 heartbeat"},

    {"login_gate", "ok", "", LOGIN "2 c1 push 4/1 a; 3 c1 ack heartbeat"},
    {"login_gate", "broken", "1", "0 c1 push 4/1 a"},
    {"login_gate", "broken", "2", "0 c1 ack login code=7; 1 c1 ack heartbeat"},
    {"login_gate", "ok", "", "0 c1 ack up 4/1 code=6"},
    {"login_gate", "unsure", "1", "0 C1 push 4/1 a"},
    {"login_gate", "unsure", "1", "0 c1 push 4/1 a gap"},
    {"login_gate", "idle", "", "0 c1 login 1"},

    {"login_answered", "ok", "", LOGIN "9000 - -"},
    {"login_answered", "ok", "", "0 c1 login 1; 5000 - -"},
    {"login_answered", "broken", "1", "0 c1 login 1; 5001 - -"},
    {"login_answered", "broken", "2", "0 c1 login 1; 1 c1 login 1; 2 c1 ack login; 9000 - -"},
    {"login_answered", "ok", "", "0 c1 login 1; 1 c1 fin; 9000 - -"},
    {"login_answered", "unsure", "1", "0 c1 login 1; 1 c1 hole by=server; 9000 - -"},
    {"login_answered", "unsure", "1", "0 c1 login 1; 1 c1 push 4/1 bad; 9000 - -"},
    {"login_answered", "idle", "", "0 c1 heartbeat; 1 m1 login 1; 9000 - -"},

    {"reconn_answered", "ok", "", "0 c1 reconn 7; 1 c1 ack reconn; 9000 - -"},
    {"reconn_answered", "broken", "1", "0 c1 reconn 7; 1 c1 ack login; 9000 - -"},
    {"reconn_answered", "unsure", "1", "0 c1 reconn 7; 1 c1 hole by=server; 9000 - -"},
    {"reconn_answered", "idle", "", "0 c1 login 1; 9000 - -"},

    {"heartbeat_answered", "ok", "", "0 c1 heartbeat; 1 c1 ack heartbeat; 9000 - -"},
    {"heartbeat_answered", "broken", "1", "0 c1 heartbeat; 9000 - -"},
    {"heartbeat_answered(grace=10s)", "ok", "", "0 c1 heartbeat; 9000 - -"},
    {"heartbeat_answered", "unsure", "1", "0 c1 heartbeat; 1 c1 hole by=server; 9000 - -"},
    {"heartbeat_answered", "idle", "", "0 c1 login 1; 9000 - -"},

    {"sync_answered", "ok", "",
     "0 c1 sync 4/1-2; 1 c1 sync 5/1-2; 2 c1 ack sync 5; 3 c1 ack sync 4; 9000 - -"},
    {"sync_answered", "broken", "1", "0 c1 sync 4/1-2; 1 c1 sync 5/1-2; 2 c1 ack sync 5; 9000 - -"},
    {"sync_answered", "unsure", "1", "0 c1 sync 4/1-2; 1 c1 hole by=server; 9000 - -"},
    {"sync_answered", "idle", "", "0 c1 login 1; 9000 - -"},

    {"conn_ids", "ok", "", LOGIN "2 c2 login 1002; 3 c2 ack login conn=8"},
    {"conn_ids", "broken", "4", LOGIN "2 c2 login 1002; 3 c2 ack login conn=7"},
    {"conn_ids", "broken", "4", LOGIN "2 c2 reconn 9; 3 c2 ack reconn conn=7"},
    {"conn_ids", "idle", "", "0 c1 login 1; 1 c1 ack login conn=7 code=7"},

    {"state_kept", "ok", "", LOGIN "2 c1 fin; 3 c2 reconn 7; 4 c2 ack reconn conn=8"},
    {"state_kept", "broken", "5", LOGIN "2 c1 fin; 3 c2 reconn 7; 4 c2 ack reconn code=8"},
    {"state_kept(keep=1s)", "broken", "5",
     LOGIN "500 c1 fin; 501 c2 reconn 7; 1500 c2 ack reconn code=8"},
    {"state_kept(keep=1s)", "ok", "",
     LOGIN "500 c1 fin; 501 c2 reconn 7; 1501 c2 ack reconn code=8"},
    {"state_kept", "idle", "", "0 c2 reconn 7; 1 c2 ack reconn code=8"},
    {"state_kept", "idle", "",
     LOGIN "2 c3 login 1001; 3 c3 ack login conn=9; 4 c2 reconn 7; 5 c2 ack reconn code=8"},

    {"heartbeat", "ok", "", "0 c1 login 1; 45000 c1 heartbeat"},
    {"heartbeat", "broken", "2", "0 c1 login 1; 45001 c1 heartbeat"},
    {"heartbeat", "broken", "2", "0 m1 heartbeat; 45001 m1 heartbeat"},
    {"heartbeat(min=1s)", "broken", "3", "0 c1 heartbeat; 1000 c1 heartbeat; 1999 c1 heartbeat"},
    {"heartbeat", "unsure", "2", "0 c1 login 1; 45001 c1 heartbeat gap"},
    {"heartbeat", "unsure", "1", "0 c1 login 1; 45001 - -"},
    {"heartbeat", "idle", "", "0 c1 login 1; 1 c1 fin; 45001 - -"},

    {"silence_closed", "ok", "", "0 c1 login 1; 95000 c1 heartbeat"},
    {"silence_closed", "broken", "2", "0 c1 login 1; 95001 c1 heartbeat"},
    {"silence_closed", "broken", "1", "0 c1 login 1; 95001 c1 fin by=server"},
    {"silence_closed", "unsure", "2", "0 c1 login 1; 95001 c1 heartbeat gap"},
    {"silence_closed", "unsure", "1", "0 c1 login 1; 95001 - -"},
    {"silence_closed", "idle", "", "0 c1 login 1; 95000 c1 fin by=server"},

    {"close", "ok", "", "0 c1 ack login code=7; 2000 c1 fin by=server; 9000 - -"},
    {"close", "ok", "", "0 c1 ack login code=7; 2000 c1 rst; 9000 - -"},
    {"close", "broken", "2", "0 c1 ack login code=7; 1 c1 push 4/1 a; 2 c1 fin by=server"},
    {"close", "broken", "1", "0 c1 ack up 4/1 code=1; 2001 - -"},
    {"close", "broken", "1", "0 c1 ack up 4/1 code=4; 2001 c1 fin by=server"},
    {"close(within=3s)", "ok", "", "0 c1 ack up 4/1 code=5; 2001 c1 fin by=server"},
    {"close", "unsure", "1", "0 c1 ack up 4/1 code=3; 2000 - -"},
    {"close", "unsure", "1", "0 C1 ack login code=7; 2001 - -"},
    {"close", "idle", "", "0 c1 ack login code=8; 2001 - -"},

    {"ack_pairs", "ok", "",
     LOGIN "2 c1 sync 4/1-2; 3 c1 ack sync 4; 4 c1 up 4/1 a; 5 c1 ack up 4/1 msg=1;"
           "6 c1 push 4/2 a; 7 c1 ack push 4/2; 8 c1 heartbeat; 9 c1 ack heartbeat"},
    {"ack_pairs", "broken", "1", "0 c1 ack login"},
    {"ack_pairs", "broken", "2", "0 c1 heartbeat; 1 c1 ack reconn"},
    {"ack_pairs", "broken", "2", "0 c1 sync 4/1-2; 1 c1 ack sync 5"},
    {"ack_pairs", "broken", "2", "0 c1 up 4/1 a; 1 c1 ack up 4/2 msg=1"},
    {"ack_pairs", "broken", "2", "0 c1 push 4/1 a; 1 c1 ack push 4/2"},
    {"ack_pairs", "broken", "1", "0 c1 ack type77"},
    {"ack_pairs", "ok", "", "0 c1 ack up 4/2 code=10; 1 c1 ack up 4/2 code=11"},
    {"ack_pairs", "unsure", "1", "0 C1 ack heartbeat"},
    {"ack_pairs", "unsure", "2", "0 c1 heartbeat bad; 1 c1 ack heartbeat"},
    {"ack_pairs", "unsure", "2", "0 c1 push 4/1 bad; 1 c1 ack push 4/1"},
    {"ack_pairs", "idle", "", "0 c1 heartbeat; 1 c1 ack login code=4; 2 c1 ack login code=12"},
};
const rows rows_conns = {table, sizeof table / sizeof table[0]};
