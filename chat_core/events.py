"""What comes out: the events of one answer, and ``Completion``, their fold.

The core yields deltas; adding them up is the front end's affair, and ``Completion.add`` is the one way to do it:

    completion = Completion()
    async for event in stream_chat(connection, request):
        completion = completion.add(event)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Something in the request that is not as it was asked for, and why.

    ``parameter``: its name on the wire.  ``reason``: a snake-case word that front ends turn into a sentence.
    ``value``: what was asked for or what was added, as text.
    """

    parameter: str
    reason: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one answer. Cached and image tokens are part of ``input_tokens``, reasoning tokens of
    ``output_tokens``.

    ``estimated``: counted here, since the server sent none (a stopped stream, a server without usage).
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    reasoning_tokens: int = 0
    image_tokens: int | None = None
    estimated: bool = False

    @property
    def total_tokens(self) -> int:
        return self.input_tokens + self.output_tokens


def total_usage(usages: Sequence[Usage]) -> Usage:
    """The sum of several; estimated if one of them is. Pictures count where their tokens are known."""
    pictures = [usage.image_tokens for usage in usages if usage.image_tokens is not None]
    return Usage(
        input_tokens=sum(usage.input_tokens for usage in usages),
        output_tokens=sum(usage.output_tokens for usage in usages),
        cached_tokens=sum(usage.cached_tokens for usage in usages),
        cache_write_tokens=sum(usage.cache_write_tokens for usage in usages),
        reasoning_tokens=sum(usage.reasoning_tokens for usage in usages),
        image_tokens=sum(pictures) if pictures else None,
        estimated=any(usage.estimated for usage in usages),
    )


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds since the request was sent. ``first_token``: None if no content came."""

    first_token: float | None
    total: float

    def tokens_per_second(self, output_tokens: int) -> float | None:
        """Speed after the first token; None where it cannot be told."""
        if self.first_token is None or self.total <= self.first_token or output_tokens < 2:
            return None
        return output_tokens / (self.total - self.first_token)


@dataclass(frozen=True, slots=True)
class Started:
    """A request goes out. ``body``: exactly what is sent. Comes again if the body had to be adapted."""

    body: dict[str, Any]
    adjustments: tuple[Adjustment, ...] = ()


@dataclass(frozen=True, slots=True)
class Retrying:
    """The attempt failed before the first token; the next starts in ``seconds``.

    ``kind``: the ``ChatError.kind``.  ``asked``: whether the server named this wait.
    """

    kind: str
    seconds: float
    attempt: int
    asked: bool = False


@dataclass(frozen=True, slots=True)
class TextDelta:
    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    text: str
    index: int = 0


@dataclass(frozen=True, slots=True)
class Finished:
    """The answer has ended.

    ``finish_reason``: of choice 0: stop, length, content_filter, tool_calls; None where the server never sent one but
    closed the stream properly.  ``usage``: the server's figures, or an estimate that says so.  ``cost``: US dollars,
    None if the price is unknown.  ``response``: the response object, as the API has it (an object
    ``chat.completion``, folded from the chunks when it was streamed).
    """

    finish_reason: str | None
    usage: Usage
    cost: Decimal | None
    timing: Timing
    response: dict[str, Any]


Event = Started | Retrying | TextDelta | ReasoningDelta | RefusalDelta | Finished


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of ``n``."""

    text: str = ""
    reasoning: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """All that is known of an answer so far; ``finished`` is None until it has ended."""

    started: Started | None = None
    choices: dict[int, Choice] = field(default_factory=dict)
    finished: Finished | None = None

    @property
    def text(self) -> str:
        return self.choices[0].text if 0 in self.choices else ""

    @property
    def reasoning(self) -> str:
        return self.choices[0].reasoning if 0 in self.choices else ""

    @property
    def refusal(self) -> str:
        return self.choices[0].refusal if 0 in self.choices else ""

    @property
    def written(self) -> str:
        """All that was written, in every choice: what output tokens are counted from where the server tells none."""
        choices = self.choices.values()
        return "".join(choice.reasoning + choice.text + choice.refusal for choice in choices)

    @property
    def id(self) -> str | None:
        return self.response.get("id")

    @property
    def model(self) -> str | None:
        """The model that answered, as the server names it."""
        return self.response.get("model")

    @property
    def system_fingerprint(self) -> str | None:
        return self.response.get("system_fingerprint")

    @property
    def finish_reason(self) -> str | None:
        return self.finished.finish_reason if self.finished else None

    @property
    def usage(self) -> Usage | None:
        return self.finished.usage if self.finished else None

    @property
    def response(self) -> dict[str, Any]:
        """The response object as the API has it; empty until the answer has ended."""
        return self.finished.response if self.finished else {}

    def add(self, event: Event) -> "Completion":
        """This answer with one event more; the one fold there is."""
        match event:
            case Started():
                return replace(self, started=event)
            case TextDelta(text, index):
                return self._grown(index, text=text)
            case ReasoningDelta(text, index):
                return self._grown(index, reasoning=text)
            case RefusalDelta(text, index):
                return self._grown(index, refusal=text)
            case Finished():
                return replace(self, finished=event)
            case Retrying():
                return self

    def _grown(self, index: int, *, text: str = "", reasoning: str = "", refusal: str = "") -> "Completion":
        old = self.choices.get(index, Choice())
        grown = Choice(old.text + text, old.reasoning + reasoning, old.refusal + refusal)
        return replace(self, choices={**self.choices, index: grown})
