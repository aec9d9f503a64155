"""One answer on its way to a page: core events in, joined snapshots out, at a rate that the page can follow.

Knows no widget. The first token goes out at once; after it snapshots are joined, the fewer the longer the page already
is, for the browser draws the whole transcript anew at each of them. While nothing comes, a snapshot a second goes out
all the same: only a yield lets Gradio notice that the tab was closed, and waits become visible.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from chat_core.batch import ItemDone, ItemFailed
from chat_core.chat import cost_of, estimated_usage, stream_chat, usage_of_failure
from chat_core.connections import Connection
from chat_core.errors import ChatError
from chat_core.events import (
    Completion,
    Finished,
    ReasoningDelta,
    RefusalDelta,
    Retrying,
    Started,
    TextDelta,
    Timing,
    Usage,
)
from chat_core.ledger import Entry
from chat_core.messages import ImagePart, RemoteImage
from chat_core.request import ChatRequest
from chat_core.row_extraction import RowDone
from chat_core.settings import Clocks
from chat_core.tokens import image_tokens

log = logging.getLogger("vitrine.turn")

HEARTBEAT_SECONDS = 1.0
SHORTEST_WINDOW = 1 / 30
LONGEST_WINDOW = 0.5
# What a browser needs to draw one message of the transcript anew, with room to spare on a slow machine.
WINDOW_PER_MESSAGE = 0.0015
# The growing answer is drawn anew as well: half a second more at half a million characters.
WINDOW_PER_CHARACTER = 1e-6


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The answer so far. ``waited``: seconds since the last piece came; ``retrying``: why the first token is late."""

    text: str
    reasoning: str
    refusal: str
    waited: float
    retrying: Retrying | None


class Turn:
    """One request and all that is known of its answer; kept until the ledger entry is written.

    ``stopped``: ended from this side.  ``noted``: the page has said so.  ``messages_on_page``: how long the
    transcript is, which sets the rate of snapshots.
    """

    def __init__(
        self, connection: Connection, request: ChatRequest, clocks: Clocks, *, messages_on_page: int = 0
    ) -> None:
        self.connection = connection
        self.request = request
        self.when = datetime.now(UTC)
        self.started: list[Started] = []
        self.finished: Finished | None = None
        self.error: ChatError | None = None
        self.running = False
        self.stopped = False
        self.noted = False
        self.entry: Entry | None = None
        self._clocks = clocks
        self._pump_task: asyncio.Task[None] | None = None
        self._window = min(max(SHORTEST_WINDOW, messages_on_page * WINDOW_PER_MESSAGE), LONGEST_WINDOW)
        self._pieces: dict[type, list[str]] = {TextDelta: [], ReasoningDelta: [], RefusalDelta: []}
        self._characters = 0
        self._retrying: Retrying | None = None
        self._news = asyncio.Event()
        self._began = time.monotonic()
        self._first_token: float | None = None
        self._last_piece = self._began

    @property
    def text(self) -> str:
        return self._joined(TextDelta)

    @property
    def reasoning(self) -> str:
        return self._joined(ReasoningDelta)

    @property
    def refusal(self) -> str:
        return self._joined(RefusalDelta)

    @property
    def outcome(self) -> str:
        """The finish reason, ``stopped``, or the kind of the error."""
        if self.error:
            return self.error.kind
        if self.finished:
            return self.finished.finish_reason or "unstated"
        return "stopped"

    @property
    def ended_well(self) -> bool:
        """Whether this is a whole answer; a server need not say why it ended."""
        return self.finished is not None and not self.refusal and self.outcome in ("stop", "unstated")

    @property
    def weight(self) -> int:
        """Bytes that keeping this turn costs, roughly: its pictures, once as bytes and once as base64."""
        images = [image for message in self.request.messages for image in message.images]
        return sum(len(image.data) * 7 // 3 for image in images if isinstance(image, ImagePart))

    async def snapshots(self) -> AsyncGenerator[Snapshot, None]:
        """Snapshots until the answer has ended, the last one whole. Raises nothing of the core: see ``error``.

        Closing or cancelling this closes the stream at the server at once.
        """
        self.running = True
        self._pump_task = pump = asyncio.create_task(self._pump())
        try:
            while not pump.done():
                await self._something_new(pump)
                yield self._snapshot()
                if not pump.done() and self._first_token is not None:
                    await asyncio.wait({pump}, timeout=self._window + self._characters * WINDOW_PER_CHARACTER)
            yield self._snapshot()
        finally:
            self.running = False
            self.stop()
            with contextlib.suppress(asyncio.CancelledError):
                await pump

    def stop(self) -> None:
        """End the stream at the server, from the loop that it runs in; what has come until now is the last snapshot."""
        if self._pump_task is not None and not self._pump_task.done():
            self.stopped = True
            self._pump_task.cancel()

    async def settle(self) -> Entry | None:
        """The ledger entry, also for an answer that was stopped or has failed (mostly estimated then); None if nothing
        was used."""
        if self.entry is None and (usage := await self._usage()):
            if self.finished:
                cost, timing = self.finished.cost, self.finished.timing
            else:
                cost = cost_of(self.connection, self.request.model, usage)
                timing = Timing(self._first_token, self._last_piece - self._began)
            self.entry = entry_of(self.connection, self.request, usage, cost, timing, self.outcome, self.when)
        return self.entry

    async def _usage(self) -> Usage | None:
        written = self.reasoning + self.text + self.refusal
        if self.finished:
            return self.finished.usage
        if self.error:
            return await usage_of_failure(self.request, self.error, written)
        return await estimated_usage(self.request, written) if written else None

    async def _something_new(self, pump: asyncio.Task[None]) -> None:
        """Wait for news, but no longer than a heartbeat."""
        waiting = asyncio.create_task(self._news.wait())
        await asyncio.wait({waiting, pump}, timeout=HEARTBEAT_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        self._news.clear()

    async def _pump(self) -> None:
        try:
            async with aclosing(stream_chat(self.connection, self.request, clocks=self._clocks)) as events:
                async for event in events:
                    self._take(event)
        except ChatError as error:
            # Without its traceback, whose frames would keep the request alive as long as the error.
            self.error = error.with_traceback(None)
        except Exception as error:
            log.error("An answer failed: %s", type(error).__name__, exc_info=error)
            self.error = ChatError("Something unexpected happened.")
        finally:
            if self._first_token is None:
                self._last_piece = time.monotonic()  # the wait for nothing is what it took
            self._news.set()

    def _take(self, event: object) -> None:
        match event:
            case TextDelta(text, 0) | ReasoningDelta(text, 0) | RefusalDelta(text, 0):
                self._pieces[type(event)].append(text)
                self._characters += len(text)
                self._last_piece = time.monotonic()
                if self._first_token is None:
                    self._first_token = self._last_piece - self._began
                self._retrying = None
                self._news.set()
            case Started():
                self.started.append(event)
            case Retrying():
                self._retrying = event
                self._news.set()
            case Finished():
                self.finished = event

    def _snapshot(self) -> Snapshot:
        waited = time.monotonic() - self._last_piece
        return Snapshot(self.text, self.reasoning, self.refusal, waited, self._retrying)

    def _joined(self, kind: type) -> str:
        pieces = self._pieces[kind]
        if len(pieces) > 1:
            pieces[:] = ["".join(pieces)]
        return pieces[0] if pieces else ""


def entry_of(
    connection: Connection,
    request: ChatRequest,
    usage: Usage,
    cost: Decimal | None,
    timing: Timing,
    outcome: str,
    when: datetime | None = None,
) -> Entry:
    """What a request has used, for the ledger. ``when``: it was sent; None: now."""
    return Entry(
        when or datetime.now(UTC),
        request.model,
        usage,
        cost,
        timing,
        outcome,
        free=connection.free,
        pictures=_sizes(request),
        image_estimate=_image_estimate(request),
    )


def turn_of(event: object, connection: Connection, clocks: Clocks) -> Turn | None:
    """A request of a batch that has ended, as Under the hood shows it; None for other events of the batch."""
    match event:
        case (
            ItemDone(_, request, completion)
            | RowDone(request=ChatRequest() as request, completion=Completion() as completion)
        ):
            turn = Turn(connection, request, clocks)
            turn.started = [completion.started] if completion.started else []
            turn.finished = completion.finished
        case ItemFailed(error=error, request=ChatRequest() as request, started=Started() as started):
            turn = Turn(connection, request, clocks)
            turn.started, turn.error = [started], error
        case _:
            return None
    return turn


def _sizes(request: ChatRequest) -> tuple[tuple[int, int], ...]:
    return tuple((image.width, image.height) for image in _images(request) if isinstance(image, ImagePart))


def _image_estimate(request: ChatRequest) -> int | None:
    """Tokens of the pictures that went out; None where there are none, or one's cost cannot be told."""
    costs = [
        image_tokens(image.width, image.height, request.model, image.detail or "auto")
        if isinstance(image, ImagePart)
        else None
        for image in _images(request)
    ]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None


def _images(request: ChatRequest) -> list[ImagePart | RemoteImage]:
    return [image for message in request.sent.messages for image in message.images]
