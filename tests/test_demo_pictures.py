"""What the demo model measures in pictures: drawn here by chance with fixed seeds, changed, and asked about."""

import base64
import io
import json
import math
import random
import re
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageEnhance

import demo_model
from demo_model.call import Measured, Unfetched
from demo_model.grammar import filled
from demo_model.pictures import answers as picture_answers
from demo_model.pictures import as_json as picture_json
from demo_model.pictures import measuring
from demo_model.pictures import questions as picture_questions
from demo_model.pictures.words import compared
from demo_model.sight.facts import Box
from demo_model.speaker import Speaker, language_of
from scripts import draw_examples

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "assets" / "examples"
SIZE = (440, 300)
FINE = 3
"""Pictures are drawn so many times larger and then made smaller, which blends their edges."""

PAINTS = {
    "red": (220, 50, 47),
    "blue": (38, 110, 210),
    "green": (46, 160, 80),
    "yellow": (245, 200, 40),
    "purple": (130, 60, 170),
    "orange": (240, 130, 20),
    "brown": (130, 75, 30),
}
GROUNDS = ((255, 255, 255), (25, 25, 30), (250, 240, 220), (225, 240, 250), (250, 230, 240))


def encoded(image: Image.Image, file_format: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def measured(image: Image.Image, file_format: str = "PNG", **options: Any) -> Measured:
    return measuring.measure(measuring.open_picture(encoded(image, file_format, **options)))


def halved(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2), Image.Resampling.LANCZOS)


def ways(image: Image.Image) -> Iterator[Measured]:
    """The picture as it is, as a JPEG, and at half its size."""
    yield measured(image)
    yield measured(image, "JPEG", quality=80)
    yield measured(halved(image))


def asked(question: str, *shown: Measured | Unfetched) -> str:
    return picture_answers.answer(question, Speaker(language_of(question)), shown).first


# --- drawings by chance ----------------------------------------------------------------------------------------------

Figure = tuple[str, str, str]
"""Kind, colour and position."""


def random_shapes(seed: int) -> tuple[Image.Image, list[Figure]]:
    """Up to eight figures that do not touch, on a plain ground, none of them near a line between two positions."""
    throw = random.Random(seed)
    image = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), throw.choice(GROUNDS))
    draw = ImageDraw.Draw(image)
    placed: list[tuple[float, float, float]] = []
    figures: list[Figure] = []
    number = throw.randint(1, 8)
    for _ in range(400):
        reach = throw.uniform(15, 52)
        x, y = throw.uniform(reach + 3, SIZE[0] - reach - 3), throw.uniform(reach + 3, SIZE[1] - reach - 3)
        between = any(
            abs(place / size - line) < 0.02 for place, size in zip((x, y), SIZE, strict=True) for line in (1 / 3, 2 / 3)
        )
        if between or any(math.dist((x, y), other[:2]) < reach + other[2] + 5 for other in placed):
            continue
        kind = throw.choice(("circle", "square", "rectangle", "triangle"))
        colour = throw.choice(list(PAINTS))
        _draw_figure(draw, kind, (x, y), reach, PAINTS[colour])
        placed.append((x, y, reach))
        figures.append((kind, colour, Box(x / SIZE[0], y / SIZE[1], x / SIZE[0], y / SIZE[1]).position))
        if len(figures) == number:
            break
    return image.resize(SIZE, Image.Resampling.LANCZOS), sorted(figures)


def _draw_figure(draw: ImageDraw.ImageDraw, kind: str, centre: tuple[float, float], reach: float, colour: Any) -> None:
    half = {"circle": (1, 1), "square": (0.7, 0.7), "rectangle": (0.9, 0.45), "triangle": (0.8, 0.7)}[kind]
    (x, y), (a, b) = centre, (half[0] * reach, half[1] * reach)
    box = [FINE * value for value in (x - a, y - b, x + a, y + b)]
    if kind == "circle":
        draw.ellipse(box, fill=colour)
    elif kind == "triangle":
        draw.polygon([(box[0], box[3]), (box[2], box[3]), ((box[0] + box[2]) / 2, box[1])], fill=colour)
    else:
        draw.rectangle(box, fill=colour)


Bars = list[tuple[str, float]]
"""Colour and height, the tallest being 1."""


def random_bars(seed: int) -> tuple[Image.Image, Bars]:
    """Three to eight bars with or without axes, grid lines and gaps, in one colour or in many."""
    throw = random.Random(seed)
    ground = throw.choice(GROUNDS)
    ink = (210, 210, 210) if sum(ground) < 300 else (70, 70, 70)
    image = Image.new("RGB", (SIZE[0] * FINE, SIZE[1] * FINE), ground)
    draw = ImageDraw.Draw(image)
    number, gap, axes = throw.randint(3, 8), throw.choice((0, 0.2, 0.5, 1)), throw.random() < 0.6
    left, right, top, floor = 40, SIZE[0] - 20, 20, SIZE[1] - 40
    width = (right - left - 10) / (number + (number - 1) * gap)
    heights = throw.sample([0.1 + 0.06 * step for step in range(16)], number)
    colours = [throw.choice(list(PAINTS))] * number if throw.random() < 0.5 else _no_two_alike(throw, number)
    if throw.random() < 0.4:
        for step in range(1, 6):
            y = floor - (floor - top) * step / 5
            line = [FINE * value for value in (left, y, right, y)]
            draw.line(line, fill=tuple((3 * a + b) // 4 for a, b in zip(ground, ink, strict=True)), width=FINE)
    for place, (height, colour) in enumerate(zip(heights, colours, strict=True)):
        start = left + 5 + place * width * (1 + gap)
        box = [FINE * round(value) for value in (start, floor - (floor - top) * height, start + width, floor)]
        draw.rectangle((box[0], box[1], box[2] - 1, box[3] - 1), fill=PAINTS[colour])
    if axes:
        for line in ((left, floor, right, floor), (left, top, left, floor)):
            draw.line([FINE * value for value in line], fill=ink, width=2 * FINE)
    image = image.resize(SIZE, Image.Resampling.LANCZOS)
    return image, [(colour, height / max(heights)) for colour, height in zip(colours, heights, strict=True)]


def _no_two_alike(throw: random.Random, number: int) -> list[str]:
    colours: list[str] = []
    while len(colours) < number:
        colours.append(throw.choice([colour for colour in PAINTS if colours[-1:] != [colour]]))
    return colours


def test_figures_of_random_drawings():
    right = 0
    for seed in range(30):
        image, figures = random_shapes(seed)
        shown = list(ways(image))
        found = [_figures(picture) for picture in shown]
        right += sum(each == figures for each in found)
        counts = Counter((kind, colour) for kind, colour, _ in figures)
        kind, colour = counts.most_common(1)[0][0]
        if found[0] == figures:
            number = counts[kind, colour]
            plural = "" if number == 1 else "s"
            question = f"how many {colour} {kind}s?"
            assert re.search(rf"\b({number}|one) {colour} {kind}{plural}\b", asked(question, shown[0]))
    assert right >= 0.95 * 90


def _figures(picture: Measured) -> list[Figure]:
    drawing = picture.look.drawing
    return sorted((shape.kind, shape.colour, shape.position) for shape in drawing.shapes) if drawing else []


def test_bars_of_random_charts():
    right = 0
    for seed in range(20):
        image, bars = random_bars(seed)
        found = [_bars(picture) for picture in ways(image)]
        right += sum(_fit(each, bars) for each in found)
    assert right >= 0.95 * 60


def _bars(picture: Measured) -> Bars:
    chart = picture.look.chart
    return [(bar.colour, bar.height) for bar in chart.bars] if chart else []


def _fit(found: Bars, drawn: Bars) -> bool:
    """Whether number, colours and order of heights are right, and the heights nearly so."""
    if [colour for colour, _ in found] != [colour for colour, _ in drawn]:
        return False
    order = [sorted(range(len(bars)), key=lambda place: bars[place][1]) for bars in (found, drawn)]
    return order[0] == order[1] and all(abs(a - b) < 0.03 for (_, a), (_, b) in zip(found, drawn, strict=True))


def test_no_bars_in_drawings_of_figures():
    assert not any(measured(random_shapes(seed)[0]).look.chart for seed in range(40, 46))


@pytest.mark.parametrize("turn", [Image.Transpose.ROTATE_270])
def test_lying_bars(turn):
    for seed in range(4):
        image, bars = random_bars(seed)
        chart = measured(image.transpose(turn)).look.chart
        assert chart is not None
        assert chart.lying
        assert _fit([(bar.colour, bar.height) for bar in chart.bars], bars)


KINDS: list[tuple[str, Callable[[ImageDraw.ImageDraw], object]]] = [
    ("circle", lambda draw: draw.ellipse((100, 60, 240, 200), fill="red")),
    ("ellipse", lambda draw: draw.ellipse((60, 60, 300, 180), fill="red")),
    ("square", lambda draw: draw.rectangle((60, 60, 200, 200), fill="red")),
    ("rectangle", lambda draw: draw.rectangle((60, 60, 300, 160), fill="red")),
    ("diamond", lambda draw: draw.regular_polygon((180, 150, 90), 4, rotation=45, fill="red")),
    ("triangle", lambda draw: draw.polygon([(60, 220), (300, 240), (140, 60)], fill="red")),
    ("pentagon", lambda draw: draw.regular_polygon((180, 150, 90), 5, fill="red")),
    ("hexagon", lambda draw: draw.regular_polygon((180, 150, 90), 6, fill="red")),
    ("star", lambda draw: draw.polygon(_star(180, 150, 100), fill="red")),
]


def _star(x: float, y: float, reach: float) -> list[tuple[float, float]]:
    return [
        (x + r * math.sin(step * math.pi / 5), y - r * math.cos(step * math.pi / 5))
        for step in range(10)
        for r in [reach if step % 2 == 0 else 0.4 * reach]
    ]


@pytest.mark.parametrize(("kind", "paint"), KINDS, ids=[kind for kind, _ in KINDS])
def test_kinds_of_figures(kind, paint):
    image = Image.new("RGB", (360, 300), "white")
    paint(ImageDraw.Draw(image))
    assert {tuple(_figures(picture)) for picture in ways(image)} == {((kind, "red", "centre"),)}


def test_an_outline_is_one_figure():
    image = Image.new("RGB", (400, 300), "white")
    draw = ImageDraw.Draw(image)
    draw.ellipse((30, 30, 150, 150), fill="yellow", outline="black", width=4)
    draw.rectangle((220, 40, 320, 140), outline="blue", width=4)
    drawing = measured(image).look.drawing
    assert drawing is not None
    shapes = [(shape.kind, shape.colour, shape.hollow) for shape in drawing.shapes]
    assert shapes == [("circle", "yellow", False), ("square", "blue", True)]
    assert "hollow blue square" in asked("where is the square?", measured(image))


def test_noise_hides_nothing():
    image = draw_examples.shapes()
    noise = np.random.default_rng(5).normal(0, 8, (image.height, image.width, 3))
    noisy = Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))
    assert _figures(measured(noisy)) == _figures(measured(image))


# --- the examples ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", draw_examples.WITHOUT_FONT)
def test_examples_are_what_the_script_draws(name):
    drawn, kept = draw_examples.WITHOUT_FONT[name](), Image.open(EXAMPLES / name)
    with kept:
        assert np.array_equal(np.asarray(drawn), np.asarray(kept.convert("RGB")))


@pytest.fixture(scope="module")
def examples() -> dict[str, Measured]:
    return {path.stem: measuring.measure(measuring.open_picture(path.read_bytes())) for path in EXAMPLES.iterdir()}


ANSWERS: list[tuple[str, str, list[str]]] = [
    ("shapes", "", ["6 flat shapes on white: 3 red circles, 1 green square", "640 × 420 pixels, landscape, PNG"]),
    ("shapes", "How many red circles?", ["3 red circles: at the top left, at the top right and at the bottom"]),
    ("shapes", "빨간 원은 몇 개야?", ["빨간 원은 3개예요: 왼쪽 위, 오른쪽 위, 아래쪽 가운데"]),
    ("shapes", "원은 모두 몇 개?", ["원은 4개예요: 빨간 원 3개, 파란 원 1개"]),
    ("shapes", "사각형은 몇 개야?", ["초록색 정사각형은 1개예요: 위쪽 가운데"]),
    ("shapes", "Are there purple circles?", ["I find no purple circles here", "3 red circles"]),
    ("shapes", "what colours are in it?", ["white 75%, red 14%, green 5%, yellow 3%, blue 3%"]),
    ("shapes", "where is the blue circle?", ["The blue circle is at the bottom left."]),
    ("shapes", "노란 삼각형은 어디 있어?", ["노란 삼각형은 오른쪽 아래에 있어요."]),
    ("shapes", "what is in the bottom right?", ["At the bottom right I find: 1 yellow triangle."]),
    ("shapes", "what colour is the square?", ["green square at the top"]),
    ("shapes", "가장 큰 도형은?", ["위쪽 가운데에 있는 초록색 정사각형이 가장 커요", "5.4%"]),
    ("shapes", "how large is the blue circle?", ["blue circle covers 2.7% of the picture, about 97 × 97 pixels"]),
    ("shapes", "how large is it?", ["640 × 420 pixels"]),
    ("shapes", "is it bright?", ["It is bright: on average 86%"]),
    ("shapes", "is it a receipt?", ["I would not call it a table, a form or a receipt"]),
    ("shapes", "who is this?", ["cannot recognise objects", "6 flat shapes", "vision model"]),
    ("shapes", "how many dogs?", ["cannot recognise objects"]),
    ("bars", "", ["5 upright bars", "from the left, blue 55%, green 78%, red 100%, yellow 33%, purple 67%"]),
    (
        "bars",
        "which bar is tallest?",
        ["is the red bar (third from the left). Next comes the green bar (second from the left), at 78%"],
    ),
    (
        "bars",
        "가장 높은 막대는?",
        ["가장 높은 막대는 왼쪽에서 세 번째 빨간 막대예요", "왼쪽에서 두 번째 초록색 막대로"],
    ),
    ("bars", "가장 낮은 막대는?", ["왼쪽에서 네 번째 노란 막대예요"]),
    ("bars", "두 번째로 높은 막대는?", ["두 번째로 높은 막대는 왼쪽에서 두 번째 초록색 막대예요"]),
    ("bars", "how much taller is the red bar than the blue bar?", ["1.8 times", "the red bar", "the blue bar"]),
    ("bars", "2번 막대와 4번 막대는 얼마나 차이나?", ["2.3배", "초록색 막대는 78%", "노란 막대는 33%"]),
    ("bars", "막대는 몇 개야?", ["막대는 5개예요"]),
    ("bars", "what colour is the third bar?", ["the red bar (third from the left)"]),
    ("bars", "where is the yellow bar?", ["It is the yellow bar (fourth from the left), of 5 in all."]),
    ("receipt", "이게 뭐야?", ["영수증처럼 보여요: 글줄 11줄", "오른쪽 끝을 맞춘 덩어리 8개", "글자를 읽지 못해요"]),
    ("receipt", "is it a table?", ["This looks like a receipt: 11 lines of text, 8 amount-like blocks"]),
    ("receipt", "how many lines?", ["I count 11 lines of text"]),
    ("receipt", "총액이 얼마야?", ["글자를 읽지 못해요", "비전 모델"]),
    ("receipt", "Read the text", ["cannot read words", "This looks like a receipt"]),
    ("form", "what is it?", ["This looks like a form: 7 lines of text", "2 columns and 6 rows, 6 empty boxes"]),
    ("form", "몇 칸이야?", ["2열 6행의 칸, 빈칸 6개"]),
    ("landscape", "", ["like", "A sky-like blue fills 55%", "plant-like green fills 45%", "55% of the way down"]),
    ("landscape", "하늘이 있어?", ["하늘 같은 파란색이 55%를 차지"]),
    ("landscape", "is there a horizon?", ["55% of the way down"]),
    ("landscape", "is it blurred?", ["Its edges are sharp"]),
    ("landscape", "how many circles?", ["so there is nothing that I could count"]),
    ("landscape", "which bar is tallest?", ["no bars here"]),
    ("landscape", "is there a QR code?", ["no QR-like or barcode-like pattern"]),
]


@pytest.mark.parametrize(("name", "question", "pieces"), ANSWERS, ids=[f"{name} {asked}" for name, asked, _ in ANSWERS])
def test_answers_on_the_examples(examples, name, question, pieces):
    answer = asked(question, examples[name])
    assert [piece for piece in pieces if piece not in answer] == [], answer


def test_answers_are_short(examples):
    for name, picture in examples.items():
        for question in ("", "설명해 줘", "how many red circles?", "which bar is tallest?"):
            assert len(re.findall(r"[.!?](?:\s|$)", asked(question, picture))) <= 9, (name, question)


@pytest.mark.parametrize("question", ["what is different?", "are they the same?", "compare", "compare the pictures"])
def test_before_and_after(examples, question):
    answer = asked(question, examples["before"], examples["after"])
    for piece in (
        "2 changes",
        "the brown rectangle at the bottom is red now",
        "yellow circle at the top right is gone",
    ):
        assert piece in answer


def test_before_and_after_in_korean(examples):
    answer = asked("뭐가 달라졌어?", examples["before"], examples["after"])
    assert "2군데" in answer
    assert "오른쪽 위의 노란 원 하나가 없어졌어요" in answer


def test_a_changed_copy_is_told_without_being_asked(examples):
    answer = asked("", examples["before"], examples["after"])
    assert answer.startswith("**Picture 1.** I see 7 flat shapes")
    assert "**Picture 2.** Otherwise the same, but for 2 changes" in answer


def test_one_picture_cannot_be_compared(examples):
    assert "only one picture" in asked("what is different?", examples["before"])


def test_several_pictures_are_told_in_turn(examples):
    answer = asked("how many shapes?", examples["shapes"], Unfetched("https://x.example/a.png"), examples["bars"])
    first, second, third = answer.split("**Picture ")[1:]
    assert "There are 6 shapes" in first
    assert "I do not fetch URLs" in second
    assert "5 bars" in third


# --- comparing -------------------------------------------------------------------------------------------------------


def scene(seed: int) -> Image.Image:
    """Like a photograph: soft patches of many colours."""
    patches = np.random.default_rng(seed).integers(30, 226, (9, 13, 3)).astype(np.uint8)
    return Image.fromarray(patches).resize(SIZE, Image.Resampling.BICUBIC)


def same(image: Image.Image) -> Image.Image:
    return image


def marked(image: Image.Image) -> Image.Image:
    changed = image.copy()
    ImageDraw.Draw(changed).rectangle((330, 20, 385, 65), fill=(10, 200, 60))
    return changed


def turned(how: Image.Transpose) -> Callable[[Image.Image], Image.Image]:
    return lambda image: image.transpose(how)


def lit(much: float) -> Callable[[Image.Image], Image.Image]:
    return lambda image: ImageEnhance.Brightness(image).enhance(much)


COMPARED: list[tuple[str, Callable[[Image.Image], Image.Image], str]] = [
    ("same", same, "They are the same picture"),
    ("half", halved, "The same picture at another size: 440 × 300 and 220 × 150 pixels."),
    ("90", turned(Image.Transpose.ROTATE_270), "turned by 90° clockwise"),
    ("180", turned(Image.Transpose.ROTATE_180), "turned by 180°"),
    ("270", turned(Image.Transpose.ROTATE_90), "turned by 90° anticlockwise"),
    ("mirrored", turned(Image.Transpose.FLIP_LEFT_RIGHT), "mirrored left to right"),
    ("flipped", turned(Image.Transpose.FLIP_TOP_BOTTOM), "flipped top to bottom"),
    ("darker", lit(0.7), "The second is darker"),
    ("brighter", lit(1.3), "The second is brighter"),
    ("cropped", lambda image: image.crop((200, 15, 400, 130)), "is cut out of the first: its part at the top right"),
    ("marked", marked, "one change: at the top right"),
    ("other", lambda image: scene(99), "They are two different pictures"),
]


@pytest.fixture(scope="module")
def photograph() -> Measured:
    return measured(scene(1))


@pytest.mark.parametrize(("change", "piece"), [row[1:] for row in COMPARED], ids=[row[0] for row in COMPARED])
def test_comparing_photographs(photograph, change, piece):
    second = measured(change(scene(1)), "JPEG", quality=85)
    assert piece in asked("what is different?", photograph, second)


def test_comparing_charts():
    before, after = draw_examples.bars(), draw_examples.bars()
    ImageDraw.Draw(after).rectangle((406, 150, 469, 357), fill=draw_examples.YELLOW)
    answer = asked("what changed?", measured(before), measured(after))
    assert "one change: the yellow bar (fourth from the left) went from 33% to 78%" in answer


def test_drawings_of_different_figures_are_not_alike():
    images = [measured(random_shapes(seed)[0]) for seed in (3, 5, 7)]
    assert not any(compared(one, two).alike for one in images for two in images if one is not two)


def test_the_sketch_is_small_and_stays_out_of_sight():
    one, two = measured(scene(1)), measured(scene(1))
    assert len(one.sketch.pixels) <= 50_000
    assert "sketch" not in repr(one)
    assert one == two
    assert hash(one) == hash(two)


# --- pages and codes -------------------------------------------------------------------------------------------------


def drawn_table(*, ruled: bool) -> Image.Image:
    image = Image.new("RGB", (480, 300), "white")
    draw = ImageDraw.Draw(image)
    for row in range(6):
        for column in range(4):
            words = ("item", "count", "price", "total") if row == 0 else ("tea", "12", "300", "3600")
            draw.text((40 + 105 * column, 32 + 40 * row), words[column], fill="black", font_size=17)
    if ruled:
        for row in range(7):
            draw.line((30, 22 + 40 * row, 450, 22 + 40 * row), fill=(90, 90, 90), width=2)
        for column in range(5):
            draw.line((30 + 105 * column, 22, 30 + 105 * column, 262), fill=(90, 90, 90), width=2)
    return image


@pytest.mark.parametrize("ruled", [True, False])
def test_tables(ruled):
    for picture in ways(drawn_table(ruled=ruled)):
        assert picture.look.kind == "table"
        assert picture.look.page is not None
        assert (picture.look.page.columns, picture.look.page.text_lines) == (4, 6)
    assert "This looks like a table" in asked("is it a table?", measured(drawn_table(ruled=ruled)))


def test_a_page_of_text():
    image = Image.new("RGB", (480, 400), (250, 250, 245))
    draw = ImageDraw.Draw(image)
    for line in range(11):
        draw.text((30, 30 + 30 * line), "the quick brown fox jumps over the lazy dog", fill="black", font_size=18)
    for picture in ways(image):
        assert picture.look.kind == "text"
        assert picture.look.page is not None
        assert picture.look.page.text_lines == 11


def test_lines_to_write_on_make_a_form():
    image = Image.new("RGB", (480, 320), "white")
    draw = ImageDraw.Draw(image)
    for row, label in enumerate(("Name", "Address", "Phone", "E-mail")):
        draw.text((40, 50 + 60 * row), label, fill="black", font_size=20)
        draw.line((160, 72 + 60 * row, 440, 72 + 60 * row), fill="black", width=2)
    assert {picture.look.kind for picture in ways(image)} == {"form"}


def drawn_qr() -> Image.Image:
    """Three finder patterns and chance between them."""
    modules = np.random.default_rng(3).integers(0, 2, (25, 25))
    finder = np.pad(np.pad(np.pad(np.ones((3, 3), int), 1), 1, constant_values=1), 1)
    for y, x in ((0, 0), (0, 18), (18, 0)):
        target = modules[max(0, y - 1) : y + 8, max(0, x - 1) : x + 8]
        target[:] = finder[1 if y == 0 else 0 :, 1 if x == 0 else 0 :][: target.shape[0], : target.shape[1]]
    large = np.kron(1 - np.pad(modules, 4), np.ones((8, 8), int)) * 255
    return Image.fromarray(large.astype(np.uint8)).convert("RGB")


def drawn_barcode() -> Image.Image:
    image = Image.new("RGB", (480, 240), "white")
    draw, throw, x = ImageDraw.Draw(image), random.Random(4), 90
    while x < 380:
        bar = 2 * throw.randint(1, 4)
        draw.rectangle((x, 50, x + bar - 1, 170), fill="black")
        x += bar + 2 * throw.randint(1, 4)
    return image


@pytest.mark.parametrize(("draw", "kind"), [(drawn_qr, "qr"), (drawn_barcode, "barcode")])
def test_codes(draw, kind):
    for picture in ways(draw()):
        assert [code.kind for code in picture.look.codes] == [kind]
        assert picture.look.codes[0].box.position == "centre"
    assert "decode nothing" in asked("is there a QR code?", measured(draw()))


# --- questions, phrases, JSON ----------------------------------------------------------------------------------------

READ: list[tuple[str, dict[str, Any]]] = [
    ("How many red circles?", {"topic": "count", "colours": ("red",), "kinds": ("circle",)}),
    ("빨간 동그라미는 몇 개야?", {"topic": "count", "colours": ("red",), "kinds": ("circle",)}),
    ("타원은 어디 있어?", {"topic": "where", "kinds": ("ellipse",)}),
    ("which bar is tallest?", {"topic": "tallest", "bars": True}),
    ("제일 높은 막대는 몇 번째야?", {"topic": "tallest", "bars": True}),
    ("What is the difference?", {"topic": "difference"}),
    ("두 그림의 차이는?", {"topic": "difference"}),
    ("이거 영수증이야?", {"topic": "page"}),
    ("몇 줄이야?", {"topic": "lines"}),
    ("What is in the top left corner?", {"topic": "describe", "position": "top_left"}),
    ("왼쪽 위에는 뭐가 있어?", {"position": "top_left"}),
    ("bar 2 and bar 4: how much taller?", {"topic": "gap", "numbers": (2, 4)}),
    ("무슨 동물이야?", {"topic": "name"}),
    ("뭐라고 써 있어?", {"topic": "read"}),
    ("안녕", {"topic": None}),
]


@pytest.mark.parametrize(("question", "expected"), READ, ids=[question for question, _ in READ])
def test_questions(question, expected):
    found = picture_questions.read(question)
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(
    ("question", "concerned"),
    [
        ("빨간 원은 몇 개야?", True),
        ("which bar is tallest?", True),
        ("where is the blue square?", True),
        ("뭐가 달라졌어?", True),
        ("What is a token?", False),
        ("내 이름이 뭐야?", False),
        ("how many r in strawberry?", False),
        ("Tell me a story", False),
    ],
)
def test_which_questions_concern_a_picture(question, concerned):
    assert picture_questions.concerns(question) is concerned


def test_phrases_are_the_same_in_both_languages():
    book = tomllib.loads((ROOT / "demo_model" / "pictures/phrases.toml").read_text("utf-8"))
    assert set(book["en"]) == set(book["ko"])
    for name in book["en"]:
        slots = [set(re.findall(r"\{(\w+)\}", way)) - {"opening"} for way in (*book["en"][name], *book["ko"][name])]
        assert all(each == slots[0] for each in slots) or name == "here_is", name


def test_no_phrase_has_a_leftover_bracket():
    book = tomllib.loads((ROOT / "demo_model" / "pictures/phrases.toml").read_text("utf-8"))
    for language in ("en", "ko"):
        for name, templates in book[language].items():
            for template in templates:
                said = filled(template, dict.fromkeys(re.findall(r"\{(\w+)\}", template), "x")).first
                assert not set("[]|{}") & set(said), (name, said)


def test_facts_as_json(examples):
    facts = picture_json.as_json((examples["bars"],), Speaker("en"))
    assert facts["kind"] == "bar chart"
    assert facts["bars"][0] == {"position": 1, "colour": "blue", "height_percent": 55}
    assert facts["tallest"] == {"position": 3, "colour": "red", "height_percent": 100}
    shapes = picture_json.as_json((examples["shapes"],), Speaker("ko"))
    assert shapes["count"] == 6
    assert shapes["counts"][0] == {"kind": "원", "colour": "빨강", "count": 3}
    assert shapes["shapes"][0]["position"] == "왼쪽 위"
    pages = picture_json.as_json((examples["receipt"], Unfetched("https://x.example/")), Speaker("en"))["pictures"]
    assert (pages[0]["kind"], pages[0]["text_lines"], pages[0]["figures"]) == ("receipt", 11, 8)
    assert pages[1] == {"picture": 2, "fetched": False}
    for each in examples.values():
        json.dumps(picture_json.as_json((each, each), Speaker("ko")))


# --- odd pictures ----------------------------------------------------------------------------------------------------

_Y, _X = np.mgrid[0:320, 0:320]
ODD = {
    "one pixel": np.full((1, 1, 3), 9),
    "one row": np.full((1, 300, 3), 200),
    "three by three": np.random.default_rng(0).integers(0, 256, (3, 3, 3)),
    "long": np.random.default_rng(0).integers(0, 256, (2, 5000, 3)),
    "noise": np.random.default_rng(1).integers(0, 256, (320, 320, 3)),
    "two-coloured noise": np.random.default_rng(2).integers(0, 2, (320, 320, 1)).repeat(3, 2) * 255,
    "chequered": ((_X + _Y) % 2 * 255)[..., None].repeat(3, 2),
    "striped": (_X % 2 * 255)[..., None].repeat(3, 2),
    "many squares": np.where(((_X % 8 < 5) & (_Y % 8 < 5))[..., None], [255, 0, 0], 255),
    "shaded": np.stack([_X * 255 // 320, _Y * 255 // 320, (_X + _Y) * 255 // 640], -1),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_pictures_are_answered(name):
    picture = measured(Image.fromarray(ODD[name].astype(np.uint8)))
    for question in ("", "빨간 원은 몇 개야?", "which bar is tallest?", "is it a table?"):
        assert asked(question, picture)
    assert asked("what is different?", picture, picture).startswith("They are the same picture")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_modes_of_png(mode):
    image = Image.new("RGB", (64, 48), "white")
    ImageDraw.Draw(image).rectangle((20, 12, 44, 36), fill="black")
    given = (
        Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
        if mode == "I;16"
        else image.convert(mode)
    )
    assert _figures(measured(given)) == [("square", "black", "centre")]


# --- through the door ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Door:
    url: str

    async def ask(self, question: str, data: bytes, media_type: str = "image/png") -> str:
        url = f"data:{media_type};base64,{base64.b64encode(data).decode()}"
        content = [{"type": "text", "text": question}, {"type": "image_url", "image_url": {"url": url}}]
        body = {"model": "demo", "temperature": 0, "messages": [{"role": "user", "content": content}]}
        async with httpx2.AsyncClient(base_url=self.url, trust_env=False, timeout=30) as client:
            response = await client.post("/chat/completions", json=body)
        assert response.status_code == 200, response.text
        return response.json()["choices"][0]["message"]["content"]


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    with demo_model.serve(pace=0) as server:
        yield Door(server.url)


@pytest.mark.parametrize("question", ["How many red circles?", "가장 큰 도형은?"])
async def test_no_wrapping_changes_an_answer(door, question):
    image = draw_examples.shapes()
    answer = await door.ask(question, encoded(image))
    assert await door.ask(question, encoded(image), "image/webp") == answer
    assert await door.ask(question, encoded(image, "JPEG", quality=80), "text/plain") == answer
    assert await door.ask(question, encoded(halved(image))) == answer
    named = image.copy()
    named.info["Title"] = "seven blue squares"
    assert await door.ask(question, encoded(named, "WEBP", lossless=True)) == answer


async def test_a_chart_through_the_door(door):
    data = (EXAMPLES / "bars.png").read_bytes()
    assert "the red bar (third from the left)" in await door.ask("Which bar is tallest?", data)
    assert "왼쪽에서 세 번째 빨간 막대" in await door.ask("가장 높은 막대는?", data)
