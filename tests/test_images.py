"""Pictures on their way in: told by content, cleaned, the same again on every turn; and made smaller.

What is odd or hostile is in the table of ``hostile_pictures``.
"""

import base64
import io
import struct
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from chat_core.errors import ImageError
from chat_core.images import MAX_BYTES, MAX_SIDE, as_data_url, load_image, resized, shrunk, thumbnail
from chat_core.messages import ImagePart, RemoteImage
from tests.hostile_pictures import SECRET, encoded, exif, gradient, noise, png_of_16_bits


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
        ("HEIC", {}, "image/jpeg", ("converted",)),
    ],
)
def test_kinds(kind: str, options: dict[str, object], sent_as: str, changes: tuple[str, ...]) -> None:
    data = encoded(gradient(), kind, **options)
    part = load(data, name="/home/me/그림.xyz")
    assert (part.media_type, part.changes, part.name) == (sent_as, changes, "그림.xyz")
    assert (part.data == data) is (changes == ())
    assert near(pixels(part), 2, 2, gradient().getpixel((2, 2)), 25)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
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
    # In a HEIC what EXIF says is said by the container, too.
    data = encoded(turned[orientation](gradient()), kind, exif=exif(orientation).tobytes())
    part = load(data)
    assert (part.width, part.height) == (48, 32)
    image = pixels(part)
    for x, y in ((2, 2), (45, 2), (2, 29), (45, 29)):
        assert near(image, x, y, gradient().getpixel((x, y)), 25)
    # Pillow turns a TIFF upright by itself, libheif a HEIC.
    assert ("rotated" in part.changes) is (orientation != 1 and kind not in ("TIFF", "HEIC"))


def test_of_a_heic_the_container_alone_says_what_is_up() -> None:
    data = encoded(gradient(), "HEIC", exif=exif(1).tobytes())
    upright, sideways = (struct.pack(">HHIH", 0x0112, 3, 1, orientation) for orientation in (1, 6))
    assert data.count(upright) == 1
    part = load(data.replace(upright, sideways))
    assert (part.width, part.height) == (48, 32)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_of_moving_pictures_the_first_frame_is_sent(kind: str) -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    part = load(encoded(frames[0], kind, save_all=True, append_images=frames[1:]))
    assert "first_frame" in part.changes
    assert near(pixels(part), 5, 5, (255, 0, 0))


def test_of_several_pictures_in_a_heic_the_primary_one_is_sent() -> None:
    frames = [Image.new("RGB", (20, 10), colour) for colour in ("red", "lime", "blue")]
    part = load(encoded(frames[0], "HEIC", append_images=frames[1:], primary_index=1))
    assert "first_frame" in part.changes
    assert near(pixels(part), 5, 5, (0, 255, 0))


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
def test_transparency_is_kept(kind: str) -> None:
    image = gradient(mode="RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 24, 32))
    part = load(encoded(image, kind, exif=exif().tobytes()) if kind != "GIF" else encoded(image, kind))
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


def test_sixteen_bits_are_converted() -> None:
    assert near(pixels(load(png_of_16_bits())), 1, 1, (255, 255, 255))


def swapped_profile() -> bytes:
    """sRGB with red and green changed places: a picture that is read by it is told from one that is not."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    places = {bytes(profile[at : at + 4]): at for at in range(132, 132 + 12 * profile[131], 12)}
    red, green = places[b"rXYZ"] + 4, places[b"gXYZ"] + 4
    profile[red : red + 8], profile[green : green + 8] = profile[green : green + 8], profile[red : red + 8]
    # It must not be called sRGB any longer; the name stands there in ASCII or in UTF-16.
    return bytes(profile).replace(b"sRGB", b"else").replace("sRGB".encode("utf-16-be"), "else".encode("utf-16-be"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
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


def test_a_long_jpeg_is_shrunk() -> None:
    data = encoded(gradient((20_000, 400)), "JPEG", exif=exif(6))
    part = load(data)
    assert (part.width, part.height) == (164, MAX_SIDE)
    assert part.changes == ("rotated", "metadata_removed", "shrunk")
    clean = load(encoded(gradient((20_000, 400)), "JPEG"))
    assert (clean.width, clean.height, clean.changes) == (MAX_SIDE, 164, ("shrunk",))


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "CMYK", "I;16", "F"])
def test_what_has_too_many_pixels_to_be_sent_is_halved(mode: str) -> None:
    half = {"1": 1, "L": 200, "P": 3, "RGBA": (0, 200, 0, 100), "CMYK": (0, 0, 0, 55), "I;16": 51_400, "F": 200.0}
    image = Image.new(mode, (6401, 4801), 0 if mode != "RGBA" else (0, 0, 0, 0))
    image.paste(half[mode], (3200, 0, 6401, 4801))
    if mode == "P":
        image.putpalette([0] * 9 + [200] * 3)
    kind, options = ("TIFF", {"compression": "tiff_lzw"}) if mode in ("CMYK", "F") else ("PNG", {"compress_level": 1})
    part = load_image(encoded(image, kind, **options))
    assert (part.width, part.height) == (3201, 2401)
    assert "shrunk" in part.changes
    found = pixels(part)
    bright = {"1": (255, 255, 255), "RGBA": (0, 200, 0, 100), "F": (255, 255, 255)}.get(mode, (200, 200, 200))
    assert near(found, 3100, 2400, bright)
    dark = {"CMYK": (255, 255, 255), "RGBA": (0, 0, 0, 0)}.get(mode, (0, 0, 0))
    assert near(found, 100, 0, dark)


def test_what_is_just_small_enough_keeps_its_size() -> None:
    data = encoded(Image.new("1", (6400, 4800)), "PNG")
    assert load_image(data).data is data


def test_a_photograph_in_a_large_png_becomes_a_jpeg() -> None:
    data = encoded(noise("RGB", (1200, 1200), 24), "PNG")
    assert len(data) > 4_000_000
    part = load_image(data)
    assert part.media_type == "image/jpeg"
    assert part.changes == ("converted",)
    assert load_image(part.data).data is part.data


def test_a_large_png_that_is_no_photograph_stays() -> None:
    data = encoded(noise("L", (2100, 2000), 8), "PNG")
    assert len(data) > 4_000_000
    assert load_image(data).data is data


def test_what_would_be_sent_too_large_is_shrunk() -> None:
    data = encoded(noise("RGBA", (620, 8064), 32), "TIFF")
    assert MAX_BYTES - 8064 < len(data) <= MAX_BYTES  # PNG makes noise larger by more than that
    part = load_image(data)
    assert len(part.data) <= MAX_BYTES
    assert part.changes == ("converted", "shrunk")
    assert load_image(part.data).data is part.data


def test_too_many_bytes(tmp_path: Path) -> None:
    data = encoded(gradient(), "PNG") + bytes(MAX_BYTES)
    path = tmp_path / "long.png"
    path.write_bytes(data)
    assert reason_of(path) == reason_of(data) == "too_many_bytes"
    assert reason_of("data:image/png;base64," + "A" * (3 * MAX_BYTES)) == "too_many_bytes"


# Smaller


KINDS = [("JPEG", {}), ("PNG", {}), ("WEBP", {}), ("WEBP", {"lossless": True})]


@pytest.mark.parametrize(("kind", "options"), KINDS)
def test_shrunk(kind: str, options: dict[str, object]) -> None:
    part = load_image(encoded(gradient((200, 100)), kind, **options), name="a.png", detail="high")
    small = shrunk(part, 50)
    assert (small.width, small.height, small.media_type) == (50, 25, part.media_type)
    assert (small.name, small.detail, small.changes) == ("a.png", "high", ("shrunk",))
    assert near(pixels(small), 48, 2, pixels(part).getpixel((194, 8)), 12)
    assert (b"VP8L" in small.data) is bool(options)
    assert load(small.data).data == small.data
    assert shrunk(part, 50) == small
    assert shrunk(small, 25).changes == ("shrunk",)
    assert shrunk(part, 200) is part
    assert shrunk(part, 5000) is part


def test_shrunk_keeps_transparency_and_earlier_changes() -> None:
    image = gradient((200, 100), "RGBA")
    image.paste((0, 0, 0, 0), (0, 0, 100, 100))
    small = shrunk(load_image(encoded(image, "GIF")), 20)
    assert (small.media_type, small.changes) == ("image/png", ("converted", "shrunk"))
    assert near(pixels(small), 2, 5, (0, 0, 0, 0))
    assert near(pixels(small).getchannel("A").convert("RGB"), 18, 5, (255, 255, 255))


@pytest.mark.parametrize("longest", [-5, 0, 1])
def test_no_side_vanishes(longest: int) -> None:
    part = load_image(encoded(gradient((400, 2)), "JPEG"))
    assert (shrunk(part, 100).width, shrunk(part, 100).height) == (100, 1)
    small = shrunk(part, longest)
    assert (small.width, small.height) == (1, 1)


def test_resized() -> None:
    part = load_image(encoded(gradient((200, 100)), "JPEG"))
    small = resized(part, (64, 64))
    assert (small.width, small.height) == pixels(small).size == (64, 64)
    assert small.changes == ("shrunk",)
    assert near(pixels(small), 62, 2, gradient((200, 100)).getpixel((194, 4)), 12)
    for size in ((200, 100), (201, 100), (4000, 3000)):
        assert resized(part, size) is part
    narrow = resized(part, (50, 1000))
    assert (narrow.width, narrow.height) == (50, 100)
    assert (resized(part, (0, -1)).width, resized(part, (0, -1)).height) == (1, 1)


def test_resized_refuses_what_load_image_would() -> None:
    part = ImagePart(encoded(gradient(), "PNG")[:100], "image/png", 48, 32, "cat.png")
    for made in (lambda: resized(part, (4, 4)), lambda: thumbnail(part)):
        with pytest.raises(ImageError) as refused:
            made()
        assert refused.value.fields == {"name": "cat.png", "reason": "truncated"}


def test_thumbnail() -> None:
    photograph = load_image(encoded(noise("RGB", (300, 200), 24), "JPEG"))
    url = thumbnail(photograph)
    small = load_image(url)
    assert isinstance(small, ImagePart)
    assert (small.media_type, small.width, small.height) == ("image/jpeg", 96, 64)
    assert small.changes == ()
    assert thumbnail(photograph) == url
    drawing = load_image(thumbnail(load_image(encoded(Image.new("RGB", (300, 3), "red"), "PNG")), 30))
    assert isinstance(drawing, ImagePart)
    assert (drawing.media_type, drawing.width, drawing.height) == ("image/png", 30, 1)
    tiny = load_image(thumbnail(load_image(encoded(gradient((8, 6)), "PNG"))))
    assert isinstance(tiny, ImagePart)
    assert (tiny.width, tiny.height) == (8, 6)
    glass = load_image(thumbnail(load_image(encoded(Image.new("RGBA", (300, 300), (9, 9, 9, 9)), "WEBP"))))
    assert isinstance(glass, ImagePart)
    assert glass.media_type == "image/png"
    assert pixels(glass).getpixel((5, 5))[3] == 9


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
    assert load_image("  DATA:;base64," + base64.b64encode(data).decode().replace("=", "%3D") + "\n").data == data
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
