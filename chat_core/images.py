"""Bytes to ``ImagePart``: pictures upright, free of metadata, in a format that models take. The only importer of PIL.

A file that is clean already is sent as it is; everything else is encoded anew from its pixels. What comes out is clean,
so reading it again gives the same bytes: no second loss, and a prompt prefix that stays the same, and cached.
"""

import base64
import binascii
import math
import re
import struct
import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import cast, overload
from urllib.parse import unquote_to_bytes

from PIL import Image, ImageCms, UnidentifiedImageError

from chat_core.errors import ImageError
from chat_core.file_names import safe_name
from chat_core.messages import Detail, ImagePart, RemoteImage

MAX_BYTES = 20_000_000
"""Of a file given, and of a file sent."""
MAX_PIXELS = 64 * 1024**2
"""Checked before decoding, which takes four bytes a pixel. A phone's "64 megapixels" are 9248 x 6936."""
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
_SENT_AS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WEBP", "AVIF": "JPEG"}
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

_SENTENCES = {
    "not_found": "{name} is not there.",
    "empty": "{name} is empty.",
    "not_a_picture": "{name} is not a picture. PNG, JPEG, WEBP, GIF, BMP, TIFF and AVIF can be sent.",
    "svg": "{name} is an SVG drawing; save it as PNG.",
    "pdf": "{name} is a PDF; save the page as a picture.",
    "html": "{name} is a web page, not a picture.",
    "heic": "{name} is a HEIC picture; save it as JPEG.",
    "truncated": "{name} is damaged or cut short.",
    "too_many_pixels": "{name} has too many pixels: up to 64 megapixels can be read.",
    "too_many_bytes": "{name} is too large: a picture may have up to 20 MB.",
}

# A decoded picture of 64 megapixels is 256 MB, and turning or converting it takes as much again: two at a time.
_decoding = threading.BoundedSemaphore(2)


@overload
def load_image(source: bytes | Path, *, name: str = "", detail: Detail | None = None) -> ImagePart: ...


@overload
def load_image(source: str, *, name: str = "", detail: Detail | None = None) -> ImagePart | RemoteImage: ...


def load_image(source: str | Path | bytes, *, name: str = "", detail: Detail | None = None) -> ImagePart | RemoteImage:
    """A picture for a message, from a path, a file's bytes, a data URL, or an http(s) URL (which is not fetched).

    The kind is told by content, never by name. JPEG, PNG and WEBP stay what they are; GIF, BMP and TIFF become PNG,
    AVIF becomes JPEG, or PNG where it is transparent; an opaque photograph in a large PNG or TIFF becomes JPEG. Only
    the first frame is sent. Colour profiles are converted to sRGB. ``changes``: ``converted`` (format or depth),
    ``first_frame``, ``rotated`` (to stand upright), ``metadata_removed``, ``shrunk`` (to ``MAX_SIDE`` and
    ``MAX_BYTES``).

    CPU work of up to some seconds: call it in a thread. Raises ``ImageError`` with one of the reasons ``not_found``,
    ``empty``, ``not_a_picture``, ``svg``, ``pdf``, ``html``, ``heic``, ``truncated``, ``too_many_pixels`` and
    ``too_many_bytes``.
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
    return f"data:{part.media_type};base64,{base64.b64encode(part.data).decode('ascii')}"


def thumbnail(part: ImagePart, side: int = 96) -> str:
    """A small copy as a data URL, for a list of pictures. ``side``: pixels of its longer side, at most.

    CPU work: call it in a thread. Raises ``ImageError``.
    """
    with _decoding:
        try:
            image = Image.open(BytesIO(part.data), formats=_FORMATS)
            image.draft("RGB", (2 * side, 2 * side))
            image.thumbnail((side, side))
            pixels = _plain(image)
        except Exception as error:  # Decoders raise of everything.
            raise _error("truncated", part.name) from error
    kind = "PNG" if pixels.mode == "RGBA" else "JPEG"
    small = ImagePart(_encoded(pixels, kind), _MEDIA_TYPES[kind], *pixels.size)
    return as_data_url(small)


@dataclass(frozen=True, slots=True)
class _Sent:
    data: bytes
    kind: str
    size: tuple[int, int]
    changes: tuple[str, ...] = ()


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
    image = _opened(data, name)
    # MPO is what many phones write: a JPEG with further ones (a depth map, a second view) behind it.
    kind = "JPEG" if image.format == "MPO" else image.format or ""
    try:
        full_size = image.size
        if kind == "JPEG" and max(image.size) > MAX_SIDE:
            # Has the decoder leave out what would be thrown away: it halves, down to the size asked for at most.
            image.draft(None, _fitting(image.size))
        image.load()
        clean = _is_ordinary(data, kind, image.mode) and not _has_extras(data, kind, image)
        if clean and max(full_size) <= MAX_SIDE:
            return _untouched(data, kind, image)
        return _rebuilt(data, kind, image, full_size)
    except Exception as error:  # Decoders raise of everything: OSError, SyntaxError, ValueError, struct.error ...
        raise _error("truncated", name) from error


def _opened(data: bytes, name: str) -> Image.Image:
    try:
        image = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise _error(_what_it_is(data), name) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _error("too_many_pixels", name) from error
    except Exception as error:  # A text chunk that swells, a header that lies: ValueError, OverflowError ...
        raise _error("truncated", name) from error
    if image.width * image.height > MAX_PIXELS:
        raise _error("too_many_pixels", name)
    if len(_JPEG_SCAN.findall(data)) > _MAX_SCANS and image.format in ("JPEG", "MPO"):
        raise _error("truncated", name)
    return image


def _what_it_is(data: bytes) -> str:
    """The reason why bytes are no picture that can be sent: what they are instead."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if data[4:8] == b"ftyp" and re.search(rb"hei[cxms]|hev[cxms]", data[8:64]):
        return "heic"
    if b"%pdf-" in head[:1024]:
        return "pdf"
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


def _rebuilt(data: bytes, kind: str, image: Image.Image, full_size: tuple[int, int]) -> _Sent:
    """The picture encoded anew from the pixels of ``image``, which is decoded, perhaps at less than its full size."""
    lossless = kind == "WEBP" and b"VP8L" in _webp_chunks(data)
    extras, ordinary = _has_extras(data, kind, image), _is_ordinary(data, kind, image.mode)
    animated = kind != "JPEG" and getattr(image, "is_animated", False)
    orientation = _orientation(image)
    shrunk = max(full_size) > MAX_SIDE
    pixels = _plain(image)
    image.close()  # Frees its pixels: a large picture is held twice at most.
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
    while len(encoded) > MAX_BYTES:
        shrunk = True
        scale = 0.95 * math.sqrt(MAX_BYTES / len(encoded))
        pixels = pixels.resize(_scaled(pixels.size, scale), Image.Resampling.LANCZOS)
        encoded = _encoded(pixels, sent_as, lossless=lossless)
    changes = {
        "converted": sent_as != kind or not ordinary,
        "first_frame": animated,
        "rotated": orientation in _UPRIGHT,
        "metadata_removed": extras,
        "shrunk": shrunk,
    }
    return _Sent(encoded, sent_as, pixels.size, tuple(word for word, done in changes.items() if done))


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
    """A copy with nothing but pixels: mode L, RGB or RGBA (only if something is transparent), eight bits, sRGB."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith(("I", "F")):
        image = _levelled(image)
    if image.has_transparency_data:
        pixels = _in_srgb(image, profile, "RGBA")
        if pixels.getchannel("A").getextrema() == (255, 255):
            pixels = pixels.convert("RGB")
    elif image.mode in ("1", "L"):
        pixels = image.convert("L")
    else:
        pixels = _in_srgb(image, profile, "RGB")
    # Encoders write what they find here: a JPEG keeps its comment through every conversion.
    pixels.info = {}
    return pixels


def _levelled(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits as eight bits: 16-bit values by their full range, wider ones by the range they use."""
    if image.mode.startswith("I;16"):
        low, high = 0.0, 65535.0
        grey = image.convert("I").convert("F")
    else:
        # Pillow's type for this covers pictures of several channels, too.
        low, high = cast("tuple[float, float]", image.getextrema())
        grey = image.convert("F")
    scale = 255 / ((high - low) or 1)
    levelled = grey.point(lambda value: value * scale - low * scale).convert("L")
    levelled.info = {}
    return levelled


def _in_srgb(image: Image.Image, profile: bytes | None, mode: str) -> Image.Image:
    """``image`` in ``mode`` (RGB or RGBA), its colours by its profile; as they are if that cannot be used."""
    source = image if image.mode == "CMYK" and mode == "RGB" else image.convert(mode)
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


def _fitting(size: tuple[int, int]) -> tuple[int, int]:
    return _scaled(size, MAX_SIDE / max(size))


def _scaled(size: tuple[int, int], scale: float) -> tuple[int, int]:
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


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


def resized(part: ImagePart, size: tuple[int, int]) -> ImagePart:
    if size[0] >= part.width and size[1] >= part.height:
        return part
    image = Image.open(BytesIO(part.data)).resize(size, Image.Resampling.LANCZOS)
    kind = {v: k for k, v in _MEDIA_TYPES.items()}[part.media_type]
    return ImagePart(_encoded(image, kind), part.media_type, *size, part.name, part.detail, (*part.changes, "shrunk"))
