"""Where the rows of a batch come from: pasted texts, uploads, the column of a CSV file.

Raises nothing, and keeps nothing; what is a visitor's comes as ``Visit``.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any, cast

import gradio as gr

from chat_core import extracting, row_sources
from chat_core.errors import FileError
from chat_core.file_names import safe_name
from chat_core.json_output import whole_letters
from chat_core.row_sources import LARGEST_TABLE, Splitting, Table
from chat_ui import batch_run, notes
from chat_ui.batch_job import MOST_ROWS, Batch, Row
from chat_ui.extract_job import Source
from chat_ui.files_apart import apart
from chat_ui.kept_pictures import name_of_url
from chat_ui.localize import warn
from chat_ui.texts import Language, number, t
from chat_ui.visit import Visit

LONGEST_PASTE = 2_000_000
TABLE_ENDINGS = (".csv", ".tsv")
# The preset whose example has many rows.
EXAMPLE_PRESET = "contact"


class RowIntake:
    """What the events do that make rows. ``view``: gives progress and table, which all of them set."""

    def __init__(self, view: Callable[[Visit], Awaitable[tuple[str, str]]]) -> None:
        self._view = view

    async def take_text(
        self, text: str, splitting: Any, visit: Visit, language: Language
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Make rows of what was pasted; empties the field."""
        batch = visit.batch
        name = t(language, "batch.pasted")
        # The page's own limit is the browser's to keep, and half a letter would end every event of the page.
        text = whole_letters(str(text or "")[:LONGEST_PASTE])
        if splitting == "links":
            links = await asyncio.to_thread(row_sources.split_text, text, "lines")
            added = _added(batch.add(Source("", name_of_url(link), link, remote=True)) for link in links)
        else:
            pieces = await asyncio.to_thread(row_sources.split_text, text, cast(Splitting, splitting))
            first = 1 + sum(row.source.name == name for row in batch.rows.values())
            added = _added(
                batch.add(Source("", name, "", status="ready"), text=piece, number=place)
                for place, piece in enumerate(pieces, start=first)
            )
        self._warn_of_many(added, language)
        yield "", *await self._view(visit)
        async with aclosing(batch_run.read_in(batch, _unread(added))) as steps:
            async for _ in steps:
                yield gr.skip(), *await self._view(visit)

    async def take_files(
        self, files: list[tuple[str, str]] | None, heads: bool, visit: Visit, language: Language
    ) -> AsyncIterator[tuple[Any, ...]]:
        """Make rows of uploads, one each, or one for each cell of a CSV file's column; empties the field.

        Sets the field, the choice of a column, the switch for names, progress and table.
        """
        batch = visit.batch
        named = [(path, safe_name(name)) for path, name in files or []]
        tables = [(path, name) for path, name in named if name.lower().endswith(TABLE_ENDINGS)]
        others = [(path, name) for path, name in named if not name.lower().endswith(TABLE_ENDINGS)]
        added = _added(batch.add(Source("", name, path)) for path, name in others)
        self._warn_of_many(added, language)
        for path, name in tables:
            await self._read_table(batch, path, _name_of_table(batch, path, name), language, heads=bool(heads))
        column, switch = choices(batch)
        yield None, column, switch, *await self._view(visit)
        async with aclosing(batch_run.read_in(batch, _unread(added))) as steps:
            async for _ in steps:
                yield gr.skip(), gr.skip(), gr.skip(), *await self._view(visit)

    async def choose_column(self, column: Any, visit: Visit, language: Language) -> tuple[Any, ...]:
        """Make the rows of the CSV file anew, of another column: column, progress and table."""
        batch = visit.batch
        if batch.table_path and not self._held_up(batch, language):
            await self._read_table(
                batch, batch.table_path, batch.table_name, language, heads=batch.heads, column=str(column)
            )
        return gr.update(value=batch.column or None), *await self._view(visit)

    async def choose_heads(self, heads: Any, visit: Visit, language: Language) -> tuple[Any, ...]:
        """Read the CSV file anew, with or without names in its first row: column, switch, progress and table."""
        batch = visit.batch
        if batch.table_path and not self._held_up(batch, language):
            await self._read_table(batch, batch.table_path, batch.table_name, language, heads=bool(heads))
        return choices(batch)[0], gr.update(value=batch.heads), *await self._view(visit)

    def _held_up(self, batch: Batch, language: Language) -> bool:
        """Whether rows cannot be exchanged now, since they are asked; the page is told."""
        if batch.running:
            warn(t(language, "batch.running_now"))
        return batch.running

    def example(self, language: Language) -> tuple[Any, ...]:
        """Some rows to try it with, as one would paste them, and the preset for them: text, splitting, preset."""
        found = extracting.find(EXAMPLE_PRESET)
        many = found.many if found is not None else None
        return (many.text(language) if many is not None else ""), "paragraphs", EXAMPLE_PRESET

    async def _read_table(
        self, batch: Batch, path: str, name: str, language: Language, *, heads: bool, column: str = ""
    ) -> None:
        """Make rows of a CSV file's column, the wordiest one if none is named. It is read again for another one: a
        table may take ten times its file in memory."""
        try:
            table, wordiest = await apart(_table_of, path, name, heads=heads)
        except FileError as error:
            warn(notes.sentence(error, language))
            return
        if any(_is_cell_of(row, name) for row in batch.rows.values()) and self._held_up(batch, language):
            return
        batch.tables[name] = path
        batch.table_path, batch.table_name, batch.columns, batch.heads = path, name, table.columns, heads
        self._fill_from(batch, table, column if column in table.columns else wordiest, language)

    def _fill_from(self, batch: Batch, table: Table, column: str, language: Language) -> None:
        """The rows of this file are the cells of this column."""
        batch.remove([row.key for row in batch.rows.values() if _is_cell_of(row, batch.table_name)])
        batch.column = column
        added = _added(
            batch.add(Source("", batch.table_name, "", status="ready"), text=cell.text, number=cell.number)
            for cell in table.column(column)
        )
        self._warn_of_many(added, language)

    def _warn_of_many(self, added: Sequence[Row | None], language: Language) -> None:
        if None in added:
            warn(t(language, "batch.too_many", most=number(MOST_ROWS)))


def _is_cell_of(row: Row, table: str) -> bool:
    """Whether a row comes from the CSV file of this name."""
    return row.number > 0 and row.source.name == table


def _name_of_table(batch: Batch, path: str, name: str) -> str:
    """What a CSV file is called here: its own name, with a number where another one has it. The same file again, or one
    whose rows are there from an earlier visit, takes the place of its rows."""
    own = called = safe_name(name, "table.csv")
    count = 1
    while batch.tables.get(called, path) != path:
        count += 1
        called = f"{Path(own).stem} ({count}){Path(own).suffix}"
    return called


def choices(batch: Batch) -> tuple[Any, Any]:
    """The choice of a column and the switch for names; out of sight where there is no CSV file."""
    if not batch.columns:
        return gr.update(visible=False), gr.update(visible=False)
    return gr.update(choices=list(batch.columns), value=batch.column, visible=True), gr.update(visible=True)


def _unread(rows: Sequence[Row | None]) -> list[Row]:
    return [row for row in rows if row is not None and row.source.status == "reading"]


def _added(rows: Iterable[Row | None]) -> list[Row | None]:
    """The rows as they are made, up to the first one that there is no room for."""
    added: list[Row | None] = []
    for row in rows:
        added.append(row)
        if row is None:
            break
    return added


def _table_of(path: str, name: str, *, heads: bool) -> tuple[Table, str]:
    """A CSV file, and its wordiest column; CPU work. Raises FileError."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(LARGEST_TABLE + 1)
    except OSError:
        raise FileError(f"{name} is not there.", name=name, reason="not_found", limit=0) from None
    table = row_sources.read_table(data, name, heads=heads)
    return table, table.wordiest
