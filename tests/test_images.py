"""Pictures on their way in: told by content, repaired or refused in words, cleaned, the same again on every turn."""

import base64
import io
import random
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from PIL import Image, ImageCms, PngImagePlugin

from chat_core.errors import ImageError
from chat_core.images import MAX_BYTES, MAX_SIDE, as_data_url, load_image, thumbnail
from chat_core.messages import ImagePart, RemoteImage

SECRET = b"owner Kim, 37.5665 N"


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
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


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(width: int, height: int, *chunks: bytes, depth: int = 8, colour: int = 2) -> bytes:
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND")


def load(source: bytes | Path, name: str = "") -> ImagePart:
    """Loads, and holds what is promised of every picture: decodes, says its size, is clean, and stays as it is."""
    part = load_image(source, name=name)
    with Image.open(io.BytesIO(part.data)) as image:
        image.load()
        assert Image.MIME[image.format or ""] == part.media_type
        assert image.size == (part.width, part.height)
        assert not image.getexif()
        assert not set(image.info) & {"comment", "exif", "xmp", "icc_profile", "photoshop", "XML:com.adobe.xmp"}
        assert not getattr(image, "text", {})
    assert SECRET not in part.data
    again = load_image(part.data)
    assert again.data is part.data
    assert again.changes == ()
    assert load_image(source).data == part.data
    return part


def pixels(part: ImagePart) -> Image.Image:
    return Image.open(io.BytesIO(part.data)).convert("RGBA")


def near(image: Image.Image, x: int, y: int, colour: tuple[int, ...], tolerance: int = 12) -> bool:
    found = image.getpixel((x, y))
    assert isinstance(found, tuple)
    return all(abs(a - b) <= tolerance for a, b in zip(found, colour, strict=False))


def reason_of(source: bytes | str | Path, name: str = "") -> str:
    with pytest.raises(ImageError) as refused:
        load_image(source, name=name)
    assert refused.value.message
    return str(refused.value.fields["reason"])


# What is taken, and as what it is sent


@pytest.mark.parametrize(
    ("kind", "options", "sent_as", "changes"),
    [
        ("PNG", {}, "image/png", ()),
        ("JPEG", {}, "image/jpeg", ()),
        ("JPEG", {"progressive": True, "quality": 80}, "image/jpeg", ()),
        ("WEBP", {}, "image/webp", ()),
        ("WEBP", {"lossless": True}, "image/webp", ()),
        ("GIF", {}, "image/png", ("converted",)),
        ("BMP", {}, "image/png", ("converted",)),
        ("TIFF", {}, "image/png", ("converted",)),
        ("TIFF", {"compression": "tiff_deflate"}, "image/png", ("converted",)),
        ("AVIF", {}, "image/jpeg", ("converted",)),
    ],
)
def test_kinds(kind: str, options: dict[str, object], sent_as: str, changes: tuple[str, ...]) -> None:
    data = encoded(gradient(), kind, **options)
    part = load(data, name="/home/me/그림.xyz")
    assert (part.media_type, part.changes, part.name) == (sent_as, changes, "그림.xyz")
    assert (part.data == data) is (changes == ())
    assert near(pixels(part), 2, 2, gradient().getpixel((2, 2)), 25)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright_and_without_exif(kind: str, orientation: int) -> None:
    turned = {
        1: lambda image: image,
        2: lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        3: lambda image: image.rotate(180),
        4: lambda image: image.transpose(Image.Transpose.FLIP_TOP_BOTTOM),
        5: lambda image: image.transpose(Image.Transpose.TRANSPOSE),
        6: lambda image: image.rotate(90, expand=True),
        7: lambda image: image.transpose(Image.Transpose.TRANSVERSE),
        8: lambda image: image.rotate(270, expand=True),
    }
    data = encoded(turned[orientation](gradient()), kind, exif=exif(orientation))
    part = load(data)
    assert (part.width, part.height) == (48, 32)
    image = pixels(part)
    for x, y in ((2, 2), (45, 2), (2, 29), (45, 29)):
        assert near(image, x, y, gradient().getpixel((x, y)), 25)  # type: ignore[arg-type]
    # Pillow turns a TIFF upright by itself.
    assert ("rotated" in part.changes) is (orientation != 1 and kind != "TIFF")


def metadata_of_every_kind() -> dict[str, bytes]:
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", SECRET.decode())
    packed = PngImagePlugin.PngInfo()
    packed.add_text("Author", SECRET.decode(), zip=True)
    picture = gradient()
    jpeg = encoded(picture, "JPEG")
    plain = encoded(picture, "PNG")
    webp = encoded(picture, "WEBP")
    return {
        "jpeg comment": encoded(picture, "JPEG", comment=SECRET),
        "jpeg exif": encoded(picture, "JPEG", exif=exif()),
        "jpeg xmp": encoded(picture, "JPEG", xmp=SECRET),
        "jpeg iptc": jpeg[:2] + b"\xff\xed" + struct.pack(">H", len(SECRET) + 2) + SECRET + jpeg[2:],
        "jpeg behind the end": jpeg + SECRET,
        "jpeg dpi thumbnail": jpeg[:4] + struct.pack(">H", 16 + 3) + jpeg[6:18] + b"\x01\x01" + b"abc" + jpeg[20:],
        "png text": encoded(picture, "PNG", pnginfo=text),
        "png packed text": encoded(picture, "PNG", pnginfo=packed),
        "png exif": encoded(picture, "PNG", exif=exif()),
        "png dpi": encoded(picture, "PNG", dpi=(72, 72)),
        "png private chunk": plain[:33] + chunk(b"teSt", SECRET) + plain[33:],
        "png behind the end": plain + SECRET,
        "webp exif": encoded(picture, "WEBP", exif=exif()),
        "webp xmp": encoded(picture, "WEBP", xmp=SECRET),
        "webp behind the end": webp + SECRET,
        "gif comment": encoded(picture, "GIF", comment=SECRET),
        "avif exif": encoded(picture, "AVIF", exif=exif()),
    }


@pytest.mark.parametrize("which", metadata_of_every_kind())
def test_metadata_goes(which: str) -> None:
    data = metadata_of_every_kind()[which]
    part = load(data)
    assert "metadata_removed" in part.changes
    assert part.data != data


def test_a_phone_s_mpo_is_a_jpeg() -> None:
    data = encoded(gradient(), "MPO", save_all=True, append_images=[gradient((16, 16))], exif=exif(6))
    with Image.open(io.BytesIO(data)) as image:
        assert image.format == "MPO"
    part = load(data)
    assert (part.media_type, part.width, part.height) == ("image/jpeg", 32, 48)
    assert part.changes == ("rotated", "metadata_removed")


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_of_moving_pictures_the_first_frame_is_sent(kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    part = load(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert "first_frame" in part.changes
    assert near(pixels(part), 5, 5, (255, 0, 0))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF"])
def test_transparency_is_kept(kind: str) -> None:
    image = gradient(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 24, 32))
    part = load(encoded(image, kind, exif=exif()) if kind != "GIF" else encoded(image, kind))
    found = pixels(part)
    assert near(found.getchannel("A").convert("RGB"), 4, 4, (0, 0, 0))
    assert near(found.getchannel("A").convert("RGB"), 44, 4, (255, 255, 255))
    assert part.media_type in ("image/png", "image/webp")


def test_alpha_that_hides_nothing_is_left_out() -> None:
    part = load(encoded(gradient(mode="RGBA"), "AVIF"))
    assert part.media_type == "image/jpeg"


@pytest.mark.parametrize(
    ("mode", "kind"),
    [
        ("1", "PNG"), ("1", "TIFF"), ("1", "BMP"), ("L", "JPEG"), ("L", "PNG"), ("L", "TIFF"), ("L", "WEBP"),
        ("LA", "PNG"), ("LA", "TIFF"), ("P", "PNG"), ("P", "GIF"), ("P", "BMP"), ("P", "TIFF"), ("RGB", "BMP"),
        ("RGBA", "PNG"), ("RGBA", "BMP"), ("RGBA", "TIFF"), ("CMYK", "JPEG"), ("CMYK", "TIFF"), ("LAB", "TIFF"),
        ("I;16", "PNG"), ("I;16", "TIFF"), ("I", "TIFF"), ("F", "TIFF"),
    ],
)  # fmt: skip
def test_modes(mode: str, kind: str) -> None:
    if mode == "I;16":
        image = Image.frombytes("I;16", (2, 1), struct.pack("<2H", 0, 65535)).resize((32, 32), Image.Resampling.NEAREST)
    elif mode in ("I", "F"):
        image = Image.linear_gradient("L").rotate(90).resize((32, 32)).convert(mode).point(lambda value: value * 1000)
    else:
        image = Image.new("RGB", (32, 32), "black")
        image.paste("white", (16, 0, 32, 32))
        image = image.convert(mode) if mode != "LAB" else in_lab(image)
    part = load(encoded(image, kind))
    found = pixels(part)
    assert near(found, 1, 16, (0, 0, 0))
    assert near(found, 30, 16, (255, 255, 255))


def in_lab(image: Image.Image) -> Image.Image:
    srgb, cie_lab = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
    lab = ImageCms.profileToProfile(image, srgb, cie_lab, outputMode="LAB")
    assert lab is not None
    return lab


def test_sixteen_bits_are_converted_and_said_so() -> None:
    rows = b"".join(b"\0" + struct.pack(">6H", 0, 0, 0, 65535, 65535, 65535) for _ in range(2))
    part = load(png(2, 2, chunk(b"IDAT", zlib.compress(rows)), depth=16))
    assert part.changes == ("converted",)
    assert near(pixels(part), 1, 1, (255, 255, 255))


def swapped_profile() -> bytes:
    """sRGB with red and green changed places: a picture that is read by it is told from one that is not."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = places[b"rXYZ"] + 4, places[b"gXYZ"] + 4
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    # It must not be called sRGB any longer; the name stands there in ASCII or in UTF-16.
    return bytes(profile).replace(b"sRGB", b"else").replace("sRGB".encode("utf-16-be"), "else".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
def test_colours_are_read_by_their_profile(kind: str, mode: str) -> None:
    image = Image.new("RGB", (16, 16), (255, 0, 0))
    if mode == "RGBA" and kind != "JPEG":
        image.putalpha(Image.linear_gradient("L").resize((16, 16)))
    part = load(encoded(image, kind, icc_profile=swapped_profile()))
    assert "metadata_removed" in part.changes
    assert near(pixels(part), 8, 15, (0, 255, 0), 40)


@pytest.mark.parametrize("profile", [b"nonsense", b"\0" * 5000, bytes(5_000_000)])
def test_a_broken_profile_is_dropped(profile: bytes) -> None:
    part = load(encoded(Image.new("RGB", (16, 16), (255, 0, 0)), "WEBP", icc_profile=profile))
    assert near(pixels(part), 8, 8, (255, 0, 0))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")  # Pillow's, to whom it may concern; the picture is fine
def test_broken_exif_is_no_reason_to_refuse() -> None:
    data = encoded(gradient(), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\xff\xff" + bytes(range(64)))
    assert load(data).changes == ("metadata_removed",)


# Sizes


def test_a_strip_keeps_a_height() -> None:
    part = load(encoded(Image.new("RGB", (20_000, 1), "red"), "PNG"))
    assert (part.width, part.height) == (MAX_SIDE, 1)
    assert part.changes == ("shrunk",)


def test_a_long_jpeg_is_shrunk() -> None:
    data = encoded(gradient((20_000, 400)), "JPEG", exif=exif(6))
    part = load(data)
    assert (part.width, part.height) == (164, MAX_SIDE)
    assert part.changes == ("rotated", "metadata_removed", "shrunk")
    clean = load(encoded(gradient((20_000, 400)), "JPEG"))
    assert (clean.width, clean.height, clean.changes) == (MAX_SIDE, 164, ("shrunk",))


def test_a_phone_photo_of_48_megapixels_is_taken_at_its_size() -> None:
    part = load_image(encoded(Image.new("RGB", (8064, 6048), "teal"), "JPEG", exif=exif(6)))
    assert (part.width, part.height) == (6048, 8064)
    assert part.changes == ("rotated", "metadata_removed")


def test_a_photograph_in_a_large_png_becomes_a_jpeg() -> None:
    data = encoded(noise("RGB", (1200, 1200), 24), "PNG")
    assert len(data) > 4_000_000
    part = load_image(data)
    assert part.media_type == "image/jpeg"
    assert part.changes == ("converted",)
    assert load_image(part.data).data is part.data


def test_a_large_png_that_is_no_photograph_stays() -> None:
    data = encoded(noise("1", (8000, 5000), 1), "PNG")
    assert len(data) > 4_000_000
    assert load_image(data).data is data


def test_what_would_be_sent_too_large_is_shrunk() -> None:
    data = encoded(noise("RGBA", (620, 8064), 32), "TIFF")
    assert MAX_BYTES - 8064 < len(data) <= MAX_BYTES  # PNG makes noise larger by more than that
    part = load_image(data)
    assert len(part.data) <= MAX_BYTES
    assert part.changes == ("converted", "shrunk")
    assert load_image(part.data).data is part.data


# What is refused


HEIC = struct.pack(">I", 24) + b"ftypheic" + bytes(4) + b"mif1heic" + bytes(100)
HEIC_OF_CONTAINER = struct.pack(">I", 24) + b"ftypmif1" + bytes(4) + b"mif1heic" + bytes(100)
EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"words", "not_a_picture"),
        (bytes(1000), "not_a_picture"),
        (EPS, "not_a_picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "svg"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- by hand -->\n<svg/>", "svg"),
        (b"<?xml version='1.0'?><note/>", "not_a_picture"),
        (b"\n<!DOCTYPE html><html><svg/></html>", "html"),
        (b"<html><body>", "html"),
        (b"%PDF-1.7\n", "pdf"),
        (HEIC, "heic"),
        (HEIC_OF_CONTAINER, "heic"),
        (b"\x89PNG\r\n\x1a\n", "truncated"),
        (b"\xff\xd8\xff\xe0", "truncated"),
        (b"GIF89a", "truncated"),
        (encoded(gradient(), "JPEG")[:400], "truncated"),
        (encoded(gradient(), "PNG")[:100], "truncated"),
        (encoded(gradient(), "WEBP")[:60], "truncated"),
        (encoded(gradient(), "AVIF")[:-40], "truncated"),
        (encoded(gradient(), "BMP")[:200], "truncated"),
        (encoded(gradient(), "TIFF")[:200], "truncated"),
        (png(8, 8, chunk(b"IDAT", b"not zlib")), "truncated"),
        (png(0, 8, chunk(b"IDAT", zlib.compress(b""))), "truncated"),
    ],
)
def test_what_is_refused_and_why(data: bytes, reason: str) -> None:
    assert reason_of(data, name="dir/cat.png") == reason
    with pytest.raises(ImageError) as refused:
        load_image(data, name="dir/cat.png")
    assert refused.value.fields["name"] == "cat.png"
    assert refused.value.message.startswith("cat.png ")


def test_too_many_bytes(tmp_path: Path) -> None:
    data = encoded(gradient(), "PNG") + bytes(MAX_BYTES)
    path = tmp_path / "long.png"
    path.write_bytes(data)
    assert reason_of(path) == reason_of(data) == "too_many_bytes"
    assert reason_of("data:image/png;base64," + "A" * (3 * MAX_BYTES)) == "too_many_bytes"


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


BOMBS = {
    "png": (png(65_000, 65_000, chunk(b"IDAT", zlib.compress(bytes(100_000)))), "too_many_pixels"),
    "png, just over": (png(8193, 8192, chunk(b"IDAT", zlib.compress(bytes(1000)))), "too_many_pixels"),
    "png, between warning and error": (png(12_000, 12_000, chunk(b"IDAT", b"")), "too_many_pixels"),
    "png, packed text": (
        png(8, 8, chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(100_000_000))), chunk(b"IDAT", b"")),
        "truncated",
    ),
    "gif": (gif_of(65_000, 65_000), "too_many_pixels"),
    "jpeg": (jpeg_of(65_000, 65_000), "too_many_pixels"),
    "bmp": (bmp_of(60_000, 60_000), "too_many_pixels"),
    "tiff": (tiff_of(60_000, 60_000), "too_many_pixels"),
    "webp": (webp_of(16_383, 16_383), "too_many_pixels"),
    "jpeg of many scans": (jpeg_of_scans(1000), "truncated"),
}


@pytest.mark.parametrize("which", BOMBS)
def test_bombs_are_refused(which: str) -> None:
    data, reason = BOMBS[which]
    assert len(data) < 200_000
    assert reason_of(data) == reason


MEMORY_SCRIPT = """
import resource, sys, warnings
from pathlib import Path
from chat_core.errors import ImageError
from chat_core.images import load_image
warnings.simplefilter("ignore")
load_image(Path(sys.argv[1]))
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for path in sys.argv[2:]:
    try:
        load_image(Path(path))
        sys.exit(path + " was taken")
    except ImageError:
        pass
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="ru_maxrss is in kilobytes on Linux alone")
def test_bombs_take_no_memory(tmp_path: Path) -> None:
    # A process of its own: the high-water mark of this one may be high already.
    paths = [tmp_path / "fine.png"]
    paths[0].write_bytes(encoded(gradient(), "PNG"))
    for number, (data, _) in enumerate(BOMBS.values()):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_bytes(data)
    command = [sys.executable, "-c", MEMORY_SCRIPT, *map(str, paths)]
    home = Path(__file__).parents[1]
    done = subprocess.run(command, capture_output=True, text=True, cwd=home, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 150_000  # kilobytes


# Where it comes from


def test_sources(tmp_path: Path) -> None:
    data = encoded(gradient(), "PNG")
    path = tmp_path / "고양이.txt"
    path.write_bytes(data)
    by_path = load_image(path, detail="low")
    assert (by_path.name, by_path.detail, by_path.data) == ("고양이.txt", "low", data)
    assert load_image(str(path)) == load_image(path)
    assert load_image(path, name="a\n../b.png").name == "b.png"
    assert load_image(data).name == ""
    url = "data:image/jpeg;base64," + base64.b64encode(data).decode()
    assert load_image(url) == load_image(data)
    assert load_image("  DATA:;base64," + base64.b64encode(data).decode().replace("=", "%3D") + "\n").data == data  # type: ignore[union-attr]
    assert as_data_url(load_image(data)) == "data:image/png;base64," + base64.b64encode(data).decode()


def test_a_web_address_is_not_fetched() -> None:
    assert load_image(" HTTPS://a.invalid/cat.png ", detail="high") == RemoteImage("HTTPS://a.invalid/cat.png", "high")


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("", "not_found"),
        ("/nowhere/cat.png", "not_found"),
        ("x" * 10_000, "not_found"),
        ("nul\0.png", "not_found"),
        (Path("/dev/zero"), "not_found"),
        (Path("/"), "not_found"),
        ("data:image/png,raw", "not_a_picture"),
        ("data:image/png;base64", "not_a_picture"),
        ("data:image/png;base64,$$$", "not_a_picture"),
        ("data:image/png;base64,", "empty"),
    ],
)
def test_sources_that_give_nothing(source: str | Path, reason: str) -> None:
    assert reason_of(source) == reason


# --- small copies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mode", "kind"), [("RGB", "JPEG"), ("L", "JPEG"), ("RGBA", "PNG")])
def test_a_thumbnail_is_small_and_keeps_shape_and_transparency(mode: str, kind: str) -> None:
    picture = gradient((480, 240)).convert(mode)
    if mode == "RGBA":
        picture.putalpha(Image.linear_gradient("L").resize(picture.size))
    url = thumbnail(load_image(encoded(picture, "PNG")), 96)
    small = Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2])))
    assert (small.size, small.format) == ((96, 48), kind)
    assert url.startswith(f"data:image/{kind.lower()};base64,")


def test_a_thumbnail_is_never_larger_than_the_picture_and_none_of_a_broken_one() -> None:
    small = base64.b64decode(thumbnail(load(encoded(gradient((48, 32)), "PNG"))).partition(",")[2])
    assert Image.open(io.BytesIO(small)).size == (48, 32)
    with pytest.raises(ImageError):
        thumbnail(ImagePart(b"nothing", "image/png", 8, 8))
