"""What a picture costs at each level, and the size in which it costs less."""

import io
import random

import pytest
from PIL import Image

from chat_core import image_tokens, load_image
from chat_core.image_economy import DETAILS, SMALL_SIDE, levels, sized, target_size
from chat_core.tokens import seen_size

MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-5", "o3", "gpt-4.1-mini", "gpt-5.2", "gpt-5.4", "gpt-5.5", "gpt-5.6-luna")
SIZES = [(1, 1), (20_000, 10), (4032, 3024), (640, 420), (2048, 2048), (769, 768)]
SIZES += [(random.Random(n).randint(1, 9000), random.Random(-n - 1).randint(1, 9000)) for n in range(40)]


@pytest.mark.parametrize(
    ("size", "model", "detail", "seen"),
    [
        ((4032, 3024), "gpt-4o", "auto", (1024, 768)),
        ((4032, 3024), "gpt-4o", "low", (512, 384)),
        ((4032, 3024), "gpt-4o", "original", None),
        ((2048, 4096), "gpt-4o", "high", (768, 1536)),
        ((2048, 2048), "gpt-5.4", "high", (1600, 1600)),
        ((1800, 2400), "gpt-5-mini", "high", (1056, 1408)),
        ((4032, 3024), "gpt-5.6-luna", "low", (512, 384)),
        ((4032, 3024), "gpt-5.6-luna", "auto", (4032, 3024)),
        ((100, 50), "gpt-5.6-luna", "low", (100, 50)),
        ((100, 50), "somebodys-model", "high", None),
    ],
)
def test_what_a_model_sees(size, model, detail, seen) -> None:
    assert seen_size(*size, model, detail) == seen


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("detail", DETAILS)
def test_what_a_model_sees_costs_the_same_and_is_seen_as_it_is(model, detail) -> None:
    for size in SIZES:
        seen = seen_size(*size, model, detail)
        if seen is None:
            assert image_tokens(*size, model, detail) is None
            continue
        assert seen[0] <= size[0]
        assert seen[1] <= size[1]
        assert image_tokens(*seen, model, detail) == image_tokens(*size, model, detail), size
        assert seen_size(*seen, model, detail) == seen, size


def test_levels_in_the_order_of_the_api_with_low_dearer_than_high() -> None:
    tokens = {level.detail: level.tokens for level in levels(2400, 1800, "gpt-5.4")}
    assert list(tokens) == ["auto", "low", "high", "original"]
    assert tokens["low"] > tokens["high"] == tokens["auto"]
    taken = {level.detail: level.taken for level in levels(2400, 1800, "gpt-4o")}
    assert taken == {"auto": True, "low": True, "high": True, "original": False}
    assert [level.tokens for level in levels(2400, 1800, "somebodys-model")] == [None] * 4


def test_a_picture_that_the_api_refuses_for_its_patches() -> None:
    too_large = {level.detail: level.too_large for level in levels(8192, 6144, "gpt-5.6-luna")}
    assert too_large == {"auto": True, "low": False, "high": False, "original": True}
    assert not any(level.too_large for level in levels(8192, 6144, "gpt-4o"))


@pytest.mark.parametrize(
    ("size", "sizing", "model", "target"),
    [
        ((4032, 3024), "as_is", "gpt-4o", None),
        ((4032, 3024), "fit", "gpt-4o", (1024, 768)),
        ((640, 480), "fit", "gpt-4o", None),
        ((4032, 3024), "fit", "somebodys-model", None),
        ((4032, 3024), "small", "somebodys-model", (512, 384)),
        ((512, 512), "small", "gpt-4o", None),
        ((20_000, 10), "small", "gpt-4o", (SMALL_SIDE, 1)),
    ],
)
def test_the_size_to_send(size, sizing, model, target) -> None:
    assert target_size(*size, sizing, model) == target


def test_a_picture_in_the_size_to_send() -> None:
    data = io.BytesIO()
    Image.new("RGB", (1600, 800), "teal").save(data, "PNG")
    picture = load_image(data.getvalue(), name="wide.png")
    assert sized(picture, "as_is", "gpt-4o") is picture
    small = sized(picture, "small", "gpt-4o")
    assert (small.width, small.height, small.name) == (512, 256, "wide.png")
    assert Image.open(io.BytesIO(small.data)).size == (512, 256)
    assert "shrunk" in small.changes
    # Its own level counts, not the one of the request.
    low = load_image(data.getvalue(), detail="low")
    assert sized(low, "fit", "gpt-4o", "high").width == 512
