"""The events of the batch in the tab Extract JSON: asking its rows, stopping, going on, what comes of it.

Raises nothing, and keeps nothing but what all visitors share; what is a visitor's comes as ``Visit``.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast, get_args

import gradio as gr

from chat_core import extracting
from chat_core.batch import Budget
from chat_core.connections import Connection
from chat_core.errors import BatchFileError, JobError
from chat_core.job_store import JobStore
from chat_core.settings import Settings
from chat_ui import batch_run, batch_view, limits, notes, row_exports, row_intake, wanted
from chat_ui.batch_job import Batch, Row, Shown
from chat_ui.extract_job import Asked
from chat_ui.gradio_inside import keep_copy
from chat_ui.localize import warn
from chat_ui.page_events import sent_text
from chat_ui.texts import Language, number, t
from chat_ui.visit import Visit

# A page that was reloaded takes its batch over from the one before, which is given so many tries to let go.
TRIES_TO_FIND = 6
PAUSE_SECONDS = 1.0
# Rows whose answers are read from the disk in one go.
TOGETHER = 50

# For Start, Stop, Run again and Clear: while rows are asked, and as they are.
BUSY: tuple[Any, ...] = tuple(gr.update(visible=name == "stop") for name in ("start", "stop", "again", "clear"))
UNMOVED: tuple[Any, ...] = tuple(gr.skip() for _ in BUSY)


class Batcher:
    """What the events of the batch do."""

    def __init__(self, settings: Settings, app: Connection, store: JobStore) -> None:
        self.settings = settings
        self.app = app
        self.store = store
        self.intake = row_intake.RowIntake(self.view)

    async def view(self, visit: Visit) -> tuple[str, str]:
        """Progress and table."""
        batch, won = visit.batch, self.settings.won_per_dollar
        rows = batch.page_rows()
        results = await batch_run.looked_at(batch, rows)
        progress = batch_view.progress_html(batch, visit.connection(self.app), batch.language, batch.reference, won)
        return progress, batch_view.table_html(batch, rows, results, batch.language, won)

    async def shown(self, shown: Any, visit: Visit, language: Language, reference: str) -> tuple[str, str]:
        """Progress and table from now on with these rows, in this language, compared with this model."""
        batch = visit.batch
        batch.shown = cast(Shown, shown) if shown in get_args(Shown) else "all"
        batch.language, batch.reference = language, reference
        return await self.view(visit)

    async def turn_page(self, event: gr.EventData, visit: Visit) -> str:
        """Look at another page of the table."""
        page = sent_text(event, "page")
        visit.batch.page = int(page) if page.isdecimal() and len(page) < 6 else 0
        return (await self.view(visit))[1]

    # --- before it starts ---------------------------------------------------------------------------------------------

    async def ready(
        self, visit: Visit, language: Language, reference: str, dollars: Any, most: Any, *asking: Any
    ) -> tuple[Any, ...]:
        """What can be done now, and what it would take: estimate, Start, Stop, Run again, Clear, the files."""
        batch, asked = visit.batch, self.asked(visit, *asking)
        rows = self.rows_to_ask(batch, asked)
        begun = batch.asked is not None and any(batch.outcomes)
        key = "batch.resume" if begun and rows and _same(batch.asked, asked) else "batch.start_count"
        start = t(language, key, count=number(len(rows))) if rows else t(language, "batch.start")
        within = limits.budget(dollars, most, spent=batch.spent, asked=batch.asked_before)
        estimate = await self._estimate(rows, asked, within, visit, language, reference)
        # Looked at last: while the estimate was made, Start may have been pressed.
        again, resting = len(batch.to_ask_again()), not batch.running
        return (
            estimate,
            gr.update(value=start, visible=resting, interactive=bool(rows) and not batch.at_server),
            gr.update(visible=not resting),
            gr.update(
                value=t(language, "batch.again", count=number(again)),
                visible=resting and again > 0 and not batch.at_server,
            ),
            gr.update(visible=resting and bool(batch.rows or batch.job)),
            gr.update(visible=bool(batch.outcomes or batch.states)),
        )

    async def _estimate(
        self, rows: Sequence[Row], asked: Asked, within: Budget, visit: Visit, language: Language, reference: str
    ) -> str:
        batch, connection = visit.batch, visit.connection(self.app)
        if missing := _missing(batch, rows, asked):
            return f'<p class="quiet">{t(language, missing)}</p>'
        counted = await asyncio.to_thread(batch.forecast, rows, asked, connection, reference)
        pictures = any(row.is_picture for row in rows)
        known, won = visit.describe(connection, asked.model), self.settings.won_per_dollar
        line = batch_view.estimate_html(counted, asked.model, connection, known, pictures, language, reference, won)
        room = limits.allowed(replace(within, dollars=None) if connection.free else within, counted.costs)
        if room < len(rows):
            line += f'<p class="problem">{t(language, "batch.beyond_limit", count=number(room))}</p>'
        if batch.outcomes and not _same(batch.asked, asked):
            line += f'<p class="quiet">{t(language, "batch.changed")}</p>'
        return line

    def rows_to_ask(self, batch: Batch, asked: Asked) -> list[Row]:
        """Rows that have no answer to this yet; none where it cannot be asked."""
        return batch.to_ask(batch.identify(asked)) if asked.wanted.schema is not None else []

    def asked(self, visit: Visit, instructions: Any, model: Any) -> Asked:
        """What is asked of each row, from the widgets."""
        return Asked.sent("", instructions, model, visit.extracting.wanted, first_model=visit.first_model)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def start(
        self, visit: Visit, language: Language, reference: str, dollars: Any, most: Any, *asking: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Ask the rows that have no answer yet; sets progress, table, the buttons of ``BUSY`` and the job's id."""
        await visit.find_first_model(visit.connection(self.app))
        run = Run(self.asked(visit, *asking), lambda batch: batch.to_ask(batch.ids), dollars, most)
        async with aclosing(self._run(run, visit, language, reference)) as steps:
            async for step in steps:
                yield step

    async def again(
        self, visit: Visit, language: Language, reference: str, dollars: Any, most: Any, *_: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Ask rows once more that failed, or whose data is not valid; sets what ``start`` sets."""
        run = Run(visit.batch.asked, Batch.to_ask_again, dollars, most, again=True)
        async with aclosing(self._run(run, visit, language, reference)) as steps:
            async for step in steps:
                yield step

    async def again_one(
        self, event: gr.EventData, visit: Visit, language: Language, reference: str, dollars: Any, most: Any, *_: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Ask one row once more; sets what ``start`` sets."""
        key = sent_text(event, "key")
        run = Run(
            visit.batch.asked,
            lambda batch: [row for row in batch.to_ask_again() if row.key == key],
            dollars,
            most,
            again=True,
        )
        async with aclosing(self._run(run, visit, language, reference)) as steps:
            async for step in steps:
                yield step

    async def _run(
        self, run: "Run", visit: Visit, language: Language, reference: str
    ) -> AsyncGenerator[tuple[Any, ...], None]:
        batch = visit.batch
        if batch.running or run.asked is None:
            yield *await self.view(visit), *UNMOVED, gr.skip()
            return
        batch.begin()
        try:
            refusal = await self._opened(run, run.asked, visit, language)
            if refusal:
                warn(refusal)
            else:
                batch.language, batch.reference = language, reference
                async for step in self._asking(run, run.asked, visit, reference):
                    yield step
        finally:
            batch.rest()
            if batch.job is not None:
                # Where it was refused, nothing else has let go of it.
                await asyncio.shield(batch.job.close())
        yield *await self.view(visit), *UNMOVED, gr.skip()

    async def _asking(self, run: "Run", asked: Asked, visit: Visit, reference: str) -> AsyncIterator[tuple[Any, ...]]:
        batch, connection = visit.batch, visit.connection(self.app)
        assert batch.job is not None
        buttons: tuple[Any, ...] = (*BUSY, batch.job.id)
        ways = batch_run.Ways(connection, reference, visit.ledger, self.settings.clocks, visit.keep)
        steps_of = batch_run.ask(batch, run.choose(batch), asked, run.budget(batch), ways, again=run.again)
        async with aclosing(steps_of) as steps:
            async for _ in steps:
                yield *await self.view(visit), *buttons
                buttons = (*UNMOVED, gr.skip())

    async def _opened(self, run: "Run", asked: Asked, visit: Visit, language: Language) -> str:
        """Open the batch's job, and look what there is to ask. Why nothing is begun; empty where all is in order."""
        batch, connection = visit.batch, visit.connection(self.app)
        if batch.at_server:
            return t(language, "batch.at_server")
        if asked.wanted.schema is None:
            return t(language, "extract.no_wanted")
        budget = run.budget(batch)
        if budget.dollars is None and budget.items is None:
            return t(language, "describe.no_limit")
        try:
            await batch_run.open_job(batch, asked, self.store)
        except JobError as error:
            return notes.sentence(error, language)
        rows = run.choose(batch)
        if budget.items is None and not connection.free:
            counted = await asyncio.to_thread(batch.forecast, rows, asked, connection, "")
            if counted.cost is None:
                return t(language, "batch.limit_unpriced")
        return "" if rows else t(language, "batch.nothing_to_ask")

    async def stop(self, visit: Visit) -> None:
        """End what is running; its last drawing tells how far it came."""
        if visit.batch.stop is not None:
            visit.batch.stop.set()

    # --- an earlier batch ---------------------------------------------------------------------------------------------

    async def find(self, job_id: Any, shown: Any, visit: Visit, language: Language, reference: str) -> tuple[Any, ...]:
        """The page has kept the id of a batch: put it back, unless there is one here.

        Sets progress, table, the id to keep, the switch to the batch, and preset, instructions and model as they were.
        """
        batch = visit.batch
        if job_id and batch.job is None and not batch.rows:
            try:
                await self._found(batch, str(job_id)[:100])
            except JobError as error:
                if error.fields["reason"] == "not_found":
                    job_id = ""
                else:
                    warn(notes.sentence(error, language))
            if (asked := batch.asked) is not None and visit.batch is batch:
                preset = wanted.preset_of(asked.wanted)
                # From now on the preset fills nothing of itself.
                visit.extracting.preset = preset or extracting.load_presets()[0].id
                visit.extracting.want(asked.wanted)
                form = ("batch", preset or gr.skip(), asked.instructions, asked.model)
                return *await self.shown(shown, visit, language, reference), gr.skip(), *form
        unmoved = (gr.skip() for _ in range(4))
        return *await self.shown(shown, visit, language, reference), job_id or "", *unmoved

    async def _found(self, batch: Batch, job_id: str) -> None:
        """Raises JobError."""
        for left in reversed(range(TRIES_TO_FIND)):
            try:
                await batch_run.find(batch, job_id, self.store)
                return
            except JobError as error:
                if error.fields["reason"] != "in_use" or not left:
                    raise
                await asyncio.sleep(PAUSE_SECONDS)

    async def clear(self, visit: Visit, language: Language) -> tuple[Any, ...]:
        """Take all rows away, and their answers from the disk; what they cost stays in the ledger of the visit. Not
        while they are at a server, whose answers will be paid for.

        Sets progress, table, the id to keep, the choice of a column and the switch for names.
        """
        batch = visit.batch
        remote, typed = batch.remote, visit.typed is not None
        if remote is not None and batch.at_server and remote.sent_by(visit.connection(self.app), typed=typed):
            warn(t(language, "batch.at_server_first"))
            return *await self.view(visit), gr.skip(), *row_intake.choices(batch)
        if not batch.running:
            # First of all, so that nothing of the old one is begun while the disk is busy.
            visit.batch = Batch(language=batch.language, reference=batch.reference)
            if batch.job is not None:
                with contextlib.suppress(JobError):
                    await self.store.delete(batch.job.id)
        return *await self.view(visit), "", *row_intake.choices(visit.batch)

    async def remove(self, event: gr.EventData, visit: Visit) -> tuple[str, str]:
        """Take one row away, so that it does not come back with an earlier batch either. Not while rows are asked, here
        or at a server. What its answer cost stays in the ledger, and counts for the limits."""
        batch = visit.batch
        row = batch.rows.get(sent_text(event, "key"))
        if row is not None and batch_view.removable(batch, row):
            batch.remove([row.key])
            # What the disk refuses now is taken away again after a reload.
            with contextlib.suppress(JobError):
                await batch_run.keep_rows(batch, self.store)
        return await self.view(visit)

    # --- files --------------------------------------------------------------------------------------------------------

    async def export(self, form: row_exports.Format, visit: Visit, language: Language) -> Any:
        """Set the file of the hidden download button."""
        batch = visit.batch
        numbered = list(enumerate(batch.rows.values(), start=1))
        name = f"{'failed' if form == 'failed' else 'extracted'}.{row_exports.ending(form)}"
        # Excel reads UTF-8, and so Korean, only where a mark at the beginning says so.
        encoding = "utf-8" if form == "jsonl" else "utf-8-sig"
        try:
            # By way of the disk: the answers of a batch may be more than is good for the memory.
            with tempfile.TemporaryDirectory(prefix="vitrine-batch-", ignore_cleanup_errors=True) as folder:
                path = Path(folder) / name
                with await asyncio.to_thread(path.open, "w", encoding=encoding, errors="replace", newline="") as file:
                    file.write(row_exports.heads(batch, form))
                    for first in range(0, len(numbered), TOGETHER):
                        part = numbered[first : first + TOGETHER]
                        results = await batch_run.results(batch, [row for _, row in part])
                        lines = await asyncio.to_thread(row_exports.lines, batch, part, results, form, language)
                        await asyncio.to_thread(file.write, lines)
                return gr.update(value=await asyncio.to_thread(keep_copy, path))
        except OSError:
            warn(notes.sentence(BatchFileError(f"{name} cannot be written.", reason="disk"), language))
            return gr.skip()


@dataclass(frozen=True, slots=True)
class Run:
    """Rows that are to be asked. ``asked``: None: nothing was asked yet that could be asked again.  ``dollars``,
    ``most``: the limits, as they came from the page.  ``again``: rows that have an answer are asked all the same."""

    asked: Asked | None
    choose: Callable[[Batch], list[Row]]
    dollars: Any
    most: Any
    again: bool = False

    def budget(self, batch: Batch) -> Budget:
        # A row that is asked again was counted before.
        asked = batch.asked_before - (len(self.choose(batch)) if self.again else 0)
        return limits.budget(self.dollars, self.most, spent=batch.spent, asked=asked)


def _missing(batch: Batch, rows: Sequence[Row], asked: Asked) -> str:
    """The text that tells what is still needed before it can start; empty where nothing is."""
    if batch.with_status("reading"):
        return "extract.wait_reading"
    if batch.at_server:
        return "batch.at_server"
    if not batch.rows:
        return "batch.no_rows"
    if asked.wanted.schema is None:
        return "extract.no_wanted"
    if not rows:
        return "batch.lacks_content" if batch.with_status("gone") else "batch.nothing_to_ask"
    return ""


def _same(before: Asked | None, now: Asked) -> bool:
    """Whether the answers to both are kept under the same keys."""
    return before is not None and (
        (before.wanted.schema, before.instructions, before.model) == (now.wanted.schema, now.instructions, now.model)
    )
