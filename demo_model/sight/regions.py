"""Connected regions of equal pixels, by runs and a union-find that works on whole arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Regions:
    """Regions of one picture.

    ``labels``: (height, width), the number of each pixel's region. The other arrays have one entry a region.
    ``right``, ``bottom``: the first column and row beyond it.  ``edge``: the length of its outline along the sides of
    pixels.
    """

    labels: Ints
    kind: Ints
    area: Ints
    left: Ints
    top: Ints
    right: Ints
    bottom: Ints
    edge: Ints

    def __len__(self) -> int:
        return len(self.area)

    def mask(self, number: int) -> Mask:
        """The region within its box."""
        return self.cut(number, self.labels) == number

    def cut(self, number: int, picture: Ints) -> Ints:
        """What lies in the region's box, of any picture of the same size."""
        return picture[self.top[number] : self.bottom[number], self.left[number] : self.right[number]]

    @property
    def width(self) -> Ints:
        return self.right - self.left

    @property
    def height(self) -> Ints:
        return self.bottom - self.top

    @property
    def thickness(self) -> NDArray[np.float64]:
        """About the width of the strokes that a region is made of, in pixels."""
        return 2 * self.area / self.edge

    @property
    def touches_border(self) -> Mask:
        height, width = self.labels.shape
        return (self.left == 0) | (self.top == 0) | (self.right == width) | (self.bottom == height)


def find(kinds: NDArray[np.integer] | Mask) -> Regions:
    """The regions of equal values that hang together by the sides of pixels. ``kinds``: (height, width), not empty."""
    height, width = kinds.shape
    begins = np.ones((height, width), dtype=bool)
    begins[:, 1:] = kinds[:, 1:] != kinds[:, :-1]
    runs = np.cumsum(begins.ravel()).reshape(height, width) - 1
    starts = np.flatnonzero(begins)
    lengths = np.diff(starts, append=height * width)
    row, left = np.divmod(starts, width)
    same = kinds[1:] == kinds[:-1]
    _, of_run = np.unique(_united(len(starts), runs[:-1][same], runs[1:][same]), return_inverse=True)
    number = int(of_run.max()) + 1
    labels = of_run[runs]

    def least(values: Ints) -> Ints:
        found = np.full(number, height * width)
        np.minimum.at(found, of_run, values)
        return found

    return Regions(
        labels=labels,
        kind=kinds.ravel()[starts[np.unique(of_run, return_index=True)[1]]].astype(np.int64),
        area=np.bincount(of_run, weights=lengths, minlength=number).astype(np.int64),
        left=least(left),
        top=least(row),
        right=-least(-left - lengths),
        bottom=-least(-row - 1),
        edge=_edges(labels, number),
    )


def _united(number: int, some: Ints, others: Ints) -> Ints:
    """For each of ``number`` things the least of those that it hangs together with.

    Every round hooks each root that has a lesser neighbour, so that there are few rounds, and never more than roots.
    """
    parent = np.arange(number)
    while len(some):
        some, others = parent[some], parent[others]
        apart = some != others
        some, others = some[apart], others[apart]
        np.minimum.at(parent, np.maximum(some, others), np.minimum(some, others))
        while not np.array_equal(parent, higher := parent[parent]):
            parent = higher
    return parent


def pairs(labels: Ints) -> list[tuple[Ints, Ints]]:
    """The two labels on both sides of every border between regions, level borders first."""
    return [
        (one[one != other], other[one != other])
        for one, other in ((labels[:-1], labels[1:]), (labels[:, :-1], labels[:, 1:]))
    ]


def _edges(labels: Ints, number: int) -> Ints:
    outer = np.concatenate((labels[0], labels[-1], labels[:, 0], labels[:, -1]))
    sides = [outer, *(side for pair in pairs(labels) for side in pair)]
    return np.bincount(np.concatenate(sides), minlength=number)


def filled(mask: Mask) -> Mask:
    """The mask with its holes closed."""
    padded = np.pad(mask, 1)
    outside = find(padded)
    return (outside.labels != outside.labels[0, 0])[1:-1, 1:-1]


def grown(mask: Mask, by: int = 1) -> Mask:
    """The mask and all pixels within ``by`` of it, by rows and columns."""
    for axis in (0, 1):
        padded = np.pad(mask, [(by, by) if place == axis else (0, 0) for place in (0, 1)])
        length = mask.shape[axis]
        mask = np.logical_or.reduce([padded.take(range(step, step + length), axis) for step in range(2 * by + 1)])
    return mask


def runs_of(line: Mask) -> list[tuple[int, int]]:
    """The (start, end) of every run of True in a line."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], line.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))
