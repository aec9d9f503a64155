"""The silhouette of a region -> what kind of figure it is, from its convex hull and its second moments."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from demo_model.sight.facts import ShapeKind
from demo_model.sight.regions import Mask

Points = NDArray[np.float64]

_CORNERS = 48
_SURELY_ROUND = 1500
"""From this area in pixels on, what is nearly an ellipse has no corners that are worth counting."""

_POINTED = 0.862
_BLUNTED = 0.9
"""The area of a triangle beside that of the ellipse with the same second moments is 0.827, whatever its angles; of a
square it is 0.955, of trapezoids in between. Blurring blunts the corners, of small triangles the most."""

_ALIKE = 1.13
"""Sides (or axes) whose lengths are this near count as equal: one pixel in eight, as small figures need."""


def kind_of(mask: Mask) -> ShapeKind:
    """The kind of figure that a mask without holes shows."""
    hull = _hull(_outer_points(mask))
    area = _area(hull)
    if len(hull) < 3 or area < 12:
        return "other"
    # A hull through the centres of pixels is smaller than the pixels by half of its own length, and by one.
    solid = mask.sum() / (area + _length(hull) / 2 + 1)
    if solid < 0.88 - 0.8 / math.sqrt(area):
        return _hollowed(mask, solid)
    return _convex(hull, area)


def _convex(hull: Points, area: float) -> ShapeKind:
    rectangle = _smallest_rectangle(hull)
    if area / rectangle.area > 0.92:
        return _rectangular(rectangle)
    wobble, longest, shortest = _roundness(hull)
    if area / (math.pi * longest * shortest) < _POINTED + _BLUNTED / math.sqrt(area):
        return "triangle"
    is_round = wobble < 0.022 + 0.3 / math.sqrt(area / math.pi)
    if is_round and (area > _SURELY_ROUND or len(_corners(hull, area)) > 4):
        return "circle" if longest / shortest < _ALIKE else "ellipse"
    corners = _corners(hull, area)
    match len(corners):
        case 4:
            return "diamond" if _is_diamond(corners) else "polygon"
        case 5:
            return "pentagon"
        case 6:
            return "hexagon"
        case _:
            return "polygon"


@dataclass(frozen=True, slots=True)
class _Rectangle:
    """``turned``: the angle of its sides to the picture's, in degrees from 0 to 45."""

    long: float
    short: float
    turned: float

    @property
    def area(self) -> float:
        return self.long * self.short


def _rectangular(rectangle: _Rectangle) -> ShapeKind:
    if rectangle.long / rectangle.short >= _ALIKE:
        return "rectangle"
    return "diamond" if rectangle.turned > 33 else "square"


def _is_diamond(corners: Points) -> bool:
    """Four sides of one length, standing on a corner."""
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    diagonals = np.abs(corners[2:] - corners[:2])
    upright = (diagonals.min(1) < 0.15 * diagonals.max(1)).all()
    return bool(upright and sides.max() / sides.min() < 1.25)


def _hollowed(mask: Mask, solid: float) -> ShapeKind:
    """A figure with bays: a star, if its points are of one length and evenly spread."""
    y, x = np.nonzero(mask)
    middle_y, middle_x = y.mean(), x.mean()
    sector = ((np.arctan2(y - middle_y, x - middle_x) + math.pi) / math.tau * 72).astype(int) % 72
    reach = np.zeros(72)
    np.maximum.at(reach, sector, np.hypot(y - middle_y, x - middle_x))
    smooth = (np.roll(reach, 1) + 2 * reach + np.roll(reach, -1)) / 4
    tips = np.flatnonzero((smooth >= np.roll(smooth, 1)) & (smooth > np.roll(smooth, -1)) & (smooth > smooth.mean()))
    if not (4 <= len(tips) <= 9 and 0.3 < solid < 0.85):
        return "other"
    gaps = np.diff(tips, append=tips[0] + 72)
    even = gaps.max() <= 1.6 * gaps.min() and smooth[tips].max() <= 1.3 * smooth[tips].min()
    return "star" if even and smooth.min() < 0.72 * smooth.max() else "other"


def _outer_points(mask: Mask) -> Points:
    """The first and the last pixel of every row, as (x, y); the hull needs no others."""
    rows = np.flatnonzero(mask.any(1))
    first = mask[rows].argmax(1)
    last = mask.shape[1] - 1 - mask[rows, ::-1].argmax(1)
    return np.concatenate((np.stack((first, rows), 1), np.stack((last, rows), 1))).astype(np.float64)


def _hull(points: Points) -> Points:
    """The convex hull by Andrew's monotone chain, counter-clockwise."""
    ordered = sorted({(x, y) for x, y in points.tolist()})
    if len(ordered) < 3:
        return np.array(ordered)
    return np.array(_chain(ordered)[:-1] + _chain(ordered[::-1])[:-1])


def _chain(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    chain: list[tuple[float, float]] = []
    for x, y in points:
        while len(chain) > 1:
            (ax, ay), (bx, by) = chain[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            chain.pop()
        chain.append((x, y))
    return chain


def _area(polygon: Points) -> float:
    if len(polygon) < 3:
        return 0.0
    x, y = polygon.T
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def _length(polygon: Points) -> float:
    return float(np.linalg.norm(polygon - np.roll(polygon, 1, axis=0), axis=1).sum())


def _smallest_rectangle(hull: Points) -> _Rectangle:
    """The smallest rectangle around a hull: one of its sides lies on a side of the hull."""
    sides = np.roll(hull, -1, axis=0) - hull
    along = sides / np.linalg.norm(sides, axis=1)[:, None]
    across = np.stack((-along[:, 1], along[:, 0]), 1)
    spans = [np.ptp(hull @ direction.T, axis=0) for direction in (along, across)]
    best = int((spans[0] * spans[1]).argmin())
    degrees = math.degrees(math.atan2(along[best, 1], along[best, 0])) % 90
    long, short = sorted((float(spans[0][best]), float(spans[1][best])), reverse=True)
    return _Rectangle(long, max(short, 1e-9), min(degrees, 90 - degrees))


def _corners(hull: Points, area: float) -> Points:
    """The hull's corners that stand out: the least of them is dropped until all are worth keeping."""
    corners = hull[:: len(hull) // _CORNERS + 1]
    least = max(0.6, 0.06 * math.sqrt(area))
    while len(corners) > 3:
        before, after = np.roll(corners, 1, axis=0), np.roll(corners, -1, axis=0)
        base = after - before
        away = corners - before
        height = np.abs(base[:, 0] * away[:, 1] - base[:, 1] * away[:, 0]) / np.linalg.norm(base, axis=1)
        weakest = int(height.argmin())
        if height[weakest] >= least:
            break
        corners = np.delete(corners, weakest, axis=0)
    return corners


def _roundness(hull: Points) -> tuple[float, float, float]:
    """How far the hull is from an ellipse (the spread of its radius, 0 for an ellipse), and the ellipse's half axes."""
    steps = np.linspace(0, 1, 8, endpoint=False)[None, :, None]
    points = (hull[:, None] * (1 - steps) + np.roll(hull, -1, axis=0)[:, None] * steps).reshape(-1, 2)
    weights = np.repeat(np.linalg.norm(np.roll(hull, -1, axis=0) - hull, axis=1), 8)
    middle, spread = _moments(hull)
    values, vectors = np.linalg.eigh(spread)
    half_axes = 2 * np.sqrt(np.maximum(values, 1e-9))
    radius = np.linalg.norm((points - middle) @ vectors / half_axes, axis=1)
    mean = np.average(radius, weights=weights)
    return float(np.sqrt(np.average((radius - mean) ** 2, weights=weights))), float(half_axes[1]), float(half_axes[0])


def _moments(polygon: Points) -> tuple[Points, Points]:
    """The centroid and the covariance of a filled polygon: a fan of triangles from its first corner."""
    origin = polygon[0]
    one, two = polygon[1:-1] - origin, polygon[2:] - origin
    areas = (one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]) / 2
    middle = ((one + two) / 3 * areas[:, None]).sum(0) / areas.sum()
    total = one + two
    second = sum(
        area * (np.outer(a, a) + np.outer(b, b) + np.outer(c, c))
        for area, a, b, c in zip(areas, one, two, total, strict=True)
    )
    return middle + origin, second / (12 * areas.sum()) - np.outer(middle, middle)
