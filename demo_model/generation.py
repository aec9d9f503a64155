"""``Call`` -> finished answers as streamable pieces, with the usage they make. CPU work: call it in a thread."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Literal

from demo_model import answers, drills, tokens
from demo_model.answers import Composed
from demo_model.call import Call, Sampling
from demo_model.errors import ApiError
from demo_model.sampling import Drawn, Sampler

OUTPUT_LIMIT = 16_384
"""Most tokens of one answer, as gpt-4o's."""

Field = Literal["reasoning_content", "content", "refusal"]
"""Where in a message a piece belongs, by its name on the wire."""


@dataclass(frozen=True, slots=True)
class Piece:
    """What is streamed at a time: a token, or several where it takes as many to make a letter whole."""

    field: Field
    text: str
    drawn: tuple[Drawn, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """One of ``n``.

    ``tokens``, ``reasoning_tokens``: of all that was drawn, and of the working in it.  ``finish_reason``: None: the
    answer is broken off (``silent``: by saying nothing more, else by ending the response).
    """

    pieces: tuple[Piece, ...]
    tokens: int
    finish_reason: str | None
    reasoning_tokens: int = 0
    silent: bool = False

    def said(self, field: Field) -> str | None:
        """All that belongs into one field of the message; None: nothing does."""
        return "".join(piece.text for piece in self.pieces if piece.field == field) or None


@dataclass(frozen=True, slots=True)
class Generation:
    """All answers to one call, and the ``usage`` object for them."""

    answers: tuple[Answer, ...]
    usage: dict[str, Any]


class Abandoned(Exception):
    """Nobody waits for these answers any more."""


def generate(call: Call, wanted: Callable[[], bool] = lambda: True) -> Generation:
    """Count the prompt and write the answers.

    ``wanted``: asked again and again, from this thread, whether somebody still waits.  Raises ApiError if the prompt is
    longer than the context window, and Abandoned.
    """
    if call.model.drill is not None:
        drills.refuse(call.model.drill)
    text_tokens, image_tokens = tokens.prompt_tokens(call.turns)
    prompt = text_tokens + image_tokens
    if prompt > tokens.CONTEXT_WINDOW:
        raise ApiError(
            f"This model's maximum context length is {tokens.CONTEXT_WINDOW} tokens. However, your messages resulted "
            f"in at least {prompt} tokens. Please reduce the length of the messages.",
            param="messages",
            code="context_length_exceeded",
        )
    composed = answers.compose(call)
    salt = _digest(call)
    written = tuple(_write(call, composed, f"{salt}|{index}", wanted) for index in range(call.n))
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
            "reasoning_tokens": sum(answer.reasoning_tokens for answer in written),
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
    return Generation(written, usage)


def _digest(call: Call) -> str:
    """What the seed is joined with: the same messages give the same throws."""
    digest = hashlib.sha256()
    for turn in call.turns:
        digest.update(f"{turn.role}\0{turn.text}\0{turn.pictures}\0".encode())
    return digest.hexdigest()


def _write(call: Call, composed: Composed, salt: str, wanted: Callable[[], bool]) -> Answer:
    if call.model.drill == "blanks" and composed.strict:
        return _cut_to(Answer(_blanks(), OUTPUT_LIMIT, "length"), call.limit)
    limit = min(call.limit or OUTPUT_LIMIT, OUTPUT_LIMIT)
    working: tuple[Piece, ...] = ()
    if composed.working:
        # What goes on before the answer is not for the visitor's parameters to change.
        thoughts = Sampler(Sampling(seed=call.sampling.seed), composed.language, f"{salt}|working")
        working = tuple(_pieces("reasoning_content", thoughts.draw(composed.working)))
    sampler = Sampler(call.sampling, composed.language, salt, strict=composed.strict)
    field: Field = "refusal" if call.model.drill == "refusal" else "content"
    # One token more than there is room for tells that the answer does not end here.
    drawn = islice(sampler.draw(composed.text, call.top_logprobs or 0), limit + 1)
    said = tuple(_pieces(field, _while_wanted(drawn, wanted)))
    answer = Answer(
        working + _stopped(said, call.stop),
        tokens=0,
        finish_reason="stop",
        reasoning_tokens=sum(len(piece.drawn) for piece in working),
    )
    return _drilled(_cut_to(answer, limit), call)


def _while_wanted(drawn: Iterable[Drawn], wanted: Callable[[], bool]) -> Iterator[Drawn]:
    for each in drawn:
        if not wanted():
            raise Abandoned
        yield each


def _drilled(answer: Answer, call: Call) -> Answer:
    """The answer as the drill of this model ends it."""
    match call.model.drill:
        case "length":
            return _cut_to(answer, min(drills.LENGTH, max(1, answer.tokens - 1)))
        case "content-filter":
            return replace(_cut_to(answer, drills.FILTERED_AFTER), finish_reason="content_filter")
        case "cut":
            return replace(_cut_to(answer, max(1, answer.tokens // 2)), finish_reason=None)
        case "silence":
            return replace(_cut_to(answer, 0), finish_reason=None, silent=True)
    return answer


def _pieces(field: Field, drawn: Iterable[Drawn]) -> Iterator[Piece]:
    """Tokens joined to pieces of whole letters; at the end perhaps a part of one, of which nothing is shown."""
    waiting: list[Drawn] = []
    data = b""
    for token in drawn:
        waiting.append(token)
        data += tokens.token_bytes(token.token)
        if not tokens.unfinished(data):
            yield Piece(field, data.decode("utf-8", "replace"), tuple(waiting))
            waiting, data = [], b""
    if waiting:
        yield Piece(field, "", tuple(waiting))


def _stopped(pieces: tuple[Piece, ...], stop: tuple[str, ...]) -> tuple[Piece, ...]:
    """The pieces before the first of the stop texts."""
    text = "".join(piece.text for piece in pieces)
    places = [place for each in stop if (place := text.find(each)) >= 0]
    if not places:
        return pieces
    left = min(places)
    kept: list[Piece] = []
    for piece in pieces:
        if left <= 0:
            break
        kept.append(replace(piece, text=piece.text[:left]))
        left -= len(piece.text)
    return tuple(kept)


def _cut_to(answer: Answer, limit: int | None) -> Answer:
    """The answer within a limit of tokens.

    Of a letter whose last bytes are beyond the limit nothing is shown, but its first tokens were drawn, and are told.
    """
    used = 0
    for place, piece in enumerate(answer.pieces):
        if limit is not None and used + len(piece.drawn) > limit:
            half = replace(piece, text="", drawn=piece.drawn[: limit - used])
            return replace(
                answer,
                pieces=answer.pieces[:place] + ((half,) if half.drawn else ()),
                tokens=limit,
                finish_reason="length",
                reasoning_tokens=min(answer.reasoning_tokens, limit),
            )
        used += len(piece.drawn)
    return replace(answer, tokens=used)


def _blanks() -> tuple[Piece, ...]:
    """Blanks without end, as far as an answer can go: what JSON mode may give that was told of no JSON."""
    (blank,) = tokens.encode("\n")
    return (Piece("content", "\n", (Drawn(blank, 0.0, ((blank, 0.0),)),)),) * OUTPUT_LIMIT
