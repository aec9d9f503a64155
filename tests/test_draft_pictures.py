"""The strip with the pictures of the draft, as HTML: what it says of each, for priced, free and unknown models."""

import html
import re

import pytest

from chat_core.connections import OPENAI_BASE_URL, Connection
from chat_core.messages import ImagePart, RemoteImage, TextFile, user
from chat_ui.controls import Controls
from chat_ui.draft_pictures import strip_html
from chat_ui.texts import Language, t
from chat_ui.visit import DraftFile

OPENAI = Connection("openai", OPENAI_BASE_URL, "sk-x")
DEMO = Connection("demo", "http://127.0.0.1:1/v1")
PHOTO = ImagePart(b"", "image/jpeg", 4032, 3024, "<b>photo</b>.jpg", changes=("rotated", "metadata_removed"))
FILE = DraftFile(PHOTO, 2_345_678, "data:image/jpeg;base64,AAAA")


def shown(
    model: str, controls: Controls | None = None, connection: Connection = OPENAI, language: Language = "en"
) -> list[str]:
    """The strip's pieces of text, in order."""
    strip = strip_html([FILE], user(PHOTO), model, controls or Controls(), connection, language, "gpt-5.4-mini")
    return [html.unescape(piece).strip() for piece in re.split(r"<[^>]*>", strip) if piece.strip()]


def test_kind_size_and_what_was_done_to_it() -> None:
    name, facts, *_ = shown("gpt-4o")
    assert name == "<b>photo</b>.jpg"
    assert facts == "JPEG · 4,032 × 3,024 · 2.3 MB · turned upright · metadata removed"
    assert shown("gpt-4o", language="ko")[1].endswith("바로 세움 · 메타데이터 지움")


@pytest.mark.parametrize(
    ("model", "levels"),
    [
        ("gpt-4o", "auto 765 · $0.0019 low 85 · $0.00021 high 765 · $0.0019 original not taken"),
        ("gpt-5.6-luna", "auto 14,364 · $0.0029 low 231 · $0.000046 high 2,942 · $0.00059 original 14,364 · $0.0029"),
        ("somebodys-model", "auto unknown low unknown high unknown original unknown"),
    ],
)
def test_what_it_costs_at_each_level(model: str, levels: str) -> None:
    assert levels in " ".join(shown(model))


def test_a_level_at_which_the_api_refuses_it_for_its_size_is_told() -> None:
    large = DraftFile(ImagePart(b"", "image/jpeg", 8192, 6144, "large.jpg"), 9_000_000)
    strip = strip_html([large], user(large.part), "gpt-5.6-luna", Controls(), OPENAI, "en", "gpt-5.4-mini")
    assert re.findall(r"<b>(\w+)</b> refused: too large", strip) == ["auto", "original"]


def test_low_that_is_dearer_than_high_is_told() -> None:
    assert "low costs more than high on this model" in shown("gpt-5.4")
    assert "low costs more than high on this model" not in shown("gpt-4o")


def test_where_nothing_is_paid_the_reference_model_stands_beside() -> None:
    pieces = " ".join(shown("demo", connection=DEMO))
    assert "tokens: auto 765 low 85" in pieces
    assert "on gpt-5.4-mini: auto 2,942 · $0.0022" in pieces


def test_the_chosen_level_is_marked() -> None:
    strip = strip_html([FILE], user(PHOTO), "gpt-4o", Controls(detail="low"), OPENAI, "en", "gpt-5.4-mini")
    assert re.findall(r'class="chosen"><b>(\w+)', strip) == ["low"]


@pytest.mark.parametrize(
    ("sizing", "words"),
    [
        ("as_is", "as 512 × 384 it would save 510 tokens ($0.0013)"),
        ("fit", "sent as 1,024 × 768: fewer bytes, the same tokens"),
        ("small", "sent as 512 × 384: saves 510 tokens ($0.0013)"),
    ],
)
def test_what_another_size_saves(sizing, words) -> None:
    assert shown("gpt-4o", Controls(sizing=sizing))[-1] == words


def test_of_a_link_nothing_is_known_and_a_text_file_is_no_picture() -> None:
    link = RemoteImage('https://example.com/"><script>.png')
    files = [DraftFile(TextFile("a.txt", "a"))]
    strip = strip_html(files, user(link, "look"), "gpt-4o", Controls(), OPENAI, "en", "gpt-5.4-mini")
    assert strip.count("<figure>") == 1
    assert "<script>" not in strip
    assert "The model’s server fetches it" in strip
    fetching = Controls(picture_links="fetch")
    strip = strip_html(files, user(link, "look"), "gpt-4o", fetching, OPENAI, "en", "gpt-5.4-mini")
    assert "The model’s server" not in strip
    assert t("en", "picture.link_fetched") in strip


def test_without_pictures_there_is_no_strip() -> None:
    assert strip_html([], user("Hello"), "gpt-4o", Controls(), OPENAI, "en", "gpt-5.4-mini") == ""
