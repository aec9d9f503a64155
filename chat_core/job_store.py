"""Finished rows of a batch on disk, so that it goes on after a crash or a restart without paying for them again.

    store = JobStore(settings.jobs_dir)
    async with await store.begin({"name": "reviews.csv"}) as job:      # later: await store.resume(job_id)
        todo = [item for item in items if item.key not in job]
        ...                                                            # as answers come, from ``batch.run``:
        trouble = await job.put(Row(key, value, usage, cost, "json_schema"))
        ...                                                            # at the end, in the order of the input:
        async for row in job.rows(keys): ...

Knows nothing of what the rows are about. A job has an id that nobody can guess, and whoever has it may read and delete
the job; on disk only its hash stands. One job is one file of JSON lines that is only ever added to: a head, then one
line a finished row. A half line at its end, left by a crash, counts for nothing; answers that were under way then are
not on the disk, so those few rows are asked again. In memory are the places of the rows, never the rows.
"""

import asyncio
import contextlib
import hashlib
import json
import logging
import os
import re
import secrets
import stat
import tempfile
import threading
import time
import weakref
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal, DecimalException
from io import FileIO
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from chat_core.errors import JobError
from chat_core.events import Usage

log = logging.getLogger(__name__)

# Counted from the last row: a job that is still worked on is not old.
KEPT_SECONDS = 86_400.0
SWEEP_SECONDS = 3_600.0
LONGEST_ABOUT = 64 * 1024
# 24 random bytes, as ``secrets.token_urlsafe`` writes them.
_ID = re.compile(r"[A-Za-z0-9_-]{32}")
_FILE = re.compile(r"[0-9a-f]{64}\.jsonl")
_END_OF_TIME = 1e11
# So many rows are read in one go in a thread.
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What may be kept: ``jobs`` in the folder, ``rows`` of one job, bytes of a row, of a job, and of all jobs."""

    jobs: int = 2_000
    rows: int = 50_000
    row_bytes: int = 4 * 1024 * 1024
    job_bytes: int = 256 * 1024 * 1024
    all_bytes: int = 1024 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Row:
    """One finished row.

    ``key``: what ``row_key`` makes of all that its answer depends on.  ``value``: any JSON.  ``cost``: US dollars, None
    where unknown.  ``step``: a word for the way that led to the answer.
    """

    key: str
    value: Any
    usage: Usage
    cost: Decimal | None
    step: str = ""


Content = str | bytes | Sequence[str | bytes]


def row_key(*, content: Content, schema: Any, model: str, prompt: str) -> str:
    """The key of a row: SHA-256, in hex, of what is asked about, the schema (any JSON), the model and the prompt.

    Two rows of the same content have the same key, and are paid for once. ``content``: a text, the bytes of a picture,
    or several of these.
    """
    return row_keys(schema=schema, model=model, prompt=prompt)(content)


def row_keys(*, schema: Any, model: str, prompt: str) -> Callable[[Content], str]:
    """``row_key`` for many rows of which the same is asked: what makes a key of a content."""
    # The order of a schema's fields is the order of the answer's, so it counts.
    around = hashlib.sha256()
    for part in (model, prompt, json.dumps(schema)):
        _add(around, part)

    def key_of(content: Content) -> str:
        digest = around.copy()
        for part in [content] if isinstance(content, str | bytes) else content:
            _add(digest, part)
        return digest.hexdigest()

    return key_of


def _add(digest: "hashlib._Hash", part: str | bytes) -> None:
    data = part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")
    digest.update(b"%s%d:" % (b"b" if isinstance(part, bytes) else b"t", len(data)))
    digest.update(data)


def default_folder() -> Path:
    """A folder for this user in the system's folder for temporary files."""
    owner = f"-{os.getuid()}" if hasattr(os, "getuid") else ""
    return Path(tempfile.gettempdir()) / f"vitrine-jobs{owner}"


class JobStore:
    """The jobs in one folder, which is the app's own (mode 0700; made when it is first needed).

    ``folder``: None: ``default_folder()``. All work on the disk is done in threads. One process to a folder: two would
    not know of each other's open jobs.
    """

    def __init__(self, folder: Path | None = None, limits: Limits | None = None) -> None:
        self._folder = folder
        self._limits = limits or Limits()
        self._bytes = 0
        self._open: weakref.WeakValueDictionary[str, Job] = weakref.WeakValueDictionary()
        self._lock = threading.Lock()

    async def begin(self, about: Mapping[str, Any] | None = None) -> "Job":
        """A new job, open. ``about``: JSON that is kept with it, at most 64 KB (else ValueError). Raises JobError."""
        return await asyncio.to_thread(self._begin, dict(about or {}))

    async def resume(self, job_id: str) -> "Job":
        """The job of this id, open. Raises JobError; an id of the wrong form is unknown like any other."""
        return await asyncio.to_thread(self._resume, job_id)

    async def delete(self, job_id: str) -> None:
        """Delete a job, open or not; one that is not there is no fault. Raises JobError where the disk refuses."""
        await asyncio.to_thread(self._delete, job_id)

    async def sweep(self) -> int:
        """Delete the jobs without a new row for a day; how many there were. ``begin`` and ``resume`` do so, too.
        Raises JobError."""
        return await asyncio.to_thread(self._sweep)

    async def keep_swept(self) -> None:
        """Sweep every hour, until cancelled; for a task of the app, so that nothing is kept for longer than it says."""
        while True:
            try:
                await self.sweep()
            except JobError as error:
                log.warning("Old jobs were not deleted: %s", error.fields["reason"])
            await asyncio.sleep(SWEEP_SECONDS)

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _begin(self, about: dict[str, Any]) -> "Job":
        head = _line({"created": time.time(), "about": about})
        if len(head) > LONGEST_ABOUT:
            raise ValueError("What is kept with a job is too long.")
        self._sweep()
        if len(self._files()) >= self._limits.jobs or not self._has_room(len(head)):
            raise _full()
        job_id = secrets.token_urlsafe(24)
        job = Job(self, job_id, self._path(job_id), self._limits)
        with _disk():
            job._create(head, about)
        with self._lock:
            self._open[job_id] = job
        return job

    def _resume(self, job_id: str) -> "Job":
        if not _ID.fullmatch(job_id):
            raise _not_found()
        self._sweep()
        job = Job(self, job_id, self._path(job_id), self._limits)
        with self._lock:
            if job_id in self._open:
                raise JobError("This job is open already, perhaps in another tab.", reason="in_use")
            # From here on it is taken; reading a large one takes a while.
            self._open[job_id] = job
        try:
            with _disk():
                job._load()
        except JobError:
            job._close()
            raise
        return job

    def _delete(self, job_id: str) -> None:
        if not _ID.fullmatch(job_id):
            return
        if (job := self._open.get(job_id)) is not None:
            job._close()
        path = self._path(job_id)
        with _disk(), contextlib.suppress(FileNotFoundError):
            size = path.stat().st_size
            path.unlink()
            self._grew(-size)

    def _sweep(self) -> int:
        oldest = time.time() - KEPT_SECONDS
        open_now = {job.path for job in list(self._open.values())}
        swept = total = 0
        for path, size, written in self._files():
            if written < oldest and path not in open_now:
                with _disk():
                    path.unlink(missing_ok=True)
                swept += 1
            else:
                total += size
        self._bytes = total
        return swept

    def _files(self) -> list[tuple[Path, int, float]]:
        """(path, bytes, time of the last row) of every job; nothing else in the folder is looked at."""
        found = []
        with _disk(), os.scandir(self._own_folder()) as entries:
            for entry in filter(_is_job, entries):
                # Another sweep may be at work.
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat(follow_symlinks=False)
                    found.append((Path(entry.path), status.st_size, status.st_mtime))
        return found

    def _path(self, job_id: str) -> Path:
        # By its hash: who can list the folder still has no id, and no id becomes a path.
        with _disk():
            return self._own_folder() / f"{hashlib.sha256(job_id.encode()).hexdigest()}.jsonl"

    def _own_folder(self) -> Path:
        """The folder, there and closed to others. Raises OSError: in a folder for everybody, its name could be taken
        by somebody else."""
        folder = self._folder or default_folder()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode):
            raise NotADirectoryError(f"{folder} is no folder of its own")
        if hasattr(os, "getuid"):
            if status.st_uid != os.getuid():
                raise PermissionError(f"{folder} belongs to another user")
            if stat.S_IMODE(status.st_mode) & 0o077:
                folder.chmod(0o700)
        return folder

    def _has_room(self, size: int) -> bool:
        return self._bytes + size <= self._limits.all_bytes

    def _grew(self, size: int) -> None:
        with self._lock:
            self._bytes += size

    def _left(self, job: "Job") -> None:
        with self._lock:
            if self._open.get(job.id) is job:
                del self._open[job.id]


class Job:
    """An open job; ``async with`` closes it. Made by ``JobStore``.

    ``id``: what its visitor keeps.  ``about``: what was given to ``begin``.  ``created``: when.  ``spent``: US dollars
    of all rows, also of one that a later row of its key has replaced; ``unpriced``: rows that are not in it.
    """

    def __init__(self, store: JobStore, job_id: str, path: Path, limits: Limits) -> None:
        self.id = job_id
        self.path = path
        self.about: dict[str, Any] = {}
        self.created = datetime.now(UTC)
        self.spent = Decimal(0)
        self.unpriced = 0
        self._store = store
        self._limits = limits
        self._file: FileIO | None = None
        self._places: dict[str, int] = {}
        # Where the last whole line ends, and the next one is written.
        self._end = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._places)

    def __contains__(self, key: str) -> bool:
        return key in self._places

    async def __aenter__(self) -> "Job":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def put(self, row: Row) -> JobError | None:
        """Keep a row; it is on the disk when this returns None. Otherwise the reason why it is not kept: the result
        itself is in the caller's hands, so that is returned and not raised. A later row of the same key counts."""
        return await asyncio.to_thread(self._put, row)

    async def get(self, key: str) -> Row | None:
        """The row of this key. Raises JobError where the disk cannot be read."""
        return (await asyncio.to_thread(self._read, [key]))[0]

    async def rows(self, keys: Iterable[str]) -> AsyncGenerator[Row | None, None]:
        """The rows of these keys in their order, None for one that is not here; few of them in memory at a time.
        Raises JobError where the disk cannot be read."""
        waiting = iter(keys)
        while together := list(islice(waiting, _TOGETHER)):
            for row in await asyncio.to_thread(self._read, together):
                yield row

    async def close(self) -> None:
        """Let go of the job, which stays on the disk."""
        await asyncio.to_thread(self._close)

    # --- in threads ---------------------------------------------------------------------------------------------------

    def _create(self, head: bytes, about: dict[str, Any]) -> None:
        self.about = about
        self._file = _opened(self.path, os.O_CREAT | os.O_EXCL)
        self._append(head)

    def _load(self) -> None:
        """Read the places of the rows, and cut off a half line. Raises OSError."""
        self._file = _opened(self.path, 0)
        with self.path.open("rb") as lines:
            head = lines.readline()
            self.about, self.created = _head(head)
            self._end = len(head)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                if (row := _row(line)) is not None:
                    self._count(row, self._end)
                self._end += len(line)
        self._file.truncate(self._end)

    def _put(self, row: Row) -> JobError | None:
        line = _line(asdict(row) | {"cost": None if row.cost is None else str(row.cost)})
        with self._lock:
            if self._file is None:
                return _not_found()
            limits = self._limits
            if (
                len(line) > limits.row_bytes
                or self._end + len(line) > limits.job_bytes
                or (len(self._places) >= limits.rows and row.key not in self._places)
                or not self._store._has_room(len(line))
            ):
                return _full()
            place = self._end
            try:
                self._append(line)
            except OSError as error:
                log.warning("A finished row was not kept: %s", error.strerror)
                return _refused()
            self._count(row, place)
            return None

    def _append(self, line: bytes) -> None:
        """One line, whole or not at all. Raises OSError."""
        assert self._file is not None
        rest = memoryview(line)
        try:
            self._file.seek(self._end)
            while rest:
                rest = rest[self._file.write(rest) or 0 :]
            # A row has been paid for: it is to outlive the machine, not only the process.
            os.fsync(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                self._file.truncate(self._end)
            raise
        self._end += len(line)
        self._store._grew(len(line))

    def _count(self, row: Row, place: int) -> None:
        self._places[row.key] = place
        if row.cost is None:
            self.unpriced += 1
        else:
            self.spent += row.cost

    def _read(self, keys: list[str]) -> list[Row | None]:
        places = [self._places.get(key) for key in keys]
        if not any(place is not None for place in places):
            return [None] * len(keys)
        with _disk(), self.path.open("rb") as file:
            return [None if place is None else _row_at(file, place) for place in places]

    def _close(self) -> None:
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
        self._store._left(self)


# --- lines and files -------------------------------------------------------------------------------------------------


def _line(value: dict[str, Any]) -> bytes:
    # ASCII: whatever a text holds, halves of letters too, there is one line end in a line.
    return json.dumps(value, separators=(",", ":")).encode("ascii") + b"\n"


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _head(line: bytes) -> tuple[dict[str, Any], datetime]:
    """What the first line tells: ``about``, and when the job was begun. A damaged one costs nobody the rows."""
    known = _parsed(line) or {}
    about, created = known.get("about"), known.get("created")
    when = created if isinstance(created, float) and 0 < created < _END_OF_TIME else 0.0
    return about if isinstance(about, dict) else {}, datetime.fromtimestamp(when, UTC)


def _row(line: bytes) -> Row | None:
    """The row of a line; None for one that is damaged."""
    known = _parsed(line)
    try:
        if known is None or not isinstance(known["key"], str):
            return None
        cost = None if known["cost"] is None else Decimal(known["cost"])
        return Row(known["key"], known["value"], Usage(**known["usage"]), cost, str(known["step"]))
    except (KeyError, TypeError, ValueError, DecimalException):
        return None


def _row_at(file: Any, place: int) -> Row | None:
    file.seek(place)
    return _row(file.readline())


def _opened(path: Path, how: int) -> FileIO:
    """The file for reading and writing, without a buffer: what was written is told to the system. Raises OSError."""
    flags = os.O_RDWR | how | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    return FileIO(os.open(path, flags, 0o600), "r+")


def _is_job(entry: os.DirEntry[str]) -> bool:
    return bool(_FILE.fullmatch(entry.name)) and entry.is_file(follow_symlinks=False)


@contextlib.contextmanager
def _disk() -> Iterator[None]:
    """What the disk refuses, in words. Raises JobError."""
    try:
        yield
    except FileNotFoundError:
        raise _not_found() from None
    except OSError as error:
        log.warning("The folder of jobs cannot be used: %s", error)
        raise _refused() from None


def _refused() -> JobError:
    return JobError("The disk takes no more finished rows.", reason="disk")


def _full() -> JobError:
    return JobError("There is no room for more finished rows.", reason="full")


def _not_found() -> JobError:
    return JobError("This job is not kept here (any more).", reason="not_found")
