"""What belongs to one visitor: the typed connection, the ledger, the requests made, and what the meter needs to know.

Lives in a ``gr.State``, in the memory of the session and nowhere else, and is changed in place: after Stop no event can
set an output, but what stands here stays.
"""

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field, replace

from chat_core.connections import Connection
from chat_core.discovery import ListedModel, describe_model, first_model
from chat_core.errors import ChatError, InputError
from chat_core.images import thumbnail
from chat_core.ledger import Ledger
from chat_core.messages import ImagePart, Message, Part, TextFile
from chat_ui.batch_job import Batch
from chat_ui.cards import Run
from chat_ui.describe_job import Job
from chat_ui.extract_job import Extracting
from chat_ui.files_apart import read_transcript
from chat_ui.gradio_messages import Draft, GradioMessage, load_file
from chat_ui.turn import Turn

log = logging.getLogger("vitrine.visit")

# Each kept turn holds its request body, pictures and all; older ones go when they are too many or weigh too much.
TURNS_KEPT = 30
BYTES_KEPT = 24 * 1024 * 1024
# Between the event that takes a message and the one that answers it lies one round trip.
READY_SECONDS = 5.0
# Within this time an event that is cancelled has been.
CANCEL_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class DraftFile:
    """A file in the box. ``part``: without the bytes of a picture.  ``size``: bytes, as it would be sent.
    ``thumbnail``: a data URL; empty for a text file."""

    part: ImagePart | TextFile
    size: int = 0
    thumbnail: str = ""


@dataclass(slots=True)
class Visit:
    """One visitor's session. ``typed``: the visitor's own connection; None: the app's is used.  ``connecting``: counts
    the times that one was chosen: a server that answers after another choice is not the one.

    ``history``: the conversation as core messages with the pictures' bytes dropped, for the meter.  ``abandoned``: the
    running turn of a conversation that was left.  ``taking``: what names the message that a request is being made of;
    None: no longer, or none is.  ``editing``: the index of the user's message that is in the box to be edited; what
    follows it is cut when the new one is sent.  ``editing_at``: its place in ``history``.  ``draft``: what stood in the
    box before.  ``correcting``: the index of the answer that is being edited, in a field of its own.  ``returned``: a
    message that could not be sent, on its way back into the box.
    ``conversation``: which one it is, counted by New chat; ``answered_in``: the one that an answer was last asked for
    in.  ``run``: the card whose controls are in place of the visitor's.  ``asked``: the transcript that ends in its
    message.  ``halted``: it goes no further; ``halted_early``: Stop came before there was a request.
    ``json_before_drill``: what JSON mode was, while a failure drill has
    turned it on.  ``described``: the pictures of the tab Describe images.  ``extracting``: all of the tab Extract
    JSON but its ``batch``.
    """

    typed: Connection | None = None
    connecting: int = 0
    ledger: Ledger = field(default_factory=Ledger)
    turns: list[Turn] = field(default_factory=list)
    turns_made: int = 0
    current: Turn | None = None
    abandoned: Turn | None = None
    taking: object | None = None
    models: dict[str, ListedModel] = field(default_factory=dict)
    first_model: str = ""
    history: tuple[Message, ...] = ()
    editing: int | None = None
    returned: Draft | None = None
    draft: Draft = field(default_factory=lambda: Draft(""))
    editing_at: int = 0
    correcting: int | None = None
    conversation: int = 0
    answered_in: int = 0
    run: Run | None = None
    asked: list[GradioMessage] = field(default_factory=list)
    halted: bool = False
    halted_early: bool = False
    json_before_drill: bool | None = None
    described: Job = field(default_factory=Job)
    extracting: Extracting = field(default_factory=Extracting)
    batch: Batch = field(default_factory=Batch)
    _draft_files: dict[str, DraftFile] = field(default_factory=dict)
    _ready_since: float = float("-inf")

    def connection(self, app: Connection) -> Connection:
        """Where this visitor's requests go."""
        return self.typed or app

    @property
    def busy(self) -> bool:
        """Whether an answer is on its way, or about to be: a second Enter in that moment must not send again."""
        running = self.current is not None and self.current.running
        return running or self.taking is not None or time.monotonic() - self._ready_since < READY_SECONDS

    def make_ready(self) -> None:
        """The transcript ends in something to be answered; the next event will ask for the answer."""
        self._ready_since = time.monotonic()

    def take_ready(self) -> bool:
        """Whether an answer was asked for; true once for each ``make_ready``."""
        ready, self._ready_since = self._ready_since, float("-inf")
        return ready > float("-inf")

    def begin_taking(self) -> object:
        """A request is about to be made. What ``taking`` is until it has been, and Stop or New chat was not pressed."""
        self.taking = taken = object()
        self.halted_early = False
        return taken

    def end_taking(self, taken: object) -> None:
        """Nothing is made of that message any more."""
        if self.taking is taken:
            self.taking = None

    def play(self, run: Run, asked: list[GradioMessage]) -> None:
        """A message of a card is put into the transcript; the next event will ask for its answer."""
        self.run = run
        self.asked = asked
        self.halted = False
        self.current = None
        self.make_ready()

    async def halt(self) -> None:
        """Stop was pressed: the answer ends, and nothing that is only about to be asked will be."""
        self.halted = True
        self.halted_early = self.take_ready() or self.taking is not None
        self.taking = None
        if self.current is not None:
            # Gradio cancels the event by itself; but its page loses track of it where an answer before it ends slowly.
            asyncio.get_running_loop().call_later(CANCEL_SECONDS, self.current.stop)

    def leave_card(self) -> Run | None:
        """The card whose controls are to be put back, once."""
        left, self.run = self.run, None
        return left

    def leave_drill(self) -> bool | None:
        """What to put JSON mode back to, once; None where no drill has changed it."""
        before, self.json_before_drill = self.json_before_drill, None
        return before

    async def settle(self, turn: Turn) -> None:
        """Write a turn's ledger entry, if it used anything and has none yet."""
        if turn.entry is None and (entry := await turn.settle()):
            self.ledger.add(entry)

    def abandon(self) -> None:
        """Leave the conversation for a new one, and an answer that is on its way with it; in the event loop."""
        if self.current is not None and self.current.running:
            self.abandoned = self.current
            # At once: a piece that came after the new chat is empty would bring the old one back.
            self.current.stop()
        self.current = self.taking = None
        self.history = ()
        self.editing = self.correcting = None
        self.conversation += 1
        self.take_ready()

    def was_left(self) -> bool:
        """Whether the conversation that was last answered in has been left for a new one."""
        return self.answered_in != self.conversation

    def begin(self, turn: Turn) -> None:
        """Keep a turn from its start, so that a stopped one is not lost."""
        self.current, self.taking = turn, None
        self.answered_in = self.conversation
        self.keep(turn)

    def keep(self, turn: Turn) -> None:
        """Keep a request to be looked at, and let the oldest go."""
        self.turns_made += 1
        self.turns = [*self.turns, turn][-TURNS_KEPT:]
        while len(self.turns) > 1 and sum(kept.weight for kept in self.turns) > BYTES_KEPT:
            del self.turns[0]

    async def remember(self, history: list[GradioMessage]) -> None:
        """Keep the conversation for the meter, without the pictures' bytes; a file that is gone keeps the old one."""
        try:
            messages = await read_transcript(history)
        except InputError as error:
            log.warning("The conversation cannot be measured: %s", error.kind)
            return
        self.history = tuple(
            replace(message, parts=tuple(_light(part) for part in message.parts)) for message in messages
        )

    @property
    def kept_history(self) -> tuple[Message, ...]:
        """The conversation that the next message will follow: while an earlier one is edited, what stands before it."""
        return self.history if self.editing is None else self.history[: self.editing_at]

    def describe(self, connection: Connection, model: str) -> ListedModel:
        """What is known of a model: as the server listed it, else by its name alone."""
        return self.models.get(model) or describe_model(connection, model)

    async def find_first_model(self, connection: Connection) -> None:
        """Know which model to begin with, where none is chosen; what is wrong with the server, a request will say."""
        if not self.first_model:
            with contextlib.suppress(ChatError):
                self.first_model = await first_model(connection)

    def draft_file(self, path: str, name: str) -> DraftFile:
        """A file of the draft, for the meter: read once, then known. Raises ImageError and FileError."""
        if path not in self._draft_files:
            file = _draft_file(load_file(path, name))
            self._draft_files = {path: file, **dict(list(self._draft_files.items())[:20])}
        return self._draft_files[path]


def _draft_file(part: ImagePart | TextFile) -> DraftFile:
    if isinstance(part, TextFile):
        return DraftFile(part)
    return DraftFile(replace(part, data=b""), len(part.data), thumbnail(part))


def _light(part: Part) -> Part:
    return replace(part, data=b"") if isinstance(part, ImagePart) else part
