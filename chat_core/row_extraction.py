"""Many sources, one schema, one row of data each: ``extraction`` for thousands, on top of ``batch.run``.

    task = prepare(schema, model="gpt-5.4-mini")
    rows = [RowSource(row_key(content=text, schema=schema, model=task.model, prompt=""), text) for text in texts]
    async with aclosing(extract_rows(connection, task, rows, job=job)) as events:
        async for event in events:
            match event:
                case RowDone(result): ...
                case Ended(reason): ...

The ladder is that of ``extraction``. Its first row is asked alone until a step is answered, so that a server refuses a
``response_format`` once and not once a row; a later row that is refused steps down by itself. An answer that is not
valid is kept at once and repaired next, before further rows are begun: nothing waits for the end of all rows, and a
process that is killed goes on with the repair and does not pay for the first answer twice.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import asdict, dataclass, fields, replace
from decimal import Decimal, DecimalException
from functools import partial
from typing import Any, TypeVar, get_args

from chat_core import batch
from chat_core.batch import Budget, Ended, Item, ItemDone, ItemFailed, ItemStarted, ItemStopped, ItemWaiting
from chat_core.connections import Connection
from chat_core.errors import BlanksOnly, EmptyAnswer, JobError
from chat_core.events import Choice, Completion, Usage, total_usage
from chat_core.extract_task import LONGEST_RETOLD, STEPS, Judged, Purpose, Source, Step, Task, below, counts
from chat_core.job_store import Job, Row
from chat_core.json_output import MOST_LEVELS, Problem, ProblemKind, levels
from chat_core.request import ChatRequest
from chat_core.schemas import FieldProblem
from chat_core.settings import Clocks

# Characters of an answer that is not valid. One more than a repair round sends back: it shows that there were more.
LONGEST_RAW = LONGEST_RETOLD + 1

_Kind = TypeVar("_Kind")


@dataclass(frozen=True, slots=True)
class RowSource:
    """What one row is extracted from.

    ``key``: what ``job_store.row_key`` makes of all that the answer depends on, no two alike.  ``source``: text, text
    files and pictures, or what reads them when their turn has come; it may raise ChatError, and is asked once more for
    a repair.  ``reserve``: US dollars that one request of it is expected to cost; None: unknown.  ``again``: it is
    asked although the job has an answer of it, which is then replaced.
    """

    key: str
    source: Source | Callable[[], Awaitable[Source]]
    reserve: Decimal | None = None
    again: bool = False


@dataclass(frozen=True, slots=True)
class RowResult:
    """What was extracted for one row, without the requests, so that thousands of results are small.

    ``data``: the JSON value; None where none could be read (and for ``null``; see ``found``).  ``raw``: the answer,
    only where it is not valid, at most ``LONGEST_RAW`` characters.  ``problems``: of the answer as a whole, and of
    single fields.  ``step``: of the ladder, as answered.  ``repaired``: whether there was a repair round.
    ``repair_due``: this is a first answer, paid for, and its repair round is yet to come.  ``requests``: that went out,
    the refused ones too.  ``usage``, ``cost``: the sums over first answer and repair; a cost in US dollars, None where
    one of the two is unknown. What was stopped is not in them: ``ItemStopped`` tells of that.
    """

    key: str
    data: Any
    found: bool
    raw: str
    problems: tuple[Problem | FieldProblem, ...]
    step: Step
    repaired: bool
    repair_due: bool
    requests: int
    usage: Usage
    cost: Decimal | None

    @property
    def valid(self) -> bool:
        """Whether there is data that keeps the schema, so far as it could be checked."""
        return self.found and not self.faults

    @property
    def faults(self) -> int:
        """How many problems make the data invalid."""
        return sum(map(counts, self.problems))

    def to_row(self, last: "Paid | None" = None) -> Row:
        """The row to keep. ``last``: what the last request alone used and cost, where the job has been told of the one
        before it: a job adds up what its rows cost. None: all is told at once."""
        value = {
            "data": self.data,
            "found": self.found,
            "raw": self.raw,
            "problems": [asdict(problem) for problem in self.problems],
            "repaired": self.repaired,
            "repair_due": self.repair_due,
            "requests": self.requests,
        }
        if last is None:
            return Row(self.key, value, self.usage, self.cost, self.step)
        value["sum"] = {"usage": asdict(self.usage), "cost": None if self.cost is None else str(self.cost)}
        return Row(self.key, value, last.usage, last.cost, self.step)

    @classmethod
    def from_row(cls, row: Row) -> "RowResult | None":
        """What ``to_row`` has kept; None where that cannot be read."""
        try:
            return _read(row)
        except (KeyError, TypeError, ValueError, DecimalException):
            return None


@dataclass(frozen=True, slots=True)
class Paid:
    """What one request used and cost. ``cost``: US dollars, None where unknown."""

    usage: Usage
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class RowDone:
    """A row has an answer; it comes once more after a repair round, which ``result.repair_due`` announces.

    ``purpose``: of the request that has ended.  ``request``, ``completion``: what was sent and what came, as far as it
    came; the body in ``completion.started``. None: nothing was sent.  ``paid``: for this request alone, to be written
    into a ledger; None: nobody is charged for it.  ``lost``: why the result is not kept in the job; None: it is, or
    there is no job.
    """

    result: RowResult
    purpose: Purpose
    request: ChatRequest | None
    completion: Completion | None
    paid: Paid | None
    lost: JobError | None = None


@dataclass(frozen=True, slots=True)
class RowSteppedDown:
    """The server refused a ``response_format``; this row, and those after a first one, are asked without it.

    ``words``: what the server said, one line; empty where that is not known.
    """

    key: str
    step: Step
    to: Step
    words: str = ""


RowEvent = ItemStarted | ItemWaiting | ItemFailed | ItemStopped | RowDone | RowSteppedDown | Ended


async def extract_rows(
    connection: Connection,
    task: Task,
    rows: Sequence[RowSource],
    *,
    job: Job | None = None,
    parallel: int = batch.PARALLEL,
    budget: Budget | None = None,
    clocks: Clocks | None = None,
    stop: asyncio.Event | None = None,
    repair: bool = True,
    first_step: Step = "json_schema",
) -> AsyncGenerator[RowEvent, None]:
    """Extract a row from each source, in their order, as events: those of ``batch.run``, with ``RowDone`` for an answer
    and ``RowSteppedDown`` for a refused ``response_format``. The last one is ``Ended``; its ``left`` counts the rows
    without an answer or a failure of their own. A row is started once more for a step down and for a repair round.

    ``job``: rows that it has are not asked, but for a repair round that is due; each result is put into it before its
    event.  ``budget``: a repair round costs dollars, and is no item.  ``repair``: whether an answer that is not valid
    is asked for once more.  ``first_step``: where the ladder begins, if it is known what the server takes.  The rest is
    as in ``batch.run``.

    Blanks without end and an empty answer are results with a problem. A repair round that fails leaves the first answer
    with the problem ``repair_failed``; one that is stopped or that the budget has no room for stays due. Raises
    ValueError for two rows of one key and for a budget in dollars where a ``reserve`` is not known, and JobError where
    the job cannot be read, all of it before anything is asked.
    """
    if len({row.key for row in rows}) < len(rows):
        raise ValueError("Two rows have the same key.")
    if budget is not None and budget.dollars is not None and any(row.reserve is None for row in rows):
        raise ValueError("A budget in dollars needs to know what each row will cost.")
    work = _Rows(task, job, task.first(first_step), repair=repair)
    await work.begin(rows)
    running = batch.run(connection, work.queue, parallel=parallel, budget=budget, clocks=clocks, stop=stop)
    async with aclosing(running) as progress:
        async for event in progress:
            for told in await work.handled(event):
                yield told


def row_items(task: Task, rows: Iterable[RowSource], step: Step = "json_schema") -> list[Item]:
    """The first requests of rows, each made when its turn has come: to be asked, or written by ``batch_files``."""
    return [_item(task, row, step) for row in rows]


def judged_row(
    task: Task,
    key: str,
    completion: Completion,
    usage: Usage | None,
    cost: Decimal | None,
    step: Step,
    *,
    error: str = "",
    repair: bool = False,
    requests: int = 1,
) -> RowResult:
    """The result of one answer; CPU work. So are the answers of a batch file judged: nobody repairs those.

    ``usage``: None: the server told none.  ``error``: the ``ChatError.kind`` that ended the answer, of an empty one
    too.  ``repair``: whether a repair round would follow; it is then due if it could help.
    """
    judged = task.judge(completion, error)
    return RowResult(
        key,
        judged.data,
        judged.found,
        "" if judged.valid else judged.raw[:LONGEST_RAW],
        judged.problems,
        task.first(step),
        repaired=False,
        repair_due=repair and judged.repairable,
        requests=requests,
        usage=usage or Usage(0, 0, estimated=True),
        cost=cost,
    )


@dataclass(slots=True)
class _Turn:
    """A row from when it stands in the queue until it has ended.

    ``requests``: that have gone out.  ``first``: the answer that is to be repaired.  ``kept``: the job has that.
    """

    row: RowSource
    step: Step
    requests: int = 0
    first: RowResult | None = None
    kept: bool = False

    @property
    def purpose(self) -> Purpose:
        return "repair" if self.first else "ask"


class _Rows:
    """The state of one ``extract_rows``. ``queue``: of ``batch.run``, which goes on for as long as there is something
    in it."""

    def __init__(self, task: Task, job: Job | None, step: Step, *, repair: bool) -> None:
        self.queue: deque[Item] = deque()
        self._task = task
        self._job = job
        self._step = step
        self._settled = False
        self._repair = repair
        # Rows not yet in the queue; those in it or under way, by their key.
        self._waiting: deque[RowSource] = deque()
        self._turns: dict[str, _Turn] = {}
        self._left = 0

    async def begin(self, rows: Sequence[RowSource]) -> None:
        """Find out what is to be asked, and let the first row in. Raises JobError."""
        if self._job is None:
            self._waiting.extend(rows)
        else:
            places = iter(rows)
            async with aclosing(self._job.rows(row.key for row in rows)) as stored:
                async for kept in stored:
                    self._go_on(next(places), RowResult.from_row(kept) if kept else None)
        self._left = len(self._waiting)
        self._let_in()

    def _go_on(self, row: RowSource, result: RowResult | None) -> None:
        """Take up a row: what the job does not have, or not so that it can be read, is asked; what is due repaired."""
        if result is None or row.again:
            self._waiting.append(row)
        elif result.repair_due and self._repair:
            turn = _Turn(row, result.step, result.requests, result, kept=True)
            self._turns[row.key] = turn
            self.queue.append(self._again(turn))

    def _let_in(self) -> None:
        """Rows into the queue: one until a step of the ladder is settled, then all."""
        for _ in range(len(self._waiting) if self._settled else min(1, len(self._waiting))):
            row = self._waiting.popleft()
            self._turns[row.key] = _Turn(row, self._step)
            self.queue.append(_item(self._task, row, self._step))

    def _again(self, turn: _Turn) -> Item:
        """A row that was asked before: to be repaired, or to be asked a step lower."""
        wrong = _judged(turn.first) if turn.first else None
        return replace(_item(self._task, turn.row, turn.step, wrong), again=True)

    # --- what a batch tells ------------------------------------------------------------------------------------------

    async def handled(self, event: batch.Progress) -> list[RowEvent]:
        """What an event of the batch means for its row; what is to be asked because of it is in the queue then."""
        match event:
            case ItemDone(key, request, completion):
                return await self._done(key, request, completion)
            case ItemFailed():
                return await self._failed(event)
            case Ended(reason, _, error):
                return [Ended(reason, self._left, error)]
        return [event]

    async def _done(self, key: str, request: ChatRequest, completion: Completion) -> list[RowEvent]:
        turn = self._turns[key]
        told: list[RowEvent] = []
        body = completion.started.body if completion.started else {}
        if turn.step == "json_object" and "response_format" not in body:
            # The core has left it out after a refusal; the schema is in the prompt all the same.
            turn.requests += 1
            told.append(self._stepped_down(turn, "prompt"))
        finished = completion.finished
        paid = Paid(finished.usage, finished.cost) if finished else None
        return [*told, await self._answered(turn, request, completion, paid)]

    async def _failed(self, event: ItemFailed) -> list[RowEvent]:
        turn = self._turns[event.key]
        paid = Paid(event.charge.usage, event.charge.cost) if event.charge else None
        completion = Completion(event.started, {0: Choice(event.text)}) if event.started else None
        if isinstance(event.error, BlanksOnly | EmptyAnswer) and completion is not None:
            return [await self._answered(turn, event.request, completion, paid, event.error.kind)]
        turn.requests += event.started is not None
        if (lower := below(turn.step, event.error)) is not None:
            told = self._stepped_down(turn, lower, event.error.server_words)
            self.queue.appendleft(self._again(turn))
            return [told]
        if turn.first is not None:
            failed = Problem("repair_failed", values={"error": event.error.kind})
            kept = replace(turn.first, problems=(*turn.first.problems, failed))
            result = _repaired(kept, kept, turn.requests, paid)
            return [await self._ended(turn, RowDone(result, "repair", event.request, completion, paid))]
        del self._turns[event.key]
        self._left -= 1
        self._let_in()
        return [event]

    def _stepped_down(self, turn: _Turn, lower: Step, words: str = "") -> RowSteppedDown:
        told = RowSteppedDown(turn.row.key, turn.step, lower, words)
        turn.step = lower
        if not self._settled and turn.first is None:
            self._step = lower
        return told

    # --- what comes of a row -----------------------------------------------------------------------------------------

    async def _answered(
        self, turn: _Turn, request: ChatRequest | None, completion: Completion, paid: Paid | None, error: str = ""
    ) -> RowDone:
        """An answer, of whatever worth: it is a first one, or it repairs one."""
        turn.requests += 1
        usage, cost = (paid.usage, paid.cost) if paid else (None, None)
        result = await asyncio.to_thread(
            judged_row,
            self._task,
            turn.row.key,
            completion,
            usage,
            cost,
            turn.step,
            error=error,
            repair=self._repair and turn.first is None,
            requests=turn.requests,
        )
        if turn.first is not None:
            better = result if result.found and result.faults <= turn.first.faults else turn.first
            result = _repaired(turn.first, better, turn.requests, paid)
        else:
            self._left -= 1
            self._settled = True
            self._let_in()
        return await self._ended(turn, RowDone(result, turn.purpose, request, completion, paid))

    async def _ended(self, turn: _Turn, done: RowDone) -> RowDone:
        """Keep the result; repair it next if that is due, and let go of the row if not."""
        result = done.result
        lost = None
        if self._job is not None:
            last = (done.paid or Paid(Usage(0, 0), Decimal(0))) if turn.kept else None
            lost = await self._job.put(result.to_row(last))
        if result.repair_due:
            turn.first, turn.kept = result, self._job is not None and lost is None
            self.queue.appendleft(self._again(turn))
        else:
            del self._turns[result.key]
        return replace(done, lost=lost)


def _item(task: Task, row: RowSource, step: Step, wrong: Judged | None = None) -> Item:
    return Item(row.key, partial(_request, task, row, step, wrong), row.reserve)


async def _request(task: Task, row: RowSource, step: Step, wrong: Judged | None) -> ChatRequest:
    """The request of a row, made when its turn has come. ``wrong``: the answer to repair. Raises ChatError."""
    source = await row.source() if callable(row.source) else row.source
    request = task.request(source, step)
    return task.repair_request(request, wrong) if wrong else request


def _judged(first: RowResult) -> Judged:
    """A first answer as its repair request needs it."""
    return Judged(first.raw, "plain", first.data, first.found, first.problems, repairable=True)


def _repaired(first: RowResult, better: RowResult, requests: int, paid: Paid | None) -> RowResult:
    """The better one of two answers, at the price of both."""
    usage, cost = first.usage, first.cost
    if paid is not None:
        usage = total_usage([usage, paid.usage])
        cost = None if cost is None or paid.cost is None else cost + paid.cost
    return replace(better, repaired=True, repair_due=False, requests=requests, usage=usage, cost=cost)


# --- read back from disk ---------------------------------------------------------------------------------------------


def _read(row: Row) -> RowResult:
    """Raises KeyError, TypeError, ValueError or DecimalException for what ``to_row`` has not written."""
    value = _of(dict, row.value)
    usage, cost = row.usage, row.cost
    if "sum" in value:
        told = _of(dict, value["sum"])
        usage, cost = Usage(**told["usage"]), None if told["cost"] is None else Decimal(_of(str, told["cost"]))
    if row.step not in STEPS or not _is_usage(usage) or not (cost is None or cost.is_finite()):
        raise ValueError("not a row of an extraction")
    if levels(value["data"]) > MOST_LEVELS:
        raise ValueError("not data that was read from an answer")
    return RowResult(
        row.key,
        value["data"],
        _of(bool, value["found"]),
        _of(str, value["raw"])[:LONGEST_RAW],
        tuple(map(_problem, _of(list, value["problems"]))),
        STEPS[STEPS.index(row.step)],
        repaired=_of(bool, value["repaired"]),
        repair_due=_of(bool, value["repair_due"]),
        requests=_of(int, value["requests"]),
        usage=usage,
        cost=cost,
    )


def _problem(known: Any) -> Problem | FieldProblem:
    known = _of(dict, known)
    values = _of(dict, known["values"])
    if "kind" in known:
        if known["kind"] not in get_args(ProblemKind) or not all(isinstance(v, str | int) for v in values.values()):
            raise ValueError("not a problem of an answer")
        line, column, offset = (_of(int, known[name]) for name in ("line", "column", "offset"))
        return Problem(known["kind"], line, column, offset, values)
    words = {name: _of(str, value) for name, value in values.items()}
    return FieldProblem(_of(str, known["pointer"]), _of(str, known["rule"]), words, _of(str, known["words"]))


def _of(kind: type[_Kind], value: Any) -> _Kind:
    if not isinstance(value, kind):
        raise TypeError(f"not a {kind.__name__}")
    return value


def _is_usage(usage: Usage) -> bool:
    told: dict[str, Any] = {field.name: getattr(usage, field.name) for field in fields(usage)}
    estimated = told.pop("estimated")
    if told["image_tokens"] is None:
        del told["image_tokens"]
    return isinstance(estimated, bool) and all(isinstance(count, int) and count >= 0 for count in told.values())
