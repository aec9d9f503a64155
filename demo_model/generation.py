"""``Call`` -> finished answers as streamable pieces, with the usage they make. CPU work: call it in a thread."""

from dataclasses import dataclass
from typing import Any

from demo_model import answers, tokens
from demo_model.call import Call
from demo_model.choosing import chooser_for
from demo_model.errors import ApiError


@dataclass(frozen=True, slots=True)
class Answer:
    """One of ``n``. ``pieces``: its text, token by token.  ``finish_reason``: stop or length."""

    pieces: tuple[str, ...]
    tokens: int
    finish_reason: str

    @property
    def text(self) -> str:
        return "".join(self.pieces)


@dataclass(frozen=True, slots=True)
class Generation:
    """All answers to one call, and the ``usage`` object for them."""

    answers: tuple[Answer, ...]
    usage: dict[str, Any]


def generate(call: Call) -> Generation:
    """Count the prompt and write the answers. Raises ApiError if the prompt is longer than the context window."""
    text_tokens, image_tokens = tokens.prompt_tokens(call.turns)
    prompt = text_tokens + image_tokens
    if prompt > tokens.CONTEXT_WINDOW:
        raise ApiError(
            f"This model's maximum context length is {tokens.CONTEXT_WINDOW} tokens. However, your messages resulted "
            f"in at least {prompt} tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        )
    written = tuple(_write(call, index) for index in range(call.n))
    completion = sum(answer.tokens for answer in written)
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": 0,
            "audio_tokens": 0,
            "text_tokens": text_tokens,
            "image_tokens": image_tokens,
        },
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    return Generation(written, usage)


def _write(call: Call, index: int) -> Answer:
    text = answers.answer(call, chooser_for(call, index))
    places = [place for stop in call.stop if (place := text.find(stop)) >= 0]
    text = text[: min(places)] if places else text
    kept: list[str] = []
    used = 0
    for piece, number in tokens.pieces(text):
        if call.limit is not None and used + number > call.limit:
            # A character whose last bytes are beyond the limit is not shown, but its first tokens were spent.
            return Answer(tuple(kept), call.limit, "length")
        kept.append(piece)
        used += number
    return Answer(tuple(kept), used, "stop")
