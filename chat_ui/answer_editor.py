"""Editing earlier messages: the pencil, the banner over the box, and the field for answers.

A user message goes back into the box, with its pictures and files, and what follows it is cut when it is sent; an
answer is edited in a field of its own and nothing else changes.
"""

from dataclasses import dataclass
from typing import Any

import gradio as gr
from gradio.events import Dependency

from chat_ui import gradio_messages, transcript
from chat_ui.gradio_inside import message_of_part
from chat_ui.gradio_messages import GradioMessage
from chat_ui.localize import Localizer
from chat_ui.visit import Visit

QUIET: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}


@dataclass(frozen=True, slots=True)
class Editor:
    """The widgets of both forms. ``outputs``: what closes when a message is sent; ``closed()`` closes them."""

    start: gr.Button
    target: gr.JSON
    banner: gr.Row
    cancel: gr.Button
    answer_row: gr.Column
    answer: gr.Textbox
    save: gr.Button
    cancel_answer: gr.Button

    OUTPUTS = 2

    @property
    def outputs(self) -> list[Any]:
        """The banner over the box, and the field for answers."""
        return [self.banner, self.answer_row]

    @classmethod
    def build(cls, words: Localizer) -> "Editor":
        # The page script presses this button when a pencil is clicked, and knows which message is meant.
        start = gr.Button(visible="hidden", elem_id="edit-start")
        target = gr.JSON(visible=False)
        with gr.Row(visible=False, elem_id="edit-banner", elem_classes="chat-column") as banner:
            words.add(gr.Markdown(), value="chat.editing")
            cancel = words.add(gr.Button(size="sm", scale=0, elem_id="cancel-edit"), value="chat.cancel_edit")
        with gr.Column(visible=False, elem_id="answer-editor", elem_classes="chat-column") as answer_row:
            answer = words.add(
                gr.Textbox(lines=6, max_lines=20, elem_id="answer-text", interactive=True), label="chat.edit_answer"
            )
            with gr.Row():
                save = words.add(
                    gr.Button(variant="primary", size="sm", elem_id="save-answer"), value="chat.save_answer"
                )
                cancel_answer = words.add(gr.Button(size="sm"), value="chat.cancel_edit")
        return cls(start, target, banner, cancel, answer_row, answer, save, cancel_answer)

    @classmethod
    def closed(cls) -> tuple[Any, ...]:
        """Updates that close both forms of editing."""
        return tuple(gr.update(visible=False) for _ in range(cls.OUTPUTS))

    def wire(self, chatbot: gr.Chatbot, box: gr.MultimodalTextbox, visit: gr.State) -> list[Dependency]:
        """Wire the forms; returns the events that change the conversation."""
        self.start.click(
            _begin_edit,
            [self.target, chatbot, visit, box],
            [box, *self.outputs, self.answer],
            js="(_, ...others) => [JSON.parse(window.vitrine.editTarget()), ...others]",
            queue=False,
            **QUIET,
        )
        self.cancel.click(_cancel_edit, visit, [box, self.banner], queue=False, **QUIET)
        self.cancel_answer.click(_cancel_answer, visit, self.outputs, queue=False, **QUIET)
        saved = self.save.click(
            _save_answer, [self.answer, chatbot, visit], [chatbot, *self.outputs], concurrency_limit=None, **QUIET
        )
        return [saved]


def _begin_edit(target: dict[str, Any], history: list[GradioMessage], visit: Visit, written: object) -> tuple[Any, ...]:
    """Open the form for the message that the pencil belongs to. ``written``: the draft in the box, kept meanwhile."""
    index = message_of_part(history, target["part"])
    if index is None or visit.busy or gradio_messages.is_titled(history[index]):
        return gr.skip(), *(gr.skip() for _ in range(Editor.OUTPUTS)), gr.skip()
    message = history[index]
    value = gradio_messages.box_value(message)
    if message["role"] == "user":
        if visit.editing is None:
            visit.draft = gradio_messages.draft(written)
        visit.editing, visit.editing_at = index, gradio_messages.count_messages(history[:index])
        visit.correcting = None
        return gr.update(value=value), gr.update(visible=True), gr.update(visible=False), gr.skip()
    visit.correcting = index
    text = gradio_messages.unfenced(value["text"])
    return gr.skip(), gr.update(visible=False), gr.update(visible=True), text


def _back_at_box(visit: Visit) -> tuple[Any, Any]:
    """Closes the field for answers, in whose place the box comes back, with what was being edited there."""
    return gr.update(visible=visit.editing is not None), gr.update(visible=False)


def _cancel_edit(visit: Visit) -> tuple[Any, Any]:
    """Leave the message as it was; the draft that stood in the box comes back."""
    box = gr.skip() if visit.editing is None else gr.update(value=visit.draft.value)
    visit.editing = None
    return box, gr.update(visible=False)


def _cancel_answer(visit: Visit) -> tuple[Any, Any]:
    """Leave the answer as it was; the box was never touched."""
    visit.correcting = None
    return _back_at_box(visit)


async def _save_answer(text: str, history: list[GradioMessage], visit: Visit) -> tuple[Any, ...]:
    """Put an edited answer in the place of the old one; it is what the model will be told that it said."""
    index, visit.correcting = visit.correcting, None
    if index is None or not text.strip() or not _is_answer(history, index):
        return gr.skip(), *_back_at_box(visit)
    history = [*history[:index], transcript.text_message(text), *history[index + 1 :]]
    await visit.remember(history)
    return history, *_back_at_box(visit)


def _is_answer(history: list[GradioMessage], index: int) -> bool:
    """Whether there is an answer: meanwhile it may have been asked for anew."""
    if index >= len(history) or gradio_messages.is_titled(history[index]):
        return False
    return bool(history[index]["role"] == "assistant")
