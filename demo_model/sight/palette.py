"""Colours -> their everyday names, by hue, saturation and value."""

import numpy as np
from numpy.typing import NDArray

NAMES = (
    "black", "white", "grey", "red", "orange", "brown", "yellow", "green", "cyan", "blue", "purple", "pink",
)  # fmt: skip

_SMALLEST_SHARE = 0.02
_MOST_COLOURS = 5

# Upper bounds of hues in degrees, and what lies below each; from the last bound on it is red again.
_HUES = (15, 42, 68, 165, 195, 255, 312, 345)
_HUE_NAMES = ("red", "orange", "yellow", "green", "cyan", "blue", "purple", "pink", "red")


def hsv(pixels: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Hue in degrees, saturation and value from 0 to 1, of pixels whose last axis is RGB."""
    rgb = pixels.astype(np.float32) / 255
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    value = rgb.max(axis=-1)
    span = value - rgb.min(axis=-1)
    safe = np.where(span > 0, span, 1)
    sixth = np.where(
        value == red,
        ((green - blue) / safe) % 6,
        np.where(value == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    hue = np.where(span > 0, sixth * 60, 0)
    saturation = span / np.where(value > 0, value, 1)
    return hue, saturation, value


def name_indices(pixels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """The place in NAMES of every pixel's colour."""
    hue, saturation, value = hsv(pixels)
    by_hue = np.array([NAMES.index(name) for name in _HUE_NAMES])[np.digitize(hue, _HUES)]
    pale_red = ((hue < 15) | (hue >= 330)) & (saturation < 0.5) & (value > 0.75)
    rules = (
        (value < 0.2, "black"),
        ((saturation < 0.12) & (value > 0.9), "white"),
        (saturation < 0.12, "grey"),
        (pale_red, "pink"),
        ((hue >= 12) & (hue < 45) & (value < 0.65), "brown"),
    )
    return np.select([rule for rule, _ in rules], [NAMES.index(name) for _, name in rules], default=by_hue)


def name_of(colour: NDArray[np.uint8]) -> str:
    """The name of one RGB colour."""
    return NAMES[int(name_indices(colour.reshape(1, 3))[0])]


def shares(pixels: NDArray[np.uint8]) -> tuple[tuple[str, float], ...]:
    """The commonest colours and their shares, largest first; less than a fiftieth is passed over."""
    counted = np.bincount(name_indices(pixels).ravel(), minlength=len(NAMES)) / (pixels.size // 3)
    largest = np.argsort(-counted, kind="stable")[:_MOST_COLOURS]
    return tuple((NAMES[place], float(counted[place])) for place in largest if counted[place] >= _SMALLEST_SHARE)
