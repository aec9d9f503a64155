"""Many requests at once, above ``chat``: so many in parallel, within a budget, one failure apart from the others.

    async with aclosing(run(connection, items, budget=Budget(dollars=Decimal("0.50")))) as progress:
        async for event in progress:
            match event:
                case ItemDone(key, request, completion): ...
                case Ended(reason): ...

Knows nothing of what is asked: rows of text, pictures and pages all come as ``Item``. Keeps nothing after the end: to
go on later is to run the items that have no answer yet.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Literal

from chat_core.chat import cost_of, estimated_usage, stream_chat, usage_of_failure
from chat_core.connections import Connection
from chat_core.errors import (
    AccessDenied,
    ChatError,
    ConnectionInputError,
    EndpointNotFound,
    InputError,
    KeyMissing,
    KeyRefused,
    ModelNotFound,
    QuotaExceeded,
    RateLimited,
    ServerFailed,
    ServerUnavailable,
    Unreachable,
)
from chat_core.events import Completion, Started, Usage
from chat_core.request import ChatRequest
from chat_core.settings import Clocks

log = logging.getLogger(__name__)

PARALLEL = 4
# A rate limit counts by the minute: more patience than for one chat message, where somebody sits and waits.
RATE_LIMIT_TRIES = 6
LONGEST_PAUSE = 120.0
# What would be said of every other item as well.
_OF_ALL = (
    AccessDenied,
    ConnectionInputError,
    EndpointNotFound,
    KeyMissing,
    KeyRefused,
    ModelNotFound,
    QuotaExceeded,
)
# So many items in a row without any answer from the server: it is gone, and each further one would wait as long.
MOST_UNAVAILABLE = 5


@dataclass(frozen=True, slots=True)
class Item:
    """One request of many.

    ``key``: the caller's name for it, no two alike.  ``request``: the request, or what makes it when its turn has come,
    so that large parts are in memory only then; it may raise ChatError.  ``reserve``: US dollars that it is expected to
    cost; None: unknown.  ``again``: it was asked before under this key, so it is no further item of the budget.
    """

    key: str
    request: ChatRequest | Callable[[], Awaitable[ChatRequest]]
    reserve: Decimal | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class Budget:
    """``dollars``: no item is begun that would take what is spent, and what is reserved for those under way, beyond it.
    ``items``: so many are asked at most. None: no such limit.

    What an answer costs is known when it is there, so ``dollars`` is passed by as much as the items under way then cost
    more than they were expected to.
    """

    dollars: Decimal | None = None
    items: int | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """What an item without a whole answer may have cost: mostly estimated. ``cost``: US dollars, None where unknown."""

    request: ChatRequest
    usage: Usage
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class ItemStarted:
    """Its turn has come: the request is made, then sent."""

    key: str


@dataclass(frozen=True, slots=True)
class ItemWaiting:
    """It is asked (again) in ``seconds``. ``kind``: the ``ChatError.kind`` that is waited for.  ``asked``: whether the
    server named this wait."""

    key: str
    kind: str
    seconds: float
    asked: bool


@dataclass(frozen=True, slots=True)
class ItemDone:
    """A whole answer, with its usage and cost. ``completion.started`` holds the request body, large parts and all."""

    key: str
    request: ChatRequest
    completion: Completion


@dataclass(frozen=True, slots=True)
class ItemFailed:
    """No (whole) answer, after all tries. ``request``, ``started``: what was sent; None: nothing was.  ``text``: of the
    answer, as far as it came.  ``charge``: as in ``usage_of_failure``; None: nobody is charged."""

    key: str
    error: ChatError
    charge: Charge | None = None
    request: ChatRequest | None = None
    started: Started | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class ItemStopped:
    """Begun, and given back by no fault of its own: all was stopped, or refused.

    ``charge``: the request had gone out, so it may be paid for; None: nothing was.
    """

    key: str
    charge: Charge | None = None


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event. ``reason``: ``done``: every item has ended; ``budget``: the next one would pass it;
    ``refused``: what the server says of one it would say of all (``error``); ``stopped``: by the caller.

    ``left``: items without an answer or a failure of their own.
    """

    reason: Literal["done", "budget", "refused", "stopped"]
    left: int
    error: ChatError | None = None


Progress = ItemStarted | ItemWaiting | ItemDone | ItemFailed | ItemStopped | Ended


async def run(
    connection: Connection,
    items: Sequence[Item],
    *,
    parallel: int = PARALLEL,
    budget: Budget | None = None,
    clocks: Clocks | None = None,
    stop: asyncio.Event | None = None,
) -> AsyncGenerator[Progress, None]:
    """Ask all items, in their order, never more than ``parallel`` at once. The last event is ``Ended``.

    A deque of items is taken as it is: it is emptied from the left, and what the caller puts into it on an event is
    asked as well (an item of the same key only after the one before it has ended).

    A rate limit makes all of them wait: nobody asks before the time that the server named, and afterwards one fewer at
    once. ``stop``: when it is set, running requests are closed at the server and given back as ``ItemStopped``; closing
    the iterator (``contextlib.aclosing``) closes them too. Raises ValueError for a budget in dollars where the cost of
    an item is not known, and for two items of one key; nothing else: failures are events.
    """
    budget = budget or Budget()
    if budget.dollars is not None and any(item.reserve is None for item in items):
        raise ValueError("A budget in dollars needs to know what each item will cost.")
    if len({item.key for item in items}) < len(items):
        raise ValueError("Two items have the same key.")
    batch = _Batch(connection, items, max(1, parallel), budget, clocks or Clocks())
    async with aclosing(batch.events(stop or asyncio.Event())) as events:
        async for event in events:
            yield event


class _Work:
    """One item under way. ``out``: its request has gone out, and the server has not refused it."""

    def __init__(self, item: Item) -> None:
        self.item = item
        self.request: ChatRequest | None = item.request if isinstance(item.request, ChatRequest) else None
        self.completion = Completion()
        self.out = False
        self.task: asyncio.Task[None] | None = None


class _Batch:
    """The state of one ``run``. All changes are made by ``events``; the tasks of the items only report to it."""

    def __init__(
        self, connection: Connection, items: Sequence[Item], parallel: int, budget: Budget, clocks: Clocks
    ) -> None:
        self._connection = connection
        self._waiting: deque[Item] = items if isinstance(items, deque) else deque(items)
        self._parallel = parallel
        self._budget = budget
        self._clocks = clocks
        # Tried again here, where a rate limit of one is known to the others.
        self._once = replace(clocks, retries=0)
        # None: all is to be stopped.
        self._reports: asyncio.Queue[Progress | None] = asyncio.Queue()
        self._running: dict[str, _Work] = {}
        self._asked = 0
        self._spent = Decimal(0)
        self._paid = 0
        self._not_before = 0.0
        self._unavailable: list[ServerUnavailable] = []
        self._given_back = 0
        self._refusal: ChatError | None = None

    async def events(self, stop: asyncio.Event) -> AsyncGenerator[Progress, None]:
        watching = asyncio.create_task(self._watch(stop))
        try:
            while not stop.is_set():
                self._hand_out()
                if not self._running or (report := await self._reports.get()) is None:
                    break
                yield self._booked(report)
            if stop.is_set():
                for event in await self._stopped():
                    yield event
            yield self._end(stopped=stop.is_set())
        finally:
            watching.cancel()
            await self._close()

    async def _watch(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._reports.put_nowait(None)

    def _hand_out(self) -> None:
        if self._waiting and len(self._unavailable) >= MOST_UNAVAILABLE:
            self._refusal = self._refusal or self._unavailable[-1]
        while self._waiting and self._refusal is None and len(self._running) < self._parallel and self._affordable():
            work = _Work(self._waiting.popleft())
            self._running[work.item.key] = work
            self._asked += not work.item.again
            self._reports.put_nowait(ItemStarted(work.item.key))
            work.task = asyncio.create_task(self._work(work))

    def _affordable(self) -> bool:
        if self._budget.items is not None and self._asked >= self._budget.items and not self._waiting[0].again:
            return False
        if self._budget.dollars is None:
            return True
        reserved = [self._expected(work.item) for work in self._running.values()]
        return self._spent + sum(reserved) + self._expected(self._waiting[0]) <= self._budget.dollars

    def _expected(self, item: Item) -> Decimal:
        """What an item will cost, by its reserve, or by what those before it did cost if that is more."""
        average = self._spent / self._paid if self._paid else Decimal(0)
        return max(item.reserve or Decimal(0), average)

    def _booked(self, event: Progress) -> Progress:
        """The event to pass on, after its item has been struck off and paid."""
        match event:
            case ItemDone(key, _, completion):
                work = self._running.pop(key)
                cost = completion.finished.cost if completion.finished else None
                self._pay(work.item, cost)
                self._unavailable = []
            case ItemFailed(key, error, charge):
                work = self._running.pop(key)
                if charge:
                    self._pay(work.item, charge.cost)
                if isinstance(error, InputError) and not work.item.again:
                    self._asked -= 1
                if isinstance(error, _OF_ALL) or _too_long(error):
                    self._refusal = self._refusal or error
                    self._given_back += 1
                    return ItemStopped(key, charge)
                self._unavailable = [*self._unavailable, error] if isinstance(error, ServerUnavailable) else []
        return event

    def _pay(self, item: Item, cost: Decimal | None) -> None:
        self._spent += (item.reserve or Decimal(0)) if cost is None else cost
        self._paid += 1

    async def _stopped(self) -> list[Progress]:
        """What has ended by now, and every other item under way as stopped; their requests are closed at the server."""
        await self._close()
        reports = [self._reports.get_nowait() for _ in range(self._reports.qsize())]
        events = [self._booked(report) for report in reports if report is not None]
        for key, work in list(self._running.items()):
            del self._running[key]
            self._given_back += 1
            events.append(ItemStopped(key, await self._charge(work) if work.out else None))
        return events

    def _end(self, *, stopped: bool) -> Ended:
        left = len(self._waiting) + self._given_back
        if stopped and left:
            return Ended("stopped", left)
        if self._refusal is not None:
            return Ended("refused", left, self._refusal)
        return Ended("budget" if self._waiting else "done", left)

    async def _close(self) -> None:
        tasks = [work.task for work in self._running.values() if work.task is not None]
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    # --- one item, in a task of its own -------------------------------------------------------------------------------

    async def _work(self, work: _Work) -> None:
        key = work.item.key
        end: Progress
        try:
            if work.request is None and not isinstance(work.item.request, ChatRequest):
                work.request = await work.item.request()
            assert work.request is not None
            await self._answered(work, work.request)
            end = ItemDone(key, work.request, work.completion)
        except ChatError as error:
            # Without its traceback, whose frames would keep the request alive as long as the error.
            charge = await self._charge(work, error)
            started, text = work.completion.started, work.completion.text
            end = ItemFailed(key, error.with_traceback(None), charge, work.request, started, text)
        except Exception as error:
            log.error("An item failed: %s", type(error).__name__, exc_info=error)
            end = ItemFailed(key, ChatError("Something unexpected happened."))
        self._reports.put_nowait(end)

    async def _answered(self, work: _Work, request: ChatRequest) -> None:
        """Ask until there is an answer or no more patience. Raises ChatError."""
        tries = 0
        while True:
            await self._pause()
            tries += 1
            try:
                await self._asked_once(work, request)
                return
            except (RateLimited, ServerFailed, Unreachable) as error:
                work.out = False
                limited = isinstance(error, RateLimited)
                most = RATE_LIMIT_TRIES if limited else 1 + self._clocks.retries
                if tries >= most or work.completion.written or _too_long(error):
                    raise
                named = float(error.fields.get("seconds", 0))
                seconds = named or self._clocks.retry_pause * 2 ** (tries - 1)
                self._reports.put_nowait(ItemWaiting(work.item.key, error.kind, seconds, asked=named > 0))
                if limited or named:
                    self._slow_down(seconds)
                else:
                    await asyncio.sleep(seconds)

    async def _asked_once(self, work: _Work, request: ChatRequest) -> None:
        async with aclosing(stream_chat(self._connection, request, clocks=self._once)) as events:
            async for event in events:
                work.completion = work.completion.add(event)
                if isinstance(event, Started):
                    work.out = True

    async def _pause(self) -> None:
        """Wait as long as the server asked anybody to; longer, if it asks again meanwhile."""
        seconds = self._not_before - time.monotonic()
        if seconds > 0:
            await asyncio.sleep(seconds)
            await self._pause()

    def _slow_down(self, seconds: float) -> None:
        now = time.monotonic()
        if now >= self._not_before:
            # The first to be told; those that were under way with it will be told the same.
            self._parallel = max(1, self._parallel - 1)
        self._not_before = max(self._not_before, now + seconds)

    async def _charge(self, work: _Work, error: ChatError | None = None) -> Charge | None:
        """``error``: how it ended; None: it was stopped."""
        if work.request is None:
            return None
        written = work.completion.written
        if error is None:
            usage: Usage | None = await estimated_usage(work.request, written)
        else:
            usage = await usage_of_failure(work.request, error, written)
        return Charge(work.request, usage, cost_of(self._connection, work.request.model, usage)) if usage else None


def _too_long(error: ChatError) -> bool:
    """Whether the server names a wait that nobody sits through: come back later."""
    return float(error.fields.get("seconds", 0)) > LONGEST_PAUSE if isinstance(error, RateLimited) else False
