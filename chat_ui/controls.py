"""The values of the page's controls as one frozen value, and the request they make. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal, cast, get_args

from chat_core.conversation import sendable
from chat_core.messages import Message
from chat_core.request import ChatRequest, Effort, JsonObject, Options

PictureLinks = Literal["url", "fetch", "text"]
HistorySent = Literal["all", "last", "none"]
MAX_STOP_TEXTS = 4


@dataclass(frozen=True, slots=True)
class Controls:
    """What the sidebar says, in the order of its widgets (``Sidebar.inputs``).

    The values come from a browser, so anything may stand in them: ``request`` takes what is in range and leaves out
    the rest.
    """

    model: str = ""
    persona: str = ""
    own_temperature: bool = False
    temperature: float | None = None
    json_mode: bool = False
    history: HistorySent = "all"
    turns: float | None = None
    stream: bool = True
    max_tokens: float | None = None
    top_p: float | None = None
    effort: str = ""
    seed: float | None = None
    stop: str = ""
    picture_links: PictureLinks = "url"

    @property
    def earlier_turns(self) -> int | None:
        """How many earlier user turns are sent; None: all."""
        if self.history == "none":
            return 0
        return _whole(self.turns, 0) or 0 if self.history == "last" else None

    def request(self, messages: Sequence[Message], model: str, follow_up: Message | None = None) -> ChatRequest:
        """The request for this conversation. ``model``: what an empty model field stands for.  ``follow_up``: goes
        after the messages, whatever part of them is sent."""
        return ChatRequest(
            model=self.model.strip() or model,
            messages=sendable(messages, self.earlier_turns) + ((follow_up,) if follow_up else ()),
            persona=self.persona,
            options=self._options(),
            response_format=JsonObject() if self.json_mode else None,
            stream=self.stream,
        )

    def _options(self) -> Options:
        effort = cast(Effort, self.effort) if self.effort in get_args(Effort) else None
        stop = tuple(line for line in self.stop.splitlines() if line)[:MAX_STOP_TEXTS]
        return Options(
            temperature=_within(self.temperature, 0, 2) if self.own_temperature else None,
            top_p=_within(self.top_p, 0, 1),
            stop=stop or None,
            max_completion_tokens=_whole(self.max_tokens, 1),
            seed=_whole(self.seed),
            reasoning_effort=effort,
        )


def from_values(*values: Any) -> Controls:
    """Controls from the widgets' values, in the order of the fields; what is None, or no choice at all,
    counts as untouched."""
    given: dict[str, Any] = {
        field.name: value for field, value in zip(fields(Controls), values, strict=True) if value is not None
    }
    for name in ("model", "persona", "effort", "stop"):
        if not isinstance(given.get(name, ""), str):
            del given[name]
    for name, allowed in (("history", get_args(HistorySent)), ("picture_links", get_args(PictureLinks))):
        if given.get(name) not in allowed:
            given.pop(name, None)
    return Controls(**given)


def _within(value: float | None, low: float, high: float) -> float | None:
    if not isinstance(value, int | float) or not low <= value <= high:
        return None
    return value


def _whole(value: float | None, low: int | None = None) -> int | None:
    if not isinstance(value, int | float) or value != value or abs(value) > 2**53:
        return None
    return None if low is not None and value < low else int(value)
