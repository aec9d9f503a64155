"""Bytes of a picture -> what can be measured in it, with Pillow. The only module that opens pictures."""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageStat

from demo_model.call import Measured
from demo_model.sight import looking, palette, photos
from demo_model.sight.facts import Sketch

MAX_PIXELS = 64_000_000
"""A 48-megapixel phone photo passes; a decompression bomb does not."""

# Pillow opens more than these; EPS would start Ghostscript. A phone's MPO comes in through the JPEG plugin.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_ORIENTATION = ExifTags.Base.Orientation
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_LYING = (5, 6, 7, 8)  # values of the EXIF orientation that swap width and height
_SAMPLE = 128
_COPY = 640
_MOST_ENLARGED = 4
_SKETCH = 128


class PictureError(ValueError):
    """The bytes are no picture that this server measures."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A decoded picture, upright.

    ``width``, ``height``: its own pixels.  ``sample``: some of them (RGBA), as they are.  ``copy``: all of them, made
    smaller (RGB, on white).
    """

    width: int
    height: int
    file_format: str
    sample: Image.Image
    copy: Image.Image


def open_picture(data: bytes, *, pixels_left: int = MAX_PIXELS) -> Opened:
    """Open one picture of at most ``pixels_left`` pixels.

    Raises PictureError for anything that is not a whole PNG, JPEG, WebP or GIF.
    """
    # Pillow raises many things on broken files: OSError, SyntaxError, ValueError, struct.error, its bomb error ...
    try:
        return _opened(data, min(pixels_left, MAX_PIXELS))
    except PictureError:
        raise
    except Exception as error:
        raise PictureError("not decodable") from error


def measure(opened: Opened) -> Measured:
    """All that is measured in a picture; it takes some ten times as long as to open it."""
    flat = _on_white(opened.sample)
    light = ImageStat.Stat(flat.convert("L"))
    copy = _for_looking(opened.copy)
    return Measured(
        width=opened.width,
        height=opened.height,
        file_format="JPEG" if opened.file_format == "MPO" else opened.file_format,
        brightness=light.mean[0] / 255,
        contrast=light.stddev[0] / 255,
        transparent=sum(opened.sample.getchannel("A").histogram()[:128]) / (flat.width * flat.height),
        colours=palette.shares(np.asarray(flat)),
        bands=tuple(palette.shares(third)[0][0] for third in np.array_split(np.asarray(flat), 3) if third.size),
        sharpness=photos.sharpness(np.asarray(opened.copy.convert("L"))),
        look=looking.look(copy),
        sketch=_sketch(opened.copy),
    )


def _opened(data: bytes, most: int) -> Opened:
    with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
        width, height = image.size
        if width * height > most:
            raise PictureError("too many pixels")
        turn = image.getexif().get(_ORIENTATION)
        image.draft("RGB", (_COPY, _COPY))  # a large JPEG is decoded at a fraction of its size
        image.load()
        sample = image.convert("RGBA").resize(_sample_size(*image.size), Image.Resampling.NEAREST)
        copy = _smaller(image)
        if turn in _TURNS:
            sample, copy = sample.transpose(_TURNS[turn]), copy.transpose(_TURNS[turn])
        if turn in _LYING:
            width, height = height, width
        return Opened(width, height, image.format or "", sample, copy)


def _sample_size(width: int, height: int) -> tuple[int, int]:
    """Nearest neighbours of a small grid: shares of colours stay true, and no new colours arise at edges."""
    return min(width, _SAMPLE), min(height, _SAMPLE)


def _smaller(image: Image.Image) -> Image.Image:
    """The picture on white, at most ``_COPY`` pixels a side, every pixel having its part in it."""
    factor = max(1, max(image.size) // (2 * _COPY))
    plain = image if image.mode in ("RGB", "RGBA", "L") else image.convert("RGBA")
    reduced = plain.reduce(factor) if factor > 1 else plain
    share = min(1, _COPY / max(reduced.size))
    size = max(1, round(reduced.width * share)), max(1, round(reduced.height * share))
    return _on_white(reduced.resize(size, Image.Resampling.BOX) if size != reduced.size else reduced)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image.convert("RGB")
    flat = Image.new("RGB", image.size, "white")
    flat.paste(image, mask=image.getchannel("A"))
    return flat


def _for_looking(copy: Image.Image) -> NDArray[np.uint8]:
    """A small picture is enlarged: what is a few pixels wide is easier to tell when its blended edges count."""
    longest = max(copy.size)
    factor = min(_MOST_ENLARGED, _COPY // longest)
    if factor == 1 or longest < 8:
        return np.asarray(copy)
    return np.asarray(copy.resize((copy.width * factor, copy.height * factor), Image.Resampling.BICUBIC))


def _sketch(copy: Image.Image) -> Sketch:
    share = min(1, _SKETCH / max(copy.size))
    size = max(1, round(copy.width * share)), max(1, round(copy.height * share))
    small = copy.resize(size, Image.Resampling.BILINEAR)
    return Sketch(small.width, small.height, small.tobytes())
