"""The presets of the tab Describe images, and the request that one makes."""

import pytest

from chat_core import describing
from chat_core.messages import ImagePart
from chat_core.wire import build

PICTURE = ImagePart(b"\x89PNG", "image/png", 64, 48, "square.png", "low")


def test_every_preset_is_found_and_has_both_languages() -> None:
    presets = describing.load_presets()
    assert [preset.id for preset in presets] == [
        "alt_text",
        "caption",
        "detailed",
        "text",
        "product",
        "data",
        "accessibility",
        "safety",
        "own",
    ]
    assert all(describing.find(preset.id) is preset for preset in presets)
    assert describing.find("nothing") is None
    for preset in presets:
        assert preset.name.ko != preset.name.en
        assert bool(preset.prompt.ko and preset.prompt.en) is (preset.id != describing.OWN)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_limit_of_alt_text_stands_in_its_prompt(language) -> None:
    preset = describing.find("alt_text")
    assert preset is not None
    assert str(preset.max_characters) in preset.prompt.text(language)


def test_one_picture_and_what_is_asked_of_it_make_one_message() -> None:
    body = build(describing.request_for(PICTURE, "Describe.", "demo")).body
    (message,) = body["messages"]
    assert [part["type"] for part in message["content"]] == ["image_url", "text"]
    assert message["content"][0]["image_url"]["detail"] == "low"
    assert "stream" not in body
