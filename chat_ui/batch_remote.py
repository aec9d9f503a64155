"""The rows of a batch beyond this machine: as a batch file, at a server that runs such files, and their answers read
back into the same table.

Only a batch that was sent from here is followed, and only over the connection that it was sent by: whoever has a key
can see all batches of its account, so on a public page no id of a visitor's choice may be asked about.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import gradio as gr

from chat_core import batch_files, batch_service
from chat_core.batch import Budget
from chat_core.batch_files import BatchFile, BatchResult
from chat_core.connections import Connection
from chat_core.errors import BatchFileError, BatchNotFound, BlanksOnly, ChatError, EmptyAnswer, JobError
from chat_core.events import Completion, Timing
from chat_core.extract_task import Step, Task
from chat_core.job_store import Job
from chat_core.ledger import Entry
from chat_core.request import ChatRequest
from chat_core.row_extraction import RowResult, judged_row, row_items
from chat_ui import batch_run, batch_view, limits, notes
from chat_ui.batch_job import Batch, Outcome, Remote, Row, State
from chat_ui.batcher import Batcher
from chat_ui.extract_job import Asked
from chat_ui.gradio_inside import keep_copy
from chat_ui.localize import inform, warn
from chat_ui.news import seen
from chat_ui.texts import Language, number, t
from chat_ui.turn import entry_of
from chat_ui.visit import Visit

FILE_NAME = "requests.jsonl"
# For all that ``submit`` and ``follow`` set.
NOTHING_NEW: tuple[Any, ...] = tuple(gr.skip() for _ in range(7))


@dataclass(frozen=True, slots=True)
class Taken:
    """What answers that were read back tell. ``answered``, ``failed``: rows.  ``broken``: lines that cannot be used."""

    answered: int
    failed: int
    broken: int


class RemoteBatcher:
    """What the events of the part "Beyond this machine" do."""

    def __init__(self, batcher: Batcher) -> None:
        self.batcher = batcher
        self.app = batcher.app
        self.store = batcher.store

    # --- what can be done ---------------------------------------------------------------------------------------------

    async def look(self, visit: Visit, language: Language, *asking: Any) -> tuple[Any, ...]:
        """The part was opened: what the server offers, and what it would cost there.

        Sets ``shown``: the line of the batch, Submit, Follow and Cancel.
        """
        connection = visit.connection(self.app)
        try:
            await batch_service.offered(connection)
        except ChatError as error:
            visit.batch.offered, visit.batch.remote_error = False, error.with_traceback(None)
        else:
            visit.batch.offered, visit.batch.remote_error = True, None
        return await self.shown(visit, language, *asking)

    async def shown(self, visit: Visit, language: Language, *asking: Any) -> tuple[Any, ...]:
        """The line of the batch, Submit, Follow and Cancel."""
        batch = visit.batch
        asked = self.batcher.asked(visit, *asking)
        rows = self.batcher.rows_to_ask(batch, asked)
        cost = await asyncio.to_thread(batch.forecast_remote, rows, asked, visit.connection(self.app)) if rows else None
        remote, won = batch.remote, self.batcher.settings.won_per_dollar
        mine = remote is not None and remote.sent_by(visit.connection(self.app), typed=visit.typed is not None)
        under_way = remote is not None and not remote.taken
        return (
            batch_view.remote_html(batch, rows, cost, visit.connection(self.app), language, won, mine=mine),
            gr.update(visible=batch.offered and not under_way, interactive=bool(rows)),
            gr.update(visible=under_way and mine and not batch.following),
            gr.update(visible=under_way and mine and remote is not None and not remote.batch.ended),
        )

    # --- as a file ----------------------------------------------------------------------------------------------------

    async def save(self, visit: Visit, language: Language, *asking: Any) -> Any:
        """Set the file of the hidden download button: the rows without an answer, as a batch file."""
        asked = self.batcher.asked(visit, *asking)
        rows = self.batcher.rows_to_ask(visit.batch, asked)
        try:
            with _folder() as folder:
                file = await self._written(visit.batch, rows, asked, folder)
                path = await _kept(file.path)
        except ChatError as error:
            warn(notes.sentence(error, language))
            return gr.skip()
        if file.left_out:
            warn(t(language, "batch.left_out", count=number(len(file.left_out))))
        return gr.update(value=path)

    async def _written(self, batch: Batch, rows: Sequence[Row], asked: Asked, folder: Path) -> BatchFile:
        """Raises ChatError."""
        ids, task = batch.identify(asked), await asyncio.to_thread(batch_run.prepare_task, asked)
        items = row_items(task, batch_run.row_sources(rows, ids), task.first(batch.step))
        return await batch_files.write(items, folder / FILE_NAME)

    # --- at a server --------------------------------------------------------------------------------------------------

    async def submit(
        self, visit: Visit, language: Language, reference: str, dollars: Any, most: Any, *asking: Any
    ) -> tuple[Any, ...]:
        """Send the rows without an answer as a batch; sets ``shown``, progress, table, the job's id."""
        # Whose connection it goes over is known now: while it is sent, the visitor may connect elsewhere.
        batch, connection, typed = visit.batch, visit.connection(self.app), visit.typed is not None
        batch.language, batch.reference = language, reference
        await visit.find_first_model(connection)
        asked = self.batcher.asked(visit, *asking)
        rows = self.batcher.rows_to_ask(batch, asked)
        refusal = ""
        if not batch.running and rows and not batch.at_server:
            within = limits.budget(dollars, most, spent=batch.spent, asked=batch.asked_before)
            refusal = await self._refusal(batch, rows, asked, connection, within, language)
        if batch.running or not rows or batch.at_server or refusal:
            if refusal:
                warn(refusal)
            return await self._all(visit, language, asking)
        batch.begin()
        batch.remote_error = None
        try:
            await batch_run.open_job(batch, asked, self.store)
            assert batch.job is not None
            async with batch.job:
                with _folder() as folder:
                    file = await self._written(batch, rows, asked, folder)
                    sent = await batch_service.submit(connection, file)
                batch.remote = Remote(sent, connection.base_url, typed=typed)
                await batch_run.keep_remote(batch)
        except ChatError as error:
            batch.remote_error = error.with_traceback(None)
        finally:
            batch.rest()
        return await self._all(visit, language, asking)

    async def _refusal(
        self,
        batch: Batch,
        rows: Sequence[Row],
        asked: Asked,
        connection: Connection,
        within: Budget,
        language: Language,
    ) -> str:
        """Why these rows are not sent as a batch; empty where all is in order. A batch is paid for as a whole."""
        if within.dollars is None and within.items is None:
            return t(language, "describe.no_limit")
        cost = await asyncio.to_thread(batch.forecast_remote, rows, asked, connection)
        if within.items is None and cost is None and not connection.free:
            return t(language, "batch.limit_unpriced")
        over = within.dollars is not None and cost is not None and cost > within.dollars
        if over or (within.items is not None and len(rows) > within.items):
            return t(language, "batch.over_limit", count=number(len(rows)))
        return ""

    async def follow(self, visit: Visit, language: Language, reference: str, *asking: Any) -> AsyncGenerator[Any, None]:
        """Follow the batch to its end, and take its answers into the table; sets what ``submit`` sets.

        Yields each second at least, so that it is noticed when nobody looks any more: a batch may take a day.
        """
        batch, connection = visit.batch, visit.connection(self.app)
        batch.language, batch.reference = language, reference
        remote = batch.remote
        if remote is None or remote.taken or batch.following:
            yield await self._all(visit, language, asking)
            return
        if not remote.sent_by(connection, typed=visit.typed is not None):
            warn(t(language, "batch.other_connection"))
            yield await self._all(visit, language, asking)
            return
        batch.following = True
        news, drawn = asyncio.Event(), None
        try:
            async with aclosing(seen(_watched(remote, connection, news), news)) as steps:
                async for _ in steps:
                    yield NOTHING_NEW if remote.batch is drawn else await self._all(visit, language, asking)
                    drawn = remote.batch
            await self._fetched(visit, remote, connection)
            batch.remote_error = None
        except ChatError as error:
            batch.remote_error = error.with_traceback(None)
            if isinstance(error, BatchNotFound):
                # There is nothing to wait for any more: the rows can be asked again.
                await self._given_up(batch, remote)
        finally:
            batch.following = False
        yield await self._all(visit, language, asking)

    async def cancel(self, visit: Visit, language: Language, *asking: Any) -> tuple[Any, ...]:
        """Ask the server to end the batch; sets ``shown``. What it has answered by then is fetched by ``follow``."""
        batch, connection = visit.batch, visit.connection(self.app)
        remote = batch.remote
        if remote is not None and remote.sent_by(connection, typed=visit.typed is not None):
            try:
                remote.batch = await batch_service.cancel(connection, remote.batch.id)
            except ChatError as error:
                batch.remote_error = error.with_traceback(None)
        return await self.shown(visit, language, *asking)

    async def _fetched(self, visit: Visit, remote: Remote, connection: Connection) -> None:
        """Take the answers of a batch that has ended. Raises ChatError."""
        batch = visit.batch
        if batch.asked is None:
            return
        with _folder() as folder:
            paths = await batch_service.download(connection, remote.batch, folder)
            await self._take(paths, batch.asked, visit, connection, paid=True)
        await self._given_up(batch, remote)

    async def _given_up(self, batch: Batch, remote: Remote) -> None:
        """Nothing more is expected of a batch at a server."""
        remote.taken = True
        if batch.job is not None:
            # What the disk refuses now is found out once more after a reload.
            with contextlib.suppress(JobError):
                async with await self.store.resume(batch.job.id) as batch.job:
                    await batch_run.keep_remote(batch)

    # --- answers ------------------------------------------------------------------------------------------------------

    async def take_answers(
        self, files: list[tuple[str, str]] | None, visit: Visit, language: Language, reference: str, *asking: Any
    ) -> tuple[Any, ...]:
        """Read output and error files into the table: sets the field, progress, table, the job's id."""
        batch = visit.batch
        batch.language, batch.reference = language, reference
        asked = self.batcher.asked(visit, *asking)
        if batch.at_server and batch.asked is not None:
            # The answers that are on their way belong to what was asked then.
            asked = batch.asked
        if batch.running or asked.wanted.schema is None:
            return None, *await self.batcher.view(visit), gr.skip()
        batch.begin()
        try:
            paths = [Path(path) for path, _ in files or []]
            taken = await self._take(paths, asked, visit, visit.connection(self.app), paid=False)
        except ChatError as error:
            warn(notes.sentence(error, language))
        else:
            told = "batch.taken" if taken.answered or taken.failed else "batch.no_match"
            counts = {"answered": taken.answered, "failed": taken.failed, "broken": taken.broken}
            inform(t(language, told, **{name: number(count) for name, count in counts.items()}))
        finally:
            batch.rest()
        return None, *await self.batcher.view(visit), batch.job.id if batch.job is not None else gr.skip()

    async def _take(
        self, paths: Sequence[Path], asked: Asked, visit: Visit, connection: Connection, *, paid: bool
    ) -> Taken:
        """Put the answers in these files to their rows. ``paid``: by this visit's connection. Raises ChatError."""
        batch = visit.batch
        answers = await batch_files.read(paths, connection, asked.model)
        told = set(answers.keys)
        await batch_run.open_job(batch, asked, self.store)
        assert batch.job is not None
        keys = [key for key in dict.fromkeys(batch.ids.values()) if key in told]
        counts = {"answered": 0, "failed": 0}
        async with batch.job as job:
            task = await asyncio.to_thread(batch_run.prepare_task, asked)
            step: Step = task.first(batch.step)
            async with aclosing(answers.results(keys)) as results:
                async for result in results:
                    answered = result.completion is not None or isinstance(result.error, BlanksOnly | EmptyAnswer)
                    counts["answered" if answered else "failed"] += 1
                    new = True
                    if answered:
                        row = await asyncio.to_thread(_judged, result, task, step)
                        new = await _put(job, row)
                        batch.states.pop(row.key, None)
                        batch.outcomes[row.key] = Outcome.of(row)
                    else:
                        batch.states[result.key] = State("failed", result.error, usage=result.usage, cost=result.cost)
                    if new and paid and (entry := _entry(result, asked.model, connection)):
                        batch.book(entry, kept=answered)
                        visit.ledger.add(entry)
        return Taken(counts["answered"], counts["failed"], len(answers.broken))

    async def _all(self, visit: Visit, language: Language, asking: Sequence[Any]) -> tuple[Any, ...]:
        """``shown``, progress, table and the job's id."""
        batch = visit.batch
        job_id = batch.job.id if batch.job is not None else gr.skip()
        return *await self.shown(visit, language, *asking), *await self.batcher.view(visit), job_id


async def _watched(remote: Remote, connection: Connection, news: asyncio.Event) -> None:
    """Look at a batch until it has ended. Raises ChatError."""
    async with aclosing(batch_service.follow(connection, remote.batch.id)) as looks:
        async for remote.batch in looks:
            news.set()


async def _put(job: Job, row: RowResult) -> bool:
    """Keep an answer, unless it is kept: read twice, it is paid for once. Whether it is new. Raises JobError."""
    kept = await job.get(row.key)
    known = RowResult.from_row(kept) if kept is not None else None
    if known is not None and replace(known, step=row.step) == row:
        return False
    if (lost := await job.put(row.to_row())) is not None:
        raise lost
    return True


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    """A folder for the files of one event: two that are pressed at once do not write over each other, and nothing is
    left behind. Raises BatchFileError."""
    try:
        folder = tempfile.TemporaryDirectory(prefix="vitrine-batch-", ignore_cleanup_errors=True)
    except OSError:
        raise BatchFileError("There is no folder for the batch file.", reason="disk") from None
    with folder as path:
        yield Path(path)


async def _kept(path: Path) -> str:
    """A copy among the visitor's uploads. Raises BatchFileError."""
    try:
        return await asyncio.to_thread(keep_copy, path)
    except OSError:
        raise BatchFileError("The batch file cannot be kept on this disk.", reason="disk") from None


def _judged(result: BatchResult, task: Task, step: Step) -> RowResult:
    """The row of an answer; one without any text has a problem, as if it had been asked here."""
    error = result.error.kind if result.error is not None else ""
    completion = result.completion or Completion()
    return judged_row(task, result.key, completion, result.usage, result.cost, step, error=error)


def _entry(result: BatchResult, model: str, connection: Connection) -> Entry | None:
    """What one row of a batch has cost, for the ledger."""
    if result.usage is None:
        return None
    finished = result.completion.finished if result.completion is not None else None
    outcome = (finished.finish_reason if finished else None) or (result.error.kind if result.error else "unstated")
    return entry_of(connection, ChatRequest(model, ()), result.usage, result.cost, Timing(None, 0.0), outcome)
