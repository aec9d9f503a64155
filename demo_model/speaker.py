"""The phrase book: what the demo model says, in the language it is asked in, varied by the chooser."""

import re
import tomllib
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

from demo_model.call import Language
from demo_model.choosing import Chooser

_HERE = Path(__file__).parent
_HANGUL = re.compile(r"[가-힣ㄱ-ㅎㅏ-ㅣ]")


def language_of(text: str) -> Language:
    """Korean if there is any Hangul, else English."""
    return "ko" if _HANGUL.search(text) else "en"


class Speaker:
    """Says the phrases of one answer."""

    def __init__(self, language: Language, chooser: Chooser) -> None:
        self.language = language
        self._chooser = chooser

    def say(self, phrase: str, /, **values: str | int) -> str:
        """One of the phrases of that name, filled in."""
        return self._chooser.pick(_phrases()[self.language][phrase]).format(**values)

    def colour(self, name: str) -> str:
        """A colour's name in this language."""
        return _phrases()["colours"][self.language][name]

    def tone(self, persona: str) -> tuple[str, str] | None:
        """First and last words of the persona whose keyword comes first in the system prompt; None: no such persona."""
        plain = persona.lower()
        tones = _phrases()["tone"]
        found = [(plain.find(word), tone) for tone in tones for word in tone["keywords"] if word in plain]
        if not found:
            return None
        opening, closing = min(found, key=lambda each: each[0])[1][self.language]
        return opening, closing

    def explain(self, question: str) -> str | None:
        """The glossary's words on the longest term that stands in the question; None if none does."""
        plain = question.lower()
        for name, term in _terms():
            if name in plain and re.search(rf"(?<![a-z]){re.escape(name)}(?![a-z])", plain):
                return term[self.language]
        return None

    def story(self) -> str:
        """A tale of some three hundred tokens."""
        grammar = _phrases()["story"][self.language]
        slots = {name: self._chooser.pick(grammar[name]) for name in ("hero", "place", "thing")}
        return "".join(
            _gap(number) + self._chooser.pick(line).format(**slots) for number, line in enumerate(grammar["lines"])
        )

    def rest_of_story(self, told: str) -> str | None:
        """What follows a tale that was broken off, from the very letter on; None if ``told`` is no tale of ours."""
        grammar = _phrases()["story"][self.language]
        for hero, place, thing in product(grammar["hero"], grammar["place"], grammar["thing"]):
            lines = [[way.format(hero=hero, place=place, thing=thing) for way in line] for line in grammar["lines"]]
            rest = self._rest(lines, told)
            if rest is not None:
                return rest
        return None

    def _rest(self, lines: list[list[str]], told: str) -> str | None:
        rest: list[str] = []
        for number, line in enumerate(lines):
            ways = [_gap(number) + way for way in line]
            if whole := next((way for way in ways if told.startswith(way)), None):
                told = told[len(whole) :]
            elif begun := [way for way in ways if way.startswith(told)]:
                rest.append(self._chooser.pick(begun)[len(told) :])
                told = ""
            else:
                return None
        return "".join(rest)


def _gap(number: int) -> str:
    """What stands before a line of the tale: five lines make a paragraph."""
    return "" if number == 0 else "\n\n" if number % 5 == 0 else " "


@cache
def _phrases() -> dict[str, Any]:
    return tomllib.loads((_HERE / "phrases.toml").read_text("utf-8"))


@cache
def _terms() -> list[tuple[str, dict[str, str]]]:
    """(name, term) pairs, the longest names first."""
    terms = tomllib.loads((_HERE / "glossary.toml").read_text("utf-8"))["term"]
    return sorted(((name, term) for term in terms for name in term["names"]), key=lambda pair: -len(pair[0]))
