"""The batch of the tab Extract JSON against large, odd and hostile rows, answers and events."""

import asyncio
import csv
import io
import json
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chat_core import job_store
from chat_core.connections import Connection, demo
from chat_core.events import Timing, Usage
from chat_core.job_store import JobStore
from chat_core.messages import TextFile
from chat_core.request import ChatRequest
from chat_core.row_extraction import RowResult
from chat_core.schemas import FieldProblem
from chat_core.settings import Settings
from chat_ui import batch_run, batch_view, transcript, wanted
from chat_ui.batch_job import LONGEST_ALL, MOST_ROWS, Batch, Outcome, Row, digest_of
from chat_ui.batch_remote import RemoteBatcher
from chat_ui.batcher import Batcher
from chat_ui.extract_job import Asked, Source
from chat_ui.turn import entry_of
from chat_ui.visit import Visit

WANT = wanted.of_text('{"type": "object", "properties": {"name": {"type": "string"}, "sum": {"type": "number"}}}')
ASKED = Asked("", "Find them.", "gpt-4o-mini", WANT)
WON = Decimal(0)
FREE = demo("http://127.0.0.1:9/v1")
BAD = {"sum": "many"}


def batch_of(*texts: str, name: str = "pasted") -> Batch:
    batch = Batch()
    for number, text in enumerate(texts, start=1):
        batch.add(Source("", name, "", status="ready"), text=text, number=number)
    return batch


def batcher(folder: Path) -> Batcher:
    return Batcher(Settings.from_env({}), FREE, JobStore(folder / "jobs"))


async def exported(visit: Visit, folder: Path) -> list[dict[str, str]]:
    """All rows as a spreadsheet reads them."""
    made = await batcher(folder).export("csv", visit, "en")
    text = await asyncio.to_thread(Path(made["value"]).read_text, encoding="utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


# --- what is kept -----------------------------------------------------------------------------------------------------


async def test_a_long_korean_batch_can_be_started_and_found_again(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    batch = batch_of(*(f"{number} " + "가나다라" * 200 for number in range(1_500)))
    await batch_run.open_job(batch, ASKED, store)
    assert batch.job is not None
    await batch.job.close()
    found = Batch()
    await batch_run.find(found, batch.job.id, store)
    assert [row.digest for row in found.rows.values()] == [row.digest for row in batch.rows.values()]
    assert all(row.gone for row in found.rows.values())


async def test_a_batch_of_very_long_names_can_be_started(tmp_path: Path) -> None:
    batch = batch_of(*(f"{number} " for number in range(5_000)), name="긴이름" * 40)
    await batch_run.open_job(batch, ASKED, JobStore(tmp_path / "jobs"))
    assert batch.job is not None
    await batch.job.close()


async def test_the_rows_are_not_written_again_at_each_start(tmp_path: Path) -> None:
    store = JobStore(tmp_path / "jobs")
    batch = batch_of("one", "two")
    sizes = []
    for _ in range(3):
        await batch_run.open_job(batch, ASKED, store)
        assert batch.job is not None
        await batch.job.close()
        sizes.append(batch.job.path.stat().st_size)
    assert sizes == sizes[:1] * 3
    batch.add(Source("", "pasted", "", status="ready"), text="three", number=3)
    await batch_run.open_job(batch, ASKED, store)
    await batch.job.close()
    assert batch.job.path.stat().st_size > sizes[0]


# --- thousands of rows ------------------------------------------------------------------------------------------------


def test_the_schema_is_read_once_for_all_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = batch_of(*(f"row {number}" for number in range(1_000)))
    read: list[object] = []
    dumps = json.dumps
    monkeypatch.setattr(job_store.json, "dumps", lambda value, **how: read.append(value) or dumps(value, **how))
    ids = batch.identify(ASKED)
    assert len(set(ids.values())) == 1_000
    assert len(read) < 10


def test_what_free_answers_would_have_cost_is_priced_once_each(monkeypatch: pytest.MonkeyPatch) -> None:
    batch, priced = batch_of("one"), []
    batch.ask(ASKED)
    for count in range(500):
        entry = entry_of(FREE, ChatRequest("demo", ()), Usage(7_000 + count, 77), Decimal(0), Timing(None, 0.0), "stop")
        batch.book(entry, kept=True)
    look = transcript.price_usage
    monkeypatch.setattr(transcript, "price_usage", lambda *given: priced.append(given) or look(*given))
    drawn = [batch_view.progress_html(batch, FREE, "en", "gpt-4o", WON) for _ in range(3)]
    assert len(priced) == 500
    assert drawn[0] == drawn[2]
    assert "$" in drawn[0]


# --- hostile answers --------------------------------------------------------------------------------------------------


async def answered(batch: Batch, folder: Path, *data: Any) -> Visit:
    """A visit whose batch has these answers, one to each row."""
    store, visit = JobStore(folder / "jobs"), Visit()
    await batch_run.open_job(batch, ASKED, store)
    assert batch.job is not None
    async with batch.job as job:
        for key, value in zip(batch.ids.values(), data, strict=False):
            problem = FieldProblem("/sum", "type", {}, "")
            problems = tuple([problem] * 100) if value == BAD else ()
            result = RowResult(key, value, True, "", problems, "json_schema", False, False, 1, Usage(7, 7), Decimal(0))
            assert await job.put(result.to_row()) is None
            batch.outcomes[key] = Outcome.of(result)
    visit.batch = batch
    return visit


async def test_of_a_huge_answer_only_what_is_drawn_is_kept_in_memory_and_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    huge = {"name": "A" * 500_000, "sum": [1] * 100_000, "more": {str(n): [{}] for n in range(10_000)}}
    visit = await answered(batch_of("one", "two"), tmp_path, huge, [huge] * 2)
    read: list[object] = []
    look = RowResult.from_row
    monkeypatch.setattr(batch_run.RowResult, "from_row", lambda row: read.append(row) or look(row))
    shown = [await batcher(tmp_path).view(visit) for _ in range(3)]
    assert len(read) == 2
    assert shown[0] == shown[2]
    assert len(shown[0][1]) < 30_000
    for _, result in visit.batch.looked_at.values():
        assert len(json.dumps(result.data)) < 4 * batch_view.LONGEST_DATA


async def test_a_new_answer_of_a_row_is_drawn_at_once(tmp_path: Path) -> None:
    visit = await answered(batch_of("one"), tmp_path, {"name": "Anna"})
    assert "Anna" in (await batcher(tmp_path).view(visit))[1]
    visit = await answered(visit.batch, tmp_path, {"name": "Tom"})
    table = (await batcher(tmp_path).view(visit))[1]
    assert "Tom" in table
    assert "Anna" not in table


async def test_a_row_with_a_hundred_problems_names_a_few(tmp_path: Path) -> None:
    visit = await answered(batch_of("one"), tmp_path, BAD)
    table = (await batcher(tmp_path).view(visit))[1]
    assert table.count("<li>") == batch_view.MOST_PROBLEMS + 1
    assert "95 more" in table


# --- files ------------------------------------------------------------------------------------------------------------


async def test_a_negative_number_stays_a_number_in_the_csv_file(tmp_path: Path) -> None:
    data = [{"name": "=1+1", "sum": -5}, {"name": "-x", "sum": -0.5}, {"name": "y", "sum": True}]
    visit = await answered(batch_of("one", "two", "three"), tmp_path, *data)
    rows = await exported(visit, tmp_path)
    assert [(row["name"], row["sum"]) for row in rows] == [("'=1+1", "-5"), ("'-x", "-0.5"), ("y", "true")]


def folders_left(folder: Path) -> list[str]:
    """What batches have left behind there."""
    return [path.name for path in folder.iterdir() if path.name.startswith("vitrine-batch-")]


async def test_two_batch_files_at_once_are_both_whole_and_leave_no_folder_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    visit, remote = Visit(batch=batch_of(*(f"row {n}" for n in range(50)))), RemoteBatcher(batcher(tmp_path))
    visit.extracting.want(WANT)
    asked = [("Find them.", "demo"), ("Find them all, please.", "demo")]
    made = await asyncio.gather(*(remote.save(visit, "en", *each) for each in asked))
    texts = [await asyncio.to_thread(Path(each["value"]).read_text) for each in made]
    for text, (instructions, _) in zip(texts, asked, strict=True):
        lines = [json.loads(line) for line in text.splitlines()]
        assert len(lines) == 50
        assert all(instructions in json.dumps(line["body"]) for line in lines)
    assert folders_left(tmp_path) == []


# --- large and odd sources --------------------------------------------------------------------------------------------


def test_text_files_count_for_what_a_batch_may_hold() -> None:
    batch, rows = Batch(), []
    for _ in range(3):
        row = batch.add(Source("", "long.txt", "/uploads/long.txt"))
        assert row is not None
        row.source.text, row.source.status = TextFile("long.txt", "x" * (LONGEST_ALL // 2 - 1_000)), "ready"
        row.digest = row.key
        batch.settle(row)
        rows.append(row)
    assert [batch.status(row) for row in rows] == ["waiting", "waiting", "failed"]
    assert sum(row.size for row in batch.rows.values()) <= LONGEST_ALL
    assert [row.key for row in batch.to_ask({row.key: row.key for row in rows})] == [row.key for row in rows[:2]]


def test_links_count_for_what_a_batch_may_hold() -> None:
    batch = Batch()
    link = "https://example.com/" + "x" * (LONGEST_ALL // 2)
    assert batch.add(Source("", "a", link, remote=True)) is not None
    assert batch.add(Source("", "b", link, remote=True)) is None


async def test_more_is_pasted_than_the_page_allows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat_ui.row_intake.warn", lambda words: None)
    tried = 0

    class Counting(Batch):
        def add(self, *given: Any, **named: Any) -> Row | None:
            nonlocal tried
            tried += 1
            return Batch.add(self, *given, **named)

    visit = Visit(batch=Counting())
    async for _ in batcher(tmp_path).intake.take_text("a\n" * 3_000_000, "lines", visit, "en"):
        pass
    assert len(visit.batch.rows) == MOST_ROWS
    assert tried == MOST_ROWS + 1


def test_a_hostile_name_is_made_safe_to_show() -> None:
    batch = Batch()
    row = batch.add(Source("", "\u202egpj.<b>" + "x" * 1_000_000 + "\n\ud800.png", "/uploads/x"))
    assert row is not None
    assert len(row.name) <= 121
    assert not set(row.name) & {"\u202e", "\n", "\ud800"}


def test_texts_that_are_pasted_again_take_the_place_of_those_that_were_not_kept() -> None:
    batch = Batch()
    texts = [f"row {number % 4_000}" for number in range(MOST_ROWS)]
    batch.restore([{"name": "pasted", "number": 1, "digest": digest_of(text), "text": ""} for text in texts])
    assert batch.statuses() == {"gone": MOST_ROWS}
    for number, text in enumerate(texts, start=1):
        assert batch.add(Source("", "pasted", "", status="ready"), text=text, number=number) is not None
    assert batch.statuses() == {"waiting": MOST_ROWS}
    assert [row.text for row in batch.rows.values()] == texts
    assert batch.characters == sum(map(len, texts))


async def test_the_column_is_changed_without_the_table_being_kept_in_memory(tmp_path: Path) -> None:
    visit, here = Visit(), batcher(tmp_path)
    path = tmp_path / "list.csv"
    await asyncio.to_thread(path.write_bytes, "이름,말\n김,하나\n이,둘 둘\n".encode("cp949"))
    steps = [step async for step in here.intake.take_files([(str(path), "list.csv")], True, visit, "ko")]
    assert steps[0][1]["value"] == "말"
    assert [row.text for row in visit.batch.rows.values()] == ["하나", "둘 둘"]
    await here.intake.choose_column("이름", visit, "ko")
    assert [row.text for row in visit.batch.rows.values()] == ["김", "이"]
    column, switch, *_ = await here.intake.choose_heads(False, visit, "ko")
    assert (column["choices"], switch["value"]) == (["1", "2"], False)
    assert len(visit.batch.rows) == 3
    assert sum(len(str(value)) for value in (visit.batch.columns, visit.batch.table_path)) < 300


async def test_the_column_stays_while_rows_are_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visit, here, told = Visit(), batcher(tmp_path), []
    monkeypatch.setattr("chat_ui.row_intake.warn", told.append)
    path = tmp_path / "list.csv"
    await asyncio.to_thread(path.write_text, "a,b\n1,22\n")
    [_ async for _ in here.intake.take_files([(str(path), "list.csv")], True, visit, "en")]
    visit.batch.begin()
    shown = await here.intake.choose_column("a", visit, "en")
    assert shown[0]["value"] == "b"
    assert (await here.intake.choose_heads(False, visit, "en"))[1]["value"] is True
    assert [row.text for row in visit.batch.rows.values()] == ["22"]
    assert len(told) == 2


# --- events in an odd order -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("taken", ["file", "file/below"])
async def test_where_nothing_can_be_kept_nothing_is_asked_and_why_is_said(
    tmp_path: Path, taken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr("chat_ui.batcher.warn", told.append)
    await asyncio.to_thread((tmp_path / "file").write_text, "somebody else's")
    visit = Visit(batch=batch_of("one"))
    visit.extracting.want(WANT)
    here = Batcher(Settings.from_env({}), FREE, JobStore(tmp_path / taken))
    [_ async for _ in here.start(visit, "en", "gpt-4o", 0.5, 10, "Find them.", "demo")]
    assert "no more is asked" in told[0]
    assert not visit.batch.running
    assert visit.batch.statuses() == {"waiting": 1}
    assert not visit.ledger.entries


@pytest.mark.parametrize("job_id", ["../../etc/passwd", "x" * 32, "", None, 5, ["a"], "\ud800" * 32, "A" * 1_000_000])
async def test_an_id_that_was_made_up_finds_nothing(tmp_path: Path, job_id: Any) -> None:
    await answered(batch_of("one"), tmp_path, {"name": "Anna"})
    visit = Visit()
    await batcher(tmp_path).find(job_id, "all", visit, "en", "gpt-4o")
    assert visit.batch.job is None
    assert not visit.batch.rows


async def test_an_output_file_that_is_read_twice_is_paid_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chat_ui.batch_remote.gr.Info", lambda words: None)
    visit, remote = Visit(batch=batch_of("one")), RemoteBatcher(batcher(tmp_path))
    visit.typed = Connection("custom", "https://api.openai.com/v1", "sk-test-1234567890abcdef")
    visit.extracting.want(WANT)
    choice = {"index": 0, "message": {"role": "assistant", "content": '{"name": "Anna"}'}, "finish_reason": "stop"}
    body = {"choices": [choice], "usage": {"prompt_tokens": 1_000, "completion_tokens": 1_000}}
    key = next(iter(visit.batch.identify(ASKED).values()))
    line = {"custom_id": key, "response": {"status_code": 200, "body": body}, "error": None}
    path = tmp_path / "output.jsonl"
    await asyncio.to_thread(path.write_text, json.dumps(line))
    spent = []
    for _ in range(2):
        await remote.take_answers([(str(path), path.name)], visit, "en", "gpt-4o", "Find them.", "gpt-4o-mini")
        spent.append(visit.batch.spent)
    assert spent[0] == spent[1] > 0
    assert visit.batch.statuses().total() == 1


async def test_nothing_of_a_batch_is_begun_while_it_is_deleted(tmp_path: Path) -> None:
    visit, here = await answered(batch_of("one", "two"), tmp_path, {"name": "Anna"}), batcher(tmp_path)
    visit.extracting.want(WANT)
    old, seen = visit.batch, []
    delete = here.store.delete

    async def slow(job_id: str) -> None:
        seen.append(visit.batch is old)
        await delete(job_id)

    here.store.delete = slow
    await here.clear(visit, "en")
    assert seen == [False]
    assert not visit.batch.rows
