"""The endpoint /describe through ``gradio_client``: one picture in, text, tokens and price out."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from chat_core.connections import Connection
from chat_core.describing import find
from chat_core.settings import Clocks, Settings
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.scripted_server import ScriptedServer

CALM = Clocks(retry_pause=0.01)


@dataclass(frozen=True)
class Stage:
    client: Client
    server: ScriptedServer

    def describe(self, **given: Any) -> Any:
        return self.client.predict(**given, api_name="/describe")

    @property
    def content(self) -> list[dict[str, Any]]:
        """What the one message of the last request holds."""
        (message,) = self.server.requests[-1].body["messages"]
        return message["content"]


@pytest.fixture(scope="module")
def running() -> Iterator[Stage]:
    with ScriptedServer() as server:
        app = build_app(Settings(clocks=CALM), Connection("custom", server.base_url, "sk-test-1234567890abcdef"))
        _, address, _ = app.page.launch(prevent_thread_lock=True, quiet=True, **app.launch_options)
        client = Client(address, verbose=False, analytics_enabled=False)
        try:
            yield Stage(client, server)
        finally:
            client.close()
            app.page.close()


@pytest.fixture
def stage(running: Stage) -> Stage:
    running.server.script = play.answer("Two ", "cats. ")
    running.server.requests.clear()
    return running


@pytest.fixture
def picture(tmp_path: Path) -> Any:
    path = tmp_path / "cats.png"
    Image.new("RGB", (64, 48), "teal").save(path)
    return handle_file(path)


def test_a_picture_alone_gets_alt_text_with_tokens_and_price_as_strings(stage: Stage, picture: Any) -> None:
    assert stage.describe(picture=picture) == ("Two cats.", "12", "3", "unknown")
    image, text = stage.content
    data = base64.b64decode(image["image_url"]["url"].partition("base64,")[2])
    assert Image.open(io.BytesIO(data)).size == (64, 48)
    assert "detail" not in image["image_url"]
    alt_text = find("alt_text")
    assert alt_text is not None
    assert text["text"] == alt_text.prompt.en
    assert stage.server.requests[-1].body["model"] == "scripted-1"


def test_preset_language_model_and_detail_reach_the_wire(stage: Stage, picture: Any) -> None:
    result = stage.describe(picture=picture, preset="caption", language="ko", model="gpt-4o-mini", detail="low")
    # 12 input tokens at $0.15 and 3 output tokens at $0.60 a million.
    assert result == ("Two cats.", "12", "3", "0.0000036")
    image, text = stage.content
    caption = find("caption")
    assert caption is not None
    assert (image["image_url"]["detail"], text["text"]) == ("low", caption.prompt.ko)
    assert stage.server.requests[-1].body["model"] == "gpt-4o-mini"


def test_an_own_prompt_takes_the_place_of_the_presets(stage: Stage, picture: Any) -> None:
    stage.describe(picture=picture, prompt="How many cats?")
    assert stage.content[1]["text"] == "How many cats?"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, t("en", "describe.no_picture")),
        ({"picture": None, "preset": "no_such"}, t("en", "describe.no_picture")),
        ({"url": "http://127.0.0.1/cat.png"}, t("en", "error.bad_url.private_address")),
        ({"url": "ftp://example.org/cat.png"}, t("en", "error.bad_url.scheme")),
    ],
    ids=["nothing", "no picture", "this machine", "ftp"],
)
def test_what_cannot_be_asked_is_said_in_words(stage: Stage, given: dict[str, Any], words: str) -> None:
    with pytest.raises(AppError) as caught:
        stage.describe(**given)
    assert words in str(caught.value)
    assert stage.server.requests == []


@pytest.mark.parametrize("preset", ["no_such", "own"])
def test_a_preset_without_a_prompt_is_refused(stage: Stage, picture: Any, preset: str) -> None:
    with pytest.raises(AppError, match=t("en", "describe.unknown_preset", preset=preset)):
        stage.describe(picture=picture, preset=preset)


def test_failures_and_refusals_are_errors_with_our_sentence(stage: Stage, picture: Any) -> None:
    stage.server.script = play.error(401, "Wrong key.", "invalid_api_key")
    with pytest.raises(AppError, match=t("en", "error.key_refused.title")):
        stage.describe(picture=picture)
    stage.server.script = play.answer("", finish="content_filter")
    with pytest.raises(AppError, match=t("en", "note.content_filter.title")):
        stage.describe(picture=picture)
