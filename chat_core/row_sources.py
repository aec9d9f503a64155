"""Many texts out of one: a line each, a paragraph each, or the cells of a column of a CSV file. Pure.

    table = read_table(Path("reviews.csv").read_bytes(), "reviews.csv")
    texts = [row.text for row in table.column("review")]

What is blank is no row: an empty line or cell has nothing to be asked about.
"""

import csv
import io
import re
from dataclasses import dataclass
from typing import Literal

from chat_core.errors import FileError
from chat_core.text_files import decode_text

LARGEST_TABLE = 10_000_000
"""Bytes of a CSV file."""
MOST_COLUMNS = 200
MOST_CELLS = 1_000_000
"""Of a CSV file, the empty ones at the end of short rows counted: a row of two hundred makes all others as wide."""
LONGEST_CELL = 1_000_000
LONGEST_NAME = 120
"""Characters of a column's name."""
# The module's own limit, which holds for the whole process, is an eighth of that.
csv.field_size_limit(LONGEST_CELL)

Splitting = Literal["lines", "paragraphs"]

_SEPARATORS = "\t;|,"
_NO_SEPARATOR = "\x1f"
# After the last line. Where it is no row of its own, it stands within quotes that were never closed.
_END = "\x01"
# In so much of a file its first row is looked for.
_SAMPLE = 20_000
_PARAGRAPHS = re.compile(r"\n[^\S\n]*(?:\n[^\S\n]*)+")


@dataclass(frozen=True, slots=True)
class Cell:
    """A text of a column. ``number``: the row of the table that it stands in, from 1, the heads not counted."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file. ``columns``: their names, none empty and no two alike.  ``rows``: as many cells each."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, name: str) -> list[Cell]:
        """The texts of a column, the blank ones left out; none where there is no such column."""
        if name not in self.columns:
            return []
        place = self.columns.index(name)
        cells = (Cell(number, row[place].strip()) for number, row in enumerate(self.rows, start=1))
        return [cell for cell in cells if cell.text]

    @property
    def wordiest(self) -> str:
        """The column with the most text, which is likely the one that is meant."""
        lengths = [sum(len(row[place]) for row in self.rows) for place in range(len(self.columns))]
        return self.columns[lengths.index(max(lengths))]


def split_text(text: str, splitting: Splitting) -> list[str]:
    """The lines, or what stands between blank lines."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    pieces = text.split("\n") if splitting == "lines" else _PARAGRAPHS.split(text)
    return [piece.strip() for piece in pieces if piece.strip()]


def read_table(data: bytes, name: str, *, heads: bool = True) -> Table:
    """Read a CSV file: in UTF-8, UTF-16 or the encoding of older Korean Windows, with commas, semicolons, tabs or bars.

    ``heads``: the first line holds the names of the columns. Raises FileError with the reason ``table_too_large`` (over
    ``LARGEST_TABLE``), ``too_many_cells``, ``not_text``, ``not_csv``, ``open_quote`` or ``empty``.
    """
    if len(data) > LARGEST_TABLE:
        raise FileError(f"{name} is too large.", name=name, reason="table_too_large", limit=LARGEST_TABLE)
    decoded = decode_text(data)
    if decoded is None:
        raise FileError(f"{name} is not a text file.", name=name, reason="not_text")
    try:
        lines = _lines(decoded.text, name)
    except csv.Error:
        raise FileError(f"{name} cannot be read as CSV.", name=name, reason="not_csv") from None
    width = max(map(len, lines), default=0)
    rows = lines[1:] if heads else lines
    if not rows:
        raise FileError(f"{name} is empty.", name=name, reason="empty")
    if width > MOST_COLUMNS:
        raise FileError(f"{name} has too many columns.", name=name, reason="not_csv")
    if width * len(lines) > MOST_CELLS:
        raise _too_many_cells(name)
    filled = tuple(tuple(line) + ("",) * (width - len(line)) for line in rows)
    return Table(_names(lines[0] if heads else [], width), filled)


def no_room(name: str) -> FileError:
    """Why a source is not taken: with it there would be more text than is held in memory at once."""
    return FileError(f"There is no room for {name}.", name=name, reason="no_room")


def _lines(text: str, name: str) -> list[list[str]]:
    """The rows that are not blank. Raises FileError and csv.Error."""
    text = text if text.endswith(("\n", "\r")) else text + "\n"
    reader = csv.reader(io.StringIO(text + _END, newline=""), delimiter=_separator(text))
    lines, cells = [], 0
    for line in reader:
        if any(cell.strip() for cell in line):
            lines.append(line)
            cells += len(line)
            if cells > MOST_CELLS:
                raise _too_many_cells(name)
    if not lines or lines.pop() != [_END]:
        raise FileError(f"{name} opens quotes and never closes them.", name=name, reason="open_quote")
    return lines


def _too_many_cells(name: str) -> FileError:
    return FileError(f"{name} has too many cells.", name=name, reason="too_many_cells", limit=MOST_CELLS)


def _separator(text: str) -> str:
    """The sign between cells: the one that cuts the first row, the names of the columns as a rule, into most cells.

    Where the first row has none of them, there is one column, and a comma in its texts is a comma: then a sign that
    texts do not hold. csv.Sniffer takes a letter for the separator of such a file.
    """
    sample = text[:_SAMPLE].lstrip()
    best, most = _NO_SEPARATOR, 1
    for sign in _SEPARATORS:
        cells = len(next(csv.reader(io.StringIO(sample, newline=""), delimiter=sign), ()))
        if cells > most:
            best, most = sign, cells
    return best


def _names(heads: list[str], width: int) -> tuple[str, ...]:
    """A name for each column, no two alike, and none longer than can be shown; an empty one gets its number."""
    names: dict[str, None] = {}
    for place in range(width):
        name = heads[place][:LONGEST_NAME] if place < len(heads) else ""
        name = " ".join(name.split()) or str(place + 1)
        unique, again = name, place
        while unique in names:
            again += 1
            unique = f"{name} ({again})"
        names[unique] = None
    return tuple(names)
