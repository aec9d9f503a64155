"""JSON Schemas: the rules of strict structured output, a schema made to keep them, and values checked against one.

Pure. The rules are those of OpenAI's guide "Structured outputs" (sections "Supported schemas" and "JSON mode"), as of
November 2026. Schemas come from strangers: nothing is ever fetched, and work, depth and patterns are bounded.
"""

import copy
import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, time
from time import monotonic
from typing import Any

# jsonschema and regex bring no types of their own.
import jsonschema  # type: ignore[import-untyped]
import referencing.exceptions
import referencing.jsonschema
import regex  # type: ignore[import-untyped]

from chat_core.json_output import pointer_to

MOST_PROPERTIES = 5_000
MOST_LEVELS = 10
MOST_CHARACTERS = 120_000
MOST_ENUM_VALUES = 1_000
# An enum with more values than this may hold so many characters.
LONG_ENUM_VALUES = 250
LONG_ENUM_CHARACTERS = 15_000

TYPES = ("string", "number", "integer", "boolean", "object", "array", "null")
# Where a root that is no object is put by ``made_strict``.
WRAPPER = "value"

_SUPPORTED = frozenset(
    (
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
        "title",
        "description",
        "pattern",
        "format",
        "multipleOf",
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "minItems",
        "maxItems",
    )
)
# What can be taken away: nothing that was allowed before is forbidden then. The rest of what is not supported gives the
# values their shape (allOf, patternProperties, prefixItems ...), and without it something else would be asked for.
_REMOVABLE = frozenset(
    (
        "$schema",
        "$id",
        "$anchor",
        "$comment",
        "default",
        "examples",
        "example",
        "deprecated",
        "readOnly",
        "writeOnly",
        "contentEncoding",
        "contentMediaType",
        "contentSchema",
        "minLength",
        "maxLength",
        "uniqueItems",
        "minProperties",
        "maxProperties",
        "propertyNames",
        "contains",
        "minContains",
        "maxContains",
        "dependentRequired",
        "dependentSchemas",
        "dependencies",
        "not",
        "if",
        "then",
        "else",
        "unevaluatedProperties",
        "unevaluatedItems",
        "additionalItems",
        "nullable",
        "discriminator",
        "xml",
        "externalDocs",
    )
)
# What gives a value its shape; beside a reference it would be lost.
_SHAPING = frozenset(("properties", "required", "items", "enum", "const", "anyOf", "oneOf", "allOf"))
# Levels of schema inside schema that are looked at at all.
_DEEPEST = 60


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """A rule of strict structured output that a schema breaks.

    ``pointer``: the JSON pointer of the place in the schema; empty for the root.  ``rule``: one of the identifiers
    below.  ``values``: what fills the sentence: ``name`` (of a property), ``keyword``, ``type``, ``ref``, or ``count``
    and ``limit``.

    root_not_object, root_any_of: the root has to be an object.  open_object: additionalProperties is not false.
    free_object: an object without named properties (a dictionary).  not_required: a property is optional.
    unknown_required: required names no property.  unsupported_keyword.  bad_keyword: its value is of the wrong kind.
    not_a_schema.  no_type.  unknown_type.  no_items: an array of anything.  bad_ref: is no place in this schema; an
    ``$anchor`` is none, since strict output does not take it.
    ref_with_others: keywords beside $ref.  too_many_properties, too_many_levels, too_many_characters,
    too_many_enum_values, enum_too_long.
    """

    pointer: str
    rule: str
    values: dict[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """A value that is not as the schema wants it.

    ``pointer``: the JSON pointer of the value (of a missing property: where it would be).  ``rule``: the schema's
    keyword in snake case (type, required, enum, pattern, min_items ...), or ``not_checked``.  ``values``: what fills
    the sentence: ``wanted`` and ``found`` as short JSON, or the ``keyword`` that was not checked.  ``words``: the same
    in the validator's English, for the model.
    """

    pointer: str
    rule: str
    values: dict[str, str] = field(default_factory=dict)
    words: str = ""


def strict_problems(schema: Any) -> tuple[SchemaProblem, ...]:
    """The rules of strict structured output that a schema breaks, in the order of the schema; none: it is legal."""
    if _too_deep(schema):
        return (SchemaProblem("", "too_many_levels", {"count": _DEEPEST, "limit": MOST_LEVELS}),)
    if not isinstance(schema, dict):
        return (SchemaProblem("", "not_a_schema"),)
    return (*_root_problems(schema), *_problems_below(schema, schema, ()), *_size_problems(schema))


def made_strict(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with every rule kept that can be kept; a new dict, its keys in the order of the old one.

    All properties are required, and the optional ones take null; additionalProperties is false; ``oneOf`` becomes
    ``anyOf``, ``definitions`` ``$defs``, an ``allOf`` whose parts do not contradict each other one schema; what only
    limits and is not supported is taken out; a root that is no object becomes the property ``WRAPPER`` of one
    (``is_wrapped``). What cannot be made strict (a dictionary with free keys, an array of anything, too many
    properties) stays, and ``strict_problems`` tells it.
    """
    if _too_deep(schema) or not isinstance(schema, dict):
        return schema
    made = _strict(_with_defs(schema))
    definitions = made.pop("$defs", None)
    target = _at(schema | ({"$defs": definitions} if definitions else {}), made["$ref"]) if "$ref" in made else None
    if isinstance(target, dict) and set(made) <= {"$ref"}:
        made = copy.deepcopy(target)
    if not _is_root(made):
        made = _moved_refs(made, "#", f"#/properties/{WRAPPER}")
        made = {"type": "object", "properties": {WRAPPER: made}, "required": [WRAPPER], "additionalProperties": False}
    return made | ({"$defs": definitions} if definitions else {})


def is_wrapped(schema: dict[str, Any], strict: dict[str, Any]) -> bool:
    """Whether ``made_strict`` has put the root into an object, so that the value stands in ``WRAPPER``."""
    return list(_dict(strict, "properties")) == [WRAPPER] and list(_dict(schema, "properties")) != [WRAPPER]


def without_optional_nulls(value: Any, schema: dict[str, Any]) -> Any:
    """A value that answers a schema made strict, as the schema itself asks for it: without the nulls of optional
    properties that take none."""
    return value if _too_deep(schema) or _too_deep(value) else _without_nulls(value, schema, schema)


def validate(value: Any, schema: dict[str, Any]) -> tuple[FieldProblem, ...]:
    """What in a value is not as the schema wants it, at most ``MOST_FIELD_PROBLEMS``, in the order of the schema.

    Raises nothing: where a schema is wrong, refers to something outside or would take too long, the rest is told as
    ``not_checked``. Formats date, time, date-time, email, ipv4, ipv6 and uuid are checked. Patterns are read by the
    rules of Python's ``regex``, each for at most a twentieth of a second, and all of them for a second.
    """
    if _too_deep(schema) or _too_deep(value):
        return (_not_checked("depth"),)
    checked, left_out = _without_pattern_properties(_with_nullable(schema))
    problems: list[FieldProblem] = [_not_checked("patternProperties")] if left_out else []
    try:
        for error in _checker(checked).iter_errors(value):
            for problem in _told(error):
                if problem not in problems:
                    problems.append(problem)
                if len(problems) >= MOST_FIELD_PROBLEMS:
                    break
            if len(problems) >= MOST_FIELD_PROBLEMS:
                break
    except _TooMuchWork:
        problems.append(_not_checked("size"))
    except Exception as error:
        # A schema from outside can be wrong in any way, and each way has an exception of its own.
        problems.append(_not_checked("$ref" if isinstance(error, _UNRESOLVED) else "schema"))
    return tuple(problems[:MOST_FIELD_PROBLEMS])


def schema_from_example(value: Any) -> dict[str, Any]:
    """A schema that an example of the wanted JSON keeps: keys are required, those missing in some entries of a list are
    optional, and ISO dates are dates."""
    return {"type": "string"} if _too_deep(value) else _of_examples([value])


# --- walking ---------------------------------------------------------------------------------------------------------


def _too_deep(value: Any) -> bool:
    """Whether a value is nested more deeply than any walk here should follow; found without recursion."""
    row = [value]
    for _ in range(2 * _DEEPEST):
        row = [item for item in row if isinstance(item, dict | list)]
        row = [below for item in row for below in (item.values() if isinstance(item, dict) else item)]
    return any(isinstance(item, dict | list) for item in row)


def _children(schema: dict[str, Any]) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for holder in ("properties", "$defs"):
        if isinstance(below := schema.get(holder), dict):
            yield from (((holder, name), child) for name, child in below.items())
    if isinstance(ways := schema.get("anyOf"), list):
        yield from ((("anyOf", place), child) for place, child in enumerate(ways))
    if "items" in schema:
        yield ("items",), schema["items"]


def _everything(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and all schemas in it."""
    if isinstance(schema, dict):
        yield schema
        for _, child in _children(schema):
            yield from _everything(child)


def _types(schema: dict[str, Any]) -> list[str]:
    kind = schema.get("type")
    return [kind] if isinstance(kind, str) else [name for name in _list(schema, "type") if isinstance(name, str)]


def _list(schema: dict[str, Any], name: str) -> list[Any]:
    below = schema.get(name)
    return below if isinstance(below, list) else []


# Python makes no number of thousands of digits.
_PLACE = re.compile(r"[0-9]{1,9}")


def _at(root: dict[str, Any], ref: Any) -> Any | None:
    """What a reference within this schema points to; None where it is no JSON pointer to anything in it."""
    if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
        return None
    found: Any = root
    for step in ref[1:].split("/")[1:]:
        step = step.replace("~1", "/").replace("~0", "~")
        if isinstance(found, list) and _PLACE.fullmatch(step) and int(step) < len(found):
            found = found[int(step)]
        elif isinstance(found, dict) and step in found:
            found = found[step]
        else:
            return None
    return found


# --- the rules -------------------------------------------------------------------------------------------------------

_KINDS: dict[str, type | tuple[type, ...]] = {
    "type": (str, list),
    "properties": dict,
    "required": list,
    "enum": list,
    "anyOf": list,
    "$defs": dict,
    "$ref": str,
    "title": str,
    "description": str,
    "pattern": str,
    "format": str,
    "multipleOf": (int, float),
    "minimum": (int, float),
    "maximum": (int, float),
    "exclusiveMinimum": (int, float),
    "exclusiveMaximum": (int, float),
    "minItems": int,
    "maxItems": int,
}


def _is_root(schema: dict[str, Any]) -> bool:
    return schema.get("type") == "object" and "anyOf" not in schema


def _root_problems(schema: dict[str, Any]) -> Iterator[SchemaProblem]:
    if "anyOf" in schema:
        yield SchemaProblem("", "root_any_of")
    elif schema.get("type") != "object":
        yield SchemaProblem("", "root_not_object", {"type": str(schema.get("type", ""))[:100]})


def _problems_below(schema: Any, root: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[SchemaProblem]:
    pointer = pointer_to(*path)
    if not isinstance(schema, dict):
        yield SchemaProblem(pointer, "not_a_schema")
        return
    for keyword, given in schema.items():
        if keyword not in _SUPPORTED:
            yield SchemaProblem(pointer, "unsupported_keyword", {"keyword": str(keyword)[:100]})
        elif not _fits(given, _KINDS.get(keyword)) or (keyword in ("enum", "anyOf", "type") and given == []):
            yield SchemaProblem(pointer, "bad_keyword", {"keyword": keyword})
    if "$ref" in schema:
        if _at(root, schema["$ref"]) is None:
            yield SchemaProblem(pointer, "bad_ref", {"ref": str(schema["$ref"])[:100]})
        if set(schema) - {"$ref", "$defs"}:
            yield SchemaProblem(pointer, "ref_with_others")
    else:
        yield from _type_problems(schema, pointer)
    for step, child in _children(schema):
        yield from _problems_below(child, root, (*path, *step))


def _fits(given: Any, kinds: type | tuple[type, ...] | None) -> bool:
    return kinds is None or (isinstance(given, kinds) and not isinstance(given, bool))


def _type_problems(schema: dict[str, Any], pointer: str) -> Iterator[SchemaProblem]:
    types = _types(schema)
    if not types and not {"enum", "const", "anyOf"} & set(schema):
        yield SchemaProblem(pointer, "no_type")
    for kind in types:
        if kind not in TYPES:
            yield SchemaProblem(pointer, "unknown_type", {"type": kind[:100]})
    if "object" in types or "properties" in schema:
        yield from _object_problems(schema, pointer)
    if "array" in types and "items" not in schema:
        yield SchemaProblem(pointer, "no_items")


def _object_problems(schema: dict[str, Any], pointer: str) -> Iterator[SchemaProblem]:
    properties = schema.get("properties")
    names = properties if isinstance(properties, dict) else {}
    listed = dict.fromkeys(name for name in _list(schema, "required") if isinstance(name, str))
    if schema.get("additionalProperties") is not False:
        yield SchemaProblem(pointer, "open_object" if names else "free_object")
    for name in names:
        if name not in listed:
            yield SchemaProblem(pointer + pointer_to("properties", name), "not_required", {"name": name[:100]})
    for name in listed:
        if name not in names:
            yield SchemaProblem(pointer, "unknown_required", {"name": name[:100]})


def _size_problems(schema: dict[str, Any]) -> Iterator[SchemaProblem]:
    properties = characters = values = 0
    for node in _everything(schema):
        names = [name for holder in ("properties", "$defs") for name in _dict(node, holder)]
        enum = node["enum"] if isinstance(node.get("enum"), list) else []
        texts = [item for item in enum if isinstance(item, str)]
        if len(enum) > LONG_ENUM_VALUES and (count := sum(map(len, texts))) > LONG_ENUM_CHARACTERS:
            yield SchemaProblem("", "enum_too_long", {"count": count, "limit": LONG_ENUM_CHARACTERS})
        const = node.get("const")
        properties += len(_dict(node, "properties"))
        characters += sum(map(len, names)) + sum(map(len, texts)) + (len(const) if isinstance(const, str) else 0)
        values += len(enum)
    counts = (
        ("too_many_properties", properties, MOST_PROPERTIES),
        ("too_many_levels", _object_levels(schema), MOST_LEVELS),
        ("too_many_characters", characters, MOST_CHARACTERS),
        ("too_many_enum_values", values, MOST_ENUM_VALUES),
    )
    for rule, count, limit in counts:
        if count > limit:
            yield SchemaProblem("", rule, {"count": count, "limit": limit})


def _dict(node: dict[str, Any], name: str) -> dict[str, Any]:
    below = node.get(name)
    return below if isinstance(below, dict) else {}


def _object_levels(schema: Any) -> int:
    """Objects within objects; a definition counts from its own root, since a recursive one has no depth."""
    if not isinstance(schema, dict):
        return 0
    own = 1 if "properties" in schema or "object" in _types(schema) else 0
    below = [(path[0], _object_levels(child)) for path, child in _children(schema)]
    inside = max((levels for holder, levels in below if holder != "$defs"), default=0)
    return max(own + inside, max((levels for holder, levels in below if holder == "$defs"), default=0))


# --- making strict ---------------------------------------------------------------------------------------------------


def _with_defs(schema: dict[str, Any]) -> dict[str, Any]:
    """A copy with the older ``definitions`` of the root under their newer name."""
    made: dict[str, Any] = copy.deepcopy(schema)
    if not isinstance(made.get("definitions"), dict):
        return made
    renamed = {"$defs" if key == "definitions" else key: value for key, value in made.items()}
    renamed["$defs"] = made["definitions"] | _dict(made, "$defs")
    moved: dict[str, Any] = _moved_refs(renamed, "#/definitions", "#/$defs")
    return moved


def _moved_refs(value: Any, old: str, new: str) -> Any:
    """A copy in which references to ``old`` or into it point to ``new``; those to definitions stay, unless they are
    what has moved."""
    if isinstance(value, list):
        return [_moved_refs(item, old, new) for item in value]
    if not isinstance(value, dict):
        return value
    moved = {key: _moved_refs(item, old, new) for key, item in value.items()}
    ref = moved.get("$ref")
    if isinstance(ref, str) and (ref == old or ref.startswith(old + "/")) and not ref.startswith("#/$defs/"):
        moved["$ref"] = new + ref[len(old) :]
    return moved


def _strict(schema: Any) -> Any:
    """One schema and all below it, made strict; what is no schema stays."""
    if not isinstance(schema, dict):
        return schema
    schema = _merged_all_of(schema)
    nullable = schema.get("nullable") is True
    renamed = {"anyOf" if key == "oneOf" and "anyOf" not in schema else key: item for key, item in schema.items()}
    made = {key: item for key, item in renamed.items() if key not in _REMOVABLE}
    if "$ref" in made:
        made = _lone_ref(made)
    if "type" not in made and (kind := _type_from(made)):
        made = {"type": kind, **made}
    for holder in ("properties", "$defs"):
        if isinstance(made.get(holder), dict):
            made[holder] = {name: _strict(child) for name, child in made[holder].items()}
    if isinstance(made.get("anyOf"), list):
        made["anyOf"] = [_strict(child) for child in made["anyOf"]]
    if "items" in made:
        made["items"] = _strict(made["items"])
    if isinstance(made.get("properties"), dict) and made["properties"]:
        made = _closed(made)
    return _with_null(made) if nullable else made


def _merged_all_of(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema with the parts of its ``allOf`` in its place; as it is, where they contradict each other, or one is a
    reference and others say more."""
    parts = schema.get("allOf")
    if not isinstance(parts, list) or not all(isinstance(part, dict) for part in parts):
        return schema
    merged: dict[str, Any] = {}
    for part in (*map(_merged_all_of, parts), {key: item for key, item in schema.items() if key != "allOf"}):
        for key, item in part.items():
            old = merged.get(key, item)
            if key == "properties" and isinstance(old, dict) and isinstance(item, dict):
                if any(old[name] != item[name] for name in old.keys() & item.keys()):
                    return schema
                merged[key] = old | item
            elif key == "required" and isinstance(old, list) and isinstance(item, list):
                merged[key] = [*old, *(name for name in item if name not in old)]
            elif key in ("title", "description") or old == item:
                merged[key] = item
            else:
                return schema
    return schema if "$ref" in merged and merged.keys() & _SHAPING else merged


def _lone_ref(schema: dict[str, Any]) -> dict[str, Any]:
    """A reference with nothing beside it: what describes it goes around it, and the rest it overrides anyway."""
    told = {key: item for key, item in schema.items() if key in ("title", "description")}
    defs = {"$defs": schema["$defs"]} if "$defs" in schema else {}
    return (told | {"anyOf": [{"$ref": schema["$ref"]}]} if told and not defs else {"$ref": schema["$ref"]}) | defs


def _type_from(schema: dict[str, Any]) -> str | list[str] | None:
    """The type that a schema leaves unsaid; None where it does not follow from the rest."""
    if "properties" in schema:
        return "object"
    if "items" in schema:
        return "array"
    if isinstance(values := schema.get("enum", [schema["const"]] if "const" in schema else None), list):
        kinds = list(dict.fromkeys(_kind(item) for item in values))
        return kinds[0] if len(kinds) == 1 else kinds or None
    return None


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """An object of exactly its properties; those that were optional take null."""
    listed = {name for name in _list(schema, "required") if isinstance(name, str)}
    properties = {
        name: child if name in listed or not isinstance(child, dict) else _with_null(child)
        for name, child in schema["properties"].items()
    }
    return schema | {"properties": properties, "required": list(properties), "additionalProperties": False}


def _takes_null(schema: dict[str, Any]) -> bool:
    ways = schema.get("anyOf")
    if isinstance(ways, list):
        return any(isinstance(way, dict) and _takes_null(way) for way in ways)
    if isinstance(schema.get("enum"), list) and None not in schema["enum"]:
        return False
    return "null" in _types(schema) or ("type" not in schema and None in _list(schema, "enum"))


def _with_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema as a union with null."""
    if _takes_null(schema):
        return schema
    if isinstance(schema.get("anyOf"), list):
        return schema | {"anyOf": [*schema["anyOf"], {"type": "null"}]}
    types = _types(schema)
    if types and not {"object", "array"} & set(types) and "const" not in schema:
        wider = schema | {"type": list(dict.fromkeys([*types, "null"]))}
        return wider | ({"enum": [*schema["enum"], None]} if isinstance(schema.get("enum"), list) else {})
    told = {key: item for key, item in schema.items() if key in ("title", "description")}
    inner = {key: item for key, item in schema.items() if key not in told}
    return {**told, "anyOf": [inner, {"type": "null"}]}


def _without_nulls(value: Any, schema: Any, root: dict[str, Any]) -> Any:
    if isinstance(value, list):
        items = next((way["items"] for way in _ways(schema, root) if "items" in way), None)
        return [_without_nulls(item, items, root) for item in value]
    if not isinstance(value, dict):
        return value
    schema = _way_meant(value, schema, root)
    properties = _dict(schema, "properties")
    required = {name for name in _list(schema, "required") if isinstance(name, str)}
    kept = {}
    for name, item in value.items():
        child = properties.get(name)
        if item is None and name not in required and isinstance(child, dict) and not _allows_null(child, root):
            continue
        kept[name] = _without_nulls(item, child, root)
    return kept


def _ways(schema: Any, root: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The schemas that a schema stands for: itself, or what its references and unions lead to, each once."""
    waiting, seen = [schema], set()
    while waiting:
        node = waiting.pop(0)
        if not isinstance(node, dict) or id(node) in seen:
            continue
        seen.add(id(node))
        node_ways = [way for key in ("anyOf", "oneOf", "allOf") for way in _list(node, key) if isinstance(way, dict)]
        waiting += [*node_ways, *([_at(root, node["$ref"])] if "$ref" in node else [])]
        if "properties" in node or "type" in node or not (node_ways or "$ref" in node):
            yield node


def _way_meant(value: dict[str, Any], schema: Any, root: dict[str, Any]) -> dict[str, Any]:
    """The first way of a schema that has properties for all of an object, and the constants that stand in it; where
    none has, the first of all."""
    ways = [way for way in _ways(schema, root) if "properties" in way]
    meant = (way for way in ways if value.keys() <= _dict(way, "properties").keys() and _has_constants(value, way))
    return next(meant, ways[0] if ways else {})


def _has_constants(value: dict[str, Any], way: dict[str, Any]) -> bool:
    """Whether the texts and numbers of an object are those that a way names."""
    for name, child in _dict(way, "properties").items():
        item = value.get(name)
        if isinstance(child, dict) and item is not None:
            values = [child["const"]] if "const" in child else child.get("enum")
            if isinstance(values, list) and item not in values:
                return False
    return True


def _allows_null(schema: dict[str, Any], root: dict[str, Any]) -> bool:
    return any(
        "null" in _types(way) or None in _list(way, "enum") or way.get("nullable") is True or way == {}
        for way in _ways(schema, root)
    )


# --- checking a value ------------------------------------------------------------------------------------------------

MOST_FIELD_PROBLEMS = 100
# Keywords looked at for one value; references to references can multiply without end.
_MOST_WORK = 300_000
# Following a reference takes as long as so many other keywords.
_REF_WORK = 40
_REFS = ("$ref", "$dynamicRef", "$recursiveRef")
_LONGEST_PATTERN = 1000
# Repetitions written out, which compiling a pattern multiplies.
_MOST_REPEATS = 20_000
_PATTERN_SECONDS = 0.05
# All patterns of one check together: one that stays just below its own limit may meet thousands of texts.
_ALL_PATTERNS_SECONDS = 1.0
_LONGEST_WORDS = 300
_COUNTS = re.compile(r"[0-9]{1,9}")
_DRAFTS = {
    "draft-04": jsonschema.Draft4Validator,
    "draft-06": jsonschema.Draft6Validator,
    "draft-07": jsonschema.Draft7Validator,
    "2019-09": jsonschema.Draft201909Validator,
}
_UNRESOLVED = referencing.exceptions.Unresolvable
_FORMATS = jsonschema.FormatChecker(("date", "email", "ipv4", "ipv6", "uuid"))


@_FORMATS.checks("date-time", ValueError)
def _is_moment(given: Any) -> bool:
    return not isinstance(given, str) or ("T" in given.upper() and datetime.fromisoformat(given) is not None)


@_FORMATS.checks("time", ValueError)
def _is_time(given: Any) -> bool:
    return not isinstance(given, str) or time.fromisoformat(given) is not None


class _TooMuchWork(Exception):
    """Ends a check that takes too long."""


def _checker(schema: dict[str, Any]) -> Any:
    """A validator of the schema's own draft that counts its steps, fetches nothing and bounds its patterns."""
    named = str(schema.get("$schema", ""))
    base = next((draft for name, draft in _DRAFTS.items() if name in named), jsonschema.Draft202012Validator)
    steps = [0]

    def counted(check: Callable[..., Any], work: int) -> Callable[..., Any]:
        def step(*given: Any) -> Any:
            steps[0] += work
            if steps[0] > _MOST_WORK:
                raise _TooMuchWork
            return check(*given)

        return step

    checks = {**base.VALIDATORS, "pattern": _pattern_check(), "uniqueItems": _unique, "enum": _enum_check()}
    counted_checks = {name: counted(check, _REF_WORK if name in _REFS else 1) for name, check in checks.items()}
    bounded = jsonschema.validators.extend(base, counted_checks)
    return bounded(schema, registry=referencing.jsonschema.EMPTY_REGISTRY, format_checker=_FORMATS)


def _unique(_: Any, wanted: Any, items: Any, __: Any) -> Iterator[Any]:
    """The check of ``uniqueItems``; the validator's own compares each item with each."""
    if wanted is True and isinstance(items, list) and len(set(map(_canonical, items))) < len(items):
        yield jsonschema.ValidationError(f"{_short(items)} has non-unique elements")


def _enum_check() -> Callable[..., Iterator[Any]]:
    """The check of ``enum``; the validator's own compares each value with each that is listed."""
    known: dict[int, set[str]] = {}

    def check(_: Any, listed: Any, value: Any, __: Any) -> Iterator[Any]:
        if id(listed) not in known:
            known[id(listed)] = set(map(_canonical, listed))
        if _canonical(value) not in known[id(listed)]:
            yield jsonschema.ValidationError(f"{_short(value)} is not one of {_short(listed)}")

    return check


def _canonical(value: Any) -> str:
    """JSON of a value, the same for all that JSON Schema calls equal: 1 and 1.0, but not true."""
    return json.dumps(_with_whole_numbers(value), sort_keys=True)


def _with_whole_numbers(value: Any) -> Any:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_with_whole_numbers(item) for item in value]
        case dict():
            return {key: _with_whole_numbers(item) for key, item in value.items()}
    return value


def _pattern_check() -> Callable[..., Iterator[Any]]:
    """The check of ``pattern``; one that cannot be searched for is told once and not tried again."""
    given_up: set[str] = set()
    spent = 0.0

    def check(_: Any, pattern: Any, value: Any, __: Any) -> Iterator[Any]:
        nonlocal spent
        if not isinstance(value, str) or pattern in given_up:
            return
        begun = monotonic()
        found = _searched(pattern, value) if spent < _ALL_PATTERNS_SECONDS else None
        spent += monotonic() - begun
        if found is None:
            given_up.add(pattern)
            yield jsonschema.ValidationError("The pattern was not checked.", validator="not_checked")
        elif not found:
            yield jsonschema.ValidationError(f"{_short(value)} does not match {_short(pattern)}")

    return check


def _searched(pattern: str, value: str) -> bool | None:
    """Whether the pattern is found; None where it is none, or one that would take too much time or memory."""
    repeats = math.prod(max(1, int(count)) for count in _COUNTS.findall(pattern[:_LONGEST_PATTERN]))
    if len(pattern) > _LONGEST_PATTERN or repeats > _MOST_REPEATS:
        return None
    try:
        return regex.search(pattern, value, timeout=_PATTERN_SECONDS) is not None
    except (regex.error, TimeoutError, ValueError, RecursionError):
        return None


def _with_nullable(value: Any) -> Any:
    """A schema with OpenAPI's ``nullable``, which no draft of JSON Schema knows, as unions with null."""
    if isinstance(value, list):
        return [_with_nullable(item) for item in value]
    if not isinstance(value, dict):
        return value
    made = {key: _with_nullable(item) for key, item in value.items()}
    if made.get("nullable") is not True:
        return made
    del made["nullable"]
    return _with_null(made) if made else made


def _without_pattern_properties(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The schema without ``patternProperties``, whose patterns nothing would bound, nor what goes by them; and whether
    there were any."""
    found = False

    def cleaned(value: Any) -> Any:
        nonlocal found
        if isinstance(value, list):
            return [cleaned(item) for item in value]
        if not isinstance(value, dict):
            return value
        if isinstance(value.get("patternProperties"), dict):
            found = True
            value = {key: item for key, item in value.items() if key not in _BY_PATTERN}
        return {key: cleaned(item) for key, item in value.items()}

    made = cleaned(schema)
    return (made, True) if found else (schema, False)


_BY_PATTERN = ("patternProperties", "additionalProperties", "unevaluatedProperties")


def _told(error: Any) -> Iterator[FieldProblem]:
    """What the validator says, by the fields it is about."""
    path, words = tuple(error.absolute_path), error.message[:_LONGEST_WORDS]
    keyword, wanted, found = error.validator, error.validator_value, error.instance
    if keyword == "not_checked":
        yield _not_checked("pattern", pointer_to(*path))
    elif keyword == "required":
        for name in wanted:
            if name not in found:
                yield FieldProblem(pointer_to(*path, name), "required", {"wanted": name}, f"{name!r} is missing")
    elif keyword in ("additionalProperties", "unevaluatedProperties") and isinstance(found, dict):
        known = _dict(error.schema, "properties")
        for name in (name for name in found if name not in known):
            rule = "additional_properties"
            yield FieldProblem(pointer_to(*path, name), rule, {"found": name}, f"{name!r} was not asked for")
    elif keyword in ("anyOf", "oneOf") and (meant := _meant(error.context)):
        for inner in meant:
            yield from _told(inner)
    else:
        values = {"wanted": _short(wanted), "found": _kind(found) if keyword == "type" else _short(found)}
        yield FieldProblem(pointer_to(*path), _snake(keyword), values, words)


def _meant(context: list[Any]) -> list[Any]:
    """The errors of the one way of a union that the value was meant for, by its type; empty where that is open."""
    ways: dict[Any, list[Any]] = {}
    for error in context:
        ways.setdefault(error.schema_path[0], []).append(error)
    fitting = [errors for errors in ways.values() if not any(_of_another_type(error) for error in errors)]
    return fitting[0] if len(fitting) == 1 else []


def _of_another_type(error: Any) -> bool:
    return error.validator == "type" and not error.relative_path


def _not_checked(keyword: str, pointer: str = "") -> FieldProblem:
    return FieldProblem(pointer, "not_checked", {"keyword": keyword}, f"{keyword} was not checked")


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 100 else f"{text[:99]}…"


def _snake(keyword: Any) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", str(keyword)).lower()


def _kind(value: Any) -> str:
    """The JSON type of a value."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


# --- from examples ---------------------------------------------------------------------------------------------------

# Entries of a list that are looked at.
_MOST_EXAMPLES = 200
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _of_examples(values: list[Any]) -> dict[str, Any]:
    """The schema that all these examples keep."""
    kinds = list(dict.fromkeys(_kind(value) for value in values))
    if set(kinds) == {"integer", "number"}:
        kinds = ["number"]
    told = [kind for kind in kinds if kind != "null"]
    if not told:
        return {"type": ["string", "null"]} if kinds else {"type": "string"}
    ways = [_of_kind(kind, [value for value in values if value is not None], len(told) == 1) for kind in told]
    made = ways[0] if len(ways) == 1 else {"anyOf": ways}
    return _with_null(made) if "null" in kinds else made


def _of_kind(kind: str, values: list[Any], only: bool) -> dict[str, Any]:
    mine = values if only else [value for value in values if _kind(value) == kind]
    if kind == "object":
        names = dict.fromkeys(name for value in mine for name in value)
        properties = {name: _of_examples([value[name] for value in mine if name in value]) for name in names}
        required = [name for name in names if all(name in value for value in mine)]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    if kind == "array":
        entries = [entry for value in mine for entry in value][:_MOST_EXAMPLES]
        return {"type": "array", "items": _of_examples(entries)}
    if kind == "string" and all(_DATE.fullmatch(value) for value in mine):
        return {"type": "string", "format": "date"}
    return {"type": kind}
