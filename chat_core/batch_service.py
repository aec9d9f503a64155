"""A batch file at a server that has ``/files`` and ``/batches``: sent, followed, cancelled, its answers fetched.

    batch = await submit(connection, await batch_files.write(items, path))
    async for batch in follow(connection, batch.id):
        print(batch.status, batch.completed, batch.total)
    answers = await batch_files.read(await download(connection, batch, folder), connection, file.model)

The server runs it within 24 hours, at half the price. Whoever has the key can follow any batch of its account by its
id: on a page where strangers use the owner's key, only ids that came from ``submit`` may be given back to them.
"""

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Awaitable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from chat_core import provider
from chat_core.batch_files import BatchFile
from chat_core.connections import Connection
from chat_core.errors import (
    AnswerBroken,
    BatchesNotFound,
    BatchFileError,
    BatchNotFound,
    ChatError,
    EndpointNotFound,
    NotChatCompletions,
    RateLimited,
    ServerFailed,
    ServerUnavailable,
)
from chat_core.stream_reader import server_words

# Seconds: for a file on its way, and for everything else.
FILE_SECONDS = 1_800.0
CALL_SECONDS = 60.0
# The first pause between two looks at a batch, and the longest; each is half as long again as the one before.
FIRST_PAUSE = 2.0
LONGEST_PAUSE = 60.0
# So many looks in a row may fail for want of a server.
MOST_FAILURES = 5
MOST_PROBLEMS = 20
_ENDED = ("completed", "failed", "expired", "cancelled")
_ID = re.compile(r"\w[\w.:-]{0,199}")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as it stands at the server.

    ``status``: the API's own word (validating, in_progress, finalizing, completed, failed, expired, cancelling,
    cancelled).  ``total``, ``completed``, ``failed``: requests.  ``output_file``, ``error_file``: ids, empty where
    there is no such file (yet).  ``problems``: what the server found wrong with the file, in its words.
    """

    id: str
    status: str
    total: int = 0
    completed: int = 0
    failed: int = 0
    output_file: str = ""
    error_file: str = ""
    created: datetime | None = None
    expires: datetime | None = None
    problems: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.status in _ENDED


async def submit(connection: Connection, file: BatchFile) -> Batch:
    """Send a batch file and begin its batch. Raises ChatError: BatchesNotFound where the server has no Batch API.

    Nothing is tried twice, for a batch is paid for: where the answer to its beginning was lost or cannot be read, the
    server is asked whether it has begun.
    """
    with _opened(file.path) as content, _no_batches(connection):
        uploaded = await provider.upload_batch_file(connection, content, seconds=FILE_SECONDS)
        file_id = _id(uploaded)
    with _no_batches(connection):
        try:
            begun = await provider.create_batch(connection, file_id, seconds=CALL_SECONDS)
            _id(begun)
        except (ServerUnavailable, AnswerBroken) as error:
            begun = await _begun(connection, file_id, error)
        except ChatError:
            with contextlib.suppress(ChatError):
                await provider.delete_file(connection, file_id, seconds=CALL_SECONDS)
            raise
        return _batch(begun, connection)


async def offered(connection: Connection) -> None:
    """Ask whether the server has a Batch API. Raises ChatError: BatchesNotFound where it has none."""
    with _no_batches(connection):
        await provider.fetch_batches(connection, seconds=CALL_SECONDS)


async def look(connection: Connection, batch_id: str) -> Batch:
    """One batch as it stands. Raises ChatError: BatchNotFound where the server does not know it."""
    return _batch(await _known(connection, batch_id, provider.fetch_batch), connection)


async def follow(
    connection: Connection, batch_id: str, *, first_pause: float = FIRST_PAUSE
) -> AsyncGenerator[Batch, None]:
    """The batch at once, then each time something of it has changed, until it has ended. ``first_pause``: seconds.

    A server that is out of reach or asks for patience is asked again, five times in a row. Raises ChatError.
    """
    known: Batch | None = None
    pause, failures = first_pause, 0
    while known is None or not known.ended:
        if known is not None or failures:
            await asyncio.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        try:
            batch = await look(connection, batch_id)
        except (RateLimited, ServerUnavailable) as error:
            failures += 1
            if failures > MOST_FAILURES:
                raise
            pause = max(pause, min(float(error.fields.get("seconds", 0)), LONGEST_PAUSE))
            continue
        failures = 0
        if batch != known:
            yield batch
        known = batch


async def cancel(connection: Connection, batch_id: str) -> Batch:
    """Ask the server to end a batch; what it has answered by then is paid for and can be fetched. Raises ChatError."""
    return _batch(await _known(connection, batch_id, provider.cancel_batch), connection)


async def download(connection: Connection, batch: Batch, folder: Path) -> tuple[Path, ...]:
    """Fetch the output and the error file into a folder, as ``output.jsonl`` and ``errors.jsonl``; those that there
    are. Raises ChatError."""
    paths = []
    for file_id, name in ((batch.output_file, "output.jsonl"), (batch.error_file, "errors.jsonl")):
        if file_id:
            paths.append(folder / name)
            with _unknown(connection):
                await _fetch(connection, file_id, folder / name)
    return tuple(paths)


async def _begun(connection: Connection, file_id: str, lost: ChatError) -> dict[str, Any]:
    """The batch of this file, of which no answer told. Raises ``lost`` where nobody can say, ServerUnavailable where
    there is none."""
    try:
        listed = (await provider.fetch_batches(connection, seconds=CALL_SECONDS)).get("data")
    except ChatError:
        raise lost from None
    for entry in listed if isinstance(listed, list) else []:
        if isinstance(entry, dict) and entry.get("input_file_id") == file_id:
            return entry
    if isinstance(lost, ServerUnavailable):
        raise lost
    raise ServerFailed("The server has a Batch API, and did not begin the batch.", status=200, seconds=0.0)


async def _known(connection: Connection, batch_id: str, ask: Any) -> dict[str, Any]:
    if not _ID.fullmatch(batch_id):
        raise BatchNotFound("This is no id of a batch.", host=connection.host)
    with _unknown(connection):
        told: dict[str, Any] = await ask(connection, batch_id, seconds=CALL_SECONDS)
    return told


async def _fetch(connection: Connection, file_id: str, path: Path) -> None:
    async def take(chunk: bytes) -> None:
        await _on_disk(asyncio.to_thread(file.write, chunk))

    file: BinaryIO = await _on_disk(asyncio.to_thread(path.open, "wb"))
    with file:
        await provider.fetch_file(connection, file_id, take, seconds=FILE_SECONDS)


async def _on_disk(work: Awaitable[T]) -> T:
    try:
        return await work
    except OSError:
        raise BatchFileError("The batch file cannot be written or read on this disk.", reason="disk") from None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except OSError:
        raise BatchFileError("The batch file cannot be written or read on this disk.", reason="disk") from None
    with file:
        yield file


@contextlib.contextmanager
def _no_batches(connection: Connection) -> Iterator[None]:
    """Servers without a Batch API say 404, 405 or 501, or lead elsewhere, or say 200 with something else."""
    try:
        yield
    except ChatError as error:
        if error.status in (405, 501) or isinstance(error, EndpointNotFound | NotChatCompletions):
            raise BatchesNotFound("This server has no Batch API.", status=error.status, host=connection.host) from None
        raise


@contextlib.contextmanager
def _unknown(connection: Connection) -> Iterator[None]:
    try:
        yield
    except EndpointNotFound as error:
        words, host = error.server_words, connection.host
        raise BatchNotFound(
            "The server does not know this batch.", status=error.status, server_words=words, host=host
        ) from None


# --- what the server told --------------------------------------------------------------------------------------------


def _batch(told: dict[str, Any], connection: Connection) -> Batch:
    counts = told.get("request_counts")
    counts = counts if isinstance(counts, dict) else {}
    status = str(told.get("status") or "")
    return Batch(
        id=_id(told),
        status=status if re.fullmatch(r"\w{1,40}", status) else "unknown",
        total=_count(counts.get("total")),
        completed=_count(counts.get("completed")),
        failed=_count(counts.get("failed")),
        output_file=_name(told.get("output_file_id")),
        error_file=_name(told.get("error_file_id")),
        created=_time(told.get("created_at")),
        expires=_time(told.get("expires_at")),
        problems=_problems(told.get("errors"), connection.api_key),
    )


def _id(told: dict[str, Any]) -> str:
    """The id of an object. Raises NotChatCompletions."""
    if name := _name(told.get("id")):
        return name
    raise NotChatCompletions("The server's answer is not that of a Batch API.")


def _name(value: object) -> str:
    return value if isinstance(value, str) and _ID.fullmatch(value) else ""


def _count(value: object) -> int:
    return value if isinstance(value, int) and value > 0 else 0


def _time(value: object) -> datetime | None:
    return datetime.fromtimestamp(value, UTC) if isinstance(value, int) and 0 < value < 10**11 else None


def _problems(errors: object, key: str) -> tuple[str, ...]:
    listed = errors.get("data") if isinstance(errors, dict) else None
    problems = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    return tuple(_problem(entry, key) for entry in problems[:MOST_PROBLEMS])


def _problem(entry: dict[str, Any], key: str) -> str:
    words = server_words(str(entry.get("message") or entry.get("code") or ""), key)
    return f"{entry['line']}: {words}" if isinstance(entry.get("line"), int) else words
