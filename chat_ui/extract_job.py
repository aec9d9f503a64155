"""What one visitor extracts: the sources, what is wanted of them, and what came of it. Pure.

What happens to it is in ``extract_run``; how it looks, in ``extract_view``.
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from chat_core import tokens
from chat_core.connections import Connection
from chat_core.errors import ChatError, ParameterRefused
from chat_core.events import Finished, Retrying, Started, TextDelta, Timing, Usage
from chat_core.extract_task import Purpose, Step
from chat_core.extraction import Asking, ExtractEvent, Extraction, SteppedDown, TotalCharge
from chat_core.file_names import safe_name
from chat_core.json_output import whole_letters
from chat_core.ledger import Entry
from chat_core.messages import ImagePart, Part, TextFile, TextPart
from chat_core.request import ChatRequest, JsonSchema
from chat_core.settings import Clocks
from chat_ui.costs import expected_cost
from chat_ui.texts import Language
from chat_ui.turn import Turn
from chat_ui.wanted import Wanted

MOST_SOURCES = 12
LONGEST_TEXT = 200_000
LONGEST_INSTRUCTIONS = 10_000
# What a field is taken to need in the answer, its name and marks with it, and how many entries a list has.
TOKENS_PER_FIELD = 14
ENTRIES_PER_LIST = 4

View = Literal["tree", "table", "json"]
Status = Literal["reading", "ready", "failed"]


@dataclass(slots=True)
class Source:
    """A file or a link that goes along. ``text``: of a text file; a picture has ``path`` and ``small`` on disk.

    ``source``: the path of the upload, or the URL (``remote``).
    """

    key: str
    name: str
    source: str
    remote: bool = False
    status: Status = "reading"
    text: TextFile | None = None
    media_type: str = ""
    width: int = 0
    height: int = 0
    path: str = ""
    small: str = ""
    error: ChatError | None = None

    @property
    def picture(self) -> ImagePart:
        """A picture without its bytes."""
        return ImagePart(b"", self.media_type, self.width, self.height, self.name)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked. ``text``: what was typed in as a source."""

    text: str
    instructions: str
    model: str
    wanted: Wanted

    @classmethod
    def sent(cls, text: Any, instructions: Any, model: Any, wanted: Wanted, *, first_model: str) -> "Asked":
        """From the widgets; the values come from a browser, so anything may stand in them. ``first_model``: that is
        asked where none is chosen."""
        typed, told = str(text or "")[:LONGEST_TEXT], str(instructions or "").strip()[:LONGEST_INSTRUCTIONS]
        name = str(model or "").strip() or first_model
        # Half a letter, shown on the page, would end every event of it.
        return cls(whole_letters(typed), whole_letters(told), whole_letters(name), wanted)


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an extraction will take. ``output_tokens`` are assumed.  ``unknown``: pictures whose tokens cannot be told;
    ``cost``, US dollars, is None then."""

    input_tokens: int
    image_tokens: int
    output_tokens: int
    unknown: int
    cost: Decimal | None


@dataclass(slots=True)
class Run:
    """One extraction, under way or ended.

    ``text``: what has come of the running request.  ``number``, ``step``, ``purpose``: which one that is.
    ``refusals``: steps that the server would not take.  ``turns``: the requests, as Under the hood shows them.
    ``broken``: by a fault of ours.
    """

    asked: Asked
    source_text: str = ""
    pictures: tuple[str, ...] = ()
    text: str = ""
    number: int = 0
    step: Step = "json_schema"
    purpose: Purpose = "ask"
    refusals: list[SteppedDown] = field(default_factory=list)
    retrying: Retrying | None = None
    turns: list[Turn] = field(default_factory=list)
    extraction: Extraction | None = None
    error: ChatError | None = None
    stopped: bool = False
    broken: bool = False
    entry: Entry | None = None

    def take(self, event: ExtractEvent, request: ChatRequest, connection: Connection, clocks: Clocks) -> Turn | None:
        """Take in one event; the turn that has begun with it, if one has."""
        match event:
            case Asking(number, step, purpose):
                self.number, self.step, self.purpose = number, step, purpose
                self.text, self.retrying = "", None
            case SteppedDown():
                self.refusals.append(event)
                self.step = event.to
                if self.turns and self.turns[-1].finished is None:
                    self.turns[-1].error = ParameterRefused(
                        "The server refused this response format.",
                        parameter="response_format",
                        server_words=event.words,
                    )
            case Started():
                turn = Turn(connection, request, clocks)
                turn.started.append(event)
                self.turns.append(turn)
                return turn
            case Retrying():
                self.retrying = event
            case TextDelta(text, 0):
                self.text += text
                self.retrying = None
            case Finished() if self.turns:
                self.turns[-1].finished = event
            case Extraction():
                self.extraction = event
        return None

    @property
    def charge(self) -> TotalCharge | None:
        """What it has used, where that is known by now."""
        if self.extraction is not None:
            return TotalCharge(len(self.extraction.requests), self.extraction.usage, self.extraction.cost)
        return self.error.charge if self.error is not None and isinstance(self.error.charge, TotalCharge) else None

    @property
    def timing(self) -> Timing:
        """Seconds to the first token of the first answer, and of all answers together."""
        timings = [turn.finished.timing for turn in self.turns if turn.finished is not None]
        return Timing(timings[0].first_token if timings else None, sum(timing.total for timing in timings))

    @property
    def outcome(self) -> str:
        """How it ended, in the words of the ledger."""
        if self.error is not None:
            return self.error.kind
        if self.stopped:
            return "stopped"
        finished = [turn.finished for turn in self.turns if turn.finished is not None]
        return (finished[-1].finish_reason if finished else None) or "unstated"


@dataclass(slots=True)
class Extracting:
    """All of one visitor's tab. ``task_stop``: set to stop what is running; None: nothing is.

    ``preset``: that the form was last filled from.  ``code``: the extraction as a script, all of it.  ``revision``:
    counts up where the table is to be drawn as it stands here, whatever the page shows.  ``view``, ``language``,
    ``reference``: what the page shows the result in.
    """

    sources: dict[str, Source] = field(default_factory=dict)
    wanted: Wanted = field(default_factory=Wanted)
    preset: str = ""
    code: str = ""
    run: Run | None = None
    stop: asyncio.Event | None = None
    made: int = 0
    revision: int = 0
    view: View = "tree"
    language: Language = "en"
    reference: str = ""

    @property
    def running(self) -> bool:
        return self.stop is not None

    @property
    def ready_sources(self) -> list[Source]:
        return [source for source in self.sources.values() if source.status == "ready"]

    def add(self, name: str, source: str, *, remote: bool = False) -> Source | None:
        """A place for one more source; None where there are too many."""
        if len(self.sources) >= MOST_SOURCES:
            return None
        self.made += 1
        added = Source(f"s{self.made}", safe_name(name), source, remote)
        self.sources[added.key] = added
        return added

    def remove(self, key: str) -> None:
        self.sources.pop(key, None)

    def want(self, wanted: Wanted) -> None:
        """From now on this is wanted, and the table is drawn anew."""
        self.wanted = wanted
        self.revision += 1


def parts_of(text: str, sources: Sequence[Source], pictures: Sequence[ImagePart] | None = None) -> list[Part]:
    """All sources as parts of one message: pictures first, then files, then the text.

    ``pictures``: those of the sources with their bytes; None: without, which is enough to count them.
    """
    seen = [source.picture for source in sources if source.text is None] if pictures is None else pictures
    files = [source.text for source in sources if source.text is not None]
    return [*seen, *files, *([TextPart(text)] if text.strip() else [])]


def searched_text(text: str, sources: Sequence[Source]) -> str:
    """The texts in which the words of the values are looked for, in the order of the page."""
    files = [source.text.text for source in sources if source.text is not None]
    return "\n\n".join(part for part in (text.strip("\n"), *files) if part.strip())


def forecast(request: ChatRequest, wanted: Wanted, connection: Connection, reference: str) -> Forecast:
    """What this request will take. CPU work of some milliseconds: call it in a thread.

    Where nobody is charged, all is as it would be on ``reference``.
    """
    model = reference if connection.free else request.model
    counted = tokens.estimate(request.sent.messages, model, request.persona)
    told = 0
    if isinstance(request.response_format, JsonSchema):
        # A schema is paid for as text that goes along.
        told = tokens.count_tokens(json.dumps(request.response_format.schema, ensure_ascii=False), model)
    usage = Usage(counted.input_tokens + told, output_tokens_of(wanted))
    cost = None if counted.unknown_images else expected_cost(connection, model, usage)
    return Forecast(usage.input_tokens, counted.image_tokens, usage.output_tokens, counted.unknown_images, cost)


def output_tokens_of(wanted: Wanted) -> int:
    """How long the answer is taken to be, by the fields that are wanted."""
    if wanted.rows is None:
        return max(150, len(wanted.text) // 6)
    lists = {row.name for row in wanted.rows if row.is_list}
    total = 0
    for row in wanted.rows:
        above = [name for name in lists if row.name == name or row.name.startswith(f"{name}.")]
        total += TOKENS_PER_FIELD * ENTRIES_PER_LIST ** min(2, len(above))
    return max(20, total)
