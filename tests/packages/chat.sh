#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Run inside the fresh system: the server as its unit starts it, without systemd; two clients in the
# session that is named; the end. Each run has a session of its own: the server keeps what was said,
# and a client that begins anew repeats itself.
set -eu

session=$1
# nothing of an earlier run
: >/tmp/server.out
: >/tmp/second.out

unit=/usr/lib/systemd/system/plato-server.service
value() { sed -n "s/^$1=//p" "$unit"; }
file=$(value EnvironmentFile)
# shellcheck disable=SC2034 # ExecStart has it
PLATO_OPTIONS=$(sed -n 's/^PLATO_OPTIONS=//p' "${file#-}")
user=$(value User)
state=/var/lib/$(value StateDirectory)
cd "$state"
# The words of ExecStart, $PLATO_OPTIONS among them.
eval "set -- $(value ExecStart)"
setpriv --reuid="$user" --regid="$(value Group)" --clear-groups env -i PATH=/usr/bin \
    "STATE_DIRECTORY=$state" "$@" >/tmp/server.out 2>/tmp/server.log &
server=$!
tries=0
until grep -q '^listening' /tmp/server.out; do
    tries=$((tries + 1))
    if [ $tries -gt 100 ] || ! kill -0 $server; then
        cat /tmp/server.out /tmp/server.log
        exit 1
    fi
    sleep 0.1
done
cat /tmp/server.out
# systemctl reload
MAINPID=$server
export MAINPID
eval "set -- $(value ExecReload | sed 's/[$][$]/$/')"
"$@"

printf '/expect 1\n' | plato-client --timeout 30000 --device 2 --session "$session" >/tmp/second.out &
second=$!
until grep -q connected /tmp/second.out || ! kill -0 $second 2>/dev/null; do sleep 0.1; done
printf 'first-words\n' | plato-client --timeout 30000 --device 1 --session "$session"
wait $second
cat /tmp/second.out
# The ports for latency and commands, where there are any.
if grep -q 'for latency' /tmp/server.out; then
    plato-ping 127.0.0.1 --count 1
fi
if grep -q 'for text with TLS' /tmp/server.out; then
    plato-cmd 127.0.0.1 --tls --insecure TIME
fi
kill $server
wait $server
