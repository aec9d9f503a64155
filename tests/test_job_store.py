"""Finished rows on disk: kept, found again, bounded, swept; and a process that is killed in the middle of a batch."""

import asyncio
import contextlib
import json
import os
import random
import re
import signal
import stat
import sys
import threading
import time
import tracemalloc
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from chat_core import Usage
from chat_core.errors import JobError
from chat_core.job_store import KEPT_SECONDS, JobStore, Limits, Row, default_folder, row_key
from tests import scripted_server as play
from tests.batch_process import ROWS
from tests.scripted_server import Exchange, ScriptedServer

try:
    import resource
except ImportError:
    resource = None

ROOT = Path(__file__).resolve().parent.parent
# Long enough for anything; no test waits for it.
PATIENCE = 120.0
USAGE = Usage(12, 3, cached_tokens=2, reasoning_tokens=1, image_tokens=4)
POSIX = pytest.mark.skipif(os.name != "posix", reason="modes and links of POSIX")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "jobs"


def row(key: str, value: object = "x", cost: str | None = "0.0000036") -> Row:
    return Row(key, value, USAGE, None if cost is None else Decimal(cost), "json_schema")


def reason(error: object) -> object:
    return error.fields["reason"] if isinstance(error, JobError) else error


@contextlib.asynccontextmanager
async def refused(why: str) -> AsyncIterator[None]:
    with pytest.raises(JobError) as caught:
        yield
    assert reason(caught.value) == why


def files(folder: Path) -> set[Path]:
    return set(folder.iterdir()) if folder.exists() else set()


def open_to_all(path: Path) -> None:
    path.chmod(0o755)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def gone(path: Path) -> None:
    """Wait until a file is no longer there."""
    while path.exists():
        time.sleep(0.01)


def only_file(folder: Path) -> Path:
    (path,) = folder.iterdir()
    return path


# --- kept and found again ---------------------------------------------------------------------------------------------

VALUES = [
    "plain",
    {"이름": "어린 왕자", "나이": None, "list": [1, 2.5, True]},
    "two\nlines\u2028and one\x85more",
    "half a letter \ud83d",
    "x" * 100_000,
]


async def test_rows_are_found_again_in_any_order(folder: Path) -> None:
    async with await JobStore(folder).begin({"name": "reviews.csv", "rows": 5}) as job:
        for number, value in enumerate(VALUES):
            assert await job.put(row(str(number), value)) is None
    async with await JobStore(folder).resume(job.id) as found:
        assert found.about == {"name": "reviews.csv", "rows": 5}
        assert (len(found), found.spent, found.unpriced) == (5, 5 * Decimal("0.0000036"), 0)
        assert abs(found.created - job.created).total_seconds() < 5
        asked = ["4", "none", "0", "3", "1", "2"]
        rows = [kept async for kept in found.rows(asked)]
        assert rows == [None if key == "none" else row(key, VALUES[int(key)]) for key in asked]
        assert await found.get("2") == row("2", VALUES[2])
        assert await found.get("none") is None
        assert "1" in found
        assert "none" not in found


async def test_a_later_row_of_a_key_counts_and_both_were_paid(folder: Path) -> None:
    async with await JobStore(folder).begin() as job:
        await job.put(row("a", "failed", "0.10"))
        await job.put(row("a", "done", "0.2"))
        await job.put(row("b", cost=None))
    async with await JobStore(folder).resume(job.id) as found:
        kept = await found.get("a")
        assert kept is not None
        assert kept.value == "done"
        assert (len(found), found.spent, found.unpriced) == (2, Decimal("0.30"), 1)


def test_keys_are_of_all_that_an_answer_depends_on() -> None:
    given = {"content": "text", "schema": {"a": 1, "b": 2}, "model": "m", "prompt": "p"}
    others = [
        {"content": "text "},
        {"content": b"text"},
        {"content": ["te", "xt"]},
        {"schema": {"b": 2, "a": 1}},
        {"schema": None},
        {"model": "m2"},
        {"prompt": ""},
        {"model": "mp", "prompt": ""},
    ]
    keys = [row_key(**given), *(row_key(**(given | other)) for other in others)]
    assert len(set(keys)) == len(keys)
    assert row_key(**given) == row_key(**given)
    assert all(re.fullmatch(r"[0-9a-f]{64}", key) for key in keys)


# --- what a crash leaves ----------------------------------------------------------------------------------------------


async def test_a_half_line_at_the_end_counts_for_nothing(folder: Path) -> None:
    async with await JobStore(folder).begin() as job:
        await job.put(row("whole"))
    with only_file(folder).open("ab") as file:
        file.write(b'{"key":"half","value":"x')
    async with await JobStore(folder).resume(job.id) as found:
        assert len(found) == 1
        await found.put(row("next"))
    async with await JobStore(folder).resume(job.id) as found:
        assert [kept.key async for kept in found.rows(["whole", "next"]) if kept] == ["whole", "next"]
    assert b"half" not in only_file(folder).read_bytes()


@pytest.mark.parametrize(
    "damage",
    [b"\n", b"\0" * 50 + b"\n", b"not json\n", b"[]\n", b'{"key":1}\n', b"[" * 100_000 + b"\n"]
    + [
        json.dumps({"key": "k", "value": 1, "usage": usage, "cost": cost, "step": ""}).encode() + b"\n"
        for usage, cost in [({}, None), ({"input_tokens": 1, "output_tokens": 1, "more": 1}, None), ({}, "much")]
    ],
)
async def test_a_damaged_line_costs_no_other_row(folder: Path, damage: bytes) -> None:
    async with await JobStore(folder).begin() as job:
        await job.put(row("before"))
        with only_file(folder).open("ab") as file:
            file.write(damage)
    async with await JobStore(folder).resume(job.id) as found:
        await found.put(row("after"))
        assert [kept.key async for kept in found.rows(["before", "k", "after"]) if kept] == ["before", "after"]


@pytest.mark.parametrize("head", [b"", b"\0\0\0", b"[]", b'{"created": "today", "about": 1}', b'{"created": NaN}'])
async def test_a_damaged_head_costs_no_row(folder: Path, head: bytes) -> None:
    async with await JobStore(folder).begin({"name": "a"}) as job:
        await job.put(row("a"))
    path = only_file(folder)
    path.write_bytes(head + b"\n" + path.read_bytes().split(b"\n", 1)[1])
    async with await JobStore(folder).resume(job.id) as found:
        assert (found.about, len(found)) == ({}, 1)


# --- a disk that refuses ----------------------------------------------------------------------------------------------


@pytest.mark.skipif(resource is None, reason="no limits of this kind")
async def test_a_full_disk_is_told_and_the_next_row_is_whole(folder: Path) -> None:
    async with await JobStore(folder).begin() as job:
        await job.put(row("first"))
        size = only_file(folder).stat().st_size
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        # The next line fits with its first ten bytes only.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 10, limits[1]))
        try:
            trouble = await job.put(row("second"))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert reason(trouble) == "disk"
        assert "second" not in job
        assert only_file(folder).stat().st_size == size
        assert await job.put(row("third")) is None
    async with await JobStore(folder).resume(job.id) as found:
        assert [kept.key async for kept in found.rows(["first", "second", "third"]) if kept] == ["first", "third"]


@pytest.mark.parametrize("what", ["a file", "under a file", "a link"])
async def test_a_folder_that_cannot_be_is_told(tmp_path: Path, what: str) -> None:
    (tmp_path / "file").write_text("x")
    (tmp_path / "elsewhere").mkdir()
    folder = tmp_path / {"a file": "file", "under a file": "file/jobs", "a link": "link"}[what]
    if what == "a link":
        folder.symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    async with refused("disk"):
        await JobStore(folder).begin()
    assert list((tmp_path / "elsewhere").iterdir()) == []


@POSIX
async def test_nobody_else_may_read(tmp_path: Path) -> None:
    open_to_all(tmp_path)
    async with await JobStore(tmp_path).begin():
        assert mode(tmp_path) == 0o700
        assert mode(only_file(tmp_path)) == 0o600


@POSIX
def test_each_user_has_a_folder() -> None:
    assert str(os.getuid()) in default_folder().name


# --- ids --------------------------------------------------------------------------------------------------------------

ODD_IDS = [
    "",
    "a",
    "../" * 8 + "etc/passwd",
    "a" * 31 + "/",
    "a" * 31 + "\n",
    "a" * 33,
    "\0" * 32,
    "가" * 32,
    "a" * 10**6,
]


@pytest.mark.parametrize("job_id", ODD_IDS, ids=range(len(ODD_IDS)))
async def test_an_id_of_the_wrong_form_never_touches_the_disk(folder: Path, job_id: str) -> None:
    async with refused("not_found"):
        await JobStore(folder).resume(job_id)
    await JobStore(folder).delete(job_id)
    assert files(folder) == set()


async def test_ids_cannot_be_guessed_and_do_not_stand_on_the_disk(folder: Path) -> None:
    store = JobStore(folder)
    ids = set()
    for _ in range(20):
        async with await store.begin({"name": "a"}) as job:
            ids.add(job.id)
    assert len(ids) == 20
    assert all(re.fullmatch(r"[\w-]{32}", job_id) for job_id in ids)
    written = b"".join(path.name.encode() + path.read_bytes() for path in files(folder))
    assert not [job_id for job_id in ids if job_id.encode() in written]
    async with refused("not_found"):
        await store.resume("a" * 32)


async def test_an_open_job_is_not_opened_twice(folder: Path) -> None:
    store = JobStore(folder)
    async with await store.begin() as job, refused("in_use"):
        await store.resume(job.id)
    async with await store.resume(job.id), refused("in_use"):
        await store.resume(job.id)
    async with await store.resume(job.id):
        pass


async def test_deleted_is_deleted(folder: Path) -> None:
    store = JobStore(folder)
    async with await store.begin() as job:
        await job.put(row("a"))
        await store.delete(job.id)
        assert files(folder) == set()
        # A batch that is still under way is told, and its result is its own.
        assert reason(await job.put(row("b"))) == "not_found"
        async with refused("not_found"):
            await job.get("a")
    await store.delete(job.id)
    async with refused("not_found"):
        await store.resume(job.id)


# --- bounds -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "limits",
    [Limits(rows=2), Limits(row_bytes=1000), Limits(job_bytes=1500), Limits(all_bytes=1500)],
    ids=["rows", "row_bytes", "job_bytes", "all_bytes"],
)
async def test_what_is_too_much_is_told_and_not_kept(folder: Path, limits: Limits) -> None:
    async with await JobStore(folder, limits).begin() as job:
        assert await job.put(row("a")) is None
        assert await job.put(row("b")) is None
        assert reason(await job.put(row("c", "x" * 1500))) == "full"
        assert (len(job), "c" in job) == (2, False)
        assert await job.put(row("a", "again")) is None


async def test_a_deleted_job_leaves_its_room_to_the_others(folder: Path) -> None:
    store = JobStore(folder, Limits(all_bytes=4000))
    large, small = await store.begin(), await store.begin()
    async with large, small:
        assert await large.put(row("a", "x" * 3000)) is None
        assert reason(await small.put(row("b", "x" * 1000))) == "full"
        await store.delete(large.id)
        assert await small.put(row("b", "x" * 1000)) is None


async def test_there_are_so_many_jobs_and_no_more(folder: Path) -> None:
    store = JobStore(folder, Limits(jobs=2))
    jobs = [await store.begin(), await store.begin()]
    async with refused("full"):
        await store.begin()
    await store.delete(jobs[0].id)
    jobs.append(await store.begin())
    for job in jobs:
        await job.close()


async def test_what_is_kept_with_a_job_is_bounded(folder: Path) -> None:
    with pytest.raises(ValueError, match="too long"):
        await JobStore(folder).begin({"name": "x" * 100_000})


async def test_after_a_day_a_job_is_gone_and_nothing_else_is(folder: Path) -> None:
    store = JobStore(folder)
    jobs = [await store.begin() for _ in range(3)]
    for job in jobs[:2]:
        await job.close()
    foreign = folder / "notes.txt"
    foreign.write_text("of the owner")
    for path in (jobs[0].path, jobs[2].path, foreign):
        os.utime(path, (0, time.time() - KEPT_SECONDS - 60))
    # The last one is old as well, but somebody is at work on it.
    assert await store.sweep() == 1
    assert files(folder) == {jobs[1].path, jobs[2].path, foreign}
    await jobs[2].close()
    async with refused("not_found"):
        await store.resume(jobs[2].id)
    assert files(folder) == {jobs[1].path, foreign}


async def test_the_sweep_goes_on_by_itself(folder: Path) -> None:
    store = JobStore(folder)
    async with await store.begin() as job:
        pass
    os.utime(job.path, (0, 0))
    sweeping = asyncio.create_task(store.keep_swept())
    await asyncio.wait_for(asyncio.to_thread(gone, job.path), PATIENCE)
    sweeping.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sweeping


async def test_memory_stays_flat_with_thousands_of_rows(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # The patience of the disk is not what is measured here.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    rows, text = 5_000, "x" * 8_000
    tracemalloc.start()
    try:
        async with await JobStore(folder).begin() as job:
            for number in range(rows):
                await job.put(row(f"{number:064}", text))
            after_writing = tracemalloc.get_traced_memory()[0]
        async with await JobStore(folder).resume(job.id) as found:
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            async for kept in found.rows(f"{number:064}" for number in reversed(range(rows))):
                assert kept is not None
            peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert job.path.stat().st_size > rows * len(text)
    # 40 MB on the disk; in memory a key and a place for each row, and the rows of one handful.
    assert after_writing < 600 * rows
    assert peak < 4_000_000


# --- killed in the middle ---------------------------------------------------------------------------------------------

KILLED_AT = 80
SEED = 7


def chance(*of: object) -> float:
    return random.Random(f"{SEED} {of}").random()


def needs_repair(row: str) -> bool:
    """Whether the first answer about this row is not valid."""
    return chance(row) < 0.2


class Unreliable:
    """One request of ten fails and one of twenty is told to wait, always the same ones; one row of five is answered
    wrongly at first. Counts what it was paid for, a repair by the row and a mark.

    After ``KILLED_AT`` answers it goes on to the next repair, and then only begins answers, until ``whole`` is set.
    """

    def __init__(self) -> None:
        self.paid: Counter[str] = Counter()
        self.said: Counter[str] = Counter()
        self.tries: Counter[str] = Counter()
        self.asked: list[str] = []
        self.held: list[str] = []
        self.whole = False
        self.begun = threading.Event()

    async def __call__(self, exchange: Exchange) -> None:
        row, repair = exchange.body["messages"][1]["content"], len(exchange.body["messages"]) > 2
        asked = f"{row}, repair" if repair else row
        self.asked.append(asked)
        self.tries[asked] += 1
        luck = chance(asked, self.tries[asked])
        if luck < 0.10:
            self.said["failed"] += 1
            await play.error(500, "Oops.")(exchange)
        elif luck < 0.15:
            self.said["limited"] += 1
            await play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="5")(exchange)
        elif not self.whole and (self.begun.is_set() or (repair and self.paid.total() >= KILLED_AT)):
            self.held.append(asked)
            self.begun.set()
            await play.hold_after('{"row":')(exchange)
        else:
            self.paid[asked] += 1
            name: object = 7 if needs_repair(row) and not repair else row
            await play.answer(json.dumps({"row": name, "text": "x" * 50_000}))(exchange)


async def start(server: ScriptedServer, folder: Path, *job_id: str) -> Process:
    arguments = ("-m", "tests.batch_process", server.base_url, str(folder), *job_id)
    return await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, stdout=PIPE)


async def told(process: Process) -> AsyncIterator[dict]:
    assert process.stdout is not None
    while data := await asyncio.wait_for(process.stdout.readline(), PATIENCE):
        yield json.loads(data)


@pytest.fixture
def unreliable() -> Iterator[tuple[ScriptedServer, Unreliable]]:
    script = Unreliable()
    with ScriptedServer(script) as server:
        yield server, script


async def test_killed_in_the_middle_and_started_again(
    unreliable: tuple[ScriptedServer, Unreliable], folder: Path
) -> None:
    server, script = unreliable
    process = await start(server, folder)
    # With a repair under way, and nothing more that will be answered: what had been written of it is lost.
    assert await asyncio.to_thread(script.begun.wait, PATIENCE)
    paid = script.paid.total()
    job_id = ""
    async for line in told(process):
        job_id = line.get("job", job_id)
        if line.get("kept") == paid:
            break
    process.kill()
    assert await asyncio.wait_for(process.wait(), PATIENCE) == (-signal.SIGKILL if os.name == "posix" else 1)
    assert KILLED_AT <= script.paid.total() == paid < ROWS

    script.whole = True
    script.asked.clear()
    process = await start(server, folder, job_id)
    ended = {}
    async for line in told(process):
        ended = line.get("ended", ended)
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0

    rows = [f"row {number}" for number in range(ROWS)]
    repairs = [f"{row}, repair" for row in rows if needs_repair(row)]
    assert script.paid == Counter(rows + repairs)
    # It was held first: the answer before it is on the disk, and only the repair is asked for.
    assert script.held[0] in repairs
    assert script.held[0] in script.asked
    assert script.held[0].removesuffix(", repair") not in script.asked
    assert (ended["rows"], ended["repaired"]) == (rows, len(repairs))
    assert Decimal(ended["spent"]) == script.paid.total() * Decimal("0.0000036")
    assert min(len(repairs), script.said["failed"], 4 * script.said["limited"]) > 12
    # Some 150 answers of 50 kB went through after the first twenty.
    assert ended["grown"] < 1_000_000
