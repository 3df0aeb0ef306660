#!/usr/bin/env bash
# Runs all the tests: ruff, mypy, import-linter, pytest. Stops at the first that fails.
#
#     bash packaging/test.sh [PYTEST OPTIONS]
#
# Installs into .venv in the checkout; on Debian as root also the system libraries that Qt needs, if they are missing.

set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/setup.sh"

set_up dev,desktop
need_libraries "libraries that Qt needs to draw" "$qt_libraries"

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
