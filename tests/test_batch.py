"""Many requests at once against a real server on loopback: order, limits, waits, ends, and nothing paid twice."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import aclosing
from decimal import Decimal

import pytest

from chat_core import ChatRequest, Connection, user
from chat_core.batch import Budget, Ended, Item, ItemDone, ItemFailed, ItemStarted, ItemStopped, ItemWaiting, run
from chat_core.errors import FileError
from chat_core.settings import Clocks
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

PATIENCE = 60.0
CALM = Clocks(retry_pause=0.01)
MODEL = "gpt-4o-mini"
# Of 12 input and 3 output tokens, which is what the scripted server says of each answer.
PRICE = Decimal("0.0000036")


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer(echo) as running:
        yield running


def connection(server: ScriptedServer) -> Connection:
    return Connection("custom", server.base_url, "sk-test-1234567890abcdef")


def asked(exchange: Exchange) -> str:
    return exchange.body["messages"][-1]["content"]


async def echo(exchange: Exchange) -> None:
    await play.answer("You said: ", asked(exchange))(exchange)


def by_text(scripts: dict[str, Script]) -> Script:
    """The script that is named for what is asked; ``echo`` for everything else."""

    async def script(exchange: Exchange) -> None:
        await scripts.get(asked(exchange), echo)(exchange)

    return script


def holding(count: int) -> tuple[Script, threading.Event]:
    """Half an answer and then nothing; and what is set when so many wait like that."""
    held: list[Exchange] = []
    all_held = threading.Event()

    async def hold(exchange: Exchange) -> None:
        await exchange.start()
        await exchange.event(play.chunk("Half an answer"))
        held.append(exchange)
        if len(held) == count:
            all_held.set()
        await asyncio.Event().wait()

    return hold, all_held


def held_back(server: ScriptedServer) -> list[Exchange]:
    """All requests but that of row 0, which need not have come first."""
    return [exchange for exchange in server.requests if asked(exchange) != "row 0"]


def items(count: int, reserve: Decimal | None = None) -> list[Item]:
    return [Item(str(n), ChatRequest(MODEL, (user(f"row {n}"),)), reserve) for n in range(count)]


async def all_of(server: ScriptedServer, given: list[Item], clocks: Clocks = CALM, **options) -> list:
    async with aclosing(run(connection(server), given, clocks=clocks, **options)) as progress:
        return [event async for event in progress]


def of_kind(events: list, kind: type) -> list:
    return [event for event in events if isinstance(event, kind)]


# --- order and number -------------------------------------------------------------------------------------------------


async def test_all_are_answered_and_begun_in_their_order(server: ScriptedServer) -> None:
    events = await all_of(server, items(12))
    assert [event.key for event in of_kind(events, ItemStarted)] == [str(n) for n in range(12)]
    done = {event.key: event.completion.text for event in of_kind(events, ItemDone)}
    assert done == {str(n): f"You said: row {n}" for n in range(12)}
    assert events[-1] == Ended("done", 0)
    assert len(server.requests) == 12


async def test_nothing_at_all_ends_at_once(server: ScriptedServer) -> None:
    assert await all_of(server, []) == [Ended("done", 0)]


@pytest.mark.parametrize("parallel", [1, 3])
async def test_never_more_at_once_than_allowed(server: ScriptedServer, parallel: int) -> None:
    active, most, full = 0, 0, asyncio.Event()

    async def counted(exchange: Exchange) -> None:
        nonlocal active, most
        active += 1
        most = max(most, active)
        if active == parallel:
            full.set()
        await full.wait()
        # Off before the answer: its end is what lets the next one in.
        active -= 1
        await echo(exchange)

    server.script = counted
    await all_of(server, items(8), parallel=parallel)
    assert most == parallel


async def test_an_item_is_made_when_its_turn_has_come(server: ScriptedServer) -> None:
    made: list[int] = []

    def maker(n: int) -> Callable[[], object]:
        async def make() -> ChatRequest:
            made.append(n)
            return ChatRequest(MODEL, (user(f"row {n}"),))

        return make

    given = [Item(str(n), maker(n)) for n in range(5)]
    async with aclosing(run(connection(server), given, parallel=1, clocks=CALM)) as progress:
        async for event in progress:
            if isinstance(event, ItemDone):
                assert made == list(range(int(event.key) + 1))


# --- one apart from the others ----------------------------------------------------------------------------------------


async def test_one_that_fails_ends_no_other(server: ScriptedServer) -> None:
    async def refuse() -> ChatRequest:
        raise FileError("No.", name="row", reason="empty")

    async def broken() -> ChatRequest:
        raise RuntimeError("a fault of ours")

    server.script = by_text(
        {
            "row 1": play.error(400, "Invalid content.", "invalid_value"),
            "row 2": play.error(500, "Oops."),
            "row 3": play.cut_after("Half an"),
        }
    )
    given = [*items(6), Item("refused", refuse), Item("broken", broken)]
    events = await all_of(server, given)
    failed = {event.key: event for event in of_kind(events, ItemFailed)}
    assert {key: event.error.kind for key, event in failed.items()} == {
        "1": "bad_request",
        "2": "server_failed",
        "3": "stream_cut",
        "refused": "bad_file",
        "broken": "error",
    }
    # What was written before the cut is paid for, as an estimate.
    charge = failed["3"].charge
    assert charge is not None
    assert charge.usage.estimated
    assert charge.usage.output_tokens == 2
    assert charge.cost is not None
    assert charge.cost > 0
    assert [key for key, event in failed.items() if event.charge] == ["3"]
    assert {event.key for event in of_kind(events, ItemDone)} == {"0", "4", "5"}
    assert events[-1] == Ended("done", 0)
    # A server that fails is asked as often as the clocks say, and no more.
    assert [asked(exchange) for exchange in server.requests].count("row 2") == 1 + CALM.retries


async def test_a_server_that_fails_once_is_asked_again(server: ScriptedServer) -> None:
    server.script = play.in_turn(play.error(503, "Busy."), echo)
    events = await all_of(server, items(1))
    (waiting,) = of_kind(events, ItemWaiting)
    assert (waiting.key, waiting.kind, waiting.asked) == ("0", "server_failed", False)
    assert of_kind(events, ItemDone)[0].completion.text == "You said: row 0"


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (play.error(401, "Wrong key.", "invalid_api_key"), "key_refused"),
        (play.error(429, "Pay first.", "insufficient_quota"), "quota_exceeded"),
        (play.error(404, "The model does not exist.", "model_not_found"), "model_not_found"),
        (play.error(429, "Tomorrow.", retry_after="3600"), "rate_limited"),
    ],
    ids=["key", "quota", "model", "tomorrow"],
)
async def test_what_holds_for_all_is_said_once_and_ends_the_batch(
    server: ScriptedServer, script: Script, kind: str
) -> None:
    server.script = script
    events = await all_of(server, items(50), parallel=3)
    assert of_kind(events, ItemFailed) == []
    assert isinstance(events[-1], Ended)
    assert (events[-1].reason, events[-1].left) == ("refused", 50)
    assert events[-1].error is not None
    assert events[-1].error.kind == kind
    # Those under way had gone out; no further one did.
    assert len(server.requests) <= 3
    stopped = of_kind(events, ItemStopped)
    assert {event.key for event in stopped} == {event.key for event in of_kind(events, ItemStarted)}
    assert [event.charge for event in stopped] == [None] * len(stopped)


async def test_answers_under_way_are_kept_when_the_quota_ends(server: ScriptedServer) -> None:
    told = threading.Event()

    async def slow(exchange: Exchange) -> None:
        await asyncio.to_thread(told.wait, PATIENCE)
        await echo(exchange)

    server.script = by_text({"row 0": slow, "row 1": play.error(429, "Pay first.", "insufficient_quota")})
    events = []
    async with aclosing(run(connection(server), items(9), parallel=2, clocks=CALM)) as progress:
        async for event in progress:
            events.append(event)
            if isinstance(event, ItemStopped):
                told.set()
    assert [event.key for event in of_kind(events, ItemDone)] == ["0"]
    assert events[-1].reason == "refused"
    assert events[-1].left == 8


async def test_a_server_that_is_gone_is_not_asked_fifty_times(server: ScriptedServer) -> None:
    server.script = play.error(500, "Oops.")
    events = await all_of(server, items(50), parallel=1)
    assert events[-1].reason == "refused"
    assert events[-1].error.kind == "server_failed"
    assert len(of_kind(events, ItemFailed)) == 5
    assert events[-1].left == 45


async def test_an_answer_that_broke_off_is_told_as_far_as_it_came_and_an_empty_one_is_paid_for(
    server: ScriptedServer,
) -> None:
    server.script = by_text(
        {"row 0": play.cut_after("Half", " an"), "row 1": play.answer(usage=None), "row 2": play.answer()}
    )
    failed = {event.key: event for event in of_kind(await all_of(server, items(4)), ItemFailed)}
    assert {key: (event.error.kind, event.text) for key, event in failed.items()} == {
        "0": ("stream_cut", "Half an"),
        "1": ("empty_answer", ""),
        "2": ("empty_answer", ""),
    }
    charge = failed["1"].charge
    assert charge is not None
    assert (charge.usage.input_tokens > 0, charge.usage.output_tokens, charge.usage.estimated) == (True, 0, True)
    assert charge.cost is not None
    assert charge.cost > 0
    # A model that thought and said nothing has used much: the server's own figures count.
    charge = failed["2"].charge
    assert charge is not None
    assert (charge.usage.input_tokens, charge.usage.output_tokens, charge.usage.estimated) == (12, 3, False)


async def test_requests_that_got_no_answer_in_time_count_against_the_budget(server: ScriptedServer) -> None:
    server.script = play.hold_after()
    budget = Budget(dollars=Decimal("0.000002"))
    events = await all_of(
        server, items(20, Decimal("0.000001")), parallel=1, budget=budget, clocks=Clocks(patient_first_token=0.2)
    )
    failed = of_kind(events, ItemFailed)
    assert all(event.error.kind == "timed_out" and event.charge.usage.estimated for event in failed)
    assert 0 < len(failed) < 4
    assert events[-1].reason == "budget"


# --- more while it runs -----------------------------------------------------------------------------------------------


def grown(number: int, *, again: bool = False) -> Item:
    return Item(str(number), ChatRequest(MODEL, (user(f"row {number}, once more"),)), again=again)


async def test_what_is_put_into_the_queue_on_an_event_is_asked_as_well(server: ScriptedServer) -> None:
    queue = deque(items(3))
    answers = []
    async with aclosing(run(connection(server), queue, parallel=1, clocks=CALM)) as progress:
        async for event in progress:
            if isinstance(event, ItemDone):
                answers.append(event.completion.text)
                if event.key == "0" and len(answers) == 1:
                    queue.appendleft(grown(0))
                elif event.key == "2":
                    queue.append(grown(3))
    assert answers == [f"You said: row {n}" for n in ("0", "0, once more", "1", "2", "3, once more")]
    assert (event, list(queue)) == (Ended("done", 0), [])


async def test_what_is_asked_again_is_no_further_item_of_the_budget(server: ScriptedServer) -> None:
    queue = deque(items(4))
    asked_of: list[str] = []
    async with aclosing(run(connection(server), queue, parallel=1, budget=Budget(items=2), clocks=CALM)) as progress:
        async for event in progress:
            if isinstance(event, ItemDone):
                asked_of.append(event.key)
                if asked_of.count(event.key) == 1:
                    queue.appendleft(grown(int(event.key), again=True))
    assert asked_of == ["0", "0", "1", "1"]
    assert event == Ended("budget", 2)


async def test_a_server_that_is_gone_is_found_out_one_item_at_a_time_too(server: ScriptedServer) -> None:
    server.script = play.error(500, "Oops.")
    left = deque(items(50))
    queue = deque([left.popleft()])
    events = []
    async with aclosing(run(connection(server), queue, clocks=CALM)) as progress:
        async for event in progress:
            events.append(event)
            if isinstance(event, ItemFailed):
                queue.append(left.popleft())
    assert len(of_kind(events, ItemFailed)) == 5
    assert (event.reason, event.left, event.error.kind) == ("refused", 1, "server_failed")


# --- rate limits ------------------------------------------------------------------------------------------------------


async def test_nobody_asks_before_the_time_that_the_server_named(server: ScriptedServer) -> None:
    times: list[float] = []

    async def limited(exchange: Exchange) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            await play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="300")(exchange)
        else:
            await echo(exchange)

    server.script = limited
    # One at a time, so that nobody else was under way when the server named its time.
    events = await all_of(server, items(3), parallel=1)
    assert times[1] - times[0] >= 0.3
    (waiting,) = of_kind(events, ItemWaiting)
    assert (waiting.kind, waiting.seconds, waiting.asked) == ("rate_limited", 0.3, True)
    assert len(of_kind(events, ItemDone)) == 3


async def test_after_a_rate_limit_all_wait_and_one_fewer_asks_at_once(server: ScriptedServer) -> None:
    told: list[float] = []
    later: list[float] = []
    active, most = 0, 0
    all_told = asyncio.Event()

    async def limited(exchange: Exchange) -> None:
        nonlocal active, most
        if len(told) < 4:
            told.append(time.monotonic())
            if len(told) == 4:
                all_told.set()
            await all_told.wait()
            await play.error(429, "Slow down.", "rate_limit_exceeded", retry_after_ms="200")(exchange)
            return
        later.append(time.monotonic())
        await echo(exchange)

    server.script = limited
    events = await all_of(server, items(12))
    assert min(later) - max(told) >= 0.2
    assert len(of_kind(events, ItemDone)) == 12
    assert len(server.requests) == 16
    assert len(of_kind(events, ItemWaiting)) == 4


async def test_patience_with_a_rate_limit_has_an_end(server: ScriptedServer) -> None:
    server.script = by_text({"row 0": play.error(429, "Never.", retry_after_ms="1")})
    events = await all_of(server, items(3))
    (failed,) = of_kind(events, ItemFailed)
    assert (failed.key, failed.error.kind) == ("0", "rate_limited")
    assert [asked(exchange) for exchange in server.requests].count("row 0") == 6
    assert {event.key for event in of_kind(events, ItemDone)} == {"1", "2"}


# --- budgets ----------------------------------------------------------------------------------------------------------


async def test_dollars_are_kept_to(server: ScriptedServer) -> None:
    events = await all_of(server, items(10, PRICE), budget=Budget(dollars=4 * PRICE))
    costs = [event.completion.finished.cost for event in of_kind(events, ItemDone)]
    assert costs == [PRICE] * 4
    assert events[-1] == Ended("budget", 6)
    assert len(server.requests) == 4


async def test_what_answers_turn_out_to_cost_counts_more_than_what_was_expected(server: ScriptedServer) -> None:
    events = await all_of(server, items(10, PRICE / 100), budget=Budget(dollars=3 * PRICE), parallel=1)
    assert len(of_kind(events, ItemDone)) == 3
    assert events[-1] == Ended("budget", 7)


async def test_what_is_under_way_is_reserved(server: ScriptedServer) -> None:
    # Two would fit if the first were already paid at its true price; both are begun only if both fit as expected.
    events = await all_of(server, items(2, 10 * PRICE), budget=Budget(dollars=15 * PRICE))
    first_end = next(place for place, event in enumerate(events) if isinstance(event, ItemDone))
    assert [event.key for event in of_kind(events[:first_end], ItemStarted)] == ["0"]
    assert len(of_kind(events, ItemDone)) == 2


async def test_a_number_of_items_is_kept_to_and_what_never_went_out_does_not_count(server: ScriptedServer) -> None:
    async def refuse() -> ChatRequest:
        raise FileError("No.", name="row", reason="empty")

    given = [Item("refused", refuse), *items(5)]
    events = await all_of(server, given, budget=Budget(items=3), parallel=1)
    assert [event.key for event in of_kind(events, ItemDone)] == ["0", "1", "2"]
    assert events[-1] == Ended("budget", 2)


async def test_dollars_without_prices_are_refused_and_so_are_two_of_one_key(server: ScriptedServer) -> None:
    with pytest.raises(ValueError, match="dollars"):
        await all_of(server, items(2), budget=Budget(dollars=Decimal(1)))
    with pytest.raises(ValueError, match="key"):
        await all_of(server, items(1) + items(1))
    assert server.requests == []


# --- stopping and going on --------------------------------------------------------------------------------------------


async def test_stop_closes_the_requests_and_gives_the_items_back(server: ScriptedServer) -> None:
    hold, all_held = holding(3)
    server.script = by_text({f"row {n}": hold for n in (1, 2, 3)})
    stop = asyncio.Event()
    started = asyncio.create_task(all_of(server, items(6), parallel=3, stop=stop))
    assert await asyncio.to_thread(all_held.wait, PATIENCE)
    stop.set()
    events = await asyncio.wait_for(started, PATIENCE)
    assert [event.key for event in of_kind(events, ItemDone)] == ["0"]
    stopped = of_kind(events, ItemStopped)
    assert [event.key for event in stopped] == ["1", "2", "3"]
    assert events[-1] == Ended("stopped", 5)
    for exchange in held_back(server):
        assert exchange.closed.wait(PATIENCE)
    for event in stopped:
        assert event.charge is not None
        assert event.charge.usage.estimated
        assert event.charge.cost > 0
    # Going on asks what has no answer, and nothing else.
    server.script = echo
    server.requests.clear()
    done = {event.key for event in of_kind(events, ItemDone)}
    rest = await all_of(server, [item for item in items(6) if item.key not in done])
    assert sorted(asked(exchange) for exchange in server.requests) == [f"row {n}" for n in range(1, 6)]
    assert rest[-1] == Ended("done", 0)


async def test_closing_the_iterator_closes_every_request(server: ScriptedServer) -> None:
    hold, all_held = holding(2)
    server.script = by_text({f"row {n}": hold for n in (1, 2)})
    async with aclosing(run(connection(server), items(4), parallel=2, clocks=CALM)) as progress:
        async for event in progress:
            if isinstance(event, ItemStarted) and event.key == "2":
                assert await asyncio.to_thread(all_held.wait, PATIENCE)
                break
    for exchange in held_back(server):
        assert await asyncio.to_thread(exchange.closed.wait, PATIENCE)


async def test_stop_ends_a_wait_for_the_rate_limit(server: ScriptedServer) -> None:
    server.script = play.error(429, "Later.", retry_after="60")
    stop = asyncio.Event()
    async with aclosing(run(connection(server), items(3), parallel=1, clocks=CALM, stop=stop)) as progress:
        events = []
        async for event in progress:
            events.append(event)
            if isinstance(event, ItemWaiting):
                stop.set()
    # It was refused when it was stopped, so nothing is paid for.
    assert of_kind(events, ItemStopped) == [ItemStopped("0")]
    assert events[-1] == Ended("stopped", 3)
