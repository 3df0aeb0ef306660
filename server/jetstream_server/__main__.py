"""``jetstream server`` and ``python -m jetstream_server``: arguments, log, signals, exit codes.

Exit codes:

    0   stopped as asked: SIGTERM, SIGINT (Ctrl-C), or ``terminate()``
    1   a fault of ours; the log has the traceback
    2   an option is unknown or has a value that it cannot have
    3   the node refuses to start: the port or the state folder is in use, the catalog is damaged or from a newer
        version, a folder cannot be written
    130, 143   a second SIGINT or SIGTERM cut the graceful stop short

Every refusal is exactly one sentence on standard error. The log goes to standard error, too, one line per event;
standard output stays empty but for the line of JSON that ``--announce`` asks for::

    {"port": 8886, "recvPort": 8886, "fingerprint": "...", "pid": 4711}
"""

import asyncio
import gc
import json
import logging
import os
import signal
import sys
import time

from jetstream_server.config import HelpWanted, Ready, Settings, SettingsError, help_text, load_settings
from jetstream_server.refusals import StartRefused

STOPPED, FAULT, WRONG_OPTIONS, REFUSED = 0, 1, 2, 3

log = logging.getLogger("jetstream")


def run(argv: list[str]) -> int:
    """Run a node until it is told to stop; returns the exit code."""
    try:
        settings = load_settings(argv, os.environ)
    except HelpWanted:
        print(help_text(), end="")
        return STOPPED
    except SettingsError as error:
        return _refuse(error, WRONG_OPTIONS)
    set_up_log(settings.log_level)
    # The proactor loop of Windows cannot wait for a socket without reading from it.
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    try:
        with asyncio.Runner(loop_factory=factory) as runner:
            runner.run(_serve(settings))
    except Exception as error:
        if _is_refusal(error):
            return _refuse(error, REFUSED)
        log.exception("The node stopped because of a fault")
        return FAULT
    return STOPPED


def _is_refusal(error: Exception) -> bool:
    from jetstream_server.access.identity import IdentityDamaged
    from jetstream_server.catalog.errors import CatalogError

    return isinstance(error, StartRefused | CatalogError | IdentityDamaged)


async def _serve(settings: Settings) -> None:
    from jetstream_server import node  # half a second of imports that a wrong option need not wait for

    stop = asyncio.Event()
    _stop_on_signals(stop)
    started = False

    def on_ready(ready: Ready) -> None:
        nonlocal started
        started = True
        # What is there now stays: not looking at it in every collection saves a transfer of small files a twentieth.
        gc.collect()
        gc.freeze()
        if settings.announce:
            announcement = {"port": ready.port, "recvPort": ready.recv_port, "fingerprint": ready.fingerprint,
                            "pid": os.getpid()}
            print(json.dumps(announcement), flush=True)

    try:
        await node.serve(settings, stop, on_ready)
    except OSError as error:
        if started:
            raise
        raise StartRefused(f"Cannot use {error.filename or 'a file'}: {error.strerror or error}.") from error


def _stop_on_signals(stop: asyncio.Event) -> None:
    """The first signal asks the node to stop; the second ends the process on the spot."""
    loop = asyncio.get_running_loop()

    def on_signal(number: int) -> None:
        if stop.is_set():
            os._exit(128 + number)
        log.info("Stopping (%s); once more stops at once", signal.Signals(number).name)
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":
            signal.signal(number, lambda received, _frame: loop.call_soon_threadsafe(on_signal, received))
        else:
            loop.add_signal_handler(number, on_signal, number)


class OneLine(logging.Formatter):
    """One line per event: line ends and control characters in a message (names from outside) are shown, not obeyed."""

    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"
    converter = staticmethod(time.gmtime)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - the base class's name
        text = super().formatMessage(record)
        if text.isprintable():
            return text
        return "".join(c if c.isprintable() else c.encode("unicode_escape", "surrogatepass").decode() for c in text)


def set_up_log(level: str) -> None:
    """Send the log to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for chatty in ("alembic", "aiosqlite", "sqlalchemy", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("zeroconf").setLevel(logging.ERROR)  # what anybody on the network sends wrongly is no news


def _refuse(error: Exception, code: int) -> int:
    print(f"jetstream server: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
