"""The whole window, joined as the program joins it, on a node of the test's choice."""

import contextlib

from jetstream_desktop import application
from jetstream_desktop.services.notices import Notices


@contextlib.asynccontextmanager
async def running(qapp, connect, node=None, vault=None):
    """The window is shown and connected; what nobody expected is raised at the end."""
    problems = []
    notices = Notices()
    desk = application.build(qapp, connect, problems.append, notices, vault)
    desk.window.show()
    notices.open()
    desk.context.tasks.spawn(desk.context.session.run(), "session")
    try:
        yield desk
    finally:
        await application.leave(desk, node, None)
        if problems:
            raise problems[0]
