"""Draws the example pictures: ``python scripts/draw_examples.py``. They are free of any licence.

The receipt and the form need a Korean font, which is looked for on the machine (``FONT=/path/to/font`` names another);
the pictures themselves are what is kept.
"""

import os
import random
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

EXAMPLES = Path(__file__).resolve().parent.parent / "assets" / "examples"
FONTS = (
    "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc",
    "/System/Library/Fonts/AppleSDGothicNeo.ttc",
    "C:/Windows/Fonts/malgun.ttf",
)
Colour = tuple[int, int, int]

RED, BLUE, GREEN, YELLOW = (220, 50, 47), (38, 110, 210), (46, 160, 80), (245, 190, 40)
INK, RULE = (40, 40, 48), (120, 124, 134)


def shapes() -> Image.Image:
    """Circles, a square and a triangle on white, in plain colours."""
    image = Image.new("RGB", (640, 420), "white")
    draw = ImageDraw.Draw(image)
    for centre in ((110, 110), (320, 300), (540, 130)):
        _circle(draw, centre, 62, RED)
    _circle(draw, (120, 310), 48, BLUE)
    draw.rectangle((250, 50, 370, 170), fill=GREEN)
    draw.polygon([(540, 250), (470, 370), (610, 370)], fill=YELLOW)
    return image


def bars() -> Image.Image:
    """A bar chart with axes and grid lines: five bars, the third the tallest."""
    image = Image.new("RGB", (640, 420), "white")
    draw = ImageDraw.Draw(image)
    floor, left = 360, 70
    for level in range(60, floor, 60):
        draw.line((left, level, 600, level), fill=(225, 228, 233), width=2)
    colours = (BLUE, GREEN, RED, YELLOW, (130, 80, 190))
    for number, (height, colour) in enumerate(zip((150, 210, 270, 90, 180), colours, strict=True)):
        x = left + 30 + number * 102
        draw.rectangle((x, floor - height, x + 63, floor - 1), fill=colour)
    draw.line((left, 40, left, floor), fill=INK, width=3)
    draw.line((left, floor, 600, floor), fill=INK, width=3)
    return image


def receipt() -> Image.Image:
    """A Korean receipt: a name, items with prices at the right, a sum."""
    image = Image.new("RGB", (420, 640), (252, 252, 250))
    draw = ImageDraw.Draw(image)
    draw.text((210, 50), "햇살 문구점", font=_font(34), fill=INK, anchor="mm")
    draw.text((210, 92), "2026-11-22 14:05", font=_font(18), fill=INK, anchor="mm")
    _dashes(draw, 122)
    items = (("연필 3자루", "1,500"), ("공책 2권", "4,000"), ("지우개", "700"), ("색종이", "2,300"), ("풀", "1,200"))
    for number, (name, price) in enumerate(items):
        y = 156 + number * 44
        draw.text((36, y), name, font=_font(22), fill=INK, anchor="lm")
        draw.text((384, y), price, font=_font(22), fill=INK, anchor="rm")
    _dashes(draw, 384)
    for number, (name, price) in enumerate((("합계", "9,700"), ("받은 돈", "10,000"), ("거스름돈", "300"))):
        y = 420 + number * 44
        draw.text((36, y), name, font=_font(24), fill=INK, anchor="lm")
        draw.text((384, y), price, font=_font(24), fill=INK, anchor="rm")
    _dashes(draw, 546)
    draw.text((210, 588), "고맙습니다", font=_font(22), fill=INK, anchor="mm")
    return image


def form() -> Image.Image:
    """A form: labels in a narrow column, empty fields beside them, ruled lines around all."""
    image = Image.new("RGB", (560, 480), "white")
    draw = ImageDraw.Draw(image)
    draw.text((280, 48), "신청서", font=_font(32), fill=INK, anchor="mm")
    labels = ("이름", "생년월일", "전화번호", "주소", "이메일", "신청 내용")
    for number, label in enumerate(labels):
        top = 90 + number * 60
        draw.rectangle((40, top, 170, top + 60), outline=RULE, width=2)
        draw.rectangle((170, top, 520, top + 60), outline=RULE, width=2)
        draw.text((105, top + 30), label, font=_font(20), fill=INK, anchor="mm")
    return image


def landscape() -> Image.Image:
    """Like a photograph of a meadow: a sky-like gradient, a level horizon, plant-like colours with grain."""
    width, height, horizon = 720, 480, 265
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    for y in range(horizon):
        draw.line((0, y, width, y), fill=_between((86, 150, 226), (206, 228, 246), y / horizon))
    for y in range(horizon, height):
        draw.line((0, y, width, y), fill=_between((126, 168, 84), (52, 104, 40), (y - horizon) / (height - horizon)))
    throw = random.Random(7)
    for _ in range(6000):
        x, y = throw.randrange(width), throw.randrange(horizon + 4, height)
        long = 2 + (y - horizon) // 18
        shade = throw.randrange(-26, 27)
        draw.line((x, y, x + throw.randrange(-2, 3), y - long), fill=(78 + shade, 132 + shade, 56 + shade // 2))
    clouds = Image.new("L", (width, height))
    puffs = ImageDraw.Draw(clouds)
    for x, y, size in ((150, 80, 70), (200, 90, 60), (250, 84, 48), (520, 60, 52), (566, 66, 44)):
        puffs.ellipse((x - size, y - size // 3, x + size, y + size // 3), fill=210)
    image.paste(Image.new("RGB", (width, height), "white"), mask=clouds.filter(ImageFilter.GaussianBlur(14)))
    return image


def before() -> Image.Image:
    """A few shapes on a pale ground."""
    return _scene(moon=True, door=(150, 96, 60))


def after() -> Image.Image:
    """The same with two changes: one shape is gone, another has a new colour."""
    return _scene(moon=False, door=(210, 60, 60))


def _scene(*, moon: bool, door: Colour) -> Image.Image:
    image = Image.new("RGB", (560, 400), (236, 242, 248))
    draw = ImageDraw.Draw(image)
    if moon:
        _circle(draw, (460, 90), 44, YELLOW)
    draw.rectangle((0, 320, 560, 400), fill=(120, 178, 110))
    draw.rectangle((150, 190, 330, 320), fill=(204, 160, 120))
    draw.polygon([(130, 190), (350, 190), (240, 100)], fill=(176, 70, 60))
    draw.rectangle((215, 240, 265, 320), fill=door)
    draw.rectangle((170, 215, 205, 250), fill=(150, 200, 230))
    draw.rectangle((410, 250, 424, 320), fill=(120, 84, 56))
    _circle(draw, (417, 220), 42, (60, 130, 70))
    return image


def _circle(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int, colour: Colour) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _dashes(draw: ImageDraw.ImageDraw, y: int) -> None:
    for x in range(36, 384, 12):
        draw.line((x, y, x + 6, y), fill=RULE, width=2)


def _between(first: Colour, last: Colour, share: float) -> Colour:
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, last, strict=True))
    return red, green, blue


def _font(size: int) -> ImageFont.FreeTypeFont:
    found = next((path for path in (os.environ.get("FONT", ""), *FONTS) if path and Path(path).is_file()), None)
    if found is None:
        raise SystemExit("No Korean font found. Name one: FONT=/path/to/font python scripts/draw_examples.py")
    return ImageFont.truetype(found, size, index=1 if found.endswith("NotoSansCJK-Regular.ttc") else 0)


# File name -> what draws it. Those of WITHOUT_FONT come out the same on every machine.
WITHOUT_FONT: dict[str, Callable[[], Image.Image]] = {
    "shapes.png": shapes,
    "bars.png": bars,
    "landscape.png": landscape,
    "before.png": before,
    "after.png": after,
}
WITH_FONT: dict[str, Callable[[], Image.Image]] = {"receipt.png": receipt, "form.png": form}


if __name__ == "__main__":
    for name, draw_it in (WITHOUT_FONT | WITH_FONT).items():
        draw_it().save(EXAMPLES / name, optimize=True)
