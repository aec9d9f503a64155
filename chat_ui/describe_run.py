"""What happens to the pictures of a ``Job``: they are read in, and asked, many at once. Knows no widget.

Every generator here yields when there is something new to be seen, not faster than the page can draw it, and at least
once a second: only a yield lets Gradio notice that the tab was closed. None raises anything.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal

from chat_core.batch import Budget, Item, run
from chat_core.connections import Connection
from chat_core.describing import request_for
from chat_core.errors import ChatError, InputError
from chat_core.ledger import Ledger
from chat_core.request import ChatRequest
from chat_core.settings import Clocks
from chat_ui.describe_job import Asked, Job, Picture, forecast
from chat_ui.kept_pictures import bytes_of, read_picture
from chat_ui.news import seen
from chat_ui.turn import Turn, turn_of

log = logging.getLogger("vitrine.describe")

FETCHED_AT_ONCE = 4


# --- reading ----------------------------------------------------------------------------------------------------------


async def read_in(pictures: Sequence[Picture]) -> AsyncGenerator[None, None]:
    """Read uploads and fetch URLs; what cannot be read becomes a failed picture."""
    fetching = asyncio.Semaphore(FETCHED_AT_ONCE)
    news = asyncio.Event()

    async def read_one(picture: Picture) -> None:
        async with fetching if picture.remote else contextlib.nullcontext():
            await read(picture)
        news.set()

    async def read_all() -> None:
        await asyncio.gather(*(read_one(picture) for picture in pictures))

    async with aclosing(seen(read_all(), news)) as steps:
        async for _ in steps:
            yield


async def read(picture: Picture) -> None:
    """Read one picture: it is kept as it will be sent, with a small copy for the page."""
    try:
        kept = await read_picture(picture.source, picture.name, remote=picture.remote)
        picture.media_type, picture.width, picture.height = kept.media_type, kept.width, kept.height
        picture.path, picture.small = kept.path, kept.small
        picture.status, picture.error = "waiting", None
    except InputError as error:
        picture.status, picture.error = "failed", error.with_traceback(None)
    except Exception as error:
        log.error("A picture could not be taken: %s", type(error).__name__, exc_info=error)
        picture.status, picture.error = "failed", ChatError("Something unexpected happened.")


# --- asking -----------------------------------------------------------------------------------------------------------


async def ask(
    job: Job,
    keys: Sequence[str],
    asked: Asked,
    budget: Budget,
    connection: Connection,
    reference: str,
    ledger: Ledger,
    clocks: Clocks,
    keep: Callable[[Turn], None],
) -> AsyncGenerator[None, None]:
    """Ask these pictures, within a budget; each answer is in ``job``, and what it cost in ``ledger``, when it is there.

    ``keep``: gets each request that was sent, with what came of it.

    Setting ``job.stop`` ends it; closing or cancelling this closes the requests at the server.
    """
    pictures = [job.pictures[key] for key in keys]
    stop = job.begin()
    news = asyncio.Event()

    async def pump() -> None:
        _, costs = await asyncio.to_thread(forecast, pictures, asked, connection, reference)
        for picture, cost in zip(pictures, costs, strict=True):
            picture.expected = cost
        reserves = [Decimal(0) if connection.free else cost for cost in costs]
        # Where a price is unknown, only a number of pictures can be kept to.
        within = replace(budget, dollars=None) if None in reserves else budget
        items = [
            Item(each.key, _maker(job, each, asked), reserve) for each, reserve in zip(pictures, reserves, strict=True)
        ]
        async with aclosing(run(connection, items, budget=within, clocks=clocks, stop=stop)) as progress:
            async for event in progress:
                if entry := job.take(event, asked, connection):
                    ledger.add(entry)
                if turn := turn_of(event, connection, clocks):
                    keep(turn)
                news.set()

    try:
        async with aclosing(seen(pump(), news)) as steps:
            async for _ in steps:
                yield
    except Exception as error:
        log.error("A batch failed: %s", type(error).__name__, exc_info=error)
        job.broken = True
    finally:
        job.rest()


def _maker(job: Job, picture: Picture, asked: Asked) -> Callable[[], Awaitable[ChatRequest]]:
    """What makes the request when its turn has come, so that few pictures are in memory at once."""

    async def make() -> ChatRequest:
        if picture.key not in job.pictures:
            raise InputError("The picture was taken away while it waited.")
        if not picture.path:
            await read(picture)
            if picture.error is not None:
                raise picture.error
            picture.status = "running"
        part = replace(picture.light, data=await bytes_of(picture.path, picture.name))
        # Streamed, so that a server stops writing, and charging, when the request is closed.
        return request_for(part, asked.prompt, asked.model, detail=asked.detail, stream=True)

    return make
