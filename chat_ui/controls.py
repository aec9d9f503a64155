"""The values of the page's controls as one frozen value, and the request they make. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Literal, cast, get_args

from chat_core.conversation import sendable
from chat_core.image_economy import Sizing
from chat_core.messages import Detail, Message
from chat_core.request import ChatRequest, Effort, ImagePolicy, JsonObject, Options

PictureLinks = Literal["url", "fetch", "text"]
HistorySent = Literal["all", "last", "none"]
MAX_STOP_TEXTS = 4
ALL_PICTURES = "all"


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
    detail: str = ""
    sizing: Sizing = "as_is"
    pictures_kept: str = "2"

    @property
    def earlier_turns(self) -> int | None:
        """How many earlier user turns are sent; None: all."""
        if self.history == "none":
            return 0
        return _whole(self.turns, 0) or 0 if self.history == "last" else None

    @property
    def image_policy(self) -> ImagePolicy:
        """Which pictures go along, and at which level of detail."""
        detail = cast(Detail, self.detail) if self.detail in get_args(Detail) else None
        if self.pictures_kept == ALL_PICTURES:
            return ImagePolicy(None, detail)
        kept = int(self.pictures_kept) if self.pictures_kept.isdecimal() and len(self.pictures_kept) < 4 else 0
        return ImagePolicy(kept, detail) if kept else ImagePolicy(detail=detail)

    def request(self, messages: Sequence[Message], model: str, follow_up: Message | None = None) -> ChatRequest:
        """The request for this conversation. ``model``: what an empty model field stands for.  ``follow_up``: goes
        after the messages, whatever part of them is sent."""
        policy = self.image_policy
        if follow_up and policy.keep_turns is not None:
            # "Go on" is no turn of the visitor's: it may not cost the pictures that the answer is about.
            policy = replace(policy, keep_turns=policy.keep_turns + 1)
        return ChatRequest(
            model=self.model.strip() or model,
            messages=sendable(messages, self.earlier_turns) + ((follow_up,) if follow_up else ()),
            persona=self.persona,
            options=self._options(),
            response_format=JsonObject() if self.json_mode else None,
            stream=self.stream,
            image_policy=policy,
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
    for name in ("model", "persona", "effort", "stop", "detail", "pictures_kept"):
        if not isinstance(given.get(name, ""), str):
            del given[name]
    choices = {"history": HistorySent, "picture_links": PictureLinks, "sizing": Sizing}
    for name, allowed in choices.items():
        if given.get(name) not in get_args(allowed):
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
