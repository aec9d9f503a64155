"""Photographs: how sharp, whether there is a level edge across, and large areas of sky-like and plant-like colours."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from demo_model.sight import palette
from demo_model.sight.facts import Area, Box, Photo, Position
from demo_model.sight.regions import Mask

Pixels = NDArray[np.uint8]

_LEAST_AREA = 0.05
_BAND = 3
_ACROSS = 0.6
"""The share of the width over which a horizon is seen."""


def find(picture: Pixels) -> Photo:
    """What can be said of an RGB picture (height, width, 3) as a photograph."""
    hue, saturation, value = palette.hsv(picture)
    height = picture.shape[0]
    upper = np.arange(height)[:, None] < 0.7 * height
    sky = (hue >= 185) & (hue < 255) & (saturation > 0.1) & (value > 0.45) & upper
    plants = (hue >= 60) & (hue < 170) & (saturation > 0.18) & (value > 0.12)
    masks: tuple[tuple[Literal["sky", "plants"], Mask], ...] = (("sky", sky), ("plants", plants))
    areas = [Area(kind, float(mask.mean()), _middle(mask)) for kind, mask in masks if mask.mean() >= _LEAST_AREA]
    return Photo(horizon=_horizon(picture), areas=tuple(areas))


def sharpness(light: NDArray[np.uint8]) -> float:
    """How steep the steepest edges of a grey picture are, from 0 (none, or all blurred) to 1 (from one pixel to the
    next)."""
    grey = light.astype(np.int16)
    steps = np.concatenate([np.abs(np.diff(grey, axis=axis)).ravel() for axis in (0, 1)])
    wide = np.concatenate([np.abs(grey[4:] - grey[:-4]).ravel(), np.abs(grey[:, 4:] - grey[:, :-4]).ravel()])
    if not len(steps) or not len(wide):
        return 0.0
    step, rise = np.percentile(steps, 99.5), np.percentile(wide, 99.5)
    return float(min(1.0, step / rise)) if rise >= 8 else 0.0


def _middle(mask: Mask) -> Position:
    y, x = (float(np.median(axis)) / size for axis, size in zip(np.nonzero(mask), mask.shape, strict=True))
    return Box(x, y, x, y).position


def _horizon(picture: Pixels) -> float | None:
    """The row at which the colours above and below differ most, if they do so over most of the width."""
    height, width, _ = picture.shape
    if height < 30 or width < 30:
        return None
    columns = picture[:, : width // 24 * 24].reshape(height, 24, -1, 3).mean(2)
    sums = np.cumsum(np.pad(columns, ((1, 0), (0, 0), (0, 0))), axis=0)
    means = (sums[_BAND:] - sums[:-_BAND]) / _BAND
    jumps = np.abs(means[_BAND:] - means[:-_BAND]).max(-1)  # row r: between rows r..r+2 and r+3..r+5
    middle = jumps[height // 8 : -height // 8]
    best = int(middle.mean(1).argmax())
    row = best + height // 8
    near = jumps[max(0, row - height // 50) : row + height // 50 + 1].max(0)
    usual = np.median(jumps)
    clear = (near > max(18, 3 * usual)).mean() >= _ACROSS
    return (row + _BAND) / height if clear and (jumps[row] > max(18, 3 * usual)).mean() >= _ACROSS / 2 else None
