"""Fills a JSON Schema from a source of values, in the schema's order. The value fits the schema, whatever was found.

What was not found is null or, where null is not allowed, the emptiest value that is. No pattern of a schema is run.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

from demo_model.reading import judging
from demo_model.reading.extracting import Found
from demo_model.reading.keys import Field

_DEEPEST = 8
_MOST_WORK = 5000
"""Looks at a short text that one answer may take; a look at a long text counts for more."""

_MOST_BLANKS = 500
"""Values that are still written, without a look, when the work is used up."""

_MOST_WITHIN = 2
"""Times that an object may stand within itself."""

_MOST_ITEMS = 200
_MOST_REQUIRED = 50
_MOST_OPTIONS = 8
_MOST_ENUM = 500
_OPTIONS_AT_ONCE = 10
"""Options of an enum that are weighed at the cost of one look."""

_NAMING = frozenset(
    ("name", "title", "item", "product", "task", "what", "이름", "제목", "품목", "상품", "할일", "할 일")
)


class Source(Protocol):
    """Where values come from: a text, or facts measured in a picture. ``weight``: what a look at it costs."""

    @property
    def weight(self) -> int: ...
    def values(self, field: Field) -> list[Found]: ...
    def listed(self, field: Field) -> list[Found]: ...
    def entries(self, field: Field, keys: tuple[str, ...]) -> Sequence[Self]: ...
    def inside(self, field: Field) -> Self: ...
    def truth(self, field: Field) -> bool | None: ...
    def option(self, field: Field, options: list[str]) -> str | None: ...
    def all_options(self, field: Field, options: list[str]) -> list[str]: ...


def fill(schema: dict[str, Any], source: Source) -> Any:
    """The value of a whole schema."""
    return _Filler(schema).fill(schema, Field("", "object"), source)


class _Filler:
    def __init__(self, root: dict[str, Any]) -> None:
        self._root = root
        self._left = _MOST_WORK
        self._open: list[int] = []

    def fill(self, schema: Any, field: Field, source: Source | None, depth: int = 0) -> Any:
        """A value that fits the schema. Without a source: the emptiest one."""
        schema = self._resolved(schema)
        self._left -= source.weight if source is not None else 1
        kind, nullable = _kind(schema)
        if self._left < -_MOST_BLANKS:  # a schema that refers to itself grows without end
            return None if nullable else _blank(schema, kind)
        if self._left < 0:
            source = None
        if "const" in schema:
            return schema["const"]
        field = _described(field, schema, kind)
        if isinstance(options := schema.get("enum"), list) and options:
            self._left -= len(options) * source.weight // _OPTIONS_AT_ONCE if source is not None else 0
            return _chosen(options, field, source)
        if alternatives := _alternatives(schema):
            return self._any_of(alternatives, field, source, depth)
        if nullable and (depth > _DEEPEST or source is None):
            return None
        match kind:
            case "object":
                value = self._object(schema, field, source, depth)
                return None if nullable and _is_blank(value) else value
            case "array":
                return self._array(schema, field, source, depth)
            case "any":
                return _anything(field, source)
        value = _scalar(schema, field, source)
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

    def _any_of(self, options: list[Any], field: Field, source: Source | None, depth: int) -> Any:
        """The first option that something was found for; else null, if that is one of them; else the first."""
        schemas = [self._resolved(option) for option in options]
        null = any(schema.get("type") == "null" for schema in schemas)
        real = [schema for schema in schemas if schema.get("type") != "null"]
        if null and (depth > _DEEPEST or source is None or not real):
            return None
        if depth > _DEEPEST:
            return _blank(real[0], _kind(real[0])[0])
        values = []
        for schema in real[:_MOST_OPTIONS]:
            values.append(self.fill(schema, field, source, depth + 1))
            if not _is_blank(values[-1]):
                return values[-1]
        return None if null else values[0]

    def _object(self, schema: dict[str, Any], field: Field, source: Source | None, depth: int) -> dict[str, Any]:
        properties = _properties(schema)
        within = self._open.count(id(schema))
        if depth > _DEEPEST or within >= _MOST_WITHIN:  # a recursive schema: only what must be there
            needed = schema.get("required", ()) if depth < 2 * _DEEPEST and within < 2 * _MOST_WITHIN else ()
            properties = {name: inner for name, inner in properties.items() if name in needed}
        inside = source.inside(field) if source is not None and field.key else source
        return self._members(schema, properties, field, inside, depth + 1)

    def _members(
        self, schema: dict[str, Any], properties: dict[str, Any], field: Field, source: Source | None, depth: int
    ) -> dict[str, Any]:
        siblings = tuple(properties)
        self._open.append(id(schema))
        value = {
            name: self.fill(inner, Field(name, parent=field.key, siblings=siblings), source, depth)
            for name, inner in properties.items()
        }
        self._open.pop()
        return value

    def _array(self, schema: dict[str, Any], field: Field, source: Source | None, depth: int) -> list[Any]:
        items = self._resolved(schema.get("items"))
        kind, _ = _kind(items)
        values: list[Any] = []
        if source is not None and depth <= _DEEPEST:
            values = self._entries(items, kind, field, source, depth)
        if schema.get("uniqueItems") is True:
            values = [value for place, value in enumerate(values) if value not in values[:place]]
        most = max(0, schema.get("maxItems", _MOST_ITEMS))
        while len(values) < min(schema.get("minItems", 0), _MOST_REQUIRED, most):
            values.append(self.fill(items, Field(field.key), None, depth + 1))
        return values[:most]

    def _entries(self, items: dict[str, Any], kind: str, field: Field, source: Source, depth: int) -> list[Any]:
        self._left -= 1
        if "const" in items or self._left < 0:
            return []
        if isinstance(options := items.get("enum"), list):
            self._left -= len(options) * source.weight // _OPTIONS_AT_ONCE
            return source.all_options(field, [option for option in options if isinstance(option, str)][:_MOST_ENUM])
        for option in map(self._resolved, _alternatives(items)[:_MOST_OPTIONS]):
            if found := self._entries(option, _kind(option)[0], field, source, depth + 1) if depth <= _DEEPEST else []:
                return found
        if kind == "object" and self._open.count(id(items)) < _MOST_WITHIN:
            properties = _properties(items)
            # The key goes on as the parent: within an entry, it is no heading to look for any more.
            sources = source.entries(field, tuple(properties))[:_MOST_ITEMS]
            inner = [self._members(items, properties, field, each, depth + 2) for each in sources if self._left > 0]
            return [value for value in inner if not _is_blank(value) and not _is_nameless(value)]
        if kind in ("array", "object") or _alternatives(items):
            return []
        field = Field(field.key, kind, form=str(items.get("format", "")), parent=field.parent, siblings=field.siblings)
        if kind == "any":
            return [each.value for each in source.listed(field)]
        fitting = [_fitted(each, items, kind) for each in source.listed(field)]
        return [value for value in fitting if value is not None]


def _properties(schema: dict[str, Any]) -> dict[str, Any]:
    """The properties of an object, and those that are required though the schema says nothing of them."""
    properties = schema.get("properties")
    properties = dict(properties) if isinstance(properties, dict) else {}
    required = schema.get("required", ())
    return properties | {name: {} for name in required if isinstance(name, str) and name not in properties}


def _kind(schema: dict[str, Any]) -> tuple[str, bool]:
    """(type, whether null is allowed); "any" where the schema names no type."""
    kinds = schema.get("type")
    if kinds is None:
        if "properties" in schema:
            return "object", False
        if "items" in schema:
            return "array", False
        return "any", True
    kinds = [kind for kind in kinds if isinstance(kind, str)] if isinstance(kinds, list) else [kinds]
    return next((kind for kind in kinds if kind != "null"), "null"), "null" in kinds


def _described(field: Field, schema: dict[str, Any], kind: str) -> Field:
    form = schema.get("format")
    return Field(field.key, kind, form if isinstance(form, str) else "", parent=field.parent, siblings=field.siblings)


def _alternatives(schema: dict[str, Any]) -> list[Any]:
    for keyword in ("anyOf", "oneOf"):
        if isinstance(schema.get(keyword), list) and schema[keyword]:
            return list(schema[keyword])
    return []


def _chosen(options: list[Any], field: Field, source: Source | None) -> Any:
    """The option that the source speaks for; else null, "other" or the like, or the first."""
    words = [option for option in options if isinstance(option, str)][:_MOST_ENUM]
    figures = [option for option in options if isinstance(option, int | float)]
    if source is not None:
        if words and (named := source.option(field, words)) is not None:
            return named
        if figures and (found := next((each.value for each in source.values(field) if each.value in figures), None)):
            return found
    return None if None in options else judging.without_evidence(words) or options[0]


def _anything(field: Field, source: Source | None) -> Any:
    found = source.values(field) if source is not None else []
    return found[0].value if found else None


def _scalar(schema: dict[str, Any], field: Field, source: Source | None) -> Any:
    if source is None:
        return None
    if field.kind == "boolean":
        return source.truth(field)
    fitting = (_fitted(each, schema, field.kind) for each in source.values(field))
    return next((value for value in fitting if value is not None), None)


def _fitted(found: Found, schema: dict[str, Any], kind: str) -> Any:
    """The value as this type, if the schema allows it; else None. A number as a string stays as it was written."""
    value = found.value
    if kind == "string":
        text = found.written if isinstance(value, int | float) else str(value)
        most = schema.get("maxLength")
        return text[:most] if isinstance(most, int) and most >= 0 else text
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    if kind == "integer":
        if value != int(value):
            return None
        value = int(value)
    return value if kind in ("integer", "number") and _allowed(value, schema) else None


def _allowed(value: int | float, schema: dict[str, Any]) -> bool:
    """Whether a number is within minimum, maximum and their exclusive forms, and a multiple of what it must be."""
    step = schema.get("multipleOf")
    fits = (
        not isinstance(step, int | float) or not step or math.isclose(value / step, round(value / step), abs_tol=1e-9)
    )
    return (
        fits
        and value >= schema.get("minimum", -math.inf)
        and value <= schema.get("maximum", math.inf)
        and value > schema.get("exclusiveMinimum", -math.inf)
        and value < schema.get("exclusiveMaximum", math.inf)
    )


def _number(schema: dict[str, Any], kind: str) -> int | float:
    """The number nearest to zero that the schema allows; zero, if there is none among those that are tried."""
    bounds = [schema[name] for name in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum") if name in schema]
    bounds = [bound for bound in bounds if math.isfinite(bound)]
    step = schema.get("multipleOf", 1)
    tried: list[int | float] = [0, *bounds, *(bound + sign * step for bound in bounds for sign in (1, -1))]
    tried += [math.ceil(bound / step) * step for bound in bounds] + [
        math.floor(bound / step) * step for bound in bounds
    ]
    if kind == "integer":
        tried = [rounded(value) for value in tried for rounded in (math.ceil, math.floor)]
    else:
        tried.append(sum(bounds) / len(bounds) if bounds else 0)
    return min((value for value in tried if _allowed(value, schema)), key=abs, default=0)


def _blank(schema: dict[str, Any], kind: str) -> Any:
    """What stands where nothing was found and null is not allowed."""
    match kind:
        case "string":
            return ""
        case "integer" | "number":
            return _number(schema, kind)
        case "boolean":
            return False
        case "array":
            return []
        case "object":
            return {}
    return None


def _is_nameless(entry: Any) -> bool:
    """Whether an entry lacks what it is an entry of: a person without a name, a task without words."""
    named = [value for key, value in entry.items() if key.lower() in _NAMING] if isinstance(entry, Mapping) else []
    return bool(named) and named[0] in (None, "")


def _is_blank(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_blank(inner) for inner in value.values())
    return value in (None, "", 0, False) or value == []
