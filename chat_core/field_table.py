"""What is to be extracted as a table of fields, one row each, and the same as a JSON Schema: there and back. Pure.

    schema_of([Field("buyer.name"), Field("items", "object", is_list=True), Field("items.price", "number")])

A dot leads into an object or into the objects of a list. A row of type ``object`` says that its object is a list, may
be missing or has a description; where it would say nothing, it is left out.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

FieldType = Literal["string", "number", "integer", "boolean", "date", "object"]
FIELD_TYPES: tuple[FieldType, ...] = get_args(FieldType)
MOST_FIELDS = 500
# A name this deep has more levels than strict structured output allows.
_MOST_PARTS = 10
_KEYWORDS = {"type", "format", "enum", "description", "items", "properties", "required", "additionalProperties"}


@dataclass(frozen=True, slots=True)
class Field:
    """One row. ``name``: dotted; its parts are keys of the JSON.  ``choices``: the only values allowed; none: any.

    ``required``: it must be there; of one that is not, null says that the source does not tell.
    """

    name: str
    type: FieldType = "string"
    description: str = ""
    required: bool = True
    is_list: bool = False
    choices: tuple[str | int | float, ...] = ()


class FieldTableError(ValueError):
    """A table that makes no schema.

    ``rule``: no_fields, too_many_fields, no_name, unknown_type, name_twice, bad_choice, or not_a_parent (a name leads
    into a field that is no object).  ``name``: of the field.
    """

    def __init__(self, rule: str, name: str = "") -> None:
        super().__init__(f"{rule}: {name}" if name else rule)
        self.rule = rule
        self.name = name


def schema_of(fields: Sequence[Field]) -> dict[str, Any]:
    """The JSON Schema of a table; properties in the order of the rows. Raises FieldTableError."""
    if not fields:
        raise FieldTableError("no_fields")
    if len(fields) > MOST_FIELDS:
        raise FieldTableError("too_many_fields")
    _check(fields)
    rows: dict[str, Field] = {}
    for row in fields:
        parents = row.name.split(".")[:-1]
        for length in range(1, len(parents) + 1):
            name = ".".join(parents[:length])
            rows.setdefault(name, Field(name, "object"))
        rows[row.name] = row
    return _object(list(rows.values()), "")


def fields_of(schema: dict[str, Any]) -> tuple[Field, ...] | None:
    """The table of a schema; None where the schema says more than a table can. One made strict gives the same table:
    what takes null is not required there."""
    rows: list[Field] = []
    if schema.get("type") != "object" or not _collect(schema, "", rows) or not rows:
        return None
    return tuple(rows) if len(rows) <= MOST_FIELDS else None


def _check(fields: Sequence[Field]) -> None:
    kinds: dict[str, str] = {}
    for row in fields:
        parts = row.name.split(".")
        if not all(part.strip() for part in parts) or len(parts) > _MOST_PARTS:
            raise FieldTableError("no_name", row.name)
        if row.name in kinds:
            raise FieldTableError("name_twice", row.name)
        if row.type not in FIELD_TYPES:
            raise FieldTableError("unknown_type", row.name)
        if not all(_is_choice(choice, row.type) for choice in row.choices):
            raise FieldTableError("bad_choice", row.name)
        kinds[row.name] = row.type
    for name in kinds:
        if (above := name.rpartition(".")[0]) and kinds.get(above, "object") != "object":
            raise FieldTableError("not_a_parent", name)


def _is_choice(choice: object, kind: FieldType) -> bool:
    match kind:
        case "string":
            return isinstance(choice, str)
        case "integer":
            return isinstance(choice, int) and not isinstance(choice, bool)
        case "number":
            return _is_choice(choice, "integer") or (isinstance(choice, float) and math.isfinite(choice))
        case _:
            return False


def _object(rows: list[Field], above: str) -> dict[str, Any]:
    mine = [row for row in rows if row.name.rpartition(".")[0] == above]
    return {
        "type": "object",
        "properties": {row.name.rpartition(".")[2]: _property(row, rows) for row in mine},
        "required": [row.name.rpartition(".")[2] for row in mine if row.required],
        "additionalProperties": False,
    }


def _property(row: Field, rows: list[Field]) -> dict[str, Any]:
    if row.type == "object":
        made = _object(rows, row.name)
    elif row.type == "date":
        made = {"type": "string", "format": "date"}
    else:
        made = {"type": row.type} | ({"enum": list(row.choices)} if row.choices else {})
    if row.is_list:
        made = {"type": "array", "items": made}
    return made | ({"description": row.description} if row.description else {})


def _collect(schema: dict[str, Any], above: str, rows: list[Field]) -> bool:
    """Add the rows of an object; False where it says more than rows can."""
    properties, required = schema.get("properties"), schema.get("required", [])
    if not set(schema) <= _KEYWORDS or not isinstance(properties, dict) or not isinstance(required, list):
        return False
    if schema.get("additionalProperties", False) is not False:
        return False
    if any(not isinstance(name, str) or name not in properties for name in required):
        return False
    named = set(required)
    if above.count(".") >= _MOST_PARTS or (above == "" and "description" in schema):
        return False
    for key, child in properties.items():
        if not isinstance(key, str) or not key.strip() or "." in key or not isinstance(child, dict):
            return False
        if not _row(child, f"{above}.{key}" if above else key, key in named, rows):
            return False
    return True


def _row(schema: dict[str, Any], name: str, required: bool, rows: list[Field]) -> bool:
    described, (schema, nullable) = schema.get("description", ""), _without_null(schema)
    description = described or schema.get("description", "")
    is_list = schema.get("type") == "array"
    inner = schema.get("items") if is_list else schema
    if not isinstance(inner, dict) or not isinstance(description, str):
        return False
    if is_list and (set(schema) - {"type", "items", "description"} or "description" in inner):
        return False
    required = required and not nullable
    if inner.get("type") == "object":
        if description or is_list or not required or not inner.get("properties"):
            rows.append(Field(name, "object", description, required, is_list))
        return _collect(inner, name, rows)
    kind, choices = inner.get("type"), inner.get("enum", [])
    if inner.get("format") == "date" and kind == "string" and not choices:
        kind = "date"
    elif "format" in inner:
        return False
    if kind not in FIELD_TYPES or set(inner) - {"type", "enum", "format", "description"}:
        return False
    if not isinstance(choices, list) or not all(_is_choice(choice, kind) for choice in choices):
        return False
    rows.append(Field(name, kind, description, required, is_list, tuple(choices)))
    return True


def _without_null(schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """A union with null as the schema without it, and whether it was one."""
    ways = schema.get("anyOf")
    if (
        isinstance(ways, list)
        and len(ways) == 2
        and {"type": "null"} in ways
        and set(schema) <= {"anyOf", "description"}
    ):
        other = ways[0] if ways[1] == {"type": "null"} else ways[1]
        return (other, True) if isinstance(other, dict) else (schema, False)
    types = schema.get("type")
    if isinstance(types, list) and len(types) == 2 and types.count("null") == 1:
        enum = schema.get("enum")
        kept = {"enum": [item for item in enum if item is not None]} if isinstance(enum, list) else {}
        return schema | {"type": next(kind for kind in types if kind != "null")} | kept, True
    return schema, False
