"""What happens to the pictures of a ``Job``: they are read in, and asked, many at once. Knows no widget.

Every generator here yields when there is something new to be seen, not faster than the page can draw it, and at least
once a second: only a yield lets Gradio notice that the tab was closed. None raises anything.
"""

import asyncio
import base64
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from chat_core.batch import Budget, Item, ItemDone, ItemFailed, Progress, run
from chat_core.connections import Connection
from chat_core.describing import request_for
from chat_core.errors import ChatError, ImageError, InputError
from chat_core.events import Started
from chat_core.fetch import fetch_image
from chat_core.file_names import safe_name
from chat_core.images import load_image, thumbnail
from chat_core.ledger import Ledger
from chat_core.messages import ImagePart
from chat_core.request import ChatRequest
from chat_core.settings import Clocks
from chat_ui.describe_job import Asked, Job, Picture, forecast
from chat_ui.files_apart import apart
from chat_ui.gradio_inside import keep_file
from chat_ui.turn import Turn

log = logging.getLogger("vitrine.describe")

HEARTBEAT_SECONDS = 1.0
# The whole gallery is drawn anew at each of them.
SHORTEST_WINDOW = 0.25
FETCHED_AT_ONCE = 4
# Twice the size at which a card shows it, for screens with more pixels.
THUMBNAIL_SIDE = 320


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

    async with aclosing(_seen(read_all(), news)) as seen:
        async for _ in seen:
            yield


async def read(picture: Picture) -> None:
    """Read one picture: it is kept as it will be sent, with a small copy for the page."""
    try:
        if picture.remote:
            part = await fetch_image(picture.source)
            kept = await apart(_keep, part, picture.name)
        else:
            kept = await apart(_load_and_keep, picture.source, picture.name)
        picture.media_type, picture.width, picture.height, picture.path, picture.small = kept
        picture.status, picture.error = "waiting", None
    except InputError as error:
        picture.status, picture.error = "failed", error.with_traceback(None)
    except Exception as error:
        log.error("A picture could not be taken: %s", type(error).__name__, exc_info=error)
        picture.status, picture.error = "failed", ChatError("Something unexpected happened.")


def name_of_url(url: str) -> str:
    """What to call the picture behind a URL: the end of its path, or its host."""
    try:
        parts = urlsplit(url)
    except ValueError:  # half an address in brackets, which fetching it will refuse in words
        return safe_name(url)
    return safe_name(unquote(PurePosixPath(parts.path).name), "") or safe_name(parts.netloc or url)


Kept = tuple[str, int, int, str, str]


def _load_and_keep(path: str, name: str) -> Kept:
    return _keep(load_image(Path(path), name=name), name)


def _keep(part: ImagePart, name: str) -> Kept:
    """The picture and its small copy, among the visitor's uploads: media type, width, height, and both paths."""
    ending = {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}
    stem = Path(safe_name(name, "picture")).stem or "picture"
    path = keep_file(part.data, stem + ending[part.media_type])
    head, _, body = thumbnail(part, THUMBNAIL_SIDE).partition(",")
    small = keep_file(base64.b64decode(body), f"small{ending[head.removeprefix('data:').removesuffix(';base64')]}")
    return part.media_type, part.width, part.height, path, small


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
        items = [Item(each.key, _maker(each, asked), reserve) for each, reserve in zip(pictures, reserves, strict=True)]
        async with aclosing(run(connection, items, budget=within, clocks=clocks, stop=stop)) as progress:
            async for event in progress:
                if entry := job.take(event, asked, connection):
                    ledger.add(entry)
                if turn := _turn(event, connection, clocks):
                    keep(turn)
                news.set()

    try:
        async with aclosing(_seen(pump(), news)) as seen:
            async for _ in seen:
                yield
    except Exception as error:
        log.error("A batch failed: %s", type(error).__name__, exc_info=error)
        job.broken = True
    finally:
        job.rest()


def _turn(event: Progress, connection: Connection, clocks: Clocks) -> Turn | None:
    """A request that has ended, as Under the hood shows it; None for other events."""
    match event:
        case ItemDone(_, request, completion):
            turn = Turn(connection, request, clocks)
            turn.started = [completion.started] if completion.started else []
            turn.finished = completion.finished
        case ItemFailed(_, error, _, ChatRequest() as request, Started() as started):
            turn = Turn(connection, request, clocks)
            turn.started, turn.error = [started], error
        case _:
            return None
    return turn


def _maker(picture: Picture, asked: Asked) -> Callable[[], Awaitable[ChatRequest]]:
    """What makes the request when its turn has come, so that few pictures are in memory at once."""

    async def make() -> ChatRequest:
        if not picture.path:
            await read(picture)
            if picture.error is not None:
                raise picture.error
            picture.status = "running"
        data = await apart(_bytes_of, picture)
        part = replace(picture.light, data=data)
        # Streamed, so that a server stops writing, and charging, when the request is closed.
        return request_for(part, asked.prompt, asked.model, detail=asked.detail, stream=True)

    return make


def _bytes_of(picture: Picture) -> bytes:
    try:
        return Path(picture.path).read_bytes()
    except OSError as error:
        raise ImageError(f"{picture.name} is not there.", name=picture.name, reason="not_found") from error


async def _seen(work: Awaitable[None], news: asyncio.Event) -> AsyncGenerator[None, None]:
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
