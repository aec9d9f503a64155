"""The phrase book: what the demo model says, in the language it is asked in."""

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

from demo_model.call import Language
from demo_model.grammar import Text, as_text, filled, joined, one_of
from demo_model.lazy_regex import lazy_regex

_HERE = Path(__file__).parent
_BOOKS = ("phrases.toml", "pictures/phrases.toml")
# Tales have their favourite lines: at a low temperature they are told in nearly the same words each time.
_TALES = 0.4
_HANGUL = lazy_regex(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")


def language_of(text: str) -> Language:
    """Korean if there is any Hangul, else English."""
    return "ko" if _HANGUL.search(text) else "en"


class Speaker:
    """Says the phrases of one answer.

    ``persona``: the system prompt, whose tone colours some of them.  ``told_how``: how to connect a real model has been
    said in this conversation; once is enough.
    """

    def __init__(self, language: Language, persona: str = "", *, told_how: bool = False) -> None:
        self.language = language
        self._tone = _tone_of(persona)
        self._told_how = told_how

    def say(self, phrase: str, /, **values: Text | str | int) -> Text:
        """The phrase of that name, filled in, with all the ways there are to say it."""
        if phrase == "connect" and self._told_how:
            return Text()
        templates = self._toned(phrase) or _phrases()[self.language][phrase]
        return one_of([filled(template, values) for template in templates])

    def kind(self, name: str) -> str:
        """The name of a kind of request in this language."""
        return _phrases()[self.language]["kinds"][name]

    def colour(self, name: str) -> str:
        """A colour's name in this language."""
        return _phrases()["colours"][self.language][name]

    def row(self, name: str) -> list[str]:
        """Words in a row, such as the ranks from the first on."""
        return _phrases()[name][self.language]

    def in_tone(self, text: Text) -> Text:
        """The text between the first and the last words of the persona; without a known persona, as it is."""
        if self._tone is None:
            return text
        opening, closing = (one_of([filled(way, {}) for way in self._toned(place)]) for place in ("opening", "closing"))
        return joined("\n\n", (opening, text, closing))

    def explain(self, question: str) -> Text | None:
        """The glossary's words on the longest term that stands in the question; None if none does."""
        plain = question.lower()
        for name, term in _terms():
            if name in plain and re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", plain):
                return one_of([filled(way, {}) for way in term[self.language]])
        return None

    def story(self, *, short: bool = False) -> Text:
        """A tale: some three hundred tokens, or a short one of a few lines."""
        grammar = _phrases()["short_story" if short else "story"][self.language]
        slots = {name: one_of([as_text(way) for way in grammar[name]], _TALES) for name in ("hero", "place", "thing")}
        lines = [one_of([filled(way, slots, _TALES) for way in ways], _TALES) for ways in grammar["lines"]]
        # Five lines make a paragraph.
        return joined("\n\n", (joined(" ", lines[start : start + 5]) for start in range(0, len(lines), 5)))

    def _toned(self, phrase: str) -> list[str]:
        """The persona's own ways to say a phrase; empty: it has none."""
        return self._tone.get(self.language, {}).get(phrase, []) if self._tone else []


def _tone_of(persona: str) -> dict[str, Any] | None:
    """The tone whose keyword comes first in a system prompt; None: no such persona."""
    plain = persona.lower()
    found = [
        (plain.find(word), place)
        for place, tone in enumerate(_phrases()["tone"])
        for word in tone["keywords"]
        if word in plain
    ]
    return _phrases()["tone"][min(found)[1]] if found else None


@cache
def _phrases() -> dict[str, Any]:
    """All books as one; the sections of the languages are joined."""
    book: dict[str, Any] = {}
    for name in _BOOKS:
        for section, entries in tomllib.loads((_HERE / name).read_text("utf-8")).items():
            book[section] = book[section] | entries if section in book else entries
    return book


@cache
def _terms() -> list[tuple[str, dict[str, list[str]]]]:
    """(name, term) pairs, the longest names first."""
    terms = tomllib.loads((_HERE / "glossary.toml").read_text("utf-8"))["term"]
    return sorted(((name, term) for term in terms for name in term["names"]), key=lambda pair: -len(pair[0]))
