"""Vitrine as ``python app.py`` runs it.

``python -m benchmarks.vitrine_app MESSAGES``: the transcript begins with this many earlier messages.
"""

import sys

import gradio as gr

import app
from benchmarks.script import conversation
from chat_core.connections import Connection
from chat_core.settings import Settings
from chat_ui.layout import App, build_app


def _build_with_conversation(settings: Settings, connection: Connection) -> App:
    """The page of the app, its transcript filled before anybody opens it, and the cards gone that else stand there."""
    built = build_app(settings, connection)
    messages = conversation(int(sys.argv[1]))
    for block in built.page.blocks.values():
        if isinstance(block, gr.Chatbot):
            # Gradio takes a value in this form, and declares another.
            block.value = block.postprocess(messages).model_dump()  # type: ignore[arg-type]
        elif block.elem_id == "first-screen":
            block.visible = not messages
    return built


if __name__ == "__main__":
    # The app itself is run, with a page that is built by the function above: mypy knows no module that is changed so.
    app.build_app = _build_with_conversation  # type: ignore[attr-defined]
    sys.exit(app.main())
