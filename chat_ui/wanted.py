"""What is to be extracted, as it is edited: rows of a table, and the text of a JSON Schema or of an example beside it.

Each can be edited, and the other follows. Pure; nothing is raised for what a person is in the middle of typing.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from chat_core import extracting
from chat_core.field_table import FIELD_TYPES, MOST_FIELDS, Field, FieldTableError, FieldType, fields_of, schema_of
from chat_core.json_output import Problem, parse, whole_letters
from chat_core.schemas import SchemaProblem, made_strict, schema_from_example, strict_problems
from chat_ui.texts import LANGUAGES

LONGEST_SCHEMA = 200_000
# One more than a table may have, so that it can be said.
MOST_ROWS = MOST_FIELDS + 1
LONGEST_CELL = 2_000
# A text is read as a schema where it has one of these, or a ``type`` that is one of JSON Schema.
_SIGNS = ("$schema", "$ref", "$defs", "properties", "anyOf", "oneOf", "allOf")
_LINE_END = re.compile(r"[\r\n]")
_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")

Kind = Literal["schema", "example"]


@dataclass(frozen=True, slots=True)
class Row:
    """A row as it is typed. ``choices``: with commas between them."""

    name: str = ""
    type: FieldType = "string"
    description: str = ""
    required: bool = True
    is_list: bool = False
    choices: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.name.strip() or self.description.strip() or self.choices.strip())


@dataclass(frozen=True, slots=True)
class Wanted:
    """``text``: what stands in the editor.  ``schema``: what it means; None: nothing that could be asked for.
    ``kind``: how it is read.  ``rows``: the table; None: the schema says more than a table can.

    ``table_error``: why the rows make no schema.  ``problem``: why the text is no JSON.  ``not_a_schema``: it is JSON,
    and neither a schema nor an example.  ``too_long``: it was not read to its end.
    """

    text: str = ""
    schema: dict[str, Any] | None = None
    kind: Kind = "schema"
    rows: tuple[Row, ...] | None = ()
    table_error: FieldTableError | None = None
    problem: Problem | None = None
    not_a_schema: bool = False
    too_long: bool = False

    @property
    def strict_problems(self) -> tuple[SchemaProblem, ...]:
        return strict_problems(self.schema) if self.schema is not None else ()


def of_fields(fields: Iterable[Field]) -> Wanted:
    """A table that is whole."""
    return of_rows(_row(field) for field in fields)


def of_rows(rows: Iterable[Row]) -> Wanted:
    """The table has been edited; the text follows where the rows make a schema."""
    kept = tuple(rows)[:MOST_ROWS]
    try:
        schema = schema_of([_field(row) for row in kept if not row.is_empty])
    except FieldTableError as error:
        return Wanted(rows=kept, table_error=error)
    return Wanted(_text(schema), schema, rows=kept)


def of_text(text: str) -> Wanted:
    """The text has been edited; the table follows where it can."""
    if len(text) > LONGEST_SCHEMA:
        return Wanted(whole_letters(text[:LONGEST_SCHEMA]), rows=(), too_long=True)
    text = whole_letters(text)
    parsed = parse(text)
    if parsed.problem is not None or not parsed.found:
        return Wanted(text, rows=(), problem=parsed.problem or Problem("empty"))
    value = _unwrapped(parsed.value)
    if is_schema(value):
        return _of_schema(value, text, "schema")
    if isinstance(value, dict | list) and value:
        return _of_schema(schema_from_example(value), text, "example")
    return Wanted(text, rows=(), not_a_schema=True)


def of_json(text: str) -> Wanted:
    """What a script wants: a schema, an example, or a list of fields as JSON."""
    value = parse(text[:LONGEST_SCHEMA]).value
    if isinstance(value, list) and value and all(isinstance(row, dict) and _is_field(row) for row in value):
        return of_rows(_sent_row({"required": True} | row | {"choices": _listed(row.get("choices"))}) for row in value)
    return of_text(text)


def preset_of(wanted: Wanted) -> str:
    """The preset whose table this is, in either language; empty: it is none's."""
    for preset in extracting.load_presets():
        if any(of_fields(preset.fields(language)).rows == wanted.rows for language in LANGUAGES):
            return preset.id
    return ""


def strict(wanted: Wanted) -> Wanted:
    """The same, made to keep the rules of strict structured output as far as they can be kept."""
    if wanted.schema is None:
        return wanted
    schema = made_strict(wanted.schema)
    return _of_schema(schema, _text(schema), "schema")


def is_schema(value: Any) -> bool:
    """Whether a JSON value is meant as a schema, and not as an example of what is wanted."""
    if not isinstance(value, dict):
        return False
    if any(sign in value and not isinstance(value[sign], int | float | bool) for sign in _SIGNS):
        return True
    kind = value.get("type")
    return (
        kind in _TYPES if isinstance(kind, str) else isinstance(kind, list) and bool(set(map(str, kind)) & set(_TYPES))
    )


def rows_of(sent: Any) -> tuple[Row, ...] | None:
    """Rows as the page sends them; None where it sent something else."""
    if not isinstance(sent, list) or not all(isinstance(row, dict) for row in sent):
        return None
    return tuple(_sent_row(row) for row in sent[:MOST_ROWS])


def _of_schema(schema: dict[str, Any], text: str, kind: Kind) -> Wanted:
    fields = fields_of(schema)
    # What its cells cannot hold (a choice with a comma, a line end, blanks at an end) would be lost with the next edit.
    if fields is None or not all(_fits_in_cells(field) for field in fields):
        return Wanted(text, schema, kind, None)
    return Wanted(text, schema, kind, tuple(map(_row, fields)))


def _fits_in_cells(field: Field) -> bool:
    row = _row(field)
    cells = (row.name, row.description, row.choices)
    return _field(row) == field and all(len(cell) <= LONGEST_CELL and not _LINE_END.search(cell) for cell in cells)


def _unwrapped(value: Any) -> Any:
    """A schema as people copy it: out of a request, with its name and ``strict`` around it."""
    for key in ("response_format", "json_schema", "schema"):
        inner = value.get(key) if isinstance(value, dict) else None
        if isinstance(inner, dict) and set(value) <= {key, "type", "name", "strict", "description", "title"}:
            value = inner
    return value


def _text(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2)


def _row(field: Field) -> Row:
    choices = ", ".join(map(str, field.choices))
    return Row(field.name, field.type, field.description, field.required, field.is_list, choices)


def _field(row: Row) -> Field:
    choices = tuple(_choice(part.strip(), row.type) for part in row.choices.split(",") if part.strip())
    # Written anew after the type was changed, they would stand in the way of it.
    fitting = choices if row.type in ("string", "number", "integer") else ()
    return Field(row.name.strip(), row.type, row.description.strip(), row.required, row.is_list, fitting)


def _choice(text: str, kind: FieldType) -> str | int | float:
    if kind == "string":
        return text
    try:
        return int(text) if kind == "integer" or text.lstrip("-").isdecimal() else float(text)
    except ValueError:
        # The check of the table says so.
        return text


_FIELD_KEYS = {"name", "type", "description", "required", "is_list", "choices"}


def _is_field(row: dict[str, Any]) -> bool:
    return isinstance(row.get("name"), str) and row.keys() <= _FIELD_KEYS and row.get("type", "string") in FIELD_TYPES


def _listed(choices: Any) -> str:
    return ", ".join(map(str, choices)) if isinstance(choices, list) else str(choices or "")


def _sent_row(sent: dict[str, Any]) -> Row:
    name, description, choices = (
        whole_letters(str(sent.get(key, ""))[:LONGEST_CELL]) for key in ("name", "description", "choices")
    )
    kind: FieldType = next((known for known in FIELD_TYPES if known == sent.get("type")), "string")
    return Row(name, kind, description, sent.get("required") is True, sent.get("is_list") is True, choices)
