"""All that one call needs: the core keeps no conversation, so the request says everything."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chat_core import models
from chat_core.messages import Detail, ImagePart, Message, Part, RemoteImage, TextPart

Effort = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


@dataclass(frozen=True, slots=True)
class Options:
    """Parameters of the Chat Completions API under their own names; None means untouched, and is not sent.

    Ranges: temperature 0 to 2, top_p 0 to 1, penalties -2 to 2, top_logprobs 0 to 20, at most four stop texts.
    Source: ``openai/types/chat/completion_create_params.py``.
    """

    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    stop: tuple[str, ...] | None = None
    max_completion_tokens: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, int] | None = None
    seed: int | None = None
    reasoning_effort: Effort | None = None
    verbosity: Literal["low", "medium", "high"] | None = None


@dataclass(frozen=True, slots=True)
class JsonObject:
    """JSON mode: the answer is one JSON value, of no promised shape."""


@dataclass(frozen=True, slots=True)
class JsonSchema:
    """Structured output. ``name``: a-z A-Z 0-9 _ -, at most 64 characters."""

    name: str
    schema: dict[str, Any]
    strict: bool = True


ResponseFormat = JsonObject | JsonSchema


@dataclass(frozen=True, slots=True)
class ImagePolicy:
    """Which pictures of a conversation go along once more, and how closely the model looks at them.

    ``keep_turns``: the pictures of so many user messages are sent, counted from the last; of an older one a line of
    text is left. None: all of them.  ``detail``: for pictures without a level of their own; None: none is sent, which
    means auto. A level that the model is known not to take is not sent.
    """

    keep_turns: int | None = 2
    detail: Detail | None = None

    def applied(self, messages: Sequence[Message], model: str) -> "SentMessages":
        """The messages as they go out."""
        places = [place for place, message in enumerate(messages) if message.role == "user"]
        kept = len(places) if self.keep_turns is None else max(0, min(self.keep_turns, len(places)))
        first = 0 if kept == len(places) else places[-kept] if kept else len(messages)
        left_out = sum(len(message.images) for message in messages[:first])
        detail = self.detail if self.detail and models.lookup(model).takes_detail(self.detail) else None
        sent = (
            *(_without_pictures(message) for message in messages[:first]),
            *(_looked_at(message, detail) for message in messages[first:]),
        )
        return SentMessages(sent, left_out, refused=self.detail if self.detail != detail else None)


@dataclass(frozen=True, slots=True)
class SentMessages:
    """``left_out``: how many older pictures became a line of text.  ``refused``: the level of detail that the model
    does not take, and that is not sent."""

    messages: tuple[Message, ...]
    left_out: int = 0
    refused: Detail | None = None


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """One call. ``persona``: the system prompt, sent before ``messages`` on every turn; empty: none is sent."""

    model: str
    messages: tuple[Message, ...]
    persona: str = ""
    options: Options = field(default_factory=Options)
    response_format: ResponseFormat | None = None
    stream: bool = True
    image_policy: ImagePolicy = field(default_factory=ImagePolicy)

    @property
    def sent(self) -> SentMessages:
        """The messages as the image policy lets them go out; without the persona."""
        return self.image_policy.applied(self.messages, self.model)


def _without_pictures(message: Message) -> Message:
    if not message.images:
        return message
    return replace(message, parts=tuple(_mention(part) for part in message.parts))


def _mention(part: Part) -> Part:
    """What is left of a picture that is not sent again; it is paid for as text."""
    match part:
        case ImagePart():
            name = f"{part.name}, " if part.name else ""
            return TextPart(f"[earlier picture, not sent again: {name}{part.width} x {part.height} pixels]")
        case RemoteImage(url):
            # A data URL is the picture itself.
            where = "" if url.lower().startswith("data:") else f": {url}"
            return TextPart(f"[earlier picture, not sent again{where}]")
    return part


def _looked_at(message: Message, detail: Detail | None) -> Message:
    if detail is None or not message.images:
        return message
    parts = (
        replace(part, detail=detail) if isinstance(part, ImagePart | RemoteImage) and part.detail is None else part
        for part in message.parts
    )
    return replace(message, parts=tuple(parts))
