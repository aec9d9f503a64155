"""Rows of data against servers that answer as they like: each row ends once, and is paid for once."""

import asyncio
import gc
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from chat_core import Clocks, Completion, Connection, RowDone, RowResult, RowSource, Usage, extraction_task
from chat_core import batch_files as files
from chat_core.batch import Budget, Ended, ItemFailed, ItemStarted, ItemStopped
from chat_core.errors import BlanksOnly, EmptyAnswer, FileError
from chat_core.events import Choice, Finished, Timing
from chat_core.extract_task import Source
from chat_core.field_table import Field, schema_of
from chat_core.job_store import JobStore, Limits, Row
from chat_core.json_output import Problem
from chat_core.row_extraction import LONGEST_RAW, Paid, RowSteppedDown, extract_rows, judged_row, row_items
from chat_core.schemas import FieldProblem
from tests import batch_server
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

PATIENCE = 60.0
QUICK = Clocks(first_token=4, patient_first_token=4, silence=2, whole_answer=60, retry_pause=0.01)
SCHEMA = schema_of([Field("name"), Field("age", "integer", required=False)])
TASK = extraction_task(SCHEMA, model="gpt-4o-mini", instructions="Only people.")
# Of 12 input and 3 output tokens, which is what the scripted server says of each answer.
PRICE = Decimal("0.0000036")
WRONG = '{"name": "Anna", "age": "31"}'
NO_SCHEMA = play.error(400, "json_schema: unknown variant")
NO_JSON = play.error(400, "response_format json_object is not supported by this model")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(echo) as running:
        yield running


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(tmp_path / "jobs")


def connection(server: ScriptedServer) -> Connection:
    return Connection("custom", server.base_url, "sk-test-1234567890abcdef")


def asked(exchange: Exchange) -> str:
    """What a request is about, with a mark on a repair: "row 1", "row 1, repair"."""
    _, source, *more = exchange.body["messages"]
    return source["content"] + (", repair" if more else "")


def form(exchange: Exchange) -> str:
    return exchange.body.get("response_format", {}).get("type", "none")


async def echo(exchange: Exchange) -> None:
    """Data of the row that is asked about."""
    await play.answer(json.dumps({"name": exchange.body["messages"][1]["content"]}))(exchange)


def by_text(scripts: dict[str, Script], other: Script = echo) -> Script:
    """The script that is named for what is asked; ``other`` for everything else."""

    async def script(exchange: Exchange) -> None:
        await scripts.get(asked(exchange), other)(exchange)

    return script


def takes(*known: str) -> Script:
    """A server that takes these kinds of response_format, and no other."""

    async def script(exchange: Exchange) -> None:
        refusal = play.error(400, f"Unknown variant {form(exchange)} of response_format")
        await (echo if form(exchange) in known else refusal)(exchange)

    return script


def rows(count: int, reserve: Decimal | None = None) -> list[RowSource]:
    return [RowSource(str(n), f"row {n}", reserve) for n in range(count)]


async def all_of(server: ScriptedServer, given: list[RowSource], **options: Any) -> list[Any]:
    options = {"clocks": QUICK} | options
    async with aclosing(extract_rows(connection(server), options.pop("task", TASK), given, **options)) as events:
        return [event async for event in events]


def of_kind(events: list[Any], kind: type) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def results(events: list[Any]) -> dict[str, RowResult]:
    """The last result of each row."""
    return {event.result.key: event.result for event in of_kind(events, RowDone)}


def names(events: list[Any]) -> dict[str, str]:
    return {key: result.data["name"] for key, result in results(events).items()}


def kinds(result: RowResult) -> list[str]:
    return [problem.kind if isinstance(problem, Problem) else problem.rule for problem in result.problems]


def spent(events: list[Any]) -> Decimal:
    """Of each request that was paid for."""
    return sum((event.paid.cost for event in of_kind(events, RowDone) if event.paid), Decimal(0))


def sent(server: ScriptedServer) -> Counter[str]:
    return Counter(asked(exchange) for exchange in server.requests)


# --- rows ------------------------------------------------------------------------------------------------------------


async def test_each_source_becomes_a_row(server: ScriptedServer) -> None:
    events = await all_of(server, rows(12))
    assert names(events) == {str(n): f"row {n}" for n in range(12)}
    assert [event.key for event in of_kind(events, ItemStarted)] == [str(n) for n in range(12)]
    assert events[-1] == Ended("done", 0)
    assert len(server.requests) == 12
    first = of_kind(events, RowDone)[0]
    assert first.result == RowResult(
        "0", {"name": "row 0"}, True, "", (), "json_schema", False, False, 1, Usage(12, 3), PRICE
    )
    assert first.result.valid
    assert (first.purpose, first.paid.usage, first.paid.cost, first.lost) == ("ask", Usage(12, 3), PRICE, None)
    assert first.completion.started.body == server.requests[0].body
    assert first.request.messages[0].text == "row 0"


async def test_nothing_at_all_ends_at_once(server: ScriptedServer) -> None:
    assert await all_of(server, []) == [Ended("done", 0)]


async def test_a_source_is_read_when_its_turn_has_come(server: ScriptedServer) -> None:
    read: list[int] = []

    def reader(n: int) -> Callable[[], Any]:
        async def source() -> Source:
            read.append(n)
            return ["one of several parts", f"row {n}"]

        return source

    given = [RowSource(str(n), reader(n)) for n in range(5)]
    async with aclosing(extract_rows(connection(server), TASK, given, parallel=1, clocks=QUICK)) as events:
        async for event in events:
            if isinstance(event, RowDone):
                assert read == list(range(int(event.result.key) + 1))
    assert read == list(range(5))


async def test_one_that_fails_ends_no_other(server: ScriptedServer) -> None:
    async def unreadable() -> Source:
        raise FileError("No.", name="row", reason="empty")

    server.script = by_text({"row 1": play.cut_after('{"name"'), "row 2": play.error(500, "Oops.")})
    events = await all_of(server, [RowSource("bad", unreadable), *rows(5)])
    failed = {event.key: event.error.kind for event in of_kind(events, ItemFailed)}
    assert failed == {"bad": "bad_file", "1": "stream_cut", "2": "server_failed"}
    assert set(results(events)) == {"0", "3", "4"}
    assert events[-1] == Ended("done", 0)


async def test_two_rows_of_one_key_and_dollars_without_prices_are_refused(server: ScriptedServer) -> None:
    with pytest.raises(ValueError, match="key"):
        await all_of(server, rows(2) + rows(1))
    with pytest.raises(ValueError, match="dollars"):
        await all_of(server, rows(2), budget=Budget(dollars=Decimal(1)))
    assert server.requests == []


# --- the ladder ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("known", "refused"), [("json_object", ["json_schema"]), ("none", ["json_schema", "json_object"])]
)
async def test_a_step_is_refused_once_and_not_once_a_row(
    server: ScriptedServer, known: str, refused: list[str]
) -> None:
    server.script = takes(known)
    events = await all_of(server, rows(40))
    assert [form(exchange) for exchange in server.requests] == [*refused, *[known] * 40]
    stepped = of_kind(events, RowSteppedDown)
    assert [(event.key, event.step) for event in stepped] == [("0", step) for step in refused]
    assert "Unknown variant json_schema" in stepped[0].words
    assert names(events) == {str(n): f"row {n}" for n in range(40)}
    step = "json_object" if known == "json_object" else "prompt"
    assert {result.step for result in results(events).values()} == {step}
    assert [results(events)[key].requests for key in ("0", "1")] == [1 + len(refused), 1]
    assert (events[-1], spent(events)) == (Ended("done", 0), 40 * PRICE)


async def test_json_mode_that_is_refused_by_name_is_a_step_down_too(server: ScriptedServer) -> None:
    no_json = play.error(400, "No.", None, "response_format")
    server.script = play.in_turn(NO_SCHEMA, no_json, echo)
    events = await all_of(server, rows(3))
    assert [form(exchange) for exchange in server.requests] == ["json_schema", "json_object", "none", "none", "none"]
    assert [(event.step, event.to) for event in of_kind(events, RowSteppedDown)] == [
        ("json_schema", "json_object"),
        ("json_object", "prompt"),
    ]
    assert {(key, result.step, result.requests) for key, result in results(events).items()} == {
        ("0", "prompt", 3),
        ("1", "prompt", 1),
        ("2", "prompt", 1),
    }


async def test_a_first_row_that_fails_settles_nothing(server: ScriptedServer) -> None:
    server.script = by_text({"row 0": play.error(400, "Invalid content.")}, takes("none"))
    events = await all_of(server, rows(10))
    assert [event.key for event in of_kind(events, ItemFailed)] == ["0"]
    assert [event.key for event in of_kind(events, RowSteppedDown)] == ["1", "1"]
    assert len(server.requests) == 1 + 2 + 9


async def test_a_row_that_is_refused_later_steps_down_by_itself(server: ScriptedServer) -> None:
    async def picky(exchange: Exchange) -> None:
        await (NO_SCHEMA if form(exchange) == "json_schema" else echo)(exchange)

    server.script = by_text({"row 3": picky})
    events = await all_of(server, rows(9))
    assert of_kind(events, RowSteppedDown) == [
        RowSteppedDown("3", "json_schema", "json_object", "json_schema: unknown variant")
    ]
    assert {key for key, result in results(events).items() if result.step == "json_object"} == {"3"}
    assert len(server.requests) == 10
    assert events[-1] == Ended("done", 0)


async def test_what_the_server_is_known_to_take_and_no_schema_at_all(server: ScriptedServer) -> None:
    await all_of(server, rows(2), first_step="prompt")
    await all_of(server, rows(2), task=extraction_task(None, model="gpt-4o-mini"))
    assert [form(exchange) for exchange in server.requests] == ["none", "none", "json_object", "json_object"]


# --- the repair round ------------------------------------------------------------------------------------------------


async def test_an_answer_that_is_not_valid_is_repaired_next(server: ScriptedServer, store: JobStore) -> None:
    server.script = by_text({"row 1": play.answer(WRONG)})
    async with await store.begin() as job:
        events = await all_of(server, rows(9), job=job, parallel=1)
        kept = [RowResult.from_row(row) async for row in job.rows(map(str, range(9))) if row]
        assert job.spent == 10 * PRICE == spent(events)
    done = [event for event in of_kind(events, RowDone) if event.result.key == "1"]
    assert [(event.purpose, event.result.repair_due, event.result.repaired) for event in done] == [
        ("ask", True, False),
        ("repair", False, True),
    ]
    first, last = (event.result for event in done)
    assert (first.data, first.raw, first.valid) == ({"name": "Anna", "age": "31"}, WRONG, False)
    assert (last.data, last.raw, last.valid, last.problems) == ({"name": "row 1"}, "", True, ())
    # The result has the sums, the event what its own request cost.
    assert (last.requests, last.usage, last.cost) == (2, Usage(24, 6), 2 * PRICE)
    assert [event.paid.cost for event in done] == [PRICE, PRICE]
    assert kept == list(results(events).values())
    # Before any further row was begun.
    assert [asked(exchange) for exchange in server.requests][:4] == ["row 0", "row 1", "row 1, repair", "row 2"]
    _, _, answer, complaint = server.requests[2].body["messages"]
    assert answer == {"role": "assistant", "content": WRONG}
    assert "/age: '31' is not of type 'integer'" in complaint["content"]


@pytest.mark.parametrize(
    ("again", "problems", "data", "paid"),
    [
        (play.error(500, "Sorry."), ["type", "repair_failed"], {"name": "Anna", "age": "31"}, 1),
        (play.answer("Sorry!"), ["type"], {"name": "Anna", "age": "31"}, 2),
        (play.answer(), ["type"], {"name": "Anna", "age": "31"}, 2),
        (play.answer('{"name": "Anna", "age": "thirty"}'), ["type"], {"name": "Anna", "age": "thirty"}, 2),
        (play.answer('{"nom": "Anna"}'), ["type"], {"name": "Anna", "age": "31"}, 2),
    ],
    ids=["fails", "worse", "empty", "no better", "more faults"],
)
async def test_a_repair_round_that_does_not_help_leaves_the_better_answer(
    server: ScriptedServer, again: Script, problems: list[str], data: Any, paid: int
) -> None:
    server.script = by_text({"row 1": play.answer(WRONG), "row 1, repair": again})
    events = await all_of(server, rows(3))
    result = results(events)["1"]
    assert (kinds(result), result.data, result.valid) == (problems, data, False)
    assert (result.repaired, result.repair_due, result.requests) == (True, False, 2)
    assert result.usage.total_tokens == 15 * paid
    assert result.cost == spent([event for event in of_kind(events, RowDone) if event.result.key == "1"])
    assert events[-1] == Ended("done", 0)
    if "repair_failed" in problems:
        assert result.problems[-1] == Problem("repair_failed", values={"error": "server_failed"})


async def test_the_repair_round_can_be_declined(server: ScriptedServer) -> None:
    server.script = play.answer(WRONG)
    events = await all_of(server, rows(3), repair=False)
    assert [(result.valid, result.repair_due) for result in results(events).values()] == [(False, False)] * 3
    assert len(server.requests) == 3


async def test_a_repair_round_that_is_due_is_all_that_is_asked_later(server: ScriptedServer, store: JobStore) -> None:
    held = threading.Event()

    async def hold(exchange: Exchange) -> None:
        await exchange.start()
        held.set()
        await asyncio.Event().wait()

    server.script = by_text({"row 1": play.answer("[" * 50_000), "row 1, repair": hold})
    stop = asyncio.Event()
    async with await store.begin() as job:
        started = asyncio.create_task(all_of(server, rows(3), job=job, stop=stop, parallel=1))
        assert await asyncio.to_thread(held.wait, PATIENCE)
        stop.set()
        events = await asyncio.wait_for(started, PATIENCE)
        # Row 1 has an answer; row 2 has none.
        assert (events[-1].reason, events[-1].left) == ("stopped", 1)
        assert [event.key for event in of_kind(events, ItemStopped)] == ["1"]
    (first,) = [exchange for exchange in server.requests if asked(exchange) == "row 1, repair"]
    server.script = echo
    server.requests.clear()
    async with await store.resume(job.id) as job:
        events = await all_of(server, rows(3), job=job, parallel=1)
        assert job.spent == 4 * PRICE
    assert [asked(exchange) for exchange in server.requests] == ["row 1, repair", "row 2"]
    # The same request, though only the beginning of the answer was kept.
    assert server.requests[0].body == first.body
    assert names(events) == {"1": "row 1", "2": "row 2"}
    assert (results(events)["1"].requests, results(events)["1"].cost) == (2, 2 * PRICE)
    server.requests.clear()
    async with await store.resume(job.id) as job:
        assert await all_of(server, rows(3), job=job) == [Ended("done", 0)]
    assert server.requests == []


async def test_a_repair_round_is_not_taken_up_where_it_is_declined(server: ScriptedServer, store: JobStore) -> None:
    async with await store.begin() as job:
        result = replace(a_result(), key="0", repair_due=True)
        assert await job.put(result.to_row()) is None
        assert await all_of(server, rows(1), job=job, repair=False) == [Ended("done", 0)]
    assert server.requests == []


# --- what comes in ---------------------------------------------------------------------------------------------------


async def test_blanks_and_empty_answers_are_results_with_a_problem_and_a_price(server: ScriptedServer) -> None:
    server.script = by_text({"row 1": play.hold_after("{", *["\n"] * 200), "row 2": play.answer(usage=None)})
    events = await all_of(server, rows(4))
    done = results(events)
    assert [kinds(done[key]) for key in "0123"] == [[], ["blanks"], ["empty"], []]
    (blanks,) = done["1"].problems
    assert isinstance(blanks, Problem)
    assert blanks.values == {"count": 200}
    for event in of_kind(events, RowDone):
        if not event.result.valid:
            assert event.paid.usage == event.result.usage
            assert event.paid.usage.estimated
            assert event.paid.cost == event.result.cost > 0
            assert not event.result.repair_due
    assert of_kind(events, ItemFailed) == []
    assert len(server.requests) == 4


async def test_a_refusal_and_a_cut_answer_are_not_asked_for_again(server: ScriptedServer) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk(None, refusal="I cannot help with that."))
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    server.script = by_text({"row 0": refuse, "row 1": play.answer('{"na', finish="length")})
    events = await all_of(server, rows(2))
    assert results(events)["0"].problems == (Problem("refused", values={"words": "I cannot help with that."}),)
    assert kinds(results(events)["1"]) == ["cut"]
    assert len(server.requests) == 2


# --- money, stopping, and what does not fit --------------------------------------------------------------------------


async def test_a_repair_round_costs_dollars_and_is_no_item(server: ScriptedServer) -> None:
    server.script = by_text({f"row {n}": play.answer(WRONG) for n in range(10)})
    events = await all_of(server, rows(10), budget=Budget(items=3))
    assert sent(server) == Counter([f"row {n}{mark}" for n in range(3) for mark in ("", ", repair")])
    assert (len(results(events)), events[-1]) == (3, Ended("budget", 7))


async def test_what_was_refused_is_one_item_all_the_same(server: ScriptedServer) -> None:
    server.script = takes("none")
    events = await all_of(server, rows(10), budget=Budget(items=3))
    assert (sorted(results(events)), events[-1]) == (["0", "1", "2"], Ended("budget", 7))


async def test_dollars_are_kept_to_over_answers_and_repairs(server: ScriptedServer) -> None:
    server.script = by_text({"row 0": play.answer(WRONG), "row 2": play.answer(WRONG)})
    events = await all_of(server, rows(9, PRICE), budget=Budget(dollars=4 * PRICE), parallel=1)
    assert [asked(exchange) for exchange in server.requests] == ["row 0", "row 0, repair", "row 1", "row 2"]
    assert spent(events) == 4 * PRICE
    # The repair of row 2 has no room left; its first answer stays, for later.
    assert results(events)["2"].repair_due
    assert events[-1] == Ended("budget", 6)


async def test_stop_gives_back_what_has_no_answer(server: ScriptedServer) -> None:
    held: list[Exchange] = []
    all_held = threading.Event()

    async def hold(exchange: Exchange) -> None:
        await exchange.start()
        held.append(exchange)
        if len(held) == 2:
            all_held.set()
        await asyncio.Event().wait()

    server.script = by_text({"row 1": hold, "row 2": hold})
    stop = asyncio.Event()
    started = asyncio.create_task(all_of(server, rows(6), parallel=2, stop=stop))
    assert await asyncio.to_thread(all_held.wait, PATIENCE)
    stop.set()
    events = await asyncio.wait_for(started, PATIENCE)
    assert list(results(events)) == ["0"]
    assert sorted(event.key for event in of_kind(events, ItemStopped)) == ["1", "2"]
    assert events[-1] == Ended("stopped", 5)
    for exchange in held:
        assert await asyncio.to_thread(exchange.closed.wait, PATIENCE)


async def test_what_holds_for_all_ends_the_rows(server: ScriptedServer) -> None:
    server.script = play.error(401, "Wrong key.", "invalid_api_key")
    events = await all_of(server, rows(50))
    assert (events[-1].reason, events[-1].left, events[-1].error.kind) == ("refused", 50, "key_refused")
    assert len(server.requests) == 1


async def test_a_server_that_is_gone_is_not_asked_fifty_times(server: ScriptedServer) -> None:
    server.script = play.error(500, "Oops.")
    events = await all_of(server, rows(50))
    assert (events[-1].reason, events[-1].left) == ("refused", 45)
    assert len(of_kind(events, ItemFailed)) == 5


async def test_a_result_that_finds_no_room_is_told_and_repaired_all_the_same(
    server: ScriptedServer, tmp_path: Path
) -> None:
    server.script = by_text({"row 0": play.answer("[" * 5_000)})
    async with await JobStore(tmp_path / "jobs", Limits(row_bytes=1_000)).begin() as job:
        events = await all_of(server, rows(2), job=job)
        # The first answer is too long to be kept, so the repair tells of both.
        assert (job.spent, len(job)) == (3 * PRICE, 2)
    lost = {(event.result.key, event.purpose, str(event.lost)) for event in of_kind(events, RowDone)}
    full = "There is no room for more finished rows."
    assert lost == {("0", "ask", full), ("0", "repair", "None"), ("1", "ask", "None")}


async def test_closing_the_iterator_ends_the_requests(server: ScriptedServer) -> None:
    server.script = by_text({"row 1": play.hold_after('{"name"')})
    async with aclosing(extract_rows(connection(server), TASK, rows(3), parallel=1, clocks=QUICK)) as events:
        async for event in events:
            if isinstance(event, ItemStarted) and event.key == "1":
                assert await asyncio.to_thread(_came, server, "row 1")
                break
    (exchange,) = [exchange for exchange in server.requests if asked(exchange) == "row 1"]
    assert await asyncio.to_thread(exchange.closed.wait, PATIENCE)


def _came(server: ScriptedServer, text: str) -> bool:
    """Wait until it has been asked about."""
    waiting = threading.Event()
    for _ in range(2_000):
        if sent(server)[text]:
            return True
        waiting.wait(0.01)
    return False


async def test_results_hold_no_requests(server: ScriptedServer) -> None:
    server.script = by_text({"row 1": play.answer(WRONG), "row 2": play.answer("x" * 100_000)})
    kept: list[RowResult] = []
    async with aclosing(extract_rows(connection(server), TASK, rows(4), clocks=QUICK)) as events:
        async for event in events:
            if isinstance(event, RowDone):
                kept.append(event.result)
    held: list[object] = [*kept]
    seen: set[int] = set()
    while held:
        value = held.pop()
        if id(value) not in seen and not isinstance(value, type):
            seen.add(id(value))
            assert not isinstance(value, Completion | Finished | bytes)
            assert not (isinstance(value, dict) and "messages" in value)
            assert not (isinstance(value, str) and len(value) > LONGEST_RAW)
            held += gc.get_referents(value)
    assert len(kept) == 6


# --- on disk and in batch files --------------------------------------------------------------------------------------


def a_result(**other: Any) -> RowResult:
    problems = (Problem("cut", 1, 2, 3, {"limit": 7}), FieldProblem("/age", "type", {"wanted": '"integer"'}, "words"))
    usage = Usage(5, 6, 1, 1, 1, 2, True)
    result = RowResult("k", {"a": [1, None]}, True, "raw", problems, "prompt", True, False, 3, usage, Decimal("0.5"))
    return replace(result, **other)


@pytest.mark.parametrize("other", [{}, {"cost": None}, {"data": None, "found": False}, {"problems": ()}])
async def test_a_result_comes_back_from_the_disk_as_it_was(store: JobStore, other: dict[str, Any]) -> None:
    result = a_result(**other)
    async with await store.begin() as job:
        await job.put(result.to_row())
        assert RowResult.from_row(await job.get("k")) == result
        await job.put(replace(result, key="j").to_row(Paid(Usage(1, 1), Decimal("0.1"))))
        row = await job.get("j")
        assert row is not None
        assert RowResult.from_row(row) == replace(result, key="j")
        assert (row.usage, row.cost) == (Usage(1, 1), Decimal("0.1"))


def deep() -> Any:
    value: Any = []
    for _ in range(20_000):
        value = [value]
    return value


FIELD = {"pointer": "", "rule": "x", "values": {}, "words": ""}
DAMAGE: dict[str, list[Any]] = {
    "data": [deep()],
    "found": [None, 1, "yes"],
    "raw": [None, 7, ["raw"]],
    "problems": [
        None,
        {},
        *(
            [broken]
            for broken in (7, [], {}, {"kind": "cut"}, {"kind": "cut", "values": {}}, {"kind": [], "values": {}})
        ),
        *([FIELD | {name: 7}] for name in FIELD),
        [FIELD | {"values": {"a": 1}}],
    ],
    "repaired": [None, "no"],
    "repair_due": [None, 0],
    "requests": [None, "1", 1.5],
    "sum": [
        None,
        {},
        {"usage": 1, "cost": None},
        {"usage": {"input_tokens": 1}, "cost": None},
        {"usage": {"input_tokens": 1, "output_tokens": 1}, "cost": "much"},
        {"usage": {"input_tokens": 1, "output_tokens": 1}, "cost": 1},
        {"usage": {"input_tokens": 1, "output_tokens": 1}, "cost": "Infinity"},
    ],
}


def damaged() -> Iterator[Row]:
    row = a_result().to_row()
    for name in row.value:
        yield replace(row, value={key: value for key, value in row.value.items() if key != name})
    for name, broken in DAMAGE.items():
        for value in broken:
            yield replace(row, value=row.value | {name: value})
    for value in (None, [], "x", 1, {}):
        yield replace(row, value=value)
    yield replace(row, step="")
    for digits in ("NaN", "sNaN", "-Infinity"):
        yield replace(row, cost=Decimal(digits))
    for usage in (Usage("x", 1), Usage(1, None), Usage(1, -1), Usage(deep(), 1), Usage(1, 1, estimated="no")):
        yield replace(row, usage=usage)


async def test_what_was_damaged_on_the_disk_raises_nothing() -> None:
    assert RowResult.from_row(a_result().to_row()) == a_result()
    for row in damaged():
        assert RowResult.from_row(row) is None


async def test_a_kept_row_that_cannot_be_read_is_asked_again_in_its_place(
    server: ScriptedServer, store: JobStore
) -> None:
    async with await store.begin() as job:
        await job.put(Row("1", "damaged", Usage(1, 1), PRICE, "json_schema"))
        await job.put(replace(a_result(), key="2").to_row())
        events = await all_of(server, rows(4), job=job, parallel=1)
    assert [asked(exchange) for exchange in server.requests] == ["row 0", "row 1", "row 3"]
    assert events[-1] == Ended("done", 0)


def answered(key: str, text: str) -> str:
    return json.dumps(batch_server.result(key, batch_server.response(200, batch_server.completion(text))))


async def test_rows_go_into_a_batch_file_and_come_back_judged(tmp_path: Path) -> None:
    async def unreadable() -> Source:
        raise FileError("No.", name="row", reason="empty")

    given = [*rows(4), RowSource("bad", unreadable)]
    file = await files.write(row_items(TASK, given), tmp_path / "batch.jsonl")
    assert (file.requests, [key for key, _ in file.left_out]) == (4, ["bad"])
    lines = [json.loads(line) for line in (tmp_path / "batch.jsonl").read_text("utf-8").splitlines()]
    assert [line["custom_id"] for line in lines] == ["0", "1", "2", "3"]
    assert {line["body"]["response_format"]["json_schema"]["strict"] for line in lines} == {True}
    output = tmp_path / "output.jsonl"
    texts = {"2": '{"name": "Cho", "age": null}', "0": '{"name": "Anna"}', "1": WRONG, "3": ""}
    output.write_text("\n".join(answered(key, text) for key, text in texts.items()), "utf-8")

    openai = Connection("openai", "https://api.openai.com/v1", "sk-test-1234567890abcdef")
    answers = await files.read([output], openai, TASK.model)
    judged = []
    async for result in answers.results(list("0123")):
        kind = result.error.kind if isinstance(result.error, EmptyAnswer | BlanksOnly) else ""
        assert result.completion is not None or kind
        completion = result.completion or Completion()
        judged.append(judged_row(TASK, result.key, completion, result.usage, result.cost, "json_schema", error=kind))
    assert [(row.key, row.data, kinds(row), row.repair_due, row.requests) for row in judged] == [
        ("0", {"name": "Anna"}, [], False, 1),
        ("1", {"name": "Anna", "age": "31"}, ["type"], False, 1),
        ("2", {"name": "Cho"}, [], False, 1),
        ("3", None, ["empty"], False, 1),
    ]
    assert all(row.cost is not None and row.cost > 0 for row in judged)


def test_a_row_judged_by_itself_says_what_a_repair_round_would_be_for() -> None:
    finished = Finished("stop", Usage(1, 1), None, Timing(None, 0.0), {})
    completion = Completion(None, {0: Choice(WRONG)}, finished)
    row = judged_row(TASK, "k", completion, None, None, "json_schema", repair=True)
    assert (row.repair_due, row.valid, row.usage, row.cost) == (True, False, Usage(0, 0, estimated=True), None)
    bare = extraction_task(None, model="m")
    assert judged_row(bare, "k", completion, None, None, "json_schema", repair=True).step == "json_object"
