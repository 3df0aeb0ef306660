"""``jetstream-desktop [PATH…|jetstream:LINK]``: open the window, or hand the arguments to the one that is open."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Answers the exit code."""
    parser = argparse.ArgumentParser(prog="jetstream-desktop", description="Send, receive and share files.")
    parser.add_argument("what", nargs="*", metavar="PATH|jetstream:LINK", help="files to send, or a link to open")
    parser.add_argument("--hidden", action="store_true", help="start in the tray, without the window")
    parser.add_argument("--verbose", action="store_true", help="log what happens")
    parser.add_argument("--version", action="store_true", help="say the version and end")
    chosen = parser.parse_args(arguments)
    if chosen.version:
        from jetstream.constants import BUILD_VERSION

        print("JetStream", ".".join(map(str, BUILD_VERSION)))
        return 0
    logging.basicConfig(level=logging.INFO if chosen.verbose else logging.WARNING,
                        format="%(asctime)s %(levelname)s %(name)s %(message)s")
    what = [text if text.startswith("jetstream:") else os.path.abspath(text) for text in chosen.what]
    try:
        from jetstream_desktop.starting import run
    except ImportError as error:
        print(f"The window needs more packages ({error}). Install them with: pip install 'jetstream-transfer[desktop]'",
              file=sys.stderr)
        return 1
    return run(what, hidden=chosen.hidden)


if __name__ == "__main__":
    sys.exit(main())
