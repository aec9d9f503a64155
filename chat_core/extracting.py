"""What can be extracted ready-made: the presets of ``assets/extracting.toml``, in Korean and English. Pure. The
extraction itself is ``extraction``'s."""

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from chat_core.field_table import Field
from chat_core.personas import Language, Localized
from chat_core.settings import ASSETS

PRESETS_FILE = ASSETS / "extracting.toml"


@dataclass(frozen=True, slots=True)
class Preset:
    """A thing to extract.

    ``id``: a stable identifier in snake case.  ``instructions``: what the model is told, and may be edited.
    ``example``: a short text to try it with.  ``picture``: the file name of an example picture in ``assets/examples``;
    empty: there is none.  ``many``: several such texts with blank lines between, to try a batch with; None: there are
    none.
    """

    id: str
    name: Localized
    instructions: Localized
    example: Localized
    rows: tuple[tuple[Field, Localized], ...]
    picture: str = ""
    many: Localized | None = None

    def fields(self, language: Language) -> tuple[Field, ...]:
        """Its table of fields, described in this language."""
        return tuple(replace(field, description=told.text(language)) for field, told in self.rows)


@cache
def load_presets(path: Path = PRESETS_FILE) -> tuple[Preset, ...]:
    """All presets, in the order of the file.

    Raises OSError or tomllib.TOMLDecodeError where the file cannot be read, KeyError where a row lacks a text.
    """
    with path.open("rb") as file:
        return tuple(_preset(row) for row in tomllib.load(file)["preset"])


def find(preset_id: str) -> Preset | None:
    """The preset of this id; None where there is none."""
    return next((preset for preset in load_presets() if preset.id == preset_id), None)


def _preset(row: dict[str, Any]) -> Preset:
    return Preset(
        row["id"],
        _localized(row["name"]),
        _localized(row["instructions"]),
        _localized(row["example"]),
        tuple((_field(field), _localized(field)) for field in row["fields"]),
        row.get("picture", ""),
        _localized(row["many"]) if "many" in row else None,
    )


def _field(row: dict[str, Any]) -> Field:
    return Field(
        row["name"],
        row.get("type", "string"),
        required=not row.get("optional", False),
        is_list=row.get("list", False),
        choices=tuple(row.get("choices", ())),
    )


def _localized(texts: dict[str, str]) -> Localized:
    return Localized(ko=texts["ko"], en=texts["en"])
