"""Pictures asked about through the door: what the presets of the tab ask for, several questions, earlier pictures."""

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
