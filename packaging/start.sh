#!/usr/bin/env bash
# Starts JetStream from a checkout.
#
#     bash packaging/start.sh                where there is a screen: the window, with a node behind it
#     bash packaging/start.sh --terminal     a first transfer on this machine, in the terminal; so without a screen, too
#
# The first transfer starts a node of its own, sends it a folder over its own encrypted link, compares what arrived, and
# stops the node. Everything that it makes is in .state in the checkout. Installs into .venv there; both may be deleted.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

if [ "${1:-}" != --terminal ] && [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; then
    set_up desktop
    need_libraries "libraries that Qt needs for a window" "$qt_libraries"$'\n'"$qt_screen_libraries"
    say "Opening the window. A first transfer in the terminal instead: bash packaging/start.sh --terminal"
    exec "$bin/python" -m jetstream_desktop
fi

set_up

run="$root/.state/first-transfer"
sent="$run/holiday"
received="$run/received"
# Nothing of a node that you may run for yourself is used or touched.
for name in $(compgen -e JETSTREAM_ || true); do unset "$name"; done
export JETSTREAM_HOME="$run/jetstream"
node=""

stop_node() {
    [ -z "$node" ] || kill "$node" 2>/dev/null || true
    [ -z "$node" ] || wait "$node" 2>/dev/null || true
    node=""
}
trap stop_node EXIT

make_a_folder_to_send() {
    "$bin/python" - "$sent" <<'PYTHON'
import os, pathlib, sys
folder = pathlib.Path(sys.argv[1])
(folder / "letters").mkdir(parents=True)
for number in range(500):
    (folder / "letters" / f"letter {number}.txt").write_bytes(os.urandom(2048).hex().encode())
for number in range(4):
    with open(folder / f"film {number}.bin", "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))
PYTHON
}

start_node() {
    "$bin/python" -m jetstream_server --announce --api-host localhost --api-port 0 \
        --persistent-state-dir "$run/node" --sandbox-dir "$received" >"$run/announcement" 2>"$run/node.log" &
    node=$!
    until [ -s "$run/announcement" ]; do
        kill -0 "$node" 2>/dev/null || give_up "The node did not start:" "$(tail -n 5 "$run/node.log")"
        sleep 0.1
    done
    port="$("$bin/python" -c 'import json, sys; print(json.load(open(sys.argv[1]))["port"])' "$run/announcement")"
}

rm -rf "$run"
mkdir -p "$run"
say "Making a folder to send: 256 MiB of films and 500 letters"
make_a_folder_to_send
say "Starting a node"
start_node
printf '    listening on port %s, state and log in %s\n' "$port" "$run"
say "Sending the folder to it: encrypted, verified, flushed to disk"
"$bin/jetstream" send "$sent" "localhost:$port"
diff -r "$sent" "$received/holiday" >/dev/null || give_up "What arrived differs from what was sent: see $received."
stop_node

say "Done. Every byte arrived; compare for yourself:"
cat <<END
    sent       $sent
    received   $received/holiday

Go on with a node of your own, which keeps running and receives into Downloads/JetStream:
    "$bin/jetstream" server
and, in another terminal or on another machine that has JetStream:
    "$bin/jetstream" send FILE-OR-FOLDER HOST
    "$bin/jetstream" --help
END
