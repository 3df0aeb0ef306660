"""Waiting for a condition in a Qt loop: never a nested loop, never a fixed time."""

import asyncio


async def until(condition, what=""):
    """Wait until *condition* holds; the test's own time limit ends it otherwise."""
    try:
        async with asyncio.timeout(25):
            while not (found := condition()):  # noqa: ASYNC110 - conditions of widgets have no event
                await asyncio.sleep(0.01)
            return found
    except TimeoutError as error:
        raise AssertionError(f"never came true: {what or condition}") from error
