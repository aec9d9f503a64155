"""All that one call needs: the core keeps no conversation, so the request says everything."""

from dataclasses import dataclass, field
from typing import Any, Literal

from chat_core.messages import Message

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
class ChatRequest:
    """One call. ``persona``: the system prompt, sent before ``messages`` on every turn; empty: none is sent."""

    model: str
    messages: tuple[Message, ...]
    persona: str = ""
    options: Options = field(default_factory=Options)
    response_format: ResponseFormat | None = None
    stream: bool = True
