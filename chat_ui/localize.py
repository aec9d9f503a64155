"""Widgets that change their words when the language is switched; toasts."""

from collections.abc import Callable
from html import escape
from typing import Any, TypeVar

import gradio as gr
from gradio.blocks import Block

from chat_ui.gradio_inside import set_property
from chat_ui.texts import Language, t

BlockT = TypeVar("BlockT", bound=Block)
# A property's text: the key of one, for choices pairs of (key, value), or what makes it.
Words = str | list[tuple[str, str]] | Callable[[Language], Any]


class Localizer:
    """Knows which property of which widget holds which text. ``language``: the one that the page is built in."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self._words: list[tuple[Block, dict[str, Words]]] = []

    def add(self, block: BlockT, **words: Words) -> BlockT:
        """Give a widget its words, now and at each switch: ``add(gr.Button(), value="chat.new")``."""
        for name, word in words.items():
            set_property(block, name, _text(word, self.language))
        self._words.append((block, words))
        return block

    @property
    def blocks(self) -> list[Block]:
        return [block for block, _ in self._words]

    def updates(self, language: Language) -> list[Any]:
        """One update for each of ``blocks``."""
        return [gr.update(**{name: _text(word, language) for name, word in words.items()}) for _, words in self._words]


def warn(text: str) -> None:
    """A toast for something that was not done. Toasts take HTML, so the text is made plain."""
    gr.Warning(escape(text))


def inform(text: str) -> None:
    """A toast for something that was done."""
    gr.Info(escape(text))


def _text(word: Words, language: Language) -> Any:
    if isinstance(word, str):
        return t(language, word)
    return word(language) if callable(word) else [(t(language, key), value) for key, value in word]
