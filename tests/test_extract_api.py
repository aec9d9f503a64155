"""The endpoint /extract through ``gradio_client``: what is wanted in, data and what is wrong with it out."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from chat_core.connections import Connection
from chat_core.settings import Clocks, Settings
from chat_ui.layout import build_app
from chat_ui.texts import t
from tests import scripted_server as play
from tests.scripted_server import ScriptedServer

CALM = Clocks(retry_pause=0.01)
NAMES = '[{"name": "people", "is_list": true}]'


@dataclass(frozen=True)
class Stage:
    client: Client
    server: ScriptedServer

    def extract(self, **given: Any) -> Any:
        return self.client.predict(**given, api_name="/extract")

    @property
    def body(self) -> dict[str, Any]:
        return self.server.requests[-1].body


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
    running.server.script = play.answer('{"people": ["흥부", ', '"놀부"]}')
    running.server.requests.clear()
    return running


def test_a_text_and_a_list_of_fields_give_data_step_usage_and_price(stage: Stage) -> None:
    data, errors, step, usage, dollars = stage.extract(text="흥부와 놀부", schema=NAMES)
    assert (data, errors, step, dollars) == ({"people": ["흥부", "놀부"]}, [], "json_schema", "unknown")
    assert usage == {"requests": 1, "input_tokens": 12, "output_tokens": 3, "estimated": False}
    schema = stage.body["response_format"]["json_schema"]["schema"]
    assert schema["properties"] == {"people": {"type": "array", "items": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        '{"people": ["Anna"]}',
        '{"type": "object", "properties": {"people": {"type": "array", "items": {"type": "string"}}}, '
        '"required": ["people"]}',
    ],
    ids=["example", "schema"],
)
def test_an_example_and_a_schema_say_the_same(stage: Stage, schema: str) -> None:
    assert stage.extract(text="x", schema=schema, model="gpt-4o-mini")[0] == {"people": ["흥부", "놀부"]}
    assert stage.body["model"] == "gpt-4o-mini"
    assert stage.body["response_format"]["json_schema"]["schema"]["required"] == ["people"]


def test_a_preset_and_a_picture(stage: Stage, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "teal").save(tmp_path / "card.png")
    stage.server.script = play.answer(json.dumps({"people": []}))
    stage.extract(picture=handle_file(tmp_path / "card.png"), preset="people", language="ko")
    system, question = stage.body["messages"]
    assert "이름" in system["content"]
    assert question["content"][0]["type"] == "image_url"


def test_what_is_not_as_it_should_be_is_told_with_its_place(stage: Stage) -> None:
    stage.server.script = play.answer('{"people": [5]}')
    data, errors, _, usage, _ = stage.extract(text="x", schema=NAMES)
    assert data == {"people": [5]}
    assert [(error["pointer"], error["rule"]) for error in errors] == [("/people/0", "type")]
    assert errors[0]["sentence"].startswith("people[1]: ")
    assert usage["requests"] == 2
    stage.server.script = play.answer('{"people": ["A', finish="length")
    data, errors, _, usage, _ = stage.extract(text="x", schema=NAMES)
    assert (data, usage["requests"]) == (None, 1)
    assert [error["sentence"] for error in errors] == [t("en", "extract.cut")]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"schema": NAMES}, t("en", "extract.no_source")),
        ({"text": "x"}, t("en", "extract.no_wanted")),
        ({"text": "x", "preset": "no_such"}, t("en", "extract.unknown_preset", preset="no_such")),
        ({"text": "x", "schema": '{"a": '}, "Line 1, column 7"),
        ({"text": "x", "schema": "5"}, "no JSON Schema"),
        ({"text": "x", "schema": '[{"name": "a..b"}]'}, "a..b"),
        ({"url": "http://127.0.0.1/cat.png", "schema": NAMES}, t("en", "error.bad_url.private_address")),
    ],
    ids=["no source", "nothing wanted", "preset", "half JSON", "a number", "a name", "this machine"],
)
def test_what_cannot_be_asked_is_said_in_words(stage: Stage, given: dict[str, Any], words: str) -> None:
    with pytest.raises(AppError) as caught:
        stage.extract(**given)
    assert words in str(caught.value)
    assert stage.server.requests == []


def test_a_failure_is_an_error_with_our_sentence(stage: Stage) -> None:
    stage.server.script = play.error(401, "Wrong key.", "invalid_api_key")
    with pytest.raises(AppError, match=t("en", "error.key_refused.title")):
        stage.extract(text="x", schema=NAMES)
