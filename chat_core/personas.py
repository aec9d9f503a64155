"""Who the model is asked to be: the ready-made system prompts of ``assets/personas.toml``, in Korean and English.

A persona is only a text and a suggestion. The text goes into ``ChatRequest.persona``, which is sent on every turn; the
suggested temperature is for front ends to offer, and is never sent unasked.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from chat_core.settings import ASSETS

Language = Literal["ko", "en"]
LANGUAGES: tuple[Language, ...] = ("ko", "en")

PERSONAS_FILE = ASSETS / "personas.toml"


@dataclass(frozen=True, slots=True)
class Localized:
    """One text in each language that the project speaks."""

    ko: str
    en: str

    def text(self, language: Language) -> str:
        return self.ko if language == "ko" else self.en


@dataclass(frozen=True, slots=True)
class Persona:
    """A role for the model.

    ``id``: a stable identifier in snake case.  ``name``: what a list shows.  ``prompt``: the system prompt; empty for
    the plain assistant, for which none is sent.  ``temperature``: a suggestion, 0 to 2; None leaves it to the model.
    """

    id: str
    name: Localized
    prompt: Localized
    temperature: float | None = None


@cache
def load_personas(path: Path = PERSONAS_FILE) -> tuple[Persona, ...]:
    """All personas, in the order of the file; the plain assistant comes first.

    Raises OSError or tomllib.TOMLDecodeError where the file cannot be read, KeyError where a row lacks a text.
    """
    with path.open("rb") as file:
        return tuple(_persona(row) for row in tomllib.load(file)["persona"])


def find(persona_id: str) -> Persona | None:
    """The persona of this id; None where there is none, as after a rename."""
    return next((persona for persona in load_personas() if persona.id == persona_id), None)


def _persona(row: dict[str, Any]) -> Persona:
    return Persona(row["id"], _localized(row["name"]), _localized(row["prompt"]), row.get("temperature"))


def _localized(texts: dict[str, str]) -> Localized:
    return Localized(ko=texts["ko"].strip(), en=texts["en"].strip())
