"""What happens to the rows of a ``Batch``: they are read in, asked, kept, and found again. Knows no widget.

Every generator here yields when there is something new to be seen, and at least once a second. None raises anything.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from chat_core.batch import Budget, Charge, ItemFailed, ItemStopped
from chat_core.connections import Connection
from chat_core.errors import InputError, JobError
from chat_core.events import Timing, Usage
from chat_core.extract_task import Source, Task, prepare
from chat_core.job_store import JobStore
from chat_core.job_store import Row as KeptRow
from chat_core.ledger import Entry, Ledger
from chat_core.request import ChatRequest
from chat_core.row_extraction import Paid, RowDone, RowEvent, RowResult, RowSource, extract_rows
from chat_core.settings import Clocks
from chat_ui import batch_view, extract_run, wanted
from chat_ui.batch_job import Batch, Outcome, Remote, Row, digest_of
from chat_ui.extract_job import Asked, parts_of
from chat_ui.kept_pictures import bytes_of
from chat_ui.news import seen
from chat_ui.turn import Turn, entry_of, turn_of

log = logging.getLogger("vitrine.batch")

READ_AT_ONCE = 4
# So many requests of a run are kept to be looked at; the others are like them.
TURNS_KEPT = 5
# Under these keys, which no row has, a job holds what its rows are, what was asked of them, and the
# batch at a server that they were sent to.
ROWS, TASK, REMOTE = "rows", "task", "remote"


# --- reading ----------------------------------------------------------------------------------------------------------


async def read_in(batch: Batch, rows: Sequence[Row]) -> AsyncGenerator[None, None]:
    """Read uploads and fetch links; what cannot be read becomes a failed row."""
    turn = asyncio.Semaphore(READ_AT_ONCE)
    news = asyncio.Event()

    async def read_one(row: Row) -> None:
        async with turn:
            await extract_run.read(row.source)
        if row.source.status == "ready":
            try:
                row.digest = await _digest(row)
                batch.settle(row)
            except InputError as error:
                row.source.status, row.source.error = "failed", error.with_traceback(None)
        news.set()

    async def read_all() -> None:
        await asyncio.gather(*(read_one(row) for row in rows))

    async with aclosing(seen(read_all(), news)) as steps:
        async for _ in steps:
            yield


async def _digest(row: Row) -> str:
    file = row.source.text
    if file is not None:
        return digest_of(f"{file.name}\n{file.text}")
    return digest_of(await bytes_of(row.source.path, row.source.name))


# --- asking -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ways:
    """Where the rows go, and what is told of them. ``reference``: the model that free answers are compared with.
    ``ledger``: of the visit.  ``keep``: gets the first requests, with what came of them."""

    connection: Connection
    reference: str
    ledger: Ledger
    clocks: Clocks
    keep: Callable[[Turn], None]


async def ask(
    batch: Batch, rows: Sequence[Row], asked: Asked, budget: Budget, ways: Ways, *, again: bool = False
) -> AsyncGenerator[None, None]:
    """Ask these rows, within a budget, after ``open_job``; each answer is in ``batch.job``, and what it cost in the
    ledger, when it is there.  ``again``: rows that have an answer are asked all the same.

    Setting ``batch.stop`` ends it; closing or cancelling this closes the requests at the server, and keeps what has
    been answered by then.
    """
    assert batch.job is not None
    news = asyncio.Event()
    try:
        async with aclosing(seen(_pump(batch, rows, asked, budget, ways, news, again=again), news)) as steps:
            async for _ in steps:
                yield
    except Exception as error:
        log.error("A batch of rows failed: %s", type(error).__name__, exc_info=error)
        batch.broken = True
    finally:
        batch.rest()
        await asyncio.shield(batch.job.close())


async def _pump(
    batch: Batch, rows: Sequence[Row], asked: Asked, budget: Budget, ways: Ways, news: asyncio.Event, *, again: bool
) -> None:
    connection, stop = ways.connection, batch.stop or batch.begin()
    task = await asyncio.to_thread(prepare_task, asked)
    counted = await asyncio.to_thread(batch.forecast, rows, asked, connection, ways.reference)
    batch.expected.update((batch.ids[row.key], cost) for row, cost in zip(rows, counted.costs, strict=True))
    reserves = [Decimal(0) if connection.free else cost for cost in counted.costs]
    # Where a price is unknown, only a number of rows can be kept to.
    within = replace(budget, dollars=None) if None in reserves else budget
    sources = row_sources(rows, batch.ids, reserves, again=again)
    events = extract_rows(
        connection, task, sources, job=batch.job, budget=within, clocks=ways.clocks, stop=stop, first_step=batch.step
    )
    made = 0

    async def take_all() -> None:
        nonlocal made
        async for event in events:
            batch.take(event)
            if entry := _entry(event, connection):
                batch.book(entry, kept=isinstance(event, RowDone))
                ways.ledger.add(entry)
            if made < TURNS_KEPT and (turn := turn_of(event, connection, ways.clocks)):
                made += 1
                ways.keep(turn)
            if batch.lost is not None:
                # What cannot be kept would be paid for again.
                stop.set()
            news.set()

    async with aclosing(events):
        taking = asyncio.create_task(take_all())
        try:
            await asyncio.shield(taking)
        except asyncio.CancelledError:
            # The page has gone. Answers that are just here are paid for: they are kept before this ends.
            stop.set()
            await taking
            raise


def row_sources(
    rows: Sequence[Row], ids: Mapping[str, str], reserves: Sequence[Decimal | None] = (), *, again: bool = False
) -> list[RowSource]:
    """These rows for the core. ``ids``: what their answers are kept under, by the rows' keys."""
    expected = reserves or [None] * len(rows)
    return [
        RowSource(ids[row.key], _maker(row), reserve, again=again) for row, reserve in zip(rows, expected, strict=True)
    ]


def _maker(row: Row) -> Callable[[], Awaitable[Source]]:
    """What makes the parts of a row when its turn has come, so that few pictures are in memory at once."""

    async def make() -> Source:
        if not row.is_picture:
            return row.parts()
        source = row.source
        picture = replace(source.picture, data=await bytes_of(source.path, source.name))
        return parts_of("", [source], [picture])

    return make


def _entry(event: RowEvent, connection: Connection) -> Entry | None:
    """What an event has cost, for the ledger."""
    match event:
        case RowDone(request=ChatRequest() as request, completion=completion, paid=Paid(usage, cost)):
            finished = completion.finished if completion is not None else None
            outcome = (finished.finish_reason if finished else None) or "unstated"
            timing = finished.timing if finished else Timing(None, 0.0)
            return entry_of(connection, request, usage, cost, timing, outcome)
        case ItemFailed(error=error, charge=Charge(request, usage, cost)):
            return entry_of(connection, request, usage, cost, Timing(None, 0.0), error.kind)
        case ItemStopped(charge=Charge(request, usage, cost)):
            return entry_of(connection, request, usage, cost, Timing(None, 0.0), "stopped")
    return None


# --- keeping ----------------------------------------------------------------------------------------------------------


async def open_job(batch: Batch, asked: Asked, store: JobStore) -> None:
    """Open the batch's job for what is asked now, a new one where there is none (any more). Raises JobError."""
    job = None
    if batch.job is not None:
        try:
            job = await store.resume(batch.job.id)
        except JobError as error:
            if error.fields["reason"] != "not_found":
                raise
            # Deleted, or a day old: nothing of it can be shown any more.
            batch.outcomes.clear()
    batch.job = job or await store.begin()
    batch.ask(asked)
    told = {"schema": asked.wanted.text, "instructions": asked.instructions, "model": asked.model}
    try:
        for key, value in ((TASK, told), (ROWS, batch.kept())):
            if _value(await batch.job.get(key)) == value:
                # A job is only ever added to: at each row that is asked again, all rows would be written once more.
                continue
            lost = await batch.job.put(KeptRow(key, value, Usage(0, 0), Decimal(0)))
            if lost is not None:
                raise lost
        await count(batch)
    except JobError:
        await batch.job.close()
        raise


async def find(batch: Batch, job_id: str, store: JobStore) -> None:
    """Put an earlier batch back, as it was kept: rows, what was asked, answers; unless another one has been begun by
    the time that it is there. Raises JobError."""
    async with await store.resume(job_id) as job:
        rows, task, remote = [_value(await job.get(key)) for key in (ROWS, TASK, REMOTE)]
        if batch.job is not None or batch.rows or batch.running:
            return
        batch.job, batch.remote = job, Remote.restored(remote)
        batch.restore(rows)
        if (asked := _asked(task)) is not None:
            batch.ask(asked)
            await count(batch)


async def keep_rows(batch: Batch, store: JobStore) -> None:
    """Keep which rows there are, where something is kept of them. Raises JobError."""
    if batch.job is not None:
        async with await store.resume(batch.job.id) as batch.job:
            lost = await batch.job.put(KeptRow(ROWS, batch.kept(), Usage(0, 0), Decimal(0)))
            if lost is not None:
                raise lost


async def keep_remote(batch: Batch) -> None:
    """Keep which batch at a server the rows were sent to; the job is open. Raises JobError."""
    if batch.job is not None and batch.remote is not None:
        lost = await batch.job.put(KeptRow(REMOTE, batch.remote.kept(), Usage(0, 0), Decimal(0)))
        if lost is not None:
            raise lost


async def count(batch: Batch) -> None:
    """Look through the answers on disk, and count those of the batch's rows. Raises JobError."""
    assert batch.job is not None
    keys = list(dict.fromkeys(batch.ids.values()))
    async with aclosing(batch.job.rows(keys)) as kept:
        async for row in kept:
            result = RowResult.from_row(row) if row is not None else None
            if result is not None:
                batch.outcomes[result.key] = Outcome.of(result)


async def results(batch: Batch, rows: Sequence[Row]) -> dict[str, RowResult]:
    """The answers of these rows, by the rows' keys; those that there are and can be read."""
    job, found = batch.job, {}
    keys = [batch.ids[row.key] for row in rows if row.key in batch.ids and batch.outcome(row) is not None]
    if job is None:
        return {}
    with contextlib.suppress(JobError):
        async with aclosing(job.rows(dict.fromkeys(keys))) as kept:
            async for row in kept:
                result = await asyncio.to_thread(RowResult.from_row, row) if row is not None else None
                if result is not None:
                    found[result.key] = result
    return {row.key: found[batch.ids[row.key]] for row in rows if batch.ids.get(row.key) in found}


async def looked_at(batch: Batch, rows: Sequence[Row]) -> dict[str, RowResult]:
    """As ``results``, but of each answer only as much as is drawn, which is kept until other rows are looked at: the
    page is drawn several times a second, and an answer may be megabytes."""
    wanted_now = {row.key: outcome for row in rows if (outcome := batch.outcome(row)) is not None}
    known = {key: each for key, each in batch.looked_at.items() if wanted_now.get(key) is each[0]}
    fresh = await results(batch, [row for row in rows if row.key in wanted_now and row.key not in known])
    for key, result in fresh.items():
        light = replace(result, data=batch_view.shown_part(result.data), raw=result.raw[: batch_view.LONGEST_DATA + 1])
        known[key] = (wanted_now[key], light)
    batch.looked_at = known
    return {key: result for key, (_, result) in known.items()}


def prepare_task(asked: Asked) -> Task:
    """CPU work of some milliseconds: call it in a thread."""
    return prepare(asked.wanted.schema, model=asked.model, instructions=asked.instructions)


def _value(row: KeptRow | None) -> Any:
    return row.value if row is not None else None


def _asked(kept: Any) -> Asked | None:
    match kept:
        case {"schema": str(schema), "instructions": str(instructions), "model": str(model)}:
            want = wanted.of_text(schema)
            return Asked("", instructions, model, want) if want.schema is not None else None
    return None
