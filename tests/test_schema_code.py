"""Extractions as Python scripts: they run, send what was sent, and their models take what the schema takes."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from chat_core.extracting import load_presets
from chat_core.extraction import opening_request
from chat_core.field_table import schema_of
from chat_core.messages import ImagePart, TextPart
from chat_core.schema_code import as_code
from chat_core.wire import build

BODY = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True, "stream_options": {}}
URL = "http://127.0.0.1/v1"


class Client:
    """Stands for ``openai.OpenAI``: keeps what it was given, and answers with ``answer``."""

    sent: dict[str, Any]
    answer: str

    def __init__(self, **_: Any) -> None:
        self.chat = self
        self.completions = self

    def create(self, **given: Any) -> Any:
        Client.sent = given
        return SimpleNamespace(
            choices=[SimpleNamespace(message=SimpleNamespace(content=Client.answer))], usage="some tokens"
        )


def run(code: str, answer: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the script has extracted from this answer."""
    monkeypatch.setattr("openai.OpenAI", Client)
    Client.answer = answer
    space: dict[str, Any] = {"__name__": "script"}
    exec(compile(code, "script", "exec"), space)
    return space["extracted"]


@pytest.mark.parametrize("preset", load_presets(), ids=lambda preset: preset.id)
def test_the_script_of_each_preset_sends_the_same_request(
    preset: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG")
    monkeypatch.chdir(tmp_path)
    schema = schema_of(preset.fields("ko"))
    parts = [ImagePart(b"\x89PNG", "image/png", 4, 4, "a.png"), TextPart('그는 "안녕" 했다\n\\')]
    body = build(opening_request(parts, schema, model="m", instructions="뽑으세요")).body
    code = as_code(body, URL, schema, ("a.png",))
    assert "iVBO" not in code
    with pytest.raises(ValidationError):
        run(code, '{"nothing": "of it"}', monkeypatch)
    assert Client.sent == {name: value for name, value in body.items() if name not in ("stream", "stream_options")}


OBJECT = {"type": "object"}
TEXT = {"type": "string"}
NODE = {
    **OBJECT,
    "properties": {"name": TEXT, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
    "required": ["name", "children"],
}


DATE = {"type": "string", "format": "date"}


def an_object(required: tuple[str, ...] = (), **properties: Any) -> dict[str, Any]:
    return {**OBJECT, "properties": properties, "required": list(required)}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (an_object(("a",), a=TEXT), {"a": "x"}),
        (an_object(a=TEXT), {}),
        (
            an_object(**{"class": TEXT, "2nd": TEXT, "이름": TEXT, "a b": TEXT, "a-b": TEXT}),
            {"class": "1", "2nd": "2", "이름": "3", "a b": "4", "a-b": "5"},
        ),
        (an_object(n={"type": ["number", "null"]}, k={"enum": ["a", None]}), {"n": 0.5, "k": None}),
        (an_object(a={"anyOf": [TEXT, {"type": "integer"}]}, c={"const": 3}), {"a": 4, "c": 3}),
        (
            an_object(root={"$ref": "#/$defs/Node"}) | {"$defs": {"Node": NODE}},
            {"root": {"name": "a", "children": [{"name": "b", "children": []}]}},
        ),
        (an_object(next={"anyOf": [{"$ref": "#"}, {"type": "null"}]}), {"next": {"next": None}}),
        (an_object(next={"$ref": "#"}, list={"type": "array", "items": {"$ref": "#"}}), {"next": {}, "list": [{}]}),
        ({"type": "array", "items": an_object(a=TEXT)}, [{"a": "x"}]),
        (an_object(model_config=TEXT, copy=TEXT, Any=TEXT), {"model_config": "x", "copy": "y", "Any": "z"}),
        (
            an_object(이름=an_object(이름=TEXT), item=an_object(Item=TEXT)),
            {"이름": {"이름": "x"}, "item": {"Item": "y"}},
        ),
        (an_object(Item=an_object(a=TEXT), items=an_object(b=TEXT)), {"Item": {"a": "x"}, "items": {"b": "y"}}),
        (an_object(free=OBJECT, any=True, bad={"$ref": "#/nowhere"}), {"free": {"x": 1}, "any": [1], "bad": 2}),
        (an_object(str=TEXT, other={"type": "array", "items": TEXT}), {"str": "x", "other": ["y"]}),
        (
            an_object(date=DATE, due=DATE | {"description": "to \\ be"}) | {"description": 'says "hi"\nand more'},
            {"date": "2026-11-05", "due": "2026-11-06"},
        ),
    ],
)
def test_its_model_takes_what_the_schema_takes(
    schema: dict[str, Any], value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    extracted = run(as_code(BODY, URL, schema), json.dumps(value), monkeypatch)
    each = extracted if isinstance(extracted, list) else [extracted]
    told = [entry.model_dump(mode="json", by_alias=True, exclude_unset=True) for entry in each]
    assert (told if isinstance(value, list) else told[0]) == value


def test_a_schema_without_end_is_written_all_the_same() -> None:
    schema: dict[str, Any] = TEXT
    for _ in range(200):
        schema = {"type": "array", "items": schema}
    assert "Any" in as_code(BODY, URL, {**OBJECT, "properties": {"deep": schema}})
    twice = {"anyOf": [{"$ref": "#/$defs/a"}, {"type": "array", "items": {"$ref": "#/$defs/a"}}]}
    assert "Any" in as_code(BODY, URL, an_object(a={"$ref": "#/$defs/a"}) | {"$defs": {"a": twice}})
