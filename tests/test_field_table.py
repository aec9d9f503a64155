"""A table of fields as a schema, and back."""

from dataclasses import replace
from typing import Any

import pytest

from chat_core.extracting import load_presets
from chat_core.field_table import Field, FieldTableError, fields_of, schema_of
from chat_core.schemas import made_strict, strict_problems

TABLES: dict[str, tuple[Field, ...]] = {
    "one": (Field("name"),),
    "types": (Field("a"), Field("b", "number"), Field("c", "integer"), Field("d", "boolean"), Field("e", "date")),
    "described and optional": (Field("name", description="the name", required=False),),
    "choices": (
        Field("mood", choices=("good", "bad"), required=False),
        Field("stars", "integer", choices=(1, 2)),
        Field("tags", is_list=True, choices=("x",)),
    ),
    "an object": (Field("buyer.name"), Field("buyer.address.city", required=False)),
    "an object that may be missing": (Field("buyer", "object", "who pays", required=False), Field("buyer.name")),
    "lists": (Field("tags", is_list=True, description="words"), Field("days", "date", is_list=True, required=False)),
    "a list of objects": (
        Field("items", "object", is_list=True),
        Field("items.price", "number", required=False),
        Field("items.parts", "object", is_list=True, required=False, description="of what it is made"),
        Field("items.parts.name"),
    ),
}
TABLES |= {
    f"preset {preset.id}, {language}": preset.fields(language) for preset in load_presets() for language in ("ko", "en")
}


@pytest.mark.parametrize("name", TABLES)
def test_there_and_back(name: str) -> None:
    schema = schema_of(TABLES[name])
    assert fields_of(schema) == TABLES[name]
    strict = made_strict(schema)
    assert strict_problems(strict) == ()
    assert fields_of(strict) == TABLES[name]


def test_the_schema_of_a_table() -> None:
    rows = [
        Field("buyer.name", description="who"),
        Field("items", "object", is_list=True),
        Field("items.price", "number"),
    ]
    item = {"type": "object", "properties": {"price": {"type": "number"}}, "required": ["price"]}
    buyer = {"type": "object", "properties": {"name": {"type": "string", "description": "who"}}, "required": ["name"]}
    assert schema_of(rows) == {
        "type": "object",
        "properties": {
            "buyer": buyer | {"additionalProperties": False},
            "items": {"type": "array", "items": item | {"additionalProperties": False}},
        },
        "required": ["buyer", "items"],
        "additionalProperties": False,
    }


def test_a_parent_that_says_nothing_is_left_out() -> None:
    assert fields_of(schema_of([Field("a", "object"), Field("a.b")])) == (Field("a.b"),)


def test_a_parent_may_come_after_its_fields() -> None:
    rows = (Field("a.b"), Field("a", "object", is_list=True))
    assert fields_of(schema_of(rows)) == (rows[1], rows[0])


@pytest.mark.parametrize(
    ("rows", "rule", "name"),
    [
        ([], "no_fields", ""),
        ([Field("")], "no_name", ""),
        ([Field("a..b")], "no_name", "a..b"),
        ([Field(".".join("abcdefghijk"))], "no_name", ".".join("abcdefghijk")),
        ([Field("a"), Field("a")], "name_twice", "a"),
        ([Field("a"), Field("a.b")], "not_a_parent", "a.b"),
        # A type that no editor offers, as a request of the endpoint may hold it.
        ([replace(Field("a"), type="text")], "unknown_type", "a"),
        ([Field("a", "integer", choices=("x",))], "bad_choice", "a"),
        ([Field("a", "date", choices=("2026-01-01",))], "bad_choice", "a"),
        ([Field(f"f{n}") for n in range(501)], "too_many_fields", ""),
    ],
)
def test_tables_that_make_no_schema(rows: list[Field], rule: str, name: str) -> None:
    with pytest.raises(FieldTableError) as caught:
        schema_of(rows)
    assert (caught.value.rule, caught.value.name) == (rule, name)


def with_property(schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": schema}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"anyOf": [{"type": "string"}]},
        with_property({"type": "string", "pattern": "x"}),
        with_property({"type": "string", "format": "email"}),
        with_property({"type": ["string", "number"]}),
        with_property({"anyOf": [{"type": "string"}, {"type": "number"}]}),
        with_property({"$ref": "#/$defs/x"}),
        with_property({"type": "array", "items": {"type": "array", "items": {"type": "string"}}}),
        with_property({"type": "array", "items": {"type": "string"}, "minItems": 1}),
        with_property({"type": "array", "items": {"type": "string", "description": "x"}}),
        with_property({"type": "object", "additionalProperties": {"type": "string"}}),
        with_property({"type": "string"}) | {"description": "x"},
        with_property({"type": "string"}) | {"additionalProperties": True},
        {"type": "object", "properties": {"a.b": {"type": "string"}}},
        {"type": "object", "properties": {"a": True}},
        {"type": "object", "properties": {"a": {"type": "string", "enum": "x"}}},
        {"type": "object", "properties": {"a": {"type": ["null"]}}},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": [["a"]]},
        {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["b"]},
    ],
)
def test_schemas_that_say_more_than_a_table(schema: dict[str, Any]) -> None:
    assert fields_of(schema) is None
