"""The ``response_format`` of a request: its rules, and those of strict schemas (OpenAI guide "Structured outputs")."""

from typing import Any

from demo_model import errors
from demo_model.call import AnyJson, SchemaJson, Turn
from demo_model.errors import ApiError
from demo_model.lazy_regex import lazy_regex

_TYPES = ("json_object", "json_schema", "text")
_NAME = lazy_regex(r"[a-zA-Z0-9_-]{1,64}")
_KEYWORDS: tuple[tuple[tuple[str, ...], type | tuple[type, ...], str], ...] = (
    (("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), (int, float), "a number"),
    (("minItems", "maxItems"), int, "an integer"),
    (("required", "enum", "anyOf"), list, "an array"),
    (("type",), (str, list), "a string or an array"),
)
_DEEPEST = 12
"""Levels of nesting that are looked at. The API allows ten of objects."""


def read_format(given: Any, turns: tuple[Turn, ...]) -> AnyJson | SchemaJson | None:
    """Check the format against the messages; None: plain text. Raises ApiError."""
    if given is None:
        return None
    if not isinstance(given, dict):
        raise errors.wrong_type("response_format", "an object", given)
    kind = given.get("type")
    if kind is None:
        raise errors.missing("response_format.type")
    if kind not in _TYPES:
        raise errors.wrong_value("response_format.type", kind, _TYPES)
    if kind == "text":
        return None
    if kind == "json_schema":
        return _schema(given.get("json_schema"))
    if not any("json" in turn.text.lower() for turn in turns):
        raise ApiError(
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
            param="messages",
        )
    return AnyJson()


def _schema(given: Any) -> SchemaJson:
    param = "response_format.json_schema"
    if given is None:
        raise errors.missing(param)
    if not isinstance(given, dict):
        raise errors.wrong_type(param, "an object", given)
    name, schema = given.get("name"), given.get("schema")
    if name is None:
        raise errors.missing(f"{param}.name")
    if not isinstance(name, str):
        raise errors.wrong_type(f"{param}.name", "a string", name)
    if not _NAME.fullmatch(name):
        raise ApiError(
            f"Invalid '{param}.name': string does not match pattern. Expected a string that matches the pattern "
            "'^[a-zA-Z0-9_-]+$', of at most 64 characters.",
            param=f"{param}.name",
            code="invalid_value",
        )
    if schema is None:
        raise errors.missing(f"{param}.schema")
    if not isinstance(schema, dict):
        raise errors.wrong_type(f"{param}.schema", "an object", schema)
    if schema.get("type") != "object":
        raise _refused(
            name, (), f"schema must be a JSON Schema of 'type: \"object\"', got 'type: {schema.get('type')!r}'"
        )
    _check_level(schema, name, (), strict=given.get("strict") is True)
    return SchemaJson(schema)


def _check_level(schema: Any, name: str, path: tuple[str, ...], *, strict: bool) -> None:
    """One level of a schema and all below it: well formed, and, if strict, closed and with every key required."""
    if not isinstance(schema, dict):
        raise _refused(name, path, "a schema must be an object")
    if len(path) > 2 * _DEEPEST:
        raise _refused(name, path[:4], "the schema is nested too deeply")
    for names, kind, wanted in _KEYWORDS:
        for keyword in names:
            if keyword in schema and (not isinstance(schema[keyword], kind) or isinstance(schema[keyword], bool)):
                raise _refused(name, path, f"'{keyword}' must be {wanted}")
    properties = schema.get("properties", {})
    if not isinstance(properties, dict):
        raise _refused(name, path, "'properties' must be an object")
    if strict and (schema.get("type") == "object" or properties):
        if schema.get("additionalProperties") is not False:
            raise _refused(name, path, "'additionalProperties' is required to be supplied and to be false")
        required = schema.get("required")
        absent = [key for key in properties if not isinstance(required, list) or key not in required]
        if absent:
            raise _refused(
                name,
                path,
                "'required' is required to be supplied and to be an array including every key in properties. "
                f"Missing '{absent[0]}'",
            )
    for key, child in _children(schema):
        _check_level(child, name, (*path, *key), strict=strict)


def _children(schema: dict[str, Any]) -> list[tuple[tuple[str, ...], Any]]:
    below: list[tuple[tuple[str, ...], Any]] = []
    for holder in ("properties", "$defs", "definitions"):
        entries = schema.get(holder)
        if isinstance(entries, dict):
            below += [((holder, key), child) for key, child in entries.items()]
    if "items" in schema:
        below.append((("items",), schema["items"]))
    options = schema.get("anyOf")
    if isinstance(options, list):
        below += [(("anyOf", str(number)), child) for number, child in enumerate(options)]
    return below


def _refused(name: str, path: tuple[str, ...], reason: str) -> ApiError:
    return ApiError(
        f"Invalid schema for response_format '{name}': In context={path}, {reason}.", param="response_format"
    )
