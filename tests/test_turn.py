"""One answer on its way to the page: the first token at once, then joined; ends of all kinds leave text and entry."""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import aclosing
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from chat_core import ChatRequest, Clocks, Connection, count_tokens, user
from chat_ui import turn as turn_module
from chat_ui.turn import Snapshot, Turn
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

pytestmark = pytest.mark.usefixtures("closed_pools")

KEY = "sk-test-1234567890abcdef"
CALM = Clocks(retry_pause=0.01)
HELLO = ChatRequest("scripted-1", (user("Hello"),))


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        yield running


@pytest.fixture
def quick_heartbeat(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turn_module, "HEARTBEAT_SECONDS", 0.02)


@pytest.fixture
def endless_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """An hour between snapshots, so that a test that waits for one of them cannot pass."""
    monkeypatch.setattr(turn_module, "WINDOW_PER_MESSAGE", 3600.0)
    monkeypatch.setattr(turn_module, "LONGEST_WINDOW", 3600.0)


def turn_to(
    server: ScriptedServer, request: ChatRequest = HELLO, clocks: Clocks | None = None, page: int = 0, **fields: Any
) -> Turn:
    defaults: dict[str, Any] = {"kind": "custom", "base_url": server.base_url, "api_key": KEY}
    connection = Connection(**defaults | fields)
    return Turn(connection, request, clocks or Clocks(), messages_on_page=page)


async def run(turn: Turn) -> list[Snapshot]:
    async with asyncio.timeout(20), aclosing(turn.snapshots()) as snapshots:
        return [snapshot async for snapshot in snapshots]


async def until(holds: Callable[[], object]) -> None:
    """Wait for something that another thread or the turn itself brings about."""
    async with asyncio.timeout(15):
        # Neither side has an asyncio.Event for it.
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.002)


def stepwise(*pieces: str, allowed: dict[str, threading.Event]) -> Script:
    """Sends each piece only when the one before it was seen on the page."""

    async def step(exchange: Exchange) -> None:
        await exchange.start()
        for piece in pieces:
            await exchange.event(play.chunk(piece))
            await until(allowed[piece].is_set)
        await exchange.event(play.chunk(finish="stop"))
        await exchange.event("[DONE]")
        await exchange.end()

    return step


# --- snapshots -------------------------------------------------------------------------------------------------------


async def test_the_first_token_is_shown_before_the_second_is_sent(server: ScriptedServer) -> None:
    seen = {"Hel": threading.Event(), "lo": threading.Event()}
    server.script = stepwise("Hel", "lo", allowed=seen)
    turn = turn_to(server)
    shown = []
    async with asyncio.timeout(10), aclosing(turn.snapshots()) as snapshots:
        async for snapshot in snapshots:
            shown.append(snapshot.text)
            for piece, event in seen.items():
                if snapshot.text.endswith(piece):
                    event.set()
    assert [text for text in dict.fromkeys(shown) if text] == ["Hel", "Hello"]
    assert turn.error is None


async def test_the_first_token_waits_for_no_window(server: ScriptedServer, endless_window: None) -> None:
    server.script = play.hold_after("Hel")
    turn, text = turn_to(server, page=1), ""
    async with asyncio.timeout(10), aclosing(turn.snapshots()) as snapshots:
        while not text:
            text = (await anext(snapshots)).text
    assert text == "Hel"


async def test_the_end_waits_for_no_window(server: ScriptedServer, endless_window: None) -> None:
    words = [f"{number} " for number in range(200)]
    server.script = play.answer(*words)
    shown = [snapshot.text for snapshot in await run(turn_to(server, page=1)) if snapshot.text]
    assert shown[-1] == "".join(words)
    # The first token, and the rest when all of it is there.
    assert len(shown) <= 3


@pytest.mark.usefixtures("quick_heartbeat")
async def test_silence_yields_snapshots_that_tell_the_wait(server: ScriptedServer) -> None:
    patient_enough = threading.Event()

    async def after_a_while(exchange: Exchange) -> None:
        await until(patient_enough.is_set)
        await play.answer("Hello")(exchange)

    server.script = after_a_while
    turn = turn_to(server)
    waits = []
    async with asyncio.timeout(10), aclosing(turn.snapshots()) as snapshots:
        async for snapshot in snapshots:
            if not snapshot.text:
                waits.append(snapshot.waited)
            if len(waits) == 5:
                patient_enough.set()
    assert len(waits) >= 5
    assert all(earlier < later for earlier, later in pairwise(waits))
    assert turn.text == "Hello"


@pytest.mark.usefixtures("quick_heartbeat")
async def test_silence_in_the_middle_yields_snapshots_too(server: ScriptedServer) -> None:
    server.script = play.hold_after("Hel")
    turn = turn_to(server)
    held = 0
    async with asyncio.timeout(10), aclosing(turn.snapshots()) as snapshots:
        async for snapshot in snapshots:
            held += snapshot.text == "Hel"
            if held == 4:
                break
    assert held == 4


async def test_deltas_are_joined_and_none_is_lost(server: ScriptedServer) -> None:
    words = [f"{number} " for number in range(2000)]
    server.script = play.answer(*words)
    shown = await run(turn_to(server))
    assert shown[-1].text == "".join(words)
    assert len(shown) < 500
    # Each goes on from the one before it.
    assert all(later.text.startswith(earlier.text) for earlier, later in pairwise(shown))


async def test_reasoning_and_refusal_come_apart_from_the_text(server: ScriptedServer) -> None:
    other_choice = play.chunk("not shown")
    other_choice["choices"][0]["index"] = 1

    async def mixed(exchange: Exchange) -> None:
        await exchange.start()
        for chunk in (
            play.chunk(None, reasoning_content="hm"),
            play.chunk("Hi"),
            other_choice,
            play.chunk(None, refusal="no"),
            play.chunk(finish="stop"),
        ):
            await exchange.event(chunk)
        await exchange.end()

    server.script = mixed
    turn = turn_to(server)
    last = (await run(turn))[-1]
    assert (last.text, last.reasoning, last.refusal) == ("Hi", "hm", "no")
    assert (turn.text, turn.reasoning, turn.refusal) == ("Hi", "hm", "no")


async def test_a_retry_is_shown_until_the_first_token(server: ScriptedServer) -> None:
    slow_down = play.error(429, "slow down", "rate_limit_exceeded", retry_after="0.2")
    server.script = play.in_turn(slow_down, play.answer("Hello"))
    shown = await run(turn_to(server))
    told = [snapshot.retrying for snapshot in shown if snapshot.retrying]
    assert told
    assert (told[0].kind, told[0].seconds, told[0].attempt) == ("rate_limited", 0.2, 1)
    assert (shown[-1].text, shown[-1].retrying) == ("Hello", None)


# --- ends ------------------------------------------------------------------------------------------------------------


async def test_a_whole_answer(server: ScriptedServer) -> None:
    server.script = play.answer("Hel", "lo")
    turn = turn_to(server)
    assert not turn.running
    shown = await run(turn)
    assert not turn.running
    assert shown[-1].text == turn.text == "Hello"
    assert (turn.error, turn.stopped, turn.outcome) == (None, False, "stop")
    assert turn.started[0].body == server.requests[0].body
    entry = await turn.settle()
    assert entry is not None
    assert (entry.usage.input_tokens, entry.usage.output_tokens, entry.usage.estimated) == (12, 3, False)
    assert (entry.model, entry.outcome, entry.when, entry.free) == ("scripted-1", "stop", turn.when, False)
    # The price of an unheard-of model is unknown, and the entry is written once.
    assert entry.cost is None
    assert await turn.settle() is entry


@pytest.mark.parametrize(("finish", "outcome"), [("length", "length"), ("content_filter", "content_filter")])
async def test_finish_reasons_are_outcomes(server: ScriptedServer, finish: str, outcome: str) -> None:
    server.script = play.answer("Hi", finish=finish)
    turn = turn_to(server)
    await run(turn)
    assert (turn.outcome, turn.error) == (outcome, None)


async def test_an_end_without_a_reason(server: ScriptedServer) -> None:
    server.script = play.answer("Hi", finish=None)
    turn = turn_to(server)
    await run(turn)
    assert (turn.outcome, turn.error) == ("unstated", None)


async def test_closing_early_closes_the_upstream_and_is_estimated(server: ScriptedServer) -> None:
    server.script = play.hold_after("Hel", "lo")
    turn = turn_to(server, ChatRequest("gpt-4o-mini", (user("Hello"),)))
    async with aclosing(turn.snapshots()) as snapshots:
        async for snapshot in snapshots:
            assert turn.running
            if snapshot.text == "Hello":
                break
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    assert (turn.running, turn.stopped, turn.outcome, turn.error) == (False, True, "stopped", None)
    assert turn.text == "Hello"
    entry = await turn.settle()
    assert entry is not None
    assert entry.usage.estimated
    assert entry.usage.output_tokens == count_tokens("Hello", "gpt-4o-mini")
    assert entry.usage.input_tokens > 1
    assert entry.cost is not None
    assert entry.cost > 0
    assert entry.outcome == "stopped"
    assert await turn.settle() is entry


async def test_cancelling_the_reader_closes_the_upstream(server: ScriptedServer) -> None:
    # Gradio's Stop cancels the task that reads.
    server.script = play.hold_after("Hel")
    turn = turn_to(server)
    reading = asyncio.create_task(run(turn))
    await until(lambda: turn.text == "Hel")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    assert (turn.running, turn.stopped, turn.text) == (False, True, "Hel")


async def test_stopping_before_the_first_token_costs_nothing(server: ScriptedServer) -> None:
    server.script = play.hold_after()
    turn = turn_to(server)
    reading = asyncio.create_task(run(turn))
    await until(lambda: server.requests)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    assert await asyncio.to_thread(server.requests[0].closed.wait, 30)
    assert turn.stopped
    assert await turn.settle() is None


async def test_an_answer_that_ended_was_not_stopped(server: ScriptedServer) -> None:
    # The tab is closed in the moment in which the answer is complete, before the last snapshot was read.
    server.script = play.answer("Hi")
    turn = turn_to(server)
    async with asyncio.timeout(10), aclosing(turn.snapshots()) as snapshots:
        async for _ in snapshots:
            await until(lambda: turn.finished)
            break
    assert not turn.stopped
    assert turn.outcome == "stop"
    entry = await turn.settle()
    assert entry is not None
    assert not entry.usage.estimated


FAILURES = {
    "cut": (play.cut_after("Hel", "lo"), "stream_cut", "Hello"),
    "silence": (play.hold_after("Hello"), "timed_out", "Hello"),
    "error event": (
        play.raw('data: {"choices": [{"delta": {"content": "Hello"}}]}\n\n', 'data: {"error": {"message": "x"}}\n\n'),
        "server_failed",
        "Hello",
    ),
    "401": (play.error(401, "no", "invalid_api_key"), "key_refused", ""),
    "page": (play.reply(200, "<html>Hi</html>", "text/html"), "not_chat_completions", ""),
    "nothing": (play.answer(), "empty_answer", ""),
    "nothing, uncounted": (play.answer(usage=None), "empty_answer", ""),
    "no word": (play.hold_after(), "timed_out", ""),
}
# Those that the server is paid for. All but one are estimated.
PAID = {"cut", "silence", "error event", "nothing", "nothing, uncounted", "no word"}
# Only the tests of silence have a short clock.
HASTY = {"silence": Clocks(silence=0.4), "no word": Clocks(patient_first_token=0.4)}


@pytest.mark.parametrize("name", FAILURES)
async def test_failures_raise_nothing_and_keep_the_text(server: ScriptedServer, name: str) -> None:
    server.script, kind, text = FAILURES[name]
    turn = turn_to(server, clocks=HASTY.get(name, CALM))
    shown = await run(turn)
    assert shown[-1].text == turn.text == text
    assert turn.error is not None
    assert turn.error.kind == turn.outcome == kind
    assert (turn.running, turn.stopped) == (False, False)
    entry = await turn.settle()
    assert (entry is not None) == (name in PAID)
    if entry is not None:
        assert (entry.usage.estimated, entry.outcome) == (name != "nothing", kind)


async def test_what_is_free_is_charged_nothing_and_says_so(server: ScriptedServer) -> None:
    turn = turn_to(server, ChatRequest("gpt-4o-mini", (user("Hello"),)), kind="local")
    await run(turn)
    entry = await turn.settle()
    assert entry is not None
    assert (entry.cost, entry.free) == (Decimal(0), True)


async def test_two_turns_do_not_wait_for_each_other(server: ScriptedServer) -> None:
    async def by_name(exchange: Exchange) -> None:
        name = exchange.body["messages"][-1]["content"]
        await (play.hold_after("wait") if name == "slow" else play.answer("done"))(exchange)

    server.script = by_name
    slow = turn_to(server, ChatRequest("m", (user("slow"),)))
    fast = turn_to(server, ChatRequest("m", (user("fast"),)))
    waiting = asyncio.create_task(run(slow))
    await until(lambda: slow.text == "wait")
    assert (await run(fast))[-1].text == "done"
    assert slow.running
    assert slow.text == "wait"
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
