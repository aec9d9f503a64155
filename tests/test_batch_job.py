"""Rows of a batch, asked at a server that fails and limits, kept on disk: each ends once and is paid for once."""

import asyncio
import json
import os
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import gradio as gr
import pytest
from PIL import Image

from chat_core.batch import Budget, Ended
from chat_core.connections import Connection, demo
from chat_core.errors import FileError, ImageError, JobError
from chat_core.events import Usage
from chat_core.field_table import Field
from chat_core.job_store import Job, JobStore, Limits
from chat_core.job_store import Row as KeptRow
from chat_core.row_extraction import RowSteppedDown
from chat_core.settings import Settings
from chat_ui import batch_job, batch_run, batch_view, batcher, notes, row_exports, row_intake, wanted
from chat_ui.batch_job import MOST_ROWS, Batch, State
from chat_ui.batcher import Batcher
from chat_ui.extract_job import Source
from chat_ui.limits import budget
from chat_ui.texts import t
from chat_ui.visit import Visit
from tests import scripted_server as play
from tests.batch_stage import (
    INSTRUCTIONS,
    KEY,
    MODEL,
    PATIENCE,
    PRICE,
    QUICK,
    REFERENCE,
    WANTED,
    WON,
    Stage,
    about,
    asked,
    by_text,
    echo,
    rows_of,
    statuses,
    texts,
)
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

WRONG = '{"name": "Anna", "age": "31"}'
OTHER = wanted.of_fields([Field("name"), Field("place")])


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    with ScriptedServer(echo) as server:
        yield Stage(server, JobStore(tmp_path / "jobs"))


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The toasts."""
    toasts: list[str] = []
    monkeypatch.setattr(batcher, "warn", toasts.append)
    monkeypatch.setattr(row_intake, "warn", toasts.append)
    return toasts


async def start(
    stage: Stage, visit: Visit, *, dollars: Any = None, most: Any = 100, model: str = MODEL, by: Batcher | None = None
) -> None:
    """Press Start, and see it to its end."""
    steps = (by or stage.batcher).start(visit, "en", REFERENCE, dollars, most, INSTRUCTIONS, model)
    async for _ in steps:
        pass
    assert not visit.batch.running


def progress(stage: Stage, batch: Batch) -> str:
    return batch_view.progress_html(batch, stage.connection, "en", REFERENCE, WON)


# --- where rows come from ---------------------------------------------------------------------------------------------


async def test_rows_come_from_texts_links_files_and_a_column(stage: Stage, tmp_path: Path, said: list[str]) -> None:
    Image.new("RGB", (20, 16), "teal").save(tmp_path / "card.png")
    (tmp_path / "note.txt").write_text("Anna, 31", "utf-8")
    (tmp_path / "trap.png").write_bytes(b"PK no picture")
    (tmp_path / "reviews.csv").write_bytes("번호,후기\n1,아주 좋아요\n2,\n3,별로예요".encode("cp949"))
    (tmp_path / "pages.tsv").write_bytes(b"%PDF-1.4 no table")
    desk, visit = stage.batcher, stage.visit()
    for text, splitting in (
        ("one\n\n two \n", "lines"),
        ("a card\nof two lines\n\nanother", "paragraphs"),
        ("http://127.0.0.1/cat.png\nnonsense", "links"),
    ):
        steps = [step async for step in desk.intake.take_text(text, splitting, visit, "en")]
        assert steps[0][0] == ""
    names = ["card.png", "note.txt", "trap.png", "reviews.csv", "pages.tsv", "gone.csv"]
    given = [(str(tmp_path / name), name) for name in names]
    steps = [step async for step in desk.intake.take_files(given, True, visit, "en")]
    assert steps[0][1]["value"] == "후기"
    assert steps[0][1]["choices"] == ["번호", "후기"]
    assert steps[0][2]["visible"]
    assert said == [
        notes.sentence(FileError("", name=name, reason=reason), "en")
        for name, reason in (("pages.tsv", "not_text"), ("gone.csv", "not_found"))
    ]
    batch = visit.batch
    pasted = t("en", "batch.pasted")
    assert [(row.name, batch.status(row)) for row in batch.rows.values()] == [
        (f"{pasted} 1", "waiting"),
        (f"{pasted} 2", "waiting"),
        (f"{pasted} 3", "waiting"),
        (f"{pasted} 4", "waiting"),
        ("cat.png", "failed"),
        ("nonsense", "failed"),
        ("card.png", "waiting"),
        ("note.txt", "waiting"),
        ("trap.png", "failed"),
        # The number of the row in the file, whose second cell is blank.
        ("reviews.csv 1", "waiting"),
        ("reviews.csv 3", "waiting"),
    ]
    await start(stage, visit)
    assert batch.ended == Ended("done", 0)
    assert statuses(batch).count("done") == 8
    sent = dict(zip(stage.asked, (exchange.body for exchange in stage.server.requests), strict=True))
    assert {"one", "two", "a card\nof two lines", "another", "아주 좋아요", "별로예요"} < sent.keys()
    assert [part["type"] for part in sent["a picture"]["messages"][1]["content"]] == ["image_url"]
    (file,) = [content for content in sent if content not in ("a picture",) and "Anna, 31" in content]
    assert "note.txt" in file


async def test_a_picture_that_is_swept_away_while_it_is_read_is_a_failed_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def swept(path: str, name: str) -> bytes:
        raise ImageError(f"{name} is not there.", name=name, reason="not_found")

    monkeypatch.setattr(batch_run, "bytes_of", swept)
    Image.new("RGB", (20, 16), "teal").save(tmp_path / "card.png")
    batch = Batch()
    row = batch.add(Source("", "card.png", str(tmp_path / "card.png")))
    assert row is not None
    async with aclosing(batch_run.read_in(batch, [row])) as steps:
        async for _ in steps:
            pass
    assert statuses(batch) == ["failed"]
    assert batch_view.problems_of(batch, row, None, "en")[0].startswith("card.png cannot be sent")


async def test_half_a_letter_is_shown_as_a_sign_that_the_page_can_hold(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    steps = [step async for step in stage.batcher.intake.take_text("half \ud83d\nwhole", "lines", visit, "en")]
    ready = await stage.batcher.ready(visit, "en", REFERENCE, 1, 100, "Only \ud83d.", "model-\ud83d")
    await start(stage, visit)
    shown = [*steps[-1], *ready, *await stage.batcher.view(visit)]
    for words in filter(lambda part: isinstance(part, str), shown):
        words.encode("utf-8")
    assert statuses(visit.batch) == ["done", "done"]


async def test_another_column_or_reading_makes_the_rows_anew(stage: Stage, tmp_path: Path, said: list[str]) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,story\nAnna,met Tom in Rome\nTom,met Anna in Paris\n", "utf-8")
    desk, visit = stage.batcher, stage.visit()
    batch = visit.batch
    texts("kept", batch=batch)
    async for _ in desk.intake.take_files([(str(path), "people.csv")], True, visit, "en"):
        pass

    def shown() -> list[str]:
        return [row.text for row in batch.rows.values()]

    assert shown() == ["kept", "met Tom in Rome", "met Anna in Paris"]
    await desk.intake.choose_column("name", visit, "en")
    assert shown() == ["kept", "Anna", "Tom"]
    choice, *_ = await desk.intake.choose_heads(False, visit, "en")
    assert (choice["choices"], choice["value"]) == (["1", "2"], "2")
    assert shown() == ["kept", "story", "met Tom in Rome", "met Anna in Paris"]
    await desk.intake.choose_column("no such column", visit, "en")
    assert shown() == ["kept", "story", "met Tom in Rome", "met Anna in Paris"]
    assert batch.characters == sum(map(len, shown()))


async def test_another_file_of_the_same_name_has_rows_of_its_own(stage: Stage, tmp_path: Path, said: list[str]) -> None:
    paths = [tmp_path / folder / "people.csv" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(f"story\nAnna met {path.parent.name}\n", "utf-8")
    desk, visit = stage.batcher, stage.visit()
    batch = visit.batch

    async def take(path: Path) -> list[str]:
        async for _ in desk.intake.take_files([(str(path), "people.csv")], True, visit, "en"):
            pass
        return [f"{row.name}: {row.text}" for row in batch.rows.values()]

    both = ["people.csv 1: Anna met one", "people (2).csv 1: Anna met two"]
    assert await take(paths[0]) == both[:1]
    assert await take(paths[1]) == both
    # The choices are those of the last file; the same file again has the same rows.
    await desk.intake.choose_heads(False, visit, "en")
    assert [row.text for row in batch.rows.values()] == ["Anna met one", "story", "Anna met two"]
    assert await take(paths[1]) == both
    # One whose rows are known from an earlier visit takes their place.
    later = stage.visit()
    later.batch.restore(batch.kept())
    visit, batch = later, later.batch
    assert await take(paths[0]) == both[::-1]


async def test_an_earlier_batch_does_not_come_over_one_that_was_begun_meanwhile(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = rows_of(2)
    await stage.ask(earlier)
    visit, resume = stage.visit(), JobStore.resume

    async def late(store: JobStore, job_id: str) -> Job:
        job = await resume(store, job_id)
        texts("mine", batch=visit.batch)
        return job

    monkeypatch.setattr(JobStore, "resume", late)
    _, table, kept, *form = await stage.batcher.find(earlier.job.id, "all", visit, "en", REFERENCE)
    assert [row.text for row in visit.batch.rows.values()] == ["mine"]
    assert visit.batch.job is None
    assert "mine" in table
    assert (kept, form) == (earlier.job.id, [gr.skip()] * 4)


async def test_a_column_that_was_asked_before_has_its_answers(stage: Stage, tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("name,story\nAnna,met Tom in Rome\nTom,met Anna in Paris\n", "utf-8")
    desk, visit = stage.batcher, stage.visit()
    async for _ in desk.intake.take_files([(str(path), "people.csv")], True, visit, "en"):
        pass
    await start(stage, visit)
    await desk.intake.choose_column("name", visit, "en")
    assert statuses(visit.batch) == ["waiting"] * 2
    await desk.intake.choose_column("story", visit, "en")
    assert statuses(visit.batch) == ["done"] * 2
    assert [data["name"] for data in await stage.data(visit.batch)] == ["met Tom in Rome", "met Anna in Paris"]
    assert len(stage.asked) == 2


def test_there_is_a_limit_to_rows_and_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch()
    assert all(batch.add(Source("", "a", "", status="ready"), text=f"row {n}", number=n) for n in range(MOST_ROWS))
    assert batch.add(Source("", "a", "", status="ready"), text="one more") is None
    monkeypatch.setattr(batch_job, "LONGEST_ALL", 10)
    batch = texts("12345", "6789")
    assert batch.add(Source("", "a", "", status="ready"), text="too long") is None
    batch.remove(["r1", "no such row"])
    assert batch.add(Source("", "a", "", status="ready"), text="fits") is not None


async def test_names_of_files_stand_on_one_line_and_in_reading_order(stage: Stage, tmp_path: Path) -> None:
    desk, visit = stage.batcher, stage.visit()
    (tmp_path / "a.txt").write_text("Anna", "utf-8")
    (tmp_path / "b.csv").write_text("Tom\nEve", "utf-8")
    given = [(str(tmp_path / "a.txt"), "a\u202etxt.exe\nline.txt"), (str(tmp_path / "b.csv"), "b\u202e\n.csv")]
    async for _ in desk.intake.take_files(given, False, visit, "en"):
        pass
    names = [row.name for row in visit.batch.rows.values()]
    assert len(names) == 3
    assert not [name for name in names if "\u202e" in name or "\n" in name]
    # The rows of a file are known by its name.
    await desk.intake.choose_heads(True, visit, "en")
    assert [row.text for row in list(visit.batch.rows.values())[1:]] == ["Eve"]


# --- one content, one answer ------------------------------------------------------------------------------------------


async def test_rows_of_one_content_share_an_answer_that_is_paid_once(stage: Stage) -> None:
    batch = texts("Anna", "Tom", "Anna", "Anna ")
    ids = batch.identify(asked())
    assert ids["r1"] == ids["r3"] != ids["r4"]
    assert [row.key for row in batch.to_ask(ids)] == ["r1", "r2", "r4"]
    await stage.ask(batch)
    # They are asked side by side, so they may arrive in any order.
    assert sorted(stage.asked) == ["Anna", "Anna ", "Tom"]
    assert [data["name"] for data in await stage.data(batch)] == ["Anna", "Tom", "Anna", "Anna "]
    assert batch.spent == stage.ledger.totals().cost == 3 * PRICE
    # Whoever adds it once more sees the answer at once.
    texts("Tom", batch=batch)
    assert statuses(batch) == ["done"] * 5
    assert batch.to_ask(batch.identify(asked())) == []


async def test_another_question_asks_anew_and_coming_back_finds_the_old_answers(stage: Stage) -> None:
    batch = rows_of(2)
    await stage.ask(batch)
    first = await stage.data(batch)
    for what in (asked(instructions="Else."), asked(model="gpt-4o"), asked(wanted=OTHER)):
        stage.server.requests.clear()
        assert len(batch.to_ask(batch.identify(what))) == 2
        await stage.ask(batch, what)
        assert {"row 0", "row 1"} <= set(stage.asked)
        assert {exchange.body["model"] for exchange in stage.server.requests} == {what.model}
    # The last answers lack a field, and were repaired in vain; the first ones are there again, for nothing.
    assert statuses(batch) == ["invalid"] * 2
    stage.server.requests.clear()
    await stage.ask(batch)
    assert stage.asked == []
    assert await stage.data(batch) == first
    assert statuses(batch) == ["done"] * 2


# --- limits -----------------------------------------------------------------------------------------------------------


async def test_a_limit_in_rows_and_one_in_dollars_are_kept(stage: Stage) -> None:
    batch = rows_of(6)
    await stage.ask(batch, budget=Budget(items=2))
    assert batch.ended == Ended("budget", 4)
    assert t("en", "batch.ended_budget", left=4) in progress(stage, batch)
    counted = batch.forecast(list(batch.rows.values()), asked(), stage.connection, REFERENCE)
    assert counted.costs[2] is not None
    # What is expected is more than what is then charged: a second one may begin, a third may not.
    await stage.ask(batch, budget=Budget(dollars=counted.costs[2] + PRICE))
    assert batch.ended == Ended("budget", 2)
    assert len(stage.asked) == 4


@pytest.mark.parametrize(
    ("dollars", "count", "left"),
    [
        (None, None, Budget()),
        (0, 0, Budget()),
        ("nonsense", "3", Budget()),
        (float("nan"), float("nan"), Budget()),
        (float("inf"), float("inf"), Budget()),
        (-1, -1, Budget()),
        ([], {}, Budget()),
        (0.5, 10, Budget(Decimal("0.3"), 6)),
        ("0.25", 4.9, Budget(Decimal("0.05"), 0)),
        (0.1, 2, Budget(Decimal(0), 0)),
    ],
)
def test_limits_hold_for_what_was_spent_and_asked_before(dollars: Any, count: Any, left: Budget) -> None:
    assert budget(dollars, count, spent=Decimal("0.2"), asked=4) == left


async def test_limits_count_what_earlier_runs_took(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = batch = rows_of(5)
    await start(stage, visit, most=2)
    await start(stage, visit, most=2)
    assert (len(stage.asked), batch.ended) == (2, Ended("budget", 3))
    await start(stage, visit, dollars=float(2 * PRICE), most=None)
    assert (len(stage.asked), batch.ended) == (2, Ended("budget", 3))
    await start(stage, visit, most=4)
    assert (len(stage.asked), batch.ended) == (4, Ended("budget", 1))
    assert said == []


async def test_without_a_price_only_rows_can_be_a_limit_and_it_can_be_set_then(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = batch = rows_of(3)
    await start(stage, visit, dollars=None, most=0)
    await start(stage, visit, dollars=1, most=None, model="home-made")
    assert said == [t("en", "describe.no_limit"), t("en", "batch.limit_unpriced")]
    assert stage.asked == []
    said.clear()
    await start(stage, visit, dollars=0.000001, most=2, model="home-made")
    assert said == []
    assert (len(stage.asked), batch.ended) == (2, Ended("budget", 1))
    assert [entry.cost for entry in visit.ledger.entries] == [None, None]
    assert t("en", "usage.unknown") in progress(stage, batch)
    assert "$0" not in progress(stage, batch)


async def test_nothing_to_ask_leaves_the_batch_free_for_what_comes_next(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = rows_of(1)
    await start(stage, visit)
    await start(stage, visit)
    assert said == [t("en", "batch.nothing_to_ask")]
    texts("one more", batch=visit.batch)
    await start(stage, visit)
    assert said == [t("en", "batch.nothing_to_ask")]
    assert statuses(visit.batch) == ["done"] * 2
    visit.extracting.want(wanted.of_rows([]))
    await start(stage, visit)
    assert said[1:] == [t("en", "extract.no_wanted")]


# --- what goes wrong --------------------------------------------------------------------------------------------------


async def test_each_row_ends_by_itself_whatever_becomes_of_the_others(stage: Stage) -> None:
    limit = play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="20")
    stage.server.script = by_text(
        {
            "row 1": play.error(400, "Invalid <b>content</b>.", "invalid_value"),
            "row 2": play.in_turn(limit, echo),
            "row 3": play.in_turn(play.error(500, "Oops."), echo),
            "row 4": play.cut_after('{"name": "A'),
            "row 5": play.answer('{"name": "A', finish="length"),
            "row 6": play.answer(""),
            "row 7": play.answer("", finish="content_filter"),
        }
    )
    batch = rows_of(9)
    await stage.ask(batch)
    assert batch.ended == Ended("done", 0)
    assert statuses(batch) == ["done", "failed", "done", "done", "failed", *["invalid"] * 3, "done"]
    rows = list(batch.rows.values())
    told = [batch_view.problems_of(batch, row, None, "en") for row in rows]
    assert told[1] == [
        notes.sentence(batch.states[batch.ids["r2"]].error, "en"),
        notes.plain_server_words(batch.states[batch.ids["r2"]].error, "en"),
    ]
    assert "Invalid <b>content</b>." in told[1][1]
    # A stream that was cut is paid for as far as it came, by an estimate.
    (cut,) = [entry for entry in stage.ledger.entries if entry.outcome == "stream_cut"]
    assert cut.usage.estimated
    assert cut.cost
    assert batch.spent == stage.ledger.totals().cost == batch.ledger.totals().cost
    # Those that failed are not asked by going on, only by asking again.
    assert batch.to_ask(batch.ids) == []
    stage.server.script = echo
    stage.server.requests.clear()
    await stage.again(batch)
    assert sorted(stage.asked) == ["row 1", "row 4", "row 5", "row 6", "row 7"]
    assert statuses(batch) == ["done"] * 9


async def test_what_is_said_of_all_ends_it_and_costs_nothing(stage: Stage) -> None:
    stage.server.script = play.error(401, "Wrong key.", "invalid_api_key")
    batch = rows_of(20)
    await stage.ask(batch)
    assert batch.ended is not None
    assert (batch.ended.reason, batch.ended.left) == ("refused", 20)
    assert statuses(batch) == ["waiting"] * 20
    assert len(stage.asked) < 20
    assert stage.ledger.entries == []
    assert "20" in progress(stage, batch)
    stage.server.script = echo
    await stage.ask(batch)
    assert statuses(batch) == ["done"] * 20


async def test_an_answer_that_is_not_valid_is_repaired_and_both_are_paid(stage: Stage) -> None:
    stage.server.script = by_text(
        {
            "row 0": play.answer(WRONG),
            "row 1": play.answer(WRONG),
            "row 1, repair": play.answer(WRONG),
            "row 2": play.answer(WRONG),
            "row 2, repair": play.error(400, "No.", "invalid_value"),
        }
    )
    batch = rows_of(3)
    await stage.ask(batch)
    assert statuses(batch) == ["done", "invalid", "invalid"]
    assert stage.ledger.totals().cost == batch.spent == 5 * PRICE
    results = [await stage.result(batch, place) for place in range(3)]
    assert [(result.repaired, result.cost) for result in results] == [
        (True, 2 * PRICE),
        (True, 2 * PRICE),
        (True, PRICE),
    ]
    lines = batch_view.problems_of(batch, batch.rows["r3"], results[2], "en")
    assert any(line.startswith(t("en", "extract.repair_failed", reason="").strip(" .")[:12]) for line in lines)


async def test_what_a_failed_row_has_cost_stands_at_it(stage: Stage) -> None:
    stage.server.script = by_text({"row 1": play.cut_after("half an ans")})
    batch = rows_of(2)
    await stage.ask(batch)
    assert statuses(batch) == ["done", "failed"]
    row = batch.rows["r2"]
    state = batch.state(row)
    assert state is not None
    assert state.cost is not None
    assert state.cost > 0
    assert stage.ledger.totals().cost == batch.spent == PRICE + state.cost
    line = row_exports.lines(batch, [(2, row)], {}, "jsonl", "en")
    assert json.loads(line)["cost_usd"] == f"{state.cost:f}"


async def test_rows_asked_again_are_not_counted_twice(stage: Stage, said: list[str]) -> None:
    stage.server.script = by_text({"row 1": play.error(400, "No.", "invalid_value")})
    visit = stage.visit()
    visit.batch = batch = rows_of(3)
    await start(stage, visit)
    stage.server.script = echo
    async for _ in stage.batcher.again(visit, "en", REFERENCE, None, 3):
        pass
    assert statuses(batch) == ["done"] * 3
    assert said == []
    # Asked once more and stopped, a row has an answer and a state.
    batch.states[batch.ids["r1"]] = State("stopped")
    assert batch.asked_before == 3


def test_rows_that_wait_for_their_content_leave_room_for_it() -> None:
    batch = Batch()
    kept = [{"name": "card.png", "number": 0, "digest": f"d{n}", "text": ""} for n in range(MOST_ROWS)]
    batch.restore(kept)
    row = batch.add(Source("", "card.png", "/uploads/card.png"))
    assert row is not None
    row.digest = "d7"
    batch.settle(row)
    assert len(batch.rows) == MOST_ROWS
    for n in range(MOST_ROWS):
        if (row := batch.add(Source("", "other.png", f"/uploads/{n}.png"))) is None:
            break
    assert len(batch.rows) < 2 * MOST_ROWS


async def test_the_estimate_says_how_many_rows_the_limits_have_room_for(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = rows_of(5)

    async def estimate(dollars: float | None, most: int | None) -> str:
        return str((await stage.batcher.ready(visit, "en", REFERENCE, dollars, most, INSTRUCTIONS, MODEL))[0])

    beyond = t("en", "batch.beyond_limit", count="{}").partition("{}")[2].strip()
    assert beyond not in await estimate(1, 5)
    assert t("en", "batch.beyond_limit", count=3) in await estimate(1, 3)
    assert t("en", "batch.beyond_limit", count=0) in await estimate(0.0000001, 5)


async def test_a_row_that_is_taken_away_does_not_come_back(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = batch = rows_of(3)
    await start(stage, visit)
    texts("not asked", batch=batch)

    async def remove(key: str) -> str:
        return (await stage.batcher.remove(gr.EventData(None, {"key": key}), visit))[1]

    table = await remove("r2")
    assert [row.text for row in batch.rows.values()] == ["row 0", "row 2", "not asked"]
    assert "row 1" not in table
    assert t("en", "describe.remove", name="pasted 1") in table
    assert batch.asked_before == 3
    assert batch.characters == sum(len(row.text) for row in batch.rows.values())
    found = await stage.found(batch.job.id)
    assert [row.text for row in found.rows.values()] == ["row 0", "row 2", "not asked"]
    assert statuses(found) == ["done", "done", "waiting"]
    # Not while others are asked, nor what is not there.
    batch.begin()
    assert t("en", "describe.remove", name="pasted 1") not in await remove("r1")
    batch.rest()
    await remove("r2")
    await remove("no such row")
    assert len(batch.rows) == 3


async def test_asking_again_replaces_an_answer_and_its_cost_counts(stage: Stage, said: list[str]) -> None:
    stage.server.script = by_text({"row 1": play.answer(WRONG), "row 1, repair": play.answer(WRONG)})
    visit = stage.visit()
    visit.batch = batch = rows_of(3)
    await start(stage, visit)
    assert statuses(batch) == ["done", "invalid", "done"]
    before = visit.ledger.totals().cost
    # The limit is reached: nothing is asked, and the answer that there was stays.
    async for _ in stage.batcher.again(visit, "en", REFERENCE, None, 2):
        pass
    assert batch.ended == Ended("budget", 1)
    assert statuses(batch) == ["done", "invalid", "done"]
    stage.server.script = play.error(400, "No.", "invalid_value")
    async for _ in stage.batcher.again(visit, "en", REFERENCE, None, 100):
        pass
    assert (await stage.result(batch, 1)).data == {"name": "Anna", "age": "31"}
    assert visit.ledger.totals().cost == before
    stage.server.script = echo
    stage.server.requests.clear()
    async for _ in stage.batcher.again(visit, "en", REFERENCE, None, 100):
        pass
    assert stage.asked == ["row 1"]
    assert statuses(batch) == ["done"] * 3
    assert (await stage.result(batch, 1)).data["name"] == "row 1"
    assert batch.spent == visit.ledger.totals().cost == before + PRICE
    assert (await stage.found(batch.job.id)).spent == batch.spent


async def test_a_format_that_is_refused_is_said_and_known_for_the_next_run(stage: Stage) -> None:
    async def no_schema(exchange: Exchange) -> None:
        kind = exchange.body.get("response_format", {}).get("type")
        await (play.error(400, "json_schema: unknown variant") if kind == "json_schema" else echo)(exchange)

    stage.server.script = no_schema
    batch = rows_of(3)
    await stage.ask(batch)
    assert statuses(batch) == ["done"] * 3
    assert isinstance(batch.refused, RowSteppedDown)
    assert t("en", "batch.stepped_down", step=t("en", "extract.step_json_object")) in progress(stage, batch)
    assert len(stage.asked) == 4
    texts("one more", batch=batch)
    await stage.ask(batch)
    assert len(stage.asked) == 5


async def test_a_fault_of_ours_is_a_sentence_and_leaves_the_batch_free(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def faulty(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    batch = rows_of(2)
    with monkeypatch.context() as patch:
        patch.setattr(batch_run, "extract_rows", faulty)
        async for _ in stage.steps(batch):
            pass
    assert batch.broken
    assert not batch.running
    assert notes.unexpected("en").text in progress(stage, batch).replace("&#x27;", "'")
    await stage.ask(batch)
    assert statuses(batch) == ["done"] * 2


# --- money ------------------------------------------------------------------------------------------------------------


async def test_the_ledger_has_what_the_server_charged(stage: Stage) -> None:
    charged: list[Decimal] = []

    async def charging(exchange: Exchange) -> None:
        used = 100 + 7 * len(charged)
        charged.append((used * Decimal("0.15") + 5 * Decimal("0.60")) / 1_000_000)
        wrong = about(exchange) in ("row 3", "row 4", "row 4, repair")
        text = WRONG if wrong else json.dumps({"name": about(exchange), "age": None})
        usage = {"prompt_tokens": used, "completion_tokens": 5, "total_tokens": used + 5}
        await play.answer(text, usage=usage)(exchange)

    stage.server.script = charging
    batch = rows_of(12)
    await stage.ask(batch, budget=Budget(items=7))
    await stage.ask(batch)
    await stage.again(batch)
    assert len(charged) == 12 + 2 + 2
    assert sum(entry.cost or Decimal(0) for entry in stage.ledger.entries) == sum(charged)
    assert batch.ledger.totals().cost == batch.spent == sum(charged)
    assert {entry.model for entry in stage.ledger.entries} == {MODEL}
    found = await stage.restarted().found(batch.job.id)
    assert found.spent == sum(charged)


async def test_what_it_will_take_is_the_sum_of_its_rows(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    openai = Connection("openai", "https://api.openai.com/v1", KEY)
    batch = texts("Anna met Tom.", "word " * 500, "안녕하세요")
    rows = list(batch.rows.values())
    whole = batch.forecast(rows, asked(), openai, REFERENCE)
    single = [batch.forecast([row], asked(), openai, REFERENCE) for row in rows]
    assert whole.input_tokens == sum(each.input_tokens for each in single)
    assert whole.output_tokens == sum(each.output_tokens for each in single)
    assert whole.cost == sum(whole.costs) == sum(each.cost for each in single)
    assert single[1].input_tokens > single[0].input_tokens + 400
    wide = asked(wanted=wanted.of_fields([Field(f"field_{place}") for place in range(40)]))
    assert batch.forecast(rows, wide, openai, REFERENCE).input_tokens > whole.input_tokens + 600
    assert batch.forecast_remote(rows, asked(), openai) == pytest.approx(whole.cost / 2, rel=Decimal("0.2"))

    # A text is counted once for a model.
    def counted(*_: object) -> None:
        raise AssertionError("counted again")

    with monkeypatch.context() as patch:
        patch.setattr(batch_job, "user", counted)
        assert batch.forecast(rows, asked(), openai, REFERENCE) == whole
        with pytest.raises(AssertionError, match="again"):
            batch.forecast(rows, asked(model="gpt-5.4"), openai, REFERENCE)

    # Where nobody is charged: as on the model of comparison. A picture of an unknown model has no tokens, and no price.
    free = batch.forecast(rows, asked(model="demo"), demo("http://127.0.0.1:1/v1"), MODEL)
    assert free.cost == whole.cost
    assert batch.forecast_remote(rows, asked(model="demo"), demo("http://127.0.0.1:1/v1")) is None
    picture = batch.add(Source("", "a.png", "", status="ready", width=64, height=48))
    assert picture is not None
    unknown = batch.forecast([*rows, picture], asked(model="home-made"), openai, REFERENCE)
    assert (unknown.rows, unknown.unknown, unknown.cost) == (4, 1, None)
    assert batch.forecast_remote([*rows, picture], asked(model="home-made"), openai) is None
    assert batch.forecast([], asked(), openai, REFERENCE).cost == 0


async def test_what_is_free_needs_no_limit_in_rows(demo_url: str, stage: Stage, said: list[str]) -> None:
    desk = Batcher(Settings(), demo(demo_url), stage.store)
    visit = stage.visit()
    visit.batch = texts("Anna is 31.", "Tom is 45.")
    await start(stage, visit, dollars=1, most=None, model="demo", by=desk)
    assert said == []
    assert statuses(visit.batch) == ["done"] * 2
    assert all(entry.free for entry in visit.ledger.entries)


async def test_five_requests_of_a_run_can_be_looked_at(stage: Stage) -> None:
    batch = rows_of(9)
    await stage.ask(batch)
    assert len(stage.turns) == batch_run.TURNS_KEPT == 5
    bodies = [exchange.body for exchange in stage.server.requests]
    assert all(turn.started[-1].body in bodies and turn.finished for turn in stage.turns)


# --- stopped, gone on with, begun anew --------------------------------------------------------------------------------


def held(texts_of: set[str], count: int, all_held: threading.Event) -> Script:
    """Holds these rows in mid-answer; says when so many are."""
    waiting: list[str] = []

    async def script(exchange: Exchange) -> None:
        if about(exchange) not in texts_of:
            await echo(exchange)
            return
        await exchange.start()
        await exchange.event(play.chunk('{"name": '))
        waiting.append(about(exchange))
        if len(waiting) == count:
            all_held.set()
        await asyncio.Event().wait()

    return script


async def test_stop_and_go_on_pays_nothing_twice(stage: Stage) -> None:
    all_held = threading.Event()
    stage.server.script = held({f"row {n}" for n in range(3, 10)}, 4, all_held)
    batch = rows_of(10)
    running = asyncio.create_task(stage.ask(batch))
    assert await asyncio.to_thread(all_held.wait, PATIENCE)
    assert batch.stop is not None
    batch.stop.set()
    await asyncio.wait_for(running, PATIENCE)
    assert statuses(batch) == ["done"] * 3 + ["stopped"] * 4 + ["waiting"] * 3
    assert batch.ended == Ended("stopped", 7)
    estimated = [entry for entry in stage.ledger.entries if entry.usage.estimated]
    assert [entry.outcome for entry in estimated] == ["stopped"] * 4
    assert batch.spent == stage.ledger.totals().cost
    stage.server.script = echo
    stage.server.requests.clear()
    await stage.ask(batch)
    assert sorted(stage.asked) == [f"row {n}" for n in range(3, 10)]
    assert statuses(batch) == ["done"] * 10
    stage.server.requests.clear()
    await stage.ask(batch)
    assert stage.asked == []


async def test_a_page_that_goes_away_closes_the_requests_and_frees_the_batch(stage: Stage) -> None:
    stage.server.script = by_text({}, play.hold_after("{"))
    batch = rows_of(3)
    async with aclosing(stage.steps(batch)) as steps:
        async for _ in steps:
            if len(stage.server.requests) == 1:
                break
    assert await asyncio.to_thread(stage.server.requests[0].closed.wait, PATIENCE)
    assert not batch.running
    assert statuses(batch) == ["stopped", "waiting", "waiting"]
    found = await stage.found(batch.job.id)
    assert statuses(found) == ["waiting"] * 3


async def test_an_answer_that_comes_as_the_page_goes_away_is_kept(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeping, gate, put = asyncio.Event(), asyncio.Event(), Job.put

    async def slow_put(job: Job, row: KeptRow) -> JobError | None:
        if row.key in batch.ids.values():
            keeping.set()
            await gate.wait()
        return await put(job, row)

    monkeypatch.setattr(Job, "put", slow_put)
    batch = rows_of(3)
    steps = stage.steps(batch)
    reading = asyncio.create_task(read_all(steps))
    await asyncio.wait_for(keeping.wait(), PATIENCE)
    reading.cancel()
    await asyncio.sleep(0)
    gate.set()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(reading, PATIENCE)
    await steps.aclose()
    found = await stage.found(batch.job.id)
    assert statuses(found) == ["done", "waiting", "waiting"]
    assert batch.spent == stage.ledger.totals().cost > 0


async def read_all(steps: AsyncGenerator[None, None]) -> None:
    async for _ in steps:
        pass


async def test_after_a_restart_a_batch_goes_on_where_it_stood(stage: Stage) -> None:
    stage.server.script = by_text({"row 1": play.error(400, "No.", "invalid_value"), "row 2": play.answer(WRONG)})
    batch = texts(*(f"row {n}" for n in range(6)), "row 0")
    await stage.ask(batch, budget=Budget(items=4))
    assert batch.job is not None
    again = stage.restarted()
    found = await again.found(batch.job.id)
    assert found.asked is not None
    assert (found.asked.instructions, found.asked.model, found.asked.wanted) == (INSTRUCTIONS, MODEL, WANTED)
    assert [(row.name, row.text, row.number) for row in found.rows.values()] == [
        (row.name, row.text, row.number) for row in batch.rows.values()
    ]
    # A failure is not kept: it is asked again.
    assert [status if status != "failed" else "waiting" for status in statuses(batch)] == statuses(found)
    assert found.spent == batch.spent
    assert await again.data(found) == await stage.data(batch)
    stage.server.script = echo
    stage.server.requests.clear()
    await again.ask(found, found.asked)
    assert sorted(stage.asked) == ["row 1", "row 4", "row 5"]
    assert statuses(found) == ["done"] * 7
    assert found.spent == stage.ledger.totals().cost + again.ledger.totals().cost


async def test_a_repair_that_was_due_is_made_after_a_restart(stage: Stage) -> None:
    repairs = threading.Event()

    async def hold_repair(exchange: Exchange) -> None:
        await exchange.start()
        repairs.set()
        await asyncio.Event().wait()

    stage.server.script = by_text({"row 0": play.answer(WRONG), "row 0, repair": hold_repair})
    batch = rows_of(1)
    running = asyncio.create_task(stage.ask(batch))
    assert await asyncio.to_thread(repairs.wait, PATIENCE)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    again = stage.restarted()
    found = await again.found(batch.job.id)
    assert statuses(found) == ["invalid"]
    assert t("en", "batch.repair_due") in batch_view.problems_of(
        found, found.rows["r1"], await again.result(found, 0), "en"
    )
    stage.server.script = echo
    stage.server.requests.clear()
    await again.ask(found)
    assert stage.asked == ["row 0, repair"]
    assert statuses(found) == ["done"]
    assert found.spent == 2 * PRICE


async def test_rows_without_content_wait_for_their_files_and_take_their_places(
    stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_job, "MOST_KEPT", 10)
    Image.new("RGB", (20, 16), "teal").save(tmp_path / "card.png")
    table = tmp_path / "people.csv"
    table.write_text("who\nAnna is here\nTom is there\n", "utf-8")
    files = [(str(tmp_path / "card.png"), "card.png"), (str(table), "people.csv")]
    first = stage.visit()
    texts("a pasted text", name=t("en", "batch.pasted"), batch=first.batch)
    async for _ in stage.batcher.intake.take_files(files, True, first, "en"):
        pass
    await start(stage, first, most=1)
    assert stage.asked == ["a pasted text"]
    visit = again = stage.restarted().visit()
    desk = stage.restarted().batcher
    await desk.find(first.batch.job.id, "all", visit, "en", REFERENCE)
    batch = again.batch
    assert [(row.name, row.text) for row in batch.rows.values()] == [
        (f"{t('en', 'batch.pasted')} 1", ""),
        ("card.png", ""),
        ("people.csv 1", ""),
        ("people.csv 2", ""),
    ]
    assert statuses(batch) == ["done", "gone", "gone", "gone"]
    estimate, *_ = await desk.ready(visit, "en", REFERENCE, None, 100, INSTRUCTIONS, MODEL)
    assert t("en", "batch.lacks_content") in estimate
    assert t("en", "batch.progress_gone", count=3) in progress(stage, batch)
    keys = list(batch.rows)
    async for _ in desk.intake.take_text("a pasted text\nanother", "lines", visit, "en"):
        pass
    async for _ in desk.intake.take_files(files[:1], True, visit, "en"):
        pass
    assert list(batch.rows)[:2] == keys[:2]
    assert next(row.text for row in batch.rows.values()) == "a pasted text"
    async for _ in desk.intake.take_files(files[1:], True, visit, "en"):
        pass
    assert statuses(batch) == ["done"] + ["waiting"] * 4
    await start(stage, visit, by=desk)
    assert sorted(stage.asked[1:]) == ["Anna is here", "Tom is there", "a picture", "another"]
    assert statuses(batch) == ["done"] * 5
    assert len(await stage.data(batch)) == 5


# --- what is kept -----------------------------------------------------------------------------------------------------

HOSTILE: list[Any] = [
    None, 5, "text", [], {}, [None], [{"name": "a"}], {"schema": 5}, [[]], {"id": "../x"}, True,
    [{"name": "<b>", "number": 1.5, "digest": "d", "text": "t"}],
    [{"name": "<b>", "number": -1, "digest": "", "text": ""}, {"name": "b", "number": 2, "digest": "x", "text": "t"}],
    {"schema": "{", "instructions": "", "model": ""}, {"schema": "[1]", "instructions": "", "model": "m"},
    {"id": "batch_0", "base_url": 5, "typed": True, "taken": False},
    {"data": 1, "found": "yes"}, {"data": None, "found": True, "raw": "", "problems": 5},
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: json.dumps(value)[:40])
async def test_whatever_is_kept_is_found_without_a_fault(stage: Stage, value: Any) -> None:
    batch = rows_of(2)
    await stage.ask(batch)
    assert batch.job is not None
    async with await stage.store.resume(batch.job.id) as job:
        for key in (batch_run.ROWS, batch_run.TASK, batch_run.REMOTE, batch.ids["r2"]):
            assert await job.put(KeptRow(key, value, Usage(0, 0), Decimal(0))) is None
    found = await stage.restarted().found(batch.job.id)
    assert found.remote is None
    for shown in ("all", "problems"):
        visit = stage.visit()
        visit.batch = found
        progress_html, table = await stage.batcher.shown(shown, visit, "ko", REFERENCE)
        assert "<b>" not in progress_html + table
    # The answer cannot be read any more: it is asked again.
    async with await stage.store.resume(batch.job.id) as job:
        assert await job.put(KeptRow(batch_run.ROWS, batch.kept(), Usage(0, 0), Decimal(0))) is None
        told = {"schema": WANTED.text, "instructions": INSTRUCTIONS, "model": MODEL}
        assert await job.put(KeptRow(batch_run.TASK, told, Usage(0, 0), Decimal(0))) is None
    found = await stage.restarted().found(batch.job.id)
    assert statuses(found) == ["done", "waiting"]


@pytest.mark.parametrize("damage", [b"", b"\0\0\0", b"{}\n", b"not json\n", b"[" * 100_000 + b"\n"])
async def test_a_file_that_is_not_ours_is_an_empty_batch(stage: Stage, damage: bytes) -> None:
    batch = rows_of(1)
    await stage.ask(batch)
    assert batch.job is not None
    batch.job.path.write_bytes(damage)
    visit = stage.visit()
    found = await stage.restarted().batcher.find(batch.job.id, "all", visit, "en", REFERENCE)
    assert visit.batch.rows == {}
    assert t("en", "batch.empty") in found[1]


@pytest.mark.parametrize("job_id", ["", "..", "../../etc/passwd", "x" * 32, "x" * 5000, "\0", None, 5, ["a"]])
async def test_an_id_that_names_no_batch_is_let_go(stage: Stage, job_id: Any, said: list[str]) -> None:
    visit = stage.visit()
    _, table, kept, *form = await stage.batcher.find(job_id, "all", visit, "en", REFERENCE)
    assert t("en", "batch.empty") in table
    assert (kept, said) == ("", [])
    assert len(form) == 4
    assert visit.batch.job is None


async def test_a_disk_that_cannot_be_read_now_does_not_cost_the_id(
    stage: Stage, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = rows_of(1)
    await stage.ask(batch)
    assert batch.job is not None

    def refused(*_: object) -> None:
        raise OSError(5, "Input/output error")

    visit = stage.visit()
    with monkeypatch.context() as patch:
        patch.setattr("chat_core.job_store._opened", refused)
        _, _, kept, *_ = await stage.batcher.find(batch.job.id, "all", visit, "en", REFERENCE)
    assert said == [notes.sentence(JobError("", reason="disk"), "en")]
    assert kept == batch.job.id
    await stage.batcher.find(batch.job.id, "all", visit, "en", REFERENCE)
    assert statuses(visit.batch) == ["done"]


async def test_a_batch_that_is_open_elsewhere_is_taken_over_when_it_is_let_go(
    stage: Stage, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = rows_of(1)
    await stage.ask(batch)
    assert batch.job is not None
    pauses: list[float] = []
    real = asyncio.sleep

    async def pause(seconds: float) -> None:
        # Everyone's, that of the scripted server, too.
        if seconds != batcher.PAUSE_SECONDS:
            await real(seconds)
            return
        pauses.append(seconds)
        if len(pauses) == 3 and not held_on:
            await job.close()
        await real(0)

    monkeypatch.setattr(asyncio, "sleep", pause)
    for held_on in (True, False):
        pauses.clear()
        said.clear()
        job = await stage.store.resume(batch.job.id)
        visit = stage.visit()
        _, _, kept, *_ = await stage.batcher.find(batch.job.id, "all", visit, "en", REFERENCE)
        if held_on:
            assert said == [notes.sentence(JobError("", reason="in_use"), "en")]
            # The id stays, for the next try.
            assert kept == batch.job.id
            assert visit.batch.job is None
            await job.close()
        else:
            assert said == []
            assert statuses(visit.batch) == ["done"]


async def test_a_batch_that_is_open_elsewhere_cannot_be_begun(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = rows_of(1)
    await start(stage, visit)
    texts("one more", batch=visit.batch)
    async with await stage.store.resume(visit.batch.job.id):
        await start(stage, visit)
    assert said == [notes.sentence(JobError("", reason="in_use"), "en")]
    assert len(stage.asked) == 1
    await start(stage, visit)
    assert statuses(visit.batch) == ["done"] * 2


@pytest.mark.parametrize("limits", [Limits(rows=4), Limits(job_bytes=2_500), Limits(all_bytes=2_500)])
async def test_a_full_disk_ends_it_in_words_and_asks_nothing_more(stage: Stage, limits: Limits) -> None:
    stage.store = JobStore(stage.store._folder, limits)
    batch = rows_of(8)
    await stage.ask(batch)
    assert batch.lost is not None
    assert batch.lost.fields["reason"] == "full"
    assert notes.sentence(batch.lost, "en") in progress(stage, batch).replace("&#x27;", "'")
    assert len(stage.asked) < 8
    assert batch.ended is not None
    assert batch.ended.reason == "stopped"
    # What could not be kept was paid for all the same.
    whole = [entry for entry in stage.ledger.entries if not entry.usage.estimated]
    assert sum(entry.cost or Decimal(0) for entry in whole) == len(whole) * PRICE


async def test_a_folder_that_takes_no_batch_is_said_and_nothing_is_asked(stage: Stage, said: list[str]) -> None:
    visit = stage.visit()
    visit.batch = rows_of(2)
    full = Stage(stage.server, JobStore(stage.store._folder, Limits(jobs=0)))
    await start(full, visit)
    small = Stage(stage.server, JobStore(stage.store._folder, Limits(row_bytes=100)))
    await start(small, visit)
    assert said == [notes.sentence(JobError("", reason="full"), "en")] * 2
    assert stage.asked == []
    assert not visit.batch.running


@pytest.mark.parametrize("way", ["deleted", "a day old"])
async def test_a_batch_that_is_not_kept_any_more_is_begun_anew(stage: Stage, way: str) -> None:
    batch = rows_of(2)
    await stage.ask(batch)
    assert batch.job is not None
    old = batch.job
    if way == "deleted":
        await stage.store.delete(old.id)
    else:
        before = time.time() - 2 * 86_400
        os.utime(old.path, (before, before))
    stage.server.requests.clear()
    await stage.ask(batch)
    assert batch.job.id != old.id
    assert sorted(stage.asked) == ["row 0", "row 1"]
    assert statuses(batch) == ["done"] * 2
    assert not old.path.exists()
    with pytest.raises(JobError):
        await stage.found(old.id)


async def test_clearing_deletes_from_the_disk_and_leaves_the_ledger(stage: Stage) -> None:
    visit = stage.visit()
    visit.batch = batch = rows_of(2)
    await start(stage, visit)
    assert batch.job is not None
    assert batch.job.path.exists()
    _, table, kept, *_ = await stage.batcher.clear(visit, "en")
    assert kept == ""
    assert t("en", "batch.empty") in table
    assert not batch.job.path.exists()
    assert list(stage.store._folder.iterdir()) == []
    assert visit.ledger.totals().cost == 2 * PRICE
    assert visit.batch.spent == 0


async def test_what_the_form_was_comes_back_with_the_batch(stage: Stage) -> None:
    batch = rows_of(1)
    await stage.ask(batch)
    visit = Visit()
    found = await stage.batcher.find(batch.job.id, "all", visit, "ko", REFERENCE)
    assert found[3] == "batch"
    assert found[5:] == (INSTRUCTIONS, MODEL)
    assert visit.extracting.wanted == WANTED
    # One that is there is not put aside for another.
    other = rows_of(3)
    await stage.ask(other)
    await stage.batcher.find(other.job.id, "all", visit, "ko", REFERENCE)
    assert len(visit.batch.rows) == 1


async def test_clocks_are_those_of_the_settings(stage: Stage, said: list[str]) -> None:
    stage.server.script = play.in_turn(play.error(500, "Oops."), echo)
    visit = stage.visit()
    visit.batch = rows_of(1)
    desk = Batcher(Settings(clocks=replace(QUICK, retries=0)), stage.connection, stage.store)
    await start(stage, visit, by=desk)
    assert statuses(visit.batch) == ["failed"]
