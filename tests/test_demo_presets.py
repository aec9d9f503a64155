"""Pictures asked about through the door: what the presets of the tab ask for, several questions, earlier pictures."""

import json

import pytest

from demo_model.pictures import measuring
from scripts import draw_examples
from tests.demo_requests import ask, picture_of

ROOT = draw_examples.EXAMPLES.parent.parent


@pytest.fixture(scope="module")
def examples() -> dict[str, bytes]:
    return {path.stem: path.read_bytes() for path in draw_examples.EXAMPLES.iterdir()}


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
