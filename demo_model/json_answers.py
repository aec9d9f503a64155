"""Answers in JSON: the shape comes from a schema, from an example in the messages, or is a few facts about the text.

What is not found in the text is null, or what the schema allows in its place. No pattern out of a schema is ever run.
"""

import json
import re
from collections.abc import Callable
from typing import Any

from demo_model import extracting, text_skills
from demo_model.call import AnyJson, SchemaJson, Turn
from demo_model.speaker import language_of
from demo_model.words import WORDS

_DECODER = json.JSONDecoder()
_MOST_TRIES = 50
_DEEPEST = 8
_MOST_VALUES = 2000
_KEY = r"[\"'`]?\w{1,40}[\"'`]?"
_KEY_LIST = re.compile(
    r"(?:keys?|fields?|properties|키|필드|항목)\s{0,3}(?:are|:|=|는|은)?\s{0,3}"
    rf"((?:{_KEY}\s{{0,3}},\s{{0,3}}){{1,30}}(?:and )?{_KEY})",
    re.IGNORECASE,
)

_FINDERS: dict[str, Callable[[str], list[Any]]] = {
    "emails": extracting.emails,
    "phones": extracting.phones,
    "urls": extracting.urls,
    "dates": extracting.dates,
    "currencies": extracting.currencies,
    "amounts": extracting.amounts,
    "ages": extracting.ages,
    "places": extracting.places,
    "people": extracting.people,
    "language": lambda text: [language_of(text)],
    "summary": lambda text: text_skills.key_sentences(text, 1),
    "key_words": text_skills.key_words,
    "title": lambda text: [text.strip().split("\n")[0][:80]] if text.strip() else [],
    "words": lambda text: [len(text.split())],
    "numbers": extracting.numbers,
}


def answer(turns: tuple[Turn, ...], last: Turn, wanted: AnyJson | SchemaJson | None) -> str:
    """One JSON object, on one line."""
    example, source = _example(turns, last)
    if isinstance(wanted, SchemaJson):
        value = _Filler(wanted.schema).fill(wanted.schema, "", source)
    elif example is not None:
        value = _like(example, "", source)
    elif keys := _key_list(turns, last):
        value = {key: _one(key, source) for key in keys}
    else:
        value = _facts(source)
    return json.dumps(value, ensure_ascii=False)


def has_example(text: str) -> bool:
    """Whether a JSON object stands in the text."""
    return _first_object(text) is not None


def _key_list(turns: tuple[Turn, ...], last: Turn) -> list[str]:
    """The keys that the instructions name ("keys: name, age"); empty: none."""
    for turn in (last, *turns):
        if turn.role != "assistant" and (found := _KEY_LIST.search(turn.text[:4000])):
            return [key for key in re.findall(r"\w+", found.group(1)) if key != "and"]
    return []


def _example(turns: tuple[Turn, ...], last: Turn) -> tuple[dict[str, Any] | None, str]:
    """The example of the last message, or of the system prompt, or of an earlier answer; and the text to read."""
    text = last.text[: extracting.LONGEST]
    if found := _first_object(text):
        value, start, end = found
        return value, _text_beside(text[:start], text[end:])
    for turn in reversed(turns):
        if turn.role != "user" and (found := _first_object(turn.text[:20_000])):
            return found[0], text
    return None, text


def _text_beside(before: str, after: str) -> str:
    """The text that is meant, before or after an example: as a rule it follows on a line of its own."""
    rest_of_line, _, below = after.partition("\n")
    if below.strip(" `\n"):
        return below
    return after if 2 * len(rest_of_line) > len(before) or rest_of_line.startswith((":", ".")) else before


def _first_object(text: str) -> tuple[dict[str, Any], int, int] | None:
    start = -1
    for _ in range(_MOST_TRIES):
        start = text.find("{", start + 1)
        if start < 0:
            return None
        try:
            value, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            continue
        if value:
            return value, start, end
    return None


def _find(key: str, text: str) -> list[Any] | None:
    """All values that a key of this name asks for; None if the name says nothing."""
    return next((_FINDERS[finder](text) for finder, names in WORDS["keys"].items() if _named(key, names)), None)


def _named(key: str, names: list[str]) -> bool:
    """Whether a key's name holds one of the names: short ones as words of their own ("age" is not in "page")."""
    plain = key.lower()
    words = re.split(r"[^a-z가-힣]+", plain)
    return any(
        name in words or f"{name}s" in words or ((len(name) > 3 or name >= "가") and name in plain) for name in names
    )


def _one(key: str, text: str) -> Any:
    found = _find(key, text)
    return found[0] if found else None


def _like(example: Any, key: str, text: str, depth: int = 0) -> Any:
    """A value of the example's shape, filled from the text."""
    if isinstance(example, dict) and depth < _DEEPEST:
        return {name: _like(inner, name, text, depth + 1) for name, inner in example.items()}
    if isinstance(example, list):
        inner = example[0] if example else ""
        if isinstance(inner, dict) and depth < _DEEPEST:
            return [_like(inner, key, passage, depth + 1) for passage in _passages(inner, text)]
        return [value for value in _find(key, text) or [] if _same_kind(value, inner)]
    return next((value for value in _find(key, text) or [] if _same_kind(value, example)), None)


def _passages(shape: dict[str, Any], text: str) -> list[str]:
    """One passage for each entry of a list: the sentences that hold a person, if the entries have names."""
    if not any("name" in key.lower() or "이름" in key for key in shape):
        return [text]
    sentences = re.split(r"(?<=[.!?。])\s+|\n", text)
    entries: list[str] = []
    for sentence in sentences[:200]:
        names = extracting.people(sentence)
        # Cut so that each passage begins with its own person.
        starts = [sentence.find(name) for name in names]
        for place, start in enumerate(starts):
            end = starts[place + 1] if place + 1 < len(starts) else len(sentence)
            entries.append(sentence[start:end])
    return entries


def _same_kind(value: Any, example: Any) -> bool:
    if isinstance(example, bool):
        return isinstance(value, bool)
    if isinstance(example, int | float):
        return isinstance(value, int | float)
    return example is None or isinstance(value, str)


def _facts(text: str) -> dict[str, Any]:
    found = {
        "people": extracting.people(text),
        "emails": extracting.emails(text),
        "phones": extracting.phones(text),
        "dates": extracting.dates(text),
        "numbers": extracting.numbers(text),
    }
    return {"language": language_of(text), "characters": len(text), "words": len(text.split()), **found}


class _Filler:
    """Fills a schema: by the name and the type of each property, in the schema's order."""

    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._left = _MOST_VALUES

    def fill(self, schema: dict[str, Any], key: str, text: str, depth: int = 0) -> Any:
        """A value that fits the schema; null where it may be null and nothing was found."""
        schema = self._resolved(schema)
        self._left -= 1
        if self._left < 0:  # a schema that refers to itself grows without end
            return _blank(schema, str(schema.get("type", "null")))
        if "const" in schema:
            return schema["const"]
        if isinstance(schema.get("enum"), list) and schema["enum"]:
            return self._chosen(schema["enum"], text)
        if isinstance(schema.get("anyOf"), list) and schema["anyOf"]:
            return self._any_of(schema["anyOf"], key, text, depth)
        kinds = schema.get("type", "object" if "properties" in schema else "string")
        kinds = kinds if isinstance(kinds, list) else [kinds]
        nullable = "null" in kinds
        kind = next((each for each in kinds if each != "null"), "null")
        if nullable and depth > _DEEPEST:
            return None
        if kind == "object":
            return self._object(schema, text, depth)
        if kind == "array":
            return self._array(schema, key, text, depth)
        value = self._scalar(schema, kind, key, text)
        return value if value is not None or nullable else _blank(schema, kind)

    def _resolved(self, schema: Any) -> dict[str, Any]:
        for _ in range(_DEEPEST):
            reference = schema.get("$ref") if isinstance(schema, dict) else None
            if not isinstance(reference, str):
                break
            target: Any = self._root
            for step in reference.removeprefix("#").strip("/").split("/"):
                target = target.get(step, {}) if step and isinstance(target, dict) else target
            schema = target
        return schema if isinstance(schema, dict) else {}

    def _chosen(self, options: list[Any], text: str) -> Any:
        plain = text.lower()
        present = [option for option in options if isinstance(option, str) and option.lower() in plain]
        return present[0] if present else None if None in options else options[0]

    def _any_of(self, options: list[Any], key: str, text: str, depth: int) -> Any:
        """The first option that something was found for; else null, if that is one of them; else the first."""
        schemas = [self._resolved(option) for option in options]
        null = any(schema.get("type") == "null" for schema in schemas)
        real = [schema for schema in schemas if schema.get("type") != "null"]
        if null and (depth > _DEEPEST or not real):
            return None
        values = [self.fill(schema, key, text, depth + 1) for schema in real[:8]] if depth <= _DEEPEST else []
        filled = [value for value in values if not _is_blank(value)]
        if filled:
            return filled[0]
        return None if null else values[0] if values else _blank(real[0], str(real[0].get("type")))

    def _object(self, schema: dict[str, Any], text: str, depth: int) -> dict[str, Any]:
        properties = schema.get("properties", {})
        required = schema.get("required", [])
        if depth > _DEEPEST:  # a recursive schema: only what must be there
            needed = required if depth < 2 * _DEEPEST else ()
            properties = {name: inner for name, inner in properties.items() if name in needed}
        return {name: self.fill(inner, name, text, depth + 1) for name, inner in properties.items()}

    def _array(self, schema: dict[str, Any], key: str, text: str, depth: int) -> list[Any]:
        items = self._resolved(schema.get("items", {}))
        values: list[Any] = []
        if items.get("type") == "object" and depth <= _DEEPEST and text:
            passages = _passages(items.get("properties", {}), text)
            values = [self.fill(items, key, passage, depth + 1) for passage in passages]
        elif "enum" in items:
            values = [option for option in items["enum"] if isinstance(option, str) and option.lower() in text.lower()]
        elif items.get("type") in ("string", "number", "integer"):
            fitting = (_fitted(value, items, items["type"]) for value in _find(key, text) or [])
            values = [value for value in fitting if value is not None]
        least, most = schema.get("minItems", 0), schema.get("maxItems", 200)
        while len(values) < min(least, 50):
            values.append(self.fill(items, key, "", depth + 1))
        return values[:most]

    def _scalar(self, schema: dict[str, Any], kind: str, key: str, text: str) -> Any:
        if kind == "boolean":
            return bool(key) and key.removeprefix("is_").lower() in text.lower()
        found = _find(key, text)
        if found is None and kind in ("number", "integer"):
            found = extracting.numbers(text)
        fitting = (_fitted(value, schema, kind) for value in found or [])
        return next((value for value in fitting if value is not None), None)


def _fitted(value: Any, schema: dict[str, Any], kind: str) -> Any:
    """The value as this type, if it fits the schema's bounds; else None."""
    if kind == "string":
        return str(value)
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind == "integer" and value != int(value)):
        return None
    value = int(value) if kind == "integer" else value
    return value if value == _bounded(value, schema) else None


def _bounded(value: int | float, schema: dict[str, Any]) -> int | float:
    """The nearest value within minimum, maximum and their exclusive forms."""
    if (least := schema.get("minimum")) is not None:
        value = max(value, least)
    if (most := schema.get("maximum")) is not None:
        value = min(value, most)
    if (above := schema.get("exclusiveMinimum")) is not None and value <= above:
        value = above + 1
    if (below := schema.get("exclusiveMaximum")) is not None and value >= below:
        value = below - 1
    return value


def _blank(schema: dict[str, Any], kind: str) -> Any:
    """What stands where nothing was found and null is not allowed."""
    match kind:
        case "string":
            return ""
        case "integer" | "number":
            return _bounded(0, schema)
        case "boolean":
            return False
        case "array":
            return []
        case "object":
            return {}
    return None


def _is_blank(value: Any) -> bool:
    if isinstance(value, dict):
        return all(_is_blank(inner) for inner in value.values())
    return value in (None, "", 0, False) or value == []
