"""Long work behind an event of the page, seen while it is done."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Awaitable

HEARTBEAT_SECONDS = 1.0
# All that the event shows is drawn anew at each of them.
SHORTEST_WINDOW = 0.25


async def seen(work: Awaitable[None], news: asyncio.Event) -> AsyncGenerator[None, None]:
    """Do the work and yield at its news, joined, and each second; once more at its end. Raises what the work raises."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            waiting = asyncio.create_task(news.wait())
            await asyncio.wait({waiting, task}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            news.clear()
            yield
            await asyncio.wait({task}, timeout=SHORTEST_WINDOW)
        yield
        await task
    finally:
        if not task.done():
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
