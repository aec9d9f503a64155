"""One request, checked: what the answers are made from. Frozen values, free of the wire's shapes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from demo_model.family import Effort, Model
from demo_model.sight.facts import Look, Sketch

Language = Literal["en", "ko"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured in one picture.

    ``width``, ``height``: pixels, upright.  ``brightness``, ``contrast``: mean and standard deviation of luminance, 0
    to 1.  ``transparent``: the share of see-through pixels.  ``colours``: names and shares, largest first.  ``bands``:
    the commonest colour of its upper, middle and lower third.  ``sharpness``: how steep its edges are, 0 to 1.
    ``look``: what was found in it.  ``sketch``: a small copy, for comparing it with others.
    """

    width: int
    height: int
    file_format: str
    brightness: float
    contrast: float
    transparent: float
    colours: tuple[tuple[str, float], ...]
    bands: tuple[str, ...] = ()
    sharpness: float = 0.0
    look: Look = field(default_factory=Look)
    sketch: Sketch = field(default_factory=Sketch, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Unfetched:
    """A picture that was given by URL: this server makes no requests, so nothing is known of it."""

    url: str


Picture = Measured | Unfetched
"""A picture as answers are made from it."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A picture as it came: opened, not yet measured. Most pictures of a long talk are never asked about again.

    ``width``, ``height``: pixels, upright.  ``digest``: of its bytes.  ``measured``: measures it, once.
    """

    width: int
    height: int
    detail: str
    digest: str
    measured: Callable[[], Measured] = field(repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Turn:
    """One message. ``role``: as it was sent. ``text``: its text parts, joined by line ends."""

    role: str
    text: str
    pictures: tuple[Attached | Unfetched, ...] = ()
    name: str | None = None

    def looked_at(self) -> tuple[Picture, ...]:
        """Its pictures, measured."""
        return tuple(shown.measured() if isinstance(shown, Attached) else shown for shown in self.pictures)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How tokens are drawn. Ranges: temperature 0 to 2, top_p 0 to 1, penalties -2 to 2, bias -100 to 100.

    ``logit_bias``: token ids of o200k_base.  ``seed``: None makes every answer of a temperature above 0 a new throw.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    presence_penalty: float = 0.0
    frequency_penalty: float = 0.0
    logit_bias: Mapping[int, float] = field(default_factory=dict)
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
    """One checked request.

    ``limit``: most tokens of an answer, None: no limit of the request's own.  ``top_logprobs``: how many alternatives
    are told for each token; None: no logprobs are asked for.
    """

    model: Model
    turns: tuple[Turn, ...]
    sampling: Sampling = Sampling()
    n: int = 1
    stop: tuple[str, ...] = ()
    limit: int | None = None
    answer_format: AnyJson | SchemaJson | None = None
    effort: Effort = "medium"
    top_logprobs: int | None = None
    stream: bool = False
    include_usage: bool = False
