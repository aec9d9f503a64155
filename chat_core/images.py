"""Bytes to ``ImagePart``: pictures upright, free of metadata, in a format that models take. The only importer of PIL.

And of pillow_heif, which reads what phones write; it is called by name and not registered, so that Pillow stays for
others what it was.

A file that is clean already is sent as it is; everything else is encoded anew from its pixels. What comes out is clean,
so reading it again gives the same bytes: no second loss, and a prompt prefix that stays the same, and cached.
"""

import base64
import binascii
import math
import re
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from typing import cast, overload
from urllib.parse import unquote_to_bytes

import pillow_heif
from PIL import Image, ImageCms, UnidentifiedImageError

from chat_core import models
from chat_core.errors import ImageError
from chat_core.file_names import safe_name
from chat_core.messages import Detail, ImagePart, RemoteImage

MAX_BYTES = 20_000_000
"""Of a file given, and of a file sent."""
MAX_MEGAPIXELS = {
    "JPEG": 64,  # a phone's "64 megapixels" are 9248 x 6936; what is too large to be sent is decoded at half its size
    "PNG": 62,
    "BMP": 62,
    "GIF": 48,
    "HEIC": 48,  # an iPhone's are 8064 x 6048
    "TIFF": 34,  # a sheet of A4 scanned at 600 dots an inch; decoded in strips, which may be as large as the picture
    "AVIF": 23,
    "WEBP": 14,  # 22 bytes a pixel while it is decoded: its decoder keeps two canvases and hands out a third
}
"""In units of 1024 x 1024 pixels, by the kind of file. Checked before decoding.

Each is what fits into 300 MB, as measured with Pillow 12.3 and libheif 1.23; a server that reads pictures for many
people must not fall over one of them.
"""
MAX_SENT_PIXELS = models.MAX_IMAGE_PATCHES * 32**2
"""A picture of more is sent at half its width and height: its patches, of 32 x 32 pixels, would be too many."""
MAX_SIDE = 8192
"""Pixels of the longest side sent. Models see far fewer; a longer side only costs bytes."""

_QUALITY = 90
# An opaque PNG over this size is sent as JPEG if that has at most a third of its bytes: then it is a photograph.
_LARGE_PNG_BYTES = 4_000_000
_PHOTO_GAIN = 3
# Colour profiles over this size do not occur in pictures; hostile ones do.
_MAX_PROFILE_BYTES = 4_000_000

# Explicit: without a list Pillow opens by content whatever it knows, and for EPS it starts Ghostscript.
_FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF")
# All others are sent as PNG.
_SENT_AS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WEBP", "AVIF": "JPEG", "HEIC": "JPEG"}
_MEDIA_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_METADATA = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "comment", "icc_profile", "photoshop"})

_ORIENTATION = 0x0112
# EXIF orientation -> how to turn the picture upright (Exif 2.32, 4.6.4, tag 274).
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

_PNG_DEPTH_AT = 24
# What a clean file may consist of; all else is, or may hold, metadata.
_PNG_CHUNKS = frozenset({b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"IDAT", b"IEND"})
_WEBP_CHUNKS = frozenset({b"VP8 ", b"VP8L", b"VP8X", b"ALPH"})
_JPEG_SEGMENTS = frozenset({0xC0, 0xC1, 0xC2, 0xC4, 0xDA, 0xDB, 0xDD})
_JPEG_HEADERS = {0xE0: (16, b"JFIF\0"), 0xEE: (14, b"Adobe")}
_JPEG_END_OF_SCAN = re.compile(rb"\xff[^\x00\xd0-\xd7]", re.DOTALL)
# Each scan of a progressive JPEG walks over all pixels again; encoders write about ten, hostile files thousands.
_JPEG_SCAN = re.compile(rb"\xff\xda\x00[\x06\x08\x0a\x0c][\x01-\x04]")
_MAX_SCANS = 100
_JPEG_BUFFER_BYTES = 250_000_000

# What the head of a HEIC's first box says: pictures and sequences in HEVC, or in a codec that is told further inside.
_HEIC_BRAND = re.compile(rb"hei[cmsx]|hev[cmsx]|mif1|msf1")
# Of a phone's picture it has some ten kilobytes. The library copies what is in it for each of up to a thousand frames.
_MAX_HEIC_META_BYTES = 256_000
# Metadata, thumbnails, colour profiles.
_HEIC_EXTRAS = re.compile(rb"cdsc|thmb|colr(?:prof|rICC)")

# Of those with transparency; of HEIC, also of those with more than eight bits, or with colours as fine as brightness.
_MAX_RICH_MEGAPIXELS = {"AVIF": 20, "HEIC": 24}

# In this order they are told.
_CHANGES = ("converted", "first_frame", "rotated", "metadata_removed", "shrunk")

_BAND_PIXELS = 1024**2
_FULL_RANGE = (0.0, 65535.0)
# Of what is shrunk: first by averaging, to three times the size wanted, then by a better filter (Pillow's advice).
_REDUCING_GAP = 3.0

_SENTENCES = {
    "not_found": "{name} is not there.",
    "empty": "{name} is empty.",
    "not_a_picture": "{name} is not a picture. PNG, JPEG, HEIC, WEBP, GIF, BMP, TIFF and AVIF can be sent.",
    "svg": "{name} is an SVG drawing; save it as PNG.",
    "eps": "{name} is an EPS or PostScript drawing; save it as PNG.",
    "pdf": "{name} is a PDF; save the page as a picture.",
    "html": "{name} is a web page, not a picture.",
    "heic": "{name} is a HEIC picture of a kind that cannot be read here; save it as JPEG.",
    "truncated": "{name} is damaged or cut short.",
    "too_many_pixels": "{name} has too many pixels for its kind of file; a JPEG may have up to 64 megapixels.",
    "too_many_bytes": "{name} is too large: a picture may have up to 20 MB.",
}

# Decoding may take 300 MB: two at a time.
_decoding = threading.BoundedSemaphore(2)


@overload
def load_image(source: bytes | Path, *, name: str = "", detail: Detail | None = None) -> ImagePart: ...


@overload
def load_image(source: str, *, name: str = "", detail: Detail | None = None) -> ImagePart | RemoteImage: ...


def load_image(source: str | Path | bytes, *, name: str = "", detail: Detail | None = None) -> ImagePart | RemoteImage:
    """A picture for a message, from a path, a file's bytes, a data URL, or an http(s) URL (which is not fetched).

    The kind is told by content, never by name. JPEG, PNG and WEBP stay what they are; GIF, BMP and TIFF become PNG,
    HEIC and AVIF become JPEG, or PNG where they are transparent; an opaque photograph in a large PNG or TIFF becomes
    JPEG. Only the first frame is sent, or what a HEIC calls its primary one. Colour profiles are converted to sRGB.
    ``changes``: ``converted`` (format or depth), ``first_frame``, ``rotated`` (to stand upright; a HEIC or TIFF is
    turned while it is decoded, which is not told), ``metadata_removed``, ``shrunk`` (to ``MAX_SENT_PIXELS``,
    ``MAX_SIDE`` and ``MAX_BYTES``).

    CPU work of up to some seconds: call it in a thread. Raises ``ImageError`` with one of the reasons ``not_found``,
    ``empty``, ``not_a_picture``, ``svg``, ``eps``, ``pdf``, ``html``, ``heic`` (in a codec other than HEVC),
    ``truncated``, ``too_many_pixels`` (see ``MAX_MEGAPIXELS``) and ``too_many_bytes``.
    """
    if isinstance(source, str) and re.match(r"\s*https?://", source, re.IGNORECASE):
        return RemoteImage(source.strip(), detail)
    if isinstance(source, bytes):
        shown, data = safe_name(name, ""), source
    elif isinstance(source, str) and source.lstrip()[:5].lower() == "data:":
        shown = safe_name(name, "")
        data = _from_data_url(source, shown)
    else:
        shown = safe_name(name or Path(source).name, "")
        data = _read(Path(source), shown)
    if not data:
        raise _error("empty", shown)
    if len(data) > MAX_BYTES:
        raise _error("too_many_bytes", shown)
    with _decoding:
        sent = _cleaned(data, shown)
    width, height = sent.size
    return ImagePart(sent.data, _MEDIA_TYPES[sent.kind], width, height, shown, detail, sent.changes)


def as_data_url(part: ImagePart) -> str:
    """The picture as ``data:image/...;base64,...``, as the API takes it."""
    return _data_url(part.data, part.media_type)


def shrunk(part: ImagePart, longest: int) -> ImagePart:
    """``part`` with no side longer than ``longest`` pixels (at least 1): ``part`` itself, or one encoded anew.

    As ``resized`` in all else.
    """
    size = part.width, part.height
    return resized(part, _scaled(size, longest / max(size))) if longest < max(size) else part


def resized(part: ImagePart, size: tuple[int, int]) -> ImagePart:
    """``part`` at ``size``, (width, height) in pixels: the same kind of file, encoded anew, ``shrunk`` in its changes.

    No side is made longer, nor shorter than 1 pixel; ``part`` itself where nothing is left to do. The same part and
    size give the same bytes. CPU work: call it in a thread. Raises ``ImageError`` for a part that ``load_image`` would
    refuse, which it has not made.
    """
    target = max(1, min(size[0], part.width)), max(1, min(size[1], part.height))
    if target == (part.width, part.height):
        return part
    with _decoding:
        pixels, kind = _at_size(part, target)
        sent_as = _SENT_AS.get(kind, "PNG")
        data = _encoded(pixels, sent_as, lossless=_is_lossless(part.data, kind))
    changes = part.changes if "shrunk" in part.changes else (*part.changes, "shrunk")
    width, height = target
    return replace(part, data=data, media_type=_MEDIA_TYPES[sent_as], width=width, height=height, changes=changes)


def thumbnail(part: ImagePart, side: int = 96) -> str:
    """``part`` as a small data URL to show, no side longer than ``side`` pixels, nor than it was.

    PNG where something is transparent or where it has fewer bytes than a JPEG, as of drawings. As ``resized`` in all
    else.
    """
    size = part.width, part.height
    with _decoding:
        pixels, _ = _at_size(part, _scaled(size, min(1.0, side / max(size))))
        files = {kind: _encoded(pixels, kind) for kind in ("PNG", "JPEG") if kind == "PNG" or pixels.mode != "RGBA"}
    kind = min(files, key=lambda kind: len(files[kind]))
    return _data_url(files[kind], _MEDIA_TYPES[kind])


@dataclass(frozen=True, slots=True)
class _Sent:
    data: bytes
    kind: str
    size: tuple[int, int]
    changes: tuple[str, ...] = ()


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode('ascii')}"


def _error(reason: str, name: str) -> ImageError:
    return ImageError(_SENTENCES[reason].format(name=name or "This file"), name=name, reason=reason)


def _read(path: Path, name: str) -> bytes:
    # One byte over the limit is enough to know; a pipe or a device would never end.
    try:
        if not path.is_file():
            raise _error("not_found", name)
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _error("not_found", name) from error


def _from_data_url(url: str, name: str) -> bytes:
    head, comma, body = url.strip().partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise _error("not_a_picture", name)
    if len(body) * 3 // 4 > 2 * MAX_BYTES:
        raise _error("too_many_bytes", name)
    try:
        return base64.b64decode(b"".join(unquote_to_bytes(body).split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise _error("not_a_picture", name) from error


def _cleaned(data: bytes, name: str) -> _Sent:
    """The file to send for ``data``: the same bytes if nothing has to change, else encoded anew."""
    if _is_heic(data):
        return _from_heic(data, name)
    image, kind = _opened(data, name)
    try:
        full_size = image.size
        if kind == "JPEG" and _fitting(full_size) != full_size:
            # Has the decoder leave out what would be thrown away: it halves, down to the size asked for at most.
            image.draft(None, _fitting(full_size))
        image.load()
        ordinary, extras = _is_ordinary(data, kind, image.mode), _has_extras(data, kind, image)
        if ordinary and not extras and _fitting(full_size) == full_size:
            return _untouched(data, kind, image)
        changes = {
            "converted": not ordinary,
            "first_frame": kind != "JPEG" and getattr(image, "is_animated", False),
            "metadata_removed": extras,
            "shrunk": _fitting(full_size) != full_size,
        }
        orientation = _orientation(image)
        pixels = _plain(image)
        image.close()  # Frees its pixels: a large picture is held twice at most.
        return _rebuilt(pixels, kind, changes, orientation, lossless=_is_lossless(data, kind))
    except Exception as error:  # Decoders raise of everything: OSError, SyntaxError, ValueError, struct.error ...
        raise _error("truncated", name) from error


def _opened(data: bytes, name: str) -> tuple[Image.Image, str]:
    """The picture, not yet decoded, and its kind; within the limits that can be told from its head."""
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise _error(_what_it_is(data), name) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _error("too_many_pixels", name) from error
    except Exception as error:  # A text chunk that swells, a header that lies: ValueError, OverflowError ...
        raise _error("truncated", name) from error
    # MPO is what many phones write: a JPEG with further ones (a depth map, a second view) behind it.
    kind = "JPEG" if image.format == "MPO" else image.format or ""
    _check_pixels(image.size, kind, name, rich=image.mode == "RGBA")
    if kind == "JPEG":
        _check_scans(data, image, name)
    return image, kind


def _check_pixels(size: tuple[int, int], kind: str, name: str, *, rich: bool = False) -> None:
    limits = MAX_MEGAPIXELS | _MAX_RICH_MEGAPIXELS if rich else MAX_MEGAPIXELS
    if size[0] * size[1] > limits[kind] * 1024**2:
        raise _error("too_many_pixels", name)


def _check_scans(data: bytes, image: Image.Image, name: str) -> None:
    """Refuses a JPEG in so many scans that decoding would take minutes, or in several with too many pixels for that."""
    scans = len(_JPEG_SCAN.findall(data))
    if scans > _MAX_SCANS:
        raise _error("truncated", name)
    if scans > 1:
        # All coefficients are kept until the last scan, two bytes each, at full size; of 4:2:0 that is three a pixel.
        sampling = [(across, down) for _, across, down, _ in getattr(image, "layer", [])]
        most = max((across for across, _ in sampling), default=1) * max((down for _, down in sampling), default=1)
        bytes_a_pixel = 2 * sum(across * down for across, down in sampling) / most
        if image.width * image.height * bytes_a_pixel > _JPEG_BUFFER_BYTES:
            raise _error("too_many_pixels", name)


def _is_heic(data: bytes) -> bool:
    """True for the brands of HEIC, and for the neutral ones if AVIF is not among what it is compatible with."""
    if data[4:8] != b"ftyp" or not _HEIC_BRAND.match(data, 8):
        return False
    return data[8:10] == b"he" or not re.search(rb"avi[fs]", data[16 : min(64, int.from_bytes(data[:4], "big"))])


def _from_heic(data: bytes, name: str) -> _Sent:
    """The primary picture of a HEIC.

    libheif turns it upright by what the container says. What its EXIF says beside that must not be followed (phones
    write both; libheif's issue 680), and is not even read. libheif, too, refuses a picture that is larger than the
    container says, before it decodes it.
    """
    start, end = _heic_meta(data)
    meta = data[start:end]
    # Overlays may lay the same picture over itself hundreds of times; no phone writes them.
    if len(meta) > _MAX_HEIC_META_BYTES or b"iovl" in meta:
        raise _error("heic", name)
    # What refers from metadata to pictures is renamed to what no reader knows.
    bare = data[:start] + meta.replace(b"cdsc", b"none") + data[end:]
    try:
        frames = pillow_heif.open_heif(bare)
        frame = frames[frames.primary_index]
        full_size = frame.size
        rich = frame.has_alpha or frame.info["bit_depth"] != 8 or frame.info.get("chroma") in (422, 444)
        _check_pixels(full_size, "HEIC", name, rich=rich)
        _check_tiles(frame, name)
        pixels = _in_bands(_heic_bands(frame), full_size)
    except ImageError:
        raise
    except (SyntaxError, RuntimeError, IndexError, ValueError, EOFError, OSError) as error:
        if "Security limit" in str(error):  # libheif's words for sizes, and numbers of tiles, that cannot be meant.
            raise _error("too_many_pixels", name) from error
        # The first three are what pillow_heif raises for a codec that it lacks.
        lacking = isinstance(error, SyntaxError | RuntimeError | IndexError)
        raise _error("heic" if lacking else "truncated", name) from error
    changes = {
        "first_frame": len(frames) > 1,
        "metadata_removed": _HEIC_EXTRAS.search(meta) is not None,
        "shrunk": _fitting(full_size) != full_size,
    }
    return _rebuilt(pixels, "HEIC", changes)


def _check_tiles(frame: pillow_heif.HeifImage, name: str) -> None:
    """Refuses tiles that reach far over the edge of their picture: they would all be decoded for nothing."""
    tiling = frame.info.get("tiling")
    if isinstance(tiling, dict):
        covered = tiling["num_columns"] * tiling["tile_width"] * tiling["num_rows"] * tiling["tile_height"]
        if covered > 2 * MAX_MEGAPIXELS["HEIC"] * 1024**2:
            raise _error("too_many_pixels", name)


def _heic_meta(data: bytes) -> tuple[int, int]:
    """Where the box begins and ends that says what is in the file; (0, 0) if there is none."""
    position = 0
    while position + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, position)
        if length == 1 and position + 16 <= len(data):
            (length,) = struct.unpack_from(">Q", data, position + 8)
        end = min(position + length, len(data)) if length else len(data)
        if kind == b"meta":
            return position, end
        position = max(end, position + 8)
    return 0, 0


def _what_it_is(data: bytes) -> str:
    """The reason why bytes are no picture that can be sent: what they are instead."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if b"%pdf-" in head[:1024]:
        return "pdf"
    if head.startswith((b"%!ps", b"\xc5\xd0\xd3\xc6")):  # The second: with a preview for Windows before it
        return "eps"
    if re.match(rb"<(\?xml|!--|!doctype svg|svg)", head) and b"<svg" in head:
        return "svg"
    if re.match(rb"<(!doctype html|html|head|body|script|!--)", head):
        return "html"
    if head.startswith((b"\x89png", b"\xff\xd8\xff", b"gif8", b"riff")) or data[4:12] == b"ftypavif":
        return "truncated"
    return "not_a_picture"


def _untouched(data: bytes, kind: str, image: Image.Image) -> _Sent:
    """``data`` as it is, unless it is a photograph in a large PNG."""
    if kind == "PNG" and len(data) > _LARGE_PNG_BYTES:
        pixels = _plain(image)
        if jpeg := _photograph(pixels, len(data)):
            return _Sent(jpeg, "JPEG", pixels.size, ("converted",))
    return _Sent(data, kind, image.size)


def _rebuilt(
    pixels: Image.Image, kind: str, changes: dict[str, bool], orientation: int = 1, *, lossless: bool = False
) -> _Sent:
    """The picture encoded anew. ``pixels``: as ``_plain`` gives them.  ``changes``: what has been done so far."""
    if max(pixels.size) > MAX_SIDE:
        pixels = pixels.resize(_fitting(pixels.size), Image.Resampling.LANCZOS)
    if orientation in _UPRIGHT:
        pixels = pixels.transpose(_UPRIGHT[orientation])
    sent_as = _SENT_AS.get(kind, "PNG")
    if sent_as == "JPEG" and pixels.mode == "RGBA":
        sent_as = "PNG"
    encoded = _encoded(pixels, sent_as, lossless=lossless)
    if sent_as == "PNG" and (jpeg := _photograph(pixels, len(encoded))):
        encoded, sent_as = jpeg, "JPEG"
    too_large = len(encoded) > MAX_BYTES
    while len(encoded) > MAX_BYTES:
        scale = 0.95 * math.sqrt(MAX_BYTES / len(encoded))
        pixels = pixels.resize(_scaled(pixels.size, scale), Image.Resampling.LANCZOS)
        encoded = _encoded(pixels, sent_as, lossless=lossless)
    done = changes | {
        "converted": sent_as != kind or changes.get("converted", False),
        "rotated": orientation in _UPRIGHT,
        "shrunk": changes["shrunk"] or too_large,
    }
    return _Sent(encoded, sent_as, pixels.size, tuple(word for word in _CHANGES if done.get(word)))


def _photograph(pixels: Image.Image, png_bytes: int) -> bytes | None:
    """A JPEG of an opaque picture whose PNG is large, if it is so much smaller that it must be a photograph."""
    if png_bytes <= _LARGE_PNG_BYTES or pixels.mode == "RGBA":
        return None
    jpeg = _encoded(pixels, "JPEG")
    return jpeg if _PHOTO_GAIN * len(jpeg) <= png_bytes else None


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_ORIENTATION, 1)
    except Exception:  # EXIF is a TIFF file of its own, and as often broken; the picture is none the worse for it.
        return 1


def _plain(image: Image.Image) -> Image.Image:
    """A copy of a decoded picture as ``_in_bands`` makes it."""
    levels = _FULL_RANGE
    if image.mode in ("I", "F"):
        # Pillow's type for this covers pictures of several channels, too.
        levels = cast("tuple[float, float]", image.getextrema())
    width, height = image.size
    bands = (image.crop((0, top, width, min(top + rows, height))) for top, rows in _band_places(image.size))
    return _in_bands(bands, image.size, levels)


def _heic_bands(frame: pillow_heif.HeifImage) -> Iterator[Image.Image]:
    """The decoded picture in bands, out of libheif's memory: as a whole it would be there a second time."""
    data, stride = memoryview(frame.data), frame.stride
    width, height = frame.size
    for top, rows in _band_places(frame.size):
        lines = min(rows, height - top)
        band = data[top * stride : (top + lines) * stride]
        image = Image.frombytes(frame.mode, (width, lines), band, "raw", frame.mode, stride)
        image.info = {"icc_profile": frame.info.get("icc_profile")}
        yield image


def _band_places(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """Where each band begins, and how many rows it has at most, an even number: about a million pixels."""
    rows = max(2, _BAND_PIXELS // size[0] // 2 * 2)
    return ((top, rows) for top in range(0, size[1], rows))


def _in_bands(
    bands: Iterator[Image.Image], size: tuple[int, int], levels: tuple[float, float] = _FULL_RANGE
) -> Image.Image:
    """A picture with nothing but pixels: mode L, RGB or RGBA (only if something is transparent), eight bits, sRGB.

    Put together from ``bands`` of ``size``, as on the way to it there may be several copies of each; at half that size
    if it is too large to be sent. ``levels``: what is black and what is white in grey of more than eight bits.
    """
    factor = 2 if size[0] * size[1] > MAX_SENT_PIXELS else 1
    whole, top = None, 0
    for band in bands:
        done = _converted(band, levels)
        done = done.reduce(factor) if factor > 1 else done
        if whole is None:
            whole = Image.new(done.mode, (math.ceil(size[0] / factor), math.ceil(size[1] / factor)))
        whole.paste(done, (0, top))
        top += done.height
    if whole is None:
        raise ValueError("a picture without rows")
    if whole.mode == "RGBA" and whole.getchannel("A").getextrema() == (255, 255):
        whole = whole.convert("RGB")
    return whole


def _converted(image: Image.Image, levels: tuple[float, float]) -> Image.Image:
    """``image`` as L, RGB, or RGBA where it has a channel or a colour for transparency; eight bits, sRGB."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        return _levelled(image, levels)
    if image.has_transparency_data:
        return _in_srgb(image, profile, "RGBA")
    if image.mode in ("1", "L"):
        return image.convert("L")
    return _in_srgb(image, profile, "RGB")


def _levelled(image: Image.Image, levels: tuple[float, float]) -> Image.Image:
    """Grey of 16 or 32 bits as eight bits: 16-bit values by their full range, wider ones by the range they use."""
    low, high = levels
    grey = (image.convert("I") if image.mode.startswith("I;16") else image).convert("F")
    scale = 255 / ((high - low) or 1)
    return grey.point(lambda value: value * scale - low * scale).convert("L")


def _in_srgb(image: Image.Image, profile: bytes | None, mode: str) -> Image.Image:
    """``image`` in ``mode`` (RGB or RGBA), its colours by its profile; as they are if that cannot be used."""
    source = image if image.mode == mode or (image.mode, mode) == ("CMYK", "RGB") else image.convert(mode)
    if profile and len(profile) <= _MAX_PROFILE_BYTES:
        try:
            given = ImageCms.ImageCmsProfile(BytesIO(profile))
            if "sRGB" not in ImageCms.getProfileDescription(given):
                converted = ImageCms.profileToProfile(source, given, ImageCms.createProfile("sRGB"), outputMode=mode)
                source = converted or source
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            pass  # Broken, or made for other colours than these (a grey profile): the colours stay as they are.
    return source if source.mode == mode else source.convert(mode)


def _encoded(pixels: Image.Image, kind: str, *, lossless: bool = False) -> bytes:
    """The file. The same pixels give the same bytes, as long as Pillow stays the same."""
    options = {
        "JPEG": {"quality": _QUALITY},
        "WEBP": {"quality": _QUALITY, "lossless": lossless, "method": 2},
        "PNG": {},
    }
    file = BytesIO()
    pixels.save(file, kind, **options[kind])
    return file.getvalue()


def _at_size(part: ImagePart, size: tuple[int, int]) -> tuple[Image.Image, str]:
    """The pixels of a picture at ``size``, at most its own, and the kind of file that they come from."""
    image, kind = _opened(part.data, part.name)
    try:
        image.draft(None, size)
        image.load()
        return _plain(image).resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP), kind
    except Exception as error:  # See _cleaned.
        raise _error("truncated", part.name) from error


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    """The size at which a picture of ``size`` is sent; the same if it is not too large."""
    if size[0] * size[1] > MAX_SENT_PIXELS:
        size = _scaled((size[0] // 2, size[1] // 2), 1)
    return _scaled(size, MAX_SIDE / max(size)) if max(size) > MAX_SIDE else size


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def _is_lossless(data: bytes, kind: str) -> bool:
    return kind == "WEBP" and b"VP8L" in _webp_chunks(data)


def _is_ordinary(data: bytes, kind: str, mode: str) -> bool:
    """True if every model's server can be expected to read it: PNG of up to eight bits, JPEG without CMYK, WEBP."""
    match kind:
        case "PNG":
            return data[_PNG_DEPTH_AT] <= 8
        case "JPEG":
            return mode in ("L", "RGB")
    return kind == "WEBP"


def _has_extras(data: bytes, kind: str, image: Image.Image) -> bool:
    """True if there is, or may be, anything beside the picture: metadata, more frames, bytes behind the end."""
    match kind:
        case "PNG":
            return not _png_chunks(data) <= _PNG_CHUNKS
        case "JPEG":
            return not _is_bare_jpeg(data)
        case "WEBP":
            return not _webp_chunks(data) <= _WEBP_CHUNKS
    return not _METADATA.isdisjoint(image.info)


def _png_chunks(data: bytes) -> set[bytes]:
    """The kinds of chunk in a PNG; with an empty name among them if the file does not end where it says."""
    kinds: set[bytes] = set()
    position = 8
    while position + 12 <= len(data) and b"IEND" not in kinds:
        length, kind = struct.unpack_from(">I4s", data, position)
        kinds.add(kind)
        position += 12 + length
    return kinds if b"IEND" in kinds and position == len(data) else kinds | {b""}


def _webp_chunks(data: bytes) -> set[bytes]:
    """The kinds of chunk in a WEBP; with an empty name among them if the file does not end where it says."""
    kinds: set[bytes] = set()
    position = 12
    while position + 8 <= len(data):
        kind, length = struct.unpack_from("<4sI", data, position)
        kinds.add(kind)
        position += 8 + length + length % 2
    ends_well = position == len(data) == struct.unpack_from("<I", data, 4)[0] + 8
    return kinds if ends_well else kinds | {b""}


def _is_bare_jpeg(data: bytes) -> bool:
    """True if there are only tables, frame, scans and plain headers, and the end mark is the end of the file."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker, length = struct.unpack_from(">xBH", data, position)
        size, word = _JPEG_HEADERS.get(marker, (0, b""))
        if marker not in _JPEG_SEGMENTS and not (length == size and data.startswith(word, position + 4)):
            return False
        position += 2 + length
        if marker == 0xDA:
            end = _JPEG_END_OF_SCAN.search(data, position)
            position = end.start() if end else len(data)
    return data[position:] == b"\xff\xd9"
