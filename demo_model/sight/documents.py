"""Written pages: rows of text-like marks, ruled lines and the cells between them, blocks that stand below one another.

Nothing is read here. Marks are taken for writing by their size and by standing in rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo_model.sight import regions
from demo_model.sight.facts import Box, Line, Page, PageKind
from demo_model.sight.regions import Mask, Regions

_INK = 34
"""How much darker than the paper around it ink is at least, in levels of 256."""

_BLOCK = 32
_MOST_INK = 0.4
_THICKEST_RULE = 5
_ALIGNED = 0.014
"""Edges this near to one another, as a share of the width, stand below one another."""

_GAP = 1.1
"""A gap in a row of text that is this much wider than the row is high ends a block; words are nearer."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """A drawn line: ``place`` across it, from ``start`` to ``end`` along it, in pixels."""

    place: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of text-like marks, pixels [top, bottom), and the (left, right) of its blocks."""

    top: int
    bottom: int
    blocks: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Cells:
    """The ruled cells that hold nothing but perhaps writing. ``empty``: those without any."""

    number: int
    columns: int
    rows: int
    empty: int


def find(light: NDArray[np.uint8]) -> Page | None:
    """What makes a grey picture (height, width) a page; None if it is none."""
    ink = _ink(light)
    if not 0.001 < ink.mean() < _MOST_INK:
        return None
    height, width = ink.shape
    level_lines, level = _rules(ink, max(24, width // 8))
    upright_lines, upright = _rules(ink.T, max(20, height // 16))
    upright = upright.T
    cells = _cells(ink, level, upright)
    rows, dashes = _rows(ink & ~regions.grown(level | upright))
    rules = len(level_lines) + len(upright_lines) + dashes
    figures = _figures(rows, light.shape[1])
    kind = _kind(rows, cells, figures, level_lines, rules, light.shape)
    if kind is None:
        return None
    ruled = kind in ("table", "form") and cells.number >= 4
    blocks = _typical_blocks(rows)
    return Page(
        kind=kind,
        lines=_placed(rows, light.shape),
        columns=cells.columns if ruled else blocks,
        rows=cells.rows if ruled else sum(len(row.blocks) >= 2 for row in rows),
        boxes=cells.empty,
        figures=figures,
        rules=rules,
    )


def lines(light: NDArray[np.uint8], beside: Iterable[Box]) -> tuple[Line, ...]:
    """The rows of text-like marks of a grey picture (height, width) beside the boxes of its bars or figures."""
    height, width = light.shape
    ink = _ink(light)
    for box in beside:
        ink[_reach(box.top, box.bottom, height), _reach(box.left, box.right, width)] = False
    if ink.mean() > _MOST_INK:
        return ()
    level, upright = (_rules(way, 24)[1] for way in (ink, ink.T))
    rows, _ = _rows(ink & ~regions.grown(level | upright.T))
    return _placed(rows, light.shape)


def _placed(rows: Sequence[_Row], size: tuple[int, ...]) -> tuple[Line, ...]:
    """The blocks of rows as shares of a picture of ``size`` (height, width)."""
    height, width = size
    return tuple(
        tuple(Box(left / width, row.top / height, right / width, row.bottom / height) for left, right in row.blocks)
        for row in rows
    )


def _reach(start: float, end: float, size: int) -> slice:
    """The pixels from one edge of a box to the other, with its blended edges."""
    return slice(max(0, round(start * size) - 3), round(end * size) + 3)


def _kind(
    rows: Sequence[_Row],
    cells: _Cells,
    figures: int,
    level: Sequence[_Rule],
    rules: int,
    size: tuple[int, ...],
) -> PageKind | None:
    if len(rows) < 2:
        return "table" if cells.columns >= 3 and cells.rows >= 3 else None
    gridded = cells.columns >= 2 and cells.rows >= 2 and cells.number >= 0.7 * cells.columns * cells.rows
    blanks = _blanks(rows, level)
    if gridded and cells.number >= 4 and cells.empty <= 0.35 * cells.number:
        return "table"
    if cells.empty + blanks >= 2:
        return "form"
    if figures >= 3 and len(rows) >= 5 and rules >= 1 and _typical_blocks(rows) == 2 and _height_to_width(rows) > 0.4:
        return "receipt"
    in_columns = sum(len(row.blocks) >= 3 for row in rows)
    if in_columns >= 3 or (_typical_blocks(rows) >= 2 and rules >= 3):
        return "table"
    if figures >= 3 and len(rows) >= 5 and _height_to_width(rows) > 0.6:
        return "receipt"
    written = sum(right - left for row in rows for left, right in row.blocks)
    return "text" if written > 0.8 * size[1] or len(rows) >= 4 else None


def _ink(light: NDArray[np.uint8]) -> Mask:
    """Where a grey picture is darker than its surroundings; of a dark page, where it is lighter."""
    grey = light.astype(np.int16)
    if np.median(grey) < 110:
        grey = 255 - grey
    height, width = grey.shape
    rows, columns = -(-height // _BLOCK), -(-width // _BLOCK)
    padded = np.pad(grey, ((0, rows * _BLOCK - height), (0, columns * _BLOCK - width)), mode="edge")
    blocks = padded.reshape(rows, _BLOCK, columns, _BLOCK).swapaxes(1, 2).reshape(rows, columns, -1)
    paper = np.percentile(blocks, 85, axis=2).astype(np.uint8)
    even = np.asarray(Image.fromarray(paper).resize((columns * _BLOCK, rows * _BLOCK), Image.Resampling.BILINEAR))
    return even[:height, :width].astype(np.int16) - grey > _INK


def _rules(ink: Mask, least: int) -> tuple[list[_Rule], Mask]:
    """The level lines of a picture, and the pixels that they have. Nearly level ones of a scan are not followed."""
    height, width = ink.shape
    flat = np.pad(ink, ((0, 0), (0, 1))).ravel()  # a bare pixel at the end of each row keeps rows apart
    edges = np.flatnonzero(np.diff(flat.astype(np.int8), prepend=0))
    starts, ends = edges[::2], edges[1::2]
    steps = np.zeros(len(flat) + 1, np.int8)
    chosen = ends - starts >= least
    steps[starts[chosen]], steps[ends[chosen]] = 1, -1
    long = np.cumsum(steps[:-1], dtype=np.int8).reshape(height, width + 1)[:, :-1] > 0
    if not long.any():
        return [], long
    found = regions.find(long)
    thin = (found.kind == 1) & (found.height <= max(_THICKEST_RULE, height // 120))
    rules = [_Rule(int(found.top[n]), int(found.left[n]), int(found.right[n])) for n in np.flatnonzero(thin)]
    return rules, thin[found.labels]


def _cells(ink: Mask, level: Mask, upright: Mask) -> _Cells:
    """Counts the areas that rules close in on all sides."""
    height, width = ink.shape
    drawn = level | upright
    if not drawn.any():
        return _Cells(0, 0, 0, 0)
    found = regions.find(_joined(drawn))
    size = found.width * found.height
    sound = (
        (found.kind == 0)
        & ~found.touches_border
        & (found.height >= 7)
        & (found.width >= 7)
        & (found.area >= 0.9 * size)
        & (size < 0.5 * height * width)
    )
    chosen = np.flatnonzero(sound)
    empty = sum(_is_empty(ink, found, number) for number in chosen.tolist())
    return _Cells(
        number=len(chosen),
        columns=_distinct(found.left[chosen], 0.5 * _median(found.width[chosen])),
        rows=_distinct(found.top[chosen], 0.5 * _median(found.height[chosen])),
        empty=empty,
    )


def _joined(drawn: Mask) -> Mask:
    """The lines, grown by a pixel so that they meet at corners."""
    return regions.grown(drawn)


def _is_empty(ink: Mask, found: Regions, number: int) -> bool:
    inside = found.cut(number, ink.view(np.int8).astype(np.int64))[1:-1, 1:-1]
    return bool(inside.mean() < 0.005)


def _median(values: NDArray[np.int64]) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _distinct(values: NDArray[np.int64], apart: float) -> int:
    """How many values there are, those nearer than ``apart`` taken for one."""
    ordered = np.sort(values)
    return int((np.diff(ordered) > apart).sum()) + 1 if len(ordered) else 0


def _rows(ink: Mask) -> tuple[list[_Row], int]:
    """The rows of text-like marks, and how many dashed lines there are."""
    height, width = ink.shape
    if not ink.any():
        return [], 0
    found = regions.find(ink)
    tallest = max(12, 0.09 * height)
    marks = (found.kind == 1) & (found.height <= tallest) & (found.width <= 0.25 * width) & (found.area >= 2)
    written = marks[found.labels]
    bands = _bands(written)
    flat = [(top, bottom) for top, bottom in bands if bottom - top <= 3]
    dashes = sum(_is_dashed(written[top:bottom]) for top, bottom in flat)
    rows = [_Row(top, bottom, _blocks(written[top:bottom])) for top, bottom in bands if bottom - top > 3]
    return [row for row in rows if _is_writing(row)], dashes


def _bands(written: Mask) -> list[tuple[int, int]]:
    """The rows of pixels that hold marks; those much higher than most are as many rows of text."""
    bands = regions.runs_of(np.asarray(written.any(1)))
    high = [bottom - top for top, bottom in bands if bottom - top > 3]
    if not high:
        return bands
    usual = float(np.median(high))
    parts: list[tuple[int, int]] = []
    for top, bottom in bands:
        number = max(1, round((bottom - top) / (1.5 * usual))) if bottom - top > 2.2 * usual else 1
        edges = [top + round((bottom - top) * step / number) for step in range(number + 1)]
        parts += pairwise(edges)
    return parts


def _is_dashed(band: Mask) -> bool:
    """Whether a flat band of marks is one dashed line: many short marks over much of the width."""
    runs = regions.runs_of(np.asarray(band.any(0)))
    return len(runs) >= 8 and runs[-1][1] - runs[0][0] >= 0.3 * band.shape[1]


def _blocks(band: Mask) -> tuple[tuple[int, int], ...]:
    """The blocks of a row: runs of marks with wide gaps between them."""
    gap = max(4, _GAP * band.shape[0])
    blocks: list[tuple[int, int]] = []
    for left, right in regions.runs_of(np.asarray(band.any(0))):
        if blocks and left - blocks[-1][1] < gap:
            blocks[-1] = (blocks[-1][0], right)
        else:
            blocks.append((left, right))
    return tuple(blocks)


def _is_writing(row: _Row) -> bool:
    """Whether a row is longer than one or two marks would be."""
    return sum(right - left for left, right in row.blocks) >= 1.5 * (row.bottom - row.top)


def _typical_blocks(rows: Sequence[_Row]) -> int:
    """How many blocks the rows with several blocks mostly have; 1 if such rows are few."""
    several = [len(row.blocks) for row in rows if len(row.blocks) >= 2]
    return int(np.bincount(several).argmax()) if len(several) >= max(2, 0.25 * len(rows)) else min(1, len(rows))


def _figures(rows: Sequence[_Row], width: int) -> int:
    """How many rows end on one line at the right with a block of its own, the blocks being of several widths."""
    lasts = [row.blocks[-1] for row in rows if len(row.blocks) >= 2]
    if len(lasts) < 3:
        return 0
    near = max(2, _ALIGNED * width)
    ends = np.array([right for _, right in lasts])
    counts = (np.abs(ends[:, None] - ends[None]) <= near).sum(1)
    together = np.abs(ends - ends[counts.argmax()]) <= near
    starts = np.array([left for left, _ in lasts])[together]
    return int(together.sum()) if together.sum() >= 3 and np.ptp(starts) > near else 0


def _height_to_width(rows: Sequence[_Row]) -> float:
    """How high the writing is beside its width: much, on a till's paper roll."""
    width = max(row.blocks[-1][1] for row in rows) - min(row.blocks[0][0] for row in rows)
    return (rows[-1].bottom - rows[0].top) / width


def _blanks(rows: Sequence[_Row], level: Sequence[_Rule]) -> int:
    """How many lines to write on there are: a rule that begins to the right of the row of text that stands on it."""
    return sum(
        any(
            row.bottom - 4 <= rule.place <= row.bottom + (row.bottom - row.top) and rule.start >= row.blocks[0][1]
            for row in rows
        )
        for rule in level
    )
