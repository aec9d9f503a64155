"""Bytes of a picture -> what can be measured in it, with Pillow. The only module that opens pictures."""

import colorsys
import io
from collections import Counter

from PIL import ExifTags, Image, ImageStat

from demo_model.call import Measured

MAX_PIXELS = 64_000_000
"""A 48-megapixel phone photo passes; a decompression bomb does not."""

# Pillow opens more than these; EPS would start Ghostscript. A phone's MPO comes in through the JPEG plugin.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_ORIENTATION = ExifTags.Base.Orientation
_LYING = (5, 6, 7, 8)  # values of the EXIF orientation that swap width and height
_SAMPLE = 128
_SMALLEST_SHARE = 0.02
_MOST_COLOURS = 5

_HUES = ((15, "red"), (42, "orange"), (68, "yellow"), (165, "green"), (195, "cyan"), (255, "blue"), (312, "purple"))


class PictureError(ValueError):
    """The bytes are no picture that this server measures."""


def measure(data: bytes, *, detail: str = "auto", pixels_left: int = MAX_PIXELS) -> Measured:
    """Measure one picture of at most ``pixels_left`` pixels.

    Raises PictureError for anything that is not a whole PNG, JPEG, WebP or GIF.
    """
    # Pillow raises many things on broken files: OSError, SyntaxError, ValueError, struct.error, its bomb error ...
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as opened:
            width, height = opened.size
            if width * height > min(pixels_left, MAX_PIXELS):
                raise PictureError("too many pixels")
            if opened.getexif().get(_ORIENTATION) in _LYING:
                width, height = height, width
            opened.draft("RGB", (_SAMPLE * 4, _SAMPLE * 4))  # a large JPEG is decoded at a fraction of its size
            sample = opened.convert("RGBA").resize(_sample_size(*opened.size), Image.Resampling.NEAREST)
            file_format = opened.format or ""
    except PictureError:
        raise
    except Exception as error:
        raise PictureError("not decodable") from error
    alpha = sample.getchannel("A")
    flat = Image.new("RGB", sample.size, "white")
    flat.paste(sample, mask=alpha)
    light = ImageStat.Stat(flat.convert("L"))
    return Measured(
        width=width,
        height=height,
        file_format="JPEG" if file_format == "MPO" else file_format,
        brightness=light.mean[0] / 255,
        contrast=light.stddev[0] / 255,
        transparent=sum(alpha.histogram()[:128]) / (sample.width * sample.height),
        colours=_colours(flat),
        detail=detail,
    )


def _sample_size(width: int, height: int) -> tuple[int, int]:
    """Nearest neighbours of a small grid: shares of colours stay true, and no new colours arise at edges."""
    return min(width, _SAMPLE), min(height, _SAMPLE)


def _colours(picture: Image.Image) -> tuple[tuple[str, float], ...]:
    total = picture.width * picture.height
    shares: Counter[str] = Counter()
    for number, colour in picture.getcolors(total) or ():
        assert isinstance(colour, tuple)  # an RGB picture's colours are tuples
        shares[_name(*colour[:3])] += number
    common = ((name, number / total) for name, number in shares.most_common(_MOST_COLOURS))
    return tuple((name, share) for name, share in common if share >= _SMALLEST_SHARE)


def _name(red: int, green: int, blue: int) -> str:
    """The everyday name of a colour, by hue, saturation and value."""
    hue, saturation, value = colorsys.rgb_to_hsv(red / 255, green / 255, blue / 255)
    degrees = hue * 360
    if value < 0.2:
        return "black"
    if saturation < 0.12:
        return "white" if value > 0.9 else "grey"
    if (degrees < 15 or degrees >= 330) and saturation < 0.5 and value > 0.75:
        return "pink"
    if 12 <= degrees < 45 and value < 0.65:
        return "brown"
    for bound, name in _HUES:
        if degrees < bound:
            return name
    return "pink" if degrees < 345 else "red"
