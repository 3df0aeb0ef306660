"""The start: what takes long is begun first.

The node is a process of its own that needs most of a second. It is started as soon as it is known that this is the
first window, and everything else, the widgets and their modules, is loaded while it starts.
"""

import asyncio
from collections.abc import Sequence

from PySide6.QtCore import QLocale

from jetstream.local import state_folder
from jetstream_desktop import assets, i18n
from jetstream_desktop.program import Application, speak
from jetstream_desktop.services.instance import Instance, hand_over, server_name
from jetstream_desktop.services.local_node import LocalNode, dial
from jetstream_desktop.settings import peek


def run(arguments: Sequence[str], *, hidden: bool = False) -> int:
    """Run the window until it is left. *arguments* are paths and links. Answers the exit code."""
    application = Application(["jetstream-desktop"])
    name = server_name(state_folder())
    if hand_over(name, arguments):
        return 0
    language = peek(state_folder()).language or QLocale.system().name().partition("_")[0]
    i18n.use(assets.catalogue(language), assets.sentences(language))
    if language in assets.languages():
        speak(application, language)
    instance = Instance(state_folder())
    if not instance.listening:  # another start was quicker by a moment, or hangs
        if hand_over(name, arguments):
            return 0
        instance.take_over()
    node = LocalNode(dial)
    node.start_early()

    import qasync  # type: ignore[import-untyped]

    from jetstream_desktop.application import serve

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(application)) as runner:
        runner.run(serve(application, instance, node, arguments, hidden=hidden))
    return 0
