"""The shapes of answers on the wire: completion objects, chunks, models and server-sent events."""

import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from demo_model import tokens
from demo_model.call import Call
from demo_model.family import Model
from demo_model.generation import Answer, Generation, Piece

DONE = b"data: [DONE]\n\n"
_CREATED = 1_795_000_000
"""When the demo model was made, in seconds since 1970 (November 2026)."""


@cache
def fingerprint() -> str:
    """The ``system_fingerprint``: another one as soon as any file of this package changes, for then answers may."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in (".py", ".toml"):
            digest.update(path.read_bytes())
    return f"fp_{digest.hexdigest()[:10]}"


def model_object(model: Model) -> dict[str, Any]:
    """The entry of ``/models``; ``max_model_len`` is vLLM's name for the context window.

    ``owned_by`` sets the drills apart. ``shutdown_date`` is there where a model has one (openai/types/model.py).
    """
    ending = {"shutdown_date": model.shutdown.isoformat()} if model.shutdown else {}
    return {
        "id": model.id,
        "object": "model",
        "created": _CREATED,
        "owned_by": "vitrine" if model.drill is None else "vitrine-drill",
        "max_model_len": tokens.CONTEXT_WINDOW,
        **ending,
    }


def event(value: dict[str, Any]) -> bytes:
    """One server-sent event."""
    return f"data: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}\n\n".encode()


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes the objects of one answer, which share an id."""

    call: Call
    id: str = field(default_factory=lambda: f"chatcmpl-{secrets.token_hex(12)}")
    created: int = field(default_factory=lambda: int(time.time()))

    def completion(self, generation: Generation) -> dict[str, Any]:
        """The whole answer as one object."""
        choices = [self._choice(index, answer) for index, answer in enumerate(generation.answers)]
        return {**self._head("chat.completion"), "choices": choices, "usage": generation.usage}

    def opening(self, index: int) -> bytes:
        """The first chunk of a choice: its role."""
        return self._chunk(index, {"role": "assistant", "content": "", "refusal": None})

    def piece(self, index: int, piece: Piece) -> bytes:
        """A chunk with a piece of the answer."""
        return self._chunk(index, {piece.field: piece.text}, logprobs=self._logprobs((piece,)))

    def closing(self, index: int, answer: Answer) -> bytes:
        """The last chunk of a choice: why it ended."""
        return self._chunk(index, {}, finish_reason=answer.finish_reason)

    def usage(self, generation: Generation) -> bytes:
        """The chunk without choices that carries the usage."""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": generation.usage})

    def _choice(self, index: int, answer: Answer) -> dict[str, Any]:
        refusal = answer.said("refusal")
        content = None if refusal else answer.said("content") or ""
        message: dict[str, Any] = {"role": "assistant", "content": content, "refusal": refusal, "annotations": []}
        if working := answer.said("reasoning_content"):
            message["reasoning_content"] = working
        logprobs = self._logprobs(answer.pieces)
        return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": answer.finish_reason}

    def _chunk(
        self,
        index: int,
        delta: dict[str, Any],
        *,
        logprobs: dict[str, Any] | None = None,
        finish_reason: str | None = None,
    ) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": logprobs, "finish_reason": finish_reason}
        usage = {"usage": None} if self.call.include_usage else {}
        return event({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def _logprobs(self, pieces: tuple[Piece, ...]) -> dict[str, Any] | None:
        """The chances of the draw, token by token; null unless they were asked for."""
        if self.call.top_logprobs is None:
            return None
        told: dict[str, list[dict[str, Any]]] = {"content": [], "refusal": []}
        for piece in pieces:
            for drawn in piece.drawn:
                likeliest = drawn.likeliest[: self.call.top_logprobs]
                top = [_chance(token, logprob) for token, logprob in likeliest]
                told[piece.field].append({**_chance(drawn.token, drawn.logprob), "top_logprobs": top})
        return {name: entries or None for name, entries in told.items()}

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.call.model.id,
            "service_tier": "default",
            "system_fingerprint": fingerprint(),
        }


def _chance(token: int, logprob: float) -> dict[str, Any]:
    """One token and its logprob. Bytes that are no letter by themselves are written out, as the API does."""
    data = tokens.token_bytes(token)
    return {"token": data.decode("utf-8", "backslashreplace"), "logprob": logprob, "bytes": list(data)}
