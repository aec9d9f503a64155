"""The rows of a batch beyond this machine: as a file, at a server, followed, and their answers read back."""

import json
from collections.abc import Iterator
from contextlib import aclosing
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from openai.types.chat.completion_create_params import CompletionCreateParamsNonStreaming
from pydantic import TypeAdapter

from chat_core import batch_service
from chat_core.connections import Connection
from chat_core.errors import BatchFileError, JobError
from chat_core.job_store import JobStore, Limits
from chat_ui import batch_remote, batch_run, batch_view, batcher, notes, wanted
from chat_ui.batch_job import Batch, Remote
from chat_ui.batch_remote import RemoteBatcher
from chat_ui.extract_job import Source
from chat_ui.texts import t
from chat_ui.visit import Visit
from tests import scripted_server as play
from tests.batch_server import USAGE, BatchServer, completion, response, result, unrun
from tests.batch_stage import (
    INSTRUCTIONS,
    KEY,
    MODEL,
    PRICE,
    REFERENCE,
    WON,
    Stage,
    asked,
    echo,
    rows_of,
    statuses,
    texts,
)
from tests.scripted_server import Exchange, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

PARAMS: TypeAdapter[Any] = TypeAdapter(CompletionCreateParamsNonStreaming)
ASKING = (INSTRUCTIONS, MODEL)
# Dollars and rows, as they come from the page.
LIMITS = (1, 100)
FOLLOW = batch_service.follow
# 1000 input and 100 output tokens, at $0.15 and $0.60 per million, halved.
HALF = Decimal("0.000105")


def data_of(text: Any) -> str:
    return json.dumps({"name": str(text), "age": None})


@pytest.fixture
def batches() -> BatchServer:
    return BatchServer(answer=data_of)


@pytest.fixture
def stage(batches: BatchServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    """A server that answers at once as well."""
    # Pauses are the subject of no test here.
    monkeypatch.setattr(batch_service, "follow", partial(FOLLOW, first_pause=0))

    async def both(exchange: Exchange) -> None:
        await (echo if exchange.path.endswith("/chat/completions") else batches)(exchange)

    with ScriptedServer(both) as server:
        yield Stage(server, JobStore(tmp_path / "jobs"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The toasts."""
    toasts: list[str] = []
    monkeypatch.setattr(batch_remote, "warn", toasts.append)
    monkeypatch.setattr(batcher, "warn", toasts.append)
    monkeypatch.setattr(gr, "Info", toasts.append)
    return toasts


@pytest.fixture
def remote(stage: Stage) -> RemoteBatcher:
    return RemoteBatcher(stage.batcher)


def visit_with(stage: Stage, batch: Batch) -> Visit:
    visit = stage.visit()
    visit.batch = batch
    return visit


async def submit(remote: RemoteBatcher, visit: Visit) -> list[str]:
    """Send the rows, and follow them to the end; the lines that are shown on the way."""
    steps = [await remote.submit(visit, "en", REFERENCE, *LIMITS, *ASKING)]
    steps += [step async for step in remote.follow(visit, "en", REFERENCE, *ASKING)]
    return [line for line, *_ in steps if isinstance(line, str)]


async def follow(remote: RemoteBatcher, visit: Visit) -> None:
    async for _ in remote.follow(visit, "en", REFERENCE, *ASKING):
        pass
    assert not visit.batch.following


async def sent_and_left(remote: RemoteBatcher, visit: Visit) -> None:
    """Send the rows, and go away after the first look at them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch_service, "follow", partial(FOLLOW, first_pause=3600))
        await remote.submit(visit, "en", REFERENCE, *LIMITS, *ASKING)
        async with aclosing(remote.follow(visit, "en", REFERENCE, *ASKING)) as steps:
            async for _ in steps:
                if visit.batch.remote is not None and visit.batch.remote.batch.total:
                    break
    assert not visit.batch.following


def outcomes_of(batches: BatchServer, batch: Batch, **outcomes: str) -> None:
    """How rows end, by their keys."""
    ids = batch.identify(asked())
    batches.outcomes = {ids[key]: outcome for key, outcome in outcomes.items()}


def line_of(batch: Batch, connection: Connection) -> str:
    return batch_view.remote_html(batch, [], None, connection, "en", WON, mine=True)


# --- as a file --------------------------------------------------------------------------------------------------------


def exhausted(value: object) -> object:
    """Everything in a validated value: pydantic checks what is only iterable when it is iterated."""
    if isinstance(value, dict):
        return {name: exhausted(inner) for name, inner in value.items()}
    return value if isinstance(value, str) or not hasattr(value, "__iter__") else [exhausted(inner) for inner in value]


def lines_of(path: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


async def test_the_file_holds_a_request_for_each_row_without_an_answer(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    batch = texts("answered", "안나는 31살", "two\nlines\u2028", "안나는 31살", "half \ud83d")
    visit = visit_with(stage, batch)
    await stage.ask(batch, choose=lambda batch: batch.to_ask(batch.ids)[:1])
    gone = batch.add(Source("", "gone.png", "", status="ready", media_type="image/png", width=8, height=8))
    assert gone is not None
    gone.source.path, gone.digest = str(tmp_path / "gone.png"), "d"
    update = await remote.save(visit, "en", *ASKING)
    assert Path(update["value"]).name == batch_remote.FILE_NAME
    entries = lines_of(update["value"])
    ids = batch.identify(asked())
    assert [entry["custom_id"] for entry in entries] == [ids["r2"], ids["r3"], ids["r5"]]
    assert said == [t("en", "batch.left_out", count=1)]
    for entry in entries:
        assert (entry["method"], entry["url"], entry["body"]["model"]) == ("POST", "/v1/chat/completions", MODEL)
        assert entry["body"]["response_format"]["type"] == "json_schema"
        exhausted(PARAMS.validate_python(entry["body"]))
    assert "안나는 31살" in json.dumps(entries[0]["body"]["messages"], ensure_ascii=False)
    assert INSTRUCTIONS in json.dumps(entries[0]["body"]["messages"])
    # Nothing has gone to the server for it, and nothing is opened or begun.
    assert len(stage.server.all_requests) == 1


async def test_without_rows_there_is_a_sentence_and_no_file(
    stage: Stage, remote: RemoteBatcher, said: list[str]
) -> None:
    visit = visit_with(stage, Batch())
    await remote.save(visit, "en", *ASKING)
    assert said == [notes.sentence(BatchFileError("", reason="empty"), "en")]
    assert await submit(remote, visit)
    assert stage.server.requests == []


# --- the whole way ----------------------------------------------------------------------------------------------------


async def test_rows_are_sent_followed_and_answered_at_half_the_price(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, said: list[str]
) -> None:
    batch = texts(*(f"row {n}" for n in range(8)), "row 0")
    visit = visit_with(stage, batch)
    outcomes_of(batches, batch, r2="refused", r4="expired", r6="missing")
    line, offered, *_ = await remote.look(visit, "en", *ASKING)
    assert t("en", "batch.remote_price", count=8, money="").split("{")[0].split(":")[0] in line
    assert offered["visible"]
    assert offered["interactive"]
    lines = await submit(remote, visit)
    assert t("en", "batch.remote_completed") in lines[-1]
    assert t("en", "batch.progress", done=5, all=8) in lines[-1]
    assert batch.remote_error is None
    assert batch.remote is not None
    assert batch.remote.taken
    assert statuses(batch) == [
        "done", "failed", "done", "failed", "done", "waiting", "done", "done", "done",
    ]  # fmt: skip
    assert [data and data["name"] for data in await stage.data(batch)] == [
        "row 0", None, "row 2", None, "row 4", None, "row 6", "row 7", "row 0",
    ]  # fmt: skip
    told = [batch_view.problems_of(batch, batch.rows[key], None, "en")[0] for key in ("r2", "r4")]
    assert told == [notes.sentence(batch.states[batch.ids[key]].error, "en") for key in ("r2", "r4")]
    assert told[0] != told[1]
    # Each answer is booked once, at half the price.
    assert [entry.cost for entry in visit.ledger.entries] == [HALF] * 5
    assert batch.spent == batch.ledger.totals().cost == 5 * HALF
    await follow(remote, visit)
    assert len(visit.ledger.entries) == 5
    assert batches.asked.count("POST /v1/batches") == 1
    # What has no answer can be asked here, or sent again.
    estimate, start, *_ = await remote.batcher.ready(visit, "en", REFERENCE, *LIMITS, *ASKING)
    assert t("en", "batch.count", count=1) in estimate
    assert start["interactive"]
    batches.outcomes, batches.seen = {}, 0
    await submit(remote, visit)
    assert batches.asked.count("POST /v1/batches") == 2
    assert statuses(batch)[5] == "done"
    assert batch.spent == visit.ledger.totals().cost == 6 * HALF
    await stage.again(batch)
    assert statuses(batch) == ["done"] * 9
    assert batch.spent == 6 * HALF + 2 * PRICE
    assert said == []


@pytest.mark.parametrize("status", [*batch_view.REMOTE_STATUSES, "something_new"])
def test_each_state_of_a_batch_has_its_words(status: str) -> None:
    batch = Batch(remote=Remote(batch_service.Batch("batch_0", status, 9, 4, 3), "http://127.0.0.1:1/v1", typed=False))
    line = line_of(batch, Connection("custom", "http://127.0.0.1:1/v1", KEY))
    words = "something_new" if status == "something_new" else t("en", f"batch.remote_{status}")
    assert f"<strong>{words}</strong>" in line
    assert t("en", "batch.progress", done=4, all=9) in line
    assert t("en", "batch.progress_failed", count=3) in line


@pytest.mark.parametrize(
    ("limits", "told"),
    [
        # Three rows are expected to cost some 0.00005 dollars each as a batch.
        ((0.00001, None), "batch.over_limit"),
        ((None, 2), "batch.over_limit"),
        ((1, 2), "batch.over_limit"),
        ((None, None), "describe.no_limit"),
    ],
)
async def test_no_batch_is_sent_that_is_more_than_the_limits_allow(
    stage: Stage,
    batches: BatchServer,
    remote: RemoteBatcher,
    said: list[str],
    limits: tuple[float | None, int | None],
    told: str,
) -> None:
    visit = visit_with(stage, rows_of(3))
    await remote.submit(visit, "en", REFERENCE, *limits, *ASKING)
    assert said == [t("en", told, count=3) if told == "batch.over_limit" else t("en", told)]
    assert batches.asked == []
    assert visit.batch.remote is None


async def test_rows_are_not_deleted_while_they_are_at_the_server(
    stage: Stage, remote: RemoteBatcher, said: list[str]
) -> None:
    visit = visit_with(stage, rows_of(2))
    await sent_and_left(remote, visit)
    batch = visit.batch
    await remote.batcher.clear(visit, "en")
    assert visit.batch is batch
    assert said == [t("en", "batch.at_server_first")]
    # Who cannot cancel it, for it was sent by another connection, may delete them.
    visit.typed = Connection("custom_typed", stage.server.base_url, KEY)
    await remote.batcher.clear(visit, "en")
    assert not visit.batch.rows


async def test_rows_of_a_batch_that_the_server_has_forgotten_are_asked_again(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, said: list[str]
) -> None:
    visit = visit_with(stage, rows_of(2))
    await sent_and_left(remote, visit)
    batches.batches.clear()
    await follow(remote, visit)
    line, *_ = await remote.shown(visit, "en", *ASKING)
    assert t("en", "error.batch_not_found.title") in line
    _, start, *_ = await remote.batcher.ready(visit, "en", REFERENCE, *LIMITS, *ASKING)
    assert start["interactive"]
    found = Batch()
    await batch_run.find(found, visit.batch.job.id, stage.store)
    assert not found.at_server


async def test_while_rows_are_at_the_server_they_are_not_asked_here(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, said: list[str]
) -> None:
    batch = rows_of(3)
    visit = visit_with(stage, batch)
    await sent_and_left(remote, visit)
    estimate, start, *_ = await remote.batcher.ready(visit, "en", REFERENCE, *LIMITS, *ASKING)
    assert t("en", "batch.at_server") in estimate
    assert not start["interactive"]
    _, may_submit, may_follow, may_cancel = await remote.shown(visit, "en", *ASKING)
    assert not may_submit["visible"]
    assert may_follow["visible"]
    assert may_cancel["visible"]
    before = list(batches.asked)
    await remote.submit(visit, "en", REFERENCE, *LIMITS, *ASKING)
    assert batches.asked == before
    # Nor by who presses Start before the page has heard of it.
    for ask in (remote.batcher.start, remote.batcher.again):
        async for _ in ask(visit, "en", REFERENCE, *LIMITS, *ASKING):
            pass
    assert said == [t("en", "batch.at_server")] * 2
    assert not [exchange for exchange in stage.server.requests if exchange.path.endswith("/chat/completions")]
    # The job is free for whoever follows.
    await follow(remote, visit)
    assert statuses(batch) == ["done"] * 3


async def test_a_cancelled_batch_gives_what_it_has(stage: Stage, batches: BatchServer, remote: RemoteBatcher) -> None:
    batch = rows_of(4)
    visit = visit_with(stage, batch)
    await sent_and_left(remote, visit)
    outcomes_of(batches, batch, r2="cancelled", r3="cancelled", r4="cancelled")
    line, *_ = await remote.cancel(visit, "en", *ASKING)
    assert t("en", "batch.remote_cancelling") in line
    await follow(remote, visit)
    assert statuses(batch) == ["done"] + ["failed"] * 3
    assert t("en", "batch.remote_cancelled") in line_of(batch, stage.connection)
    assert visit.ledger.totals().cost == HALF


async def test_a_file_that_the_server_will_not_run_says_why_and_frees_the_rows(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher
) -> None:
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    await sent_and_left(remote, visit)
    errors = [{"line": 2, "code": "invalid", "message": f"<b>Bad</b> line; key {KEY}"}]
    failed = batches.batches["batch_0"].to_dict() | {"status": "failed", "errors": {"object": "list", "data": errors}}
    batches.replies["GET /v1/batches/batch_0"] = [play.reply(200, failed)]
    await follow(remote, visit)
    line = line_of(batch, stage.connection)
    assert "2: &lt;b&gt;Bad&lt;/b&gt; line" in line
    assert KEY not in line
    assert statuses(batch) == ["waiting"] * 2
    _, start, *_ = await remote.batcher.ready(visit, "en", REFERENCE, *LIMITS, *ASKING)
    assert start["interactive"]


async def test_a_server_without_batches_is_told_as_such_and_nothing_is_lost(
    stage: Stage, remote: RemoteBatcher
) -> None:
    stage.server.script = play.error(404, "Unknown request URL <b>.")
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    line, may_submit, may_follow, may_cancel = await remote.look(visit, "en", *ASKING)
    assert 'class="quiet"' in line
    assert "<b>" not in line
    assert [button["visible"] for button in (may_submit, may_follow, may_cancel)] == [False] * 3
    await submit(remote, visit)
    assert batch.remote is None
    assert batch.remote_error is not None
    assert batch.remote_error.kind == "no_batches"
    stage.server.script = echo
    await stage.ask(batch)
    assert statuses(batch) == ["done"] * 2


async def test_while_nothing_changes_the_page_is_asked_whether_it_is_still_there(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = visit_with(stage, rows_of(2))
    await sent_and_left(remote, visit)
    monkeypatch.setattr(batch_service, "follow", partial(FOLLOW, first_pause=3600))
    monkeypatch.setattr("chat_ui.news.HEARTBEAT_SECONDS", 0.01)
    monkeypatch.setattr("chat_ui.news.SHORTEST_WINDOW", 0.01)
    unchanged = 0
    async with aclosing(remote.follow(visit, "en", REFERENCE, *ASKING)) as steps:
        async for step in steps:
            unchanged += not isinstance(step[0], str)
            # The request may take longer than five looks at the page.
            if unchanged >= 5 and len(batches.asked) > 3:
                break
    assert not visit.batch.following
    assert batches.asked[3:] == ["GET /v1/batches/batch_0"]


async def test_a_server_that_is_away_can_be_followed_later(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher
) -> None:
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    await sent_and_left(remote, visit)
    batches.replies["GET /v1/batches/batch_0"] = [play.error(503, "Busy.")] * 6
    await follow(remote, visit)
    assert batch.remote_error is not None
    assert notes.sentence(batch.remote_error, "en") in line_of(batch, stage.connection).replace("&#x27;", "'")
    await follow(remote, visit)
    assert batch.remote_error is None
    assert statuses(batch) == ["done"] * 2


async def test_answers_that_could_not_be_kept_are_booked_once(
    stage: Stage, batches: BatchServer, said: list[str]
) -> None:
    # Task, rows, remote batch, and two answers.
    full = Stage(stage.server, JobStore(stage.store._folder, Limits(rows=5)))
    remote = RemoteBatcher(full.batcher)
    batch = rows_of(4)
    visit = visit_with(stage, batch)
    await submit(remote, visit)
    assert isinstance(batch.remote_error, JobError)
    assert statuses(batch).count("done") == 2
    # There is room again.
    roomy = RemoteBatcher(Stage(stage.server, JobStore(stage.store._folder)).batcher)
    await follow(roomy, visit)
    assert batch.remote_error is None
    assert statuses(batch) == ["done"] * 4
    assert len(visit.ledger.entries) == 4
    assert batch.spent == visit.ledger.totals().cost == 4 * HALF


async def test_empty_answers_are_paid_once(stage: Stage, batches: BatchServer, remote: RemoteBatcher) -> None:
    batches.answer = "".format
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    await submit(remote, visit)
    assert statuses(batch) == ["invalid"] * 2
    assert t("en", "extract.nothing_came") in batch_view.problems_of(
        batch, batch.rows["r1"], await stage.result(batch, 0), "en"
    )
    assert batch.spent == visit.ledger.totals().cost == 2 * HALF


# --- whose batch it is ------------------------------------------------------------------------------------------------


async def test_after_a_restart_the_batch_at_the_server_is_known_and_followed(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher
) -> None:
    first = visit_with(stage, rows_of(3))
    await sent_and_left(remote, first)
    assert first.batch.job is not None
    again = stage.restarted()
    desk, visit = RemoteBatcher(again.batcher), again.visit()
    await desk.batcher.find(first.batch.job.id, "all", visit, "en", REFERENCE)
    batch = visit.batch
    assert batch.remote is not None
    assert (batch.remote.batch.id, batch.remote.taken) == ("batch_0", False)
    line, _, may_follow, may_cancel = await desk.look(visit, "en", *ASKING)
    assert t("en", "batch.remote_unknown") in line
    assert may_follow["visible"]
    assert may_cancel["visible"]
    await follow(desk, visit)
    assert statuses(batch) == ["done"] * 3
    assert visit.ledger.totals().cost == batch.spent == 3 * HALF
    # And once more: it has been taken.
    last = stage.restarted().visit()
    await RemoteBatcher(stage.restarted().batcher).batcher.find(first.batch.job.id, "all", last, "en", REFERENCE)
    assert last.batch.remote is not None
    assert last.batch.remote.taken
    assert statuses(last.batch) == ["done"] * 3


@pytest.mark.parametrize("way", ["another server", "the visitor's own key", "the app's key"])
async def test_a_batch_of_another_connection_is_not_asked_about(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, said: list[str], way: str
) -> None:
    visit = visit_with(stage, rows_of(2))
    own = Connection("custom", stage.server.base_url, "sk-own-1234567890abcdef")
    if way == "the app's key":
        visit.typed = own
    await sent_and_left(remote, visit)
    assert visit.batch.remote is not None
    assert visit.batch.remote.typed is (way == "the app's key")
    with ScriptedServer() as other:
        there = Connection("custom", other.base_url, KEY)
        visit.typed = {"another server": there, "the visitor's own key": own}.get(way)
        before = list(batches.asked)
        await follow(remote, visit)
        line, _, may_follow, may_cancel = await remote.cancel(visit, "en", *ASKING)
        assert other.all_requests == []
    assert batches.asked == before
    assert said == [t("en", "batch.other_connection")]
    assert t("en", "batch.other_connection") in line
    assert not may_follow["visible"]
    assert not may_cancel["visible"]
    # With the connection that it was sent by, it goes on.
    visit.typed = own if way == "the app's key" else None
    await follow(remote, visit)
    assert statuses(visit.batch) == ["done"] * 2


@pytest.mark.parametrize("batch_id", ["../files", "batch_0/cancel", "", "a b", "x" * 5000, "<b>", "batch_9"])
async def test_a_hostile_id_reaches_no_other_path(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, batch_id: str
) -> None:
    batch = rows_of(1)
    visit = visit_with(stage, batch)
    await stage.ask(batch)
    batch.remote = Remote.restored(
        {"id": batch_id, "base_url": stage.connection.base_url, "typed": False, "taken": False}
    )
    assert batch.remote is not None
    await follow(remote, visit)
    line, *_ = await remote.cancel(visit, "en", *ASKING)
    assert batch.remote_error is not None
    assert batch.remote_error.kind == "batch_not_found"
    assert "<b>" not in line
    known = ["GET /v1/batches/batch_9", "POST /v1/batches/batch_9/cancel"]
    assert batches.asked == (known if batch_id == "batch_9" else [])


async def test_no_id_comes_from_a_visitor(stage: Stage, batches: BatchServer, remote: RemoteBatcher) -> None:
    """A visitor without a batch that was sent from here has nothing that could be followed or cancelled."""
    visit = visit_with(stage, rows_of(1))
    await follow(remote, visit)
    await remote.cancel(visit, "en", *ASKING)
    assert batches.asked == []


# --- answers read back ------------------------------------------------------------------------------------------------


def answers(path: Path, *entries: Any) -> list[tuple[str, str]]:
    lines = [entry if isinstance(entry, bytes) else json.dumps(entry).encode() for entry in entries]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return [(str(path), path.name)]


def line(key: str, text: str, **more: Any) -> dict[str, Any]:
    return result(key, response(200, completion(text, **more)))


async def take(remote: RemoteBatcher, visit: Visit, files: list[tuple[str, str]]) -> None:
    field, *_ = await remote.take_answers(files, visit, "en", REFERENCE, *ASKING)
    assert field is None
    assert not visit.batch.running


async def test_output_files_are_read_back_into_the_table(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    batch = texts("Anna", "Tom", "Eve", "Kim", "Anna")
    visit = visit_with(stage, batch)
    ids = batch.identify(asked())
    output = answers(
        tmp_path / "output.jsonl",
        line(ids["r2"], data_of("Tom")),
        line("somebody else's", data_of("x")),
        b"{ half",
        line(ids["r1"], data_of("Anna")),
        line(ids["r3"], "Sorry, no.", finish="length"),
        b"[" * 100_000,
    )
    errors = answers(tmp_path / "errors.jsonl", unrun(ids["r4"], "batch_expired"))
    await take(remote, visit, output + errors)
    assert said == [t("en", "batch.taken", answered=3, failed=1, broken=2)]
    assert statuses(batch) == ["done", "done", "invalid", "failed", "done"]
    assert [data and data["name"] for data in await stage.data(batch)] == ["Anna", "Tom", None, None, "Anna"]
    assert (await stage.result(batch, 2)).raw == "Sorry, no."
    # This visit has paid for none of it.
    assert visit.ledger.entries == []
    assert stage.server.all_requests == []
    # They are kept as if they had been asked here.
    found = await stage.restarted().found(batch.job.id)
    assert statuses(found) == ["done", "done", "invalid", "waiting", "done"]
    await stage.again(batch)
    assert statuses(batch) == ["done"] * 5


async def test_files_read_twice_count_once(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    ids = batch.identify(asked())
    files = answers(tmp_path / "output.jsonl", *(line(ids[key], data_of(key)) for key in ids))
    await take(remote, visit, files)
    assert batch.spent == 2 * HALF
    await take(remote, visit, files)
    assert batch.spent == 2 * HALF
    assert said == [t("en", "batch.taken", answered=2, failed=0, broken=0)] * 2
    # Another answer of the same row replaces the first one.
    await take(remote, visit, answers(tmp_path / "new.jsonl", line(ids["r1"], data_of("new"))))
    assert [data["name"] for data in await stage.data(batch)] == ["new", "r2"]


@pytest.mark.parametrize("content", [b"", b"<html>", b"{}\n[]\n", b"\xff\xfe\x00", b'{"custom_id": "other"}'])
async def test_what_matches_no_row_is_said(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path, content: bytes
) -> None:
    visit = visit_with(stage, rows_of(2))
    await take(remote, visit, answers(tmp_path / "output.jsonl", content))
    assert said == [t("en", "batch.no_match")]
    assert statuses(visit.batch) == ["waiting"] * 2


async def test_a_file_that_is_gone_is_said_and_leaves_the_batch_free(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    visit = visit_with(stage, rows_of(1))
    await take(remote, visit, [(str(tmp_path / "gone.jsonl"), "gone.jsonl")])
    assert said == [notes.sentence(BatchFileError("", reason="disk"), "en")]
    await take(remote, visit, [])
    await stage.ask(visit.batch)
    assert statuses(visit.batch) == ["done"]


async def test_nothing_is_read_where_nothing_is_wanted_or_rows_are_asked(
    stage: Stage, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    visit = visit_with(stage, rows_of(1))
    files = answers(tmp_path / "output.jsonl", line(visit.batch.identify(asked())["r1"], data_of("x")))
    visit.batch.begin()
    field, *_ = await remote.take_answers(files, visit, "en", REFERENCE, *ASKING)
    assert field is None
    visit.batch.rest()
    visit.extracting.want(wanted.of_rows([]))
    await take(remote, visit, files)
    assert (said, visit.batch.job) == ([], None)


async def test_answers_on_their_way_are_not_lost_to_another_question(
    stage: Stage, batches: BatchServer, remote: RemoteBatcher, said: list[str], tmp_path: Path
) -> None:
    """While rows are at the server, files are read as answers to what was asked there, whatever the form says now."""
    batch = rows_of(2)
    visit = visit_with(stage, batch)
    await sent_and_left(remote, visit)
    files = answers(tmp_path / "output.jsonl", line(batch.ids["r1"], data_of("from a file")))
    await remote.take_answers(files, visit, "en", REFERENCE, "Something else.", "gpt-4o")
    assert statuses(batch) == ["done", "waiting"]
    await follow(remote, visit)
    assert [data["name"] for data in await stage.data(batch)] == ["row 0", "row 1"]


def test_the_price_of_the_tests_is_that_of_the_usage() -> None:
    used = USAGE["prompt_tokens"] * Decimal("0.15") + USAGE["completion_tokens"] * Decimal("0.60")
    assert used / 2_000_000 == HALF
    assert batch_run.REMOTE not in (batch_run.ROWS, batch_run.TASK)
