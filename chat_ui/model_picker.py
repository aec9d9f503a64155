"""A tab's own choice of model: the sidebar's models, at first the one that is chosen there."""

from typing import Any

import gradio as gr

from chat_core.connections import DRILL_PREFIX
from chat_ui.localize import Localizer
from chat_ui.visit import Visit

QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "show_progress_on": [],
    "concurrency_limit": None,
}


def build(words: Localizer, elem_id: str) -> gr.Dropdown:
    """Draw it into the current block."""
    empty = gr.Dropdown(choices=[], allow_custom_value=True, elem_id=elem_id, min_width=150)
    return words.add(empty, label="model.label")


def wire(picker: gr.Dropdown, sidebar: gr.Dropdown, tab: gr.Tab, visit: gr.State) -> None:
    """Let it follow the sidebar."""
    tab.select(fill_model, [sidebar, picker, visit], picker, queue=False, **QUIET)
    sidebar.change(follow_model, [sidebar, visit], picker, queue=False, **QUIET)


def follow_model(model: str | None, visit: Visit) -> Any:
    """The models of the sidebar, and the one that is chosen there; drills have no place here."""
    family = [name for name in visit.models if not name.startswith(DRILL_PREFIX)]
    return gr.update(choices=family, value=model or None)


def fill_model(model: str | None, chosen: str | None, visit: Visit) -> Any:
    """When the tab is opened: the models of the sidebar; the one that was chosen here stays."""
    return follow_model(chosen or model, visit)
