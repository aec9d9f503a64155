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
from demo_model.checks import MODEL
from demo_model.generation import Answer, Generation

DONE = b"data: [DONE]\n\n"
_CREATED = 1_795_000_000
"""When the demo model was made, in seconds since 1970 (November 2026)."""


@cache
def fingerprint() -> str:
    """The ``system_fingerprint``: another one as soon as any file of this package changes, for then answers may."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.*")):
        digest.update(path.read_bytes())
    return f"fp_{digest.hexdigest()[:10]}"


def model_object() -> dict[str, Any]:
    """The entry of ``/models``; ``max_model_len`` is vLLM's name for the context window."""
    return {
        "id": MODEL,
        "object": "model",
        "created": _CREATED,
        "owned_by": "vitrine",
        "max_model_len": tokens.CONTEXT_WINDOW,
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
        """The whole answer as one object. There are no probabilities behind it, so logprobs are null."""
        choices: list[dict[str, Any]] = [
            {
                "index": index,
                "message": {"role": "assistant", "content": answer.text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": answer.finish_reason,
            }
            for index, answer in enumerate(generation.answers)
        ]
        return {**self._head("chat.completion"), "choices": choices, "usage": generation.usage}

    def opening(self, index: int) -> bytes:
        """The first chunk of a choice: its role."""
        return self._chunk(index, {"role": "assistant", "content": "", "refusal": None})

    def piece(self, index: int, text: str) -> bytes:
        """A chunk with text."""
        return self._chunk(index, {"content": text})

    def closing(self, index: int, answer: Answer) -> bytes:
        """The last chunk of a choice: why it ended."""
        return self._chunk(index, {}, answer.finish_reason)

    def usage(self, generation: Generation) -> bytes:
        """The chunk without choices that carries the usage."""
        return event({**self._head("chat.completion.chunk"), "choices": [], "usage": generation.usage})

    def _chunk(self, index: int, delta: dict[str, Any], finish_reason: str | None = None) -> bytes:
        choice = {"index": index, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        usage = {"usage": None} if self.call.include_usage else {}
        return event({**self._head("chat.completion.chunk"), "choices": [choice], **usage})

    def _head(self, kind: str) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.call.model,
            "service_tier": "default",
            "system_fingerprint": fingerprint(),
        }
