"""The pictures that one visitor has described: their states, answers and totals, and what is still to come. Pure.

What happens to them, reading and asking, is in ``describe_run``; how they look, in ``describe_view``.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Literal

from chat_core import tokens
from chat_core.batch import Charge, Ended, ItemDone, ItemFailed, ItemStarted, ItemStopped, ItemWaiting, Progress
from chat_core.connections import Connection
from chat_core.describing import Preset, request_for
from chat_core.errors import ChatError
from chat_core.events import Completion, Timing, Usage
from chat_core.ledger import Entry, Ledger
from chat_core.messages import Detail, ImagePart
from chat_core.request import ChatRequest
from chat_ui.costs import expected_cost, total
from chat_ui.texts import Language
from chat_ui.turn import entry_of

MOST_PICTURES = 200

# reading: not here yet.  waiting: never asked, or to be asked again.  stopped: was asked when all was stopped, has no
# answer, and may have cost something.
Status = Literal["reading", "waiting", "running", "done", "failed", "stopped"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of each picture. ``language``: that of the answer.  ``detail``: None: not sent."""

    preset: Preset
    prompt: str
    language: Language
    model: str
    detail: Detail | None = None


@dataclass(slots=True)
class Picture:
    """One picture and what is known of it.

    ``source``: the path of the upload, or the URL (``remote``).  ``path``: the file that is sent, upright and clean;
    empty until it has been read.  ``small``: that of its thumbnail.  ``text``: the description, which stays in every
    state until there is another one; a picture that is asked again keeps it.  ``asked``: what it is an answer to.
    ``entries``: what it has cost, all tries.  ``expected``: US dollars that its next answer is taken to cost; None:
    unknown.  ``pausing``: why it is not asked yet.
    """

    key: str
    name: str
    source: str
    remote: bool = False
    path: str = ""
    small: str = ""
    media_type: str = ""
    width: int = 0
    height: int = 0
    status: Status = "reading"
    text: str = ""
    asked: Asked | None = None
    error: ChatError | None = None
    finish_reason: str | None = None
    refusal: str = ""
    pausing: ItemWaiting | None = None
    entries: list[Entry] = field(default_factory=list)
    expected: Decimal | None = None

    @property
    def light(self) -> ImagePart:
        """The picture without its bytes: enough to count its tokens."""
        return ImagePart(b"", self.media_type, self.width, self.height, self.name)

    @property
    def described(self) -> bool:
        """Whether there is a description, be it an earlier one, or one that the visitor has emptied."""
        return self.status == "done" or bool(self.text)

    @property
    def cost(self) -> Decimal | None:
        """US dollars of all tries; None where one of them has no known price."""
        costs = [entry.cost for entry in self.entries]
        return None if None in costs else sum((cost for cost in costs if cost is not None), Decimal(0))

    @property
    def estimated(self) -> bool:
        return any(entry.usage.estimated for entry in self.entries)

    @property
    def input_tokens(self) -> int:
        return sum(entry.usage.input_tokens for entry in self.entries)

    @property
    def output_tokens(self) -> int:
        return sum(entry.usage.output_tokens for entry in self.entries)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What asking some pictures will take. ``output_tokens`` are assumed (``Preset.output_tokens``).

    ``unknown``: pictures whose tokens cannot be told on this model; they are in no sum, and ``cost`` is None then.
    ``cost``: US dollars.
    """

    pictures: int
    input_tokens: int
    image_tokens: int
    output_tokens: int
    unknown: int
    cost: Decimal | None


@dataclass(slots=True)
class Job:
    """All pictures of a visitor, in their order, by key. ``ledger``: what they have cost, those taken away too, and
    ``charged``: the keys of those that have.

    ``stop``: set to stop what is running; None: nothing is.  ``ended``: how the last run ended.  ``broken``: by a fault
    of ours.  ``language``, ``reference``: what the page shows it in, which may change while it runs.
    """

    pictures: dict[str, Picture] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    charged: set[str] = field(default_factory=set)
    stop: asyncio.Event | None = None
    ended: Ended | None = None
    broken: bool = False
    made: int = 0
    language: Language = "en"
    reference: str = ""

    @property
    def running(self) -> bool:
        return self.stop is not None

    def add(self, name: str, source: str, *, remote: bool = False) -> Picture | None:
        """A place for one more picture; None where there are too many."""
        if len(self.pictures) >= MOST_PICTURES:
            return None
        self.made += 1
        picture = Picture(f"p{self.made}", name, source, remote)
        self.pictures[picture.key] = picture
        self.ended = None
        return picture

    def remove(self, key: str) -> None:
        """Take a picture away, unless it is being asked."""
        if key in self.pictures and self.pictures[key].status != "running":
            del self.pictures[key]

    def clear(self) -> None:
        """Take all pictures away; not while they are asked."""
        if not self.running:
            self.pictures.clear()
            self.ledger, self.charged = Ledger(), set()
            self.ended, self.broken = None, False

    def with_status(self, *wanted: Status) -> list[Picture]:
        return [picture for picture in self.pictures.values() if picture.status in wanted]

    @property
    def to_ask(self) -> list[Picture]:
        """Those without an answer or a failure, in their order."""
        return self.with_status("waiting", "stopped")

    def begin(self) -> asyncio.Event:
        """Pictures are about to be asked. What to set to stop that."""
        self.stop, self.ended, self.broken = asyncio.Event(), None, False
        return self.stop

    def rest(self) -> None:
        """Nothing is asked any more; what was under way, since the page went away or something broke, has no answer."""
        for picture in self.with_status("running"):
            picture.status, picture.pausing = "stopped", None
        self.stop = None

    def askable(self, keys: Iterable[str]) -> list[str]:
        """Those of the keys whose pictures are there and at rest."""
        resting = {picture.key for picture in self.with_status("done", "failed", "stopped", "waiting")}
        return [key for key in keys if key in resting]

    def wait_again(self, keys: Iterable[str]) -> None:
        """Put pictures back among those to be asked."""
        for key in self.askable(keys):
            self.pictures[key].status, self.pictures[key].error = "waiting", None

    def write(self, key: str, text: str) -> None:
        """Keep what the visitor has made of an answer."""
        if key in self.pictures and self.pictures[key].described:
            self.pictures[key].text = text

    def take(self, event: Progress, asked: Asked, connection: Connection) -> Entry | None:
        """Take in one event of the batch; the ledger entry of what it has cost, if it has."""
        if isinstance(event, Ended):
            self.ended = event
            return None
        picture = self.pictures.get(event.key)
        if picture is None:
            # Taken away meanwhile, and paid for all the same.
            picture = Picture(event.key, "", "")
        picture.pausing = None
        entry = None
        match event:
            case ItemStarted():
                picture.status = "running"
            case ItemWaiting():
                picture.pausing = event
            case ItemDone(_, request, completion):
                entry = _entry_of_answer(request, completion, connection)
                _put_answer(picture, completion, asked)
            case ItemFailed(_, error, charge, _, _):
                entry = _entry_of_charge(charge, error.kind, connection)
                picture.status, picture.error = "failed", error
            case ItemStopped(_, charge):
                entry = _entry_of_charge(charge, "stopped", connection)
                picture.status = "stopped" if charge else "waiting"
        if entry is not None:
            picture.entries.append(entry)
            self.ledger.add(entry)
            self.charged.add(event.key)
        return entry


def forecast(
    pictures: Sequence[Picture], asked: Asked, connection: Connection, reference: str
) -> tuple[Forecast, list[Decimal | None]]:
    """What asking these pictures will take, and the cost of each. CPU work of some milliseconds: call it in a thread.

    Where nobody is charged, all is as it would be on ``reference``.
    """
    model = reference if connection.free else asked.model
    requests = [request_for(each.light, asked.prompt, model, detail=asked.detail) for each in pictures]
    counted = [tokens.estimate(request.sent.messages, model) for request in requests]
    usages = [Usage(each.input_tokens, asked.preset.output_tokens) for each in counted]
    costs = [
        None if each.unknown_images else expected_cost(connection, model, usage)
        for each, usage in zip(counted, usages, strict=True)
    ]
    return (
        Forecast(
            pictures=len(pictures),
            input_tokens=sum(each.input_tokens for each in counted),
            image_tokens=sum(each.image_tokens for each in counted),
            output_tokens=sum(usage.output_tokens for usage in usages),
            unknown=sum(each.unknown_images for each in counted),
            cost=total(costs),
        ),
        costs,
    )


def _put_answer(picture: Picture, completion: Completion, asked: Asked) -> None:
    """An answer, or what came in its place: a refusal or a filter is no description, and takes none away."""
    text = completion.text.strip()
    picture.refusal, picture.finish_reason, picture.error = completion.refusal, completion.finish_reason, None
    picture.status = "done" if text else "failed"
    if text or not picture.text:
        picture.text, picture.asked = text, asked


def _entry_of_answer(request: ChatRequest, completion: Completion, connection: Connection) -> Entry | None:
    finished = completion.finished
    if finished is None:
        return None
    outcome = finished.finish_reason or "unstated"
    return entry_of(connection, request, finished.usage, finished.cost, finished.timing, outcome)


def _entry_of_charge(charge: Charge | None, outcome: str, connection: Connection) -> Entry | None:
    if charge is None:
        return None
    return entry_of(connection, charge.request, charge.usage, charge.cost, Timing(None, 0.0), outcome)
