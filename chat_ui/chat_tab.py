"""The chat: widgets and events from the box to the transcript. What an answer is made of comes from ``turn`` and
``transcript``.

One turn is three events: ``take`` checks what is in the box and puts it into the transcript; ``respond`` streams the
answer; ``settle`` writes the ledger and frees the box. No exception may leave them: Gradio would cover the transcript.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from chat_core.connections import Connection
from chat_core.discovery import first_model
from chat_core.errors import ChatError, InputError
from chat_core.fetch import fetch_image
from chat_core.messages import ImagePart, RemoteImage, TextPart, user
from chat_core.settings import ASSETS, Settings
from chat_ui import gradio_messages, notes, transcript
from chat_ui.answer_editor import Editor
from chat_ui.controls import Controls, PictureLinks, from_values
from chat_ui.gradio_inside import BareChatInterface, keep_file
from chat_ui.gradio_messages import Draft, GradioMessage
from chat_ui.localize import Localizer, warn
from chat_ui.notes import Note
from chat_ui.texts import Language, t
from chat_ui.turn import Turn
from chat_ui.visit import Visit

log = logging.getLogger("vitrine.chat")

# The examples under an empty conversation: a text each, and the picture that goes with it.
EXAMPLES: tuple[tuple[str, Path | None], ...] = (
    ("example.hello", None),
    ("example.picture", ASSETS / "examples" / "shapes.png"),
    ("example.token", None),
    ("example.code", None),
)
LONGEST_PASTE = 200_000
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

BUSY_BOX: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
FREE_BOX: dict[str, Any] = {"submit_btn": True, "stop_btn": False}


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The widgets that others need. ``settled``: the event after which a turn is over and written down."""

    chatbot: gr.Chatbot
    box: gr.MultimodalTextbox
    settled: list[Dependency]
    changed: list[Dependency]


def build(
    words: Localizer,
    visit: gr.State,
    language: gr.Radio,
    controls: list[Component],
    new_chat: gr.Button,
    reference: Component,
    settings: Settings,
    app: Connection,
) -> ChatTab:
    """Draw the chat into the current block and wire it."""
    chatbot = words.add(
        gr.Chatbot(
            elem_id="chatbot",
            buttons=["copy"],
            autoscroll=False,
            editable="all",
            show_label=False,
            layout="bubble",
            scale=1,
            height=None,
            latex_delimiters=[{"left": "$$", "right": "$$", "display": True}],
            allow_tags=False,
        ),
        label="chat.label",
        placeholder="chat.empty",
    )
    box = words.add(
        gr.MultimodalTextbox(
            elem_id="message-box",
            file_count="multiple",
            sources=["upload"],
            max_plain_text_length=LONGEST_PASTE,
            max_lines=12,
            autofocus=True,
            show_label=False,
            **FREE_BOX,
        ),
        placeholder="chat.placeholder",
        label="chat.label",
    )
    responder = Responder(settings, app)
    BareChatInterface(
        responder.respond, chatbot=chatbot, textbox=box, multimodal=True, fill_height=True, api_visibility="private"
    )
    with gr.Row(elem_id="examples", elem_classes="chat-column") as examples:
        buttons = [words.add(gr.Button(size="sm", elem_classes="example"), value=key) for key, _ in EXAMPLES]
    editor = Editor.build(words)

    respond_inputs = [chatbot, visit, language, reference, *controls]
    picture_links = controls[-1]
    settled: list[Dependency] = []
    running: list[dict[str, Any]] = []

    def answer_after(event: Dependency) -> None:
        """Stream the answer after an event that has put a question into the transcript, and settle it."""
        answering = event.then(responder.respond, respond_inputs, chatbot, concurrency_limit=None, **QUIET)
        running.append(answering)
        settling = answering.then(
            responder.settle, [chatbot, visit, language, reference], [chatbot, box], concurrency_limit=None, **QUIET
        )
        settled.append(settling)

    take_outputs = [box, chatbot, examples, *editor.outputs]
    answer_after(
        box.submit(take, [box, chatbot, visit, language, picture_links], take_outputs, concurrency_limit=None, **QUIET)
    )
    for (key, picture), button in zip(EXAMPLES, buttons, strict=True):
        answer_after(
            button.click(
                partial(take_example, key, picture),
                [chatbot, visit, language],
                take_outputs,
                concurrency_limit=None,
                **QUIET,
            )
        )
    answer_after(chatbot.retry(take_retry, [chatbot, visit], [box, chatbot], queue=False, **QUIET))
    answer_after(chatbot.option_select(take_option, [chatbot, visit], [box, chatbot], queue=False, **QUIET))
    box.stop(None, None, None, cancels=running, api_visibility="private")

    undo = chatbot.undo(take_back, [chatbot, visit], [chatbot, box, examples], queue=False, **QUIET)
    cleared = new_chat.click(
        begin_anew, [visit], [chatbot, box, examples, *editor.outputs], cancels=running, queue=False, **QUIET
    )
    edits = editor.wire(chatbot, box, visit)
    return ChatTab(chatbot, box, settled, [undo, cleared, *edits])


# --- taking what the visitor gives ------------------------------------------------------------------------------------


async def take(
    value: object, history: list[GradioMessage], visit: Visit, language: Language, links: PictureLinks
) -> tuple[Any, ...]:
    """Move the box's content into the transcript. What cannot be sent stays in the box, with a word of why."""
    nothing = tuple(gr.skip() for _ in range(3 + Editor.OUTPUTS))
    if visit.busy:
        return nothing
    draft = gradio_messages.draft(value)
    if draft.empty:
        warn(t(language, "chat.nothing_to_send"))
        return nothing
    try:
        content = await user_content(draft, fetch_links=links == "fetch")
    except InputError as error:
        warn(notes.sentence(error, language))
        return nothing
    if visit.editing is not None:
        history = history[: visit.editing]
        visit.editing = None
    visit.make_ready()
    return _taken([*history, {"role": "user", "content": content}])


async def take_example(
    key: str, picture: Path | None, history: list[GradioMessage], visit: Visit, language: Language
) -> tuple[Any, ...]:
    """Ask one of the examples, as if it had been typed."""
    if visit.busy:
        return tuple(gr.skip() for _ in range(3 + Editor.OUTPUTS))
    content = await user_content(Draft(t(language, key), ((str(picture), picture.name),) if picture else ()))
    visit.make_ready()
    return _taken([*history, {"role": "user", "content": content}])


def take_retry(history: list[GradioMessage], visit: Visit) -> tuple[Any, Any]:
    """Ask the last question again."""
    kept = gradio_messages.up_to_last_question(history)
    if visit.busy or not kept:
        return gr.skip(), gr.skip()
    visit.make_ready()
    return gr.update(**BUSY_BOX), kept


def take_option(history: list[GradioMessage], visit: Visit, chosen: gr.SelectData) -> tuple[Any, Any]:
    """A button of a note: ask again, or let the answer go on."""
    if chosen.value != "continue":
        return take_retry(history, visit)
    kept = gradio_messages.without_notes_at_end(history)
    if visit.busy or not kept or kept[-1]["role"] != "assistant":
        return gr.skip(), gr.skip()
    visit.make_ready()
    return gr.update(**BUSY_BOX), kept


def take_back(history: list[GradioMessage], visit: Visit) -> tuple[Any, Any, Any]:
    """Undo the last turn: its message goes back into the box, pictures and files too."""
    kept = gradio_messages.up_to_last_question(history)
    if visit.busy or not kept:
        return gr.skip(), gr.skip(), gr.skip()
    return kept[:-1], gr.update(value=gradio_messages.box_value(kept[-1])), gr.update(visible=len(kept) == 1)


def begin_anew(visit: Visit) -> tuple[Any, ...]:
    """An empty conversation; controls, connection and ledger stay."""
    visit.history = ()
    visit.editing = None
    visit.take_ready()
    return [], gr.update(value=None, **FREE_BOX), gr.update(visible=True), *Editor.closed()


async def user_content(draft: Draft, *, fetch_links: bool = False) -> list[dict[str, Any]]:
    """A draft as the parts of one user message: files first, in the order of their upload, then the text.

    Pictures are kept as they will be sent, upright and without metadata, so that the page shows what the model sees.
    ``fetch_links``: pictures behind links are fetched and stand where their link stood. Raises InputError.
    """
    parts: list[dict[str, Any]] = []
    for path, name in draft.files:
        loaded = await asyncio.to_thread(gradio_messages.load_file, path, name)
        parts.append(_file_part(loaded, name) if isinstance(loaded, ImagePart) else {"path": path, "alt_text": name})
    if not fetch_links:
        return [*parts, {"type": "text", "text": draft.text}] if draft.text.strip() else parts
    for part in gradio_messages.split_urls(draft.text):
        match part:
            case RemoteImage(url):
                parts.append(_file_part(await fetch_image(url), Path(urlsplit(url).path).name))
            case ImagePart():
                parts.append(_file_part(part, "picture"))
            case TextPart(text) if text.strip():
                parts.append({"type": "text", "text": text})
    return parts


def _file_part(picture: ImagePart, name: str) -> dict[str, Any]:
    shown = Path(name).stem + {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}[picture.media_type]
    return {"path": keep_file(picture.data, shown), "alt_text": name}


def _taken(history: list[GradioMessage]) -> tuple[Any, ...]:
    return gr.update(value=None, **BUSY_BOX), history, gr.update(visible=False), *Editor.closed()


# --- answering --------------------------------------------------------------------------------------------------------


class Responder:
    """Streams answers into the transcript. Holds what all visitors share; what is a visitor's comes as ``Visit``."""

    def __init__(self, settings: Settings, app: Connection) -> None:
        self.settings = settings
        self.app = app

    async def respond(
        self, history: list[GradioMessage], visit: Visit, language: Language, reference: str, *values: Any
    ) -> AsyncIterator[list[GradioMessage]]:
        """The transcript with the answer growing at its end; failures become notes."""
        kept = gradio_messages.without_notes_at_end(history)
        if not visit.take_ready() or not kept:
            yield history
            return
        try:
            controls = from_values(*values)
            turn, before = await self._turn(kept, visit, language, controls)
            base = kept[:-1] if before else kept
            async with aclosing(turn.snapshots()) as snapshots:
                async for snapshot in snapshots:
                    yield base + transcript.growing(snapshot, before, language, json_mode=controls.json_mode)
            await visit.settle()
            turn.noted = True
            yield base + self._whole(turn, before, language, reference, json_mode=controls.json_mode)
        except ChatError as error:
            yield [*kept, transcript.note_message(notes.of_error(error, language), language)]
        except Exception as error:
            # Anything that left this function would cover the transcript and leave the box dead until a reload.
            log.error("A turn failed: %s", type(error).__name__, exc_info=error)
            yield [*kept, transcript.note_message(notes.unexpected(language), language)]

    async def settle(
        self, history: list[GradioMessage], visit: Visit, language: Language, reference: str
    ) -> tuple[Any, Any]:
        """The turn is over: free the box, and say what a stopped answer was and cost."""
        turn = visit.current
        shown: Any = gr.skip()
        if turn is not None and turn.stopped and not turn.noted:
            turn.noted = True
            await visit.settle()
            note = transcript.note_message(notes.of_stop(language, text=turn.text), language)
            kept = gradio_messages.without_notes_at_end(history)
            history = shown = [*kept, *self._footnotes(turn, language, reference), note]
        await visit.remember(history)
        return shown, gr.update(**FREE_BOX)

    async def _turn(
        self, kept: list[GradioMessage], visit: Visit, language: Language, controls: Controls
    ) -> tuple[Turn, str]:
        """The turn to run, and the text that it goes on from when an answer is to be continued."""
        messages = await asyncio.to_thread(
            gradio_messages.to_core, kept, urls_as_pictures=controls.picture_links == "url"
        )
        continuing = messages[-1].role == "assistant"
        follow_up = user(t(language, "continue.prompt")) if continuing else None
        connection = visit.connection(self.app)
        default = visit.first_model or await first_model(connection)
        request = controls.request(messages, default, follow_up)
        turn = Turn(connection, request, self.settings.clocks, messages_on_page=len(kept))
        visit.begin(turn)
        return turn, messages[-1].text if continuing else ""

    def _whole(
        self, turn: Turn, before: str, language: Language, reference: str, *, json_mode: bool
    ) -> list[GradioMessage]:
        """A turn that ended by itself: reasoning, answer, footnote and, if it was no plain stop, a note."""
        text = before + turn.text
        shown: list[GradioMessage] = []
        if turn.reasoning:
            shown.append(transcript.titled(t(language, "chat.reasoning"), turn.reasoning, status="done"))
        if text:
            shown.append(transcript.text_message(text, json_mode=json_mode))
        shown += self._footnotes(turn, language, reference)
        if note := _note(turn, language, text):
            shown.append(transcript.note_message(note, language))
        return shown

    def _footnotes(self, turn: Turn, language: Language, reference: str) -> list[GradioMessage]:
        shown: list[GradioMessage] = []
        if turn.entry:
            shown.append(transcript.footnote(turn.entry, language, reference, self.settings.won_per_dollar))
        adjustments = turn.started[-1].adjustments if turn.started else ()
        if adjustments:
            lines = "\n".join(f"- {notes.of_adjustment(adjustment, language)}" for adjustment in adjustments)
            shown.append(transcript.titled(t(language, "note.adjusted.title"), lines, status="done"))
        return shown


def _note(turn: Turn, language: Language, text: str) -> Note | None:
    if turn.error:
        return notes.of_error(turn.error, language, has_text=bool(text))
    reason = turn.finished.finish_reason if turn.finished else None
    return notes.of_end(reason, language, text=text, refusal=turn.refusal)
