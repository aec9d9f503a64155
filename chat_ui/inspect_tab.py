"""Under the hood: the exact request of each turn, what was left out and why, the response, and the same as code."""

import json
from dataclasses import dataclass
from typing import Any

import gradio as gr

from chat_core import wire
from chat_ui import notes
from chat_ui.gradio_inside import LAST, keep_file
from chat_ui.localize import Localizer
from chat_ui.texts import Language, t
from chat_ui.turn import Turn
from chat_ui.visit import Visit

# Code that is longer than this is shown with its pictures shortened, and whole in the download.
LONGEST_SHOWN = 20_000


@dataclass(frozen=True, slots=True)
class InspectTab:
    """The widgets that others need: ``refresh`` sets ``outputs`` from ``[visit, language]``."""

    outputs: list[gr.components.Component]


def build(words: Localizer, visit: gr.State, language: gr.Radio) -> InspectTab:
    """Draw the tab into the current block and wire the choice of a turn."""
    with gr.Column(elem_classes="sheet"):
        picker = words.add(gr.Dropdown(choices=[], elem_id="inspect-turn", interactive=True), label="inspect.turn")
        about = gr.Markdown(t(words.language, "inspect.empty"), elem_id="inspect-about")
        body = words.add(gr.Code(language="json", elem_id="inspect-body", interactive=False), label="inspect.body")
        response = words.add(
            gr.Code(language="json", elem_id="inspect-response", interactive=False), label="inspect.response"
        )
        curl = words.add(gr.Code(language="shell", elem_id="inspect-curl", interactive=False), label="inspect.curl")
        curl_file = words.add(gr.DownloadButton(size="sm", interactive=False), label="inspect.download_curl")
        python = words.add(
            gr.Code(language="python", elem_id="inspect-python", interactive=False), label="inspect.python"
        )
        python_file = words.add(gr.DownloadButton(size="sm", interactive=False), label="inspect.download_python")
    shown = [about, body, response, curl, curl_file, python, python_file]
    gr.on([picker.input, language.change], show_turn, [picker, visit, language], shown, **LAST)
    return InspectTab([picker, *shown])


def refresh(visit: Visit, language: Language) -> tuple[Any, ...]:
    """The newest turn, and the list to choose from."""
    first = visit.turns_made - len(visit.turns) + 1
    choices = [(_name(number, turn, language), number) for number, turn in enumerate(visit.turns, start=first)]
    choices.reverse()
    newest = choices[0][1] if choices else None
    return gr.update(choices=choices, value=newest), *show_turn(newest, visit, language)


def show_turn(number: int | None, visit: Visit, language: Language) -> tuple[Any, ...]:
    """Everything that is known of one turn, in the order of the widgets."""
    place = (number or 0) - (visit.turns_made - len(visit.turns) + 1)
    if number is None or not 0 <= place < len(visit.turns) or not visit.turns[place].started:
        empty = gr.update(interactive=False, value=None)
        return t(language, "inspect.empty"), "", "", "", empty, "", empty
    turn = visit.turns[place]
    body = turn.started[-1].body
    base_url = turn.connection.base_url
    short = wire.shortened(body)
    curl, python = wire.as_curl(body, base_url), wire.as_python(body, base_url)
    long = len(curl) > LONGEST_SHOWN
    return (
        _about(turn, language, shortened=short != body),
        _json(short),
        _json(turn.finished.response) if turn.finished else t(language, "inspect.response_none"),
        wire.as_curl(short, base_url) if long else curl,
        gr.update(interactive=True, value=keep_file(curl.encode(), f"request-{number}.sh")),
        wire.as_python(short, base_url) if long else python,
        gr.update(interactive=True, value=keep_file(python.encode(), f"request-{number}.py")),
    )


def _name(number: int, turn: Turn, language: Language) -> str:
    end = notes.outcome(turn.outcome, language)
    return f"{number} · {turn.request.model} · {t(language, 'inspect.failed', title=end) if turn.error else end}"


def _about(turn: Turn, language: Language, *, shortened: bool) -> str:
    """Where it went, and what of it is not as it was asked for."""
    lines = [t(language, "inspect.where", url=f"`{turn.connection.base_url}/chat/completions`")]
    if turn.error:
        lines.append(notes.sentence(turn.error, language))
    adjustments = turn.started[-1].adjustments
    lines.append(f"**{t(language, 'inspect.adjustments')}**")
    told = [f"- {notes.of_adjustment(adjustment, language)}" for adjustment in adjustments]
    lines.append("\n".join(told) or t(language, "adjustment.none"))
    if shortened:
        lines.append(t(language, "inspect.shortened"))
    return "\n\n".join(lines)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)
