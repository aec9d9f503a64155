"""A visitor with a batch, without a page: rows against a scripted server, kept in a folder of the test's own."""

import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from chat_core.batch import Budget
from chat_core.connections import Connection
from chat_core.field_table import Field
from chat_core.job_store import JobStore
from chat_core.ledger import Ledger
from chat_core.row_extraction import RowResult
from chat_core.settings import Clocks, Settings
from chat_ui import batch_run, wanted
from chat_ui.batch_job import Batch, Row
from chat_ui.batcher import Batcher
from chat_ui.extract_job import Asked, Source
from chat_ui.turn import Turn
from chat_ui.visit import Visit
from tests import scripted_server as play
from tests.scripted_server import Exchange, Script, ScriptedServer

PATIENCE = 60.0
QUICK = Clocks(first_token=20, patient_first_token=20, silence=20, whole_answer=60, retry_pause=0.01)
KEY = "sk-test-1234567890abcdef"
MODEL = "gpt-4o-mini"
REFERENCE = "gpt-5.4-mini"
WON = Decimal(1400)
WANTED = wanted.of_fields([Field("name"), Field("age", "integer", required=False)])
# Of 12 input and 3 output tokens, which is what the scripted server says of each answer.
PRICE = Decimal("0.0000036")
INSTRUCTIONS = "Only people."


def asked(**changes: Any) -> Asked:
    return replace(Asked("", INSTRUCTIONS, MODEL, WANTED), **changes)


def about(exchange: Exchange) -> str:
    """What a request is about, with a mark on a repair: "row 1", "row 1, repair"."""
    _, source, *more = exchange.body["messages"]
    content = source["content"]
    text = content if isinstance(content, str) else content[-1].get("text", "a picture")
    return text + (", repair" if more else "")


async def echo(exchange: Exchange) -> None:
    """Data of the row that is asked about."""
    name = about(exchange).removesuffix(", repair")
    await play.answer(json.dumps({"name": name, "age": None}, ensure_ascii=False))(exchange)


def by_text(scripts: dict[str, Script], other: Script = echo) -> Script:
    """The script that is named for what is asked; ``other`` for everything else."""

    async def script(exchange: Exchange) -> None:
        await scripts.get(about(exchange), other)(exchange)

    return script


def texts(*pieces: str, name: str = "pasted", batch: Batch | None = None) -> Batch:
    """A batch of these texts, or the batch with them."""
    batch = batch or Batch()
    for number, piece in enumerate(pieces, start=1):
        assert batch.add(Source("", name, "", status="ready"), text=piece, number=number)
    return batch


def rows_of(count: int) -> Batch:
    return texts(*(f"row {number}" for number in range(count)))


def statuses(batch: Batch) -> list[str]:
    return [batch.status(row) for row in batch.rows.values()]


@dataclass
class Stage:
    """``ledger``, ``turns``: what the visit was told of."""

    server: ScriptedServer
    store: JobStore
    ledger: Ledger = field(default_factory=Ledger)
    turns: list[Turn] = field(default_factory=list)

    @property
    def connection(self) -> Connection:
        return Connection("custom", self.server.base_url, KEY)

    @property
    def batcher(self) -> Batcher:
        return Batcher(Settings(clocks=QUICK), self.connection, self.store)

    @property
    def asked(self) -> list[str]:
        """What was asked at the server, in order."""
        return [about(exchange) for exchange in self.server.requests]

    def visit(self) -> Visit:
        visit = Visit()
        visit.extracting.want(WANTED)
        return visit

    async def ask(self, batch: Batch, what: Asked | None = None, **options: Any) -> None:
        """Ask to the end the rows that are to be asked. ``options``: as ``steps`` takes them."""
        async with aclosing(self.steps(batch, what, **options)) as steps:
            async for _ in steps:
                pass
        assert not batch.running
        assert not batch.broken

    async def steps(
        self,
        batch: Batch,
        what: Asked | None = None,
        *,
        budget: Budget | None = None,
        connection: Connection | None = None,
        choose: Callable[[Batch], Sequence[Row]] = lambda batch: batch.to_ask(batch.ids),
        again: bool = False,
    ) -> AsyncGenerator[None, None]:
        await batch_run.open_job(batch, what or asked(), self.store)
        ways = batch_run.Ways(connection or self.connection, REFERENCE, self.ledger, QUICK, self.turns.append)
        batch.begin()
        limits = budget or Budget(items=1000)
        async with aclosing(batch_run.ask(batch, choose(batch), what or asked(), limits, ways, again=again)) as steps:
            async for _ in steps:
                yield

    async def again(self, batch: Batch, choose: Callable[[Batch], Sequence[Row]] = Batch.to_ask_again) -> None:
        await self.ask(batch, choose=choose, again=True)

    async def data(self, batch: Batch) -> list[Any]:
        """What stands in each row, as the page reads it from the disk; None where nothing does."""
        found = await batch_run.results(batch, list(batch.rows.values()))
        return [found[key].data if key in found else None for key in batch.rows]

    async def result(self, batch: Batch, place: int) -> RowResult:
        row = list(batch.rows.values())[place]
        return (await batch_run.results(batch, [row]))[row.key]

    async def found(self, job_id: str) -> Batch:
        """The batch, found by its id in a page of its own."""
        batch = Batch()
        await batch_run.find(batch, job_id, self.store)
        return batch

    def restarted(self) -> "Stage":
        """The same folder and server after a restart of the app: nothing is known any more."""
        return Stage(self.server, JobStore(self.store._folder))
