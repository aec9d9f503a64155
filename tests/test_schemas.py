"""The rules of strict structured output over a table of schemas, against a checker of its own; and values checked."""

import copy
import itertools
import json
import random
from typing import Any

import pytest

from chat_core import schemas
from chat_core.field_table import fields_of
from chat_core.schema_code import as_code
from chat_core.schemas import (
    is_wrapped,
    made_strict,
    schema_from_example,
    strict_problems,
    validate,
    without_optional_nulls,
)

TEXT: dict[str, Any] = {"type": "string"}
NUMBER: dict[str, Any] = {"type": "number"}


def closed(required: list[str] | None = None, **properties: Any) -> dict[str, Any]:
    """An object as strict mode wants it."""
    names = list(properties) if required is None else required
    return {"type": "object", "properties": properties, "required": names, "additionalProperties": False}


def opened(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def nested(levels: int) -> dict[str, Any]:
    schema = closed(a=TEXT)
    for _ in range(levels - 1):
        schema = closed(a=schema)
    return schema


NODE = closed(value=TEXT, next={"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]})

# --- the rules once more, in words as near to those of the guide as code can be --------------------------------------

SUPPORTED = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "anyOf",
    "$defs",
    "$ref",
}
SUPPORTED |= {"title", "description", "pattern", "format", "multipleOf", "minItems", "maxItems"}
SUPPORTED |= {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"}
KINDS = {"string", "number", "boolean", "integer", "object", "array", "null"}


def every(schema: Any) -> list[Any]:
    below: list[Any] = []
    if isinstance(schema, dict):
        below += schema.get("properties", {}).values() if isinstance(schema.get("properties", {}), dict) else []
        below += schema.get("$defs", {}).values()
        below += schema.get("anyOf", [])
        below += [schema["items"]] if "items" in schema else []
    return [schema] + [node for child in below for node in every(child)]


def depth(schema: Any) -> int:
    if not isinstance(schema, dict):
        return 0
    inside = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), schema.get("items")]
    return (schema.get("type") == "object") + max((depth(child) for child in inside), default=0)


def legal(root: dict[str, Any]) -> bool:
    """Whether a schema keeps the rules of strict structured output."""
    if root.get("type") != "object" or "anyOf" in root:
        return False
    properties = characters = values = 0
    for node in every(root):
        if not isinstance(node, dict) or not node.keys() <= SUPPORTED:
            return False
        if not isinstance(node.get("properties", {}), dict) or not isinstance(node.get("enum", []), list):
            return False
        kinds = node.get("type", [])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not set(kinds) <= KINDS or not (kinds or node.keys() & {"$ref", "anyOf", "enum", "const"}):
            return False
        names = list(node.get("properties", {}))
        is_closed = node.get("additionalProperties") is False and set(node.get("required", [])) == set(names)
        if ("object" in kinds or names) and not is_closed:
            return False
        if "array" in kinds and "items" not in node:
            return False
        if "$ref" in node:
            if len(node.keys() - {"$defs"}) > 1:
                return False
            way, _, name = node["$ref"].rpartition("/")
            if not (
                node["$ref"] == "#" or (way == "#/$defs" and name in root.get("$defs", {})) or way == "#/properties"
            ):
                return False
        texts = [item for item in [*node.get("enum", []), node.get("const")] if isinstance(item, str)]
        if len(node.get("enum", [])) > 250 and sum(map(len, texts)) > 15_000:
            return False
        properties += len(names)
        characters += sum(map(len, [*names, *node.get("$defs", {}), *texts]))
        values += len(node.get("enum", []))
    deepest = max(depth(schema) for schema in [root, *root.get("$defs", {}).values()])
    return properties <= 5000 and deepest <= 10 and characters <= 120_000 and values <= 1000


# (name, schema, rules that it breaks, what it is made: a schema, or the rules that are left)
LEGAL: dict[str, dict[str, Any]] = {
    "one property": closed(a=TEXT),
    "all types": closed(
        a=TEXT,
        b=NUMBER,
        c={"type": "integer"},
        d={"type": "boolean"},
        e={"type": "array", "items": TEXT},
        f=closed(g=TEXT),
    ),
    "no properties": closed(),
    "null union": closed(a={"type": ["string", "null"]}),
    "enum and const": closed(a={"type": "string", "enum": ["x", "y"]}, b={"type": "integer", "const": 1}),
    "anyOf below the root": closed(a={"anyOf": [closed(b=TEXT), closed(c=NUMBER)]}),
    "definitions": {**closed(a={"$ref": "#/$defs/d"}), "$defs": {"d": TEXT}},
    "recursion through a definition": {**closed(list={"$ref": "#/$defs/node"}), "$defs": {"node": NODE}},
    "recursion to the root": closed(children={"type": "array", "items": {"$ref": "#"}}),
    "limits on values": closed(
        a={"type": "string", "pattern": "^[a-z]+$", "format": "email"},
        b={"type": "number", "multipleOf": 0.5, "minimum": 0, "exclusiveMaximum": 9},
        c={"type": "array", "items": TEXT, "minItems": 1, "maxItems": 3},
    ),
    "titles and descriptions": {**closed(a={"type": "string", "description": "x"}), "title": "T", "description": "D"},
    "ten levels": nested(10),
    "5,000 properties": closed(**{f"p{n}": TEXT for n in range(5000)}),
    "1,000 enum values": closed(a={"type": "string", "enum": [f"v{n}" for n in range(1000)]}),
    "a property named like a keyword": closed(allOf=TEXT, properties=TEXT),
}

MENDED: dict[str, tuple[dict[str, Any], set[str], dict[str, Any]]] = {
    "open": (opened(a=TEXT) | {"required": ["a"]}, {"open_object"}, closed(a=TEXT)),
    "additionalProperties true": (closed(a=TEXT) | {"additionalProperties": True}, {"open_object"}, closed(a=TEXT)),
    "additionalProperties schema": (closed(a=TEXT) | {"additionalProperties": TEXT}, {"open_object"}, closed(a=TEXT)),
    "optional": (closed(["a"], a=TEXT, b=NUMBER), {"not_required"}, closed(a=TEXT, b={"type": ["number", "null"]})),
    "optional enum": (
        closed([], a={"type": "string", "enum": ["x"]}),
        {"not_required"},
        closed(a={"type": ["string", "null"], "enum": ["x", None]}),
    ),
    "optional const": (
        closed([], a={"const": "x"}),
        {"not_required"},
        closed(a={"anyOf": [{"type": "string", "const": "x"}, {"type": "null"}]}),
    ),
    "optional object": (
        closed([], a={"description": "D", **closed(b=TEXT)}),
        {"not_required"},
        closed(a={"description": "D", "anyOf": [closed(b=TEXT), {"type": "null"}]}),
    ),
    "optional list": (
        closed([], a={"type": "array", "items": TEXT}),
        {"not_required"},
        closed(a={"anyOf": [{"type": "array", "items": TEXT}, {"type": "null"}]}),
    ),
    "optional reference": (
        {**closed([], a={"$ref": "#/$defs/d"}), "$defs": {"d": TEXT}},
        {"not_required"},
        {**closed(a={"anyOf": [{"$ref": "#/$defs/d"}, {"type": "null"}]}), "$defs": {"d": TEXT}},
    ),
    "optional that takes null": (
        closed([], a={"anyOf": [TEXT, {"type": "null"}], "default": None}),
        {"not_required", "unsupported_keyword"},
        closed(a={"anyOf": [TEXT, {"type": "null"}]}),
    ),
    "optional inside a list": (
        closed(a={"type": "array", "items": opened(b=TEXT)}),
        {"open_object", "not_required"},
        closed(a={"type": "array", "items": closed(b={"type": ["string", "null"]})}),
    ),
    "no required at all": (
        opened(a=TEXT, b=NUMBER),
        {"open_object", "not_required"},
        closed(a={"type": ["string", "null"]}, b={"type": ["number", "null"]}),
    ),
    "required names nothing": (closed(["a", "b"], a=TEXT), {"unknown_required"}, closed(a=TEXT)),
    "lengths": (
        closed(a={"type": "string", "minLength": 1, "maxLength": 9}),
        {"unsupported_keyword"},
        closed(a=TEXT),
    ),
    "unique items": (
        closed(a={"type": "array", "items": TEXT, "uniqueItems": True}),
        {"unsupported_keyword"},
        closed(a={"type": "array", "items": TEXT}),
    ),
    "conditions": (
        closed(a=TEXT) | {"if": {"required": ["a"]}, "then": {}, "else": {}, "not": {}, "dependentRequired": {}},
        {"unsupported_keyword"},
        closed(a=TEXT),
    ),
    "annotations": (
        {"$schema": "https://json-schema.org/draft/2020-12/schema", **closed(a=TEXT | {"examples": ["x"]})},
        {"unsupported_keyword"},
        closed(a=TEXT),
    ),
    "oneOf": (
        closed(a={"oneOf": [TEXT, NUMBER]}),
        {"unsupported_keyword", "no_type"},
        closed(a={"anyOf": [TEXT, NUMBER]}),
    ),
    "allOf of one": (closed(a={"allOf": [TEXT]}), {"unsupported_keyword", "no_type"}, closed(a=TEXT)),
    "allOf of a reference": (
        closed(a={"allOf": [{"$ref": "#/$defs/b"}], "description": "B"}) | {"$defs": {"b": closed(b=TEXT)}},
        {"unsupported_keyword", "no_type"},
        closed(a={"description": "B", "anyOf": [{"$ref": "#/$defs/b"}]}) | {"$defs": {"b": closed(b=TEXT)}},
    ),
    "allOf that fits": (
        {"allOf": [opened(a=TEXT) | {"required": ["a"]}, opened(b=NUMBER) | {"required": ["b"]}]},
        {"unsupported_keyword", "no_type", "root_not_object"},
        closed(a=TEXT, b=NUMBER),
    ),
    "no type, but properties": (
        {"properties": {"a": TEXT}, "required": ["a"], "additionalProperties": False},
        {"root_not_object", "no_type"},
        closed(a=TEXT),
    ),
    "nullable of OpenAPI": (
        closed(a=TEXT | {"nullable": True}),
        {"unsupported_keyword"},
        closed(a={"type": ["string", "null"]}),
    ),
    "older definitions": (
        {**closed(a={"$ref": "#/definitions/d"}), "definitions": {"d": TEXT}},
        {"unsupported_keyword"},
        {**closed(a={"$ref": "#/$defs/d"}), "$defs": {"d": TEXT}},
    ),
    "described reference": (
        {**closed(a={"$ref": "#/$defs/d", "description": "D"}), "$defs": {"d": TEXT}},
        {"ref_with_others"},
        {**closed(a={"description": "D", "anyOf": [{"$ref": "#/$defs/d"}]}), "$defs": {"d": TEXT}},
    ),
    "root is a reference": (
        {"$ref": "#/$defs/node", "$defs": {"node": NODE}},
        {"root_not_object"},
        {**NODE, "$defs": {"node": NODE}},
    ),
    "root is an array": (
        {"type": "array", "items": TEXT},
        {"root_not_object"},
        closed(value={"type": "array", "items": TEXT}),
    ),
    "root is an array of itself": (
        {"type": "array", "items": {"$ref": "#"}},
        {"root_not_object"},
        closed(value={"type": "array", "items": {"$ref": "#/properties/value"}}),
    ),
    "root is a union": (
        {"anyOf": [closed(a=TEXT), closed(b=TEXT)]},
        {"root_any_of"},
        closed(value={"anyOf": [closed(a=TEXT), closed(b=TEXT)]}),
    ),
    "root is a string": (TEXT, {"root_not_object"}, closed(value=TEXT)),
    "root may be null": (
        closed(a=TEXT) | {"type": ["object", "null"]},
        {"root_not_object"},
        closed(value=closed(a=TEXT) | {"type": ["object", "null"]}),
    ),
}

HOPELESS: dict[str, tuple[dict[str, Any], set[str], set[str]]] = {
    "a dictionary": (
        closed(a={"type": "object", "additionalProperties": TEXT}),
        {"free_object"},
        {"free_object"},
    ),
    "any object": (closed(a={"type": "object"}), {"free_object"}, {"free_object"}),
    "any object as root": ({"type": "object"}, {"free_object"}, {"free_object"}),
    "keys by pattern": (
        closed(a={"type": "object", "patternProperties": {"^x": TEXT}, "additionalProperties": False}),
        {"unsupported_keyword"},
        {"unsupported_keyword"},
    ),
    "allOf that contradicts": (
        closed(a={"allOf": [TEXT, NUMBER]}),
        {"unsupported_keyword", "no_type"},
        {"unsupported_keyword", "no_type"},
    ),
    "allOf of a reference and more": (
        closed(a={"allOf": [{"$ref": "#/$defs/b"}, opened(c=TEXT)]}) | {"$defs": {"b": closed(b=TEXT)}},
        {"unsupported_keyword", "no_type"},
        {"unsupported_keyword", "no_type"},
    ),
    "tuple": (
        closed(a={"type": "array", "prefixItems": [TEXT, NUMBER]}),
        {"unsupported_keyword", "no_items"},
        {"unsupported_keyword", "no_items"},
    ),
    "array of anything": (closed(a={"type": "array"}), {"no_items"}, {"no_items"}),
    "anything": (closed(a={}), {"no_type"}, {"no_type"}),
    "true as a schema": (closed(a=True), {"not_a_schema"}, {"not_a_schema"}),
    "unknown type": (closed(a={"type": "date"}), {"unknown_type"}, {"unknown_type"}),
    "reference to nothing": (closed(a={"$ref": "#/$defs/none"}), {"bad_ref"}, {"bad_ref"}),
    "reference to an anchor": (closed(a={"$ref": "#addr"}), {"bad_ref"}, {"bad_ref"}),
    "reference to elsewhere": (closed(a={"$ref": "https://example.com/s.json"}), {"bad_ref"}, {"bad_ref"}),
    "enum that is no list": (closed(a={"type": "string", "enum": "x"}), {"bad_keyword"}, {"bad_keyword"}),
    "properties that are a list": (
        {"type": "object", "properties": ["a"], "additionalProperties": False},
        {"bad_keyword"},
        {"bad_keyword"},
    ),
    "eleven levels": (nested(11), {"too_many_levels"}, {"too_many_levels"}),
    "5,001 properties": (
        closed(**{f"p{n}": TEXT for n in range(5001)}),
        {"too_many_properties"},
        {"too_many_properties"},
    ),
    "1,001 enum values": (
        closed(a={"type": "string", "enum": [f"v{n}" for n in range(1001)]}),
        {"too_many_enum_values"},
        {"too_many_enum_values"},
    ),
    "a long enum": (
        closed(a={"type": "string", "enum": [f"{n:060}" for n in range(251)]}),
        {"enum_too_long"},
        {"enum_too_long"},
    ),
    "long names": (
        closed(**{f"{n:0600}": TEXT for n in range(201)}),
        {"too_many_characters"},
        {"too_many_characters"},
    ),
}


def rules(schema: dict[str, Any]) -> set[str]:
    return {problem.rule for problem in strict_problems(schema)}


def as_text(schema: dict[str, Any]) -> str:
    return json.dumps(schema)


@pytest.mark.parametrize("name", LEGAL)
def test_legal_schemas_stay_as_they_are(name: str) -> None:
    schema = LEGAL[name]
    assert legal(schema)
    assert strict_problems(schema) == ()
    assert made_strict(schema) == schema
    assert not is_wrapped(schema, schema)


@pytest.mark.parametrize("name", MENDED)
def test_what_the_others_are_made(name: str) -> None:
    schema, broken, wanted = MENDED[name]
    before = copy.deepcopy(schema)
    assert not legal(schema)
    assert rules(schema) == broken
    made = made_strict(schema)
    assert made == wanted
    assert legal(made)
    assert strict_problems(made) == ()
    assert made_strict(made) == made
    assert schema == before
    assert is_wrapped(schema, made) is (list(made["properties"]) == ["value"] and name.startswith("root"))


@pytest.mark.parametrize("name", HOPELESS)
def test_what_cannot_be_made_strict_stays_a_problem(name: str) -> None:
    schema, broken, left = HOPELESS[name]
    assert not legal(schema)
    assert rules(schema) == broken
    made = made_strict(schema)
    assert rules(made) == left
    assert not legal(made)


def test_keys_keep_their_order() -> None:
    schema = {"title": "T", "properties": {"z": TEXT, "a": {"description": "D", "type": "string"}}, "type": "object"}
    assert as_text(made_strict(schema)) == as_text(
        {
            "title": "T",
            "properties": {
                "z": {"type": ["string", "null"]},
                "a": {"description": "D", "type": ["string", "null"]},
            },
            "type": "object",
            "required": ["z", "a"],
            "additionalProperties": False,
        }
    )


def test_problems_have_places_and_values() -> None:
    schema = closed(
        ["a/b"], **{"a/b": {"type": "string", "minLength": 1}, "c": {"type": "array", "items": opened(d=TEXT)}}
    )
    told = [(problem.pointer, problem.rule, problem.values) for problem in strict_problems(schema)]
    assert told == [
        ("/properties/c", "not_required", {"name": "c"}),
        ("/properties/a~1b", "unsupported_keyword", {"keyword": "minLength"}),
        ("/properties/c/items", "open_object", {}),
        ("/properties/c/items/properties/d", "not_required", {"name": "d"}),
    ]


ODD = [None, True, 3, "x", [], {}, [["a"]], [None], {"a": 1}, {"type": 3}, {"enum": 3}, {"$ref": 3}, {"anyOf": 3}]


def spoiled(schema: Any, dice: random.Random) -> Any:
    """The schema with something odd in about one place of ten."""
    if dice.random() < 0.1:
        return dice.choice(ODD)
    if isinstance(schema, dict):
        return {key: spoiled(item, dice) for key, item in schema.items()}
    return [spoiled(item, dice) for item in schema] if isinstance(schema, list) else schema


@pytest.mark.parametrize("name", MENDED)
def test_schemas_may_be_wrong_in_any_way(name: str) -> None:
    dice = random.Random(name)
    for _ in range(40):
        schema = {key: spoiled(item, dice) for key, item in MENDED[name][0].items()}
        strict_problems(schema)
        strict_problems(made_strict(schema))
        is_wrapped(schema, made_strict(schema))
        fields_of(schema)
        for value in ({"a": None, "b": [{}]}, [None], None):
            validate(without_optional_nulls(value, schema), schema)


@pytest.mark.parametrize(
    "schema",
    [
        {"anyOf": [TEXT], "$ref": f"#/anyOf/{'9' * 5000}"},
        opened(a={"type": ["null", "null"]}),
        opened(a={"type": ["null", "null"], "enum": [None]}),
    ],
)
def test_odd_numbers_and_types_are_read_without_a_fault(schema: dict[str, Any]) -> None:
    assert strict_problems(schema)
    strict_problems(made_strict(schema))
    assert fields_of(schema) is None
    validate({"a": None}, schema)


@pytest.mark.parametrize("keyword", ["properties", "items", "anyOf"])
def test_a_schema_of_a_hundred_thousand_levels(keyword: str) -> None:
    schema: Any = TEXT
    for _ in range(100_000):
        schema = {keyword: {"a": schema} if keyword == "properties" else [schema] if keyword == "anyOf" else schema}
    assert rules(schema) == {"too_many_levels"}
    assert made_strict(schema) is schema
    assert [problem.rule for problem in validate(1, schema)] == ["not_checked"]


# --- values ----------------------------------------------------------------------------------------------------------

PERSON = closed(
    ["name"],
    name=TEXT,
    age={"type": "integer", "minimum": 0},
    born={"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
    mood={"type": "string", "enum": ["good", "bad"]},
    friends={"type": "array", "items": closed(name=TEXT), "maxItems": 2},
)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ({"name": "Anna"}, []),
        ({"name": "Anna", "born": "2001-02-03", "friends": [{"name": "Tom"}]}, []),
        ({}, [("/name", "required")]),
        ({"name": 3}, [("/name", "type")]),
        ({"name": "Anna", "age": -1, "mood": "so"}, [("/age", "minimum"), ("/mood", "enum")]),
        ({"name": "Anna", "born": "yesterday"}, [("/born", "format")]),
        ({"name": "Anna", "born": 3}, [("/born", "any_of")]),
        ({"name": "Anna", "nose": "long"}, [("/nose", "additional_properties")]),
        ({"name": "Anna", "friends": [{"name": "Tom"}, {}]}, [("/friends/1/name", "required")]),
        ({"name": "Anna", "friends": [{"name": ""}] * 3}, [("/friends", "max_items")]),
        ([], [("", "type")]),
    ],
)
def test_problems_stand_at_their_fields(value: Any, told: list[tuple[str, str]]) -> None:
    assert [(problem.pointer, problem.rule) for problem in validate(value, PERSON)] == told


def test_a_problem_has_values_for_a_sentence_and_words_for_the_model() -> None:
    (problem,) = validate({"name": "Anna", "age": "31"}, PERSON)
    assert problem.values == {"wanted": '"integer"', "found": "string"}
    assert problem.words == "'31' is not of type 'integer'"


@pytest.mark.parametrize(
    ("value", "schema", "keyword"),
    [
        (1, {"$ref": "https://example.com/s.json"}, "$ref"),
        (1, {"$ref": "file:///etc/passwd"}, "$ref"),
        (1, {"$ref": "#/$defs/none"}, "$ref"),
        (1, {"$ref": "#"}, "schema"),
        (1, {"minimum": "x"}, "schema"),
        (1, {"type": "nothing"}, "schema"),
        ("aaa", {"pattern": "((a{1000}){1000}){1000}"}, "pattern"),
        ("a" * 5000 + "b", {"pattern": "(a|aa)+$"}, "pattern"),
        ("a", {"pattern": "("}, "pattern"),
        ("a", {"pattern": "a" * 5000}, "pattern"),
        ({"a": 1}, {"patternProperties": {"(a+)+$": TEXT}, "additionalProperties": False}, "patternProperties"),
    ],
)
def test_what_a_hostile_schema_keeps_from_being_checked_is_told(value: Any, schema: Any, keyword: str) -> None:
    told = validate(value, schema)
    assert [(problem.rule, problem.values) for problem in told] == [("not_checked", {"keyword": keyword})]


def test_slow_patterns_end_together(monkeypatch: pytest.MonkeyPatch) -> None:
    searched: list[str] = []
    clock = itertools.count(0, 0.04)
    monkeypatch.setattr(schemas, "monotonic", lambda: next(clock))
    monkeypatch.setattr(schemas, "_searched", lambda _, value: searched.append(value) or True)
    told = validate(["x"] * 5000, {"type": "array", "items": {"type": "string", "pattern": "(a|aa)+$"}})
    assert [(problem.rule, problem.values) for problem in told] == [("not_checked", {"keyword": "pattern"})]
    assert len(searched) == 25


def test_references_that_multiply_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "_MOST_WORK", 10_000)
    two = {f"d{n}": {"anyOf": [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(40)}
    schema = {"$defs": two | {"d40": TEXT}, "$ref": "#/$defs/d0"}
    assert [problem.values for problem in validate(1, schema)] == [{"keyword": "size"}]


def test_problems_are_bounded_and_so_is_the_search_for_them(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len(validate([None] * 5000, {"type": "array", "items": TEXT})) == schemas.MOST_FIELD_PROBLEMS
    made: list[Any] = []
    problem = schemas.FieldProblem
    monkeypatch.setattr(schemas, "FieldProblem", lambda *given: made.append(given) or problem(*given))
    names = [f"field {number}" for number in range(5000)]
    missing = validate({}, {"type": "object", "required": names})
    assert [each.values["wanted"] for each in missing] == names[: schemas.MOST_FIELD_PROBLEMS]
    assert len(made) == schemas.MOST_FIELD_PROBLEMS


PETS = {
    "oneOf": [
        {"properties": {"kind": {"const": "cat"}, "lives": NUMBER}, "required": ["kind"]},
        {"properties": {"kind": {"const": "dog"}, "tricks": NUMBER, "lives": {}}, "required": ["kind", "lives"]},
        {"properties": {"kind": {"enum": ["owl", "crow"]}, "hoots": NUMBER}},
    ]
}


class Counted(str):
    """A name that counts how often it is compared with another."""

    compared = 0
    __hash__ = str.__hash__

    def __eq__(self, other: object) -> bool:
        Counted.compared += 1
        return str.__eq__(self, other)


def test_work_grows_with_the_fields_and_not_with_their_square() -> None:
    names = [f"field {number}" for number in range(1000)]
    schema = closed([Counted(name) for name in names]) | {"properties": {Counted(name): TEXT for name in names}}
    Counted.compared = 0
    assert fields_of(schema) is None
    assert strict_problems(schema) == ()
    assert made_strict(schema) == schema
    assert len(without_optional_nulls(dict.fromkeys(map(Counted, names)), schema)) == 1000
    assert "field_999" in as_code({"model": "m", "messages": []}, "", schema)
    assert Counted.compared < 30 * 1000


class Compared(dict[str, int]):
    """An object that counts how often it is compared with another."""

    count = 0
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        Compared.count += 1
        return dict.__eq__(self, other)


def test_each_value_is_not_compared_with_each() -> None:
    values = [Compared(a=number) for number in range(2000)]
    schema = {"type": "array", "uniqueItems": True, "items": {"enum": [Compared(value) for value in values]}}
    Compared.count = 0
    assert validate(values, schema) == ()
    assert Compared.count < 2000


@pytest.mark.parametrize(
    ("values", "unique"),
    [
        ([1, 2], True),
        ([1, 1.0], False),
        ([1, True], True),
        ([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], False),
        (["1", 1, None, "null", [], {}], True),
        (["가", "\uac00"], False),
    ],
)
def test_what_is_equal_and_what_is_not(values: list[Any], unique: bool) -> None:
    told = ["unique_items"] * (not unique)
    assert [problem.rule for problem in validate(values, {"type": "array", "uniqueItems": True})] == told
    assert validate(values, {"type": "array", "uniqueItems": False}) == ()
    listed = {"enum": [values[0]]}
    assert (validate(values[1], listed) == ()) == (not unique)


@pytest.mark.parametrize("value", [None, "x"])
def test_openapis_nullable_takes_null(value: Any) -> None:
    schema = opened(a={"type": "string", "nullable": True}, b={"$ref": "#/$defs/b", "nullable": True})
    schema |= {"$defs": {"b": TEXT}, "required": ["a", "b"]}
    given = {"a": value, "b": value}
    assert without_optional_nulls(given, schema) == given
    assert validate(given, schema) == ()
    assert [problem.rule for problem in validate({"a": 1, "b": value}, schema)] == ["type"]


@pytest.mark.parametrize(
    ("value", "schema", "kept"),
    [
        ({"name": "Anna", "age": None, "born": None}, PERSON, {"name": "Anna", "born": None}),
        ({"name": None}, PERSON, {"name": None}),
        ([{"a": None}, {"a": 1}], {"type": "array", "items": closed([], a=NUMBER)}, [{}, {"a": 1}]),
        (
            {"value": "x", "next": {"value": "y", "note": None, "next": None}},
            {"$defs": {"node": opened(value=TEXT, note=TEXT, next={"$ref": "#/$defs/node"})}, "$ref": "#/$defs/node"},
            {"value": "x", "next": {"value": "y"}},
        ),
        ({"kind": "cat", "lives": None}, PETS, {"kind": "cat"}),
        ({"kind": "dog", "lives": None}, PETS, {"kind": "dog", "lives": None}),
        ({"kind": "dog", "tricks": None}, PETS, {"kind": "dog"}),
        ({"kind": "owl", "hoots": None}, PETS, {"kind": "owl"}),
    ],
)
def test_nulls_that_only_strictness_asked_for_are_taken_out(value: Any, schema: Any, kept: Any) -> None:
    assert without_optional_nulls(value, schema) == kept


# --- from an example -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("example", "schema"),
    [
        (
            {"a": "x", "b": 1, "c": 1.5, "d": True},
            closed(a=TEXT, b={"type": "integer"}, c=NUMBER, d={"type": "boolean"}),
        ),
        ({"day": "2026-11-05"}, closed(day={"type": "string", "format": "date"})),
        ({"a": None, "b": []}, closed(a={"type": ["string", "null"]}, b={"type": "array", "items": TEXT})),
        ([{"a": 1}, {"a": 2.5, "b": "x"}], {"type": "array", "items": closed(["a"], a=NUMBER, b=TEXT)}),
        (["x", None], {"type": "array", "items": {"type": ["string", "null"]}}),
        ([1, "x"], {"type": "array", "items": {"anyOf": [{"type": "integer"}, TEXT]}}),
    ],
)
def test_a_schema_from_an_example(example: Any, schema: dict[str, Any]) -> None:
    assert schema_from_example(example) == schema
    assert validate(example, schema) == ()
