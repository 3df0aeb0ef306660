# Sets up .venv in the checkout. Sourced by start.sh and test.sh; asks nothing and installs nothing outside of .venv,
# but for missing system packages, and those only with apt-get and as root.
#
# After sourcing: $root is the checkout, $bin the folder of the environment's programs.

set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)"
venv="$root/.venv"
bin="$venv/bin"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1

bold="" normal=""
if [ -t 1 ]; then
    bold=$'\033[1m' normal=$'\033[0m'
fi

say() {
    printf '%s%s%s\n' "$bold" "$*" "$normal"
}

give_up() {
    printf '%s\n' "$@" >&2
    exit 1
}

# apt_install PURPOSE PACKAGE...: as root it installs, otherwise it says the one command that does.
apt_install() {
    local purpose="$1"
    shift
    if ! command -v apt-get >/dev/null; then
        give_up "Missing: $purpose. Install it with your system's package manager (on Debian: $*), then run this again."
    fi
    if [ "$(id -u)" != 0 ]; then
        give_up "Missing: $purpose. Run this once, then try again:" "    sudo apt-get install -y $*"
    fi
    say "Installing $purpose with apt-get: $*"
    export DEBIAN_FRONTEND=noninteractive
    apt-get install -y -q --no-install-recommends "$@" >/dev/null 2>&1 \
        || { apt-get update -q && apt-get install -y -q --no-install-recommends "$@"; } >/dev/null \
        || give_up "apt-get could not install $*."
}

find_python() {
    local name
    for name in ${PYTHON:+"$PYTHON"} python3 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    give_up "JetStream needs Python 3.11, 3.12 or 3.13 (python3); PYTHON=/path/to/python chooses one."
}

# What an environment is made from. It is brought up to date when any of it changes.
fingerprint() {
    { "$bin/python" -V && cat "$root/pyproject.toml" "$root/packaging/constraints.txt"; } \
        | { sha256sum 2>/dev/null || shasum -a 256; } | cut -c 1-64
}

# set_up [EXTRAS]: the project with EXTRAS ("dev,desktop"; none: the base install), editable, in .venv.
set_up() {
    local extras="${1:-}" stamp="$venv/installed" made_in="" made_from="" has=""
    if [ -f "$stamp" ]; then
        { read -r made_in && read -r made_from && read -r has; } <"$stamp" || true
    fi
    if [ "$made_in" != "$root" ] || ! "$bin/python" -c '' 2>/dev/null; then
        make_environment
    elif [ "$made_from" = "$(fingerprint)" ] && { [ "$has" = "[$extras]" ] || [ "$has" = "[dev,desktop]" ]; }; then
        return
    fi
    say "Installing into $venv: jetstream-transfer${extras:+[$extras]} from this folder and what it needs,"
    say "in the versions of packaging/constraints.txt. The first time this takes a minute or two."
    install hatchling editables
    install --no-build-isolation --editable "$root${extras:+[$extras]}"
    printf '%s\n' "$root" "$(fingerprint)" "[$extras]" >"$stamp"
}

make_environment() {
    local python
    python="$(find_python)"
    if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
        apt_install "Python's venv module" "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
    fi
    say "Making an environment for $("$python" -V) in $venv"
    "$python" -m venv --clear "$venv"
}

install() {
    "$bin/python" -m pip install --quiet --constraint "$root/packaging/constraints.txt" "$@" \
        || give_up "pip could not install that; see above. Run this again when the cause is gone."
}

# System libraries that Qt's wheels do not bring: library and Debian package, one line each.
qt_libraries="libEGL.so.1 libegl1
libGL.so.1 libgl1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1"
qt_screen_libraries="libxkbcommon-x11.so.0 libxkbcommon-x11-0
libxcb-cursor.so.0 libxcb-cursor0
libxcb-icccm.so.4 libxcb-icccm4
libxcb-image.so.0 libxcb-image0
libxcb-keysyms.so.1 libxcb-keysyms1
libxcb-render-util.so.0 libxcb-render-util0
libxcb-shape.so.0 libxcb-shape0
libxcb-xkb.so.1 libxcb-xkb1"

# need_libraries PURPOSE LINES: installs, or asks for, what of LINES is missing. Linux only.
need_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    local missing
    missing="$("$bin/python" - "$2" <<'PYTHON'
import ctypes, sys
for line in sys.argv[1].splitlines():
    library, package = line.split()
    try:
        ctypes.CDLL(library)
    except OSError:
        print(package)
PYTHON
)"
    # shellcheck disable=SC2086 # one word per package
    [ -z "$missing" ] || apt_install "$1" $missing
}
