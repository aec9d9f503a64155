"""Lines of a response body to deltas and the response object, leniently: any field may be missing, null or odd. Pure.

Servers that call themselves compatible send comments, other line ends, chunks without choices, reasoning under names of
their own, whole answers instead of streams, and errors in the middle; all of that is read here as plain dicts.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chat_core.errors import (
    ChatError,
    ContextTooLong,
    EmptyAnswer,
    NotChatCompletions,
    QuotaExceeded,
    RateLimited,
    ServerFailed,
    StreamCut,
)
from chat_core.events import ReasoningDelta, RefusalDelta, TextDelta

# A body that is no event stream is read up to this size, to see what it is.
LONGEST_ODD_BODY = 1024 * 1024

# Characters, reasoning included; several times what the longest output limit of today's models allows.
LONGEST_ANSWER = 2_000_000
MOST_LOGPROBS = 200_000
# The API's own limit for ``n``.
MOST_CHOICES = 128

Delta = TextDelta | ReasoningDelta | RefusalDelta


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer as the server told it. ``usage``: the API's own object, or None.  ``response``: the object that the
    API has without streaming, put together from the chunks."""

    finish_reason: str | None
    usage: dict[str, Any] | None
    response: dict[str, Any]


class Fold:
    """Folds the lines of one body.

    ``on_content``: called at each line that brought a piece of the answer.  ``key``: to be kept out of what is told of
    an error.
    """

    def __init__(self, on_content: Callable[[], None], key: str = "") -> None:
        self._on_content = on_content
        self._key = key
        self._characters = 0
        self.done = False
        self.response: dict[str, Any] = {"object": "chat.completion"}
        self.choices: dict[int, dict[str, Any]] = {}
        self.usage: dict[str, Any] | None = None
        self.odd = bytearray()

    def take(self, line: bytes) -> list[Delta]:
        """The deltas of one line. Raises ChatError for an error event, StreamCut for one that cannot be read."""
        if not line or (not self.odd and line.startswith((b":", b"event:", b"id:", b"retry:"))):
            return []
        if not line.startswith(b"data:"):
            # No event stream: an HTML page, or a whole answer as plain JSON. Looked at when it is complete.
            if not self.choices and len(self.odd) < LONGEST_ODD_BODY:
                self.odd += line + b"\n"
            return []
        data = line[5:].strip()
        if data == b"[DONE]":
            self.done = True
            return []
        if not data:
            return []
        try:
            chunk = json.loads(data.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise StreamCut("The server sent a piece of the answer that cannot be read.") from None
        return self._chunk(chunk) if isinstance(chunk, dict) else []

    def close(self) -> list[Delta]:
        """The deltas of a body that was no event stream. Raises NotChatCompletions, StreamCut, EmptyAnswer or
        ChatError."""
        deltas: list[Delta] = []
        if not self.choices and self.odd:
            deltas = self._whole_body()
        if not self.choices and not self.done:
            raise NotChatCompletions("The server's answer is not that of a Chat Completions server.")
        first = self.choices.get(0, _new_choice())
        if not self.done and first["finish_reason"] is None:
            raise StreamCut("The connection ended in the middle of the answer.")
        if first["finish_reason"] in (None, "stop") and not first["content"] and not first["refusal"]:
            raise EmptyAnswer("The server's answer is empty.")
        return deltas

    def reply(self) -> Reply:
        """The end of the answer, with the response object put together."""
        choices = [_choice(index, choice) for index, choice in sorted(self.choices.items())]
        usage = {"usage": self.usage} if self.usage else {}
        finish_reason = self.choices[0]["finish_reason"] if 0 in self.choices else None
        return Reply(finish_reason, self.usage, {**self.response, "choices": choices, **usage})

    def _whole_body(self) -> list[Delta]:
        try:
            body = json.loads(self.odd.decode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return []
        return self._chunk(body) if isinstance(body, dict) else []

    def _chunk(self, chunk: dict[str, Any]) -> list[Delta]:
        if error := chunk.get("error") or (chunk if chunk.get("object") == "error" else None):
            raise _error_event(error, self._key)
        for name in ("id", "created", "model", "service_tier", "system_fingerprint"):
            if isinstance(value := chunk.get(name), str | int):
                self.response.setdefault(name, _clean(value) if isinstance(value, str) else value)
        if isinstance(usage := chunk.get("usage"), dict) and (self.usage is None or "prompt_tokens" in usage):
            self.usage = usage
        choices = chunk.get("choices")
        if not isinstance(choices, list):
            return []
        return [delta for choice in choices if isinstance(choice, dict) for delta in self._choice_deltas(choice)]

    def _choice_deltas(self, choice: dict[str, Any]) -> list[Delta]:
        number = choice.get("index")
        index = number if isinstance(number, int) else 0
        if not 0 <= index < MOST_CHOICES:
            return []
        known = self.choices.setdefault(index, _new_choice())
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and re.fullmatch(r"\w{1,40}", finish):
            known["finish_reason"] = choice["finish_reason"]
        if isinstance(choice.get("logprobs"), dict):
            content = choice["logprobs"].get("content")
            if isinstance(content, list) and len(known["logprobs"]) < MOST_LOGPROBS:
                known["logprobs"] += content
        piece = choice.get("delta") or choice.get("message")
        if not isinstance(piece, dict):
            return []
        deltas: list[Delta] = []
        # Servers that show their reasoning use one of these two names; the SDK's types know neither.
        if text := _clean(_text(piece.get("reasoning_content")) or _text(piece.get("reasoning"))):
            known["reasoning"].append(text)
            deltas.append(ReasoningDelta(text, index))
        if text := _whole_letters(known, _text(piece.get("content"))):
            known["content"].append(text)
            deltas.append(TextDelta(text, index))
        if text := _clean(_text(piece.get("refusal"))):
            known["refusal"].append(text)
            deltas.append(RefusalDelta(text, index))
        if deltas:
            self._on_content()
            self._characters += sum(len(delta.text) for delta in deltas)
            if self._characters > LONGEST_ANSWER:
                raise StreamCut("The answer has no end and was ended here.")
        return deltas


def _new_choice() -> dict[str, Any]:
    return {"content": [], "reasoning": [], "refusal": [], "logprobs": [], "finish_reason": None, "half": ""}


def _choice(index: int, known: dict[str, Any]) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": "".join(known["content"])}
    message["refusal"] = "".join(known["refusal"]) or None
    if known["reasoning"]:
        message["reasoning_content"] = "".join(known["reasoning"])
    logprobs = {"content": known["logprobs"]} if known["logprobs"] else None
    return {"index": index, "message": message, "logprobs": logprobs, "finish_reason": known["finish_reason"]}


def _text(content: Any) -> str:
    """The text of a content field: a string, or a list of text parts as some servers send it."""
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""


def _clean(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _whole_letters(known: dict[str, Any], text: str) -> str:
    """The text with halves of letters put together: servers cut an emoji's surrogate pair in two, or send but one."""
    if text.isascii() and not known["half"]:
        return text
    text, known["half"] = known["half"] + text, ""
    if text and "\ud800" <= text[-1] <= "\udbff":
        text, known["half"] = text[:-1], text[-1]
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _error_event(error: Any, key: str) -> ChatError:
    """An error inside a stream that began with 200; its status is gone, so its words must do."""
    known = error if isinstance(error, dict) else {"message": str(error)}
    code, message = str(known.get("code") or known.get("type") or ""), str(known.get("message") or "")
    words = server_words(message, key)
    if "quota" in code:
        return QuotaExceeded("The account's quota is used up.", server_words=words)
    if "rate_limit" in code or code == "429":
        return RateLimited("The server limits the rate of requests.", server_words=words, seconds=0)
    if is_context(code, message):
        return ContextTooLong("The messages do not fit into the model's context window.", server_words=words)
    return ServerFailed("The server reported an error in the middle of the answer.", server_words=words)


_KEY_LIKE = re.compile(r"\b(?:sk|hf|gsk|key)[-_][\w*.-]{4,}|Bearer\s+\S+", re.IGNORECASE)


def is_context(code: str, message: str) -> bool:
    return code == "context_length_exceeded" or "maximum context length" in message or "context window" in message


def server_words(message: str, key: str) -> str:
    """One line of what the server said: no key, no markup, no control characters, at most 300 characters."""
    if re.search(r"<\s*(?:!doctype|html|head|body)\b", message, re.IGNORECASE):
        return ""
    message = _KEY_LIKE.sub("…", message[:10_000])
    printable = "".join(char if char.isprintable() else " " for char in message)
    return " ".join("…" if names_key(word, key) else word for word in printable.split())[:300]


def names_key(word: str, key: str) -> bool:
    """Whether a word of a server holds the key, its beginning or its end; servers repeat keys masked like that."""
    return len(key) >= 8 and (key[:6] in word or key[-4:] in word)
