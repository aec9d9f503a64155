"""A picture -> the few plain colours that it is painted in, and which pixel has which."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from demo_model.sight import regions
from demo_model.sight.regions import Ints, Mask, Regions

Pixels = NDArray[np.uint8]

_MOST_COLOURS = 24
_REACH = 36
"""Colours nearer than this to a plain colour are taken for it: about what JPEG does to a plain area."""

_NEAR = 12
_EVEN = 20
_NOISY = 2
_HARSH = 20
"""Between these, in levels from pixel to pixel, there is noise on what may be plain; beyond, nothing is plain."""

_BITS = 5

_RIM = 4.5
_RIMS_DEEP = 3
_AGAINST = 0.3
"""Strokes of up to so many pixels that lie with this share of their sides against something broader are its rim:
blended pixels, a drawn outline, or a label on it."""


@dataclass(frozen=True, slots=True)
class Flats:
    """``of_pixel``: (height, width), the place of each pixel's colour in ``colours`` (number, 3).

    ``ground``: the place of the colour that the edge of the picture has.  ``ground_share``: how much of the picture has
    it.  ``flatness``: the share of pixels that are very near to one of the colours.
    """

    colours: Pixels
    of_pixel: Ints
    ground: int
    ground_share: float
    flatness: float


def find(picture: Pixels) -> Flats:
    """The plain colours of an RGB picture (height, width, 3)."""
    clean, noise = _cleaned(picture)
    bins = _bins(clean)
    number = 1 << (3 * _BITS)
    counts = np.bincount(bins.ravel(), minlength=number)
    sums = np.stack(
        [np.bincount(bins.ravel(), weights=clean[..., axis].ravel(), minlength=number) for axis in range(3)], 1
    )
    used = np.flatnonzero(counts)
    means = sums[used] / counts[used, None]
    inside = np.bincount(bins[_even(clean, _EVEN + 2 * noise)], minlength=number)[used]
    centres = _centres(means, inside, counts[used], max(12, round(bins.size * 0.0002)))
    apart = np.sqrt(((means[:, None] - centres[None]) ** 2).sum(-1))
    nearest = np.zeros(number, np.int64)
    nearest[used] = apart.argmin(1)
    of_pixel = nearest[bins]
    near = counts[used][apart.min(1) <= _NEAR + 2 * noise].sum() / bins.size
    edge = np.concatenate(
        (of_pixel[:2].ravel(), of_pixel[-2:].ravel(), of_pixel[:, :2].ravel(), of_pixel[:, -2:].ravel())
    )
    ground = int(np.bincount(edge).argmax())
    return Flats(
        colours=centres.round().astype(np.uint8),
        of_pixel=of_pixel,
        ground=ground,
        ground_share=float((of_pixel == ground).mean()),
        flatness=float(near),
    )


def areas(flats: Flats) -> Regions:
    """The regions of one plain colour, without the rims of other regions: half of a rim falls to each of its sides."""
    kinds = flats.of_pixel
    for _ in range(_RIMS_DEEP):
        parts = regions.find(2 * kinds + _thin(kinds))
        rims = _rims(flats, parts)
        if not rims.any():
            break
        open_kinds = np.where(rims[parts.labels], -1, kinds)
        for _ in range(int(_RIM) + 1):
            open_kinds = _spread_into(open_kinds)
            if open_kinds.min() >= 0:
                break
        kinds = np.where(open_kinds < 0, kinds, open_kinds)
    return regions.find(kinds)


def _thin(kinds: Ints) -> Mask:
    """Which pixels lie in no square of three by three of their own kind: lines, and rims of something broad."""
    solid = np.zeros(kinds.shape, dtype=bool)
    if min(kinds.shape) > 2:
        middle = kinds[1:-1, 1:-1]
        height, width = kinds.shape
        places = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
        same = [kinds[y : y + height - 2, x : x + width - 2] == middle for y, x in places]
        solid[1:-1, 1:-1] = np.logical_and.reduce(same)
    return ~regions.grown(solid)


def _rims(flats: Flats, parts: Regions) -> Mask:
    """Which parts are rims of broader ones of another colour that is not the ground."""
    colour = parts.kind // 2
    painted = colour != flats.ground
    thickness = np.minimum(parts.thickness, _RIM + 1)
    against = np.zeros(len(parts), np.int64)
    for one, other in regions.pairs(parts.labels):
        for here, there in ((one, other), (other, one)):
            counts = painted[there] & (colour[here] != colour[there]) & (thickness[there] > thickness[here])
            against += np.bincount(here[counts], minlength=len(parts))
    return (parts.thickness <= _RIM) & painted & (against >= _AGAINST * parts.edge)


def _spread_into(kinds: Ints) -> Ints:
    """Every pixel below 0 takes the kind of a neighbour that has one."""
    padded = np.pad(kinds, 1, constant_values=-1)
    sides = (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:])
    return np.where(kinds < 0, np.maximum.reduce(sides), kinds)


def _cleaned(picture: Pixels) -> tuple[Pixels, float]:
    """The picture without its noise, and how strong that was, in levels; thin lines stay where there is none."""
    step = np.abs(np.diff(picture[:, ::3].astype(np.int16), axis=0)).max(-1)
    noise = float(np.median(step)) / 2 if step.size else 0.0
    if not _NOISY < noise < _HARSH:
        return picture, min(noise, _HARSH / 2)
    smooth = Image.fromarray(picture).filter(ImageFilter.MedianFilter(3)).filter(ImageFilter.MedianFilter(5))
    return np.asarray(smooth), noise


def _bins(picture: Pixels) -> Ints:
    shifted = (picture >> (8 - _BITS)).astype(np.int64)
    return (shifted[..., 0] << (2 * _BITS)) | (shifted[..., 1] << _BITS) | shifted[..., 2]


def _even(picture: Pixels, most: float) -> Mask:
    """Where a pixel and its neighbours are of one colour: not at edges, whose blended colours would look like more."""
    even = np.zeros(picture.shape[:2], dtype=bool)
    if min(even.shape) > 2:
        across = _spread(picture.swapaxes(0, 1)).swapaxes(0, 1)
        even[1:-1, 1:-1] = np.maximum(_spread(picture)[:, 1:-1], across[1:-1]).max(-1) <= most
    return even


def _spread(picture: Pixels) -> Pixels:
    """How far each pixel's upper and lower neighbours and itself are apart."""
    three = picture[:-2], picture[1:-1], picture[2:]
    return np.maximum(np.maximum(three[0], three[1]), three[2]) - np.minimum(np.minimum(three[0], three[1]), three[2])


def _centres(means: NDArray[np.float64], inside: Ints, counts: Ints, fewest: int) -> NDArray[np.float64]:
    """The colours of even areas, the commonest first; then those of lines and of whatever else is far from them."""
    centres: list[NDArray[np.float64]] = []
    left = np.ones(len(means), dtype=bool)
    for weights in (inside, counts):
        while len(centres) < _MOST_COLOURS:
            waiting = np.where(left, weights, 0)
            top = int(waiting.argmax())
            around = left & (((means - means[top]) ** 2).sum(1) < _REACH**2)
            number = weights[around].sum()
            if number < fewest:
                break
            centres.append(np.average(means[around], axis=0, weights=weights[around]))
            left &= ~around
        if centres:
            left &= (((means[:, None] - np.array(centres)[None]) ** 2).sum(-1) >= (2 * _REACH) ** 2).all(1)
    return np.array(centres) if centres else means[counts.argmax()][None]
