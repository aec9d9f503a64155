"""What the page's own scripts send along with an event."""

from typing import Any

import gradio as gr

# Characters of a text.
LONGEST_SENT = 20_000


def sent(event: gr.EventData, name: str) -> Any:
    """A value by its name, as it came: anything may stand in it. None where the page sent nothing."""
    try:
        return getattr(event, name, None)
    except TypeError:  # the event came without data
        return None


def sent_text(event: gr.EventData, name: str) -> str:
    """A text by its name, cut to ``LONGEST_SENT`` characters; empty where the page sent nothing."""
    value = sent(event, name)
    return "" if value is None else str(value)[:LONGEST_SENT]
