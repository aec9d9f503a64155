"""What is asked of one picture when many are described: the ready-made prompts of ``assets/describing.toml``, and the
request that they make. Many at once go through ``batch``. Pure."""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from chat_core.messages import Detail, ImagePart, RemoteImage, user
from chat_core.personas import Localized
from chat_core.request import ChatRequest, ImagePolicy, Options
from chat_core.settings import ASSETS

PRESETS_FILE = ASSETS / "describing.toml"
OWN = "own"


@dataclass(frozen=True, slots=True)
class Preset:
    """A thing to ask of a picture.

    ``id``: a stable identifier in snake case.  ``prompt``: empty for the one that a person writes.
    ``output_tokens``: how long an answer is taken to be before there is one.  ``max_characters``: how long it may be;
    None: as long as it likes.
    """

    id: str
    name: Localized
    prompt: Localized
    output_tokens: int
    max_characters: int | None = None


@cache
def load_presets(path: Path = PRESETS_FILE) -> tuple[Preset, ...]:
    """All presets, in the order of the file; the one without a prompt comes last.

    Raises OSError or tomllib.TOMLDecodeError where the file cannot be read, KeyError where a row lacks a text.
    """
    with path.open("rb") as file:
        return tuple(_preset(row) for row in tomllib.load(file)["preset"])


def find(preset_id: str) -> Preset | None:
    """The preset of this id; None where there is none."""
    return next((preset for preset in load_presets() if preset.id == preset_id), None)


def request_for(
    picture: ImagePart | RemoteImage,
    prompt: str,
    model: str,
    *,
    detail: Detail | None = None,
    options: Options | None = None,
    stream: bool = False,
) -> ChatRequest:
    """One picture and what is asked of it, as a request of its own. ``detail``: the level it is seen at, if the picture
    has none of its own and the model takes it."""
    policy = ImagePolicy(detail=detail)
    return ChatRequest(
        model, (user(picture, prompt),), options=options or Options(), stream=stream, image_policy=policy
    )


def _preset(row: dict[str, Any]) -> Preset:
    return Preset(
        row["id"],
        Localized(ko=row["name"]["ko"], en=row["name"]["en"]),
        Localized(ko=row["prompt"]["ko"], en=row["prompt"]["en"]),
        row["output_tokens"],
        row.get("max_characters"),
    )
