"""One source to checked data, above ``chat``: text or pictures and a JSON Schema go in, data that keeps it comes out.

    extraction = await extract(connection, "Minsu (31) lives in Busan.", schema, model="gpt-5.4-mini")
    extraction.data, extraction.problems, extraction.cost

What a server can do about JSON is found out by asking, as a ladder: strict ``json_schema``, then ``json_object`` with
the schema told in the prompt, then the prompt alone. A step down is taken only where the server refuses that
``response_format``. An answer that is not valid is asked for once more, with the validator's words; one that was cut,
filtered or refused never is.

What is asked and how an answer is judged stands in ``extract_task``; this is the asking.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from chat_core import json_output
from chat_core.chat import cost_of, stream_chat, usage_of_failure
from chat_core.connections import Connection
from chat_core.errors import BlanksOnly, ChatError, EmptyAnswer, ImageNotFetched, ParameterRefused
from chat_core.events import Adjustment, Completion, Event, Started, Usage, total_usage
from chat_core.extract_task import Judged, Purpose, SchemaModel, Source, Step, Task, below, counts, prepare
from chat_core.json_output import Problem
from chat_core.messages import Detail
from chat_core.request import ChatRequest, Options
from chat_core.schemas import FieldProblem, SchemaProblem
from chat_core.settings import Clocks


@dataclass(frozen=True, slots=True)
class Asking:
    """A request is about to go out. ``number``: from 1."""

    number: int
    step: Step
    purpose: Purpose


@dataclass(frozen=True, slots=True)
class SteppedDown:
    """The server refused a ``response_format``; the next request does without it.

    ``words``: what the server said, one line; empty where that is not known.
    """

    step: Step
    to: Step
    words: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """One request that went out, and what came of it.

    ``completion``: body and adjustments in ``started``, the raw answer in ``text``; without an answer where the server
    refused the request.  ``usage``, ``cost``: None where nothing was answered; a cost also where the price is unknown.
    ``error``: the ``ChatError.kind`` that ended it; empty: none did.
    """

    step: Step
    purpose: Purpose
    completion: Completion
    usage: Usage | None = None
    cost: Decimal | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class TotalCharge:
    """What several requests used and cost. ``cost``: US dollars; None where the price of one of them is unknown."""

    requests: int
    usage: Usage
    cost: Decimal | None


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was extracted, and how.

    ``data``: the JSON value; None where none could be read (and for ``null``; see ``found``).  ``raw``: the answer that
    it was read from, as the model wrote it.  ``problems``: of the answer as a whole, and of single fields; empty: the
    data is valid.  ``step``: of the ladder, as answered: give it as ``first_step`` to the next call to the same server.
    ``strict``: whether the schema was sent as a strict one.  ``schema``: as it was sent, or told; None: there was none.
    ``schema_problems``: why it could not be strict.  ``way``: how the JSON stood in the answer.  ``requests``: all that
    went out, in order.  ``usage``, ``cost``: the sums over all of them.
    """

    data: Any
    found: bool
    raw: str
    problems: tuple[Problem | FieldProblem, ...]
    step: Step
    strict: bool
    schema: dict[str, Any] | None
    schema_problems: tuple[SchemaProblem, ...]
    way: json_output.Way
    requests: tuple[Asked, ...]
    usage: Usage
    cost: Decimal | None

    @property
    def valid(self) -> bool:
        """Whether there is data that keeps the schema, so far as it could be checked."""
        return self.found and not any(counts(problem) for problem in self.problems)

    @property
    def repaired(self) -> bool:
        """Whether there was a repair round."""
        return any(asked.purpose == "repair" for asked in self.requests)

    @property
    def adjustments(self) -> tuple[Adjustment, ...]:
        """What in the requests is not as it was asked for, each told once."""
        started = [asked.completion.started for asked in self.requests]
        return tuple(dict.fromkeys(told for start in started if start for told in start.adjustments))


ExtractEvent = Asking | SteppedDown | Event | Extraction


async def extract(
    connection: Connection,
    source: Source,
    schema: dict[str, Any] | SchemaModel | None = None,
    *,
    model: str,
    instructions: str = "",
    options: Options | None = None,
    strict: bool = True,
    repair: bool = True,
    first_step: Step = "json_schema",
    detail: Detail | None = None,
    stream: bool = True,
    clocks: Clocks | None = None,
) -> Extraction:
    """Extract data from a source: the last event of ``extract_stream``, which says what the parameters mean."""
    events = extract_stream(
        connection,
        source,
        schema,
        model=model,
        instructions=instructions,
        options=options,
        strict=strict,
        repair=repair,
        first_step=first_step,
        detail=detail,
        stream=stream,
        clocks=clocks,
    )
    async with aclosing(events):
        async for event in events:
            if isinstance(event, Extraction):
                return event
    raise AssertionError("The last event is an Extraction.")


async def extract_stream(
    connection: Connection,
    source: Source,
    schema: dict[str, Any] | SchemaModel | None = None,
    *,
    model: str,
    instructions: str = "",
    options: Options | None = None,
    strict: bool = True,
    repair: bool = True,
    first_step: Step = "json_schema",
    detail: Detail | None = None,
    stream: bool = True,
    clocks: Clocks | None = None,
) -> AsyncGenerator[ExtractEvent, None]:
    """Extract data from a source, as events: ``Asking`` and the events of ``stream_chat`` for each request,
    ``SteppedDown`` between two of them, ``Extraction`` last.

    ``source``: text, text files and pictures, one or several.  ``schema``: a JSON Schema, a class with
    ``model_json_schema`` (pydantic's), or None for any JSON.  ``instructions``: what to extract, in the person's words.
    ``strict``: False sends the schema as it is, with ``strict: false``.  ``repair``: whether an answer that is not
    valid is asked for once more.  ``first_step``: where the ladder begins, if it is known what the server takes.
    ``detail``: for pictures without a level of their own.

    Raises ChatError, with what was used until then in its ``charge`` (a ``TotalCharge``; None: nothing). A failure of
    the repair round raises nothing: the first answer stays, with the problem ``repair_failed``. Blanks without end and
    an empty answer are problems too, not errors. Close the iterator (``contextlib.aclosing``) to end the request.
    """
    task = await asyncio.to_thread(
        prepare, schema, model=model, instructions=instructions, options=options, strict=strict, detail=detail
    )
    work = _Extracting(connection, task, source, task.first(first_step), clocks, stream=stream)
    async with aclosing(work.events(repair)) as events:
        async for event in events:
            yield event


def opening_request(
    source: Source,
    schema: dict[str, Any] | None,
    *,
    model: str,
    instructions: str = "",
    options: Options | None = None,
    strict: bool = True,
    first_step: Step = "json_schema",
    detail: Detail | None = None,
) -> ChatRequest:
    """The first request that ``extract`` would send: to estimate it, or to show it. CPU work of some milliseconds."""
    task = prepare(schema, model=model, instructions=instructions, options=options, strict=strict, detail=detail)
    return task.request(source, first_step)


class _Extracting:
    """The state of one extraction: the step it stands on, and what has gone out."""

    def __init__(
        self, connection: Connection, task: Task, source: Source, step: Step, clocks: Clocks | None, *, stream: bool
    ) -> None:
        self._connection = connection
        self._task = task
        self._source = source
        self._step: Step = step
        self._clocks = clocks
        self._stream = stream
        self._asked: list[Asked] = []

    async def events(self, repair: bool) -> AsyncGenerator[ExtractEvent, None]:
        try:
            async with aclosing(self._ask()) as events:
                async for event in events:
                    yield event
        except ChatError as error:
            error.charge = self._charge()
            raise
        judged = await self._judged()
        if repair and judged.repairable:
            try:
                async with aclosing(self._ask(judged)) as events:
                    async for event in events:
                        yield event
                again = await self._judged()
                judged = again if again.found and again.faults <= judged.faults else judged
            except ChatError as error:
                failed = Problem("repair_failed", values={"error": error.kind})
                judged = replace(judged, problems=(*judged.problems, failed))
        yield self._extraction(judged)

    # --- one question, down the ladder -------------------------------------------------------------------------------

    async def _ask(self, wrong: Judged | None = None) -> AsyncGenerator[ExtractEvent, None]:
        """Ask until a step is not refused. ``wrong``: the answer to repair. Raises ChatError."""
        purpose: Purpose = "repair" if wrong else "ask"
        while True:
            yield Asking(len(self._asked) + 1, self._step, purpose)
            request = self._task.request(self._source, self._step, stream=self._stream)
            if wrong is not None:
                request = self._task.repair_request(request, wrong)
            try:
                async with aclosing(self._answer(request, purpose)) as events:
                    async for event in events:
                        yield event
                return
            except ChatError as error:
                await self._ended_by(error, request)
                if isinstance(error, BlanksOnly | EmptyAnswer):
                    return
                if (lower := below(self._step, error)) is None:
                    raise
                stepped = SteppedDown(self._step, lower, error.server_words)
            self._step = stepped.to
            yield stepped

    async def _answer(self, request: ChatRequest, purpose: Purpose) -> AsyncGenerator[ExtractEvent, None]:
        before = len(self._asked)
        async with aclosing(stream_chat(self._connection, request, clocks=self._clocks)) as events:
            async for event in events:
                if isinstance(event, Started):
                    if len(self._asked) > before:
                        fetched = any(told.reason == "picture_fetched_here" for told in event.adjustments)
                        refusal = ImageNotFetched.kind if fetched else ParameterRefused.kind
                        self._asked[-1] = replace(self._asked[-1], error=refusal)
                    if self._step == "json_object" and "response_format" not in event.body:
                        # The core has left it out after a refusal; the schema is in the prompt all the same.
                        yield SteppedDown("json_object", "prompt")
                        self._step = "prompt"
                    self._asked.append(Asked(self._step, purpose, Completion()))
                last = self._asked[-1]
                completion = last.completion.add(event)
                self._asked[-1] = replace(last, completion=completion)
                if (finished := completion.finished) is not None:
                    self._asked[-1] = replace(self._asked[-1], usage=finished.usage, cost=finished.cost)
                yield event

    async def _ended_by(self, error: ChatError, request: ChatRequest) -> None:
        """Write down how the last request ended, and what it may have cost: what was written is paid for."""
        if not self._asked:
            return
        last = self._asked[-1]
        usage = await usage_of_failure(request, error, last.completion.written)
        cost = cost_of(self._connection, request.model, usage) if usage else None
        self._asked[-1] = replace(last, error=error.kind, usage=usage, cost=cost)

    # --- what came of it ---------------------------------------------------------------------------------------------

    async def _judged(self) -> Judged:
        last = self._asked[-1]
        return await asyncio.to_thread(self._task.judge, last.completion, last.error)

    def _charge(self) -> TotalCharge | None:
        paid = [asked for asked in self._asked if asked.usage is not None]
        if not paid:
            return None
        costs = [asked.cost for asked in paid if asked.cost is not None]
        usage = total_usage([asked.usage for asked in paid if asked.usage is not None])
        return TotalCharge(len(self._asked), usage, sum(costs, Decimal(0)) if len(costs) == len(paid) else None)

    def _extraction(self, judged: Judged) -> Extraction:
        charge = self._charge() or TotalCharge(len(self._asked), Usage(0, 0), Decimal(0))
        return Extraction(
            data=judged.data,
            found=judged.found,
            raw=judged.raw,
            problems=judged.problems,
            step=self._step,
            strict=self._task.strict and self._step == "json_schema",
            schema=self._task.sent,
            schema_problems=self._task.schema_problems,
            way=judged.way,
            requests=tuple(self._asked),
            usage=charge.usage,
            cost=charge.cost,
        )
