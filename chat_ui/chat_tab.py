"""The chat: its widgets and events. What happens inside the events is in ``responder`` and ``answer_editor``.

One turn is two events on the server: ``respond`` takes the message and streams its answer, ``settle`` writes the ledger
and frees the box. The page script empties the box and shows Stop without asking the server, which would cost a round
trip before the first token.
"""

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.components import Component
from gradio.events import Dependency

from chat_core.connections import Connection
from chat_core.settings import ASSETS, Settings
from chat_ui import gradio_messages
from chat_ui.answer_editor import Editor
from chat_ui.gradio_inside import BareChatInterface
from chat_ui.gradio_messages import Draft, GradioMessage
from chat_ui.localize import Localizer
from chat_ui.responder import BUSY_BOX, FREE_BOX, Responder, user_content
from chat_ui.texts import Language, t
from chat_ui.visit import Visit

# The examples under an empty conversation: a text each, and the picture that goes with it.
EXAMPLES: tuple[tuple[str, Path | None], ...] = (
    ("example.hello", None),
    ("example.picture", ASSETS / "examples" / "shapes.png"),
    ("example.token", None),
    ("example.code", None),
)
LONGEST_PASTE = 200_000
QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}

# Hands the message that the page script took out of the box to the event, once; null where there was none.
SENT = "(...inputs) => [window.vitrine.sent(), ...inputs.slice(1)]"


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

    respond_inputs = [box, chatbot, visit, language, reference, *controls]
    settled: list[Dependency] = []
    running: list[dict[str, Any]] = []

    def answer_after(event: Dependency) -> None:
        """Stream the answer after an event that has taken a message, or put a question into the transcript."""
        answering = event.then(responder.respond, respond_inputs, chatbot, js=SENT, concurrency_limit=None, **QUIET)
        running.append(answering)
        # After a failed event, such as a lost connection, Gradio runs only this.
        answering.failure(None, None, box, js="() => window.vitrine.release()", api_visibility="private")
        settling = answering.then(
            responder.settle,
            [chatbot, visit, language, reference],
            [chatbot, box, examples, editor.banner],
            concurrency_limit=None,
            **QUIET,
        )
        settled.append(settling)

    answer_after(
        box.submit(None, box, [box, examples, *editor.outputs], js="(message) => window.vitrine.take(message)", **QUIET)
    )
    take_outputs = [box, chatbot, examples, *editor.outputs]
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

    undo = chatbot.undo(take_back, [chatbot, visit, box], [chatbot, box, examples], queue=False, **QUIET)
    cleared = new_chat.click(
        begin_anew, [visit], [chatbot, box, examples, *editor.outputs], cancels=running, queue=False, **QUIET
    )
    edits = editor.wire(chatbot, box, visit)
    return ChatTab(chatbot, box, settled, [undo, cleared, *edits])


# --- taking what the visitor gives ------------------------------------------------------------------------------------


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


async def take_back(history: list[GradioMessage], visit: Visit, written: object) -> tuple[Any, Any, Any]:
    """Undo the last turn: its message goes back into the box, before what is written there."""
    kept = gradio_messages.up_to_last_question(history)
    if visit.busy or not kept:
        return gr.skip(), gr.skip(), gr.skip()
    undone = gradio_messages.draft(gradio_messages.box_value(kept[-1]))
    box = gradio_messages.joined(undone, gradio_messages.draft(written))
    await visit.remember(kept[:-1])
    return kept[:-1], gr.update(value=box.value), gr.update(visible=len(kept) == 1)


def begin_anew(visit: Visit) -> tuple[Any, ...]:
    """An empty conversation; controls, connection, ledger and the draft in the box stay."""
    box = gr.update(**FREE_BOX) if visit.editing is None else gr.update(value=visit.draft.value, **FREE_BOX)
    visit.abandon()
    return [], box, gr.update(visible=True), *Editor.closed()


def _taken(history: list[GradioMessage]) -> tuple[Any, ...]:
    return gr.update(value=None, **BUSY_BOX), history, gr.update(visible=False), *Editor.closed()
