"""Everything that leans on Gradio's inside; each piece has a test that fails loudly on an upgrade."""

from abc import ABCMeta
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.blocks import Block
from gradio.component_meta import ComponentMeta
from gradio.data_classes import ListFiles
from gradio.processing_utils import save_bytes_to_cache, save_file_to_cache
from gradio.utils import get_upload_folder

# Gradio marks what an event is waited for on, hidden or not, and from then on goes through all that was ever marked at
# every piece of every answer. An event with these options marks nothing, and is no endpoint.
QUIET: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "show_progress_on": [],
    "concurrency_limit": None,
}
# For what draws anew: what is asked for while another is on its way would be left out, and the newest state with it.
LAST: dict[str, Any] = {"trigger_mode": "always_last", "queue": False, **QUIET}
# Gradio ships these languages and picks one by the browser.
_LOCALES = (
    "ar", "ca", "ckb", "de", "en", "es", "et", "eu", "fa", "fi", "fr", "he", "hi", "id", "ja", "ko", "lt", "nb", "nl",
    "pl", "pt", "pt-BR", "ro", "ru", "sv", "ta", "th", "tr", "uk", "ur", "uz", "zh-CN", "zh-TW",
)  # fmt: skip
_ENGLISH = {
    "chatbot.edit": "Edit",
    "chatbot.retry": "Retry",
    "chatbot.undo": "Undo",
    "chatbot.submit": "Submit",
    "chatbot.cancel": "Cancel",
    "chatbot.like": "Like",
    "chatbot.dislike": "Dislike",
    "chatbot.clear": "Clear",
    "chatbot.complete": "Complete",
    "chatbot.copy_message": "Copy message",
    "chatbot.copied_message": "Copied message",
    "common.clear": "Clear",
    "common.download": "Download",
    "common.error": "Error",
    "common.loading": "Loading",
    "common.remove": "Remove",
    "common.share": "Share",
    "common.stop_recording": "Stop Recording",
    "common.submit": "Submit",
    "common.undo": "Undo",
    "file.uploading": "Uploading...",
    "upload_text.click_to_upload": "Click to Upload",
    "upload_text.drop_file": "Drop File Here",
}

# Roles that Chatbot draws; a message with any other role takes no place in the page.
_DRAWN_ROLES = ("user", "assistant")


def english_words() -> gr.I18n:
    """For ``launch(i18n=...)``: Gradio's own words in English, whatever the browser speaks.

    Gradio knows the browser's language only, while the page has a switch; the page script translates from English.
    """
    return gr.I18n(**{locale: dict(_ENGLISH) for locale in _LOCALES})


def message_of_part(history: Sequence[Mapping[str, Any]], part: int) -> int | None:
    """The index of the message that the ``part``-th part of the page belongs to; None if there is no such part.

    The browser knows parts only: Chatbot draws every item of a message's content list (a text, a file) as a part of
    its own and forgets which message it came from.  ``history`` is the Chatbot's value as an event gets it.
    """
    if part < 0:
        return None
    for index, message in enumerate(history):
        if message["role"] not in _DRAWN_ROLES:
            continue
        content = message["content"]
        part -= len(content) if isinstance(content, list) else 1
        if part < 0:
            return index
    return None


class BareChatInterface(gr.ChatInterface):
    """ChatInterface with its widgets and layout, but not its chain of nine events; the chat tab has three of its
    own."""

    def _setup_events(self) -> None:
        """Wires nothing. The base class calls this at the end of its construction."""


def _paths_and_names(_: gr.File, payload: Any) -> list[tuple[str, str]]:
    files = payload.root if isinstance(payload, ListFiles) else [payload] if payload else []
    return [(file.path, file.orig_name or Path(file.path).name) for file in files]


# Made without Gradio's own metaclass, which would write a stub file beside this module.
_Uploads = ABCMeta.__new__(
    ComponentMeta, "Uploads", (gr.File,), {"is_template": True, "preprocess": _paths_and_names, "__module__": __name__}
)


def uploads(**options: Any) -> gr.File:
    """A File that gives its uploads as pairs (path, name); Gradio has checked by then that they are uploads.

    Gradio's own drops the names, and leaves an open temporary file for each.
    """
    return _Uploads(**options)


def set_property(block: Block, name: str, value: object) -> None:
    """Give a block a property after it was built.

    Gradio builds a block anew, for each visitor, from what it was first built with, at an update of any other property:
    a list of choices that is not among that would be lost.
    """
    setattr(block, name, value)
    block.constructor_args[name] = value


def keep_file(data: bytes, name: str) -> str:
    """Put a file among the visitor's uploads, under a path that is a hash of its bytes; returns the path.

    There Gradio serves it, takes it back inside a transcript, and deletes it with the other uploads.
    """
    return save_bytes_to_cache(data, name, get_upload_folder())


def keep_copy(path: Path) -> str:
    """As ``keep_file``, a copy of a file that may be too large for the memory; the caller deletes its own. Raises
    OSError."""
    return save_file_to_cache(path, get_upload_folder())
