"""Pictures asked about through the door: what the presets of the tab ask for, several questions, earlier pictures."""

import csv
import io
import json
import random
import re
import tomllib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from demo_model.call import Measured
from demo_model.pictures import measuring
from demo_model.pictures.gists import gist
from demo_model.pictures.questions import Asked
from demo_model.pictures.view import View
from demo_model.pictures.words import PictureWords
from demo_model.sight import palette
from demo_model.sight.facts import (
    Area,
    Bar,
    Box,
    Chart,
    Code,
    Drawing,
    Look,
    Page,
    PageKind,
    Photo,
    Shape,
    ShapeKind,
)
from demo_model.speaker import Speaker
from scripts import draw_examples
from tests.demo_requests import ask, picture_of, said, texts
from tests.test_demo_pictures import drawn_qr

ROOT = draw_examples.EXAMPLES.parent.parent


@pytest.fixture(scope="module")
def examples() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in draw_examples.EXAMPLES.iterdir()}


@pytest.fixture(scope="module", autouse=True)
def _measured_once() -> Iterator[None]:
    """Every picture is asked about many times here, and to measure it takes most of the time."""
    known: dict[bytes, Measured] = {}
    measure = measuring.measure

    def remembered(opened: measuring.Opened) -> Measured:
        key = opened.copy.tobytes()
        return known[key] if key in known else known.setdefault(key, measure(opened))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measuring, "measure", remembered)
        yield


# --- looked at when it is asked about --------------------------------------------------------------------------------


async def test_only_pictures_that_are_asked_about_are_measured(http, examples, monkeypatch):
    measured: list[measuring.Opened] = []
    measure = measuring.measure

    def recorded(opened: measuring.Opened) -> object:
        measured.append(opened)
        return measure(opened)

    monkeypatch.setattr(measuring, "measure", recorded)
    shapes, bars = (picture_of(examples[name]) for name in ("shapes", "bars"))
    earlier = ([{"type": "text", "text": "How many red circles?"}, shapes], "3 red circles.")
    assert "56" in await ask(http, *earlier, "What is 7 * 8?")
    assert measured == []
    assert "tallest is the red bar" in await ask(http, *earlier, [{"type": "text", "text": "Which is tallest?"}, bars])
    assert len(measured) == 1
    assert "blue circle" in await ask(http, *earlier, "Where is the blue circle?", n=3)
    assert len(measured) == 2


# --- several questions, and a count of what was asked ----------------------------------------------------------------

SEVERAL = [
    (
        "shapes",
        "How many red circles are there? Where is the blue circle, and what colour is the square?",
        ["3 red circles", "The blue circle is at the bottom left", "green square at the top"],
    ),
    ("shapes", "빨간 원은 몇 개야? 노란 삼각형은 어디 있어?", ["빨간 원은 3개예요", "노란 삼각형은 오른쪽 아래"]),
    ("shapes", "빨간 원은 몇 개고 파란 원은 몇 개야?", ["빨간 원은 3개예요", "파란 원은 1개예요"]),
    ("bars", "Which bar is tallest? And which is shortest?", ["tallest is the red bar", "shortest is the yellow bar"]),
    (
        "receipt",
        "I like this one. How many lines? What does it say?",
        ["11 lines", "cannot read words", "eceipt"],
    ),
]


@pytest.mark.parametrize(("name", "question", "pieces"), SEVERAL, ids=[asked for _, asked, _ in SEVERAL])
async def test_each_question_of_a_message_is_answered_in_its_turn(http, examples, name, question, pieces):
    answer = await ask(http, [{"type": "text", "text": question}, picture_of(examples[name])])
    places = [answer.find(piece) for piece in pieces]
    assert -1 not in places, answer
    assert places == sorted(places), answer


async def test_questions_that_come_to_the_same_are_answered_once(http, examples):
    shapes = picture_of(examples["shapes"])
    answer = await ask(http, [{"type": "text", "text": "Describe it. What do you see?"}, shapes])
    assert answer.count("flat shapes") == 1
    both = await ask(http, [{"type": "text", "text": "Who is it? What does it say?"}, shapes])
    assert both.count("flat shapes") == both.count("OPENAI_API_KEY") == 1


@pytest.mark.parametrize(
    ("name", "question", "count"),
    [
        ("shapes", 'How many red circles? JSON: {"count": 0}', 3),
        ("shapes", '빨간 원의 수를 {"count": 0} 모양의 JSON으로 답해 줘', 3),
        ("shapes", '{"개수": 0} 모양의 JSON으로, 파란 원은 몇 개야?', 1),
        ("shapes", 'How many purple stars? JSON like {"count": 0}', 0),
        ("shapes", 'How many shapes? JSON: {"count": 0}', 6),
        ("bars", 'How many red bars? JSON: {"count": 0}', 1),
        ("bars", 'How many bars? JSON: {"count": 0}', 5),
    ],
)
async def test_json_counts_what_was_asked(http, examples, name, question, count):
    content = [{"type": "text", "text": question}, picture_of(examples[name])]
    value = json.loads(await ask(http, content, response_format={"type": "json_object"}))
    assert list(value.values()) == [count]


# --- the presets -----------------------------------------------------------------------------------------------------

PRESETS = {
    row["id"]: row["prompt"] for row in tomllib.loads((ROOT / "assets" / "describing.toml").read_text())["preset"]
}
LANGUAGES = ("en", "ko")


def encoded(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def pictures(examples) -> dict[str, dict[str, Any]]:
    """A picture of every kind, as content parts."""
    noise = np.random.default_rng(1).integers(0, 256, (120, 120, 3)).astype(np.uint8)
    drawn = {
        "noise": encoded(Image.fromarray(noise).resize((480, 480), Image.Resampling.BICUBIC)),
        "code": encoded(drawn_qr()),
        "blank": encoded(Image.new("RGB", (300, 200), "white")),
    }
    shown = {name: data for name, data in examples.items() if name not in ("before", "after")} | drawn
    return {name: picture_of(data) for name, data in shown.items()}


def sentences(text: str) -> int:
    return len(re.findall(r"[.!?](?:\s|$)", text))


SAID = {
    ("alt_text", "shapes"): (
        "Three red circles, one green square, one blue circle and one yellow triangle on white.",
        "흰색 바탕에 빨간 원 세 개, 초록색 정사각형 한 개, 파란 원 한 개, 노란 삼각형 한 개가 있어요.",
    ),
    ("alt_text", "bars"): (
        "Bar chart of five bars; the tallest is the third from the left (red), the shortest the fourth (yellow).",
        "막대 다섯 개짜리 막대그래프로, 왼쪽에서 세 번째 빨간 막대가 가장 높고 네 번째 노란 막대가 가장 낮아요.",
    ),
    ("alt_text", "landscape"): ("plant-like green at the bottom", "식물 같은 초록색"),
    ("alt_text", "code"): ("A QR-like pattern in the centre.", "가운데에 QR 코드 같은 무늬가"),
    ("alt_text", "blank"): ("Nothing but plain white.", "흰색만 고르게"),
    ("caption", "shapes"): ("The largest is the green square", "초록색 정사각형이 가장 커요"),
    ("caption", "bars"): ("from the left, blue 55%, green 78%", "왼쪽부터 파랑 55%, 초록 78%"),
    ("detailed", "shapes"): (
        "At the bottom, from left to right: one blue circle, one red circle and one yellow triangle.",
        "아래쪽에는 왼쪽부터 파란 원 한 개, 빨간 원 한 개, 노란 삼각형 한 개가 있어요.",
    ),
    ("detailed", "receipt"): ("the writing in it", "글은 읽지 못해요"),
    ("detailed", "noise"): ("What it shows, I cannot tell", "무엇인지는 알 수 없어요"),
    ("text", "receipt"): (
        "11 lines of text, 4 at the top, 4 in the middle and 3 at the bottom",
        "글줄 11줄, 위쪽 4줄, 가운데 4줄, 아래쪽 3줄",
    ),
    ("text", "form"): ("I cannot read words", "글자를 읽지는 못하고"),
    ("product", "shapes"): ("- Shape: 3 red circles, 1 green square", "- 모양: 빨간 원 3개, 초록색 정사각형 1개"),
    ("product", "landscape"): ("What the item is, I cannot tell", "어떤 상품인지는 알 수 없어요"),
    ("data", "bars"): (
        "bar,colour,relative height\n1,blue,~55%\n2,green,~78%\n3,red,~100%\n4,yellow,~33%\n5,purple,~67%",
        "막대,색,상대 높이\n1,파랑,~55%\n2,초록,~78%\n3,빨강,~100%\n4,노랑,~33%\n5,보라,~67%",
    ),
    ("data", "receipt"): ("measured,number\nlines of text,11\n", "잰 것,수\n글줄,11\n"),
    ("data", "form"): ("cells that were read,0", "읽은 칸,0"),
    ("data", "shapes"): ("No data", "데이터 없음"),
    ("accessibility", "bars"): ("from the left, blue 55%", "왼쪽부터 파랑 55%"),
    ("accessibility", "form"): ("In the middle: 3 lines of text.", "가운데에는 글줄 3줄이 있어요."),
    ("accessibility", "landscape"): (
        "From top to bottom it is mostly blue, then green.",
        "위에서 아래로 주로 파랑, 초록이에요.",
    ),
    ("safety", "receipt"): ("writing that I cannot read: 11 lines of text", "읽지 못하는 글이 있어요: 글줄 11줄"),
    ("safety", "code"): ("a QR-like pattern that may hold some", "QR 코드 같은 무늬"),
}


@pytest.mark.parametrize(("preset", "name"), SAID, ids=["-".join(key) for key in SAID])
async def test_presets_are_answered_with_what_is_measured(http, pictures, preset, name):
    for language, piece in zip(LANGUAGES, SAID[preset, name], strict=True):
        answer = await ask(http, [{"type": "text", "text": PRESETS[preset][language]}, pictures[name]])
        assert piece in answer
        _check_form(preset, language, name, answer)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", [preset for preset, prompt in PRESETS.items() if prompt["en"]])
async def test_presets_keep_their_form(http, pictures, preset, language):
    prompt = {"type": "text", "text": PRESETS[preset][language]}
    for name, picture in pictures.items():
        for answer in await texts(http, [prompt, picture], temperature=1, seed=3, n=3):
            _check_form(preset, language, name, answer)
    last = [picture, prompt]
    assert await ask(http, last) == await ask(http, last[::-1])


def _check_form(preset: str, language: str, name: str, answer: str) -> None:
    assert answer.strip()
    assert "OPENAI_API_KEY" not in answer
    first = answer.splitlines()[0]
    match preset:
        case "alt_text":
            assert len(answer) <= 125
            assert (first, sentences(answer)) == (answer, 1)
            assert not re.match(r"(?i)(an? )?(image|photo|picture)\b|이미지|사진", answer)
        case "caption":
            assert first == answer
            assert 1 <= sentences(answer) <= 2
        case "text":
            none = ("No text", "글자 없음")[LANGUAGES.index(language)]
            assert ("[?]" in answer) if name in ("receipt", "form") else (answer == none)
        case "data":
            rows = list(csv.reader(answer.splitlines()))
            assert "`" not in answer
            assert len({len(row) for row in rows}) == 1
            assert len(rows) > 1 or name not in ("bars", "receipt", "form")
        case "accessibility":
            assert not re.search(r"as you can see|보시다시피", answer)
        case "safety":
            *items, _, conclusion = answer.splitlines()
            assert len(items) == 5
            assert all(re.match(r"- [^:]+: (unsure|불확실)\. ", item) for item in items)
            assert re.match(r"(Conclusion|결론): ", conclusion)
            assert not re.search(r"\b(?:yes|no)\b[.,;]|있음|없음", answer)


@pytest.mark.parametrize(
    ("prompt", "name", "answer"),
    [
        ("alt text please, in one short sentence", "blank", "Nothing but plain white."),
        ("이 그림의 대체텍스트만 짧게", "code", "가운데에 QR 코드 같은 무늬가 있어요."),
        ('Transcribe all of it. If there is nothing, say only "none".', "shapes", "none"),
        ("글자를 전부 옮겨 적어 줘. 없으면 '없어요'라고만 해.", "bars", "없어요"),
        ("Chart to CSV.", "landscape", "No data"),
        ("표를 CSV로", "shapes", "데이터 없음"),
        ("이 그래프를 데이터로 바꿔 줘", "blank", "데이터 없음"),
    ],
)
async def test_presets_are_known_by_what_they_ask_for(http, pictures, prompt, name, answer):
    assert await ask(http, [{"type": "text", "text": prompt}, pictures[name]]) == answer


async def test_a_safety_check_has_a_line_for_each_thing_that_is_asked(http, pictures):
    prompt = "Safety check: do you see violence or faces of people?"
    answer = await ask(http, [{"type": "text", "text": prompt}, pictures["noise"]])
    assert re.findall(r"^- ([^:]+): unsure", answer, re.MULTILINE) == ["Faces and names of people", "Violence"]


async def test_nothing_stands_around_a_text_that_is_asked_for_alone(http, pictures):
    """Neither a persona's flourish nor, when it is hot, a word from elsewhere."""
    pirate = said("system", "You are a pirate.")
    asked = said("user", [{"type": "text", "text": PRESETS["data"]["en"]}, pictures["bars"]])
    request = {"model": "demo", "temperature": 2, "seed": 1, "messages": [pirate, asked]}
    response = await http.post("/chat/completions", json=request)
    assert response.json()["choices"][0]["message"]["content"] == SAID["data", "bars"][0]


async def test_writing_beside_a_chart_is_found(http):
    chart = draw_examples.bars()
    pen = ImageDraw.Draw(chart)
    pen.text((200, 8), "Sales of the year", fill="black", font_size=20)
    for number in range(5):
        pen.text((104 + 102 * number, 370), "2020", fill="black", font_size=18)
    prompt = {"type": "text", "text": PRESETS["text"]["en"]}
    answer = await ask(http, [prompt, picture_of(encoded(chart))])
    assert answer.endswith("\n\n[?]\n[?]    [?]    [?]    [?]    [?]")


# --- one sentence, of whatever there is ------------------------------------------------------------------------------


def random_look(throw: random.Random) -> Look:
    """Findings that no drawing would bring together so quickly: many figures, bars, rules and codes."""

    def box() -> Box:
        x, y = throw.random(), throw.random()
        return Box(x, y, x, y)

    colours = throw.sample(palette.NAMES, throw.randint(1, len(palette.NAMES)))
    kinds: list[ShapeKind] = ["circle", "rectangle", "triangle", "hexagon", "other"]
    match throw.choice(("shapes", "chart", "code", "photo", "page")):
        case "shapes":
            number = throw.randint(1, 60)
            shapes = [Shape(throw.choice(kinds), throw.choice(colours), box(), 0.01) for _ in range(number)]
            return Look("shapes", drawing=Drawing(throw.choice(colours), tuple(shapes)))
        case "chart":
            bars = [Bar(n, throw.choice(colours), throw.choice((0.3, throw.random())), box()) for n in range(1, 61)]
            return Look("chart", chart=Chart(tuple(bars[: throw.randint(2, 60)]), lying=throw.random() < 0.5))
        case "code":
            return Look("code", codes=tuple(Code("barcode", box()) for _ in range(throw.randint(1, 9))))
        case "photo":
            areas = [Area("sky", 0.3, box().position), Area("plants", 0.2, box().position)]
            return Look("photo", photo=Photo(0.5, tuple(areas[: throw.randint(0, 2)])))
    counts = [throw.choice((0, 1, 2, 17, 240)) for _ in range(5)]
    kind: PageKind = throw.choice(("table", "form", "receipt", "text"))
    return Look(kind, page=Page(kind, ((box(),),) * throw.randint(1, 300), *counts))


def test_alt_texts_are_never_too_long():
    for seed in range(400):
        throw = random.Random(seed)
        colours = tuple((name, 0.2) for name in throw.sample(palette.NAMES, 5))
        picture = Measured(640, 420, "PNG", 0.5, 0.2, 0.0, colours, look=random_look(throw))
        for language in LANGUAGES:
            speaker = Speaker(language)
            assert 0 < gist(View(picture, Asked(), speaker, PictureWords(speaker))).longest <= 125, (seed, language)
