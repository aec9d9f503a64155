"""What happens to an extraction: sources are read in, and the model is asked. Knows no widget.

Every generator here yields when there is something new to be seen, and at least once a second. None raises anything.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from typing import Any

from chat_core.chat import cost_of, estimated_usage
from chat_core.connections import Connection
from chat_core.errors import ChatError, InputError
from chat_core.events import Usage
from chat_core.extraction import TotalCharge, extract_stream, opening_request
from chat_core.ledger import Ledger
from chat_core.messages import ImagePart
from chat_core.request import ChatRequest
from chat_core.settings import Clocks
from chat_ui.extract_job import Asked, Extracting, Run, Source, parts_of, searched_text
from chat_ui.files_apart import read_file
from chat_ui.kept_pictures import bytes_of, keep_apart, read_picture
from chat_ui.news import seen
from chat_ui.turn import Turn, entry_of

log = logging.getLogger("vitrine.extract")


async def read_in(sources: Sequence[Source]) -> AsyncGenerator[None, None]:
    """Read uploads and fetch links; what cannot be read becomes a failed source."""
    news = asyncio.Event()

    async def read_one(source: Source) -> None:
        await read(source)
        news.set()

    async def read_all() -> None:
        await asyncio.gather(*(read_one(source) for source in sources))

    async with aclosing(seen(read_all(), news)) as steps:
        async for _ in steps:
            yield


async def read(source: Source) -> None:
    """Read one source."""
    try:
        part = None if source.remote else await read_file(source.source, source.name)
        if part is None:
            kept = await read_picture(source.source, source.name, remote=True)
        elif isinstance(part, ImagePart):
            kept = await keep_apart(part, source.name)
        else:
            source.text, source.status = part, "ready"
            return
        source.media_type, source.width, source.height = kept.media_type, kept.width, kept.height
        source.path, source.small, source.status = kept.path, kept.small, "ready"
    except InputError as error:
        source.status, source.error = "failed", error.with_traceback(None)
    except Exception as error:
        log.error("A source could not be read: %s", type(error).__name__, exc_info=error)
        source.status, source.error = "failed", ChatError("Something unexpected happened.")


def opening(asked: Asked, sources: Sequence[Source]) -> ChatRequest:
    """The first request of an extraction, without the bytes of its pictures. CPU work: call it in a thread."""
    return opening_request(
        parts_of(asked.text, sources), asked.wanted.schema, model=asked.model, instructions=asked.instructions
    )


async def ask(
    job: Extracting,
    asked: Asked,
    connection: Connection,
    ledger: Ledger,
    clocks: Clocks,
    keep: Callable[[Turn], None],
) -> AsyncGenerator[None, None]:
    """Extract; all that comes of it is in ``job.run``, and what it cost in ``ledger``, when this has ended.

    ``keep``: gets each request that was sent. Setting ``job.stop`` ends it; closing or cancelling this closes the
    request at the server.
    """
    sources = job.ready_sources
    run = job.run = Run(asked, searched_text(asked.text, sources))
    stop = job.stop = asyncio.Event()
    news = asyncio.Event()
    request: ChatRequest | None = None
    try:
        request = await asyncio.to_thread(opening, asked, sources)
        pump = _pump(run, sources, request, connection, clocks, keep, news)
        async with aclosing(seen(_until(stop, pump), news)) as steps:
            async for _ in steps:
                yield
    except Exception as error:
        log.error("An extraction failed: %s", type(error).__name__, exc_info=error)
        run.broken = True
    finally:
        run.stopped = run.extraction is None and run.error is None and not run.broken
        job.stop = None
        if request is not None and run.entry is None:
            charge = run.charge or await _charge_of_stopped(run, request, connection)
            if charge is not None:
                run.entry = entry_of(connection, request, charge.usage, charge.cost, run.timing, run.outcome)
                ledger.add(run.entry)
        for turn in run.turns:
            # Only what was running at the end has no end of its own.
            turn.stopped = turn.finished is None and turn.error is None
    yield


async def _pump(
    run: Run,
    sources: Sequence[Source],
    request: ChatRequest,
    connection: Connection,
    clocks: Clocks,
    keep: Callable[[Turn], None],
    news: asyncio.Event,
) -> None:
    asked = run.asked
    try:
        kept = [source for source in sources if source.text is None]
        pictures = [replace(each.picture, data=await bytes_of(each.path, each.name)) for each in kept]
        run.pictures = tuple(each.name for each in kept)
        parts = parts_of(asked.text, sources, pictures)
        events = extract_stream(
            connection, parts, asked.wanted.schema, model=asked.model, instructions=asked.instructions, clocks=clocks
        )
        async with aclosing(events):
            async for event in events:
                if turn := run.take(event, request, connection, clocks):
                    keep(turn)
                news.set()
    except ChatError as error:
        run.error = error.with_traceback(None)
        if run.turns and run.turns[-1].finished is None:
            run.turns[-1].error = run.error
    news.set()


async def _until(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> None:
    """Do the work, but no longer than until ``stop`` is set."""
    task = asyncio.create_task(work)
    stopping = asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
    finally:
        stopping.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})


async def _charge_of_stopped(run: Run, request: ChatRequest, connection: Connection) -> TotalCharge | None:
    """What requests that were stopped have used: those that ended by the server's figures, the last one estimated."""
    if not run.stopped or not run.turns:
        return None
    usages: list[Usage] = []
    costs: list[Decimal | None] = []
    for turn in run.turns:
        if turn.finished is not None:
            usages.append(turn.finished.usage)
            costs.append(turn.finished.cost)
    if run.turns[-1].finished is None:
        usages.append(await estimated_usage(request, run.text))
        costs.append(cost_of(connection, request.model, usages[-1]))
    cost = None if None in costs else sum((each for each in costs if each is not None), Decimal(0))
    usage = Usage(
        sum(each.input_tokens for each in usages),
        sum(each.output_tokens for each in usages),
        estimated=any(each.estimated for each in usages),
    )
    return TotalCharge(len(run.turns), usage, cost)
