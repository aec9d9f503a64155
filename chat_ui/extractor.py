"""The events of the tab Extract JSON: sources, what is wanted, asking, stopping, what comes of it.

Raises nothing, and keeps nothing but what all visitors share; what is a visitor's comes as ``Visit``.
"""

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any, Literal, cast, get_args

import gradio as gr

from chat_core import extracting, wire
from chat_core.connections import Connection
from chat_core.json_output import whole_letters
from chat_core.schema_code import as_code
from chat_core.settings import ASSETS, Settings
from chat_ui import extract_run, extract_view, wanted
from chat_ui.extract_job import MOST_SOURCES, Asked, Extracting, View, forecast
from chat_ui.gradio_inside import keep_file
from chat_ui.kept_pictures import name_of_url
from chat_ui.localize import warn
from chat_ui.page_events import sent, sent_text
from chat_ui.texts import LANGUAGES, Language, number, t
from chat_ui.visit import Visit

# What of a schema or of an answer is written into the page's code field.
LONGEST_CODE = 60_000

Form = Literal["json", "code"]


class Extractor:
    """What the events of the tab do."""

    def __init__(self, settings: Settings, app: Connection) -> None:
        self.settings = settings
        self.app = app

    # --- what is wanted -----------------------------------------------------------------------------------------------

    def fill(self, preset: str, visit: Visit, language: Language) -> tuple[Any, ...]:
        """When the tab is opened for the first time: the preset, as if it had been chosen."""
        if visit.extracting.preset:
            return tuple(gr.skip() for _ in range(6))
        return self.begin_with(preset, visit, language)

    async def choose(self, preset: str, visit: Visit, language: Language) -> tuple[Any, ...]:
        """A preset was chosen in the list: sets what ``begin_with`` sets, where it is another one than before.

        Gradio tells of a choice by mouse twice, and of a list that is only passed with the Tab key as of a choice: what
        was typed into the table meanwhile stays. A coroutine, so that no second call comes in between.
        """
        if preset == visit.extracting.preset:
            return tuple(gr.skip() for _ in range(6))
        return self.begin_with(preset, visit, language)

    def begin_with(self, preset: str, visit: Visit, language: Language) -> tuple[Any, ...]:
        """Fill the form from a preset: editor, table, checks, Make strict, instructions, the button for its picture."""
        found = extracting.find(preset) or extracting.load_presets()[0]
        job = visit.extracting
        job.preset = found.id
        job.want(wanted.of_fields(found.fields(language)))
        has_picture = gr.update(visible=bool(found.picture))
        return *self._wanted(job, language), found.instructions.text(language), has_picture

    def follow_language(
        self, preset: str, text: str, instructions: str, visit: Visit, language: Language
    ) -> tuple[Any, ...]:
        """The language was switched: what is a preset's own text follows, what a person has written stays.

        Sets what ``begin_with`` sets, without the last, and the text.
        """
        job, found = visit.extracting, extracting.find(preset)
        stock = [found.fields(each) for each in LANGUAGES] if found else []
        if found and any(job.wanted.rows == wanted.of_fields(fields).rows for fields in stock):
            job.want(wanted.of_fields(found.fields(language)))
        else:
            job.revision += 1
        return (
            *self._wanted(job, language),
            _followed(instructions, [each.instructions for each in extracting.load_presets()], language),
            _followed(text, [each.example for each in extracting.load_presets()], language),
        )

    def example(self, preset: str, language: Language) -> str:
        """The example text of a preset."""
        found = extracting.find(preset) or extracting.load_presets()[0]
        return found.example.text(language)

    def type_table(self, event: gr.EventData, visit: Visit, language: Language) -> tuple[Any, ...]:
        """A cell is typed in: editor, checks and Make strict follow; the table is left alone."""
        self._take_rows(event, visit)
        editor, _, checks, strict = self._wanted(visit.extracting, language)
        return editor, checks, strict

    def change_table(self, event: gr.EventData, visit: Visit, language: Language) -> tuple[Any, ...]:
        """A row was added or taken away: editor, table, checks, Make strict."""
        self._take_rows(event, visit)
        return self._wanted(visit.extracting, language)

    def type_schema(self, text: str, visit: Visit, language: Language) -> tuple[Any, ...]:
        """The schema, or an example, is typed or pasted: table, checks and Make strict follow."""
        job = visit.extracting
        if text == job.wanted.text:
            return gr.skip(), gr.skip(), gr.skip()
        job.want(wanted.of_text(text or ""))
        return self._wanted(job, language)[1:]

    def make_strict(self, visit: Visit, language: Language) -> tuple[Any, ...]:
        """Editor, table, checks, Make strict."""
        visit.extracting.want(wanted.strict(visit.extracting.wanted))
        return self._wanted(visit.extracting, language)

    def redraw(self, visit: Visit, language: Language) -> tuple[Any, ...]:
        """What is wanted has become another: editor, table, checks, Make strict."""
        return self._wanted(visit.extracting, language)

    def _take_rows(self, event: gr.EventData, visit: Visit) -> None:
        rows = wanted.rows_of(sent(event, "rows"))
        if rows is not None and visit.extracting.wanted.rows is not None:
            visit.extracting.want(wanted.of_rows(rows))

    def _wanted(self, job: Extracting, language: Language) -> tuple[Any, ...]:
        """Editor, table, checks, Make strict."""
        now = job.wanted
        broken = now.schema is not None and bool(now.strict_problems)
        return (
            now.text,
            extract_view.fields_html(job, language),
            extract_view.checks_html(now, language),
            gr.update(visible=broken),
        )

    # --- sources ------------------------------------------------------------------------------------------------------

    async def take_files(
        self, files: list[tuple[str, str]] | None, visit: Visit, language: Language
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Read the uploads in; empties the field for the next ones."""
        async with aclosing(
            self._read_in([(name, path, False) for path, name in files or []], visit, language)
        ) as all_:
            async for shown in all_:
                yield shown

    async def take_urls(self, urls: str, visit: Visit, language: Language) -> AsyncIterator[tuple[Any, ...]]:
        """Fetch the pictures at the URLs, one a line; empties the field."""
        lines = [line.strip() for line in whole_letters(urls or "").splitlines() if line.strip()]
        async with aclosing(
            self._read_in([(name_of_url(line), line, True) for line in lines], visit, language)
        ) as all_:
            async for shown in all_:
                yield shown

    async def take_example_picture(
        self, preset: str, visit: Visit, language: Language
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Take the example picture of a preset."""
        found = extracting.find(preset)
        name = found.picture if found else ""
        given = [(name, str(ASSETS / "examples" / name), False)] if name else []
        async with aclosing(self._read_in(given, visit, language)) as all_:
            async for _, shown in all_:
                yield (shown,)

    async def _read_in(
        self, given: Sequence[tuple[str, str, bool]], visit: Visit, language: Language
    ) -> AsyncGenerator[tuple[Any, ...], None]:
        job = visit.extracting
        added = [job.add(name, source, remote=remote) for name, source, remote in given]
        if None in added:
            warn(t(language, "extract.too_many_sources", most=number(MOST_SOURCES)))
        yield None, extract_view.sources_html(job, language)
        async with aclosing(extract_run.read_in([source for source in added if source])) as steps:
            async for _ in steps:
                yield gr.skip(), extract_view.sources_html(job, language)

    def remove_source(self, event: gr.EventData, visit: Visit, language: Language) -> str:
        visit.extracting.remove(sent_text(event, "key"))
        return extract_view.sources_html(visit.extracting, language)

    def sources(self, visit: Visit, language: Language) -> str:
        return extract_view.sources_html(visit.extracting, language)

    # --- before it starts ---------------------------------------------------------------------------------------------

    async def ready(self, visit: Visit, language: Language, reference: str, *asking: Any) -> tuple[Any, ...]:
        """What can be done now, and what it would take: estimate, Start, Stop, the code, and what is done with a
        result."""
        job, connection = visit.extracting, visit.connection(self.app)
        asked = self.asked(visit, *asking)
        missing = _missing(job, asked, language)
        estimate, code = f'<p class="quiet">{missing}</p>', ""
        if not missing:
            request = await asyncio.to_thread(extract_run.opening, asked, job.ready_sources)
            counted = await asyncio.to_thread(forecast, request, asked.wanted, connection, reference)
            known = visit.describe(connection, asked.model)
            won = self.settings.won_per_dollar
            estimate = extract_view.estimate_html(counted, asked.model, connection, known, language, reference, won)
            pictures = tuple(source.name for source in job.ready_sources if source.text is None)
            code = as_code(wire.build(request).body, connection.base_url, asked.wanted.schema or {}, pictures)
        job.code = code
        found = job.run is not None and job.run.extraction is not None and job.run.extraction.found
        return (
            estimate,
            gr.update(visible=not job.running, interactive=not missing),
            gr.update(visible=job.running),
            code if len(code) <= LONGEST_CODE else f"# {t(language, 'extract.code_cut')}\n\n{code[:LONGEST_CODE]}",
            gr.update(visible=found and not job.running),
        )

    def asked(self, visit: Visit, text: Any, instructions: Any, model: Any) -> Asked:
        """What is asked, from the widgets."""
        return Asked.sent(text, instructions, model, visit.extracting.wanted, first_model=visit.first_model)

    # --- asking -------------------------------------------------------------------------------------------------------

    async def start(
        self, visit: Visit, language: Language, reference: str, *asking: Any
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Extract; sets status, result, marked text, Start and Stop."""
        job, connection = visit.extracting, visit.connection(self.app)
        await visit.find_first_model(connection)
        asked = self.asked(visit, *asking)
        missing = _missing(job, asked, language)
        if job.running or missing:
            if missing:
                warn(missing)
            yield tuple(gr.skip() for _ in range(5))
            return
        job.language, job.reference = language, reference
        buttons: tuple[Any, ...] = (gr.update(visible=False), gr.update(visible=True))
        asking_now = extract_run.ask(job, asked, connection, visit.ledger, self.settings.clocks, visit.keep)
        async with aclosing(asking_now) as steps:
            async for _ in steps:
                yield *self.view(visit), *buttons
                buttons = gr.skip(), gr.skip()

    async def stop(self, visit: Visit) -> None:
        """End what is running; its last drawing says so."""
        if visit.extracting.stop is not None:
            visit.extracting.stop.set()

    # --- what came of it ----------------------------------------------------------------------------------------------

    def view(self, visit: Visit) -> tuple[str, str, str]:
        """Status, result and marked text."""
        job = visit.extracting
        run = job.run
        if run is None:
            return f'<p class="quiet">{t(job.language, "extract.empty")}</p>', "", ""
        return (
            extract_view.status_html(run, job.language, job.reference, self.settings.won_per_dollar),
            extract_view.result_html(run, job.view, job.language),
            extract_view.marked_html(run, job.language),
        )

    def shown(self, view: Any, visit: Visit, language: Language, reference: str) -> tuple[str, str, str]:
        """Status, result and marked text, from now on in this view and language, compared with this model."""
        job = visit.extracting
        job.view = cast(View, view) if view in get_args(View) else "tree"
        job.language, job.reference = language, reference
        return self.view(visit)

    def download(self, form: Form, visit: Visit) -> Any:
        """Set the file of the hidden download button."""
        if form == "code":
            return gr.update(value=keep_file(visit.extracting.code.encode("utf-8", "replace"), "extract_json.py"))
        return gr.update(value=keep_file(f"{self.data_text(visit)}\n".encode("utf-8", "replace"), "extracted.json"))

    def data_text(self, visit: Visit) -> str:
        """The data as JSON, for the clipboard and the file."""
        run = visit.extracting.run
        data = run.extraction.data if run is not None and run.extraction is not None else None
        return json.dumps(data, ensure_ascii=False, indent=2)


def _missing(job: Extracting, asked: Asked, language: Language) -> str:
    """What is still needed before it can start; empty where nothing is."""
    if any(source.status == "reading" for source in job.sources.values()):
        return t(language, "extract.wait_reading")
    if not asked.text.strip() and not job.ready_sources:
        return t(language, "extract.no_source")
    if asked.wanted.schema is None:
        return t(language, "extract.no_wanted")
    return ""


def _followed(written: str, stock: Sequence[Any], language: Language) -> Any:
    """The text in the new language, where it is one of the ready-made ones."""
    known = next((each for each in stock if (written or "") in (each.ko, each.en)), None)
    return known.text(language) if known else gr.skip()
