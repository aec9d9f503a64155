"""Draws the example pictures: ``python scripts/draw_examples.py``. They are free of any licence."""

from pathlib import Path

from PIL import Image, ImageDraw

EXAMPLES = Path(__file__).resolve().parent.parent / "assets" / "examples"


def shapes() -> Image.Image:
    """Circles, a square and a triangle on white, in plain colours."""
    image = Image.new("RGB", (640, 420), "white")
    draw = ImageDraw.Draw(image)
    for centre in ((110, 110), (320, 300), (540, 130)):
        _circle(draw, centre, 62, (220, 50, 47))
    _circle(draw, (120, 310), 48, (38, 110, 210))
    draw.rectangle((250, 50, 370, 170), fill=(46, 160, 80))
    draw.polygon([(540, 250), (470, 370), (610, 370)], fill=(245, 190, 40))
    return image


def _circle(draw: ImageDraw.ImageDraw, centre: tuple[int, int], radius: int, colour: tuple[int, int, int]) -> None:
    x, y = centre
    draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


if __name__ == "__main__":
    shapes().save(EXAMPLES / "shapes.png", optimize=True)
