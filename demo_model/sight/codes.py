"""Marks as in QR codes (three nested squares) and barcodes (upright bars of many widths). Nothing is decoded."""

import math

import numpy as np
from numpy.typing import NDArray

from demo_model.sight import regions
from demo_model.sight.facts import Box, Code
from demo_model.sight.regions import Mask

_RATIOS = np.array((1, 1, 3, 1, 1))
"""Dark, light, dark, light, dark on any line through a finder pattern (ISO/IEC 18004)."""

_FINDER = np.pad(np.pad(np.ones((3, 3), dtype=bool), 1), 1, constant_values=True)
_MOST_LINES = 2_000
_MOST_MARKS = 12
_BARS = 24
_BAND = 6


def find(light: NDArray[np.uint8]) -> tuple[Code, ...]:
    """The code-like marks in a grey picture (height, width)."""
    dark = light < (int(np.percentile(light, 0.3)) + int(np.percentile(light, 99.7))) / 2
    found = [_qr(dark)]
    if found[0] is None:
        found = [_barcode(dark), _barcode(dark.T, turned=True)]
    return tuple(code for code in found if code)[:1]


def _qr(dark: Mask) -> Code | None:
    height, width = dark.shape
    marks = _marks(dark)
    for one, first in enumerate(marks):
        for two in range(one + 1, len(marks)):
            for third in marks[two + 1 :]:
                if box := _corner(first, marks[two], third):
                    left, top, right, bottom = box
                    return Code("qr", Box(max(0, left / width), max(0, top / height), right / width, bottom / height))
    return None


def _corner(*marks: tuple[float, float, float]) -> tuple[float, float, float, float] | None:
    """The box around three finder patterns (x, y, module), if they stand at three corners of a square."""
    modules = [mark[2] for mark in marks]
    if max(modules) > 1.4 * min(modules):
        return None
    sides = sorted(math.dist(marks[a][:2], marks[b][:2]) for a, b in ((0, 1), (0, 2), (1, 2)))
    module = sum(modules) / 3
    if sides[0] < 10 * module or sides[1] > 1.12 * sides[0] or not 1.3 < sides[2] / sides[0] < 1.53:
        return None
    xs, ys = [mark[0] for mark in marks], [mark[1] for mark in marks]
    reach = 3.5 * module
    return min(xs) - reach, min(ys) - reach, max(xs) + reach, max(ys) + reach


def _marks(dark: Mask) -> list[tuple[float, float, float]]:
    """The centres (x, y) and modules of finder patterns: found on rows, and looked at all around."""
    y, x, module = _crossings(dark)
    marks: list[list[float]] = []
    for row, column, unit in zip(y.tolist(), x.tolist(), module.tolist(), strict=True):
        if not _is_finder(dark, column, row, unit):
            continue
        for mark in marks:
            if abs(mark[0] / mark[3] - column) < 2 * unit and abs(mark[1] / mark[3] - row) < 4 * unit:
                mark[:] = [mark[0] + column, mark[1] + row, mark[2] + unit, mark[3] + 1]
                break
        else:
            if len(marks) < 40:
                marks.append([column, row, unit, 1])
    often = sorted((mark for mark in marks if mark[3] >= 2), key=lambda mark: -mark[3])[:_MOST_MARKS]
    return [(mark[0] / mark[3], mark[1] / mark[3], mark[2] / mark[3]) for mark in often]


def _crossings(dark: Mask) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """The rows, middles and modules of every five runs in a row whose lengths are as 1 to 1 to 3 to 1 to 1."""
    width = dark.shape[1]
    lines = np.pad(dark, ((0, 0), (1, 1))).ravel()  # a light pixel at both ends keeps rows apart
    edges = np.flatnonzero(np.diff(lines.astype(np.int8))) + 1
    lengths = np.diff(edges)
    if len(lengths) < 5:
        empty = np.zeros(0)
        return empty.astype(np.int64), empty, empty
    five = np.lib.stride_tricks.sliding_window_view(lengths, 5)[::2]  # edges alternate: every second run is dark
    module = five.sum(1) / 7
    row, start = np.divmod(edges[: 2 * len(five) : 2], width + 2)
    fits = (np.abs(five / module[:, None] - _RATIOS) < np.array((0.6, 0.6, 0.9, 0.6, 0.6))).all(1)
    fits &= start + five.sum(1) <= width + 1  # not from one row into the next
    chosen = np.flatnonzero(fits)[:_MOST_LINES]
    return row[chosen], start[chosen] - 1 + 3.5 * module[chosen], module[chosen]


def _is_finder(dark: Mask, x: float, y: float, module: float) -> bool:
    """Whether the seven by seven modules around a place are those of a finder pattern, all but a few."""
    steps = (np.arange(7) - 3) * module
    rows, columns = np.floor(y + 0.5 + steps).astype(int), np.floor(x + steps).astype(int)
    height, width = dark.shape
    if rows[0] < 0 or columns[0] < 0 or rows[-1] >= height or columns[-1] >= width:
        return False
    return int((dark[np.ix_(rows, columns)] == _FINDER).sum()) >= 46


def _barcode(dark: Mask, *, turned: bool = False) -> Code | None:
    """A band of rows that are all alike and change often between dark and light."""
    height, width = dark.shape
    bands = dark[: height // _BAND * _BAND].reshape(-1, _BAND, width)
    if not len(bands):
        return None
    alike = np.asarray(bands.all(1) | ~bands.any(1))
    changes = (np.diff(bands[:, 0].astype(np.int8), axis=1) != 0) & alike[:, 1:] & alike[:, :-1]
    barred = (changes.sum(1) >= 2 * _BARS) & (alike.mean(1) > 0.9)
    for start, end in regions.runs_of(barred):
        columns = np.flatnonzero(changes[start:end].all(0))
        if end - start >= 4 and len(columns) >= 2 * _BARS and _is_varied(columns):
            left, right = float(columns[0] / width), float(columns[-1] / width)
            box = Box(left, start * _BAND / height, right, end * _BAND / height)
            return Code("barcode", Box(box.top, box.left, box.bottom, box.right) if turned else box)
    return None


def _is_varied(columns: NDArray[np.int64]) -> bool:
    """Whether bars and gaps are of several widths, near to one another: a fence or a grid is of one."""
    widths = np.diff(columns)
    return bool(widths.max() <= 0.15 * (columns[-1] - columns[0]) and len(np.unique(widths)) >= 3)
