"""Batch files: many requests as one file, for OpenAI's Batch API and vLLM's batch runner alike, and their answers read
back.

    file = await write(items, Path("batch.jsonl"))       # the same items that ``batch.run`` takes
    answers = await read([Path("output.jsonl"), Path("errors.jsonl")], connection, file.model)
    async for result in answers.results([item.key for item in items]): ...

Input: one JSON object a line with ``custom_id``, ``method``, ``url`` and ``body`` (guide "Batch API", section "Prepare
your batch file"; ``vllm run-batch`` takes the same). Output and errors: ``custom_id``, ``response`` (``status_code``,
``request_id``, ``body``) and ``error``, in any order. Rows are never all in memory, neither here nor there.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Literal

from chat_core import pricing, provider, wire
from chat_core.batch import Item
from chat_core.chat import reported_usage
from chat_core.connections import Connection
from chat_core.errors import (
    BadRequest,
    BatchCancelled,
    BatchExpired,
    BatchFileError,
    BatchMissing,
    ChatError,
    NotChatCompletions,
)
from chat_core.events import Adjustment, Completion, Finished, Timing, Usage
from chat_core.pricing import Price
from chat_core.request import ChatRequest
from chat_core.stream_reader import Fold, server_words

log = logging.getLogger(__name__)

# Of one file (``openai/types/batch_create_params.py``).
MOST_REQUESTS = 50_000
LARGEST_FILE = 200_000_000
# Output and error file together, and lines of somebody else's file.
MOST_LINES = 4 * MOST_REQUESTS
LONGEST_LINE = 16 * 1024 * 1024
# So many lines are read in one go in a thread.
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class BatchFile:
    """A batch file on this disk, within the limits of the Batch API.

    ``size``: bytes.  ``adjustments``: what in some of the requests is not as it was asked for.  ``left_out``: the keys
    of items of which no request could be made, and why.
    """

    path: Path
    model: str
    requests: int
    size: int
    adjustments: tuple[Adjustment, ...] = ()
    left_out: tuple[tuple[str, ChatError], ...] = ()


@dataclass(frozen=True, slots=True)
class BatchResult:
    """The answer to one request of a batch, or why there is none.

    ``completion``: as ``chat.complete`` gives it, without what only a stream has (``started``, timing).  ``usage``:
    None where the server sent none.  ``price``: at the price of a batch; None where unknown, and where nobody is
    charged.  ``cost``: US dollars: 0 where the connection is free, None where unknown, and where no answer came.
    """

    key: str
    completion: Completion | None = None
    error: ChatError | None = None
    usage: Usage | None = None
    price: Price | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that cannot be used. ``file``: its place among the files.  ``number``: counted from 1."""

    file: int
    number: int
    reason: Literal["not_json", "no_custom_id", "too_long"]


# --- requests to a file ----------------------------------------------------------------------------------------------


def line(key: str, request: ChatRequest) -> bytes:
    """One line of a batch file, with its line end."""
    return _line(key, wire.build(replace(request, stream=False)).body)


async def write(items: Iterable[Item], path: Path) -> BatchFile:
    """Write the requests of ``items`` as a batch file, one after the other, so that few are in memory.

    An item whose request cannot be made is left out and told. Raises BatchFileError for more than the Batch API takes
    in one file (50,000 requests, 200 MB, one model), for two items of one key, and where the disk refuses; no file is
    left then.
    """
    writing = _Writing(path)
    try:
        with _disk():
            file = await asyncio.to_thread(path.open, "wb")
        with file:
            for item in items:
                await writing.add(item, file)
        return writing.done()
    except BaseException:
        _discard(path)
        raise


class _Writing:
    """What is known of a file while it is written."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._model = ""
        self._keys: set[str] = set()
        self._size = 0
        self._requests = 0
        self._adjustments: dict[Adjustment, None] = {}
        self._left_out: list[tuple[str, ChatError]] = []

    async def add(self, item: Item, file: BinaryIO) -> None:
        if item.key in self._keys:
            raise BatchFileError("Two requests of the batch have the same name.", reason="same_key")
        if self._requests == MOST_REQUESTS:
            raise BatchFileError("A batch takes at most 50,000 requests.", reason="too_many")
        self._keys.add(item.key)
        try:
            request = item.request if isinstance(item.request, ChatRequest) else await item.request()
        except ChatError as error:
            # Without its traceback, whose frames would keep what was read alive.
            self._left_out.append((item.key, error.with_traceback(None)))
            return
        self._model = self._model or request.model
        if request.model != self._model:
            raise BatchFileError("All requests of a batch go to one model.", reason="several_models")
        with _disk():
            await asyncio.to_thread(self._write, item.key, request, file)

    def _write(self, key: str, request: ChatRequest, file: BinaryIO) -> None:
        outgoing = wire.build(replace(request, stream=False))
        data = _line(key, outgoing.body)
        if self._size + len(data) > LARGEST_FILE:
            raise BatchFileError("A batch file may have at most 200 MB.", reason="too_large")
        file.write(data)
        self._size += len(data)
        self._requests += 1
        self._adjustments |= dict.fromkeys(outgoing.adjustments)

    def done(self) -> BatchFile:
        if not self._requests:
            raise BatchFileError("There is no request for the batch.", reason="empty")
        adjustments, left_out = tuple(self._adjustments), tuple(self._left_out)
        return BatchFile(self._path, self._model, self._requests, self._size, adjustments, left_out)


def _line(key: str, body: dict[str, Any]) -> bytes:
    entry = {"custom_id": key, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps(entry, ensure_ascii=False).encode("utf-8", "replace") + b"\n"


# --- files to results ------------------------------------------------------------------------------------------------


async def read(files: Sequence[Path], connection: Connection, model: str = "") -> "Answers":
    """Look through output and error files of one batch. ``model``: that was asked, for the price; empty: the one that
    each answer names. Raises BatchFileError for files that cannot be read, or of more than 200,000 lines."""
    answers = Answers(files, connection, model)
    with _disk():
        await asyncio.to_thread(answers._scan)
    return answers


class Answers:
    """What the files of one batch tell. ``keys``: of the rows, in the order of the files.  ``broken``: lines that
    cannot be used; the rows they were for are ``BatchMissing``."""

    def __init__(self, files: Sequence[Path], connection: Connection, model: str) -> None:
        self._files = tuple(files)
        self._connection = connection
        self._model = model
        # Key -> file, place in it, and whether it is an answer: a row may have failed once and been answered later.
        self._places: dict[str, tuple[int, int, bool]] = {}
        self.broken: tuple[BrokenLine, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(self._places)

    async def results(self, keys: Iterable[str] | None = None) -> AsyncGenerator[BatchResult, None]:
        """The results of these keys in their order, of all keys in the files if None. One that no line tells of is
        ``BatchMissing``. Raises BatchFileError for files that cannot be read any more."""
        waiting = iter(self.keys if keys is None else keys)
        while together := list(islice(waiting, _TOGETHER)):
            with _disk():
                results = await asyncio.to_thread(lambda now: [self._result(key) for key in now], together)
            for result in results:
                yield result

    def _scan(self) -> None:
        broken: list[BrokenLine] = []
        lines = 0
        for number, path in enumerate(self._files):
            with path.open("rb") as file:
                for count, (place, data) in enumerate(_lines(file), start=1):
                    lines += 1
                    if lines > MOST_LINES:
                        raise BatchFileError("These files have too many lines for one batch.", reason="too_many")
                    if reason := self._note(number, place, data):
                        broken.append(BrokenLine(number, count, reason))
        self.broken = tuple(broken)

    def _note(self, file: int, place: int, data: bytes | None) -> Literal["not_json", "no_custom_id", "too_long", ""]:
        """Remember where a row stands; or what is wrong with its line."""
        if data is None:
            return "too_long"
        if not data.strip():
            return ""
        entry = _parsed(data)
        if entry is None:
            return "not_json"
        key = entry.get("custom_id")
        if not isinstance(key, str):
            return "no_custom_id"
        answered = _answered(entry)
        if key not in self._places or (answered and not self._places[key][2]):
            self._places[key] = (file, place, answered)
        return ""

    def _result(self, key: str) -> BatchResult:
        if key not in self._places:
            return BatchResult(key, error=BatchMissing("No line that can be read tells of this request."))
        number, place, _ = self._places[key]
        with self._files[number].open("rb") as file:
            file.seek(place)
            entry = _parsed(file.readline()) or {}
        if _answered(entry):
            return self._answer(key, entry["response"]["body"])
        return BatchResult(key, error=_failure(entry, self._connection, self._model))

    def _answer(self, key: str, body: dict[str, Any]) -> BatchResult:
        usage = reported_usage(body.get("usage"))
        price, cost = self._price(usage, body)
        # Read as leniently as an answer that came at once, and with the same failures.
        fold = Fold(lambda: None, self._connection.api_key)
        try:
            fold.take(json.dumps(body).encode())
            deltas = fold.close()
        except ChatError as error:
            return BatchResult(key, error=error.with_traceback(None), usage=usage, price=price, cost=cost)
        completion = Completion()
        for delta in deltas:
            completion = completion.add(delta)
        reply = fold.reply()
        counted = usage or Usage(0, 0, estimated=True)
        finished = Finished(reply.finish_reason, counted, cost, Timing(None, 0.0), reply.response)
        return BatchResult(key, completion.add(finished), usage=usage, price=price, cost=cost)

    def _price(self, usage: Usage | None, body: dict[str, Any]) -> tuple[Price | None, Decimal | None]:
        if self._connection.free:
            return None, Decimal(0)
        if usage is None:
            return None, None
        model = self._model or str(body.get("model") or "")
        price = pricing.price_batch_usage(usage, model, self._connection.base_url)
        return price, price.total if price else None


def _lines(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Each line with its place; None for one that is too long to be held."""
    place = file.tell()
    while data := file.readline(LONGEST_LINE):
        if len(data) < LONGEST_LINE or data.endswith(b"\n"):
            yield place, data
        else:
            while data and not data.endswith(b"\n"):
                data = file.readline(LONGEST_LINE)
            yield place, None
        place = file.tell()


def _parsed(data: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _answered(entry: dict[str, Any]) -> bool:
    response = _object(entry.get("response"))
    status = response.get("status_code")
    return isinstance(status, int) and status < 300 and isinstance(response.get("body"), dict)


def _failure(entry: dict[str, Any], connection: Connection, model: str) -> ChatError:
    """What a line without an answer says: OpenAI's ``error`` for what was never run and the response's body for what
    was refused; vLLM's ``error`` for both."""
    response = _object(entry.get("response"))
    told = entry.get("error") or response.get("body")
    error = _object(told) or {"message": told if isinstance(told, str) else ""}
    error = _object(error.get("error")) or error
    if error.get("code") == "batch_expired":
        return BatchExpired("The time of the batch was over before this request was run.")
    if error.get("code") == "batch_cancelled":
        return BatchCancelled("The batch was cancelled before this request was run.")
    status = next((n for n in (response.get("status_code"), error.get("code")) if isinstance(n, int) and n >= 400), 0)
    if status:
        return provider.refusal(connection, status, error, model, request_id=str(response.get("request_id") or ""))
    if told:
        words = server_words(str(error.get("message") or ""), connection.api_key)
        return BadRequest("The server refused the request.", server_words=words)
    return NotChatCompletions("This line tells neither of an answer nor of an error.")


def _discard(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink(missing_ok=True)


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    """What the disk refuses, in words. Raises BatchFileError."""
    try:
        yield
    except OSError as error:
        log.warning("A batch file cannot be used: %s", error.strerror)
        raise BatchFileError("The batch file cannot be written or read on this disk.", reason="disk") from None
