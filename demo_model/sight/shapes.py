"""Flat figures on a plain ground: what kind each is, its colour, place and size."""

from dataclasses import dataclass

import numpy as np

from demo_model.sight import outlines, palette, regions
from demo_model.sight.facts import Box, Drawing, Shape, ShapeKind
from demo_model.sight.flats import Flats
from demo_model.sight.regions import Regions

_MOST = 120
"""A picture of more figures is a pattern."""

_SMALLEST_AREA = 0.0003
_SMALLEST_SIDE = 0.015
"""Smallest area as a share of the picture's, and smallest side as a share of the picture's shorter one: writing and
specks are below."""

_PLAIN_GROUND = 0.3
_PLAIN = 0.8
_THIN = 1.6
"""Strokes of fewer pixels are lines, unless they close around bare ground."""

_OTHERS = 0.5
"""Up to this share of figures without a name a picture still counts as a drawing of shapes."""


@dataclass(frozen=True, slots=True)
class _Figure:
    """A region with its holes closed. ``hole``: which regions are inside it."""

    number: int
    kind: ShapeKind
    area: int
    hollow: bool
    inside: tuple[int, ...]


def find(flats: Flats, found: Regions) -> Drawing | None:
    """The figures of a picture whose plain colours hang together in ``found``; None if it is not such a drawing."""
    if flats.flatness < _PLAIN or flats.ground_share < _PLAIN_GROUND:
        return None
    candidates = _candidates(flats, found)
    if len(candidates) > _MOST:
        return None
    figures = [_figure(found, number, flats.ground) for number in candidates]
    figures = _without_outlines(figures, found)
    shapes = [_shape(flats, found, figure) for figure in figures]
    if not shapes or sum(shape.kind == "other" for shape in shapes) > _OTHERS * len(shapes):
        return None
    ground = palette.name_of(flats.colours[flats.ground])
    return Drawing(ground, tuple(sorted(shapes, key=_reading_order)))


def _candidates(flats: Flats, found: Regions) -> list[int]:
    height, width = found.labels.shape
    short = min(height, width)
    side = np.minimum(found.width, found.height)
    large = (found.area >= max(16, _SMALLEST_AREA * height * width)) & (side >= max(6, _SMALLEST_SIDE * short))
    wide = (found.width >= 0.98 * width) | (found.height >= 0.98 * height)  # panels, frames and lines across it all
    chosen = np.flatnonzero(large & ~wide & (found.kind != flats.ground))
    return chosen.tolist()


def _figure(found: Regions, number: int, ground: int) -> _Figure:
    mask = found.mask(number)
    closed = regions.filled(mask)
    hole = found.cut(number, found.labels)[closed & ~mask]
    bare = (found.kind[hole] == ground).mean() if len(hole) else 0.0
    area = int(closed.sum())
    hollow = len(hole) > 0.3 * area and bare > 0.8
    inside = np.unique(hole).tolist() if len(hole) else []
    return _Figure(number, outlines.kind_of(closed), area, hollow, tuple(inside))


def _without_outlines(figures: list[_Figure], found: Regions) -> list[_Figure]:
    """One figure where an outline and what fills it were found as two; no rims of other figures."""
    kept = [figure for figure in figures if found.thickness[figure.number] >= _THIN or figure.hollow]
    by_number = {figure.number: figure for figure in kept}
    dropped: set[int] = set()
    for outer in kept:
        for number in outer.inside:
            inner = by_number.get(number)
            if inner is None or number in dropped or not _within_by_little(found, outer.number, number):
                continue
            if inner.hollow and outer.hollow:  # the blended rims on both sides of a drawn line
                thin = min((inner, outer), key=lambda figure: found.thickness[figure.number])
                dropped.add(thin.number)
            elif inner.kind == outer.kind and not outer.hollow:
                dropped.add(outer.number)
    return [figure for figure in kept if figure.number not in dropped]


def _within_by_little(found: Regions, outer: int, inner: int) -> bool:
    """Whether a figure lies inside another with a narrow margin all around."""
    most = 0.15 * max(found.width[outer], found.height[outer]) + 1
    margins = (
        found.left[inner] - found.left[outer],
        found.top[inner] - found.top[outer],
        found.right[outer] - found.right[inner],
        found.bottom[outer] - found.bottom[inner],
    )
    return all(0 <= margin <= most for margin in margins)


def _shape(flats: Flats, found: Regions, figure: _Figure) -> Shape:
    number = figure.number
    height, width = found.labels.shape
    return Shape(
        kind=figure.kind,
        colour=palette.name_of(flats.colours[found.kind[number]]),
        box=box_of(found, number),
        share=float((found.area[number] if figure.hollow else figure.area) / (height * width)),
        hollow=figure.hollow,
    )


def box_of(found: Regions, number: int) -> Box:
    """A region's box in shares of the picture."""
    height, width = found.labels.shape
    return Box(
        float(found.left[number] / width),
        float(found.top[number] / height),
        float(found.right[number] / width),
        float(found.bottom[number] / height),
    )


def _reading_order(shape: Shape) -> tuple[int, float]:
    """From the top left, by thirds of the height, then from left to right."""
    x, y = shape.box.centre
    return min(2, int(y * 3)), x
