"""The rows of one visitor's batch: where they come from, where they stand, and what is still to come. Pure.

What happens to them is in ``batch_run``; how they look, in ``batch_view``. The answers themselves are on disk
(``job_store``); here is only what the page counts.
"""

import asyncio
import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any, Literal

from chat_core import tokens
from chat_core.batch import Charge, Ended, ItemFailed, ItemStarted, ItemStopped, ItemWaiting
from chat_core.batch_service import Batch as RemoteBatch
from chat_core.connections import Connection
from chat_core.errors import ChatError, JobError
from chat_core.events import Usage
from chat_core.extract_task import Step
from chat_core.extraction import opening_request
from chat_core.file_names import safe_name
from chat_core.job_store import Content, Job, row_keys
from chat_core.ledger import Entry, Ledger
from chat_core.messages import Part, user
from chat_core.pricing import price_batch_usage
from chat_core.request import JsonSchema
from chat_core.row_extraction import RowDone, RowEvent, RowResult, RowSteppedDown
from chat_core.row_sources import no_room
from chat_ui.costs import expected_cost, total
from chat_ui.extract_job import Asked, Source, output_tokens_of, parts_of
from chat_ui.extract_job import Status as SourceStatus
from chat_ui.texts import Language

MOST_ROWS = 5_000
LONGEST_ALL = 20_000_000
"""Characters of all texts, text files and links of a batch."""
ROWS_SHOWN = 50
# Prices are looked up for sizes rounded up to this many tokens.
TOKENS_ROUNDED = 32
# Of the sources, so much is kept on disk for a batch that goes on after a restart: bytes, as ``job_store`` writes them,
# which takes 4 MB in one piece. A letter of Hangul is six of them.
MOST_KEPT = 3_500_000
# Of a name, where there are so many that they alone would be more than that.
SHORT_NAME = 40

Status = Literal["reading", "waiting", "running", "done", "invalid", "failed", "stopped", "gone"]
Shown = Literal["all", "problems"]
# The state of a row that was not asked, by that of its source.
_UNASKED: dict[SourceStatus, Status] = {"reading": "reading", "ready": "waiting", "failed": "failed"}


@dataclass(slots=True)
class Row:
    """One source. ``key``: its name in the page.  ``source``: an upload or a link, whose name is shown; of a row of
    text only the name.  ``text``: of a row of text.  ``number``: its place in the file it came from, from 1; 0: none.
    ``digest``: of its content; empty until it has been read.  ``gone``: known from an earlier visit, without content.
    """

    key: str
    source: Source
    text: str = ""
    number: int = 0
    digest: str = ""
    gone: bool = False

    @property
    def ready(self) -> bool:
        return self.source.status == "ready" and not self.gone

    @property
    def is_picture(self) -> bool:
        return not self.text and self.source.text is None

    @property
    def name(self) -> str:
        """What it is called: the file's name, with the number of the row in it."""
        return f"{self.source.name} {self.number}".strip() if self.number else self.source.name

    @property
    def size(self) -> int:
        """Characters that it holds in memory."""
        file = self.source.text
        return len(self.text) + (len(file.text) if file is not None else 0) + len(self.source.source)

    def parts(self) -> list[Part]:
        """What is sent, without the bytes of a picture: enough to count its tokens."""
        return parts_of(self.text, [] if self.text else [self.source])


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the page counts of an answer. ``cost``: US dollars, None where unknown."""

    valid: bool
    found: bool
    repair_due: bool
    step: Step
    usage: Usage
    cost: Decimal | None

    @classmethod
    def of(cls, result: RowResult) -> "Outcome":
        return cls(result.valid, result.found, result.repair_due, result.step, result.usage, result.cost)


@dataclass(slots=True)
class State:
    """Where a row stands that has no answer (yet). ``pausing``: why it is not asked yet.  ``usage``, ``cost`` (US
    dollars): of what had been written all the same; None: nothing had, or the price is unknown."""

    status: Literal["running", "failed", "stopped"]
    error: ChatError | None = None
    pausing: ItemWaiting | None = None
    usage: Usage | None = None
    cost: Decimal | None = None

    @classmethod
    def ended(cls, status: Literal["failed", "stopped"], charge: Charge | None, error: ChatError | None) -> "State":
        """With what it may have cost."""
        return cls(status, error, usage=charge.usage if charge else None, cost=charge.cost if charge else None)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What asking some rows will take. ``output_tokens`` are assumed.  ``unknown``: rows whose tokens cannot be told;
    they are in no sum, and ``cost``, US dollars, is None then.  ``costs``: of each row."""

    rows: int
    input_tokens: int
    output_tokens: int
    unknown: int
    cost: Decimal | None
    costs: tuple[Decimal | None, ...]


@dataclass(slots=True)
class Remote:
    """The batch at a server that the rows were sent to. ``base_url``, ``typed``: of the connection that it was sent by;
    ``typed``: the visitor's own.  ``taken``: it has ended, and its answers are in the table."""

    batch: RemoteBatch
    base_url: str
    typed: bool
    taken: bool = False

    def sent_by(self, connection: Connection, *, typed: bool) -> bool:
        """Whether it was sent over this connection. An id that another server has given says nothing about whose batch
        it names here."""
        return (self.base_url, self.typed) == (connection.base_url, typed)

    def kept(self) -> dict[str, Any]:
        """As it is kept on disk."""
        return {"id": self.batch.id, "base_url": self.base_url, "typed": self.typed, "taken": self.taken}

    @classmethod
    def restored(cls, kept: Any) -> "Remote | None":
        match kept:
            case {"id": str(batch_id), "base_url": str(base_url), "typed": bool(typed), "taken": bool(taken)}:
                return cls(RemoteBatch(batch_id, "unknown"), base_url, typed, taken)
        return None


@dataclass(slots=True, weakref_slot=True)
class Batch:
    """All rows of a visitor, in their order.

    ``gone``: by digest, the keys of rows that are known without content.  ``table_path``: of the CSV file that the last
    rows came from, as ``table_name``, of its ``column`` among ``columns``; ``heads``: its first line has their names.
    ``tables``: the paths of all of them in this visit, by the names they are called here.
    ``characters``: that all rows hold.  ``asked``: what the answers on the page are answers to; None: nothing was
    asked.  ``ids``: by the rows' keys, what their answers are kept under, two rows of one content under one;
    ``key_of`` makes them of a digest.  ``job``: where they are kept; None: nowhere yet.  ``outcomes``, ``states``,
    ``expected`` (US dollars): by these ids.  ``counted``: tokens, by digest and model.  ``ledger``: what was paid in
    this visit; ``failed_cost``: what of it went into no answer.  ``stop``: set to stop what is running; None: nothing
    is.  ``lost``: why an answer could not be kept.  ``refused``: the format that the server would not take.

    ``remote``: the batch at a server that these rows were sent to; ``remote_error``: what went wrong with it;
    ``offered``: the server runs such batches; ``following``: it is looked at now.  ``page``, ``shown``: the part of the
    table that is looked at; ``looked_at``: what is drawn of its answers, by the rows' keys.  ``language``,
    ``reference``: what the page shows it in, which may change while it runs.
    """

    rows: dict[str, Row] = field(default_factory=dict)
    gone: dict[str, list[str]] = field(default_factory=dict)
    table_path: str = ""
    table_name: str = ""
    tables: dict[str, str] = field(default_factory=dict)
    columns: tuple[str, ...] = ()
    column: str = ""
    heads: bool = True
    made: int = 0
    characters: int = 0
    asked: Asked | None = None
    key_of: Callable[[Content], str] | None = None
    ids: dict[str, str] = field(default_factory=dict)
    job: Job | None = None
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)
    expected: dict[str, Decimal | None] = field(default_factory=dict)
    counted: dict[tuple[str, str], int | None] = field(default_factory=dict)
    ledger: Ledger = field(default_factory=Ledger)
    failed_cost: Decimal = Decimal(0)
    stop: asyncio.Event | None = None
    ended: Ended | None = None
    lost: JobError | None = None
    broken: bool = False
    refused: RowSteppedDown | None = None
    remote: Remote | None = None
    remote_error: ChatError | None = None
    offered: bool = False
    following: bool = False
    looked_at: dict[str, tuple[Outcome, RowResult]] = field(default_factory=dict)
    page: int = 0
    shown: Shown = "all"
    language: Language = "en"
    reference: str = ""

    @property
    def running(self) -> bool:
        return self.stop is not None

    @property
    def at_server(self) -> bool:
        """Whether rows are at a server whose answers have not been fetched."""
        return self.remote is not None and not self.remote.taken

    @property
    def step(self) -> Step:
        """Where the ladder begins: where the last answer came from."""
        outcomes = [self.outcomes[each] for each in self.ids.values() if each in self.outcomes]
        steps = [outcome.step for outcome in outcomes if outcome.found]
        return steps[-1] if steps else "json_schema"

    @property
    def asked_before(self) -> int:
        """Rows that were asked, whatever came of it."""
        # A row that was stopped, or has failed, when it was asked again has both.
        return len(self.outcomes.keys() | {key for key, state in self.states.items() if state.status != "running"})

    @property
    def spent(self) -> Decimal:
        """US dollars of all answers, those of earlier visits too, and of what failed in this one."""
        return self.failed_cost + (self.job.spent if self.job is not None else Decimal(0))

    # --- rows ---------------------------------------------------------------------------------------------------------

    def add(self, source: Source, *, text: str = "", number: int = 0) -> Row | None:
        """One more row, or one that was known without its content; None where there are too many."""
        source.name = safe_name(source.name, "text")
        row = Row(f"r{self.made + 1}", source, text, number)
        if text:
            row.digest = digest_of(text)
            if self.characters + row.size <= LONGEST_ALL and (known := self._known(row)) is not None:
                return known
        if self._full or self.characters + row.size > LONGEST_ALL:
            return None
        self.made += 1
        self.characters += row.size
        self.rows[row.key] = row
        self.ended = None
        if text:
            self._identify_new(row)
        return row

    @property
    def _full(self) -> bool:
        """Rows that wait for their content leave room for it, twice as many rows at most."""
        return len(self.rows) >= MOST_ROWS and len(self.rows) - sum(map(len, self.gone.values())) >= MOST_ROWS

    def remove(self, keys: Iterable[str]) -> None:
        """Take rows away; not while they are asked."""
        if not self.running:
            for key in list(keys):
                if (row := self.rows.pop(key, None)) is not None:
                    self.characters -= row.size

    def settle(self, row: Row) -> None:
        """A row of an upload or a link has its content: if that is one of an earlier visit's rows, it takes that row's
        place; if it is more than there is room for, it cannot be read."""
        file = row.source.text
        longer = len(file.text) if file is not None else 0
        if self.characters + longer > LONGEST_ALL:
            row.source.text, row.source.status, row.digest = None, "failed", ""
            row.source.error = no_room(row.source.name)
            return
        self.characters += longer
        if self._known(row) is not None:
            self.rows.pop(row.key, None)
        else:
            self._identify_new(row)

    def _identify_new(self, row: Row) -> None:
        """An answer that there is to the content of a new row is its answer, too."""
        if self.key_of is not None:
            self.ids[row.key] = self.key_of(row.digest)

    def _known(self, row: Row) -> Row | None:
        """The row of an earlier visit with this content, which it has again now; None where there is none."""
        places = self.gone.get(row.digest)
        if not places:
            return None
        known = self.rows.get(places.pop())
        if known is None:
            return None
        if row.key not in self.rows:
            self.characters += row.size
        known.source, known.text, known.gone = row.source, row.text, False
        known.number = row.number or known.number
        return known

    def identify(self, asked: Asked) -> dict[str, str]:
        """What the answers of the rows are kept under, if this is asked; by the rows' keys."""
        key_of = _key_maker(asked)
        return {row.key: key_of(row.digest) for row in self.rows.values() if row.digest}

    def ask(self, asked: Asked) -> None:
        """From now on the page shows the answers to this."""
        self.asked, self.ids, self.key_of = asked, self.identify(asked), _key_maker(asked)

    # --- where they stand ---------------------------------------------------------------------------------------------

    def status(self, row: Row) -> Status:
        """The state of a row."""
        outcome, state = self.outcome(row), self.state(row)
        if state is not None and state.status == "running":
            return "running"
        if outcome is not None:
            return "done" if outcome.valid else "invalid"
        if state is not None:
            return state.status
        if row.gone:
            return "gone"
        return _UNASKED[row.source.status]

    def outcome(self, row: Row) -> Outcome | None:
        return self.outcomes.get(self.ids.get(row.key, ""))

    def state(self, row: Row) -> State | None:
        return self.states.get(self.ids.get(row.key, ""))

    def statuses(self) -> Counter[Status]:
        """How many rows are in each state."""
        return Counter(map(self.status, self.rows.values()))

    def with_status(self, *wanted: Status) -> list[Row]:
        return [row for row in self.rows.values() if self.status(row) in wanted]

    def to_ask(self, ids: dict[str, str]) -> list[Row]:
        """Rows without a finished answer under these ids, each content once, in their order; not the failed ones."""
        found: dict[str, Row] = {}
        for row in self.rows.values():
            identity = ids.get(row.key, "")
            outcome, state = self.outcomes.get(identity), self.states.get(identity)
            finished = outcome is not None and not outcome.repair_due
            failed = state is not None and state.status == "failed"
            if row.ready and identity and not finished and not failed:
                found.setdefault(identity, row)
        return list(found.values())

    def to_ask_again(self) -> list[Row]:
        """Rows that failed, or whose data is not valid, each content once."""
        rows = [row for row in self.with_status("failed", "invalid") if row.ready and row.key in self.ids]
        return list({self.ids[row.key]: row for row in rows}.values())

    def page_rows(self) -> list[Row]:
        """The rows of the page that is looked at."""
        rows = self.listed()
        first = min(self.page, max(0, (len(rows) - 1) // ROWS_SHOWN)) * ROWS_SHOWN
        return rows[first : first + ROWS_SHOWN]

    def listed(self) -> list[Row]:
        """The rows of all pages."""
        return self.with_status("failed", "invalid") if self.shown == "problems" else list(self.rows.values())

    # --- asking -------------------------------------------------------------------------------------------------------

    def begin(self) -> asyncio.Event:
        """Rows are about to be asked. What to set to stop that."""
        self.stop, self.ended, self.lost, self.broken, self.refused = asyncio.Event(), None, None, False, None
        return self.stop

    def rest(self) -> None:
        """Nothing is asked any more; what was under way, since the page went away or something broke, has no answer."""
        for state in self.states.values():
            if state.status == "running":
                state.status, state.pausing = "stopped", None
        self.stop = None

    def take(self, event: RowEvent) -> None:
        """Take in one event of the batch; what it has cost is the caller's to book."""
        match event:
            case Ended():
                self.ended = event
            case RowSteppedDown():
                self.refused = event
            case ItemStarted(key):
                self.states[key] = State("running")
            case ItemWaiting(key):
                self.states.setdefault(key, State("running")).pausing = event
            case RowDone():
                self.states.pop(event.result.key, None)
                self.outcomes[event.result.key] = Outcome.of(event.result)
                self.lost = event.lost or self.lost
            case ItemFailed(key, error, charge):
                self.states[key] = State.ended("failed", charge, error)
            case ItemStopped(key, charge):
                self.states.pop(key, None)
                if charge is not None:
                    self.states[key] = State.ended("stopped", charge, None)

    def book(self, entry: Entry, *, kept: bool) -> None:
        """Note what was paid. ``kept``: for an answer, which ``job`` counts as well."""
        self.ledger.add(entry)
        if not kept and entry.cost is not None:
            self.failed_cost += entry.cost

    # --- what is still to come ----------------------------------------------------------------------------------------

    def forecast(self, rows: Sequence[Row], asked: Asked, connection: Connection, reference: str) -> Forecast:
        """What asking these rows will take. CPU work, up to a second for thousands: call it in a thread.

        Where nobody is charged, all is as it would be on ``reference``.
        """
        model = reference if connection.free else asked.model
        opening = opening_request("", asked.wanted.schema, model=asked.model, instructions=asked.instructions)
        around = tokens.estimate(opening.sent.messages, model, opening.persona).input_tokens
        if isinstance(opening.response_format, JsonSchema):
            # A schema is paid for as text that goes along.
            around += tokens.count_tokens(json.dumps(opening.response_format.schema, ensure_ascii=False), model)
        output = output_tokens_of(asked.wanted)

        @cache
        def priced(size: int) -> Decimal | None:
            return expected_cost(connection, model, Usage(size, output))

        sizes = [self._tokens(row, model) for row in rows]
        known = [around + size for size in sizes if size is not None]
        costs = tuple(None if size is None else priced(_rounded(around + size)) for size in sizes)
        return Forecast(
            rows=len(rows),
            input_tokens=sum(known),
            output_tokens=output * len(rows),
            unknown=sizes.count(None),
            cost=total(costs),
            costs=costs,
        )

    def forecast_remote(self, rows: Sequence[Row], asked: Asked, connection: Connection) -> Decimal | None:
        """US dollars that these rows are expected to cost as a batch at the server; None: unknown.
        CPU work, as ``forecast``."""
        counted = self.forecast(rows, asked, connection, asked.model)
        if connection.free or counted.unknown or not rows:
            return None
        each = Usage(_rounded(counted.input_tokens // len(rows)), counted.output_tokens // len(rows))
        price = price_batch_usage(each, asked.model, connection.base_url)
        return price.total * len(rows) if price else None

    def _tokens(self, row: Row, model: str) -> int | None:
        """Tokens of a row's content; None where they cannot be told."""
        key = (row.digest, model)
        if key not in self.counted:
            counted = tokens.estimate((user(*row.parts()),), model)
            self.counted[key] = None if counted.unknown_images else counted.input_tokens
        return self.counted[key]

    # --- what is kept of the rows -------------------------------------------------------------------------------------

    def kept(self) -> list[dict[str, Any]]:
        """The rows as they are kept with their answers: with their texts, as long as those are not too long."""
        rows = [
            {"name": row.source.name, "number": row.number, "digest": row.digest, "text": row.text}
            for row in self.rows.values()
            if row.digest
        ]
        for shortened in ({"text": 0}, {"name": SHORT_NAME}):
            if _size(rows) <= MOST_KEPT:
                break
            rows = [row | {key: str(row[key])[:most] for key, most in shortened.items()} for row in rows]
        return rows

    def restore(self, kept: Any) -> None:
        """Put rows back that ``kept`` has made; what is damaged is left out."""
        self.rows.clear()
        self.gone.clear()
        self.characters = 0
        for entry in kept if isinstance(kept, list) else []:
            match entry:
                case {"name": str(name), "number": int(number), "digest": str(digest), "text": str(text)}:
                    row = self.add(Source("", name, "", status="ready"), text=text, number=number)
                    if row is not None:
                        row.digest, row.gone = digest, not text
                        if row.gone:
                            self.gone.setdefault(digest, []).insert(0, row.key)


def _key_maker(asked: Asked) -> Callable[[Content], str]:
    """What makes the key that a row's answer is kept under, out of its digest, if this is asked."""
    return row_keys(schema=asked.wanted.schema, model=asked.model, prompt=asked.instructions)


def digest_of(content: str | bytes) -> str:
    """SHA-256, in hex, of a text or of the bytes of a picture."""
    data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    return hashlib.sha256((b"t" if isinstance(content, str) else b"b") + data).hexdigest()


def _size(rows: Sequence[Mapping[str, Any]]) -> int:
    """Bytes on disk."""
    return sum(len(json.dumps(row)) + 1 for row in rows)


def _rounded(size: int) -> int:
    return -(-size // TOKENS_ROUNDED) * TOKENS_ROUNDED
