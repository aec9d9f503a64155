"""The table of fields and the text of the schema, each out of the other."""

import dataclasses
import json
from typing import Any

import pytest

from chat_core.extracting import load_presets
from chat_core.field_table import MOST_FIELDS, Field
from chat_ui import extract_view, extract_words, wanted
from chat_ui.extract_job import output_tokens_of
from chat_ui.texts import LANGUAGES, Language, t
from chat_ui.wanted import Row


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("preset", load_presets(), ids=lambda preset: preset.id)
def test_each_preset_is_a_table_and_a_schema_and_stays_both_when_made_strict(preset: Any, language: Language) -> None:
    first = wanted.of_fields(preset.fields(language))
    assert first.schema is not None
    assert wanted.of_text(first.text).rows == first.rows
    strict = wanted.strict(first)
    assert strict.strict_problems == ()
    assert strict.rows == first.rows
    assert output_tokens_of(first) >= 20


@pytest.mark.parametrize(
    ("rows", "rule"),
    [
        ([Row("")], "no_fields"),
        ([Row("a."), Row("b")], "no_name"),
        ([Row("", description="something")], "no_name"),
        ([Row("a"), Row("a")], "name_twice"),
        ([Row("a", "integer", choices="1, two")], "bad_choice"),
        ([Row("a", "number", choices="0.5, nan")], "bad_choice"),
        ([Row("a", "number", choices="1e999")], "bad_choice"),
        ([Row("a"), Row("a.b")], "not_a_parent"),
    ],
)
def test_rows_that_make_no_schema_stay_and_say_why(rows: list[Row], rule: str) -> None:
    found = wanted.of_rows(rows)
    assert found.rows == tuple(rows)
    assert found.schema is None
    assert found.table_error is not None
    assert found.table_error.rule == rule
    for language in LANGUAGES:
        assert extract_words.table_error(found.table_error, language)


def test_rows_beyond_the_most_are_told_and_not_dropped() -> None:
    schema = {"type": "object", "properties": {f"f{number}": {"type": "string"} for number in range(MOST_FIELDS)}}
    shown = wanted.of_text(json.dumps(schema)).rows
    assert shown is not None
    sent = wanted.rows_of([dataclasses.asdict(row) for row in shown])
    assert sent == shown
    for many in (wanted.of_rows([*sent, Row("one more")]), wanted.of_json(json.dumps([{"name": "a"}] * 600))):
        assert many.table_error is not None
        assert many.table_error.rule == "too_many_fields"


def test_an_empty_row_is_no_fault() -> None:
    assert wanted.of_rows([Row("a"), Row("")]).schema == wanted.of_rows([Row("a")]).schema


@pytest.mark.parametrize(
    ("kind", "choices", "enum"),
    [
        ("string", "red, green ,, blue", ["red", "green", "blue"]),
        ("integer", "1, 2", [1, 2]),
        ("number", "0.5, 2", [0.5, 2]),
        ("boolean", "yes", None),
    ],
)
def test_choices_are_values_of_their_type(kind: Any, choices: str, enum: list[Any] | None) -> None:
    schema = wanted.of_rows([Row("a", kind, choices=choices)]).schema
    assert schema is not None
    assert schema["properties"]["a"].get("enum") == enum


@pytest.mark.parametrize(
    ("text", "kind", "names"),
    [
        ('{"name": "Kim", "tags": ["a"]}', "example", ["name", "tags"]),
        ('[{"a": 1}, {"a": 2, "b": null}]', "example", None),
        ('{"type": "article", "n": 1}', "example", ["type", "n"]),
        ('{"properties": 3, "required": true}', "example", ["properties", "required"]),
        ('{"type": "object", "properties": {"a": {"type": "string"}}}', "schema", ["a"]),
        ('{"type": "object", "properties": {"a": {"type": "string", "maxLength": 3}}}', "schema", None),
        ('{"type": "object", "properties": {"a": {"enum": ["x, y"], "type": "string"}}}', "schema", None),
        ('{"type": "object", "properties": {"a": {"enum": ["", "x"], "type": "string"}}}', "schema", None),
        ('{"type": "object", "properties": {"a": {"description": "x\\ny", "type": "string"}}}', "schema", None),
        ('{"properties": {"a": {"type": "string", "description": "LONG"}}, "type": "object"}', "schema", None),
        ('{"type": "object", "properties": {" a": {"type": "string"}}}', "schema", None),
        ('{"name": "x", "strict": true, "schema": {"properties": {"a": {}}, "type": "object"}}', "schema", None),
        ('```json\n{"a": 1}\n```', "example", ["a"]),
    ],
)  # fmt: skip
def test_a_text_is_read_as_a_schema_or_as_an_example(text: str, kind: str, names: list[str] | None) -> None:
    text = text.replace("LONG", "x" * 2001)
    found = wanted.of_text(text)
    assert (found.kind, found.text) == (kind, text)
    assert found.schema is not None
    assert (None if found.rows is None else [row.name for row in found.rows]) == names


@pytest.mark.parametrize("text", ["", "  ", "{", "{'a': 1}", "5", '"text"', "{}", "[]", "null"])
def test_what_is_neither_says_so(text: str) -> None:
    found = wanted.of_text(text)
    assert found.schema is None
    assert found.problem is not None or found.not_a_schema


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ('[{"name": "a"}]', (Row("a"),)),
        (
            '[{"name": "a", "type": "integer", "required": false, "choices": [1, 2]}, {"name": "b", "is_list": true}]',
            (Row("a", "integer", required=False, choices="1, 2"), Row("b", is_list=True)),
        ),
    ],
)
def test_scripts_may_give_a_list_of_fields(text: str, rows: tuple[Row, ...]) -> None:
    assert wanted.of_json(text).rows == rows


@pytest.mark.parametrize("text", ['[{"name": "Kim", "age": 5}]', '[{"name": 5}]', '[{"name": "a", "type": "Mr"}]'])
def test_a_list_of_other_things_is_an_example(text: str) -> None:
    assert wanted.of_json(text).kind == "example"


@pytest.mark.parametrize("sent", [None, "rows", {"name": "a"}, [1], [["a"]]])
def test_what_the_page_did_not_send_changes_nothing(sent: Any) -> None:
    assert wanted.rows_of(sent) is None


def test_rows_from_the_page_are_cut_to_what_they_may_be() -> None:
    (row,) = wanted.rows_of([{"name": 5, "type": "evil", "description": "x" * 9000, "required": 1}]) or ()
    assert (row.name, row.type, len(row.description), row.required) == ("5", "string", wanted.LONGEST_CELL, False)


def test_half_a_letter_is_read_as_a_sign_that_a_page_can_hold() -> None:
    for found in (
        wanted.of_text('{"a\ud800": "x"}'),
        wanted.of_rows(wanted.rows_of([{"name": "a\ud800", "description": "\udfff"}]) or ()),
    ):
        assert found.schema is not None
        assert list(found.schema["properties"]) == ["a\ufffd"]
        assert extract_view.checks_html(found, "en").encode()
        assert repr(found).encode()


@pytest.mark.parametrize("read", [wanted.of_text, wanted.of_json])
def test_a_schema_that_is_too_long_says_so(read: Any) -> None:
    found = read(json.dumps({"a": "x" * wanted.LONGEST_SCHEMA}))
    assert found.schema is None
    assert found.rows == ()
    for language in LANGUAGES:
        assert t(language, "extract.schema_too_long", most="200,000") in extract_view.checks_html(found, language)


def test_a_schema_keeps_its_places_in_words() -> None:
    fields = [Field("items", "object", is_list=True), Field("items.price", "number", required=False)]
    (problem,) = wanted.of_fields(fields).strict_problems
    assert extract_words.schema_place(problem.pointer) == "items.price"
    data = {"items": [{"a/b": 1}], "years": {"2026": {"0": 1}}, "9" * 5000: 1}
    assert extract_words.value_place("/items/0/a~1b", data) == "items[1].a/b"
    assert extract_words.value_place("/items/0/missing", data) == "items[1].missing"
    # A key of digits is a name, however long.
    assert extract_words.value_place("/years/2026/0", data) == "years.2026.0"
    assert extract_words.value_place("/" + "9" * 5000, data) == "9" * 5000
    assert json.loads(wanted.of_fields(fields).text)["properties"]["items"]["items"]["properties"]["price"]
