"""Bar charts: rectangles of one width that stand on one line, or that grow from one line to the right."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from demo_model.sight import palette, regions
from demo_model.sight.facts import Bar, Box, Chart
from demo_model.sight.flats import Flats
from demo_model.sight.regions import Ints, Regions

_MOST_REGIONS = 100
_MOST_BARS = 60
_LEVEL = 2
"""Tops and feet of bars are level to this many pixels."""

_LOW = 5
_LOWEST = 0.02
_LOWEST_CHART = 0.12
"""The lowest bar in pixels and beside the tallest: what is lower is an axis. The lowest tallest bar beside the picture:
what is lower is writing."""

_COVERED = 0.65
"""The share of a bar's width that is level: its corners may be round."""

_BROAD = 0.2
"""The share of a chart's width that its bars have at least; ruled lines have less."""

_NARROWEST = 4
_THIN = 1.9
"""The columns that a bar has at least, and its strokes; both in pixels. What is thinner is a line."""

_LIKE = (0.85, 1.18)
_LIKE_WITH_AXIS = (0.6, 1.6)
"""How wide a bar may be beside the median bar, without and with an axis that it stands on."""


@dataclass(frozen=True, slots=True)
class _Piece:
    """One level block: columns [left, right), rows [top, foot). ``kind``: its colour."""

    left: int
    right: int
    top: int
    foot: int
    kind: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.foot - self.top


def find(flats: Flats, found: Regions) -> Chart | None:
    """The bars of a picture whose plain colours hang together in ``found``; None if there are none."""
    if chart := _upright(flats, found):
        return chart
    # Laid on its side, the left of the picture is its foot and the top its left.
    chart = _upright(flats, regions.find(found.kind[found.labels].T[::-1]))
    return chart and replace(chart, lying=True, bars=tuple(replace(bar, box=_turned(bar.box)) for bar in chart.bars))


def _turned(box: Box) -> Box:
    return Box(1 - box.bottom, box.left, 1 - box.top, box.right)


def _upright(flats: Flats, found: Regions) -> Chart | None:
    pieces = [piece for number in _candidates(flats, found) for piece in _pieces(found, number)]
    if len(pieces) < 2:
        return None
    foot = _common_foot(pieces)
    standing = _standing(pieces, foot)
    tallest = max(piece.height for piece in standing)
    if tallest < _LOWEST_CHART * found.labels.shape[0]:
        return None
    standing = [piece for piece in standing if piece.height >= max(_LOW, _LOWEST * tallest)]
    axis = _has_axis(found, flats.ground, standing, foot)
    bars = _stacked(_alike(standing, axis), pieces)
    heights = [bar.height for bar in bars]
    few = 2 if axis else 3
    if not few <= len(bars) <= _MOST_BARS or (not axis and max(heights) < 1.1 * min(heights)):
        return None
    if sum(bar.width for bar in bars) < _BROAD * (bars[-1].right - bars[0].left):
        return None
    return _chart(flats, found, bars, axis)


def _chart(flats: Flats, found: Regions, bars: list[_Piece], axis: bool) -> Chart:
    height, width = found.labels.shape
    longest = max(bar.height for bar in bars)
    return Chart(
        bars=tuple(
            Bar(
                number=number,
                colour=palette.name_of(flats.colours[bar.kind]),
                height=bar.height / longest,
                box=Box(bar.left / width, bar.top / height, bar.right / width, bar.foot / height),
            )
            for number, bar in enumerate(bars, start=1)
        ),
        axis=axis,
    )


def _candidates(flats: Flats, found: Regions) -> list[int]:
    height, width = found.labels.shape
    solid = (found.area >= 0.1 * found.width * found.height) & (found.width >= _NARROWEST) & (found.thickness >= _THIN)
    chosen = np.flatnonzero(solid & (found.kind != flats.ground) & ~((found.width == width) & (found.height == height)))
    return chosen[np.argsort(-found.area[chosen], kind="stable")][:_MOST_REGIONS].tolist()


def _pieces(found: Regions, number: int) -> list[_Piece]:
    """The level blocks of a region that has a level foot: one for a bar, several where bars of one colour touch."""
    mask = found.mask(number)
    height, width = mask.shape
    top = mask.argmax(0)
    foot = height - mask[::-1].argmax(0)
    middle = int(np.median(foot))
    if mask.sum() < 0.7 * (foot - top).sum() or (np.abs(foot - middle) <= _LEVEL).mean() < _COVERED:
        return []
    levels = _levels(top)
    widest = max(levels, key=lambda level: level[1] - level[0])
    if widest[1] - widest[0] >= _COVERED * width:
        levels = [_with_corners(top, middle, widest)]
    least = max(3, 0.03 * height)
    left, above, kind = int(found.left[number]), int(found.top[number]), int(found.kind[number])
    pieces = []
    for start, end in levels:
        peak = int(np.median(top[start:end]))
        even = len(levels) == 1 or (middle - peak > least and (top[start:end] == peak).mean() >= 0.5)
        if end - start >= _NARROWEST and even:
            pieces.append(_Piece(left + start, left + end, above + peak, above + middle, kind))
    covered = sum(piece.width for piece in pieces)
    return pieces if covered >= _COVERED * _raised(top, middle - least) else []


def _with_corners(top: Ints, foot: int, level: tuple[int, int]) -> tuple[int, int]:
    """A level stretch and the columns beside it that reach at least half as high: the round corners of a bar."""
    high = top < (int(np.median(top[level[0] : level[1]])) + foot) / 2
    before, after = high[: level[0]][::-1], high[level[1] :]
    return (
        level[0] - int(before.argmin() if not before.all() else len(before)),
        level[1] + int(after.argmin() if not after.all() else len(after)),
    )


def _raised(top: Ints, ceiling: float) -> int:
    """How many columns reach above a height: the others are an axis between bars."""
    return int((top < ceiling).sum())


def _levels(top: Ints) -> list[tuple[int, int]]:
    """The (start, end) of each stretch of columns whose tops are level."""
    levels = []
    start = 0
    for place in range(1, len(top) + 1):
        if place == len(top) or abs(int(top[place]) - int(top[min(start + 1, place - 1)])) > _LEVEL:
            levels.append((start, place))
            start = place
    return levels


def _common_foot(pieces: list[_Piece]) -> int:
    """The row on which most of what is painted stands."""
    feet = {piece.foot for piece in pieces}
    return max(feet, key=lambda foot: (sum(piece.width * piece.height for piece in _standing(pieces, foot)), foot))


def _standing(pieces: list[_Piece], foot: int) -> list[_Piece]:
    return [piece for piece in pieces if abs(piece.foot - foot) <= _LEVEL]


def _has_axis(found: Regions, ground: int, bars: list[_Piece], foot: int) -> bool:
    """Whether a thin line runs below all bars."""
    left, right = min(bar.left for bar in bars), max(bar.right for bar in bars)
    below = found.labels[max(0, foot - _LEVEL) : foot + 2 * _LEVEL + 1, left:right]
    drawn = (found.kind[below] != ground).mean(1) > 0.95
    beyond = found.labels[foot + 3 * _LEVEL : foot + 5 * _LEVEL, left:right]
    bare = not beyond.size or (found.kind[beyond] == ground).mean() > 0.5
    gaps = sum(bar.width for bar in bars) < 0.93 * (right - left)
    return bool(drawn[_LEVEL + 1 :].any() or (gaps and drawn.any())) and bool(bare)


def _alike(standing: list[_Piece], axis: bool) -> list[_Piece]:
    """The bars of about one width, from left to right; a block of several widths is as many bars."""
    unit = _unit(standing)
    least, most = _LIKE_WITH_AXIS if axis else _LIKE
    bars: list[_Piece] = []
    for piece in sorted(standing, key=lambda piece: piece.left):
        number = max(1, round(piece.width / unit))
        touching = any(
            other is not piece and (other.right == piece.left or other.left == piece.right) for other in standing
        )
        if not touching:
            number = 1
        edges = [piece.left + round(piece.width * step / number) for step in range(min(number, _MOST_BARS) + 1)]
        parts = [replace(piece, left=left, right=right) for left, right in pairwise(edges)]
        bars += [part for part in parts if least <= part.width / unit <= most]
    return bars


def _unit(standing: list[_Piece]) -> float:
    """The width of one bar: the least of those that at least a fifth of the blocks nearly have, else the median."""
    widths = sorted(piece.width for piece in standing)
    for width in widths:
        if sum(_LIKE[0] <= other / width <= _LIKE[1] for other in widths) >= max(2, len(widths) / 5):
            return float(np.median([other for other in widths if _LIKE[0] <= other / width <= _LIKE[1]]))
    return float(np.median(widths))


def _stacked(bars: list[_Piece], pieces: list[_Piece]) -> list[_Piece]:
    """The bars with the blocks of other colours that stand on them."""
    raised = []
    for bar in bars:
        for _ in range(len(pieces)):
            on_top = [
                piece
                for piece in pieces
                if abs(piece.foot - bar.top) <= _LEVEL
                and abs(piece.left - bar.left) <= _LEVEL
                and abs(piece.right - bar.right) <= _LEVEL
                and piece.top < bar.top
            ]
            if not on_top:
                break
            bar = replace(bar, top=on_top[0].top)
        raised.append(bar)
    return raised
