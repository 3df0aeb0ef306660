#!/usr/bin/env bash
# Runs all the tests: ruff, mypy, import-linter, pytest. Stops at the first that fails.
#
#     bash packaging/test.sh [PYTEST OPTIONS]
#
# Installs into .venv in the checkout; on Debian as root also the system libraries that Qt needs, if they are missing.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

# One line each: library and Debian package.
qt_libraries="libEGL.so.1 libegl1
libGL.so.1 libgl1
libxkbcommon.so.0 libxkbcommon0
libdbus-1.so.3 libdbus-1-3
libfontconfig.so.1 libfontconfig1"

check_qt_libraries() {
    [ "$(uname -s)" = Linux ] || return 0
    local missing
    missing="$("$bin/python" - "$qt_libraries" <<'PYTHON'
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
    [ -z "$missing" ] || apt_install "libraries that Qt needs to draw without a screen" $missing
}

set_up dev,desktop
check_qt_libraries

cd "$root"
export QT_QPA_PLATFORM="${QT_QPA_PLATFORM:-offscreen}"

say "ruff"
"$bin/python" -m ruff check .
say "mypy --strict"
"$bin/python" -m mypy -p jetstream -p jetstream_cli -p jetstream_server -p jetstream_desktop
say "import-linter"
"$bin/lint-imports"
say "pytest"
exec "$bin/python" -m pytest -q -n 2 "$@"
