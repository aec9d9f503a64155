"""Two pictures side by side: the same, turned, mirrored, cropped, brighter or darker, and what changed where."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from demo_model.sight import palette, regions
from demo_model.sight.facts import Box, Drawing, Position, Shape, Sketch

Pixels = NDArray[np.float32]
Turn = Literal["none", "90", "180", "270", "mirrored", "flipped"]
"""How the second came from the first: degrees are clockwise; mirrored left to right, flipped top to bottom."""

_SIZE = 96
_NEAR = 26
"""Colours that differ by less than so many of 256 levels count as equal: twice what JPEG does to edges."""

_CHANGED = 40
_ALIKE = 0.82
_STILL = 0.3
"""The share of what is painted that has to fit: for a turned picture, and for one that was changed in places."""

_SAME = 0.004
_BRIGHTER = 0.03
_GAINS = (0.4, 3)
"""The least and the greatest change of contrast that is looked for: any picture fits any other as a flat grey."""

_QUANTILES = (0.2, 0.35, 0.5, 0.65, 0.8)
_MOST_CHANGES = 6
_SMALLEST_CROP = 0.25
_CROP_SIDE = 96


@dataclass(frozen=True, slots=True)
class Change:
    """A place that differs, with the colours that it mostly had and has."""

    box: Box
    before: str
    after: str

    @property
    def position(self) -> Position:
        return self.box.position


@dataclass(frozen=True, slots=True)
class Move:
    """A figure that is in one drawing only (the other is None), or in both with another colour, place or size."""

    before: Shape | None
    after: Shape | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What became of the first picture in the second.

    ``alike``: whether one is made from the other.  ``brighter``: by how much the second is, -1 to 1; 0 if not clearly.
    ``crop``: where in the first the second lies.  ``cut_from``: where in the second the first lies.  ``changes``: where
    colours differ.  ``moves``: the same of figures, where both are drawings of some.
    """

    alike: bool
    turn: Turn = "none"
    brighter: float = 0.0
    resized: bool = False
    crop: Box | None = None
    cut_from: Box | None = None
    changes: tuple[Change, ...] = ()
    moves: tuple[Move, ...] = ()

    @property
    def same(self) -> bool:
        """Whether nothing differs but perhaps the size."""
        bare = self.turn == "none" and not self.brighter and self.crop is None and self.cut_from is None
        return self.alike and bare and not self.changes and not self.moves


@dataclass(frozen=True, slots=True)
class Seen:
    """What is compared of one picture. ``width``, ``height``: its own, in pixels."""

    width: int
    height: int
    sketch: Sketch
    drawing: Drawing | None = None


def compare(first: Seen, second: Seen) -> Comparison:
    """How the second picture differs from the first."""
    one, two = _square(first.sketch), _square(second.sketch)
    resized = (first.width, first.height) != (second.width, second.height)
    still = _fit(one, two)
    if still >= 1 - _SAME or not resized:
        turn, fit = _best_turn(one, two, still)
    else:
        turn, fit = _best_turn(one, two, still if _same_aspect(first, second) else 0)
    if fit < _ALIKE:
        if crop := _crop(first, second):
            return Comparison(True, resized=True, crop=crop)
        if cut_from := _crop(second, first):
            return Comparison(True, resized=True, cut_from=cut_from)
    if fit < (_STILL if turn == "none" else _ALIKE):
        return Comparison(False, resized=resized)
    two = dict(_turns(two))[turn]
    fitted = _toned(one, two)
    if fitted is not one and fit < (_ALIKE + _STILL) / 2:
        return Comparison(False, resized=resized)
    brighter = _brighter(one, two) if fitted is not one else 0.0
    changes = _changes(fitted, two, _CHANGED if fitted is one else 1.6 * _CHANGED)
    moves = _moves(first.drawing, second.drawing) if turn == "none" and not brighter else ()
    swapped = turn in ("90", "270") and (first.width, first.height) == (second.height, second.width)
    return Comparison(True, turn, brighter, resized and not swapped, changes=changes, moves=moves)


def _same_aspect(first: Seen, second: Seen) -> bool:
    return abs(first.width * second.height / (second.width * first.height) - 1) < 0.04


def _square(sketch: Sketch) -> Pixels:
    image = Image.frombytes("RGB", (sketch.width, sketch.height), sketch.pixels)
    return np.asarray(image.resize((_SIZE, _SIZE), Image.Resampling.BILINEAR)).astype(np.float32)


def _turns(two: Pixels) -> Iterator[tuple[Turn, Pixels]]:
    """The second picture turned back, in each way in which it may have been turned."""
    yield "none", two
    yield "180", np.rot90(two, 2)
    yield "90", np.rot90(two, 1)
    yield "270", np.rot90(two, 3)
    yield "mirrored", two[:, ::-1]
    yield "flipped", two[::-1]


def _best_turn(one: Pixels, two: Pixels, still: float) -> tuple[Turn, float]:
    fits = {turn: _fit(one, turned) for turn, turned in _turns(two)} | {"none": still}
    best = max(fits, key=lambda turn: fits[turn])
    # An even pattern looks the same from several sides.
    turn = "none" if fits["none"] >= fits[best] - 0.02 else best
    return turn, fits[turn]


def _fit(one: Pixels, two: Pixels) -> float:
    """The share of pixels that agree, brightness aside, of those that are not bare ground in both pictures."""
    agree = np.abs(_toned(one, two) - two).max(-1) < _NEAR
    painted = _painted(one) | _painted(two)
    return float(agree[painted].mean())


def _painted(picture: Pixels) -> NDArray[np.bool_]:
    """What differs from the commonest colour."""
    coarse = (picture // 16).astype(np.int64) @ np.array((256, 16, 1))
    ground = picture[coarse == np.bincount(coarse.ravel()).argmax()].mean(0)
    painted = np.abs(picture - ground).max(-1) > _NEAR
    return painted if painted.any() else ~painted


def _toned(one: Pixels, two: Pixels) -> Pixels:
    """The first picture as bright as the second: the same object where they are equally bright already."""
    if np.median(np.abs(one - two)[_painted(one)].max(-1)) < _NEAR / 2 and abs(_brighter(one, two)) < _BRIGHTER:
        return one
    x, y = one.ravel(), two.ravel()
    whole = (y > 4) & (y < 251)  # what was cut off at black or white says nothing of the gain
    if whole.sum() < 100:
        whole = np.ones_like(whole)
    gains = np.quantile(y[whole] / np.maximum(x[whole], 1), _QUANTILES).tolist()
    shift = float(np.median(y[whole] - x[whole]))
    curves = [*((gain, 0.0) for gain in gains), (1.0, shift), _least_squares(x, y, whole)]
    fits = [np.clip(np.clip(slope, *_GAINS) * one + offset, 0, 255) for slope, offset in curves]
    agree = [float((np.abs(fit - two).max(-1) < _NEAR).mean()) for fit in fits]
    best = int(np.argmax(agree))
    better = agree[best] > float((np.abs(one - two).max(-1) < _NEAR).mean()) + 0.02
    return fits[best] if better and abs(_brighter(one, two)) >= _BRIGHTER else one


def _least_squares(x: Pixels, y: Pixels, whole: NDArray[np.bool_]) -> tuple[float, float]:
    """The gain and the offset that fit best, then again without what does not fit: those places have changed."""
    fits = whole
    gain, offset = 1.0, float((y - x).mean())
    for _ in range(4):
        spread = x[fits] - x[fits].mean()
        if spread.std() < 1:
            break
        gain = float((spread * y[fits]).sum() / (spread**2).sum())
        offset = float(y[fits].mean() - gain * x[fits].mean())
        off = np.abs(np.clip(gain * x + offset, 0, 255) - y)
        fits = whole & (off <= max(6.0, float(np.median(off[whole])) * 2))
    return gain, offset


def _brighter(one: Pixels, two: Pixels) -> float:
    """How much brighter the second is, -1 to 1, where the first is painted: bare white cannot become whiter."""
    painted = _painted(one)
    return float((two - one)[painted].mean()) / 255


def _changes(one: Pixels, two: Pixels, least: float) -> tuple[Change, ...]:
    """The places that differ, the largest first; thin ones are edges that were drawn again."""
    off = np.abs(one - two).max(-1) > least
    found = regions.find(regions.grown(off))
    sound = np.flatnonzero((found.kind == 1) & (np.minimum(found.width, found.height) >= 5) & (found.area >= 30))
    largest = sound[np.argsort(-found.area[sound], kind="stable")][:_MOST_CHANGES]
    return tuple(_change(found, number, off, one, two) for number in largest.tolist())


def _change(found: regions.Regions, number: int, off: NDArray[np.bool_], one: Pixels, two: Pixels) -> Change:
    here = (found.labels == number) & off
    height, width = off.shape
    box = Box(
        float(found.left[number] / width),
        float(found.top[number] / height),
        float(found.right[number] / width),
        float(found.bottom[number] / height),
    )
    before, after = (palette.name_of(np.median(side[here], axis=0).astype(np.uint8)) for side in (one, two))
    return Change(box, before, after)


def _moves(first: Drawing | None, second: Drawing | None) -> tuple[Move, ...]:
    """Figures that are new, gone, recoloured, moved or of another size."""
    if first is None or second is None:
        return ()
    gone, new = list(first.shapes), list(second.shapes)
    moves: list[Move] = []
    for same in (_is_unchanged, _is_recoloured, _is_resized, _is_moved):
        for before in list(gone):
            after = next((shape for shape in new if same(before, shape)), None)
            if after is not None:
                gone.remove(before)
                new.remove(after)
                moves += [] if same is _is_unchanged else [Move(before, after)]
    return (*moves, *(Move(shape, None) for shape in gone), *(Move(None, shape) for shape in new))


def _apart(one: Shape, two: Shape) -> float:
    (a, b), (c, d) = one.box.centre, two.box.centre
    return max(abs(a - c), abs(b - d))


def _is_unchanged(one: Shape, two: Shape) -> bool:
    return one.kind == two.kind and one.colour == two.colour and _apart(one, two) < 0.02 and _is_of_size(one, two)


def _is_recoloured(one: Shape, two: Shape) -> bool:
    return one.kind == two.kind and _apart(one, two) < 0.02 and _is_of_size(one, two)


def _is_resized(one: Shape, two: Shape) -> bool:
    return one.kind == two.kind and one.colour == two.colour and _apart(one, two) < 0.02


def _is_moved(one: Shape, two: Shape) -> bool:
    return one.kind == two.kind and one.colour == two.colour and _is_of_size(one, two)


def _is_of_size(one: Shape, two: Shape) -> bool:
    return 0.8 < one.share / two.share < 1.25


def _crop(whole: Seen, part: Seen) -> Box | None:
    """Where in the whole the part lies, if it is cut out of it at its own size; None if it is not."""
    if part.width > whole.width or part.height > whole.height or part.width * part.height >= whole.width * whole.height:
        return None
    scale = _CROP_SIDE / max(whole.width, whole.height)
    size = max(8, round(part.width * scale)), max(8, round(part.height * scale))
    if size[0] * size[1] < _SMALLEST_CROP**2 * _CROP_SIDE * _CROP_SIDE * min(whole.width, whole.height) / max(
        whole.width, whole.height
    ):
        return None
    big = _scaled(whole.sketch, (round(whole.width * scale), round(whole.height * scale)))
    small = _scaled(part.sketch, size)
    if small.shape[0] > big.shape[0] or small.shape[1] > big.shape[1]:
        return None
    top, left = _best_place(big, small)
    window = big[top : top + size[1], left : left + size[0]]
    painted = np.abs(small - np.median(small, axis=(0, 1))).max(-1) > _NEAR
    near = np.abs(window - small).max(-1) < 2 * _NEAR
    if painted.mean() < 0.02 or near[painted].mean() < _ALIKE or near.mean() < _ALIKE:
        return None
    height, width = big.shape[:2]
    return Box(left / width, top / height, (left + size[0]) / width, (top + size[1]) / height)


def _scaled(sketch: Sketch, size: tuple[int, int]) -> Pixels:
    image = Image.frombytes("RGB", (sketch.width, sketch.height), sketch.pixels)
    return np.asarray(image.resize((max(1, size[0]), max(1, size[1])), Image.Resampling.BILINEAR)).astype(np.float32)


def _best_place(big: Pixels, small: Pixels) -> tuple[int, int]:
    """The row and column at which the small picture differs least from the big one, by squares, with an FFT."""
    height, width = big.shape[0] - small.shape[0] + 1, big.shape[1] - small.shape[1] + 1
    total = np.zeros((height, width))
    for axis in range(3):
        spectrum = np.fft.rfft2(big[..., axis])
        shape = big.shape[:2]
        pattern = np.fft.rfft2(small[..., axis], shape)
        window = np.fft.rfft2(np.ones(small.shape[:2]), shape)
        squares = np.fft.irfft2(np.fft.rfft2(big[..., axis] ** 2) * window.conj(), shape)
        both = np.fft.irfft2(spectrum * pattern.conj(), shape)
        total += (squares - 2 * both)[:height, :width]
    top, left = np.unravel_index(int(total.argmin()), total.shape)
    return int(top), int(left)
