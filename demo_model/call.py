"""One request, checked: what the answers are made from. Frozen values, free of the wire's shapes."""

from dataclasses import dataclass
from typing import Any, Literal

Language = Literal["en", "ko"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in one picture.

    ``width``, ``height``: pixels, upright.  ``brightness``, ``contrast``: mean and standard deviation of luminance, 0
    to 1.  ``transparent``: the share of see-through pixels.  ``colours``: names and shares, largest first.
    """

    width: int
    height: int
    file_format: str
    brightness: float
    contrast: float
    transparent: float
    colours: tuple[tuple[str, float], ...]
    detail: str = "auto"


@dataclass(frozen=True, slots=True)
class Unfetched:
    """A picture that was given by URL: this server makes no requests, so nothing is known of it."""

    url: str


Picture = Measured | Unfetched


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. ``role``: as it was sent. ``text``: its text parts, joined by line ends."""

    role: str
    text: str
    pictures: tuple[Picture, ...] = ()
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much the phrases vary. ``seed``: None makes every answer of a temperature above 0 a new throw."""

    temperature: float = 1.0
    top_p: float = 1.0
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class AnyJson:
    """JSON mode: one JSON object of any shape."""


@dataclass(frozen=True, slots=True)
class SchemaJson:
    """Structured output: one JSON object that fits ``schema``."""

    schema: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One checked request. ``limit``: most tokens of an answer, None: no limit."""

    model: str
    turns: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    n: int = 1
    stop: tuple[str, ...] = ()
    limit: int | None = None
    answer_format: AnyJson | SchemaJson | None = None
    stream: bool = False
    include_usage: bool = False
