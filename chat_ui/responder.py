"""From a message to its answer in the transcript: what an answer is made of comes from ``turn`` and ``transcript``.

No exception may leave these events: Gradio would cover the transcript and leave the box dead until a reload.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from dataclasses import fields, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from chat_core import file_limits, json_output
from chat_core.connections import Connection
from chat_core.discovery import first_model
from chat_core.errors import ChatError, InputError
from chat_core.fetch import fetch_image
from chat_core.json_output import Layout, Parsed
from chat_core.messages import ImagePart, Message, RemoteImage, TextPart, user
from chat_core.request import ChatRequest
from chat_core.settings import Settings
from chat_ui import drills, gradio_messages, notes, transcript
from chat_ui.cards import Preset, Run
from chat_ui.controls import Controls, from_values
from chat_ui.files_apart import read_file, read_links, read_transcript, size_picture
from chat_ui.gradio_inside import keep_file
from chat_ui.gradio_messages import Draft, GradioMessage
from chat_ui.localize import warn
from chat_ui.notes import Note
from chat_ui.texts import Language, t
from chat_ui.turn import Turn
from chat_ui.visit import Visit

log = logging.getLogger("vitrine.chat")

MOST_FILES = 20
JSON_WORDS = {"plain": "valid", "fenced": "fenced", "embedded": "embedded"}
# The box while an answer is on its way, and while there is none.
BUSY_BOX: dict[str, Any] = {"submit_btn": False, "stop_btn": True}
FREE_BOX: dict[str, Any] = {"submit_btn": True, "stop_btn": False}
# For the controls of ``Preset``.
UNMOVED: tuple[Any, ...] = tuple(gr.skip() for _ in fields(Preset))


class Responder:
    """Streams answers into the transcript. Holds what all visitors share; what is a visitor's comes as ``Visit``."""

    def __init__(self, settings: Settings, app: Connection) -> None:
        self.settings = settings
        self.app = app

    async def respond(
        self,
        message: object,
        history: list[GradioMessage],
        visit: Visit,
        language: Language,
        reference: str,
        *values: Any,
    ) -> AsyncIterator[Any]:
        """The transcript with the answer growing at its end; failures become notes.

        ``message``: what was taken out of the box; None: the transcript's end is to be answered, or continued.
        """
        if message is not None:
            visit.answered_in = visit.conversation
        if not _may_begin(message, visit):
            yield gr.skip()
            return
        controls, taken = from_values(*values), visit.begin_taking()
        try:
            if message is not None:
                asked = await self._take(message, history, visit, language, controls)
                if asked is None or visit.taking is not taken:
                    yield gr.skip()
                    return
                history = asked
                yield history
            lead: list[GradioMessage] = []
            if visit.run is not None:
                # Not what the page holds: after a second click this event may be the second one's, and come before the
                # first one's question and controls are there.
                history, controls = visit.asked, visit.run.preset.over(controls)
                lead = transcript.card_setting(visit.run, language)
            async with aclosing(self._answered(history, visit, taken, language, reference, controls, lead)) as shown:
                async for history in shown:
                    yield history
        finally:
            visit.end_taking(taken)

    async def settle(
        self, history: list[GradioMessage], visit: Visit, language: Language, reference: str, written: object
    ) -> tuple[Any, Any, Any, Any]:
        """The turn is over: say what a stopped answer was and cost, and put back what could not be sent, before what
        has been written into the box meanwhile.

        Sets the transcript, the box, the first screen and the banner of an edited message.
        """
        left, visit.abandoned = visit.abandoned, None
        if left is not None:
            await visit.settle(left)
        if visit.busy or visit.was_left() or (left is not None and visit.current is None):
            # The conversation is another now, or a second click brought this event about while an answer runs.
            return _as_it_is(visit, history)
        turn = visit.current
        shown: Any = gr.skip()
        if turn is not None and turn.stopped and not turn.noted:
            turn.noted = True
            await visit.settle(turn)
            note = notes.of_stop(language, text=turn.text, entry=turn.entry)
            kept = gradio_messages.without_notes_at_end(history)
            history = shown = [*kept, *self._footnotes(turn, language, reference), _note_message(note, turn, language)]
        elif visit.halted_early and history and history[-1].get("role") == "user":
            note = notes.of_stop(language, text="", entry=None)
            history = shown = [*history, transcript.note_message(note, language)]
        visit.halted_early = False
        await visit.remember(history)
        returned, visit.returned = visit.returned, None
        box = gr.update(**FREE_BOX)
        if returned is not None:
            box = gr.update(value=gradio_messages.put_back(returned, written).value, **FREE_BOX)
        banner = gr.update(visible=visit.editing is not None)
        # The cards went out of sight with the message. They must not here: New chat, which shows them, may be past.
        return shown, box, gr.skip() if history else gr.update(visible=True), banner

    async def settle_card(
        self, history: list[GradioMessage], visit: Visit, language: Language, reference: str, written: object
    ) -> tuple[Any, ...]:
        """A message of a card is answered: put the next one into the transcript, or end the card as a turn ends.

        An answer that did not end well, or was stopped, is the end of the card. Sets what ``settle`` sets, then the
        controls of ``Preset``, then a number whose change asks for the next answer.
        """
        run, turn = visit.run, visit.current
        well = run is not None and not visit.busy and not visit.halted and turn is not None and turn.ended_well
        if visit.was_left():
            return *await self.settle(history, visit, language, reference, written), *UNMOVED, gr.skip()
        if run is None or not well:
            # Before anything is awaited: an answer that is stopped may bring this about twice, and one tells its end.
            moved = UNMOVED if visit.busy else controls_back(visit, language)
            told = run is not None and visit.halted and not visit.busy
            shown, *freed = await self.settle(history, visit, language, reference, written)
            if told:
                shown = [*(shown if isinstance(shown, list) else history), transcript.card_stopped(language)]
            return shown, *freed, *moved, gr.skip()
        if (following := run.following) is not None:
            asked = await question(following, language)
            if visit.was_left() or visit.halted:
                return (
                    *_as_it_is(visit, history),
                    *(UNMOVED if visit.was_left() else controls_back(visit, language)),
                    gr.skip(),
                )
            visit.play(following, [*history, asked])
            moved = following.preset.values(language)
            return visit.asked, gr.skip(), gr.skip(), gr.skip(), *moved, visit.turns_made
        _, *freed = await self.settle(history, visit, language, reference, written)
        if visit.was_left():
            return *_as_it_is(visit, history), *UNMOVED, gr.skip()
        history = [*history, transcript.card_note(run.card, language)]
        return history, *freed, *controls_back(visit, language), gr.skip()

    async def _answered(
        self,
        history: list[GradioMessage],
        visit: Visit,
        taken: object,
        language: Language,
        reference: str,
        controls: Controls,
        lead: Sequence[GradioMessage] = (),
    ) -> AsyncGenerator[list[GradioMessage], None]:
        """The transcript with the answer to its end growing.

        ``taken``: from ``Visit.begin_taking``.  ``lead``: notes that stand above the answer.
        """
        kept = gradio_messages.without_notes_at_end(history)
        try:
            turn, before, behind = await self._turn(kept, visit, language, controls)
            if visit.taking is not taken:
                # Stop or New chat was pressed while the request was made, which goes nowhere.
                yield gr.skip()
                return
            visit.begin(turn)
            base = [*(kept[:-1] if before else kept), *lead]
            layout = Layout() if controls.json_mode else None
            async with aclosing(turn.snapshots()) as snapshots:
                async for snapshot in snapshots:
                    if turn.stopped:
                        # ``settle`` tells it. Gradio sends the last piece of an event again at its end: a conversation
                        # that was left must not be that, or it would come back.
                        yield gr.skip()
                        return
                    yield base + transcript.growing(snapshot, before, language, layout)
            await visit.settle(turn)
            turn.noted = True
            whole = self._whole(turn, before, language, reference, layout)
            yield base + whole + (behind if turn.entry else [])
        except ChatError as error:
            yield [*kept, transcript.note_message(notes.of_error(error, language), language)]
        except Exception as error:
            # Anything that left this function would cover the transcript and leave the box dead until a reload.
            log.error("A turn failed: %s", type(error).__name__, exc_info=error)
            yield [*kept, transcript.note_message(notes.unexpected(language), language)]

    async def _take(
        self, message: object, history: list[GradioMessage], visit: Visit, language: Language, controls: Controls
    ) -> list[GradioMessage] | None:
        """The transcript with the message at its end; None, with a word of why, where it cannot be sent.

        Such a message goes back into the box (``settle`` does that), pictures and files too.
        """
        draft = gradio_messages.draft(message)
        if draft.empty:
            return None
        # Until it is taken: Stop may be pressed in between.
        visit.returned = draft
        if len(draft.files) > MOST_FILES:
            warn(t(language, "chat.too_many_files", most=MOST_FILES))
            return None
        try:
            content = await user_content(draft, controls, controls.model.strip() or visit.first_model)
        except InputError as error:
            warn(notes.sentence(error, language))
            return None
        except Exception as error:
            # A full disk, for one: the message must come back whatever it was.
            log.error("A message could not be taken: %s", type(error).__name__, exc_info=error)
            warn(notes.unexpected(language).text)
            return None
        visit.returned = None
        if visit.editing is not None:
            history = history[: visit.editing]
        visit.editing = visit.correcting = None
        visit.leave_card()
        return [*history, {"role": "user", "content": content}]

    async def _turn(
        self, kept: list[GradioMessage], visit: Visit, language: Language, controls: Controls
    ) -> tuple[Turn, str, list[GradioMessage]]:
        """The turn to run, the text that it goes on from when an answer is to be continued, and the note of pictures
        that it is the first not to carry along."""
        messages = await read_transcript(kept, urls_as_pictures=controls.picture_links == "url")
        continuing = messages[-1].role == "assistant"
        follow_up = user(t(language, "continue.prompt")) if continuing else None
        connection = visit.connection(self.app)
        default = visit.first_model or await first_model(connection)
        request = controls.request(messages, default, follow_up)
        turn = Turn(connection, request, self.settings.clocks, messages_on_page=len(kept))
        return turn, messages[-1].text if continuing else "", _left_behind(request, messages, language)

    def _whole(
        self, turn: Turn, before: str, language: Language, reference: str, layout: Layout | None
    ) -> list[GradioMessage]:
        """A turn that ended by itself: reasoning, answer, footnote and, if it was no plain stop, a note.

        ``layout``: that of a JSON answer.
        """
        text = before + turn.text
        shown: list[GradioMessage] = []
        if turn.reasoning:
            shown.append(transcript.titled(t(language, "chat.reasoning"), turn.reasoning, status="done"))
        if text and not text.isspace():
            shown.append(transcript.text_message(text, layout))
        parsed = json_output.parse(text) if layout and turn.ended_well else None
        valid = parsed is not None and parsed.problem is None
        json_word = t(language, f"json.{JSON_WORDS[parsed.way]}") if parsed and valid else ""
        shown += self._footnotes(turn, language, reference, json_word)
        if note := _note(turn, language, text, parsed, json_mode=layout is not None):
            shown.append(_note_message(note, turn, language))
        return shown

    def _footnotes(self, turn: Turn, language: Language, reference: str, json_word: str = "") -> list[GradioMessage]:
        shown: list[GradioMessage] = []
        if turn.entry:
            won = self.settings.won_per_dollar
            shown.append(transcript.footnote(turn.entry, language, reference, won, json_word=json_word))
        adjustments = turn.started[-1].adjustments if turn.started else ()
        if adjustments:
            lines = "\n".join(f"- {notes.of_adjustment(adjustment, language)}" for adjustment in adjustments)
            shown.append(transcript.titled(t(language, "note.adjusted.title"), lines, status="done"))
        return shown


def _may_begin(message: object, visit: Visit) -> bool:
    """Whether this message is to be answered, or, where there is none, the transcript's end. A message that comes too
    early goes back into the box when the answer before it has ended."""
    if message is None:
        return visit.take_ready()
    if visit.busy and not (draft := gradio_messages.draft(message)).empty:
        visit.returned = draft
    return not visit.busy


def _as_it_is(visit: Visit, history: list[GradioMessage]) -> tuple[Any, Any, Any, Any]:
    """Nothing for an event that comes too late; but a conversation that was left while it ran may not come back."""
    if visit.was_left() and visit.current is None and not visit.busy and history:
        # New chat has brought the cards back; this may come after the next message, which takes them away.
        return [], gr.skip(), gr.skip(), gr.skip()
    return gr.skip(), gr.skip(), gr.skip(), gr.skip()


async def question(run: Run, language: Language) -> GradioMessage:
    """The message of the step that is due. Raises InputError where its picture cannot be read."""
    return {"role": "user", "content": await user_content(run.step.draft(language))}


def controls_back(visit: Visit, language: Language) -> tuple[Any, ...]:
    """The controls of ``Preset`` as they were before the card that was left; skipped where there was none."""
    left = visit.leave_card()
    return left.before.values(language) if left else UNMOVED


def _left_behind(request: ChatRequest, messages: Sequence[Message], language: Language) -> list[GradioMessage]:
    """The note of the pictures that went along with the turn before this one, and no longer do."""
    keep = request.image_policy.keep_turns
    asked = [message for message in request.messages if message.role == "user"]
    if keep is None or len(asked) <= keep or not (pictures := asked[-keep - 1].images):
        return []
    places = [message for message in messages if message.role == "user"]
    place = next(place for place, message in enumerate(places) if message is asked[-keep - 1])
    return [transcript.pictures_left_behind(place, len(pictures), language)]


def _note_message(note: Note, turn: Turn, language: Language) -> GradioMessage:
    """A note of a turn; that of a failure drill, or of a refusal by one of the demo family, has a way out of it."""
    connection, model = turn.connection, turn.request.model
    if drills.is_drill(connection, model) or (turn.error and drills.has_way_back(connection, model)):
        # Going on is worth most; to ask a drill again is to see the same again.
        known = [action for action in note.actions if action == "continue"]
        others = [action for action in note.actions if action != "continue"]
        note = replace(note, actions=(*known, "leave_drill", *others))
    return transcript.note_message(note, language)


def _note(turn: Turn, language: Language, text: str, parsed: Parsed | None, *, json_mode: bool) -> Note | None:
    """``parsed``: the JSON of an answer that ended well."""
    if turn.error:
        return notes.of_error(turn.error, language, has_text=bool(text))
    if parsed and (note := notes.of_json(parsed, text, language)):
        return note
    reason = turn.finished.finish_reason if turn.finished else None
    if json_mode and reason == "length" and text:
        return notes.of_json_length(turn.request.options.max_completion_tokens, language)
    return notes.of_end(reason, language, text=text, refusal=turn.refusal)


async def user_content(draft: Draft, controls: Controls | None = None, model: str = "") -> list[dict[str, Any]]:
    """A draft as the parts of one user message: files first, in the order of their upload, then the text.

    Pictures are kept as they will be sent, upright, without metadata and in the size that was chosen, so that the page
    shows what the model sees. Pictures written out as data URLs, and fetched ones, stand where their URL stood.
    Raises InputError.
    """
    controls = controls or Controls()
    parts: list[dict[str, Any]] = []
    for path, name in draft.files:
        loaded = await read_file(path, name)
        if isinstance(loaded, ImagePart):
            parts.append(await _picture(loaded, name, controls, model))
        else:
            parts.append({"path": path, "alt_text": name})
    if controls.picture_links == "text":
        return [*parts, {"type": "text", "text": draft.text}] if draft.text.strip() else parts
    for part in await read_links(draft.text, links=controls.picture_links == "fetch"):
        if not isinstance(part, TextPart) and sum("path" in kept for kept in parts) >= file_limits.MOST_FILES:
            raise file_limits.too_many(part.url if isinstance(part, RemoteImage) else "picture")
        match part:
            case RemoteImage(url):
                parts.append(await _picture(await fetch_image(url), Path(urlsplit(url).path).name, controls, model))
            case ImagePart():
                parts.append(await _picture(part, "picture", controls, model))
            case TextPart(text) if text.strip():
                parts.append({"type": "text", "text": text})
    return parts


async def _picture(picture: ImagePart, name: str, controls: Controls, model: str) -> dict[str, Any]:
    """A picture in the size to send, as a part that Gradio shows. Raises ImageError."""
    return _file_part(await size_picture(picture, controls.sizing, model, controls.image_policy.detail), name)


def _file_part(picture: ImagePart, name: str) -> dict[str, Any]:
    shown = Path(name).stem + {"image/png": ".png", "image/jpeg": ".jpg", "image/webp": ".webp"}[picture.media_type]
    return {"path": keep_file(picture.data, shown), "alt_text": name}
