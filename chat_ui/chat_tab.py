"""The chat: its widgets and events. What happens inside the events is in ``responder`` and ``answer_editor``.

One turn is two events on the server: ``respond`` takes the message and streams its answer, ``settle`` writes the ledger
and frees the box. The page script empties the box and shows Stop without asking the server, which would cost a round
trip before the first token. A card of the first screen is a row of such turns: ``begin_card`` puts its first message
into the transcript, ``settle_card`` each that follows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from chat_core.connections import Connection
from chat_core.errors import InputError
from chat_core.settings import Settings
from chat_ui import first_screen, gradio_messages, notes
from chat_ui.answer_editor import Editor
from chat_ui.cards import Preset, Run
from chat_ui.controls import from_values
from chat_ui.gradio_inside import BareChatInterface
from chat_ui.gradio_messages import GradioMessage
from chat_ui.localize import Localizer, warn
from chat_ui.responder import BUSY_BOX, FREE_BOX, MOST_FILES, UNMOVED, Responder, controls_back, question
from chat_ui.texts import Language
from chat_ui.visit import Visit

LONGEST_PASTE = 200_000
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
# A cancelled answer counts as running until Gradio has been told twice, and what follows then would be left out.
OVERLAPPING: dict[str, Any] = {"trigger_mode": "multiple", "concurrency_limit": None, **QUIET}

# Hands the message that the page script took out of the box to the event, once; null where there was none.
SENT = "(...inputs) => [window.vitrine.sent(), ...inputs.slice(1)]"
# Tells the page script that the answer that is on its way is left behind.
LEFT = "(...inputs) => (window.vitrine.leave(), inputs)"


@dataclass(frozen=True, slots=True)
class Around:
    """What the chat needs of the page around it.

    ``inputs``: the controls, in the order of ``Controls``.  ``presets``: those that a card sets, in the order of
    ``Preset``.  ``reference``: the model that free answers are compared with.
    """

    new_chat: gr.Button
    model: gr.Dropdown
    persona: gr.Dropdown
    json_mode: Component
    max_tokens: Component
    inputs: list[Any]
    presets: list[Component]
    reference: Component
    tabs: gr.Tabs


@dataclass(frozen=True, slots=True)
class ChatTab:
    """The widgets that others need. ``cards``: the first screen, whose ``select`` asks for the card that counts.
    ``screen``: is out of sight while there is a conversation.  ``settled``: the events after which a turn is over and
    written down."""

    chatbot: gr.Chatbot
    screen: gr.Column
    box: gr.MultimodalTextbox
    cards: gr.HTML
    settled: list[Dependency]
    changed: list[Dependency]


def build(
    words: Localizer, visit: gr.State, language: gr.Radio, around: Around, settings: Settings, app: Connection
) -> ChatTab:
    """Draw the chat into the current block and wire it."""
    screen, cards = first_screen.build(words)
    chatbot, box = _conversation(words)
    responder = Responder(settings, app)
    BareChatInterface(
        responder.respond, chatbot=chatbot, textbox=box, multimodal=True, fill_height=True, api_visibility="private"
    )
    editor = Editor.build(words)

    asked_with = [visit, language, around.reference, *around.inputs]
    settled: list[Dependency] = []
    running: list[dict[str, Any]] = []

    def answer_after(event: Dependency, settle: Callable[..., Any], outputs: list[Any]) -> None:
        """Stream the answer after an event that has taken a message, or put a question into the transcript."""
        answering = event.then(responder.respond, [box, chatbot, *asked_with], chatbot, js=SENT, **OVERLAPPING)
        running.append(answering)
        # After a failed event, such as one that the server could not take, Gradio runs only this.
        answering.failure(None, None, box, js="() => window.vitrine.release()", api_visibility="private")
        settled_with = [chatbot, visit, language, around.reference, box]
        settled.append(answering.then(settle, settled_with, outputs, **OVERLAPPING))

    turn = (responder.settle, [chatbot, box, screen, editor.banner])
    taken = [box, screen, *editor.outputs]
    answer_after(box.submit(None, box, taken, js="(message) => window.vitrine.take(message)", **QUIET), *turn)
    answer_after(chatbot.retry(take_retry, [chatbot, visit], [box, chatbot], queue=False, **QUIET), *turn)
    answer_after(
        chatbot.option_select(
            take_option,
            [chatbot, visit, box],
            [box, chatbot, around.model, around.json_mode, around.tabs, around.max_tokens],
            queue=False,
            **QUIET,
        ),
        *turn,
    )
    # The next message of a card is asked for by a number that changes.
    further = gr.Number(0, visible="hidden", elem_id="card-further")
    card = (responder.settle_card, [chatbot, box, screen, editor.banner, *around.presets, further])
    begun = cards.click(
        begin_card,
        [chatbot, visit, language, around.persona, *around.inputs],
        [*taken, chatbot, *around.presets],
        concurrency_limit=None,
        **QUIET,
    )
    answer_after(begun, *card)
    answer_after(further.change(None, None, None, **QUIET), *card)
    box.stop(halt, [visit, box], box, cancels=running, queue=False, **QUIET)

    undo = chatbot.undo(take_back, [chatbot, visit, box], [chatbot, box, screen, *editor.outputs], queue=False, **QUIET)
    cleared = around.new_chat.click(
        begin_anew,
        [visit, language],
        [chatbot, box, screen, *editor.outputs, *around.presets],
        cancels=running,
        queue=False,
        js=LEFT,
        **QUIET,
    )
    edits = editor.wire(chatbot, box, visit)
    return ChatTab(chatbot, screen, box, cards, settled, [undo, cleared, *edits])


def _conversation(words: Localizer) -> tuple[gr.Chatbot, gr.MultimodalTextbox]:
    """The transcript and the box below it; ChatInterface puts them where they belong."""
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
    return chatbot, box


# --- taking what the visitor gives ------------------------------------------------------------------------------------


async def begin_card(
    event: gr.EventData, history: list[GradioMessage], visit: Visit, language: Language, persona: str, *values: Any
) -> tuple[Any, ...]:
    """Put the first message of a card into the transcript, and its controls in the place of the visitor's.

    Sets the box, the first screen and the editor's forms, then the transcript and the controls of ``Preset``.
    """
    refused = (*(gr.skip() for _ in range(3 + Editor.OUTPUTS)), *UNMOVED)
    card = first_screen.chosen(event)
    if card is None or not card.steps:
        return refused
    # Controls that an earlier card has left behind, after a lost connection, are not the visitor's.
    run = Run(card, visit.run.before if visit.run else Preset.of(from_values(*values), persona))
    try:
        asked = [*history, await question(run, language)]
    except InputError as error:
        warn(notes.sentence(error, language))
        return refused
    if visit.busy:
        return refused
    visit.editing = visit.correcting = None
    visit.play(run, asked)
    moved = run.preset.values(language)
    return gr.update(**BUSY_BOX), gr.update(visible=False), *Editor.closed(), asked, *moved


def take_retry(history: list[GradioMessage], visit: Visit) -> tuple[Any, Any]:
    """Ask the last question again."""
    kept = gradio_messages.up_to_last_question(history)
    if visit.busy or not kept:
        return gr.skip(), gr.skip()
    visit.leave_card()
    visit.make_ready()
    return gr.update(**BUSY_BOX), kept


def take_option(history: list[GradioMessage], visit: Visit, written: object, chosen: gr.SelectData) -> tuple[Any, ...]:
    """A button of a note: ask again, let the answer go on, attach earlier pictures once more, leave a failure drill,
    ask with a higher limit, or look into another tab.

    Sets box and transcript, model and JSON mode, the tab, and the limit of tokens.
    """
    unmoved = (gr.skip(), gr.skip(), gr.skip(), gr.skip())
    action, _, argument = str(chosen.value).partition(":")
    match action:
        case "send_again":
            return attach_again(history, argument, written), gr.skip(), *unmoved
        case "inspect" | "usage" as tab:
            return gr.skip(), gr.skip(), gr.skip(), gr.skip(), gr.update(selected=tab), gr.skip()
        case "continue":
            return *take_continue(history, visit), *unmoved
        case "leave_drill" if not visit.busy:
            json_mode = visit.leave_drill()
            shown = gr.skip() if json_mode is None else json_mode
            return *take_retry(history, visit), visit.first_model, shown, gr.skip(), gr.skip()
        case "raise_limit" if argument.isdecimal() and len(argument) < 8:
            return *take_retry(history, visit), gr.skip(), gr.skip(), gr.skip(), int(argument)
    return *take_retry(history, visit), *unmoved


def take_old_pictures(history: list[GradioMessage], written: object, event: gr.EventData) -> Any:
    """The button of the meter: attach the pictures that are not sent again."""
    try:
        places = str(getattr(event, "places", ""))
    except TypeError:  # the event came without data
        return gr.skip()
    return attach_again(history, places, written)


def attach_again(history: list[GradioMessage], places: str, written: object) -> Any:
    """The box with the pictures of earlier messages attached, files and links. ``places``: which user messages,
    counted from 0, with commas between them."""
    asked = [message for message in history if message.get("role") == "user"]
    draft = gradio_messages.draft(written)
    for place in places.split(",", MOST_FILES)[:MOST_FILES]:
        if place.isdecimal() and len(place) < 6 and int(place) < len(asked):
            draft = gradio_messages.joined(draft, gradio_messages.pictures_of(asked[int(place)]))
    return gr.update(value=draft.value)


def take_continue(history: list[GradioMessage], visit: Visit) -> tuple[Any, Any]:
    """Let the last answer go on."""
    kept = gradio_messages.without_notes_at_end(history)
    if visit.busy or not kept or kept[-1]["role"] != "assistant":
        return gr.skip(), gr.skip()
    visit.leave_card()
    visit.make_ready()
    return gr.update(**BUSY_BOX), kept


async def take_back(history: list[GradioMessage], visit: Visit, written: object) -> tuple[Any, ...]:
    """Undo the last turn: its message goes back into the box, before what is written there. The message that is being
    edited is there already, and what stood in the box before that comes after it.

    Sets the transcript, the box, the first screen and the editor's forms.
    """
    kept = gradio_messages.up_to_last_question(history)
    if visit.busy or not kept:
        return tuple(gr.skip() for _ in range(3 + Editor.OUTPUTS))
    box = gradio_messages.draft(written)
    if visit.editing is None or visit.editing < len(kept) - 1:
        box = gradio_messages.joined(gradio_messages.draft(gradio_messages.box_value(kept[-1])), box)
    if visit.editing is not None:
        box = gradio_messages.joined(box, visit.draft)
    visit.editing = visit.correcting = None
    await visit.remember(kept[:-1])
    return kept[:-1], gr.update(value=box.value), gr.update(visible=len(kept) == 1), *Editor.closed()


async def halt(visit: Visit, written: object) -> Any:
    """Stop was pressed. What was only being taken goes back into the box; where the event was cancelled before this,
    ``settle`` may have done so."""
    await visit.halt()
    returned, visit.returned = visit.returned, None
    return gr.skip() if returned is None else gr.update(value=gradio_messages.put_back(returned, written).value)


async def begin_anew(visit: Visit, language: Language) -> tuple[Any, ...]:
    """An empty conversation; controls, connection, ledger and the draft in the box stay. What a card has moved goes
    back."""
    box = gr.update(**FREE_BOX) if visit.editing is None else gr.update(value=visit.draft.value, **FREE_BOX)
    if visit.returned is not None:
        # It was being taken, or came too early.
        box, visit.returned = gr.update(value=visit.returned.value, **FREE_BOX), None
    visit.abandon()
    return [], box, gr.update(visible=True), *Editor.closed(), *controls_back(visit, language)
